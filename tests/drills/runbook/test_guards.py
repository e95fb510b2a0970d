"""When a step applies, and what a ground truth makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from drills.runbook.guards import CAUSES, CONDITIONS, holds, parse_guard
from drills.runbook.model import SeverityLevel, Source
from scenarios.expectations import CONDITIONS as TRUE_CONDITIONS
from scenarios.expectations import Cause, GroundTruth

HERE = Source(file="test.md", line=1, end=1)
LEVELS = tuple(SeverityLevel(src=HERE, id=f"Level {n}", rank=4 - n, name="") for n in (1, 2, 3))


@dataclass(frozen=True)
class Truth:
    severity_rank: int = 1
    causes: tuple[str, ...] = ()
    conditions: dict[str, bool] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)


def test_level_two_and_above_on_a_scale_where_three_is_the_worst() -> None:
    guard = parse_guard("Level 2+", HERE, LEVELS)
    assert guard is not None
    assert guard.values == ("Level 3", "Level 2")
    assert [holds(guard, Truth(severity_rank=rank), LEVELS) for rank in (1, 2, 3)] == [True, True, False]


def test_several_levels_in_one_bracket() -> None:
    guard = parse_guard("For SEV1/SEV2", HERE)
    assert guard is not None
    assert (guard.kind, guard.values) == ("severity", ("SEV1", "SEV2"))
    after = parse_guard("After Level 1/2", HERE, LEVELS)
    assert after is not None
    assert (after.kind, after.values) == ("after_severity", ("Level 1", "Level 2"))


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("For Daily Loss Trigger", "daily_loss"),
        ("For API Error Trigger", "api_errors"),
        ("For Slippage Trigger", "slippage"),
        ("If pod crashes", "process_crash"),
        ("Memory pressure", "memory"),
        ("Slow database queries", "database"),
        ("Bei API-Fehler", "api_errors"),
        ("En caso de pérdida diaria", "daily_loss"),
    ],
)
def test_a_cause_in_words(words: str, cause: str) -> None:
    guard = parse_guard(words, HERE)
    assert guard is not None
    assert (guard.kind, cause in guard.values) == ("cause", True)
    assert holds(guard, Truth(causes=(cause,))) is True
    assert holds(guard, Truth(causes=("manual",))) is (cause == "manual")
    assert holds(guard, Truth()) is None


@pytest.mark.parametrize(
    ("words", "condition", "affirmed"),
    [
        ("If loss exceeds limits", "loss_over_limit", True),
        ("If loss is within acceptable range", "within_range", True),
        ("If reconnection fails after 3 attempts", "reconnect_succeeds", False),
        ("If position is valid", "position_valid", True),
        ("If position is erroneous", "position_valid", False),
        ("If the credentials have expired", "credentials_valid", False),
        ("If recent deployment caused issue", "deployment", True),
        ("Falls die Wiederverbindung scheitert", "reconnect_succeeds", False),
        ("Si la reconexión falla", "reconnect_succeeds", False),
    ],
)
def test_a_condition_in_words(words: str, condition: str, affirmed: bool) -> None:
    guard = parse_guard(words, HERE)
    assert guard is not None
    assert (guard.kind, guard.values) == ("condition", (condition,))
    assert holds(guard, Truth(conditions={condition: True})) is affirmed
    assert holds(guard, Truth(conditions={condition: False})) is not affirmed
    assert holds(guard, Truth()) is None


def test_a_measure_is_compared_and_what_nobody_measured_is_zero() -> None:
    release = parse_guard("if drawdown < 20 %", HERE)
    assert release is not None
    assert (release.kind, release.values, release.number) == ("measure", ("drawdown_pct",), 20.0)
    assert [holds(release, Truth(measures={"drawdown_pct": d})) for d in (16, 21.5)] == [True, False]
    assert holds(release, Truth()) is True
    slippage = parse_guard("If > 10 bps", HERE)
    assert holds(slippage, Truth(measures={"slippage_bps": 30})) is True


def test_words_that_are_not_understood_are_kept_and_decide_nothing() -> None:
    guard = parse_guard("If the moon is full", HERE)
    assert guard is not None
    assert (guard.raw, guard.values) == ("If the moon is full", ())
    assert holds(guard, Truth(causes=("manual",))) is None


@pytest.mark.parametrize("words", ["if needed", "if configured", "optional", "bei Bedarf", "si procede"])
def test_what_is_optional(words: str) -> None:
    guard = parse_guard(words, HERE)
    assert guard is not None
    assert guard.kind == "optional"


def test_guards_speak_the_language_of_the_scenarios() -> None:
    ours = {name for name, _, _ in CONDITIONS}
    assert ours <= set(TRUE_CONDITIONS)
    assert set(Cause.__args__) <= set(CAUSES)  # type: ignore[attr-defined]


def test_a_scenarios_ground_truth_serves_as_it_is() -> None:
    truth = GroundTruth(severity="critical", causes=("daily_loss",), conditions={"loss_over_limit": True})
    assert holds(parse_guard("If loss exceeds limits", HERE), truth) is True
    assert holds(parse_guard("Level 3", HERE, LEVELS), truth, LEVELS) is True
