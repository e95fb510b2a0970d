"""Packages that a program imports as soon as it starts and that are not there: said before a drill is run.

Only what is certain is complained about: imports at the top of the program's own file and of the project's modules
that it imports in turn. One inside `try`, `if` or a function may never run or may be allowed to fail; code that
changes `sys.path` knows places that are not known here, and a name that lies anywhere in the project may be found.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from sim.errors import BadInput

_LEVELS = 4
"""Folders below the project in which a name is looked for."""


def check_packages(target: str, project: Path, places: list[str]) -> None:
    """BadInput for the first package that `target` cannot do without and that this interpreter does not have.

    `places` are the folders that the program will find first in `sys.path`.
    """
    roots = [Path(place) for place in places]
    first = _file_of(target, project, roots)
    waiting, seen = [first] if first is not None else [], set[Path]()
    missing: list[tuple[Path, int, str]] = []
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        try:
            source = file.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (OSError, SyntaxError, ValueError):
            return  # the run says it better
        if "sys.path" in source or "addsitedir" in source:
            return
        for line, name in _imports(tree):
            own = _find(name, roots)
            if own is not None:
                waiting.append(own)
            elif not _is_there(name.partition(".")[0], project):
                missing.append((file, line, name.partition(".")[0]))
    if missing:
        file, line, name = missing[0]
        raise BadInput(
            "imports a package that is not there", field="import", value=name,
            mend="run it in its own environment, with --python PATH/TO/venv/bin/python, or install it beside Firedrill",
            file=file, line=line,
        )  # fmt: skip


def _file_of(target: str, project: Path, roots: list[Path]) -> Path | None:
    name = target.partition(":")[0]
    if name.endswith(".py"):
        return project / name
    module = name.removeprefix("-m ").strip()
    return (_find(f"{module}.__main__", roots) if target.startswith("-m ") else None) or _find(module, roots)


def _find(module: str, roots: list[Path]) -> Path | None:
    """The file of a module of the project."""
    for root in roots:
        place = root.joinpath(*module.split("."))
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file
    return None


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and module of each import that is executed whenever the file is, in their order."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def _is_there(top: str, project: Path) -> bool:
    if top in sys.stdlib_module_names or top in sys.modules:
        return True
    try:
        if importlib.util.find_spec(top) is not None:
            return True
    except (ImportError, ValueError):
        return True  # something is there, and the run says what is wrong with it
    patterns = ("*/" * level + top for level in range(_LEVELS))
    return any(next(project.glob(pattern + end), None) is not None for pattern in patterns for end in ("", ".py"))
