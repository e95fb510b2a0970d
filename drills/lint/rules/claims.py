"""What a command says it has done, whether or not it has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.rules.code import Source, sources
from drills.runbook.bindings import bind
from drills.runbook.names import named_action

_SUCCESS = re.compile(
    r"\b(?:done|success\w*|succeeded|completed?|closed|stopped|restarted|reset|ok|halted|flat|flattened|cancell?ed|"
    r"restored|finished|paused|resumed|reconciled|erfolgreich|fertig|abgeschlossen|gestoppt|geschlossen|zurückgesetzt|"
    r"storniert|éxito|completad[oa]s?|cerrad[oa]s?|detenid[oa]s?|reiniciad[oa]s?|cancelad[oa]s?|listo)\b",
    re.I,
)
_QUESTION = re.compile(r"\$\?|\$\(|`|\{\w|\?\s*$|not |fail|error|%s", re.I)
_ONE_SYMBOL = re.compile(r"close_position|liquidate|flatten", re.I)
_DELETE_ONE = re.compile(r"/positions/(?P<symbol>[A-Z][A-Z0-9.]{0,9})\b")


@rule("RB119", Severity.WARNING, "success message that is printed in any case")
def claims_success(page: Page) -> Iterator[Hit]:
    """A command that can fail is followed by a fixed text such as "Positions closed".

    The text is printed whatever the command returned, and whoever reads it stops looking.

    Print what came back, or check it:

        deskctl flatten && echo "positions closed"
        print(adapter.close_all_positions())
    """
    before: Entry | None = None
    for entry in page.entries:
        if entry.fence is not None:
            yield from _echoes(page, entry, before)
        for source in sources(entry):
            if source.lang == "python":
                yield from _prints(page, entry, source)
        before = entry


@rule("RB123", Severity.WARNING, "one symbol where all positions are meant")
def one_symbol(page: Page) -> Iterator[Hit]:
    """The step promises to close the positions; the command closes one symbol that is written into it.

    What else is held stays open.

    Close what the broker's list of positions holds: `close_all_positions()`, `DELETE /v2/positions`.
    """
    for entry in page.entries:
        if "flatten" not in bind(entry.step).actions:
            continue
        for row, column, symbol in _single_symbols(entry):
            if symbol not in f"{entry.step.title} {entry.procedure.title}":
                yield page.in_command(
                    entry, row, column, len(symbol), f"only {symbol} is closed: what else is held stays open",
                    "close every position on the broker's own list",
                )  # fmt: skip


def _echoes(page: Page, entry: Entry, before: Entry | None) -> Iterator[Hit]:
    calls = entry.shell.calls
    if len(calls) != 1 or calls[0].program not in {"echo", "printf"} or before is None or before.fence != entry.fence:
        return
    text = " ".join(calls[0].values[1:])
    risky = (
        before.command.effect != "read"
        and before.shell.calls
        and before.shell.calls[0].program not in {"echo", "printf"}
    )
    safe = any(re.match(r"\s*set -\w*e", e.command.text) for e in page.in_fence(page.fences[entry.fence or 0]))
    if risky and not safe and _SUCCESS.search(text) and not _QUESTION.search(text):
        yield page.in_command(
            entry, calls[0].row, calls[0].column, len(calls[0].program),
            "this is printed whether or not the command above worked", "join them with &&, or print what came back",
        )  # fmt: skip


def _prints(page: Page, entry: Entry, source: Source) -> Iterator[Hit]:
    """`print('Positions closed')` after a call whose result nobody looks at."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return
    unseen: str | None = None
    for node in tree.body:
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            continue
        call = node.value
        if isinstance(call.func, ast.Attribute) and named_action(call.func.attr) is not None:
            unseen = call.func.attr
        elif unseen is not None and (said := _fixed_text(call)) is not None and _SUCCESS.search(said):
            shift = source.column + 1 if node.lineno == 1 else 0
            yield page.in_command(
                entry, source.row + node.lineno - 1, node.col_offset + shift, 5,
                f"this is printed whatever {unseen}() returned", f"print or check what {unseen}() returns",
            )  # fmt: skip


def _fixed_text(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Name) and call.func.id == "print" and len(call.args) == 1:
        argument = call.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
    return None


def _single_symbols(entry: Entry) -> Iterator[tuple[int, int, str]]:
    for source in sources(entry):
        if source.lang == "python":
            yield from _single_in_python(source)
    for call in entry.shell.calls:
        for word in call.words:
            match = _DELETE_ONE.search(word.value)
            if call.program == "curl" and match is not None and "DELETE" in call.values:
                yield word.row, word.column + word.text.find(match.group("symbol")), match.group("symbol")


def _single_in_python(source: Source) -> Iterator[tuple[int, int, str]]:
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return
    if (
        any(isinstance(node, ast.For | ast.While | ast.ListComp) for node in ast.walk(tree))
        or "close_all" in source.text
    ):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _ONE_SYMBOL.search(node.func.attr):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper():
                shift = source.column + 1 if first.lineno == 1 else 0
                yield source.row + first.lineno - 1, first.col_offset + 1 + shift, first.value
