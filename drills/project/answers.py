"""How an answer of the user's code is read as yes or no.

`can_trade() -> tuple[bool, str]` answers `(False, "daily loss")`, which Python takes for true; so does an object
with a field `approved`. Both are read from the code: the annotation, the class behind it, the return statements.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

YES = "bool({})"
FIRST = "bool({}[0])"
RAISES = "raises"
"""It answers nothing, and raises where it says no."""
UNKNOWN = ""
_GOOD = re.compile(r"(is_)?(allowed|approved|passed|ok|okay|accepted|permitted|valid|safe|success)|can_trade|allow")
_BAD = re.compile(
    r"(is_)?(blocked|denied|rejected|halted|tripped|triggered|refused|breached|killed|stopped)|should_halt"
)
_STOPS = r"halt|kill|trip|trigger|breach|exceed|stop|violat|shut|block|pause|fire"
_STOP_WORDS = re.compile(rf"\btrue\b\W*(if|when|once|=|:|-|—|means)?[^.;\n]*({_STOPS})|returns?:?\s*\(({_STOPS})", re.I)
_GO_WORDS = re.compile(
    r"\btrue\b\W*(if|when|=|:|-|—|means)?[^.;\n]*(ok\b|okay|safe|allow|within|can\b|may\b|permit|continue|fine|healthy"
    r"|not (halt|trip|trigger|breach|exceed|block|stop))|\bfalse\b\W*(if|when|=|:|-|—|means)?[^.;\n]*(" + _STOPS + ")",
    re.I,
)  # fmt: skip
Fields = Callable[[str], frozenset[str] | None]
"""Name of a class -> the names of its fields and properties; None for a class that is not the repository's."""


def answer_of(node: ast.FunctionDef | ast.AsyncFunctionDef, fields: Fields) -> str:
    """How what `node` returns is read as yes: an expression with `{}` for the answer; empty when unknown."""
    written = "" if node.returns is None else ast.unparse(node.returns).strip("'\"")
    if not written or written == "None":
        return _by_returns(node)
    if re.match(r"(typing\.)?[Tt]uple\[\s*bool\b", written):
        return FIRST
    if re.fullmatch(r"bool|(typing\.)?(Optional\[(bool|str)\]|Any)|(bool|str) \| None", written):
        return _by_returns(node) if written.endswith("Any") else YES
    return _of_class(written.rpartition(".")[2], fields)


def tells_by_itself(answer: str) -> bool:
    """Whether the answer is an object that says what it means, as `verdict.allowed` does."""
    return "{}." in answer


def negated(answer: str) -> str:
    """The opposite of an answer."""
    if answer == UNKNOWN:
        return UNKNOWN
    return answer.removeprefix("not ") if answer.startswith("not ") else f"not {answer.removeprefix('bool(')[:-1]}"


def means_stop(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool | None:
    """Whether its answer True says that trading must stop, by its own description; None when that does not tell."""
    said = ast.get_docstring(node) or ""
    if _GO_WORDS.search(said):
        return False
    return True if _STOP_WORDS.search(said) else None


def _of_class(name: str, fields: Fields) -> str:
    names = fields(name)
    if names is None:
        return UNKNOWN
    for field in sorted(names):
        if _GOOD.fullmatch(field):
            return f"bool({{}}.{field})"
    return next((f"not {{}}.{field}" for field in sorted(names) if _BAD.fullmatch(field)), UNKNOWN)


def _by_returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    values = [each.value for each in _returns(node) if each.value is not None]
    if not any(not (isinstance(value, ast.Constant) and value.value is None) for value in values):
        return RAISES
    if any(isinstance(value, ast.Tuple) and value.elts for value in values):
        return FIRST
    return UNKNOWN if any(isinstance(value, ast.Dict | ast.List) for value in values) else YES


def _returns(node: ast.AST) -> Iterator[ast.Return]:
    """The return statements of a function itself, not of one defined inside."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _returns(child)
