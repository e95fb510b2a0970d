"""Orders and fills after a halt."""

from __future__ import annotations

from tests.sim.checkers.kit import failures
from tests.sim.chronicle import Chronicle

SENT, FILLS = "no-risk-after-halt", "fills-after-halt"


def test_an_entry_after_the_halt_is_found() -> None:
    story = Chronicle(SPY=100).at(700).halted().at(712).order("o1", 1, 10)
    assert failures(SENT, story) == ["order sent 12.0 s after the halt"]


def test_an_exit_after_the_halt_and_an_entry_after_the_release_are_fine() -> None:
    story = Chronicle(SPY=100).at(700).halted().at(710).order("x", -1, 40, reducing=True)
    story.at(1500).approved().resumed().order("o1", 1, 10)
    assert failures(SENT, story) == []


def test_a_restart_does_not_release_the_halt() -> None:
    story = Chronicle(SPY=100).at(700).halted().at(720).stopped().at(740).started().at(760).order("o1", 1, 10)
    assert failures(SENT, story) == ["order sent 60.0 s after the halt"]


def test_an_entry_in_the_same_instant_just_before_the_halt_was_not_after_it() -> None:
    assert failures(SENT, Chronicle(SPY=100).at(700).order("o1", 1, 10).halted()) == []


def test_a_late_fill_of_an_order_from_before_is_expected_and_must_be_booked() -> None:
    story = Chronicle(SPY=100).at(690).order("o1", 1, 10).at(700).halted().at(702).filled("o1")
    assert failures(FILLS, story) == []
    lost = Chronicle(SPY=100).at(690).order("o1", 1, 10).at(700).halted().at(702).filled("o1", booked=False)
    assert failures(FILLS, lost) == ["fill after the halt is in no book"]
    assert failures(FILLS, lost.at(800).adopted("SPY", 110)) == []


def test_a_fill_of_an_order_sent_after_the_halt_is_found() -> None:
    story = Chronicle(SPY=100).at(700).halted().at(702).order("o1", 1, 10).at(703).filled("o1")
    assert failures(FILLS, story) == ["fill of an order sent after the halt"]
