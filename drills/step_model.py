"""What adherence compares: the steps a runbook asks for, and the trace of what was done.

The steps form a weighted partial order, with guards already resolved by the scenario's ground truth: what is
left is what this incident asked for. A partial order and not a list, because two looks may be taken in either
sequence and a score that forbids it punishes nobody's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from drills.actions import Effect
from sim.errors import BadInput

ConstraintKind = Literal["precedence", "response", "absence", "not_until", "exists", "retry_max", "wait"]

LOG_MOVE_COST = {Effect.READ: 0.0, Effect.HUMAN: 0.0, Effect.MUTATE: 1.0}
"""Cost of an act that no step asked for: looking and talking are free, changing the firm is not."""

FORBIDDEN_COST = 3.0


@dataclass(frozen=True, slots=True)
class ModelStep:
    """A step that the runbook asks for in this incident."""

    id: str
    label: str
    """How a person would name it: the step's title."""
    weight: float
    """3 critical, 1 required, 0 optional or information."""
    preds: tuple[str, ...] = ()
    """Ids of the steps that must come before it."""
    alternatives: str | None = None
    """Group of which exactly one option is to be done (Option A, B, C)."""
    line: int = 0
    critical: bool = False
    actions: tuple[str, ...] = ()
    """Actions of the world that perform it."""
    option: str | None = None
    """The option within the group, for an option of several steps; by default the step is an option alone."""


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that was done during the incident, by a person or by code."""

    label: str
    """The id of the step it performs, or the name of an action."""
    t_s: float
    effect: Effect
    forbidden: bool = False
    detail: str = ""

    @property
    def unasked_cost(self) -> float:
        """What it costs when no step accounts for it."""
        return FORBIDDEN_COST if self.forbidden else LOG_MOVE_COST[Effect(self.effect)]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A step to be done within `seconds` of the clock's zero."""

    step: str
    seconds: float
    weight: float


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule that the runbook states in words, beside the order of its steps.

    precedence: `a` before `b`. response: after `a` comes `b`. absence: never `a`. not_until: no `a` before
    `b` (without `b`: not within `within_s` of the clock's zero). exists: `a` is done. retry_max: `a` at most
    `attempts` times. wait: `within_s` pass between `a` and `b` (without `b`: before the next change).
    """

    kind: ConstraintKind
    a: str
    b: str = ""
    within_s: float | None = None
    critical: bool = False
    line: int = 0
    implied: bool = False
    """The order of the steps says the same already: it may fail the drill but costs no points twice."""
    attempts: int = 0

    @property
    def value(self) -> float:
        """Weight of the constraint in the score."""
        if self.implied:
            return 0.0
        return 3.0 if self.critical else 1.0


def barrier_order(sequence: Iterable[tuple[str, bool]]) -> dict[str, tuple[str, ...]]:
    """Predecessors of steps written in sequence: `(id, is_barrier)`.

    Neighbouring steps that only look commute; a mutating step, a decision or an approval is a barrier, which
    everything before it precedes and everything after it follows.
    """
    preds: dict[str, tuple[str, ...]] = {}
    barrier: tuple[str, ...] = ()
    since_barrier: list[str] = []
    for step, is_barrier in sequence:
        preds[step] = tuple(since_barrier) if is_barrier and since_barrier else barrier
        if is_barrier:
            barrier, since_barrier = (step,), []
        else:
            since_barrier.append(step)
    return preds


def followers(steps: Sequence[ModelStep]) -> list[int]:
    """For each step a bit mask of all steps that must come after it, at any distance.

    Raises BadInput when a step waits for one that does not exist, or for itself.
    """
    position = {step.id: index for index, step in enumerate(steps)}
    if len(position) != len(steps):
        raise BadInput("two steps have the same id", mend="give each step an id of its own", field="id")
    after = [0] * len(steps)
    for index in reversed(_in_order(steps, position)):
        for pred in steps[index].preds:
            after[position[pred]] |= after[index] | 1 << index
    return after


def _in_order(steps: Sequence[ModelStep], position: dict[str, int]) -> list[int]:
    waiting: list[int] = []
    unlocks: list[list[int]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        waiting.append(len(step.preds))
        for pred in step.preds:
            if pred not in position:
                raise BadInput(
                    f"step {step.id!r} comes after a step that does not exist",
                    mend="name a step of the same procedure",
                    line=step.line or None,
                    field="preds",
                    value=pred,
                )
            unlocks[position[pred]].append(index)
    order = [index for index, count in enumerate(waiting) if count == 0]
    for index in order:
        for later in unlocks[index]:
            waiting[later] -= 1
            if waiting[later] == 0:
                order.append(later)
    if len(order) < len(steps):
        knot = next(step for index, step in enumerate(steps) if waiting[index])
        raise BadInput(
            f"step {knot.id!r} waits, through others, for itself",
            mend="remove one of the order annotations of the circle",
            line=knot.line or None,
            field="preds",
            value=knot.preds,
        )
    return order
