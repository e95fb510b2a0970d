"""The bot as a whole: which orders it lets through, and what an operator's command does from outside."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from drills.reference.bot import Bot, build
from drills.reference.kill_switch import HALT_FILE, RISK_FILE
from sim.claims import claims_in
from tests.drills.reference.desks import Desk, bar, order, run, tick


def bot(desk: Desk) -> Bot:
    """A bot that has seen a good price of everything."""
    made = build(desk)
    for symbol, price in desk.prices.items():
        made.on_tick(tick(symbol, price))
    return made


ENTRY = order("entry")
EXIT = order("exit", side=-1, reducing=True)
OUR_EXIT = order("close", side=-1, reducing=True, source="mitigation")


class TestGate:
    def test_in_ordinary_times_all_may_go(self) -> None:
        made = bot(Desk(SPY=100))
        assert [made.on_order(each) for each in (ENTRY, EXIT, OUR_EXIT)] == [True, True, True]

    def test_under_a_halt_only_exits_go(self) -> None:
        made = bot(Desk(SPY=100))
        made.kill.press("a rumour")
        assert made.on_order(ENTRY) == "kill switch: manual: a rumour"
        assert made.on_order(EXIT) is True
        assert made.on_order(OUR_EXIT) is True

    def test_on_bad_data_strategies_do_nothing_and_the_way_out_stays_open(self) -> None:
        made = bot(Desk(SPY=100))
        made.on_bar(bar("SPY", close=float("nan")))
        assert str(made.on_order(ENTRY)).startswith("data guard: ")
        assert str(made.on_order(EXIT)).startswith("data guard: ")
        assert made.on_order(OUR_EXIT) is True
        assert made.on_order(order("other", symbol="AAPL")) is True

    def test_while_positions_are_in_doubt_nothing_is_added(self) -> None:
        desk = Desk(SPY=100)
        made = bot(desk)
        desk.broker.fail(None, "positions")
        made.reconciler.check()
        assert str(made.on_order(ENTRY)).startswith("positions not confirmed: ")
        assert made.on_order(EXIT) is True


class TestStart:
    def test_a_first_start_of_the_day_is_no_news(self) -> None:
        desk = Desk(SPY=100)
        build(desk)
        assert desk.pages == []

    def test_a_restart_during_the_day_is(self) -> None:
        desk = Desk(SPY=100)
        run(desk, bot(desk).step, 2)
        build(desk)
        assert desk.pages == ["the trading system has restarted during the day"]
        desk.pages.clear()
        desk.now += 24 * 3600
        build(desk)
        assert desk.pages == []

    def test_a_restart_closes_nothing_by_itself(self) -> None:
        desk = Desk(SPY=100)
        run(desk, bot(desk).step, 2)
        again = bot(desk)
        run(desk, again.step, 60)
        assert desk.broker.sent == []
        assert desk.positions == {"SPY": 100}

    def test_a_halt_with_closing_is_gone_on_with_after_a_restart(self) -> None:
        desk = Desk(SPY=100)
        desk.files.write(HALT_FILE, json.dumps({"reason": "daily loss 3.0 %", "flatten": True}))
        desk.broker.fills_at_once = True
        run(desk, bot(desk).step, 30)
        assert desk.halted == "daily loss 3.0 %"
        assert desk.broker.sent == [("SPY", -1, 100)]

    def test_a_command_that_is_started_halts_and_pages_nobody(self) -> None:
        desk = Desk(SPY=100)
        desk.in_system = False
        desk.files.write(HALT_FILE, json.dumps({"reason": "loss", "flatten": True}))
        desk.files.write(RISK_FILE, json.dumps({"day": "2026-03-10", "start": 1.0, "peak": 1.0}))
        build(desk)
        assert (desk.halted, desk.pages, desk.broker.calls) == (None, [], [])


class TestCommands:
    def from_outside(self, desk: Desk) -> Bot:
        desk.in_system = False
        return build(desk)

    def test_a_reset_reaches_the_running_bot(self) -> None:
        desk = Desk(SPY=100)
        running = bot(desk)
        running.kill.press()
        desk.answers["reset"] = running.kill.release
        assert self.from_outside(desk).commands["reset"]() == "halt reset, trading is resumed"
        assert running.on_order(ENTRY) is True
        assert desk.halted is None

    def test_a_reset_while_the_bot_is_down_says_what_it_did(self) -> None:
        desk = Desk(SPY=100)
        desk.files.write(HALT_FILE, json.dumps({"reason": "loss", "flatten": False}))
        said = self.from_outside(desk).commands["reset"]()
        assert said == "the bot is down: the halt file is removed, the next start trades"
        assert not desk.files.exists(HALT_FILE)

    def test_a_flatten_while_the_bot_is_down_goes_straight_to_the_broker_and_latches(self) -> None:
        desk = Desk(SPY=100, AAPL=-7)
        said = self.from_outside(desk).commands["flatten"]()
        assert desk.broker.sent == [("SPY", -1, 100), ("AAPL", 1, 7)]
        assert json.loads(desk.files.read(HALT_FILE))["flatten"] is True
        assert "sent" in said
        assert "closed" not in said, "it claims no more than it knows"

    def test_a_flatten_while_neither_answers_fails_and_latches_for_the_next_start(self) -> None:
        desk = Desk(SPY=100)
        desk.broker.fail()
        assert self.from_outside(desk).commands["flatten"]() is False
        assert desk.logs == [
            "closing every position straight at the broker, the bot is down",
            "neither bot nor broker answer, closing begins at the next start: connection refused",
        ]
        halt = json.loads(desk.files.read(HALT_FILE))
        assert halt == {"reason": "closing was asked for from outside", "flatten": True}
        assert not claims_in(halt["reason"]), "a reason must not read as a report"

    @pytest.mark.parametrize(
        ("halted", "connected", "expected"),
        [
            (False, True, "running, session up, book {'SPY': 100}"),
            (True, False, "halted (manual: manual), session down, book {'SPY': 100}"),
        ],
    )
    def test_the_status_is_one_line(self, halted: bool, connected: bool, expected: str) -> None:
        desk = Desk(SPY=100)
        made = bot(desk)
        if halted:
            made.kill.press()
        desk.broker.connected = connected
        assert made.status() == expected

    def test_the_status_from_outside_is_that_of_the_running_bot(self) -> None:
        desk = Desk(SPY=100)
        desk.answers["status"] = lambda: "running"
        assert self.from_outside(desk).status() == "running"


def test_every_second_the_bot_looks_winds_down_and_reconnects() -> None:
    desk = Desk(SPY=100)
    made = bot(desk)
    desk.broker.connected = False
    made.on_disconnect("reset by peer")
    run(desk, made.step, 5)
    assert desk.broker.connected
    assert "reconnected after 1 attempts" in desk.logs


def test_the_endpoints_are_those_that_a_runbook_asks_for() -> None:
    made = bot(Desk(SPY=100))
    assert set(made.endpoints) == {"halt", "reset", "flatten", "status", "reconcile", "reconnect"}
    assert made.endpoints["halt"]() == "trading is halted: manual: manual"
    assert made.endpoints["flatten"]() == "closing has begun"
    assert made.kill.closing
    assert made.endpoints["reconcile"]() is True
    assert made.endpoints["reconnect"]() == "session is up"


def test_a_tick_that_is_none_is_told_from_one_that_moves() -> None:
    made = bot(Desk(SPY=100))
    made.on_tick(SimpleNamespace(symbol="SPY", price=6000.0))
    assert made.guard.good_price("SPY") == 600.0
