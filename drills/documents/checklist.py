"""The runbook's checklists, ticked where the run shows it and left open, with the reason, where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from drills.actions import ACTIONS
from drills.documents.incident import Incident, listed
from drills.documents.severity_clock import measures, response_time
from drills.runbook.model import Checklist, Item
from drills.runbook.vocabulary import actions_in
from results import wording
from sim.clock import SECOND
from sim.history import Event


class Tick(NamedTuple):
    """One box: whether it may be ticked, and what shows it, or why it stays open."""

    item: Item
    done: bool
    reason: str


Told = tuple[bool, str]


def ticks(checklist: Checklist, incident: Incident) -> list[Tick]:
    """Every box of a checklist."""
    return [Tick(item, *_tick(item.text, incident)) for item in checklist.items]


def _tick(text: str, incident: Incident) -> Told:
    for asks, look in _LOOKS:
        if asks.search(text):
            return look(incident)
    actions = tuple(action for action in actions_in(text) if action in ACTIONS)
    if not actions:
        return False, "nothing in the run can show this"
    return _done(incident, *actions)


def _done(incident: Incident, *actions: str) -> Told:
    event = incident.done(*actions)
    if event is None:
        return False, f"nobody did it in this run ({', '.join(actions)})"
    return True, f"done at {incident.clock_time(event.t_us / SECOND)} UTC{_outcome(event)}"


def _outcome(event: Event) -> str:
    said = str(event.get("text", "") or "").splitlines()
    return f": {said[0]}" if said and said[0] and event.kind != "responder.typed" else ""


def _rto(incident: Incident) -> Told:
    main = measures(incident)[0]
    if main.target_s is None:
        return False, "no target is stated"
    return bool(main.met), f"target {main.target}, actual {main.actual}"


def _response(incident: Incident) -> Told:
    measure = response_time(incident)
    if measure.target_s is None:
        return False, measure.source
    return bool(measure.met), f"target {measure.target}, actual {measure.actual}"


def _books(incident: Incident) -> Told:
    if incident.book == incident.positions:
        return True, f"both hold {listed(incident.positions) or 'nothing'} at the end"
    return (
        False,
        f"the book holds {listed(incident.book) or 'nothing'}, the broker {listed(incident.positions) or 'nothing'}",
    )


def _orders_known(incident: Incident) -> Told:
    """Whether each order is cancelled, filled or confirmed: none lost, and none alive that should be dead."""
    rpo = incident.case.rpo
    if rpo.orders_lost or rpo.fills_unaccounted:
        return False, f"{wording.loss(rpo)}"
    dead, why = _check("dead-orders", "no-risk-after-halt")(incident)
    return dead, f"no order is lost, and {why}" if dead else why


def _check(*names: str) -> Callable[[Incident], Told]:
    """A box that a check of the run answers."""

    def look(incident: Incident) -> Told:
        found = [check for check in incident.case.checks if check.name in names]
        if not found:
            return False, "the run was not checked for it"
        bad = [check for check in found if check.verdict != "pass"]
        if bad:
            evidence = bad[0].evidence[0] if bad[0].evidence else str(bad[0].verdict)
            return False, f"check {bad[0].name}: {evidence}"
        return True, f"check {found[0].name} passed"

    return look


def _approval(incident: Incident) -> Told:
    event = incident.approved_by
    if event is None:
        return False, "no approval is recorded"
    return True, f"{event.data['by']}, {incident.clock_time(event.t_us / SECOND)} UTC"


def _steps_clear(incident: Incident) -> Told:
    """Whether every step could be carried out as it is written."""
    case = incident.case
    if case.rehearsal is not None:
        bad = [s for s in case.rehearsal.steps if s.outcome in ("failed", "not_executable")]
        named = [f"line {step.line} ({step.title})" for step in bad]
        of = len(case.rehearsal.steps)
    else:
        unclear = [s for s in case.steps if s.outcome in ("not_executable", "unbound")]
        named, of = [f"line {step.line} ({step.title})" for step in unclear], len(case.steps)
    if not of:
        return False, "no step was followed in this run"
    if named:
        return False, f"{len(named)} of {of} steps cannot be carried out as written: {', '.join(named[:4])}"
    return True, f"all {of} steps that applied could be carried out"


def _roles(incident: Incident) -> Told:
    empty = [contact.role for contact in incident.runbook.contacts if contact.placeholder]
    if empty:
        return False, f"for people to say; the runbook never names {', '.join(empty[:4])}"
    return False, "for people to say"


def _post_mortem(incident: Incident) -> Told:
    return False, "a draft lies beside this record; a person has to complete it and hold the review"


def _data(incident: Incident) -> Told:
    last = {event.subject: event.kind for event in incident.history.of("feed.bad", "feed.good")}
    bad = sorted(symbol for symbol, kind in last.items() if kind == "feed.bad")
    return (
        (False, f"still bad at the end: {', '.join(bad)}")
        if bad
        else (True, "every symbol is fresh and valid at the end")
    )


def _trading(incident: Incident) -> Told:
    clock = incident.case.clock
    if clock.t1 is None:
        return True, "trading was never broken"
    if clock.t6 is None:
        return False, "not restored by the end of the run"
    return True, f"restored at {incident.clock_time(clock.t6)} UTC"


_LOOKS: tuple[tuple[re.Pattern[str], Callable[[Incident], Told]], ...] = tuple(
    (re.compile(pattern, re.I), look)
    for pattern, look in (
        (r"\bRTO\b|recovery time|wiederherstellungszeit|tiempo de recuperaci[oó]n", _rto),
        (r"response time|reaktionszeit|tiempo de respuesta", _response),
        (r"post-?mortem|nachbereitung|retrospe[ck]tiv", _post_mortem),
        (r"no order left|after the halt|nach dem halt", _check("no-risk-after-halt", "fills-after-halt")),
        (r"(?:no |sent )(?:order )?(?:was )?(?:sent )?twice|duplicat|doppelt|duplicad", _check("no-duplicates")),
        (r"fills?\b.{0,20}\bbook|late fills", _check("fills-booked")),
        (r"(?:pending|open|live|every) orders?\b|orders? (?:cancel|accounted)|offene (?:orders|aufträge)|[oó]rdenes",
        _orders_known),
        (r"reconcil|book equals|books? agree|positionen? (?:abgeglichen|stimmen)|conciliad"
         r"|posiciones (?:coinciden|verificadas)",
         _books),
        (r"approv|freigabe|genehmig|aprobaci", _approval),
        (r"steps? (?:are|were) (?:clear|actionable)|runbook steps|schritte\b.{0,30}\b(?:klar|verständlich)"
         r"|pasos\b.{0,20}\bclaros",
         _steps_clear),
        (r"know their roles?|rollen|roles\b.{0,30}\bcono", _roles),
        (r"\bdata\b.{0,30}\b(?:valid|fresh|good|repaired)|daten\b.{0,30}\b(?:gültig|frisch)"
         r"|datos\b.{0,20}\bv[aá]lid", _data),
        (r"trading (?:resumed|restored)|service restored|system\w* (?:restored|stable)|handel läuft"
         r"|operativa restablecida",
         _trading),
        (r"root cause", lambda incident: _done(incident, "root_cause")),
        (r"lessons?|erkenntnisse|lecciones", lambda incident: _done(incident, "document", "postmortem")),
        (r"P&L|profit and loss|\bpnl\b", lambda incident: _done(incident, "look_account")),
        (r"preventive|monitoring improved|action items|runbook updated|verbesser|mejora",
         lambda incident: _done(incident, "improve", "postmortem")),
    )
)  # fmt: skip
"""What a box asks for -> what the run shows of it."""
