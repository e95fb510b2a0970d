"""A firm that was not healthy before the fault cannot be judged, and the reason is said."""

from __future__ import annotations

from typing import Any

from drills.rto import Predicate
from drills.steady import unsteady
from scenarios.scenario import Scenario
from tests.drills.hands import scenario_of
from tests.sim.chronicle import ZERO_S, Chronicle, us


def steady(**fields: Any) -> Scenario:
    return scenario_of({"kind": "broker_refused", "at": "0s", "for": "5m"}, steady_state=fields)


def warm() -> Chronicle:
    """A warm-up in which one order was filled."""
    return Chronicle(SPY=100).at(0).note("market.open").at(100).order("o1", 1, 10).filled("o1")


def problems(story: Chronicle, *predicates: Predicate, **fields: Any) -> list[str]:
    return unsteady(story.history, steady(**fields), predicates, us(ZERO_S))


def test_a_firm_that_trades_is_steady() -> None:
    assert problems(warm()) == []


def test_what_did_not_hold_in_the_last_minute_is_named_once() -> None:
    apart = Predicate("books_match", ((us(545), us(550)), (us(580), us(590))))
    assert problems(warm(), apart) == ["books_match did not hold in the minute before the fault"]


def test_what_was_over_before_or_begins_at_the_fault_is_not() -> None:
    over = Predicate("connected", ((us(100), us(540)),))
    struck = Predicate("process_up", ((us(ZERO_S), None),))
    assert problems(warm(), over, struck) == []


def test_what_never_held_again_is() -> None:
    assert problems(warm(), Predicate("connected", ((us(10), None),))) != []


def test_a_longer_hold_may_be_asked_for() -> None:
    over = Predicate("connected", ((us(100), us(400)),))
    assert problems(warm(), over, hold="5m") != []


def test_a_warm_up_without_fills_is_no_market() -> None:
    story = Chronicle(SPY=100).at(0).note("market.open").at(100).order("o1", 1, 10)
    assert problems(story) == ["only 0 fills during the warm-up, 1 wanted"]
    assert problems(story, min_fills=0) == []
    closed = Chronicle(SPY=100).at(100)
    assert problems(closed) == [], "outside the session nothing fills"


def test_rejections_are_no_steady_state() -> None:
    story = warm().note("order.rejected", "o1", error="not enough money")
    assert problems(story) == ["1 of 1 orders were rejected during the warm-up"]
    assert problems(story, max_reject_share=1.0) == []


def test_code_that_never_started_is_not_tested() -> None:
    story = warm()
    story.history.rows[:] = [row for row in story.history.rows if row[1] != "code.started"]
    assert problems(story) == ["the mitigation code never started"]
