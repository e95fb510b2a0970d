"""Which papers a run gives: the drill record, the messages, the post-mortem; each a Markdown file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from drills.documents.checklist import ticks
from drills.documents.escalation import escalation_rows
from drills.documents.incident import Incident, incident_of
from drills.documents.post_mortem import own_template, post_mortem
from drills.documents.severity_clock import response_time
from drills.documents.target_tables import filled_tables, own_table
from drills.documents.templates import fill_template
from drills.runbook.model import Runbook
from results.record import CaseRecord, RunRecord
from sim.history import Event, History

RECORD, MESSAGES, POST_MORTEM = "drill-record.md", "messages.md", "post-mortem.md"


def papers(
    record: RunRecord, case: CaseRecord, events: History | Iterable[Event], runbook: Runbook, text: str
) -> dict[str, str]:
    """File name -> Markdown; `text` is the runbook's own Markdown. No messages when it has no template for them."""
    incident = incident_of(record, case, events, runbook)
    written = {RECORD: _joined(_record(incident, text)), POST_MORTEM: post_mortem(incident)}
    messages = _joined(_messages(incident))
    return written | ({MESSAGES: messages} if messages else {})


def text_of_file(path: Path) -> str:
    """A runbook's Markdown as it lies on disk."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def _joined(lines: Iterator[str]) -> str:
    text = "\n".join(lines)
    return f"{text.rstrip()}\n" if text else ""


def _record(incident: Incident, text: str) -> Iterator[str]:
    record, case = incident.record, incident.case
    yield f"# Drill record: {record.title}"
    yield ""
    yield f"- Run: {record.run_id}, seed {record.seed}"
    yield f"- Incident: {case.title} ({case.name})"
    yield f"- Text: {record.runbook.title}, {record.runbook.file}:{record.runbook.line or 1}"
    yield f"- Verdict: {case.verdict}"
    yield f"- Runbook {case.verdicts.runbook}, code {case.verdicts.code}, responder {_responder(incident)}"
    yield f"- Began: {incident.utc(incident.started_s) or 'nothing broke'}"
    yield f"- Restored: {incident.utc(incident.ended_s) or 'not by the end of the run'}"
    yield from _severity(incident)
    yield from _targets(incident, text)
    yield from _escalation(incident)
    yield from _checklists(incident)
    yield from ("", "## To repeat", "", "```sh", record.replay, "```")


def _responder(incident: Incident) -> str:
    if incident.case.rehearsal is not None:
        return "never errs"
    return str(incident.case.verdicts.responder or "nobody")


def _severity(incident: Incident) -> Iterator[str]:
    yield from ("", "## Severity", "")
    level, answer = incident.level, response_time(incident)
    if level is None:
        yield "The runbook has no severity level for this incident."
        return
    yield f"**{level.id}**{f', {level.name}' if level.name else ''} (runbook line {level.line})."
    if answer.target_s is None:
        yield f"Response time: {answer.source}; taken: {answer.actual}."
    else:
        yield f"Response time: {answer.target} asked, {answer.actual} taken: {answer.word}."


def _targets(incident: Incident, text: str) -> Iterator[str]:
    yield from ("", "## Targets and actual times", "", *own_table(incident))
    inside = [(template.line, template.end) for template in incident.runbook.templates]
    for line, table in filled_tables(text, incident):
        if not any(start <= line <= end for start, end in inside):
            yield from ("", f"The runbook's own table, line {line}:", "", *table)


def _escalation(incident: Incident) -> Iterator[str]:
    rows = escalation_rows(incident)
    if not rows:
        return
    yield from (
        "",
        "## Escalation",
        "",
        "| Row | Action | Due (UTC) | Done (UTC) | Outcome |",
        "| --- | --- | --- | --- | --- |",
    )
    for row in rows:
        rule = row.rule
        name = rule.after.raw if rule.after is not None else rule.when or ""
        due, done = incident.clock_time(row.due_s) or "–", incident.clock_time(row.done_s) or "–"
        became = f"{row.outcome}: {_cell(row.text)}"
        yield f"| {_cell(name)} (line {rule.line}) | {_cell(rule.action)} | {due} | {done} | {became} |"


def _checklists(incident: Incident) -> Iterator[str]:
    for checklist in incident.runbook.checklists:
        yield from ("", f"## {checklist.title or 'Checklist'} (line {checklist.line})", "")
        for tick in ticks(checklist, incident):
            yield f"- [{'x' if tick.done else ' '}] {tick.item.text}"
            yield f"      {'shown by' if tick.done else 'open'}: {tick.reason}"


def _messages(incident: Incident) -> Iterator[str]:
    own = own_template(incident)
    templates = [template for template in incident.runbook.templates if template is not own]
    if not templates:
        return
    yield f"# Messages of {incident.case.title}"
    for template in templates:
        yield from ("", f"## {template.title or 'Message'} (runbook line {template.line})", "", "```")
        yield fill_template(template, incident).rstrip()
        yield "```"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
