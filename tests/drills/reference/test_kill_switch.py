"""Each way the kill switch fires, what it must not fire on, and how a halt outlives the process."""

from __future__ import annotations

import json

import pytest

from drills.reference.data_guard import DataGuard
from drills.reference.kill_switch import HALT_FILE, RISK_FILE, KillSwitch
from drills.reference.wind_down import WindDown
from tests.drills.reference.desks import Desk, RateLimited, run, tick


def armed(desk: Desk) -> KillSwitch:
    """A switch that has seen a price of everything."""
    guard = DataGuard(desk)
    for symbol, price in desk.prices.items():
        guard.see_tick(tick(symbol, price))
    return KillSwitch(desk, guard, WindDown(desk))


def slide(desk: Desk, kill: KillSwitch, loss_pct: float, minutes: int = 10) -> None:
    """Let SPY fall, a little at a time, until the book has lost so much of the day's equity."""
    start = desk.equity_at(desk.prices)
    step = start * loss_pct / 100 / desk.positions["SPY"] / (60 * minutes)
    for _ in range(60 * minutes):
        desk.now += 1
        desk.prices["SPY"] -= step
        kill.guard.see_tick(tick("SPY", desk.prices["SPY"]))
        kill.check()


class TestLimits:
    def test_a_loss_below_the_limit_does_nothing(self) -> None:
        desk = Desk(SPY=500)
        slide(desk, armed(desk), 2.9)
        assert (desk.halted, desk.pages) == (None, [])

    def test_a_slow_slide_trips_the_daily_limit_and_closes(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        slide(desk, kill, 3.2, minutes=60)
        assert desk.halted == "daily loss 3.0 %"
        assert kill.wind_down.closing
        assert kill.wind_down.cancelling
        assert json.loads(desk.files.read(HALT_FILE)) == {"reason": "daily loss 3.0 %", "flatten": True}

    @pytest.mark.parametrize(
        ("peak_gap_pct", "halted", "closing", "paged"),
        [(7.9, False, False, False), (8.1, False, False, True), (15.1, True, False, True), (20.1, True, True, True)],
    )
    def test_the_three_levels_of_drawdown(self, peak_gap_pct: float, halted: bool, closing: bool, paged: bool) -> None:
        desk = Desk(SPY=100)
        desk.figures.peak_equity = desk.equity_at(desk.prices) / (1 - peak_gap_pct / 100)
        kill = armed(desk)
        run(desk, kill.check, 3)
        assert (desk.halted is not None, kill.wind_down.closing, bool(desk.pages)) == (halted, closing, paged)

    def test_the_warning_comes_once_a_day(self) -> None:
        desk = Desk(SPY=100)
        desk.figures.peak_equity = desk.equity_at(desk.prices) / 0.91
        run(desk, armed(desk).check, 600)
        assert desk.pages == ["drawdown 9.0 %: smaller sizes, prepare to halt"]

    def test_a_high_water_mark_of_our_own_counts(self) -> None:
        desk = Desk(SPY=10_000)
        desk.limits["daily_loss_pct"] = 50.0
        kill = armed(desk)
        for price in (600.0, 680.0, 560.0):
            desk.prices["SPY"] = price
            kill.guard.see_tick(tick("SPY", price))
            run(desk, kill.check, 1)
        assert desk.halted == "drawdown 15.4 %"

    def test_a_worse_reason_adds_the_closing(self) -> None:
        desk = Desk(SPY=100)
        kill = armed(desk)
        kill.press("a rumour")
        assert (desk.halted, kill.wind_down.closing) == ("manual: a rumour", False)
        desk.figures.day_start_equity = desk.equity_at(desk.prices) / 0.96
        run(desk, kill.check, 2)
        assert desk.halted == "manual: a rumour", "the first reason stands"
        assert kill.wind_down.closing

    def test_a_position_without_a_good_price_is_not_guessed_at(self) -> None:
        desk = Desk(SPY=100)
        kill = KillSwitch(desk, DataGuard(desk), WindDown(desk))
        run(desk, kill.check, 10)
        assert (kill.start_equity, desk.halted) == (None, None)

    def test_a_bad_price_is_no_loss(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        kill.check()
        for price in (0.0, -5.0, float("nan"), 60.0):
            kill.guard.see_tick(tick("SPY", price))
            run(desk, kill.check, 2)
        assert desk.halted is None


class TestOrdersAndErrors:
    def test_errors_in_a_row_halt_although_no_account_can_be_read(self) -> None:
        desk = Desk(SPY=100)
        kill = KillSwitch(desk, DataGuard(desk), WindDown(desk))
        desk.broker.fail()
        for _ in range(int(desk.limits["api_errors"]) - 1):
            kill.poll_account()
            kill.check()
        assert desk.halted is None
        kill.poll_account()
        kill.check()
        assert desk.halted == f"{desk.limits['api_errors']:g} API errors in a row"
        assert not kill.wind_down.closing

    def test_one_answer_ends_the_row(self) -> None:
        desk = Desk()
        kill = armed(desk)
        for _ in range(10):
            desk.broker.fail(None, "account")
            for _ in range(int(desk.limits["api_errors"]) - 1):
                kill.poll_account()
            desk.broker.failing.clear()
            kill.poll_account()
            kill.check()
        assert desk.halted is None

    def test_too_many_calls_is_our_own_doing(self) -> None:
        desk = Desk()
        kill = armed(desk)
        desk.broker.fail(RateLimited("slow down"), "account")
        run(desk, kill.poll_account, 200, every=10)
        kill.check()
        assert desk.halted is None

    def test_a_lost_session_is_the_reconnectors_business(self) -> None:
        desk = Desk()
        kill = armed(desk)
        desk.broker.connected = False
        desk.broker.fail()
        run(desk, kill.poll_account, 600, every=10)
        assert desk.broker.calls == []
        assert kill.errors_in_a_row == 0

    @pytest.mark.parametrize(("sent", "rate", "fires"), [(7, 1.0, False), (8, 0.09, False), (8, 0.5, True)])
    def test_the_error_rate_needs_enough_orders(self, sent: int, rate: float, fires: bool) -> None:
        desk = Desk()
        kill = armed(desk)
        desk.sent, desk.error_rate = sent, rate
        kill.check()
        assert (desk.halted is not None) == fires

    def test_slippage_halts(self) -> None:
        desk = Desk()
        kill = armed(desk)
        desk.slippage = desk.limits["slippage_bps"]
        kill.check()
        assert desk.halted is not None
        assert desk.halted.startswith("slippage ")


class TestDays:
    def test_a_new_day_starts_from_an_equity_that_was_read_although_the_account_cannot_be(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        kill.check()
        desk.broker.fail()
        desk.now += 24 * 3600
        kill.check()
        assert kill.start_equity == desk.equity_at(desk.prices)
        assert desk.halted is None

    def test_yesterdays_loss_is_not_todays(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        slide(desk, kill, 2.5)
        desk.now += 24 * 3600
        slide(desk, kill, 2.5)
        assert desk.halted is None

    def test_after_a_restart_the_same_day_counts_from_the_same_start(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        slide(desk, kill, 2.5)
        again = armed(desk)
        assert json.loads(desk.files.read(RISK_FILE))["start"] == kill.start_equity
        slide(desk, again, 0.8)
        assert desk.halted is not None, "2.5 and 0.8 are more than 3"

    def test_outside_the_session_one_look_a_minute_is_enough(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        kill.check()
        desk.market_open = False
        looks: list[float] = []
        kill.check_loss = lambda equity: looks.append(desk.now)
        run(desk, kill.check, 300)
        assert len(looks) == 5


class TestLatch:
    def test_a_halt_on_file_is_in_force_after_a_start(self) -> None:
        desk = Desk(SPY=500)
        armed(desk).press("a rumour")
        desk.halted = None
        again = armed(desk)
        again.recall()
        assert desk.halted == "manual: a rumour"

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"reason": 1}', "null"])
    def test_a_damaged_file_counts_as_a_halt(self, text: str) -> None:
        desk = Desk()
        desk.files.write(HALT_FILE, text)
        kill = armed(desk)
        kill.recall()
        assert desk.halted == "halt file damaged"

    def test_no_file_no_halt(self) -> None:
        desk = Desk()
        armed(desk).recall()
        assert desk.halted is None

    def test_a_release_forgets_the_file_and_counts_from_here(self) -> None:
        desk = Desk(SPY=500)
        kill = armed(desk)
        slide(desk, kill, 3.2)
        assert desk.halted is not None
        assert kill.release() == "halt reset, trading is resumed"
        assert not desk.files.exists(HALT_FILE)
        run(desk, kill.check, 60)
        assert (desk.halted, kill.wind_down.closing, kill.wind_down.cancelling) == (None, False, False)
        slide(desk, kill, 3.2)
        assert desk.halted is not None, "it is armed again"

    def test_firing_once_is_enough(self) -> None:
        desk = Desk()
        kill = armed(desk)
        for _ in range(3):
            kill.press()
        assert len(desk.pages) == 1
        assert [line for line in desk.logs if "TRIGGERED" in line] == ["KILL SWITCH TRIGGERED: manual: manual"]
