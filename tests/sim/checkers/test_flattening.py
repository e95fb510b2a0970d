"""Closing positions: in time, to zero, and only where it is wanted."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle, us

DEMANDED, FLIPS = "flatten-as-demanded", "flatten-never-flips"


def close(story: Chronicle, order_id: str, side: int, qty: int, symbol: str = "SPY") -> Chronicle:
    """The mitigation closes and is filled."""
    return story.order(order_id, side, qty, symbol, "mitigation", reducing=True).filled(order_id)


def loss(**held: int) -> Chronicle:
    """A loss over the limit at 700 s, halted at 701 s."""
    return Chronicle(**held).equity((0, 1_000_000), (700, 960_000)).at(640).fault("adverse_move").at(701).halted()


def test_flat_in_time_and_until_the_release() -> None:
    story = close(loss(SPY=100, QQQ=-30), "x1", -1, 100)
    close(story.at(720), "x2", 1, 30, "QQQ").at(2000).approved().resumed().at(2010).order("o1", 1, 50).filled("o1")
    assert failures(DEMANDED, story, flatten="required") == []


def test_half_closed_is_not_flat() -> None:
    story = close(loss(SPY=100, QQQ=-30), "x1", -1, 100)
    result = check(DEMANDED, story, flatten="required")
    assert result.verdict == "fail"
    assert [(e.title, e.truth) for e in result.evidence] == [("never flat", "-30 QQQ")]


def test_flat_after_twenty_minutes_is_late() -> None:
    assert failures(DEMANDED, close(loss(SPY=100).at(1900), "x1", -1, 100), flatten="required") == ["flat 10 min late"]


def test_a_closed_market_gives_time_until_it_opens() -> None:
    story = close(loss(SPY=100).at(3700), "x1", -1, 100)
    assert failures(DEMANDED, story, flatten="required", sessions=((0, us(900)), (us(3600), us(9000)))) == []


def test_a_position_that_comes_back_under_the_halt_is_found() -> None:
    story = close(loss(SPY=100), "x1", -1, 100).at(800).order("o1", 1, 10).filled("o1").at(830)
    assert failures(DEMANDED, close(story, "x2", -1, 10), flatten="required") == ["did not stay flat"]


def test_a_run_that_ends_before_positions_had_to_be_closed_cannot_tell() -> None:
    assert check(DEMANDED, loss(SPY=100), flatten="required", horizon_us=us(900)).verdict == "inconclusive"


def test_a_restart_that_flattens_what_was_to_be_kept_is_found() -> None:
    story = Chronicle(SPY=100).at(700).stopped().at(720).started()
    assert failures(DEMANDED, close(story.at(725), "x1", -1, 100), flatten="forbidden") == [
        "closed 100 SPY that was to be kept"
    ]


def test_a_strategys_own_exit_is_no_flatten_and_a_real_loss_excuses_one() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", -1, 20, reducing=True).filled("o1")
    assert failures(DEMANDED, story, flatten="forbidden") == []
    assert failures(DEMANDED, close(loss(SPY=100), "x1", -1, 100), flatten="forbidden") == []


def test_closing_by_a_stale_book_goes_through_zero() -> None:
    story = loss(SPY=60).order("x1", -1, 100, "SPY", "mitigation", reducing=True).filled("x1")
    assert failures(FLIPS, story) == ["flatten went 40 SPY too far"]


def test_closing_twice_goes_on_beyond_zero() -> None:
    story = close(close(loss(SPY=100), "x1", -1, 100), "x2", -1, 100)
    assert failures(FLIPS, story) == ["flatten went 100 SPY too far"]


def test_closing_in_two_parts_stops_at_zero() -> None:
    story = loss(SPY=100).order("x1", -1, 100, "SPY", "mitigation", reducing=True).filled("x1", 50).filled("x1", 50)
    assert failures(FLIPS, story) == []


def test_a_dead_process_closes_nothing_and_is_blamed_only_where_somebody_could_have() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 960_000)).at(640).fault("process_crash").at(641)
    story.note("system.stopped", reason="Error")
    alone = check(DEMANDED, story, flatten="required", automation_only=True)
    assert (alone.verdict, [e.severity for e in alone.evidence]) == ("pass", ["info"])
    assert failures(DEMANDED, story, flatten="required") == ["never flat"]
    alive = Chronicle(SPY=100).equity((0, 1_000_000), (700, 960_000)).at(640).fault("adverse_move")
    assert failures(DEMANDED, alive, flatten="required", automation_only=True) == ["never flat"]


def test_who_closes_below_the_limit_was_flat_although_positions_came_back() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 979_000)).at(640).fault("adverse_move")
    close(story.at(735), "x1", -1, 100).at(800).order("o1", 1, 10).filled("o1").at(840).healed("adverse_move")
    assert failures(DEMANDED, story, flatten="required", halt="required") == ["did not stay flat"]
