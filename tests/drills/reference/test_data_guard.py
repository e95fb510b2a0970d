"""Every bad bar and tick blocks its symbol, silence does too, and clean data is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from drills.reference.data_guard import FROZEN_AFTER_S, DataGuard
from tests.drills.reference.desks import Desk, bar, run, tick

NAN, INFINITE = float("nan"), float("inf")


def fed(desk: Desk, bars: int = 3) -> DataGuard:
    """A guard that has seen a few good minutes of SPY."""
    guard = DataGuard(desk)
    for minute in range(bars):
        desk.now += 60
        guard.see_tick(tick("SPY", 600.0 + 0.01 * minute))
        guard.see_bar(bar(start_s=60 * minute))
    guard.see_tick(tick("SPY", 600.0))
    assert guard.verdict("SPY") is True
    return guard


BAD_BARS: dict[str, dict[str, Any]] = {
    "spike": {"open": 6000.0, "high": 6000.0, "low": 6000.0, "close": 6000.0},
    "decimal shift": {"open": 60.0, "high": 60.0, "low": 60.0, "close": 60.0},
    "nan": {"close": NAN},
    "infinite": {"high": INFINITE},
    "zero": {"low": 0.0},
    "negative": {"low": -600.0},
    "high below low": {"high": 598.0, "low": 601.0},
    "low above close": {"low": 600.5},
    "no volume but a moving price": {"volume": 0},
    "negative volume": {"volume": -1},
    "stamp repeated": {"start_us": 120_000_000},
    "stamp out of order": {"start_us": 60_000_000},
    "minutes missing": {"start_us": 600_000_000},
}


@pytest.mark.parametrize("what", BAD_BARS)
def test_a_bad_bar_blocks_its_symbol_and_says_so(what: str) -> None:
    desk = Desk()
    guard = fed(desk)
    guard.see_bar(bar(start_s=180, **BAD_BARS[what]))
    assert str(guard.verdict("SPY")).startswith("data guard: ")
    assert guard.verdict("AAPL") is True
    assert len(desk.pages) == 1
    assert guard.good_price("SPY") == 600.0


@pytest.mark.parametrize("price", [NAN, 0.0, -1.0, 730.0, 470.0, 6000.0])
def test_a_bad_tick_blocks_and_does_not_become_the_good_price(price: float) -> None:
    desk = Desk()
    guard = fed(desk)
    guard.see_tick(tick("SPY", price))
    assert guard.verdict("SPY") is not True
    assert guard.good_price("SPY") == 600.0


def test_two_good_bars_in_a_row_lift_a_block() -> None:
    desk = Desk()
    guard = fed(desk)
    guard.see_bar(bar(start_s=180, close=NAN))
    guard.see_bar(bar(start_s=240))
    assert guard.verdict("SPY") == "data guard: bar with price nan"
    guard.see_bar(bar(start_s=300, close=NAN))
    guard.see_bar(bar(start_s=360))
    assert guard.verdict("SPY") is not True, "the row begins anew"
    guard.see_bar(bar(start_s=420))
    assert guard.verdict("SPY") is True
    assert desk.logs[-1] == "data guard: SPY trusted again"
    assert len(desk.pages) == 1, "one page for one trouble"


def test_a_block_is_not_lifted_while_the_feed_is_silent() -> None:
    desk = Desk()
    guard = fed(desk)
    desk.price_ages["SPY"] = 90
    guard.check_age()
    for start_s in (180, 240, 300):
        guard.see_bar(bar(start_s=start_s))
    assert guard.verdict("SPY") == "data guard: no data for 90 s"
    desk.price_ages["SPY"] = 1
    guard.see_tick(tick("SPY", 601.0))
    for start_s in (360, 420):
        guard.see_bar(bar(start_s=start_s))
    assert guard.verdict("SPY") is True


def test_bars_of_five_minutes_neither_lift_a_block_nor_disturb_those_of_one() -> None:
    desk = Desk()
    guard = fed(desk, bars=5)
    guard.see_bar(bar(start_s=0, minutes=5))
    assert guard.verdict("SPY") is True
    guard.see_bar(bar(start_s=300, close=NAN))
    guard.see_bar(bar(start_s=300, minutes=5))
    guard.see_bar(bar(start_s=600, minutes=5))
    assert guard.verdict("SPY") is not True


class TestSilence:
    def test_data_that_stops_in_the_session_blocks(self) -> None:
        desk = Desk()
        guard = fed(desk)
        guard.see_tick(tick("AAPL", 200.0))
        desk.price_ages["AAPL"] = desk.limits["feed_age_s"] + 1
        guard.check_age()
        assert guard.verdict("AAPL") == "data guard: no data for 61 s"
        assert guard.verdict("SPY") is True

    def test_a_price_that_stands_still_is_frozen(self) -> None:
        desk = Desk()
        guard = fed(desk)

        def same_price() -> None:
            guard.see_tick(tick("SPY", 600.0))
            guard.check_age()

        run(desk, same_price, FROZEN_AFTER_S + 10)
        assert str(guard.verdict("SPY")).startswith("data guard: price unchanged for ")

    def test_a_price_that_moves_by_a_cent_is_not(self) -> None:
        desk = Desk()
        guard = fed(desk)

        def moving() -> None:
            guard.see_tick(tick("SPY", 600.0 + 0.01 * (desk.now % 2)))
            guard.check_age()

        run(desk, moving, 2 * FROZEN_AFTER_S)
        assert guard.verdict("SPY") is True

    @pytest.mark.parametrize("open_for", [None, 30.0])
    def test_nights_weekends_and_the_first_minutes_are_no_silence(self, open_for: float | None) -> None:
        desk = Desk()
        guard = fed(desk)
        desk.open_for = None if open_for is None else open_for - desk.now
        desk.price_ages = dict.fromkeys(desk.symbols, 16 * 3600.0)
        guard.check_age()
        assert guard.blocked == {}


class TestCleanData:
    """What looks like a fault and is none: the night, the weekend, a half day, the gap at the open."""

    @pytest.mark.parametrize(
        ("hours_closed", "gap_pct"),
        [(17.5, 0.5), (65.5, -6.0), (20.5, 3.0), (17.5, 30.0)],
        ids=["night", "weekend", "half-day", "earnings"],
    )
    def test_the_first_bars_after_a_close_are_trusted(self, hours_closed: float, gap_pct: float) -> None:
        desk = Desk()
        guard = fed(desk)
        opened_s = desk.now + 3600 * hours_closed
        desk.open_for = None
        run(desk, guard.check_age, 3600 * hours_closed, every=60)
        desk.open_for = -opened_s
        price = 600.0 * (1 + gap_pct / 100)
        for minute in range(10):
            desk.price_ages = dict.fromkeys(desk.symbols, 1.0)
            guard.see_tick(tick("SPY", price + 0.01 * minute))
            desk.now += 60
            guard.see_bar(bar(start_s=opened_s + 60 * minute, price=price + 0.01 * minute))
            guard.check_age()
        assert guard.blocked == {}
        assert desk.pages == []

    def test_a_first_bar_ever_is_judged_by_itself(self) -> None:
        guard = DataGuard(Desk())
        guard.see_bar(bar(start_s=1e6))
        assert guard.verdict("SPY") is True
        guard.see_bar(bar("AAPL", start_s=1e6, low=-1.0))
        assert guard.verdict("AAPL") is not True

    def test_a_quiet_minute_without_trades_is_no_fault(self) -> None:
        guard = fed(Desk())
        guard.see_bar(bar(start_s=180, open=600.0, high=600.0, low=600.0, close=600.0, volume=0))
        assert guard.verdict("SPY") is True
