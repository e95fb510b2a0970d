"""What a run says on the terminal: the verdict first, then why, then how to repeat it.

Everything reads the same without colour and in 80 columns. User text is never parsed as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from results import wording
from results.record import CaseRecord, Finding, RunRecord, Verdict
from results.rehearsal_terminal import print_rehearsal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_STYLE = {
    "pass": "bold green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "critical": "bold red",
    "warning": "bold yellow",
    "info": "bold",
}
_LEDGER_LINES = 5
_FINDINGS = 8


def print_run(console: Console, record: RunRecord, report: Path | None = None) -> None:
    """The summary of one run; `report` is where its HTML report lies."""
    from rich.text import Text

    if record.deciding.rehearsal is not None:
        print_rehearsal(console, record, report)
        return
    console.print(_header(record))
    for part in (_outcome(record), _ledger(record.deciding), _findings(record), _cases(record)):
        if part is not None:
            console.print()
            console.print(part)
    last = _facts()
    last.add_row("Replay", Text(wording.one_line(record.replay), overflow="fold"))
    if report is not None:
        for exhibit in record.exhibits:
            command = exhibit.command.replace("{folder}", str(report.parent))
            last.add_row("Shortest", Text(wording.one_line(command), overflow="fold"))
        last.add_row("Report", Text(str(report), overflow="fold"))
    console.print()
    console.print(last)


def print_runs(console: Console, records: Sequence[RunRecord]) -> None:
    """One line per run, and how many passed."""
    table = _table("Drill", "Seed", "Verdict", "Runbook", "Code", "Responder", ">RTO", ">Score")
    for record in records:
        verdicts = record.verdicts
        table.add_row(
            _plain(record.drill, 22),
            str(record.seed),
            _verdict(record.verdict),
            _verdict(verdicts.runbook),
            _verdict(verdicts.code),
            _verdict(verdicts.responder),
            wording.rto(record.deciding),
            _shown(record),
        )
    console.print(table)
    passed = sum(record.verdict is Verdict.PASS for record in records)
    console.print(_plain(f"{passed} of {wording.count(len(records), 'drill')} passed"))


def _header(record: RunRecord) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    title = wording.one_line(record.title)
    head = Text.assemble(
        (record.verdict.upper(), _STYLE[record.verdict]),
        "  ",
        (f"{record.drill}: {title}", "bold"),
        f"  (seed {record.seed})",
    )
    verdicts = Text.assemble(
        *("runbook ", _verdict(record.verdicts.runbook)),
        *("    code ", _verdict(record.verdicts.code)),
        *("    responder ", _verdict(record.verdicts.responder)),
    )
    return Group(head, verdicts)


def _outcome(record: RunRecord) -> RenderableType:
    from rich.text import Text

    case = record.deciding
    facts = _facts()
    if len(record.cases) > 1:
        facts.add_row("Cases", _plain(wording.cases_sentence(record)))
    facts.add_row("RTO", _plain(wording.rto_sentence(case)))
    split = wording.split_parts(case)
    for row in range(0, len(split), 3):
        facts.add_row("", Text(", ".join(split[row : row + 3]), style="dim"))
    facts.add_row("Adherence", _plain(_adherence(record)))
    facts.add_row("Lost", _plain(wording.loss(record.rpo)))
    for gate in record.gates:
        line = f" (runbook line {gate.runbook_line})" if gate.runbook_line else ""
        facts.add_row("Gate", Text(wording.one_line(gate.text) + line, style="red"))
    return facts


def _ledger(case: CaseRecord) -> RenderableType | None:
    if not case.deviations:
        return None
    table = _table(">Points", ">Line", "Deviation from the runbook")
    ranked = sorted(case.deviations, key=lambda deviation: -deviation.points)
    for deviation in ranked[:_LEDGER_LINES]:
        line = "–" if deviation.line is None else str(deviation.line)
        table.add_row(f"−{wording.number(deviation.points, 1)}", line, _plain(deviation.text))
    if len(ranked) > _LEDGER_LINES:
        rest = sum(deviation.points for deviation in ranked[_LEDGER_LINES:])
        table.add_row(f"−{wording.number(rest, 1)}", "", f"{len(ranked) - _LEDGER_LINES} more in the report")
    return table


def _findings(record: RunRecord) -> RenderableType | None:
    from rich.console import Group
    from rich.text import Text

    if not record.findings:
        return None
    found = wording.by_severity(record.findings)
    lines: list[RenderableType] = [Text("Findings", style="bold")]
    lines += [_finding(record, finding, cases) for finding, cases in found[:_FINDINGS]]
    if len(found) > _FINDINGS:
        lines.append(Text(f"  {len(found) - _FINDINGS} more in the report"))
    return Group(*lines)


def _finding(record: RunRecord, finding: Finding, cases: Sequence[str]) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    line = f"runbook line {finding.runbook_line}" if finding.runbook_line else ""
    where = [wording.instant(record, finding), finding.source or "", line]
    where.append(wording.in_cases(cases) if cases else "")
    exhibit = record.exhibit(finding)
    shown = f"shown by {wording.one_line(exhibit.text, 120)}" if exhibit else ""
    text = Text.assemble((finding.severity, _STYLE[finding.severity]), "  ", wording.one_line(finding.title))
    claims = [
        f"{word} {wording.one_line(what, 100)}"
        for word, what in (("reported", finding.claim), ("true", finding.truth))
        if what
    ]
    said = "; ".join(claims) or wording.one_line(finding.detail, 200)
    for more in (said, ", ".join(wording.one_line(part) for part in where if part), shown):
        if more:
            text.append(f"\n  {more}", style="dim")
    return Padding(text, (0, 0, 0, 2))


def _cases(record: RunRecord) -> RenderableType | None:
    if len(record.cases) < 2:
        return None
    table = _table("Case", "Verdict", ">RTO", ">Adherence", "Lost")
    for case in record.cases:
        adherence = "–" if case.adherence is None else wording.number(case.adherence, 1)
        lost = wording.lost_items(case.rpo)
        table.add_row(
            _plain(case.name, 32),
            _verdict(case.verdict),
            wording.rto(case),
            adherence,
            wording.count(lost, "item") if lost else "nothing",
        )
    return table


def _adherence(record: RunRecord) -> str:
    if record.adherence is None:
        return "not scored: nobody responded"
    fitness = "" if record.fitness is None else f", fitness {wording.number(record.fitness, 3)}"
    text = f"{wording.number(record.adherence, 1)} of 100{fitness}"
    if record.shown_score is not None and record.shown_score < record.adherence:
        text += f"; shown as {wording.number(record.shown_score)} because a gate is broken"
    return text


def _shown(record: RunRecord) -> str:
    shown = record.adherence if record.shown_score is None else record.shown_score
    return "–" if shown is None else wording.number(shown, 1)


def _verdict(verdict: Verdict | None) -> Text:
    from rich.text import Text

    return Text("nobody", style="dim") if verdict is None else Text(str(verdict), style=_STYLE[verdict])


def _plain(text: str, limit: int = 0) -> Text:
    from rich.text import Text

    return Text(wording.one_line(text, limit), overflow="fold")


def _facts() -> Table:
    from rich.table import Table

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True, min_width=9)
    facts.add_column()
    return facts


def _table(*heads: str) -> Table:
    """A table without frame; a head that begins with `>` aligns its column to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left")
    return table
