"""The cheapest explanation of a trace as a run of the steps: which events count for which steps.

An alignment is made of three moves: an event performs a step (free), a step is skipped or was done too early
or too late to count (its weight), an event is not asked for by any step (see `TraceEvent.unasked_cost`).

The usual search walks states "set of done steps, position in the trace", which doubles with every step that
commutes. Here the cost is first rewritten as a gain: letting event i perform step s saves the weight of s
and the cost of i. Two such choices (s, i) and (r, j) contradict each other exactly when s must come before
or at r while i came after or at j: a product of two orders, hence an order itself. So the best alignment is
the heaviest antichain, found in polynomial time whatever the runbook and the trace look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import fsum, lcm
from typing import Literal, NamedTuple

from drills.alternatives import total_weight, variants
from drills.antichain import heaviest_antichain
from drills.step_model import ModelStep, TraceEvent, followers


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an alignment."""

    kind: Literal["sync", "model", "log"]
    step: str | None
    """Id of the step that was performed (sync) or not (model)."""
    event: int | None
    """Position in the trace of the event that performed it (sync) or that no step asked for (log)."""
    cost: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The cheapest alignment of a trace with one variant of the steps."""

    steps: tuple[ModelStep, ...]
    """The steps of the variant: of each group of alternatives, one option."""
    moves: tuple[Move, ...]
    cost: float

    @property
    def performed_by(self) -> dict[str, int]:
        """Position in the trace of the event that counts for a step, by step id."""
        return {m.step: m.event for m in self.moves if m.step is not None and m.event is not None}


class _Choice(NamedTuple):
    """Event `event` performs the step at index `step`."""

    step: int
    event: int
    gain: int


def align(steps: Sequence[ModelStep], trace: Sequence[TraceEvent], loops: Mapping[str, int]) -> Alignment:
    """The cheapest alignment over all choices of alternatives.

    `trace` is in the order of time. `loops` gives, by step id, how many performances in all the runbook
    allows; those after the first are free while they stay within it.
    """
    followers(steps)
    labels = [event.label for event in trace if not event.forbidden]
    candidates = [(_least_cost(v, trace, labels), n, v) for n, v in enumerate(variants(steps, labels))]
    best: Alignment | None = None
    for bound, _, variant in sorted(candidates, key=lambda entry: entry[:2]):
        if best is not None and bound > best.cost:
            break
        found = _align_variant(variant, trace, loops)
        if best is None or (found.cost, -total_weight(found.steps)) < (best.cost, -total_weight(best.steps)):
            best = found
    assert best is not None
    return best


def performs(event: TraceEvent, step: ModelStep) -> bool:
    """Whether `event` may count for `step`; a forbidden act never does."""
    return not event.forbidden and (event.label == step.id or event.label in step.actions)


def _least_cost(steps: Sequence[ModelStep], trace: Sequence[TraceEvent], labels: Sequence[str]) -> float:
    """What no alignment can avoid: steps that left no mark, and acts that perform no step."""
    known = {word for step in steps for word in (step.id, *step.actions)}
    done = set(labels)
    skipped = fsum(step.weight for step in steps if done.isdisjoint((step.id, *step.actions)))
    return skipped + fsum(e.unasked_cost for e in trace if e.forbidden or e.label not in known)


def _align_variant(steps: tuple[ModelStep, ...], trace: Sequence[TraceEvent], loops: Mapping[str, int]) -> Alignment:
    after = followers(steps)
    choices = _without_dominated(_choices(steps, trace, loops), after)
    performed = {choice.step: choice.event for choice in _consistent(choices, after)}
    free = _free_repeats(steps, trace, loops, performed)
    moves = tuple(_moves(steps, trace, after, performed, free))
    return Alignment(steps, moves, fsum(move.cost for move in moves))


def _choices(steps: Sequence[ModelStep], trace: Sequence[TraceEvent], loops: Mapping[str, int]) -> list[_Choice]:
    """Every event that may perform a step, in the order of time, with what it saves in whole units."""
    performers: dict[str, list[int]] = {}
    for index, step in enumerate(steps):
        for word in dict.fromkeys((step.id, *step.actions)):
            performers.setdefault(word, []).append(index)
    pairs = [
        (index, at)
        for at, event in enumerate(trace)
        if not event.forbidden
        for index in performers.get(event.label, ())
    ]
    savings = {
        (index, at): Fraction(steps[index].weight).limit_denominator(1000)
        + Fraction(trace[at].unasked_cost)
        + sum(
            (Fraction(trace[later].unasked_cost) for later in _repeats(steps[index], trace, loops, at)),
            Fraction(0),
        )
        for index, at in pairs
    }
    # The extra unit per choice prefers, among equally cheap alignments, the one that counts more steps.
    unit = lcm(*(saving.denominator for saving in savings.values())) * (len(pairs) + 1)
    return [_Choice(index, at, int(savings[index, at] * unit) + 1) for index, at in pairs]


def _repeats(step: ModelStep, trace: Sequence[TraceEvent], loops: Mapping[str, int], first: int) -> list[int]:
    """Later performances of `step` that its allowed number of attempts covers."""
    if step.id not in loops:
        return []
    attempts = [at for at, event in enumerate(trace) if performs(event, step)]
    return [at for at in attempts[: loops[step.id]] if at > first]


def _free_repeats(
    steps: Sequence[ModelStep],
    trace: Sequence[TraceEvent],
    loops: Mapping[str, int],
    performed: Mapping[int, int],
) -> set[int]:
    return {later for index, at in performed.items() for later in _repeats(steps[index], trace, loops, at)}


def _without_dominated(choices: list[_Choice], after: Sequence[int]) -> list[_Choice]:
    """Drop repeated performances that can never be needed.

    Of two performances of one step with no predecessor of it between them the earlier is at least as good;
    with no successor between them, the later.
    """
    before = _transpose(after)
    kept: dict[int, list[_Choice]] = {}
    seen_before = [False] * len(after)
    seen_after = [False] * len(after)
    for _, group in groupby(choices, key=lambda choice: choice.event):
        together = list(group)
        for choice in together:
            for index in kept:
                seen_before[index] |= bool(before[index] >> choice.step & 1)
                seen_after[index] |= bool(after[index] >> choice.step & 1)
        for choice in together:
            mine = kept.setdefault(choice.step, [])
            if mine and not seen_before[choice.step] and mine[-1].gain >= choice.gain:
                continue
            if mine and not seen_after[choice.step] and mine[-1].gain <= choice.gain:
                mine.pop()
            mine.append(choice)
            # An act that performs a predecessor as well stands between this performance and the next one.
            seen_before[choice.step] = any(before[choice.step] >> other.step & 1 for other in together)
            seen_after[choice.step] = False
    return sorted((choice for mine in kept.values() for choice in mine), key=lambda c: (c.event, c.step))


def _transpose(after: Sequence[int]) -> list[int]:
    before = [0] * len(after)
    for index, mask in enumerate(after):
        for later in _bits(mask):
            before[later] |= 1 << index
    return before


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _consistent(choices: list[_Choice], after: Sequence[int]) -> list[_Choice]:
    """The choices of greatest total gain that respect the order of the steps."""
    greater = [list(_covers(position, choices, after)) for position in range(len(choices))]
    return [choices[v] for v in heaviest_antichain([choice.gain for choice in choices], greater)]


def _covers(position: int, choices: list[_Choice], after: Sequence[int]) -> Iterator[int]:
    """Positions of choices that contradict this one: later steps that came no later, earlier performances.

    A contradiction that follows from two others is left out: the flow need not see it.
    """
    step, event, _ = choices[position]
    open_steps = after[step]
    start = position
    while start + 1 < len(choices) and choices[start + 1].event == event:
        start += 1
    for other in range(start, -1, -1):
        candidate = choices[other].step
        if candidate == step and other != position:
            yield other
            return
        if open_steps >> candidate & 1:
            yield other
            open_steps &= ~(after[candidate] | 1 << candidate)


def _moves(
    steps: Sequence[ModelStep],
    trace: Sequence[TraceEvent],
    after: Sequence[int],
    performed: Mapping[int, int],
    free: set[int],
) -> Iterator[Move]:
    """The alignment as a sequence: steps not performed come just before the first step that follows them."""
    before = _transpose(after)
    missing = [index for index in range(len(steps)) if index not in performed]
    # A step has more predecessors than any of them, so this is an order in which they can be done.
    missing.sort(key=lambda index: before[index].bit_count())
    performers: dict[int, list[int]] = {}
    for index, at in performed.items():
        performers.setdefault(at, []).append(index)
    for at, event in enumerate(trace):
        for index in performers.get(at, ()):
            due = [other for other in missing if before[index] >> other & 1]
            yield from (Move("model", steps[other].id, None, steps[other].weight) for other in due)
            missing = [other for other in missing if other not in due]
            yield Move("sync", steps[index].id, at, 0.0)
        if at not in performers:
            yield Move("log", None, at, 0.0 if at in free else event.unasked_cost)
    yield from (Move("model", steps[other].id, None, steps[other].weight) for other in missing)
