"""What departed from the runbook, each departure once and in a sentence that a desk head understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from drills.constraints import Judgement
from drills.performance import Performance
from drills.step_model import Constraint, Deadline, ModelStep, TraceEvent


@dataclass(frozen=True, slots=True)
class Charge:
    """One departure, in units of step weight."""

    cost: float
    kind: str
    text: str
    step: str
    """Id of the step, or the name of the act that no step asked for."""
    line: int = 0
    critical: bool = False


def charges(
    done: Performance, judgements: Iterable[Judgement], deadlines: Iterable[Deadline], zero_s: float
) -> Iterator[Charge]:
    """Every departure: steps, then acts that no step asked for, then deadlines, then constraints."""
    misplaced = {step.id: done.first(step.id) for step in done.steps if step.id not in done.counted}
    strays = [m for m in done.moves if m.kind == "log" and m.event not in misplaced.values()]
    cost_of = {m.event: m.cost for m in done.moves if m.kind == "log" and m.event is not None}
    for step in done.steps:
        if step.id in misplaced:
            at = misplaced[step.id]
            yield _not_counted(step, at, done, 0.0 if at is None else cost_of.pop(at, 0.0))
    yield from _unasked(done, [m.event for m in strays if m.event is not None and m.cost])
    for deadline in deadlines:
        asked = done.step(deadline.step)
        if asked is not None:
            yield from _late(asked, deadline, done, zero_s)
    for judgement in judgements:
        if judgement.violated:
            rule = judgement.constraint
            text = _broken(rule, done)
            yield Charge(rule.value, "constraint", text, rule.a, rule.line, rule.critical)


def _not_counted(step: ModelStep, at: int | None, done: Performance, unasked: float) -> Charge:
    if at is None:
        return Charge(step.weight, "skipped", f'"{step.label}" was not done.', step.id, step.line)
    earlier, later = done.order()
    overtaken = [other for other in later[step.id] if done.counted.get(other, at) < at]
    if overtaken:
        first = min(overtaken, key=lambda other: done.counted[other])
        kind, place = "too_late", f'only after "{done.name(first)}"'
    else:
        ahead = [other for other in earlier[step.id] if done.counted.get(other, -1) >= at]
        kind = "too_early"
        place = f'before "{done.name(ahead[0])}"' if ahead else "before what it builds on"
    text = f'"{step.label}" was done too {kind[4:]} to count: {place}.'
    return Charge(step.weight + unasked, kind, text, step.id, step.line)


def _unasked(done: Performance, events: Sequence[int]) -> Iterator[Charge]:
    """Acts that cost points, those of one kind together."""
    groups: dict[tuple[bool, str, str], list[TraceEvent]] = {}
    for at in events:
        event = done.trace[at]
        detail = event.detail if event.forbidden else ""
        groups.setdefault((event.forbidden, event.label, detail), []).append(event)
    for (forbidden, label, detail), group in groups.items():
        cost = sum(event.unasked_cost for event in group)
        step = done.step(label)
        times = "" if len(group) == 1 else f" {len(group)} times"
        if forbidden:
            said = f" ({detail})" if detail else ""
            text = f'Forbidden: "{done.name(label)}" was done{times}{said}.'
            yield Charge(cost, "forbidden", text, label, step.line if step else 0, critical=True)
        elif step is not None:
            more = "once more" if len(group) == 1 else f"{len(group)} times more"
            yield Charge(cost, "repeated", f'"{step.label}" was done {more} than asked.', label, step.line)
        else:
            yield _unplanned(label, times, cost, done)


def _unplanned(label: str, times: str, cost: float, done: Performance) -> Charge:
    for step in done.offered:
        if step.id == label:
            text = f'"{step.label}" was done{times} although another option was taken.'
            return Charge(cost, "alternative", text, label, step.line)
    return Charge(cost, "unplanned", f'"{done.name(label)}" was done{times}: the runbook does not ask for it.', label)


def _late(step: ModelStep, deadline: Deadline, done: Performance, zero_s: float) -> Iterator[Charge]:
    at = done.first(step.id)
    due = spoken(deadline.seconds)
    if at is None:
        text = f'"{step.label}" was due within {due} and never done.'
        yield Charge(deadline.weight, "deadline", text, step.id, step.line)
        return
    taken = done.trace[at].t_s - zero_s
    lateness = _lateness(taken, deadline.seconds)
    if lateness:
        late = spoken(taken - deadline.seconds)
        text = f'"{step.label}" was {late} late: done at {spoken(taken)}, due within {due}.'
        yield Charge(lateness * deadline.weight, "late", text, step.id, step.line)


def _lateness(taken_s: float, due_s: float) -> float:
    """0 in time, rising to 1 at twice the time allowed."""
    if taken_s <= due_s:
        return 0.0
    return min(1.0, taken_s / due_s - 1.0) if due_s > 0 else 1.0


def _broken(rule: Constraint, done: Performance) -> str:
    a, b = f'"{done.name(rule.a)}"', f'"{done.name(rule.b)}"'
    limit = "" if rule.within_s is None else spoken(rule.within_s)
    within = f" within {limit}" if limit else ""
    match rule.kind:
        case "precedence":
            if done.occurrences(rule.a) and not limit:
                return f"{b} was done before {a}."
            return f"{b} was done without {a}{within} before it."
        case "response":
            return f"{a} was done, and {b} did not follow{within}."
        case "absence":
            return f"{a} was done, which the runbook rules out."
        case "not_until":
            return f"{a} was done before {b}." if rule.b else f"{a} was done before {limit} had passed."
        case "exists":
            return f"{a} was not done{within}."
        case "retry_max":
            return f"{a} was tried {len(done.occurrences(rule.a))} times, at most {rule.attempts} are allowed."
        case "wait":
            return f"{b if rule.b else 'The next change'} came less than {limit} after {a}."


def spoken(seconds: float) -> str:
    """A span for people: `35 s`, `4.5 s`, `2 min 05 s`, `1 h 02 min`."""
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
