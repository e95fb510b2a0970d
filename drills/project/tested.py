"""The files that a drill of the settings' code loads: what else lies in the repository is no matter to it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from drills.lint.repository import Repository
from drills.project.arguments import OPEN
from drills.project.layout import layout_of
from drills.project.programs import closure

_OPEN = re.compile(rf"#.*\b{OPEN}\b|LookupError\(\"{OPEN}|None,  # {OPEN}")


def entry(repository: Repository, code: str) -> str | None:
    """The file that `--code` starts with; None when the repository has none such."""
    where = code.removeprefix("-m ").strip()
    name = where if where.endswith(".py") else where.partition(":")[0]
    if name.partition(":")[0].endswith(".py"):
        path = name.partition(":")[0].removeprefix("./")
        return path if path in repository.files else None
    layout = layout_of(repository)
    runs = layout.file_of(f"{name}.__main__") if code.startswith("-m ") else None
    return runs or layout.file_of(name)


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
    return file, open_lines(repository.text(file))


def open_lines(adapter: str) -> list[int]:
    """The lines of an adapter that are still to be filled in."""
    return [number for number, line in enumerate(adapter.splitlines(), 1) if _OPEN.search(line)]
