"""Somebody is told, and not for nothing."""

from __future__ import annotations

import pytest

from tests.sim.checkers.kit import failures
from tests.sim.chronicle import Chronicle, us

DETECTED, QUIET = "detected", "no-false-alarm"


def test_an_outage_that_nobody_hears_of() -> None:
    story = Chronicle(SPY=100).at(650).fault("broker_refused").lost().at(900).restored().at(910).order("o1", 1, 5)
    assert failures(DETECTED, story) == ["nobody was alarmed"]
    assert failures(DETECTED, story, alarm="either") == []


def test_late_by_a_minute_and_in_time() -> None:
    story = Chronicle(SPY=100).at(650).fault("broker_refused").lost().at(830).alert("BrokerDisconnected")
    assert failures(DETECTED, story) == ["detected 3 min after the impact"]
    assert failures(DETECTED, story, detect_us=us(200)) == []


@pytest.mark.parametrize("kind", ["code.page", "system.halted", "page.sent", "responder.noticed"])
def test_many_ways_to_be_told(kind: str) -> None:
    story = Chronicle(SPY=100).at(650).fault("broker_refused").lost().at(700).note(kind, by="x", severity="critical")
    assert failures(DETECTED, story) == []


def test_a_fault_without_impact_counts_from_the_warning_level() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (900, 985_000)).at(620).fault("adverse_move", "market")
    peak = 1_080_000.0
    assert failures(DETECTED, story.at(960).alert("DrawdownWarning", "warning"), peak_equity=peak) == []
    assert failures(DETECTED, Chronicle(SPY=100).equity((0, 1_000_000)).at(620).fault("adverse_move")) == [
        "nobody was alarmed"
    ]


def test_a_night_without_faults_owes_nobody_an_alarm() -> None:
    assert failures(DETECTED, Chronicle(SPY=100).at(700).alert("FeedStale")) == []


def test_alarms_pages_and_refusals_on_clean_data_are_false() -> None:
    story = (
        Chronicle(SPY=100)
        .at(700)
        .alert("FeedStale")
        .at(710)
        .note("code.page", "bot", message="gap", severity="warning")
    )
    story.at(720).denied("o1", "data guard: bars are missing")
    assert failures(QUIET, story, alarm="forbidden") == [
        "false alarm: FeedStale",
        "paged for nothing",
        "order refused on clean data",
    ]
    assert failures(QUIET, story, alarm="required") == []


def test_information_the_platforms_gate_and_a_real_loss_are_no_false_alarms() -> None:
    story = Chronicle(SPY=100).at(700).alert("PodRestarted", "info").denied("o1", "no broker session")
    assert failures(QUIET, story, alarm="forbidden") == []
    loss = Chronicle(SPY=100).equity((0, 1_000_000), (700, 960_000)).at(705).alert("DailyLossLimit")
    assert failures(QUIET, loss, alarm="forbidden") == []
