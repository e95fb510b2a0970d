"""Orders that should be dead."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

NAME = "dead-orders"


def test_an_unacknowledged_order_that_nobody_cancelled_is_named() -> None:
    story = Chronicle(SPY=100).at(695).sent("o1", 1, 10).taken("o1").at(700).halted().at(900).canceled("o1")
    result = check(NAME, story)
    assert [evidence.title for evidence in result.evidence] == ["o1 live after the halt"]
    assert "never acknowledged" in result.evidence[0].detail
    assert result.evidence[0].truth == "10 of 10 shares could still fill"


def test_cancelled_within_the_minute_is_in_time() -> None:
    assert failures(NAME, Chronicle(SPY=100).at(695).order("o1", 1, 10).at(700).halted().at(759).canceled("o1")) == []


def test_exits_may_work_on() -> None:
    assert failures(NAME, Chronicle(SPY=100).at(695).order("x", -1, 10, reducing=True).at(700).halted()) == []


def test_no_cancel_gets_through_a_dead_link_so_the_minute_counts_from_its_return() -> None:
    story = Chronicle(SPY=100).at(650).order("o1", 1, 10).at(660).lost().at(700).halted().at(1300).restored()
    assert failures(NAME, story.at(1350).canceled("o1")) == []
    late = Chronicle(SPY=100).at(650).order("o1", 1, 10).at(660).lost().at(700).halted().at(1300).restored()
    assert failures(NAME, late.at(1400).canceled("o1")) == ["o1 live after the halt"]


def test_an_endpoint_that_has_nothing_to_do_with_cancelling_excuses_nothing() -> None:
    story = (
        Chronicle(SPY=100).at(650).order("o1", 1, 10).fault("broker_endpoint_down", targets=("account",), blocks=True)
    )
    assert failures(NAME, story.at(700).halted()) == ["o1 live after the halt"]
    story = (
        Chronicle(SPY=100).at(650).order("o1", 1, 10).fault("broker_endpoint_down", targets=("cancel",), blocks=True)
    )
    assert failures(NAME, story.at(700).halted()) == []


def test_a_release_within_the_minute_ends_the_duty() -> None:
    assert failures(NAME, Chronicle(SPY=100).at(695).order("o1", 1, 10).at(700).halted().at(730).resumed()) == []
