"""The files that a drill of the settings' code loads: what else lies in the repository is no matter to it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from drills.lint.repository import Repository
from drills.project.arguments import OPEN
from drills.project.programs import closure, module_of

_OPEN = re.compile(rf"#.*\b{OPEN}\b|LookupError\(\"{OPEN}|None,  # {OPEN}")


def entry(repository: Repository, code: str) -> str | None:
    """The file that `--code` starts with; None when the repository has none such."""
    where = code.removeprefix("-m ").strip()
    name = where if where.endswith(".py") else where.partition(":")[0]
    if name.partition(":")[0].endswith(".py"):
        path = name.partition(":")[0].removeprefix("./")
        return path if path in repository.files else None
    by_module = {module_of(file): file for file in sorted(repository.files) if file.endswith(".py")}
    runs = f"{name}.__main__"
    return by_module.get(runs if code.startswith("-m ") and runs in by_module else name)


def tested_files(repository: Repository, code: str | None) -> list[str]:
    """The entry and all that it imports; every file outside of tests where there is no telling."""
    start = None if code is None else entry(repository, code)
    if start is None:
        return [f for f in sorted(repository.files) if f.endswith(".py") and "test" not in f]
    return sorted(closure(repository, start))


def open_places(repository: Repository, code: str | None) -> tuple[str, list[int]]:
    """The adapter, and its lines that are still to be filled in."""
    file = None if code is None else entry(repository, code)
    if file is None or not PurePosixPath(file).name.startswith("firedrill_"):
        return "", []
    lines = repository.text(file).splitlines()
    return file, [number for number, line in enumerate(lines, 1) if _OPEN.search(line)]
