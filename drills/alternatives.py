"""Alternatives: where a runbook offers Option A, B or C, exactly one of them is to be done.

Each choice gives a variant of the steps without a choice left; the trace is compared with those, and the one
that explains it best is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import fsum

from drills.step_model import ModelStep


def total_weight(steps: Sequence[ModelStep]) -> float:
    """Sum of the weights of `steps`."""
    return fsum(step.weight for step in steps)


def variants(steps: Sequence[ModelStep], labels: Sequence[str]) -> Iterator[tuple[ModelStep, ...]]:
    """One set of steps per choice of options that may explain the acts `labels` at least cost."""
    done = set(labels)
    groups: dict[str, dict[str, list[ModelStep]]] = {}
    for step in steps:
        if step.alternatives is not None:
            options = groups.setdefault(step.alternatives, {})
            options.setdefault(step.option or step.id, []).append(step)
    for chosen in product(*(_worth_trying(options, done) for options in groups.values())):
        kept = {step.id for option in chosen for step in option}
        yield _without_others(steps, kept)


def _worth_trying(options: dict[str, list[ModelStep]], done: set[str]) -> list[list[ModelStep]]:
    """Options that left a mark, and the lightest of those that left none: no other can be cheaper."""
    begun = [o for o in options.values() if any(not done.isdisjoint((s.id, *s.actions)) for s in o)]
    idle = [o for o in options.values() if o not in begun]
    return begun + ([min(idle, key=total_weight)] if idle else [])


def _without_others(steps: Sequence[ModelStep], kept: set[str]) -> tuple[ModelStep, ...]:
    """The steps without the options not chosen; what came before those comes before their followers."""
    dropped = {step.id: step for step in steps if step.alternatives is not None and step.id not in kept}
    return tuple(_bypass(step, dropped) for step in steps if step.id not in dropped)


def _bypass(step: ModelStep, dropped: Mapping[str, ModelStep]) -> ModelStep:
    if dropped.keys().isdisjoint(step.preds):
        return step
    preds: dict[str, None] = {}
    waiting = list(reversed(step.preds))
    while waiting:
        pred = waiting.pop()
        if pred in dropped:
            waiting.extend(reversed(dropped[pred].preds))
        else:
            preds[pred] = None
    return replace(step, preds=tuple(preds))
