"""Which event counts as which step: the alignment of a trace, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drills.alignment import Move, align, performs
from drills.step_model import Constraint, ModelStep, TraceEvent, followers


@dataclass(frozen=True, slots=True)
class Performance:
    """What was done of the steps, and when."""

    offered: tuple[ModelStep, ...]
    """All steps, those of the options not taken included."""
    steps: tuple[ModelStep, ...]
    """The steps that were asked for."""
    trace: tuple[TraceEvent, ...]
    moves: tuple[Move, ...]
    cost: float
    counted: Mapping[str, int]
    """Position of the event that counts for a step, by step id."""

    @classmethod
    def of(
        cls, steps: Sequence[ModelStep], trace: Sequence[TraceEvent], constraints: Sequence[Constraint]
    ) -> Performance:
        """Align `trace` (in the order of time) with `steps`; retry limits allow repeated attempts."""
        loops = {rule.a: rule.attempts for rule in constraints if rule.kind == "retry_max"}
        best = align(steps, trace, loops)
        return cls(tuple(steps), best.steps, tuple(trace), best.moves, best.cost, best.performed_by)

    def step(self, step_id: str) -> ModelStep | None:
        """The step of that id, or None when this variant of the runbook has none."""
        return next((step for step in self.steps if step.id == step_id), None)

    def name(self, word: str) -> str:
        """A step's title, or the words of an action."""
        titles = (step.label for step in self.offered if step.id == word)
        return next(titles, word.replace("_", " "))

    def first(self, step_id: str) -> int | None:
        """Position of the event that counts for the step, else of the first that could have; None if none."""
        if step_id in self.counted:
            return self.counted[step_id]
        return next(iter(self.occurrences(step_id)), None)

    def occurrences(self, word: str) -> list[int]:
        """Positions at which a step, or an action, was done; what counts for another step is left to that."""
        step = self.step(word)
        if step is None:
            acting = {s.id for s in self.steps if word in s.actions}
            return [n for n, e in enumerate(self.trace) if not e.forbidden and e.label in acting | {word}]
        taken = {n for other, n in self.counted.items() if other != word}
        return [n for n, e in enumerate(self.trace) if performs(e, step) and (n not in taken or e.label == word)]

    def order(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Steps that must come before each step, and steps that must come after it, at any distance."""
        after = followers(self.steps)
        ids = [step.id for step in self.steps]
        later = {ids[n]: tuple(i for m, i in enumerate(ids) if mask >> m & 1) for n, mask in enumerate(after)}
        earlier = {i: tuple(j for j in ids if i in later[j]) for i in ids}
        return earlier, later
