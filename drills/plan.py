"""The plan: which steps of a procedure apply to this incident, as the responder will work through them.

A runbook is written for every incident of its kind; a plan is for one. Guards are resolved by the scenario's
ground truth, alternatives stay alternatives, and each step carries the world actions it binds to. A step
that binds to nothing stays in the plan with the reason, so that it is reported and never silently counted.
`drills.planning` makes plans; here is what one is.
"""

from __future__ import annotations

from dataclasses import dataclass

from drills.step_model import Constraint


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step as it applies to this incident."""

    id: str
    title: str
    line: int
    kind: str
    """Of `drills.runbook.model.StepKind`."""
    actions: tuple[str, ...]
    """World actions in order; empty when the step could not be bound."""
    weight: float
    critical: bool
    preds: tuple[str, ...]
    deadline_s: float | None = None
    deadline_from_start: bool = False
    """Whether the deadline says how long the step itself may take, and not by when it must be done."""
    executable: bool = True
    """Whether following the text does something: false for a TODO or a command that cannot run."""
    why: str = ""
    """How it was bound, or why it could not be."""
    wait_s: float | None = None
    """How long the text says to wait or to watch."""
    alternatives: str | None = None
    option: str | None = None
    chosen: bool = True
    """Whether a responder who decides rightly takes this step (one option of each group of alternatives)."""
    complex: bool = False
    """Whether the text is ambiguous here, which makes a wrong choice likelier."""

    @property
    def counts(self) -> bool:
        """Whether adherence can judge it: it is bound to something that can be done."""
        return bool(self.actions) and self.executable


@dataclass(frozen=True, slots=True)
class Plan:
    """A procedure, resolved."""

    procedure: str
    title: str
    file: str
    line: int
    steps: tuple[PlannedStep, ...]
    constraints: tuple[Constraint, ...] = ()
    severity: str | None = None
    response_s: float | None = None
    """The severity table's response time; None when it gives none."""
    rto_s: float | None = None
    """A recovery time that the text states."""
    window_s: float | None = None
    """How long the text wants recovery to be watched."""
    escalation: tuple[tuple[float | None, str], ...] = ()
    """(after seconds, role) rows of its escalation table."""
    note: str | None = None
    """What had to be assumed to choose this procedure."""

    def step(self, step_id: str) -> PlannedStep | None:
        """The step of that id."""
        return next((step for step in self.steps if step.id == step_id), None)
