"""The post-mortem: in the runbook's own template where it has one, else in ours, with the real timeline."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drills.documents.incident import Incident, listed
from drills.documents.severity_clock import response_time
from drills.documents.target_tables import own_table
from drills.documents.templates import fill_template
from drills.runbook.model import Template
from results import wording

_ABOUT = re.compile(
    r"post-?mortem|incident (?:report|review|summary)|retrospective|nachbereitung|vorfallsbericht"
    r"|informe (?:de|del) incident",
    re.I,
)
_PARTS = (
    r"time ?line|zeit(?:leiste|licher)|cronolog[ií]a",
    r"root cause|(?:grund)?ursache|causa",
    r"action items|lessons|next steps|actions taken|maßnahmen|lecciones|acciones",
    r"impact|auswirkung|impacto",
)
_ENOUGH = 3


def own_template(incident: Incident) -> Template | None:
    """The template of the runbook that is a post-mortem: by what it asks for, then by its title."""
    scored = [(_asks(template), template) for template in incident.runbook.templates]
    best = max((score for score, _ in scored), default=0)
    return next((template for score, template in scored if score == best), None) if best >= _ENOUGH else None


def _asks(template: Template) -> int:
    """How many of the things that a post-mortem asks for a template asks for."""
    named = bool(_ABOUT.search(f"{template.title} {template.body[:200]}"))
    return named + sum(bool(re.search(part, template.body, re.I)) for part in _PARTS)


def post_mortem(incident: Incident) -> str:
    """The document as Markdown."""
    template = own_template(incident)
    if template is None:
        return "\n".join(_ours(incident)) + "\n"
    body = fill_template(template, incident)
    where = f"{incident.runbook.file}, line {template.line}"
    return f"<!-- Draft from run {incident.record.run_id}, in the template of {where}. -->\n\n{body.rstrip()}\n"


def _ours(incident: Incident) -> Iterator[str]:
    case = incident.case
    yield f"# Post-mortem: {case.title}"
    yield ""
    yield f"Draft from run {incident.record.run_id}. It was a drill: what is told here happened in the simulated firm."
    yield from _chapter("Summary", [f"{case.title}.", *incident.impact])
    yield from _chapter("Severity and targets", [_severity(incident), "", *own_table(incident)])
    yield from _chapter("Timeline (UTC)", [f"- {incident.clock_time(e.t_s)} {e.text}" for e in incident.timeline])
    yield from _chapter("Root cause", [f"{incident.cause}."])
    yield from _chapter("Detection and response", list(_response(incident)))
    yield from _chapter("State at the end", list(_state(incident)))
    yield from _chapter(
        "What went well", _listed([c.name for c in case.checks if c.verdict == "pass"], "check {} held")
    )
    yield from _chapter("What went wrong", _listed(_wrong(incident), "{}"))
    yield from _chapter(
        "Action items", [f"- [ ] {text} (owner: [not known], due: [not known])" for text in incident.to_mend]
    )
    yield from _chapter(
        "Still to be written by people", ["- Who else was affected, and what they were told", "- Owners and dates"]
    )


def _chapter(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield from lines or ["Nothing is recorded."]


def _severity(incident: Incident) -> str:
    level = incident.level
    if level is None:
        return "The runbook has no severity for it."
    answer = response_time(incident)
    asked = (
        f"it asks for a response within {answer.target}; {answer.actual} were taken"
        if answer.target_s
        else answer.source
    )
    return f"{level.id}{f' ({level.name})' if level.name else ''}, runbook line {level.line}: {asked}."


def _response(incident: Incident) -> Iterator[str]:
    for name, short, meaning, seconds in wording.instants(incident.case.clock):
        at = incident.clock_time(seconds)
        yield f"- {name} {short}: {at or 'never'} ({meaning})"


def _state(incident: Incident) -> Iterator[str]:
    yield f"- Positions at the broker: {listed(incident.positions) or 'flat'}"
    if incident.book != incident.positions:
        yield f"- The system's own book: {listed(incident.book) or 'flat'}"
    yield f"- Live orders: {', '.join(incident.live_orders[:8]) or 'none'}"
    yield f"- Halt: {incident.halted or 'none in force'}"
    if incident.case.rehearsal is not None:
        for words in incident.case.rehearsal.still_broken:
            yield f"- Still broken: {words}"


def _wrong(incident: Incident) -> list[str]:
    return [
        f"{f.title}. {f.detail}".strip() for f, _ in wording.by_severity(incident.case.findings) if f.severity != "info"
    ]


def _listed(rows: list[str], form: str) -> list[str]:
    return [f"- {form.format(row)}" for row in rows]
