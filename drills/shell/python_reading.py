"""What a few lines of Python will do, read before they run: what they import, and what they act on."""

from __future__ import annotations

import ast
import re
import sys
import traceback
from typing import NamedTuple

from drills.runbook.clients import code as meaning_of_code

_REACHES_OUT = re.compile(
    r"adapter|broker|client|api|session|connect|http|redis|postgres|engine|database|db$|exchange|gateway|socket|remote",
    re.IGNORECASE,
)
"""Names of classes that stand for something outside of their process."""


class NewObject(NamedTuple):
    """A method called on an object that the same lines have just built."""

    kind: str
    """The class."""
    method: str
    line: int


def syntax_problem(code: str, file: str = "<string>") -> str | None:
    """What Python prints when it cannot compile `code`; None when it can."""
    try:
        compile(code, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return "".join(traceback.format_exception_only(error))
    return None


def imported(code: str) -> list[str]:
    """The modules that the code imports, by their full names, in order."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found[node.module] = None
    return list(found)


def foreign(modules: list[str]) -> list[str]:
    """Those that are not of the standard library."""
    return [name for name in modules if name.split(".")[0] not in sys.stdlib_module_names]


def acts_on_new_object(code: str) -> NewObject | None:
    """The first changing method that is called on an object built from the project's own class in these very lines.

    The object lives in the new process. What it changes in itself is gone with it, unless the method goes through
    a file or an endpoint; classes that by their names stand for something outside are left out.
    """
    tree = ast.parse(code)
    ours = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and foreign([node.module or ""])
        for alias in node.names
    }
    built: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (kind := _built(node.value, ours)):
            built.update({target.id: kind for target in node.targets if isinstance(target, ast.Name)})
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        known = built.get(owner.id) if isinstance(owner, ast.Name) else _built(owner, ours)
        if known and not _REACHES_OUT.search(known) and _changes(node.func.attr):
            return NewObject(known, node.func.attr, node.lineno)
    return None


def _built(node: ast.expr, ours: set[str]) -> str | None:
    """The class of which `node` makes an object."""
    if not isinstance(node, ast.Call):
        return None
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    top = node.func
    while isinstance(top, ast.Attribute):
        top = top.value
    known = isinstance(top, ast.Name) and top.id in ours
    return name if known and name[:1].isupper() else None


def _changes(method: str) -> bool:
    if re.match(r"(?:get|is|has|list|show|load|read|fetch|test|check|generate|export|print|describe)_?", method):
        return False
    return meaning_of_code(f"x.{method}()").effect == "mutate" or bool(
        re.match(
            r"(?:set|reset|clear|enable|disable|stop|start|halt|resume|release|close|cancel|update|apply|kill)", method
        )
    )
