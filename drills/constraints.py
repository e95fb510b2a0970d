"""The rules that a runbook states in words, judged on what was done.

The templates are those of declarative process models: precedence(a, b) is "not b until a", response(a, b)
is "whenever a, then some day b", absence(a) is "never a", with times where the text gives one. A rule whose
occasion never came is not activated and counts for nothing, neither for nor against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drills.step_model import Constraint, ConstraintKind, TraceEvent

Occurrences = Callable[[str], list[int]]
"""Positions in the trace at which a step or an action was done, rising."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one constraint."""

    constraint: Constraint
    activated: bool
    violated: bool


class _Trace:
    """What a rule may ask about the trace."""

    def __init__(self, trace: Sequence[TraceEvent], occurrences: Occurrences, zero_s: float) -> None:
        self._trace = trace
        self._zero_s = zero_s
        self.at = occurrences

    def seconds(self, earlier: int, later: int) -> float:
        return self._trace[later].t_s - self._trace[earlier].t_s

    def since_zero(self, position: int) -> float:
        return self._trace[position].t_s - self._zero_s

    def next_change(self, position: int) -> list[int]:
        after = range(position + 1, len(self._trace))
        return [n for n in after if self._trace[n].unasked_cost and not self._trace[n].forbidden][:1]


def judge(
    constraint: Constraint, trace: Sequence[TraceEvent], occurrences: Occurrences, zero_s: float = 0.0
) -> Judgement:
    """Judge one constraint; `zero_s` is the instant that times without another anchor count from."""
    outcome = _RULES[constraint.kind](constraint, _Trace(trace, occurrences, zero_s))
    return Judgement(constraint, activated=outcome is not None, violated=outcome is False)


def _precedence(rule: Constraint, seen: _Trace) -> bool | None:
    done = seen.at(rule.b)
    if not done:
        return None
    return any(
        first < done[0] and (rule.within_s is None or seen.seconds(first, done[0]) <= rule.within_s)
        for first in seen.at(rule.a)
    )


def _response(rule: Constraint, seen: _Trace) -> bool | None:
    occasions = seen.at(rule.a)
    if not occasions:
        return None
    answers = seen.at(rule.b)
    return all(
        any(a < b and (rule.within_s is None or seen.seconds(a, b) <= rule.within_s) for b in answers)
        for a in occasions
    )


def _absence(rule: Constraint, seen: _Trace) -> bool | None:
    return not seen.at(rule.a)


def _not_until(rule: Constraint, seen: _Trace) -> bool | None:
    done = seen.at(rule.a)
    if not done:
        return None
    if rule.b:
        released = seen.at(rule.b)
        return bool(released) and released[0] < done[0]
    return seen.since_zero(done[0]) >= (rule.within_s or 0.0)


def _exists(rule: Constraint, seen: _Trace) -> bool | None:
    return any(rule.within_s is None or seen.since_zero(n) <= rule.within_s for n in seen.at(rule.a))


def _retry_max(rule: Constraint, seen: _Trace) -> bool | None:
    attempts = seen.at(rule.a)
    return len(attempts) <= rule.attempts if attempts else None


def _wait(rule: Constraint, seen: _Trace) -> bool | None:
    """Every `a` is left alone for the stated time before the `b` that follows it next."""
    waits = []
    ends = seen.at(rule.b) if rule.b else None
    for a in seen.at(rule.a):
        following = [b for b in ends if b > a][:1] if ends is not None else seen.next_change(a)
        waits += [seen.seconds(a, b) >= (rule.within_s or 0.0) for b in following]
    return all(waits) if waits else None


_RULES: Mapping[ConstraintKind, Callable[[Constraint, _Trace], bool | None]] = {
    "precedence": _precedence,
    "response": _response,
    "absence": _absence,
    "not_until": _not_until,
    "exists": _exists,
    "retry_max": _retry_max,
    "wait": _wait,
}
