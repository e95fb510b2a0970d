"""The History of a drill scored again: the same judgement as when it was run, also against an edited runbook."""

from __future__ import annotations

from drills.following import adherence_of, step_records
from drills.plan import Plan
from drills.score.entries import Written
from drills.score.scoring import Card, StepLine
from drills.step_model import TraceEvent
from sim.clock import SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.moments import detected_us

_WORDS = {"unbound": "not judged", "not_executable": "cannot be done", "slip": "slip"}


def score_history(plan: Plan, written: Written) -> Card:
    """Score the events of a recorded drill against `plan`."""
    history = History(VirtualTime())
    history.rows = [(e.t_us, e.kind, e.subject, e.data) for e in written.history or ()]
    known = {step.id for step in plan.steps}
    strangers = sorted({e.subject for e in history.of("responder.done")} - known)
    if strangers and not {e.subject for e in history.of("responder.done")} & known:
        mend = "name the procedure that was followed: FILE#PROCEDURE"
        raise BadInput("the drill followed another procedure", mend=mend, file=written.file, value=strangers[0])
    fault = history.first("fault.injected")
    first = history.rows[0][0]
    zero_us = detected_us(history, first if fault is None else fault.t_us, None)
    zero_us = first if zero_us is None else zero_us
    for event in history.of("responder.done"):
        if "effect" not in event.data or "late" not in event.data:
            event.data.update({"effect": event.get("effect", "human"), "late": event.get("late", False)})
    adherence = adherence_of(plan, history, zero_us, (), None)
    zero_s = zero_us / SECOND
    lines = tuple(
        StepLine(
            step, None if record.planned_s is None else record.planned_s - zero_s,
            None if record.done_s is None else record.done_s - zero_s, _WORDS.get(record.outcome, record.outcome),
        )
        for record in step_records(plan, history, zero_us)
        if (step := plan.step(record.id)) is not None and step.kind != "info"
    )  # fmt: skip
    notes = [f"{len(strangers)} steps of another procedure are left out: {strangers[0]}"] if strangers else []
    trace = tuple(TraceEvent(e.subject, e.t_us / SECOND, e.data["effect"]) for e in history.of("responder.done"))
    return Card(plan, adherence, lines, (), tuple(notes), trace)
