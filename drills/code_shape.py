"""Whether a module holds hooks for the desk, a program for it, or is a script, told from its text alone.

Nothing is run for it: a script that is imported to be looked at has traded already.
"""

from __future__ import annotations

import ast
from typing import Literal

Shape = Literal["hooks", "run", "program"]
"""`build(desk)` that returns hooks; `run(desk)`, a program; a script or a named program."""


def shape_of(tree: ast.Module) -> Shape:
    """Which of the three a module is: its `build`, else its `run`, when that is there for the desk."""
    is_script = any(isinstance(node, ast.If) and _asks_for_main(node.test) for node in tree.body)
    for name, shape in (("build", "hooks"), ("run", "run")):
        for node in tree.body:
            if _defines(node, name) and _is_for_desk(node, is_script):
                return shape  # type: ignore[return-value]
    return "program"


def _asks_for_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Name) and side.id == "__name__" for side in (test.left, *test.comparators)
    )


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == name
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    if isinstance(node, ast.ImportFrom):
        return any((alias.asname or alias.name) == name for alias in node.names)
    return False


def _is_for_desk(node: ast.stmt, is_script: bool) -> bool:
    """Many scripts have a `run` or a `build` of their own; one that takes a `desk` is meant for ours."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        taken = [*node.args.posonlyargs, *node.args.args]
        return bool(taken) and (taken[0].arg == "desk" or not is_script)
    return not is_script
