"""Which names a module or class of a repository offers, found by parsing alone."""

from __future__ import annotations

import ast

from drills.lint.repository import Repository

MAX_BASES = 8


def names_of(repository: Repository, file: str) -> set[str] | None:
    """The top-level names of a module; None when they cannot be known."""
    tree = repository.tree(file)
    if tree is None:
        return None
    found: set[str] = set()
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name == "__getattr__":
                    return None
                found.add(node.name)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.name == "*":
                        return None
                    found.add((alias.asname or alias.name).split(".")[0])
            case ast.Name(ctx=ast.Store()):
                found.add(node.id)
            case _:
                stack += ast.iter_child_nodes(node)
    return found


def find_class(repository: Repository, file: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """A class and the file it is defined in, through imports within the repository."""
    for _ in range(MAX_BASES):
        tree = repository.tree(file)
        if tree is None:
            return None
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return file, node
        imported = next((found for node in tree.body if (found := _imported(node, name)) is not None), None)
        if imported is None or (origin := _absolute(imported[0], file, repository)) is None:
            return None
        file, name = origin, imported[1]
    return None


def members_of(repository: Repository, file: str, name: str) -> set[str] | None:
    """Methods and attributes of a class with those of its bases; None when a base is not to be found."""
    return _members(repository, file, name, 0)


def _members(repository: Repository, file: str, name: str, depth: int) -> set[str] | None:
    found = find_class(repository, file, name)
    if found is None or depth > MAX_BASES:
        return None
    where, node = found
    if node.decorator_list or node.keywords:
        return None  # a decorator or metaclass may add members
    members: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                members.add(inner.name)
            case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
                members.add(inner.attr)
            case ast.Name(ctx=ast.Store()):
                members.add(inner.id)
    if "__getattr__" in members or "__getattribute__" in members:
        return None
    for base in node.bases:
        if not isinstance(base, ast.Name):
            return None
        if base.id == "object":
            continue
        inherited = _members(repository, where, base.id, depth + 1)
        if inherited is None:
            return None
        members |= inherited
    return members


def _imported(node: ast.stmt, name: str) -> tuple[ast.ImportFrom, str] | None:
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                return node, alias.name
    return None


def _absolute(node: ast.ImportFrom, file: str, repository: Repository) -> str | None:
    if node.level == 0:
        return repository.module_file(node.module or "") or None
    folder = file.split("/")[: -node.level]
    path = "/".join([*folder, *(node.module or "").split(".")]).strip("/")
    return next((f for f in (f"{path}.py", f"{path}/__init__.py") if f in repository.files), None)
