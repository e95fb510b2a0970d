"""Each rule a runbook may state: kept, broken, and not called for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from drills.actions import Effect
from drills.adherence import score_adherence
from drills.constraints import Judgement, judge
from drills.step_model import Constraint, ModelStep, TraceEvent

KEPT, BROKEN, NOT_CALLED_FOR = (True, False), (True, True), (False, False)


def outcome(rule: Constraint, *done: tuple[str, float], zero_s: float = 0.0) -> tuple[bool, bool]:
    trace = [TraceEvent(label, at, Effect.MUTATE) for label, at in done]
    found: Judgement = judge(rule, trace, lambda word: [n for n, e in enumerate(trace) if e.label == word], zero_s)
    return found.activated, found.violated


@pytest.mark.parametrize(
    ("rule", "done", "expected"),
    [
        (Constraint("precedence", "approve", "reset"), [("approve", 1), ("reset", 2)], KEPT),
        (Constraint("precedence", "approve", "reset"), [("reset", 1), ("approve", 2)], BROKEN),
        (Constraint("precedence", "approve", "reset"), [("reset", 1)], BROKEN),
        (Constraint("precedence", "approve", "reset"), [("approve", 1)], NOT_CALLED_FOR),
        (Constraint("precedence", "approve", "reset", 60), [("approve", 1), ("reset", 61)], KEPT),
        (Constraint("precedence", "approve", "reset", 60), [("approve", 1), ("reset", 62)], BROKEN),
        (Constraint("response", "halt", "notify"), [("notify", 0), ("halt", 1), ("notify", 9)], KEPT),
        (Constraint("response", "halt", "notify"), [("notify", 0), ("halt", 1)], BROKEN),
        (Constraint("response", "halt", "notify", 5), [("halt", 1), ("notify", 6)], KEPT),
        (Constraint("response", "halt", "notify", 5), [("halt", 1), ("notify", 7)], BROKEN),
        (Constraint("response", "halt", "notify"), [("notify", 0)], NOT_CALLED_FOR),
        (Constraint("absence", "resume"), [], KEPT),
        (Constraint("absence", "resume"), [("resume", 4)], BROKEN),
        (Constraint("not_until", "resume", "verify"), [("verify", 1), ("resume", 2)], KEPT),
        (Constraint("not_until", "resume", "verify"), [("resume", 2), ("verify", 3)], BROKEN),
        (Constraint("not_until", "resume", "verify"), [("verify", 3)], NOT_CALLED_FOR),
        (Constraint("not_until", "resume", within_s=3600), [("resume", 3600)], KEPT),
        (Constraint("not_until", "resume", within_s=3600), [("resume", 3599)], BROKEN),
        (Constraint("exists", "document"), [("document", 9999)], KEPT),
        (Constraint("exists", "document"), [], BROKEN),
        (Constraint("exists", "document", within_s=60), [("document", 61)], BROKEN),
        (Constraint("retry_max", "reconnect", attempts=2), [("reconnect", 1), ("reconnect", 2)], KEPT),
        (Constraint("retry_max", "reconnect", attempts=1), [("reconnect", 1), ("reconnect", 2)], BROKEN),
        (Constraint("retry_max", "reconnect", attempts=1), [], NOT_CALLED_FOR),
        (Constraint("wait", "restart", "resume", 60), [("restart", 0), ("resume", 60)], KEPT),
        (Constraint("wait", "restart", "resume", 60), [("restart", 0), ("resume", 59)], BROKEN),
        (Constraint("wait", "restart", "resume", 60), [("restart", 0), ("restart", 50), ("resume", 60)], BROKEN),
        (Constraint("wait", "restart", "resume", 60), [("restart", 0)], NOT_CALLED_FOR),
        (Constraint("wait", "monitor", within_s=60), [("monitor", 0), ("resume", 59)], BROKEN),
        (Constraint("wait", "monitor", within_s=60), [("monitor", 0), ("resume", 60)], KEPT),
    ],
    ids=str,
)
def test_a_rule(rule: Constraint, done: list[tuple[str, float]], expected: tuple[bool, bool]) -> None:
    assert outcome(rule, *done) == expected


def test_times_without_an_anchor_count_from_the_zero_of_the_clock() -> None:
    soon = Constraint("exists", "document", within_s=60)
    assert outcome(soon, ("document", 150), zero_s=100) == KEPT
    assert outcome(soon, ("document", 150), zero_s=80) == BROKEN


def test_a_rule_that_the_order_implies_costs_nothing_but_still_fails_the_drill_when_critical() -> None:
    steps = (ModelStep("approve", "Approve", 3), ModelStep("reset", "Reset", 3, ("approve",)))
    rule = Constraint("precedence", "approve", "reset", critical=True, implied=True)
    trace = [TraceEvent("reset", 1, Effect.MUTATE)]
    result = score_adherence(steps, trace, constraints=[rule])
    assert result.score == score_adherence(steps, trace).score
    assert [gate.kind for gate in result.gates] == ["critical_constraint"]


def test_each_broken_rule_is_told_in_a_sentence() -> None:
    rules = [
        Constraint("response", "halt", "notify", 60),
        Constraint("absence", "resume"),
        Constraint("not_until", "resume", "verify"),
        Constraint("not_until", "resume", within_s=3600),
        Constraint("exists", "document"),
        Constraint("wait", "halt", "resume", 30),
        Constraint("precedence", "approve", "resume", 90),
    ]
    trace = [TraceEvent("halt", 0, Effect.MUTATE), TraceEvent("resume", 10, Effect.MUTATE)]
    steps = (ModelStep("halt", "Halt", 3), ModelStep("resume", "Resume", 3))
    told = {line.text for line in score_adherence(steps, trace, constraints=rules).ledger}
    assert told == {
        '"Halt" was done, and "notify" did not follow within 1 min.',
        '"Resume" was done, which the runbook rules out.',
        '"Resume" was done before "verify".',
        '"Resume" was done before 1 h 00 min had passed.',
        '"document" was not done.',
        '"Resume" came less than 30 s after "Halt".',
        '"Resume" was done without "approve" within 1 min 30 s before it.',
    }


def test_scoring_needs_neither_numpy_nor_simpy() -> None:
    probe = "import sys, drills.adherence; sys.exit(any(m in sys.modules for m in ('numpy', 'simpy', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
