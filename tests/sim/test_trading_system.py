"""The trading system: its flags, what it forgets when it dies, and what it finds when it starts again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.clock import SECOND
from sim.network import BrokerUnreachable, Verdict
from sim.orders import Order, Status
from sim.trading_system import AUDIT_FILE, ORDERS_FILE, POSITIONS_FILE, open_orders_of
from sim.venue import BrokerConfig, Update
from tests.sim.market_kit import ny
from tests.sim.worlds import Firm

REFUSED = Verdict(BrokerUnreachable("connection refused"))
PARTS = BrokerConfig(partial_share=1.0)


class System(Firm):
    """A firm whose trading system can be stopped and started by hand."""

    def __init__(self, hooks: Any = None, **config: Any) -> None:
        super().__init__(hooks, **config)
        self.system, self.disk = self.world.trading, self.world.disk

    def order(self, seconds: float = 3, **fields: Any) -> Order:
        made: list[Order] = []
        given = {"symbol": "SPY", "side": 1, "qty": 10} | fields
        self.soon(lambda: made.append(self.world.orders.create(**given)))
        self.run(seconds)
        return made[0]

    def crash(self) -> None:
        self.soon(lambda: self.world._stop_system("Error"))
        self.run(1)

    def start(self, seconds: float = 2) -> None:
        self.soon(self.world._start_system)
        self.run(seconds)

    def reasons(self) -> list[str]:
        return [event.data["reason"] for event in self.history.of("order.denied")]


class TestFlags:
    """Halt, safe mode and pause: risk stops, exits do not."""

    def test_a_halt_stops_what_adds_risk_and_lets_exits_out(self) -> None:
        firm = System()
        firm.world.book.adopt({"SPY": 50}, None, "test")
        firm.soon(lambda: firm.system.halt("daily loss", by="bot"))
        assert firm.order(side=1).status is Status.REJECTED
        assert firm.order(side=-1).status is Status.FILLED
        assert firm.order(side=-1, qty=500).status is Status.REJECTED, "beyond flat it adds risk"
        assert firm.reasons() == ["halted: daily loss"] * 2

    def test_the_first_reason_stays_and_is_recorded_once(self) -> None:
        firm = System()
        for reason in ("daily loss", "drawdown"):
            firm.soon(lambda reason=reason: firm.system.halt(reason, by="bot"))  # type: ignore[misc]
        firm.run(1)
        assert firm.system.halted == "daily loss"
        assert len(firm.events("system.halted")) == 1

    def test_resuming_lets_orders_go_again_and_twice_is_once(self) -> None:
        firm = System()
        firm.soon(lambda: firm.system.halt("x", by="bot"))
        firm.soon(lambda: firm.system.resume(by="on-call"))
        firm.soon(lambda: firm.system.resume(by="on-call"))
        assert firm.order().status is Status.FILLED
        assert [e.data for e in firm.events("system.resumed")] == [{"by": "on-call"}]

    def test_safe_mode_and_pause_block_new_risk(self) -> None:
        firm = System()
        firm.world.book.adopt({}, None, "test")
        firm.soon(lambda: firm.system.set_safe_mode(True, by="bot"))
        firm.soon(lambda: firm.system.set_safe_mode(True, by="bot"))
        firm.order()
        firm.soon(lambda: firm.system.set_safe_mode(False, by="bot"))
        firm.system.paused = True
        firm.order()
        firm.soon(lambda: firm.system.resume(by="bot"))
        assert firm.order().status is Status.FILLED
        assert firm.reasons() == ["safe mode", "paused"]
        assert [e.data["on"] for e in firm.events("system.safe_mode")] == [True, False]

    def test_nothing_goes_out_without_a_session_exits_included(self) -> None:
        firm = System(lambda desk: {"on_disconnect": lambda reason: None})
        firm.world.book.adopt({"SPY": 50}, None, "test")
        firm.rule(REFUSED)
        firm.run(1)
        firm.order(side=-1)
        assert firm.reasons() == ["no broker session"]

    def test_every_change_is_a_line_of_the_audit_log(self) -> None:
        firm = System()
        firm.soon(lambda: firm.system.halt("daily loss", by="bot"))
        firm.soon(lambda: firm.system.set_safe_mode(True, by="bot"))
        firm.soon(lambda: firm.system.resume(by="on-call"))
        firm.run(1)
        lines = firm.disk.read(AUDIT_FILE).splitlines()
        assert [line.split(",")[1:] for line in lines] == [
            ["halt", "daily loss", "bot"], ["safe_mode", "True", "bot"], ["resume", "", "on-call"],
        ]  # fmt: skip
        assert lines[0].startswith("2026-03-10T14:00:01")
        assert [e.subject for e in firm.events("system.audit")] == ["halt", "safe_mode", "resume"]


class TestRisk:
    """What the system believes of its equity."""

    def test_equity_follows_the_book_and_the_visible_prices(self) -> None:
        firm = System()
        prices = dict(zip(firm.world.market.symbols, firm.world.market.prices(), strict=True))
        assert firm.system.equity() == pytest.approx(firm.world.book.equity(prices))

    def test_the_day_starts_at_local_midnight_from_the_equity_of_then(self) -> None:
        firm = System(start=ny(2026, 3, 10, 15, 59))
        firm.run(10)
        firm.system.refresh_risk()
        assert firm.system.day_start_equity == 1_000_000
        firm.run_to((2026, 3, 11, 0, 0))
        equity = firm.system.refresh_risk()
        assert firm.system.day_start_equity == equity != 1_000_000
        firm.run_to((2026, 3, 11, 10, 0))
        firm.system.refresh_risk()
        assert firm.system.day_start_equity == equity

    def test_the_peak_only_rises_and_not_by_a_price_that_is_wrong(self) -> None:
        firm = System()
        firm.system.peak_equity = 0.0
        firm.run(5)
        peak = firm.system.refresh_risk()
        assert firm.system.peak_equity == peak
        firm.soon(lambda: firm.world.feed.corrupt("spike", None, factor=10.0))
        firm.run(5)
        firm.system.refresh_risk()
        assert firm.system.peak_equity == peak

    def test_slippage_is_measured_from_the_price_at_the_decision(self) -> None:
        firm = System()
        assert firm.system.slippage_bps() == 0.0
        price = firm.world.market.price("SPY")
        order = firm.order(price_hint=price)
        expected = (order.average_price / price - 1) * 1e4
        assert firm.system.slippage_bps() == pytest.approx(expected)
        sold = firm.order(side=-1, price_hint=price)
        assert firm.system.slippage_bps(1) == pytest.approx((1 - sold.average_price / price) * 1e4)


class TestRestart:
    """Memory is lost, files stay."""

    def test_positions_and_open_orders_are_found_again(self) -> None:
        firm = System()
        order = firm.order(kind="limit", limit_price=1.0)
        held = firm.world.book.held()
        firm.crash()
        assert not firm.system.up
        assert firm.world.orders.live() == []
        firm.start()
        assert firm.world.book.held() == held
        (found,) = firm.world.orders.live()
        assert (found.id, found.qty, found.limit_price, found.status) == (order.id, 10, 1.0, Status.ACCEPTED)
        assert firm.system.connection.connected

    def test_a_halt_that_was_only_in_memory_is_gone(self) -> None:
        firm = System()
        firm.soon(lambda: firm.system.halt("daily loss", by="bot"))
        firm.soon(lambda: firm.system.set_safe_mode(True, by="bot"))
        firm.crash()
        firm.start()
        assert (firm.system.halted, firm.system.safe_mode) == (None, False)
        assert firm.order().status is Status.FILLED

    def test_a_halt_that_comes_while_the_process_is_down_reaches_nobody(self) -> None:
        firm = System()
        firm.crash()
        firm.soon(lambda: firm.system.halt("too late", by="on-call"))
        firm.soon(lambda: firm.system.set_safe_mode(True, by="on-call"))
        firm.start()
        assert (firm.system.halted, firm.system.safe_mode) == (None, False)
        assert firm.told("system.halted") == []

    def test_fills_that_came_while_it_was_down_are_heard_after_the_restart(self) -> None:
        firm = System(broker=BrokerConfig(partial_share=0.0, fill_median_us=3 * SECOND))
        firm.order(seconds=0.5)
        firm.crash()
        firm.run(30)
        assert not firm.books_agree()
        firm.start(5)
        assert firm.books_agree()
        assert firm.history.first("link.replayed") is not None

    def test_a_partly_filled_order_is_found_again_with_what_is_left_of_it(self) -> None:
        firm = System()
        order = firm.order(kind="limit", limit_price=1.0)
        firm.soon(lambda: firm.world.orders.handle(Update("fill", order.id, "f1", 4, 590.0, "SPY", 1)))
        firm.crash()
        firm.start()
        (found,) = firm.world.orders.live()
        assert (found.remaining, found.status) == (6, Status.PARTIALLY_FILLED)
        firm.world.orders.handle(Update("fill", order.id, "f2", 6, 590.0, "SPY", 1))
        assert found.status is Status.FILLED

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", '{"cash": 5}', '{"positions": {"SPY": "many"}, "cash": 1}', '{"positions": 3}']
    )
    def test_a_damaged_positions_file_leaves_the_book_empty_and_says_so(self, text: str) -> None:
        firm = System()
        firm.crash()
        firm.disk.write(POSITIONS_FILE, text)
        firm.start()
        assert firm.world.book.held() == {}
        (event,) = firm.events("system.state_damaged")
        assert event.subject == POSITIONS_FILE
        assert firm.system.up

    def test_a_stale_positions_file_is_believed(self) -> None:
        firm = System()
        firm.crash()
        firm.disk.write(POSITIONS_FILE, json.dumps({"cash": 5.0, "positions": {"SPY": 1}}))
        firm.start()
        assert firm.world.book.held() == {"SPY": 1}
        assert firm.world.book.cash == 5.0
        assert not firm.books_agree()

    @pytest.mark.parametrize(
        "text", ["", "[[]]", '[["o1", "SPY"]]', "{}", "7", '[["o1", "SPY", 1, 10, "limit", 1.0, "lost", 0]]']
    )
    def test_a_damaged_orders_file_shows_no_orders(self, text: str) -> None:
        firm = System()
        firm.disk.write(ORDERS_FILE, text)
        assert open_orders_of(firm.disk) == []
        firm.disk.remove(ORDERS_FILE)
        assert open_orders_of(firm.disk) == []

    def test_the_files_show_the_present_while_it_runs_and_freeze_when_it_dies(self) -> None:
        firm = System()
        firm.order()
        assert json.loads(firm.disk.read(POSITIONS_FILE))["positions"] == firm.world.book.held()
        firm.crash()
        firm.run(60)
        assert firm.disk.age_s(POSITIONS_FILE) == pytest.approx(61)
        firm.start()
        assert firm.disk.age_s(POSITIONS_FILE) == 0

    def test_stopping_twice_is_stopping_once(self) -> None:
        firm = System()
        firm.crash()
        firm.soon(lambda: firm.system.stop("again"))
        firm.run(1)
        assert len(firm.events("system.stopped")) == 1


class TestReconnecting:
    """Who opens the session again: the mitigation code if it wants to, else a plain connector."""

    def test_the_plain_connector_tries_every_few_seconds_until_it_succeeds(self) -> None:
        firm = System()
        heal = firm.rule(REFUSED)
        firm.run(60)
        failed = firm.events("link.connect_failed")
        assert 10 <= len(failed) <= 12
        heal()
        firm.run(6)
        assert firm.system.connection.connected

    def test_code_that_takes_over_is_told_and_nobody_else_tries(self) -> None:
        told: list[str] = []
        firm = System(lambda desk: {"on_disconnect": told.append})
        firm.rule(REFUSED)
        firm.run(60)
        assert told == ["connection refused"]
        assert firm.told("link.connect_failed") == []

    def test_after_a_restart_in_an_outage_the_first_try_is_made_for_the_code_and_its_failure_told(self) -> None:
        told: list[str] = []
        firm = System(lambda desk: {"on_disconnect": told.append})
        firm.crash()
        firm.rule(REFUSED)
        firm.start(30)
        assert told == ["connection refused"]
        assert len(firm.events("link.connect_failed")) == 1

    def test_a_system_that_is_down_does_not_connect(self) -> None:
        firm = System()
        firm.rule(REFUSED)
        firm.run(1)
        firm.crash()
        firm.run(60)
        assert len(firm.events("link.connect_failed")) == 0

    def test_updates_that_arrive_for_a_system_that_is_down_are_not_lost(self) -> None:
        firm = System()
        firm.soon(lambda: firm.broker.publish(Update("fill", "o9", "f9", 5, 590.0, "SPY", 1)))
        firm.crash()
        before = firm.world.book.positions["SPY"]
        firm.start()
        assert firm.world.book.positions["SPY"] == before + 5
