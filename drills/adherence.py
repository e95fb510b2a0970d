"""How well the runbook was followed: 100 minus itemised points, and gates that no points buy back.

`fitness` is the recognised number of conformance checking: one minus the cost of the cheapest alignment over
the cost of the worst. `score` adds to both sides of that fraction the constraints that the runbook states in
words and the deadlines of its steps. Every term is one line of the ledger, so the lines sum to 100 - score.
A dangerous mistake can cost few points (a forbidden order after the halt: 15), hence the gates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

from drills.alignment import Move
from drills.constraints import Judgement, judge
from drills.deviations import Charge, charges
from drills.performance import Performance
from drills.step_model import Constraint, Deadline, ModelStep, TraceEvent

PASS_MARK = 85.0
GATED_SCORE = 49.0


@dataclass(frozen=True, slots=True)
class GateHit:
    """A reason to fail the drill whatever the score."""

    kind: Literal["critical_constraint", "forbidden_action", "critical_step", "rto_missed"]
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Deviation:
    """One line of the ledger."""

    points: float
    step: str
    """Id of the step, or the name of the act that no step asked for."""
    line: int
    """Line of the runbook that asked for something else; 0 where it says nothing."""
    kind: str
    """skipped, too_early, too_late, repeated, unplanned, alternative, forbidden, late, deadline or constraint."""
    text: str

    def one_line(self) -> str:
        """The line as printed: points, sentence, place in the runbook."""
        where = f" (runbook line {self.line})" if self.line else ""
        return f"-{self.points:.1f}  {self.text}{where}"


@dataclass(frozen=True, slots=True)
class Adherence:
    """The score of one trace against the steps that the incident asked for."""

    fitness: float
    """1 - alignment cost / worst cost, from 0 to 1."""
    score: float
    """From 0 to 100; 100 times `fitness` when there are neither constraints nor deadlines."""
    gates: tuple[GateHit, ...]
    ledger: tuple[Deviation, ...]
    """Largest first; the points sum to 100 - score."""
    moves: tuple[Move, ...]
    steps: tuple[ModelStep, ...]
    """The steps scored: of alternatives, the option that explains the trace best."""
    judgements: tuple[Judgement, ...]

    @property
    def shown_score(self) -> float:
        """The score to print: capped where a gate was hit, so that no reader takes it for a pass."""
        return min(self.score, GATED_SCORE) if self.gates else self.score

    def passed(self, mark: float = PASS_MARK) -> bool:
        """No gate hit, and a score of at least `mark`."""
        return not self.gates and self.score >= mark


def score_adherence(
    steps: Sequence[ModelStep],
    trace: Iterable[TraceEvent],
    *,
    constraints: Sequence[Constraint] = (),
    deadlines: Sequence[Deadline] = (),
    zero_s: float = 0.0,
    extra_gates: Sequence[GateHit] = (),
) -> Adherence:
    """Score what was done (`trace`) against what the runbook asks for.

    Deadlines, and constraints without another anchor, count from `zero_s`. `extra_gates` are judged
    elsewhere, as a missed RTO is. Events at one instant count in the order given.
    """
    done = Performance.of(steps, sorted(trace, key=lambda event: event.t_s), constraints)
    judgements = tuple(judge(rule, done.trace, done.occurrences, zero_s) for rule in constraints)
    found = list(charges(done, judgements, deadlines, zero_s))
    aligned = fsum(step.weight for step in done.steps) + fsum(event.unasked_cost for event in done.trace)
    known = {step.id for step in done.steps}
    stake = (
        aligned
        + fsum(judgement.constraint.value for judgement in judgements if judgement.activated)
        + fsum(deadline.weight for deadline in deadlines if deadline.step in known)
    )
    ledger = _ledger(found, stake)
    return Adherence(
        fitness=1.0 - done.cost / aligned if aligned else 1.0,
        score=max(0.0, 100.0 - fsum(line.points for line in ledger)),
        gates=(*_gates(done, judgements, found), *extra_gates),
        ledger=ledger,
        moves=done.moves,
        steps=done.steps,
        judgements=judgements,
    )


def _ledger(found: Iterable[Charge], stake: float) -> tuple[Deviation, ...]:
    lines = [Deviation(100.0 * c.cost / stake, c.step, c.line, c.kind, c.text) for c in found if c.cost]
    return tuple(sorted(lines, key=lambda line: (-line.points, line.line)))


def _gates(done: Performance, judgements: Iterable[Judgement], found: Iterable[Charge]) -> list[GateHit]:
    forbidden = [GateHit("forbidden_action", c.text, c.line) for c in found if c.kind == "forbidden"]
    broken = [GateHit("critical_constraint", c.text, c.line) for c in found if c.kind == "constraint" and c.critical]
    missing = [
        GateHit("critical_step", f'Critical step "{step.label}" was never done.', step.line)
        for step in done.steps
        if step.critical and done.first(step.id) is None
    ]
    return forbidden + broken + missing
