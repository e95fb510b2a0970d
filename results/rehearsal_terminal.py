"""What a rehearsal says on the terminal: the verdict, each step of the text with what came of it, then what to mend.

Reads the same without colour and in 80 columns, like every other report.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from results import wording
from results.record import CaseRecord, Finding, RunRecord
from results.rehearsed import COMMAND_WORDS, STEP_WORDS, RehearsedCommand, RehearsedStep

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_STYLE = {
    "pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow", "critical": "bold red",
    "warning": "bold yellow", "info": "bold", "done": "green", "partly": "yellow", "failed": "bold red",
    "not_executable": "bold red",
    "not_taken": "dim", "not_reached": "bold yellow", "ok": "green", "watched": "green", "not_here": "bold yellow",
}  # fmt: skip
_MEANING = {
    "pass": "followed to the letter, it leads to recovery",
    "fail": "followed to the letter, it does not lead to recovery",
    "inconclusive": "this incident cannot tell",
}
_PRINTED = 3


def print_rehearsal(console: Console, record: RunRecord, report: Path | None = None, commands: bool = False) -> None:
    """The outcome of one rehearsal; `commands` lists every command, else only what did not go well."""
    case = record.deciding
    console.print(_header(record))
    console.print()
    for line in _steps(case, commands):
        console.print(line)
    console.print()
    console.print(_outcome(record))
    for finding in _worth_telling(record, commands):
        console.print()
        console.print(_finding(finding, record.runbook.file))
    console.print()
    console.print(_last(record, report))


def _header(record: RunRecord) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    case = record.deciding
    severity = "" if case.severity is None else f", severity {case.severity}"
    head = Text.assemble(
        (record.verdict.upper(), _STYLE[record.verdict]), "  ", (wording.one_line(record.runbook.title), "bold"),
        f": {_meaning(record)}",
    )  # fmt: skip
    where = f"{record.runbook.file}:{record.runbook.line}" if record.runbook.line else record.runbook.file
    return Group(head, Text(where, style="dim"), Text(f"in {case.title} ({case.name}, seed {record.seed}{severity})"))


def _meaning(record: RunRecord) -> str:
    """The verdict in a clause; a text may fail although the firm was restored, because the code restored it."""
    case = record.deciding
    if record.verdict == "fail" and case.rto_s is not None and case.rto_s <= case.rto_objective_s:
        return "the firm is restored, but not by this text"
    if record.verdict == "pass" and case.rehearsal is not None and not case.rehearsal.helped:
        return "the firm is restored, no sooner than without the text"
    return _MEANING[record.verdict]


def _steps(case: CaseRecord, commands: bool) -> Iterator[RenderableType]:
    assert case.rehearsal is not None
    for step in case.rehearsal.steps:
        yield _step(step, case)
        for command in step.commands:
            if commands or command.outcome in ("failed", "not_executable", "not_here"):
                yield from _command(command, commands)
        if commands:
            for line in step.by_hand:
                yield _indented(f"by hand: {line}", 8)
        for broken in step.broken_promises:
            yield _indented(f"but {broken.partition(': ')[2]}", 8, "bold red")


def _step(step: RehearsedStep, case: CaseRecord) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_column(justify="right", width=4)
    row.add_column(width=21)
    row.add_column(justify="right", width=14)
    row.add_column()
    at = "" if step.outcome == "not_taken" else wording.offset(step.started_s, wording.origin_s(case))
    row.add_row(
        str(step.line), Text(STEP_WORDS[step.outcome], style=_STYLE[step.outcome]), Text(at, style="dim"),
        Text(wording.one_line(step.title), overflow="fold"),
    )  # fmt: skip
    return row


def _command(command: RehearsedCommand, all_output: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    said = COMMAND_WORDS[command.outcome]
    if command.exit_code not in (None, 0):
        said = f"exit {command.exit_code}"
    text = wording.one_line(command.typed or command.text, 400 if all_output else 110)
    line = Text.assemble(f"{command.line}  ", ("$ ", "dim"), text, "  ", (said, _STYLE[command.outcome]))
    if command.outcome in ("ok", "watched") and command.took_s >= 1:
        line.append(f"  {wording.duration(command.took_s)}", style="dim")
    yield _indented(line, 8)
    printed = command.printed if all_output else command.printed[:_PRINTED]
    for output in printed:
        yield _indented(wording.one_line(output, 300 if all_output else 130), 12, "dim")
    if not printed and command.why and command.outcome != "ok":
        yield _indented(command.why, 12, "dim")


def _indented(text: Text | str, by: int, style: str = "") -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    line = Text(wording.clean(text), style=style, overflow="fold") if isinstance(text, str) else text
    return Padding(line, (0, 0, 0, by))


def _outcome(record: RunRecord) -> RenderableType:
    case = record.deciding
    assert case.rehearsal is not None
    facts = _facts()
    facts.add_row("Recovery", _plain(wording.rto_sentence(case)))
    facts.add_row("", _plain(case.rehearsal.unaided))
    if case.rehearsal.without_code:
        facts.add_row("", _plain(case.rehearsal.without_code))
    for number, words in enumerate(case.rehearsal.still_broken):
        facts.add_row("" if number else "Broken", _plain(words[:1].upper() + words[1:] + "."))
    for number, words in enumerate(case.rehearsal.options):
        facts.add_row("" if number else "Options", _plain(words))
    for number, words in enumerate(case.rehearsal.assumptions):
        facts.add_row("" if number else "Assumed", _plain(words))
    facts.add_row("Code", _plain(f"{record.verdicts.code} ({record.code.spec}); it has no part in this verdict"))
    return facts


def _worth_telling(record: RunRecord, everything: bool) -> list[Finding]:
    found = [finding for finding, _ in wording.by_severity(record.deciding.findings)]
    return [f for f in found if everything or (f.severity != "info" and f.checker is None)]


def _finding(finding: Finding, file: str) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    where = f"{file}:{finding.runbook_line}" if finding.runbook_line else ""
    head = Text.assemble(
        (finding.severity, _STYLE[finding.severity]), f" {finding.id}  ", (wording.one_line(finding.title), "bold")
    )
    lines: list[RenderableType] = [head]
    lines += [_indented(where, 2, "dim")] if where else []
    if finding.claim or finding.truth:
        claims = (("reported", finding.claim), ("true", finding.truth))
        lines.append(_indented("; ".join(f"{word} {wording.one_line(said, 120)}" for word, said in claims if said), 2))
    return Group(*lines, _indented(wording.one_line(finding.detail), 2))


def _last(record: RunRecord, report: Path | None) -> RenderableType:
    from rich.text import Text

    last = _facts()
    last.add_row("Replay", Text(wording.one_line(record.replay), overflow="fold"))
    if report is not None:
        last.add_row("Report", Text(str(report), overflow="fold"))
    return last


def _plain(text: str) -> Text:
    from rich.text import Text

    return Text(wording.one_line(text), overflow="fold")


def _facts() -> Table:
    from rich.table import Table

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True, min_width=9)
    facts.add_column()
    return facts
