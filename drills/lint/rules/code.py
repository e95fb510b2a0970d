"""Python and SQL inside commands: whether they compile, and whether the columns and flags are still there."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.sql import sql_problem
from drills.runbook.shell import PLACEHOLDER

_SUBSTITUTION = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$\{[^}]*\}|\$[A-Za-z_]\w*")
_SQL_CLIENTS = frozenset({"psql", "mysql", "sqlite3", "clickhouse-client"})
_REMOVED: tuple[tuple[str, str, str, str], ...] = (
    (r"pg_stat_statements", r"(?:mean|max|min|total|stddev)_time\b", "PostgreSQL 13 renamed it", "use {0}_exec_time"),
    (r"pg_stat_activity", r"(?:procpid|current_query|waiting)\b", "PostgreSQL has not had it since 9.6",
        "use pid, query and wait_event"),
    (r"\bpg_", r"pg_(?:current_xlog_location|switch_xlog|last_xlog_\w+)\b", "PostgreSQL 10 renamed it",
        "say wal for xlog"),
    (r"\bkubectl\b", r"kubectl rolling-update|(?<=\s)(?:--export|--show-all)\b", "kubectl no longer has it",
        "use rollout, or leave the flag out"),
    (r"\bkubectl\b.*\bdrain\b", r"--delete-local-data\b", "kubectl renamed it", "use --delete-emptydir-data"),
    (r"apiVersion:", r"(?:extensions/v1beta1|apps/v1beta[12]|policy/v1beta1|batch/v1beta1|autoscaling/v2beta[12]|"
        r"networking\.k8s\.io/v1beta1)\b", "Kubernetes no longer serves it", "use the v1 or v2 of that group"),
    (r"\bhelm\b", r"helm init\b|helm (?:delete|del)\b[^|;\n]*--purge|helm install --name\b", "Helm 3 no longer has it",
        "use helm uninstall, or helm install NAME CHART"),
)  # fmt: skip
"""What a text must hold for the rule to apply, the name that is gone, why, and the mend."""


class Source(NamedTuple):
    """A piece of Python or SQL in a command, and the row and column it begins at."""

    lang: str
    text: str
    row: int
    column: int


@rule("RB106", Severity.ERROR, "Python or SQL that does not compile")
def does_not_compile(page: Page) -> Iterator[Hit]:
    """The code fails before its first line has run.

    The usual cause is an indented body in `python -c "..."`: before Python 3.14 that is an IndentationError.
    Begin each line of the body in the first column. `$(...)` and variables are taken for values here, since the
    shell fills them in first.
    """
    for entry in page.entries:
        for source in sources(entry):
            found = python_problem(source.text) if source.lang == "python" else sql_problem(source.text)
            if found is not None:
                row, message = found
                mend = (
                    "start the body in the first column"
                    if "IndentationError" in message
                    else "correct it and try it once"
                )
                column = source.column if row == 0 else _indent(entry, source.row + row)
                yield page.in_command(entry, source.row + row, column, 1, message, mend)


@rule("RB112", Severity.ERROR, "column, flag or API that no longer exists")
def removed_name(page: Page) -> Iterator[Hit]:
    """The command was right once; the program it talks to has since renamed or dropped a name in it.

    SELECT query, mean_time FROM pg_stat_statements      -- up to PostgreSQL 12
    SELECT query, mean_exec_time FROM pg_stat_statements -- from PostgreSQL 13 on
    """
    for entry in page.entries:
        text = entry.command.text
        for where, what, since, mend in _REMOVED:
            if re.search(where, text) is None:
                continue
            seen = set()
            for match in re.finditer(rf"(?<!\w)(?:{what})", text):
                name = match.group(0)
                if name not in seen:
                    seen.add(name)
                    start = match.start()
                    row = text.count("\n", 0, start)
                    column = start - (text.rfind("\n", 0, start) + 1)
                    yield page.in_command(
                        entry, row, column, len(name), f"{name}: {since}", mend.format(name.removesuffix("_time"))
                    )


def sources(entry: Entry) -> Iterator[Source]:
    """The Python and SQL of a command, with what the shell fills in replaced by literals of one line."""
    command = entry.command
    if command.todo:
        return
    if command.lang in {"python", "py"}:
        if not re.search(r"^\s*(?:>>>|\.\.\.|In \[|[!%])", command.text, re.M):
            yield Source("python", textwrap.dedent(_masked(command.text)), 0, 0)
        return
    if command.lang == "sql":
        yield Source("sql", _masked(command.text), 0, 0)
        return
    for call in entry.shell.calls:
        python = re.fullmatch(r"python[\d.]*|py", call.program) is not None
        if not python and call.program not in _SQL_CLIENTS:
            continue
        options = {"-c"} if python or call.program == "psql" else {"-e", "--query"}
        for option, word in zip(call.words, call.words[1:], strict=False):
            if option.value in options or (call.program == "psql" and option.value == "--command"):
                text = word.value if word.quoting == "single" else _filled(word.value)
                yield Source("python" if python else "sql", _masked(text), word.row, word.column)
        if call.heredoc and (python or call.program == "psql") and "-c" not in call.values:
            yield Source("python" if python else "sql", _masked(_filled(call.heredoc)), call.row + 1, 0)


def python_problem(text: str) -> tuple[int, str] | None:
    """Row and message when Python does not accept the code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        lines = text.count("\n")
        return min(max((error.lineno or 1) - 1, 0), lines), f"Python stops here: {type(error).__name__}: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return None
    first = next((line for line in text.split("\n") if line.strip()), "")
    if text.startswith("\n") and first[:1] in {" ", "\t"}:
        return 1, "Python stops here: IndentationError: unexpected indent"
    return None


def _filled(text: str) -> str:
    return _SUBSTITUTION.sub(lambda match: "0" + "\n" * match.group(0).count("\n"), text)


def _masked(text: str) -> str:
    return PLACEHOLDER.sub(lambda match: "P" * len(match.group(0)), text)


def _indent(entry: Entry, row: int) -> int:
    lines = entry.command.text.split("\n")
    line = lines[row] if row < len(lines) else ""
    return len(line) - len(line.lstrip())
