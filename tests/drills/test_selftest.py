"""The drills are drilled: each planted defect fails its own case, and the good bot passes."""

from __future__ import annotations

import pytest

from drills.drill import drills
from drills.reference.defects import DEFECTS, Defect
from drills.selftest import QUARTERLY, Catch, FalseAlarm, SelftestReport, catch, false_alarms, selftest

CAUGHT_BY: dict[str, tuple[str, str]] = {
    "api-switch-unreachable": ("q1-api-errors", "halted 5 min late"),
    "reset-elsewhere": ("q1-daily-loss", "reported resumed, still halted"),
    "rollover-zero": ("q1-rollover-outage", "kill switch did not fire"),
    "reconnect-gives-up": ("q2-refused", "gave up reconnecting"),
    "unacknowledged-survive": ("q1-daily-loss", "reported no live orders"),
    "flattened-too-early": ("q1-daily-loss", "reported flat"),
    "no-answer-is-flat": ("q2-positions-down", "that was to be kept"),
    "guard-blocks-exit": ("q1-daily-loss", "never flat"),
    "flatten-becomes-caution": ("q1-drawdown-20", "never flat"),
    "restart-flattens": ("q4-total", "that was to be kept"),
    "loss-by-the-tick": ("q1-daily-loss", "halted 4 min late"),
    "guard-passes-nonsense": ("q3-spike", "traded on bad data: SPY"),
    "weekend-is-a-gap": ("q3-clean-night", "exit blocked"),
    "empty-is-reconciled": ("q2-positions-empty", "reported reconciled"),
    "halt-forgotten": ("q1-restart-while-halted", "after the halt"),
}
"""Defect: the case that was written for it, and what the first finding says."""


def test_every_defect_has_its_case() -> None:
    assert set(CAUGHT_BY) == {defect.name for defect in DEFECTS}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_fails_the_case_that_was_written_for_it(defect: Defect) -> None:
    case, finding = CAUGHT_BY[defect.name]
    caught = catch(defect, (defect.drill,), cases=(case,))
    assert caught.case == case
    assert finding in caught.finding


def test_the_good_bot_passes_the_lead_cases() -> None:
    leads = tuple(drills()[name].lead for name in QUARTERLY)
    assert list(false_alarms(3, cases=leads)) == []


def test_a_defect_that_no_case_is_about_gets_through() -> None:
    defect = next(defect for defect in DEFECTS if defect.name == "weekend-is-a-gap")
    caught = catch(defect, ("q1",), cases=("q1-manual",))
    assert caught == Catch(defect.name, defect.story, None)
    assert not caught.caught


def test_the_last_line_counts_seeds_not_alarms() -> None:
    caught, missed = Catch("a", "the story of a", "q1-x", "never flat"), Catch("b", "the story of b", None)
    alarms = (FalseAlarm(3, "q1-x", "fail: x"), FalseAlarm(3, "q2-x", "fail: y"))
    report = SelftestReport((caught, missed), 50, alarms)
    assert report.summary() == "caught 1/2, false 1/50"
    assert not report.passed
    assert report.lines() == [
        "caught  a                        q1-x: never flat",
        "MISSED  b                        the story of b",
        "false   seed 3    q1-x: fail: x",
        "false   seed 3    q2-x: fail: y",
    ]
    assert SelftestReport((caught,), 50).passed


def test_a_selftest_of_one_drill_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    report = selftest(0, only=("q4",), progress=lambda what, done, of: told.append((what, done, of)))
    assert report.summary() == "caught 1/1, false 0/0"
    assert told == [("defect restart-flattens", 1, 1)]


@pytest.mark.slow
def test_fifteen_defects_caught_and_no_false_alarm_on_fifty_seeds() -> None:
    report = selftest(seeds=50, jobs=2)
    assert report.summary() == f"caught {len(DEFECTS)}/{len(DEFECTS)}, false 0/50", "\n".join(report.lines())
