"""Where a repository's files are imported from: its root, `src/`, or the folder of one service among several."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from weakref import WeakKeyDictionary

from drills.lint.repository import Repository

_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "Dockerfile")
"""Files that make a folder a project of its own."""
_layouts: WeakKeyDictionary[Repository, Layout] = WeakKeyDictionary()


class Layout:
    """The folders that a repository's code is imported from, and the names that its files have there."""

    def __init__(self, repository: Repository) -> None:
        """Take the repository."""
        self._repository = repository
        self._roots: dict[str, str] = {}
        self._by_module: dict[str, list[str]] | None = None

    def root_of(self, file: str) -> str:
        """The folder that has to be on Python's path for `file`; empty for the repository's own."""
        if file not in self._roots:
            self._roots[file] = self._find_root(file)
        return self._roots[file]

    def module_of(self, file: str) -> str:
        """The dotted name by which `file` is imported."""
        return dotted(file, self.root_of(file))

    def file_of(self, module: str, near: str = "") -> str | None:
        """The file that `module` is, the one that shares the root of `near` first; None when there is none."""
        if self._by_module is None:
            self._by_module = {}
            for file in sorted(each for each in self._repository.files if each.endswith(".py")):
                self._by_module.setdefault(self.module_of(file), []).append(file)
        found = self._by_module.get(module, [])
        root = self.root_of(near) if near else ""
        return next((file for file in found if self.root_of(file) == root), found[0] if found else None)

    def _find_root(self, file: str) -> str:
        folders = [str(parent) for parent in PurePosixPath(file).parents][:-1]
        files = self._repository.files
        for folder in folders:
            if any(f"{folder}/{name}" in files for name in _PROJECT) and f"{folder}/__init__.py" not in files:
                return f"{folder}/src" if file.startswith(f"{folder}/src/") else folder
        named = next((folder for folder in folders if not PurePosixPath(folder).name.isidentifier()), None)
        if named is not None:
            return named
        if file.startswith("src/") and not self._src_is_a_package:
            return "src"
        package = next((folder for folder in folders if f"{folder}/__init__.py" not in files), None)
        if package is not None and not self._imports_from(file, "") and self._imports_from(file, package):
            return package
        return ""

    @cached_property
    def _src_is_a_package(self) -> bool:
        """Whether the code itself says `from src.config import ...`."""
        trees = (self._repository.tree(each) for each in self._repository.files if each.endswith(".py"))
        return any(name.startswith("src.") for tree in trees for name in _absolute(tree))

    def _imports_from(self, file: str, folder: str) -> bool:
        """Whether an absolute import of the file is found in `folder`."""
        prefix = f"{folder}/" if folder else ""
        for name in _absolute(self._repository.tree(file)):
            path = prefix + name.replace(".", "/")
            if f"{path}.py" in self._repository.files or f"{path}/__init__.py" in self._repository.files:
                return True
            if path in self._repository.folders and "." in name:
                return True
        return False


def layout_of(repository: Repository) -> Layout:
    """The layout of a repository, made once."""
    if repository not in _layouts:
        _layouts[repository] = Layout(repository)
    return _layouts[repository]


def dotted(file: str, root: str) -> str:
    """The name of `file` as it is imported from `root`."""
    parts = list(PurePosixPath(file.removeprefix(f"{root}/") if root else file).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _absolute(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
