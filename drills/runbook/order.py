"""What must precede what: mutating steps, decisions and approvals are barriers, reads between them commute.

Guarded or alternative siblings do not wait for each other: each branch starts where the choice stood, and
the next common step waits for whichever was taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drills.runbook.model import Step


def predecessors(
    steps: Sequence[Step], barriers: Mapping[str, bool], ordered: bool = True
) -> dict[str, tuple[str, ...]]:
    """The direct predecessors of each step (sub-steps included); `barriers` tells which ids are barriers."""
    found: dict[str, tuple[str, ...]] = {}
    if ordered:
        _chain(steps, (), barriers, found)
    else:
        for step in steps:
            _chain([step], (), barriers, found)
    return found


def _chain(
    steps: Sequence[Step], entry: tuple[str, ...], barriers: Mapping[str, bool], found: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Order `steps` after `entry`; returns what the step behind them waits for."""
    gate = entry
    reads: list[str] = []
    for run in _runs(steps):
        if len(run) > 1:
            before = tuple(dict.fromkeys(reads)) or gate
            gate, reads = tuple(name for step in run for name in _chain([step], before, barriers, found)), []
            continue
        step = run[0]
        barrier = any(barriers.get(inner.id, False) for inner in step.walk())
        before = tuple(dict.fromkeys(reads)) or gate if barrier else gate
        stated = step.override.after if step.override is not None else None
        found[step.id] = before if stated is None else stated
        leaving = _below(step, barriers, found)
        if barrier:
            gate, reads = leaving, []
        else:
            reads += leaving
    return tuple(dict.fromkeys(reads)) or gate


def _runs(steps: Sequence[Step]) -> list[list[Step]]:
    """Neighbours that apply for different causes form one run: only one of them is taken."""
    runs: list[list[Step]] = []
    for step in steps:
        caused = step.guard is not None and step.guard.kind == "cause"
        last = runs[-1][-1] if runs else None
        if caused and last is not None and last.guard is not None and last.guard.kind == "cause":
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _below(step: Step, barriers: Mapping[str, bool], found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not step.children:
        return (step.id,)
    choices = [child for child in step.children if child.guard is not None or child.alt_group is not None]
    if len(choices) >= 2:
        leaving: list[str] = []
        for child in step.children:
            leaving += _chain([child], (step.id,), barriers, found)
        return tuple(dict.fromkeys(leaving)) or (step.id,)
    return _chain(step.children, (step.id,), barriers, found)
