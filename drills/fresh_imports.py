"""Fresh copies of the user's modules: no state of one simulated process reaches the next.

A real process starts with empty modules. Here many run in one interpreter, so the user's modules are taken
out of `sys.modules` before each start and imported again. What counts as the user's: Python files under the
project folder, and the package that `--code` names. Installed libraries, extension modules and Firedrill's
own packages stay as they are.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType

OURS = ("sim", "fakes", "scenarios", "results", "drills")
"""Top-level packages of Firedrill."""
_CHECKOUT = Path(__file__).resolve().parents[1]


@contextmanager
def user_imports(roots: tuple[Path, ...], package: str | None = None) -> Iterator[None]:
    """While this lasts, imports look into `roots` first; afterwards path and modules are what they were."""
    path, kept = list(sys.path), take_out(roots, package)
    sys.path[:0] = [str(root) for root in roots]
    try:
        yield
    finally:
        take_out(roots, package)
        sys.modules.update(kept)
        sys.path[:] = path


def take_out(roots: tuple[Path, ...], package: str | None = None) -> dict[str, ModuleType]:
    """Remove the user's modules from `sys.modules`; returns them."""
    taken = {name: module for name, module in list(sys.modules.items()) if _is_users(name, module, roots, package)}
    for name in taken:
        del sys.modules[name]
    return taken


def is_ours(module: str) -> bool:
    """Whether a module of this name belongs to Firedrill: it keeps no state, and is imported once."""
    return module.partition(".")[0] in OURS


@lru_cache(maxsize=8192)
def is_user_file(file: str, roots: tuple[Path, ...]) -> bool:
    """Whether `file` is source code of the user's own, under one of `roots`."""
    path = Path(file).resolve()
    if path.suffix != ".py" or not any(path.is_relative_to(root) for root in roots):
        return False
    if {"site-packages", "dist-packages"} & set(path.parts) or path.is_relative_to(sysconfig.get_path("stdlib")):
        return False
    return not any(path.is_relative_to(_CHECKOUT / name) for name in OURS)


def _is_users(name: str, module: ModuleType, roots: tuple[Path, ...], package: str | None) -> bool:
    if name == "__main__" or is_ours(name):
        return False
    if package is not None and name.partition(".")[0] == package:
        return not _is_extension(module)
    file = _file_of(module)
    if file is None:  # a folder without __init__.py
        return any(is_user_file(f"{folder}/_.py", roots) for folder in _folders_of(module))
    return is_user_file(file, roots)


def _file_of(module: ModuleType) -> str | None:
    # Read past __getattr__: some libraries put lazy objects into sys.modules that import on any access.
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    return file if isinstance(file, str) else None


def _folders_of(module: ModuleType) -> list[str]:
    try:
        return [str(folder) for folder in vars(module).get("__path__") or ()]
    except (TypeError, KeyError):  # a namespace whose parent is gone
        return []


def _is_extension(module: ModuleType) -> bool:
    file = _file_of(module)
    return file is not None and not file.endswith(".py")
