"""Clean bars against an independent aggregation of the market, over every kind of day."""

from __future__ import annotations

import numpy as np
import pytest

from sim.clock import DAY, HOUR, MINUTE, MS, SECOND
from sim.corruption import Bar
from sim.errors import BadInput
from tests.sim.market_kit import FIVE, Desk, ny


def aggregated(desk: Desk, symbol: str, minutes: int, until_us: int) -> list[Bar]:
    """Bars from single prices, one window after the other, in the plainest way."""
    market, bars, number = desk.market, [], 0
    for session in desk.calendar.from_us(0):
        for start_us in range(session.open_us, session.close_us, minutes * MINUTE):
            number += 1
            end_us = min(start_us + minutes * MINUTE, session.close_us)
            if start_us < 0 or end_us + 250 * MS > until_us:
                continue
            column = market.matrix(np.arange(start_us, end_us, SECOND))[:, market.index(symbol)].tolist()
            volume = market.volume(symbol, start_us, end_us)
            bars.append(
                Bar(symbol, minutes, start_us, end_us, column[0], max(column), min(column), column[-1], volume, number)
            )
    return bars


@pytest.mark.parametrize("minutes", [1, 5, 7, 60])
def test_bars_are_what_an_independent_aggregation_gives(minutes: int) -> None:
    """Over a full day, Thanksgiving, a half day, a weekend and a Monday."""
    desk = Desk(ny(2026, 11, 25, 14), span_us=6 * DAY, minutes=(minutes,))
    until_us = desk.at(2026, 11, 30, 10, 30)
    desk.run(until_us)
    for symbol in desk.market.symbols:
        assert desk.bars(symbol, minutes) == aggregated(desk, symbol, minutes, until_us)


def test_bars_arrive_just_after_their_end_and_in_the_order_of_symbols() -> None:
    desk = Desk(ny(2026, 3, 10, 10), FIVE, minutes=(1,))
    desk.run(3 * MINUTE)
    assert [t_us for t_us, _ in desk.arrived] == [MINUTE + 250 * MS] * 5 + [2 * MINUTE + 250 * MS] * 5
    assert [bar.symbol for _, bar in desk.arrived[:5]] == list(desk.market.symbols)


def test_shorter_bars_come_first_when_several_end_together() -> None:
    desk = Desk(minutes=(15, 1, 5))
    desk.run(30 * MINUTE + SECOND)
    for end_us in (15 * MINUTE, 30 * MINUTE):
        assert [bar.minutes for _, bar in desk.arrived if bar.end_us == end_us] == [1, 1, 5, 5, 15, 15]


def test_no_bar_outside_sessions_and_none_of_a_window_begun_before_the_run() -> None:
    desk = Desk(ny(2026, 3, 10, 15, 58).replace(second=20), minutes=(1, 5))
    desk.run(17 * HOUR)
    assert [desk.clock.local(b.start_us).strftime("%H:%M") for b in desk.bars("AAA", 1)] == ["15:59"]
    assert desk.bars("AAA", 5) == []


def test_the_desk_asks_for_the_last_bars() -> None:
    desk = Desk(minutes=(1,))
    assert desk.feed.bars("AAA", 1, 5) == []
    desk.run(10 * MINUTE + SECOND)
    arrived = desk.bars("AAA", 1)
    assert len(arrived) == 10
    assert desk.feed.bars("AAA", 1, 3) == arrived[-3:]
    assert desk.feed.bars("AAA", 1, 99) == arrived
    assert desk.feed.bars("AAA", 1, 0) == []


def test_bars_follow_a_shock_that_comes_within_a_batch() -> None:
    desk = Desk(minutes=(1,))
    desk.run(5 * MINUTE + 30 * SECOND)
    desk.market.shock(["AAA"], 0.5)
    desk.run(8 * MINUTE)
    assert desk.bars("AAA", 1) == aggregated(desk, "AAA", 1, 8 * MINUTE)
    fifth = desk.bars("AAA", 1)[5]
    assert fifth.low < 0.6 * fifth.high


def test_one_length_may_have_several_listeners_and_none() -> None:
    desk = Desk(minutes=())
    first: list[Bar] = []
    second: list[Bar] = []
    desk.feed.subscribe_bars(1)
    desk.feed.subscribe_bars(1, first.append)
    desk.feed.subscribe_bars(1, second.append)
    desk.run(2 * MINUTE + SECOND)
    assert first == second
    assert [b for b in first if b.symbol == "AAA"] == desk.feed.bars("AAA", 1)
    assert len(first) == 4


@pytest.mark.parametrize("minutes", [0, -1, 1441, True, 1.5])
def test_a_length_that_is_no_bar_length_is_refused(minutes: int) -> None:
    with pytest.raises(BadInput, match="whole minutes"):
        Desk().feed.subscribe_bars(minutes)


def test_a_bar_is_a_whole_number_of_marks() -> None:
    with pytest.raises(BadInput, match="whole number of marks"):
        Desk(mark_us=90 * SECOND, minutes=()).feed.subscribe_bars(5)


def test_asking_for_bars_that_nobody_publishes_is_told() -> None:
    with pytest.raises(BadInput, match="not published") as bad:
        Desk(minutes=(1, 5)).feed.bars("AAA", 15)
    assert "1, 5" in bad.value.mend


def test_two_symbols_share_no_bar() -> None:
    desk = Desk(minutes=(1,))
    desk.run(30 * MINUTE)
    assert {bar.symbol for bar in desk.feed.bars("BBB", 1, 50)} == {"BBB"}
