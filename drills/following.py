"""How well the plan was followed: from the History to the trace, the step records and the adherence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from drills.actions import ACTIONS, Effect
from drills.adherence import Adherence, GateHit, score_adherence
from drills.plan import Plan, PlannedStep
from drills.step_model import Constraint, Deadline, ModelStep, TraceEvent
from results.evidence import StepRecord
from sim.clock import SECOND
from sim.history import Event, History

Outcome = Literal["done", "skipped", "late", "slip", "not_executable", "unbound"]
"""How a planned step ended."""

_NEVER_LATE_S = 1e9
_BY_CODE = {"halt": "system.halted", "safe_mode": "system.safe_mode", "cancel_orders": "code.cancelled"}
"""Actions that the mitigation code may have done before the person got there, and the event that shows it."""


def adherence_of(
    plan: Plan, history: History, detected_us: int, forbidden: Iterable[tuple[int, str]], rto_missed: str | None
) -> Adherence:
    """Score what was done against `plan`; deadlines count from `detected_us`.

    `forbidden` are (time, text) of things that nobody may do in this incident, such as a new order under a
    halt. `rto_missed` says by how much, or is None.
    """
    out_of_reach = _out_of_reach(plan, history)
    judged = [step for step in plan.steps if step.counts and step.id not in out_of_reach]
    gates = [] if rto_missed is None else [GateHit("rto_missed", rto_missed, 0)]
    trace = sorted([*_done(history), *_outlaws(forbidden)], key=lambda event: event.t_s)
    kept = {step.id for step in judged}
    return score_adherence(
        [_model(step, kept) for step in judged],
        trace,
        constraints=[
            c for c in plan.constraints if ({c.a, c.b} <= kept | {""} or c.a in ACTIONS) and not _waited(c, history)
        ],
        deadlines=[d for step in judged if (d := _deadline(step, history, detected_us)) is not None],
        zero_s=detected_us / SECOND,
        extra_gates=gates,
    )


def _out_of_reach(plan: Plan, history: History) -> set[str]:
    """Steps that the run was over before: a text that says to wait for a day is no fault of the person."""
    if history.first("responder.closed") is not None:
        return set()
    met = {event.subject for event in history.of("responder.started", "responder.left_out")}
    reached = [number for number, step in enumerate(plan.steps) if step.id in met]
    after = max(reached, default=-1)
    last = plan.steps[after].id if reached else None
    unfinished = {last} - {event.subject for event in history.of("responder.done", "responder.left_out")}
    return {step.id for step in plan.steps[after + 1 :]} | {step for step in unfinished if step is not None}


def _waited(rule: Constraint, history: History) -> bool:
    """Whether the step that is to be waited after was itself the wait, and lasted as long."""
    if rule.kind != "wait" or rule.b or rule.within_s is None:
        return False
    started, done = (_by_step(history.of(f"responder.{kind}")).get(rule.a) for kind in ("started", "done"))
    return started is not None and done is not None and done.t_us - started.t_us >= rule.within_s * SECOND


def _model(step: PlannedStep, kept: set[str]) -> ModelStep:
    return ModelStep(
        step.id, step.title, step.weight, tuple(p for p in step.preds if p in kept), step.alternatives, step.line,
        step.critical, (), step.option,
    )  # fmt: skip


def _done(history: History) -> list[TraceEvent]:
    """What the responder did: steps carried out, and slips, which changed something that no step names."""
    events = []
    slipped: dict[str, int] = {}
    for event in history.of("responder.slipped", "responder.done"):
        if event.kind == "responder.slipped":
            slipped[event.subject] = slipped.get(event.subject, 0) + 1
            events.append(
                TraceEvent(f"slip: {event.data['action']}", event.t_us / SECOND, Effect.MUTATE, detail="wrong object")
            )
        elif slipped.pop(event.subject, 0) == 0:
            events.append(TraceEvent(event.subject, event.t_us / SECOND, Effect(event.data["effect"])))
    return events


def _outlaws(forbidden: Iterable[tuple[int, str]]) -> list[TraceEvent]:
    return [
        TraceEvent("new order under the halt", t_us / SECOND, Effect.MUTATE, forbidden=True, detail=text)
        for t_us, text in forbidden
    ]


def deadline_s(step: PlannedStep) -> float | None:
    """The step's deadline in seconds from detection; None for none, or for how long the step itself may take."""
    return None if step.deadline_from_start else step.deadline_s


def _due_us(step: PlannedStep, history: History, detected_us: int) -> int | None:
    """When the step is due; None without a deadline, or for a time budget of a step that was never begun."""
    if step.deadline_s is None:
        return None
    begun = history.first("responder.started", step.id) if step.deadline_from_start else None
    if step.deadline_from_start and begun is None:
        return None
    return (detected_us if begun is None else begun.t_us) + round(step.deadline_s * SECOND)


def _deadline(step: PlannedStep, history: History, detected_us: int) -> Deadline | None:
    """The step's deadline; met when the mitigation code had done in time what the step asks for."""
    due_us = _due_us(step, history, detected_us)
    if due_us is None:
        return None
    wanted = [a for a in step.actions if ACTIONS[a].effect is Effect.MUTATE]
    by_code = wanted and all(
        (event := history.first(_BY_CODE[a])) is not None and event.t_us <= due_us if a in _BY_CODE else False
        for a in wanted
    )
    return Deadline(step.id, _NEVER_LATE_S if by_code else (due_us - detected_us) / SECOND, step.weight)


def step_records(plan: Plan, history: History, detected_us: int | None) -> list[StepRecord]:
    """Planned against actual, one record a step."""
    started = _by_step(history.of("responder.started"))
    done = _by_step(history.of("responder.done"))
    mended = {event.subject for event in history.of("responder.done") if event.data["late"]}
    wrong = {event.subject for event in history.of("responder.slipped")} - mended
    return [
        _record(step, started.get(step.id), done.get(step.id), step.id in wrong, detected_us)
        for step in plan.steps
        if step.chosen or step.id in started  # of several ways, those not taken are not missing
    ]


def _record(
    step: PlannedStep, started: Event | None, done: Event | None, wrong: bool, detected_us: int | None
) -> StepRecord:
    due_s = None if step.deadline_s is None or detected_us is None else detected_us / SECOND + step.deadline_s
    return StepRecord(
        id=step.id, title=step.title, line=step.line, planned_s=due_s,
        started_s=None if started is None else started.t_us / SECOND,
        done_s=None if done is None else done.t_us / SECOND, outcome=_outcome(step, done, wrong, due_s),
        actions=list(step.actions),
    )  # fmt: skip


def _outcome(step: PlannedStep, done: Event | None, wrong: bool, due_s: float | None) -> Outcome:
    if not step.actions:
        return "unbound"
    if not step.executable:
        return "not_executable"
    if done is None:
        return "skipped"
    if wrong:
        return "slip"
    return "late" if due_s is not None and done.t_us / SECOND > due_s else "done"


def _by_step(events: Iterable[Event]) -> dict[str, Event]:
    """The last event of each step: a step done again counts as it ended."""
    return {event.subject: event for event in events}
