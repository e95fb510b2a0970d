"""The way out stays open."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

NAME = "exits-allowed"


def test_a_guard_that_blocks_the_exit_is_found() -> None:
    story = (
        Chronicle(SPY=100)
        .at(700)
        .halted()
        .denied("x", "kill switch: loss", -1, 100, source="mitigation", reducing=True)
    )
    assert failures(NAME, story) == ["exit blocked"]


def test_entries_may_be_refused_and_without_a_session_everything_is() -> None:
    story = Chronicle(SPY=100).at(700).denied("o1", "kill switch: loss", 1, 10)
    story.denied("x", "no broker session", -1, 100, source="mitigation", reducing=True)
    assert failures(NAME, story) == []


def test_a_strategy_that_sells_on_a_bad_price_has_no_right_to_an_exit() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "spike")
    story.at(710).denied("o1", "data guard: price jumped", -1, 90, reducing=True)
    result = check(NAME, story)
    assert result.verdict == "pass"
    assert [evidence.severity for evidence in result.evidence] == ["info"]


def test_the_mitigation_may_get_out_of_a_symbol_with_bad_data() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "spike")
    story.at(710).denied("x", "data guard: price jumped", -1, 90, source="mitigation", reducing=True)
    assert failures(NAME, story) == ["exit blocked"]


def test_in_the_lab_there_is_nothing_to_exit_through() -> None:
    story = Chronicle(SPY=100).at(700).note("system.mode", "lab")
    story.denied("x", "lab mode: there is no broker", -1, 100, source="strategy", reducing=True)
    assert failures(NAME, story) == []
