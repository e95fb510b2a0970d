"""The escalation table held against the timeline: who had to be brought in when, and whether that happened."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from drills.documents.incident import Incident
from drills.runbook.model import EscalationRule
from results import wording
from sim.clock import SECOND
from sim.history import Event

Outcome = Literal["done", "late", "missed", "not due", "open"]
_ON_CALL = re.compile(r"\bon-?call|engineer investigates|first responder|bereitschaft|guardia", re.I)
_GRACE_S = 60.0
"""A row that is due at minute 15 is kept when the person is called within the minute."""


class Row(NamedTuple):
    """One row of the table and what became of it."""

    rule: EscalationRule
    due_s: float | None
    """When it was due, in seconds of the run; None when it never was."""
    done_s: float | None
    outcome: Outcome
    text: str


def escalation_rows(incident: Incident) -> list[Row]:
    """Every row of the runbook's table."""
    return [_row(rule, incident) for rule in incident.runbook.escalation]


def _row(rule: EscalationRule, incident: Incident) -> Row:
    from_s = _counted_from(incident)
    if rule.after is None or rule.after.lo_s is None:
        return _conditional(rule, incident)
    if from_s is None:
        return Row(rule, None, None, "not due", "nothing was detected")
    due_s = from_s + rule.after.lo_s
    over_s = incident.case.clock.t6
    if over_s is not None and over_s <= due_s:
        return Row(
            rule, None, None, "not due", f"restored after {wording.duration(over_s - from_s)}, before it was due"
        )
    if due_s > _end(incident):
        return Row(rule, None, None, "not due", "the run ended before it was due")
    event = _brought_in(rule, incident)
    if event is None:
        return Row(rule, due_s, None, "missed", "nothing in the timeline shows it")
    done_s = event.t_us / SECOND
    late = done_s - due_s
    if late > _allowed(rule):
        return Row(rule, due_s, done_s, "late", f"{wording.duration(late)} after it was due ({_said(event)})")
    return Row(rule, due_s, done_s, "done", _said(event))


def _conditional(rule: EscalationRule, incident: Incident) -> Row:
    """A row without a time applies in a case that a person judges; what can be seen is whether anybody was told."""
    event = _brought_in(rule, incident) or _last(incident, "responder.notify", "responder.escalate")
    if event is None:
        return Row(
            rule, None, None, "open", f"whether {rule.when or 'its case'} applied is for a person to say; nobody told"
        )
    return Row(
        rule, None, event.t_us / SECOND, "open",
        f"somebody was told ({_said(event)}); whether it reached {rule.role or 'them'} is not recorded",
    )  # fmt: skip


def _brought_in(rule: EscalationRule, incident: Incident) -> Event | None:
    """The event that shows that the row's person was brought in."""
    words = f"{rule.role or ''} {rule.action}"
    if _ON_CALL.search(words) and not re.search(r"\bescalat|eskal|escal", rule.action, re.I):
        return incident.history.first("responder.acknowledged") or incident.history.first("page.acknowledged")
    by_table = [e for e in incident.history.of("responder.escalated_by_table") if _same(str(e.data["role"]), rule)]
    if by_table:
        return by_table[0]
    since_us = round((_counted_from(incident) or 0.0) * SECOND)
    people = [e for e in incident.history.of("responder.escalate", "page.escalated") if e.t_us >= since_us]
    named = [e for e in people if _same(str(e.get("to", "") or e.get("text", "")), rule)]
    return named[0] if named else None


def _same(said: str, rule: EscalationRule) -> bool:
    mine, theirs = _key(rule.role or rule.action), _key(said)
    return bool(mine) and bool(theirs) and (mine == theirs or mine in theirs or theirs in mine)


def _key(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.lower()))


def _allowed(rule: EscalationRule) -> float:
    """How late still counts as in time: up to the end of the row's own window, or a minute."""
    after = rule.after
    if after is None or after.lo_s is None or after.hi_s is None:
        return _GRACE_S
    return max(_GRACE_S, after.hi_s - after.lo_s)


def _counted_from(incident: Incident) -> float | None:
    """Escalation tables count from the alert."""
    clock = incident.case.clock
    return clock.t2 if clock.t2 is not None else clock.t1


def _end(incident: Incident) -> float:
    rows = incident.history.rows
    return rows[-1][0] / SECOND if rows else 0.0


def _last(incident: Incident, *kinds: str) -> Event | None:
    found = incident.history.of(*kinds)
    return found[-1] if found else None


def _said(event: Event) -> str:
    words = {
        "responder.acknowledged": "acknowledged", "page.acknowledged": "acknowledged",
        "responder.escalated_by_table": "called by the table", "responder.escalate": "escalated by a step",
        "page.escalated": "paged on", "responder.notify": "notified by a step",
    }  # fmt: skip
    return words.get(event.kind, event.kind)
