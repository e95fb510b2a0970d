"""The plan as people carry it out: approvals told apart, TODOs done some other way.

A simulated responder can only do what the text lets it do. A person at a drill gets the approval at one time
and resets at another, and finds a way where the runbook says TODO; both are then judged as done. What the
text itself lacks stays the runbook's fault, not the person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from drills.actions import ACTIONS, Effect
from drills.following import deadline_s
from drills.plan import Plan, PlannedStep
from drills.planning import CRITICAL_WEIGHT
from drills.runbook.bindings import CRITICAL_ACTIONS
from drills.runbook.model import Procedure, Step
from drills.step_model import Deadline, ModelStep

APPROVAL = "/approval"


def as_done(step: PlannedStep) -> Iterator[PlannedStep]:
    """A step as what is told apart when somebody does it: the approval first, then the rest."""
    step = replace(step, executable=True)
    rest = tuple(action for action in step.actions if action != "approve")
    if "approve" not in step.actions or not _changes(rest):
        yield step
        return
    critical = step.weight > 0
    yield replace(
        step, id=step.id + APPROVAL, title=f"Approval: {step.title}", kind="approval", actions=("approve",),
        weight=CRITICAL_WEIGHT if critical else 0.0, critical=critical, deadline_s=None, wait_s=None,
    )  # fmt: skip
    yield replace(step, actions=rest, preds=(step.id + APPROVAL,))


def model(plan: Plan, procedure: Procedure) -> list[ModelStep]:
    """The steps to score; an act named by an action counts for the steps that are mainly about it."""
    judged = [step for step in plan.steps if step.kind != "info"]
    kept = {step.id for step in judged}
    above = dict(_above(procedure.steps, ()))
    return [
        ModelStep(
            step.id, step.title, step.weight, tuple(p for p in step.preds if p in kept), step.alternatives, step.line,
            step.critical, (*telling(step.actions), *above.get(step.id, ())), step.option,
        )
        for step in judged
    ]  # fmt: skip


def deadlines(plan: Plan) -> list[Deadline]:
    """By when each step is due; a time that a step may take cannot be judged without its start."""
    return [Deadline(step.id, seconds, step.weight) for step in plan.steps if (seconds := deadline_s(step)) is not None]


def telling(actions: Iterable[str]) -> tuple[str, ...]:
    """Of several actions those that show that the step was done: what is critical, else what changes, else all."""
    given = tuple(action for action in actions if action != "decide")
    for chosen in (
        tuple(action for action in given if action in CRITICAL_ACTIONS),
        tuple(action for action in given if ACTIONS[action].effect is Effect.MUTATE),
    ):
        if chosen:
            return chosen
    return given


def effect_of(actions: Iterable[str]) -> Effect:
    """The gravest effect of several actions; what is not known is taken for talk, which costs nothing."""
    effects = {ACTIONS[action].effect for action in actions if action in ACTIONS}
    return next((effect for effect in (Effect.MUTATE, Effect.HUMAN, Effect.READ) if effect in effects), Effect.HUMAN)


def _changes(actions: Iterable[str]) -> bool:
    return any(ACTIONS[action].effect is Effect.MUTATE for action in actions)


def _above(steps: Iterable[Step], parents: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The groups that each step stands in: "3 done" says that all of it was."""
    for step in steps:
        yield step.id, parents
        yield from _above(step.children, (*parents, step.id))
