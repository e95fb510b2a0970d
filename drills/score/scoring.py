"""A trace scored: entries on one clock, matched with the plan, and judged as a responder's run is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drills.actions import ACTIONS, Effect
from drills.adherence import Adherence, GateHit, score_adherence
from drills.deviations import spoken
from drills.plan import Plan, PlannedStep
from drills.planning import plan_for
from drills.runbook.bindings import bind
from drills.runbook.model import Procedure, Runbook, Step
from drills.runbook.vocabulary import actions_in
from drills.score.by_hand import APPROVAL, as_done, deadlines, effect_of, model
from drills.score.entries import Entry, Written
from drills.score.naming import Names
from drills.score.tense import imperative
from drills.score.times import DAY_S, Instant
from drills.step_model import TraceEvent
from scenarios.expectations import GroundTruth
from sim.errors import BadInput

_HALF_DAY_S = DAY_S / 2


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An entry that names no step and no action that is known."""

    entry: Entry
    nearest: Step | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step, planned against actual. Times are seconds from detection."""

    step: PlannedStep
    due_s: float | None
    done_s: float | None
    outcome: str
    """done, late, skipped, misplaced, left open (optional and not done), or not taken (another option was)."""


@dataclass(frozen=True, slots=True)
class Card:
    """The score of one trace."""

    plan: Plan
    adherence: Adherence
    lines: tuple[StepLine, ...]
    unmatched: tuple[Unmatched, ...]
    notes: tuple[str, ...]
    trace: tuple[TraceEvent, ...]


def score_trace(
    runbook: Runbook,
    procedure: Procedure,
    written: Written,
    facts: GroundTruth,
    *,
    level_id: str | None = None,
    rto_s: float | None = None,
    note: str | None = None,
) -> Card:
    """Score `written` against `procedure` as it applies when `facts` are so."""
    if written.history is not None:
        from drills.score.recorded import score_history

        return score_history(plan_for(runbook, procedure, facts, note, level_id=level_id), written)
    plan = plan_for(runbook, procedure, facts, note, level_id=level_id, as_done=as_done)
    if not any(step.kind != "info" for step in plan.steps):
        mend = "name another procedure, or another --severity or --cause"
        raise BadInput("no step of this procedure applies here", mend=mend, file=runbook.file, value=procedure.id)
    zero_s, entries, notes = _on_one_clock(written)
    names = Names(procedure)
    trace: list[TraceEvent] = []
    unmatched: list[Unmatched] = []
    for seconds, entry in entries:
        found = list(_events(entry, seconds - zero_s, names, plan))
        trace += found
        if not found and not _is_alert(entry):
            unmatched.append(Unmatched(entry, names.find(entry.text).nearest))
    adherence = score_adherence(
        model(plan, procedure), trace, constraints=plan.constraints, deadlines=deadlines(plan),
        extra_gates=_missed(plan.rto_s if rto_s is None else rto_s, written, zero_s),
    )  # fmt: skip
    ordered = tuple(sorted(trace, key=lambda event: event.t_s))
    return Card(plan, adherence, tuple(_lines(plan, adherence, ordered)), tuple(unmatched), tuple(notes), ordered)


def _missed(rto_s: float | None, written: Written, zero_s: float) -> list[GateHit]:
    """The objective, where the trace says when trading was restored."""
    if written.restored is None or rto_s is None:
        return []
    base = 0.0 if written.restored.clock == "since" else zero_s
    taken = written.restored.seconds - base
    if written.restored.clock == "wall" and taken < 0:
        taken += DAY_S
    return [GateHit("rto_missed", f"Restored after {spoken(taken)}; the objective is {spoken(rto_s)}.")] * (
        taken > rto_s
    )


# The clock --------------------------------------------------------------------------------------------


def _on_one_clock(written: Written) -> tuple[float, list[tuple[float, Entry]], list[str]]:
    """The zero that deadlines count from, the entries by seconds on the same scale, and what was assumed."""
    fixed = _scales(written)
    notes: list[str] = []
    if written.detected is not None:
        zero, noted = written.detected, None
    else:
        zero, noted = _found_zero(written)
    notes += [noted] if noted else []
    base = 0.0 if zero.clock == "since" else zero.seconds
    shown = [(_seconds(entry.instant, base, fixed), entry) for entry in written.entries]
    if fixed == "wall":
        shown = _past_midnight(shown, base)
    return zero.seconds, shown, notes


def _scales(written: Written) -> str:
    """The one clock of the entries; times since the start may stand among those of a wall clock."""
    stamps = [entry.instant for entry in written.entries]
    clocks = {stamp.clock for stamp in [*stamps, *([written.detected] if written.detected else [])]} - {"since"}
    if len(clocks) > 1:
        first = stamps[0].clock
        odd = next(
            (entry for entry in written.entries if entry.instant.clock not in {first, "since"}), written.entries[0]
        )
        mend = "write all times as 14:32:10, or all with their date"
        raise BadInput("times with and without a date are mixed", mend=mend, file=written.file, line=odd.line)
    if len({stamp.zoned for stamp in stamps if stamp.clock == "date"}) > 1:
        mend = "give every time its zone, or none"
        raise BadInput("times with and without a zone are mixed", mend=mend, file=written.file)
    return clocks.pop() if clocks else "since"


def _found_zero(written: Written) -> tuple[Instant, str | None]:
    """Without a stated detection: 0 where times count from the start, else the alert's entry, else the first."""
    walls = [entry for entry in written.entries if entry.instant.clock != "since"]
    if not walls:
        return Instant("since", 0.0), None
    alert = next((entry for entry in walls if _is_alert(entry)), None)
    begin = alert or walls[0]
    what = "the alert" if alert else "the first entry, for lack of `detected:`"
    return begin.instant, f"times count from {what}, line {begin.line}"


def _is_alert(entry: Entry) -> bool:
    words = entry.text.lower()
    return any(word in words for word in ("alert", "alarm", "page received", "paged", "pager", "detected", "alerta"))


def _seconds(instant: Instant, base: float, fixed: str) -> float:
    return base + instant.seconds if instant.clock == "since" and fixed != "since" else instant.seconds


def _past_midnight(shown: list[tuple[float, Entry]], base: float) -> list[tuple[float, Entry]]:
    """A wall clock that falls by more than half a day has passed midnight."""
    day, before, moved = 0.0, base, []
    for seconds, entry in shown:
        at = seconds + (day if entry.instant.clock == "wall" else 0.0)
        if entry.instant.clock == "wall" and before - at > _HALF_DAY_S:
            day, at = day + DAY_S, at + DAY_S
        before = at
        moved.append((at, entry))
    return moved


# From entries to events -------------------------------------------------------------------------------


def _events(entry: Entry, at: float, names: Names, plan: Plan) -> Iterator[TraceEvent]:
    """What an entry says was done; nothing when it names nothing that is known."""
    if entry.forbidden:
        yield TraceEvent(entry.text, at, entry.effect or Effect.MUTATE, forbidden=True, detail=entry.note)
        return
    named = names.find(entry.text)
    if named.step is not None:
        yield from _of_step(named.step, entry, at, plan)
    else:
        for action in named.actions:
            yield TraceEvent(action, at, entry.effect or ACTIONS[action].effect, detail=entry.note)


def _of_step(step: Step, entry: Entry, at: float, plan: Plan) -> Iterator[TraceEvent]:
    planned = plan.step(step.id)
    approval = plan.step(step.id + APPROVAL)
    said = actions_in(imperative(f"{entry.text}. {entry.note}"))
    if approval is not None and ("approve" in said or "approved" in f"{entry.text} {entry.note}".lower()):
        yield TraceEvent(approval.id, at, entry.effect or Effect.HUMAN)
        if said and set(said) <= {"approve"}:
            return
    inner = [child for child in step.walk() if plan.step(child.id) is not None]
    actions = planned.actions if planned is not None else [a for child in inner for a in bind(child).actions]
    if planned is None and not inner:
        # A step that does not apply in this incident: what it changes, nobody asked for.
        yield TraceEvent(step.title, at, entry.effect or effect_of(bind(step).actions), detail=entry.note)
        return
    yield TraceEvent(step.id, at, entry.effect or effect_of(actions), detail=entry.note)


# The table of steps -----------------------------------------------------------------------------------


def _lines(plan: Plan, adherence: Adherence, trace: Sequence[TraceEvent]) -> Iterator[StepLine]:
    counted = {
        m.step: trace[m.event].t_s for m in adherence.moves if m.kind == "sync" and m.step and m.event is not None
    }
    scored = {step.id: step for step in adherence.steps}
    due = {deadline.step: deadline.seconds for deadline in deadlines(plan)}
    for step in plan.steps:
        if step.kind == "info":
            continue
        if step.id not in scored:
            yield StepLine(step, due.get(step.id), None, "not taken")
            continue
        words = {step.id, *scored[step.id].actions}
        stray = next((event.t_s for event in trace if event.label in words and not event.forbidden), None)
        done = counted.get(step.id, stray)
        yield StepLine(step, due.get(step.id), done, _outcome(step, due.get(step.id), counted.get(step.id), stray))


def _outcome(step: PlannedStep, due: float | None, counted: float | None, stray: float | None) -> str:
    if counted is None:
        return "left open" if step.weight == 0 and stray is None else "skipped" if stray is None else "misplaced"
    return "late" if due is not None and counted > due else "done"
