"""Finding and killing processes by name, and changing state in a process that nobody asks again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from drills.lint.page import Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.rules.code import sources
from drills.lint.statements import Call
from drills.runbook.names import named_action

_INTERPRETERS = frozenset({"python", "python3", "java", "node", "ruby", "bash", "sh"})
_IN_MEMORY = frozenset({"reset_halt", "halt", "resume", "safe_mode", "restart"})


@rule("RB109", Severity.ERROR, "`ps | grep` that finds itself")
def finds_itself(page: Page) -> Iterator[Hit]:
    """`ps aux | grep name` lists the grep as well.

    There is always a line and the exit code is always 0, so the step says "running" while the process is dead.

    pgrep -af run_paper_trading
    ps aux | grep '[r]un_paper_trading'
    """
    for entry in page.entries:
        for pipeline in entry.shell.pipelines:
            for before, after in pairwise(pipeline):
                if (
                    before.program == "ps"
                    and after.program in {"grep", "egrep"}
                    and not _excludes_itself(after, pipeline)
                ):
                    yield page.in_command(
                        entry, before.row, before.column, 2, "grep finds its own line: this always says it is running",
                        f"use pgrep -af {_pattern(after)}",
                    )  # fmt: skip


@rule("RB116", Severity.WARNING, "kill by a broad pattern")
def broad_kill(page: Page) -> Iterator[Hit]:
    """`pkill -f word` and `killall python` end every process whose command line matches.

    That may be another strategy, a backfill, or the editor that has the runbook open.

    Stop the service by its name (`systemctl stop`, `supervisorctl stop`), or kill the id in its pid file.
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            reason = _broad(call)
            if reason is not None:
                yield page.in_command(
                    entry, call.row, call.column, len(call.program), reason,
                    "stop the service by its name, or kill the id in its pid file",
                )  # fmt: skip


@rule("RB124", Severity.WARNING, "state changed in a process of its own")
def fresh_process(page: Page) -> Iterator[Hit]:
    """`python -c` builds a new object in a new process, changes it and exits.

    The running system has its own object in its own memory and notices nothing, unless the state is kept on disk or
    in a database.

    Ask the running process through its API or command line, and verify there that the change has arrived.
    """
    for entry in page.entries:
        for source in sources(entry):
            if source.lang == "python" and entry.command.lang not in {"python", "py"}:
                for line, column, name in _changed_objects(source.text):
                    yield page.in_command(
                        entry, source.row + line - 1, column + (source.column + 1 if line == 1 else 0), len(name),
                        f"{name}() runs on a new object in a new process: the running system may not notice",
                        "ask the running process, or say where the state is kept",
                    )  # fmt: skip


def _excludes_itself(grep: Call, pipeline: list[Call]) -> bool:
    if "[" in _pattern(grep) or grep.has("-v"):
        return True
    return any(c.program in {"grep", "egrep"} and c.has("-v") for c in pipeline)


def _pattern(grep: Call) -> str:
    return next((value for value in grep.values[1:] if not value.startswith("-")), "NAME")


def _broad(call: Call) -> str | None:
    words = " ".join(word.text for word in call.words[1:])
    if call.program == "pkill":
        exact = call.has("-x", "--exact", "-F", "--pidfile") or re.search(r"(?:^|\s)['\"]?\^", words)
        full = any(re.fullmatch(r"-\w*f\w*|--full", value) for value in call.values[1:])
        if full and not exact:
            return "pkill -f ends every process whose command line matches"
        return f"pkill {call.values[-1]} ends every one of them" if call.values[-1] in _INTERPRETERS else None
    if call.program == "killall" and call.values[-1] in _INTERPRETERS:
        return f"killall {call.values[-1]} ends every one of them"
    if call.program == "kill" and re.search(r"(?:\$\(|`)[^)`]*(?:pgrep -\w*f|ps\b.*grep)", words):
        return "this kills every process whose command line matches"
    return None


def _changed_objects(text: str) -> Iterator[tuple[int, int, str]]:
    """Calls of methods that change state, on objects that this code has built itself."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    built: set[str] = set()
    for node in tree.body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and _is_new(inner.value):
                built |= {target.id for target in inner.targets if isinstance(target, ast.Name)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                on = inner.func.value
                own = (isinstance(on, ast.Name) and on.id in built) or _is_new(on)
                if own and named_action(inner.func.attr) in _IN_MEMORY:
                    yield inner.lineno, inner.col_offset, inner.func.attr


def _is_new(node: ast.expr) -> bool:
    """`KillSwitches()`: a class called without an address, so that it cannot speak with another process."""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    return name[:1].isupper() and not re.search(
        r"client|proxy|api|remote|rpc|connection|session|broker|adapter", name, re.I
    )
