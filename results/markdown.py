"""The Markdown report: for a pull request comment or a job summary, which cut off at 64 KB.

Headings start at `level` (3 by default, to sit below the page's own). The verdict comes first; when the
text grows too long the least important chapters give way, and a line says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from results import wording
from results.record import CaseRecord, Finding, RunRecord
from results.rehearsed import COMMAND_WORDS, STEP_WORDS, RehearsedCommand

LIMIT_BYTES = 64_000
_ROWS = 40
_CELL = 300


def markdown_report(record: RunRecord, level: int = 3) -> str:
    """The report of one run, below `LIMIT_BYTES` as UTF-8."""
    h = "#" * level
    chapters = [
        _summary(record, h),
        _findings(record, h),
        _rehearsal(record.deciding, h),
        _adherence(record.deciding, h),
        _clock(record.deciding, h),
        _cases(record, h),
        _replay(record, h),
        _checks(record.deciding, h),
        _steps(record.deciding, h),
    ]
    return _fit([chapter for chapter in chapters if chapter])


def _fit(chapters: Sequence[str]) -> str:
    """As many chapters as the limit allows, in order."""
    text, left_out = chapters[0], 0
    for chapter in chapters[1:]:
        longer = f"{text}\n{chapter}"
        if len(longer.encode()) <= LIMIT_BYTES - 200:
            text = longer
        else:
            left_out += 1
    if left_out:
        text += f"\n{wording.count(left_out, 'chapter')} left out for length; the HTML report has them.\n"
    return text


def _summary(record: RunRecord, h: str) -> str:
    verdicts = record.verdicts
    lines = [
        f"{h} {record.verdict.upper()}: {escaped(record.title)}",
        "",
        f"{escaped(record.drill)}, seed {record.seed}. {wording.rto_sentence(record.deciding)}",
        "",
        *_table(
            ("Runbook", "Code", "Responder", "RTO", "Objective", "Adherence", "Lost"),
            [
                (
                    verdicts.runbook,
                    verdicts.code,
                    verdicts.responder or "nobody",
                    wording.rto(record.deciding),
                    wording.duration(record.rto_objective_s),
                    _score(record),
                    wording.loss(record.rpo),
                )
            ],
        ),
    ]
    gates = [f"- Gate broken: {escaped(gate.text)}{_line(gate.runbook_line)}" for gate in record.gates[:_ROWS]]
    return "\n".join([*lines, *([""] if gates else []), *gates, ""])


def _findings(record: RunRecord, h: str) -> str:
    if not record.findings:
        return ""
    found = wording.by_severity(record.findings)
    lines = [_finding(record, finding, cases if len(record.cases) > 1 else []) for finding, cases in found[:_ROWS]]
    return "\n".join([f"{h}# Findings", "", *lines, *_more(len(found)), ""])


def _finding(record: RunRecord, finding: Finding, cases: Sequence[str]) -> str:
    exhibit = record.exhibit(finding)
    where = [
        wording.instant(record, finding),
        escaped(wording.in_cases(cases)) if cases else "",
        f"`{_code(finding.source)}`" if finding.source else "",
        f"runbook line {finding.runbook_line}" if finding.runbook_line else "",
    ]
    facts = ", ".join(part for part in where if part)
    claim = f" Reported: {escaped(finding.claim)}." if finding.claim else ""
    truth = f" True: {escaped(finding.truth)}." if finding.truth else ""
    head = f"- **{finding.severity}: {escaped(finding.title)}**"
    shown = f" Shown by `{exhibit.file}`: {escaped(exhibit.text)}." if exhibit else ""
    return f"{head}{f' ({facts})' if facts else ''} {escaped(finding.detail)}{claim}{truth}{shown}".rstrip()


def _adherence(case: CaseRecord, h: str) -> str:
    if case.adherence is None or not case.deviations:
        return ""
    rows = [
        (f"−{wording.number(d.points, 1)}", d.line or "–", escaped(d.text), escaped(d.step)) for d in case.deviations
    ]
    total = wording.number(sum(d.points for d in case.deviations), 1)
    rows = [*rows[:_ROWS], (f"**−{total}**", "", f"**adherence {wording.number(case.adherence, 1)}**", "")]
    table = _table(("Points", "Line", "Deviation", "Step"), rows)
    return "\n".join([f"{h}# Deviations from the runbook", "", *table, *_more(len(case.deviations)), ""])


def _rehearsal(case: CaseRecord, h: str) -> str:
    """Each step of a text that was followed to the letter, with the commands that did not go well."""
    if case.rehearsal is None:
        return ""
    origin = wording.origin_s(case)
    rows = [
        (
            step.line,
            escaped(step.title),
            STEP_WORDS[step.outcome],
            wording.offset(step.started_s, origin),
            "; ".join(
                f"`{_code(command.typed or command.text)}` {_ended(command)}"
                for command in step.commands
                if command.outcome in ("failed", "not_executable", "not_here")
            ),
        )
        for step in case.rehearsal.steps
    ]
    table = _table(("Line", "Step", "Outcome", "Begun", "What did not go well"), rows[:_ROWS])
    broken = [f"- Still broken: {escaped(words)}" for words in case.rehearsal.still_broken]
    assumed = [f"- Assumed: {escaped(words)}" for words in case.rehearsal.assumptions]
    beside = escaped(f"{case.rehearsal.unaided} {case.rehearsal.without_code}")
    more = [*_more(len(rows)), "", beside, "", *broken, *assumed]
    return "\n".join([f"{h}# The text, followed to the letter", "", *table, *more, ""])


def _ended(command: RehearsedCommand) -> str:
    if command.exit_code not in (None, 0):
        return f"exit {command.exit_code}"
    return COMMAND_WORDS[command.outcome]


def _clock(case: CaseRecord, h: str) -> str:
    origin = wording.origin_s(case)
    rows = [
        (
            field,
            name,
            wording.offset(seconds, origin),
            "–" if seconds is None else wording.wall(case, seconds),
        )
        for field, name, _, seconds in wording.instants(case.clock)
    ]
    split = ", ".join(wording.split_parts(case))
    table = _table(("Instant", "", "Since fault", "Local time"), rows)
    return "\n".join([f"{h}# Clock", "", *table, "", escaped(split), ""])


def _cases(record: RunRecord, h: str) -> str:
    rows = [
        (
            escaped(case.name),
            case.verdict,
            wording.rto(case),
            "–" if case.adherence is None else wording.number(case.adherence, 1),
            wording.loss(case.rpo),
        )
        for case in record.cases
    ]
    table = _table(("Case", "Verdict", "RTO", "Adherence", "Lost"), rows[:_ROWS])
    return "\n".join([f"{h}# Cases", "", *table, *_more(len(rows)), ""])


def _checks(case: CaseRecord, h: str) -> str:
    rows = [(check.verdict, escaped(check.name), escaped("; ".join(check.evidence[:5]))) for check in case.checks]
    if not rows:
        return ""
    return "\n".join(
        [
            f"{h}# Checks",
            "",
            *_table(("Verdict", "Invariant", "Evidence"), rows[:_ROWS]),
            *_more(len(rows)),
            "",
        ]
    )


def _steps(case: CaseRecord, h: str) -> str:
    origin = wording.origin_s(case)
    rows = [
        (
            step.line or "–",
            escaped(step.title),
            wording.offset(step.planned_s, origin),
            wording.offset(step.done_s, origin),
            wording.OUTCOMES[step.outcome],
        )
        for step in case.steps
    ]
    if not rows:
        return ""
    table = _table(("Line", "Step", "Due", "Done", "Outcome"), rows[:_ROWS])
    return "\n".join([f"{h}# Steps", "", *table, *_more(len(rows)), ""])


def _replay(record: RunRecord, h: str) -> str:
    command = wording.one_line(record.replay)
    longest = max((len(run) for run in re.findall(r"`+", command)), default=0)
    fence = "`" * max(3, longest + 1)
    identity = f"Run {record.run_id}, digest {record.digest[:16]}."
    return f"{h}# To repeat this run\n\n{fence}sh\n{command}\n{fence}\n\n{identity}\n"


def _score(record: RunRecord) -> str:
    if record.adherence is None:
        return "–"
    shown = record.adherence if record.shown_score is None else record.shown_score
    before = f" ({wording.number(record.adherence, 1)} before gates)" if shown < record.adherence else ""
    return wording.number(shown, 1) + before


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    body = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *body]


def _more(rows: int) -> list[str]:
    return ["", f"{wording.count(rows - _ROWS, 'more line')} in the HTML report."] if rows > _ROWS else []


def _line(line: int | None) -> str:
    return f" (runbook line {line})" if line else ""


def _code(text: str) -> str:
    return wording.one_line(text, _CELL).replace("`", "'").replace("|", "/")


def escaped(text: str) -> str:
    """User text as plain words of Markdown: one line, no markup, no table cell broken."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", wording.one_line(text, _CELL))
