"""The desk: what mitigation code sees and does, in the system's own process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.clock import SECOND
from sim.desk import Desk
from sim.network import BrokerUnavailable, Verdict
from sim.orders import Status
from sim.venue import BrokerConfig
from tests.sim.market_kit import ny
from tests.sim.worlds import Firm

WHOLE = BrokerConfig(partial_share=0.0)


def firm(**config: Any) -> Firm:
    return Firm(**({"broker": WHOLE} | config))


class TestTime:
    """The wall clock of the firm."""

    def test_the_desks_clock_starts_with_the_run_in_the_firms_zone(self) -> None:
        desk = firm().desk
        assert desk.now == 1.0
        assert desk.time.isoformat() == "2026-03-10T10:00:01-04:00"

    def test_sleeping_is_waiting_in_virtual_time(self) -> None:
        world = firm()
        answer = world.ask(lambda desk: (desk.sleep(2.5), desk.sleep(0), desk.now)[2])
        assert answer.value == 3.5
        assert answer.took_us == 2.5 * SECOND


class TestData:
    """Prices and bars as they arrive, right or wrong."""

    def test_symbols_prices_and_bars(self) -> None:
        world = firm()
        desk = world.desk
        assert desk.symbols == ("SPY", "QQQ", "AAPL", "MSFT", "IWM")
        world.run(125)
        assert desk.price("SPY") == world.world.market.price("SPY")
        assert desk.price_age("SPY") == 0.0
        assert [bar.minutes for bar in desk.bars("SPY")] == [1, 1]
        assert desk.bars("SPY", n=1)[0] == desk.bars("SPY")[-1]

    def test_an_unknown_symbol_is_an_error_on_the_line_that_asked(self) -> None:
        world = Firm(lambda desk: {"every": {1: lambda: desk.price("SPX")}})
        world.run(1)
        assert {e.data["error"] for e in world.events("code.error")} == {"KeyError: 'SPX'"}
        assert all(e.data["at"].startswith("test_desk.py:") for e in world.events("code.error"))

    def test_a_gap_in_the_feed_makes_prices_old(self) -> None:
        world = firm()
        world.soon(lambda: world.world.feed.corrupt("gap", ["SPY"]))
        world.run(60)
        assert world.desk.price_age("SPY") == pytest.approx(60, abs=1)
        assert world.desk.price_age("QQQ") == 0.0

    def test_the_session(self) -> None:
        world = firm(start=ny(2026, 3, 10, 9, 29, 50))
        desk = world.desk
        assert not desk.market_open
        assert desk.seconds_since_open is None
        world.run(14)
        assert desk.market_open
        assert desk.seconds_since_open == 5.0


class TestRisk:
    """Figures by the system's own book."""

    def test_figures_follow_the_book(self) -> None:
        world = firm()
        desk, system = world.desk, world.world.trading
        figures = desk.figures
        assert figures.equity == pytest.approx(system.equity())
        assert figures.daily_loss_pct == pytest.approx(100 * (1 - figures.equity / 1_000_000))
        world.soon(lambda: world.world.market.shock(None, 0.5))
        world.run(5)
        after = desk.figures
        held = world.world.ledger.positions()
        loss = sum(q * world.world.market.price(s) for s, q in held.items())
        assert after.equity == pytest.approx(figures.equity - loss, rel=0.01)
        assert after.drawdown_pct == pytest.approx(100 * (1 - after.equity / after.peak_equity))

    def test_the_firms_limits_cannot_be_changed_by_the_code_they_bind(self) -> None:
        desk = firm().desk
        assert desk.limits["daily_loss_pct"] == 3.0
        with pytest.raises(TypeError):
            desk.limits["daily_loss_pct"] = 99.0  # type: ignore[index]

    def test_what_the_code_is_given_is_a_copy(self) -> None:
        world = firm()
        world.desk.positions.clear()
        world.desk.orders.append("x")  # type: ignore[arg-type]
        assert world.desk.positions == world.world.book.held() != {}
        assert world.desk.orders == []

    def test_equity_at_given_prices(self) -> None:
        world = firm()
        prices = dict.fromkeys(world.desk.symbols, 100.0)
        assert world.desk.equity_at(prices) == pytest.approx(world.world.book.equity(prices))

    def test_order_errors_and_slippage(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.broker.submit("SPY", "buy", 1_000_000))
        price = world.desk.price("SPY") or 0.0
        world.ask(lambda desk: desk.broker.submit("SPY", "buy", 1, price_hint=price), 5)
        assert world.desk.order_error_rate(600) == 0.5
        assert world.desk.orders_sent(600) == 2
        assert world.desk.orders_sent(30) == 1
        assert world.desk.slippage_bps() != 0.0


class TestReconciling:
    """Taking the broker's word."""

    def test_adopted_positions_are_the_book_and_leave_equity_as_it_was(self) -> None:
        world = firm()
        world.soon(lambda: world.broker.trade_by_hand("SPY", 1, 100, world.world.market.price("SPY")))
        world.run(1)
        assert not world.books_agree()
        before = world.desk.figures.equity
        world.ask(lambda desk: desk.adopt_positions(desk.broker.positions(), "reconciled"))
        assert world.books_agree()
        assert world.desk.figures.equity == pytest.approx(before, rel=0.002), "the difference was traded at the market"
        assert {e.data["why"] for e in world.events("book.position")} == {"reconciled"}

    def test_with_the_brokers_cash_the_book_is_the_account(self) -> None:
        world = firm()
        world.soon(lambda: world.broker.trade_by_hand("SPY", 1, 100, 1.0))

        def reconcile(desk: Desk) -> None:
            desk.adopt_positions(desk.broker.positions(), "reconciled", cash=desk.broker.account().cash)

        world.ask(reconcile)
        assert world.world.book.cash == world.world.ledger.cash

    @pytest.mark.parametrize("kind", ["nan", "zero", "negative"])
    def test_a_price_that_is_none_does_not_poison_the_cash(self, kind: str) -> None:
        world = firm()
        world.soon(lambda: world.broker.trade_by_hand("SPY", 1, 100, 590.0))
        world.soon(lambda: world.world.feed.corrupt(kind, ["SPY"]))
        world.run(5)
        cash = world.world.book.cash
        world.ask(lambda desk: desk.adopt_positions(desk.broker.positions()))
        assert world.books_agree()
        assert world.world.book.cash == pytest.approx(cash, abs=1)

    def test_the_brokers_word_on_an_order_of_unknown_fate(self) -> None:
        world = firm()
        heal = world.rule(Verdict(lose_reply=True), "submit")
        sent = []
        for name in ("there", "cancelled"):
            order = {"kind": "limit", "limit_price": 1.0, "order_id": name}
            sent.append(world.ask(lambda desk, order=order: desk.broker.submit("SPY", 1, 5, **order), 8))  # type: ignore[misc]
        heal()
        world.ask(lambda desk: desk.broker.cancel("cancelled"))
        assert [answer.value.status for answer in sent] == [Status.PENDING_NEW, Status.CANCELED]
        world.ask(lambda desk: desk.settle("there", desk.broker.order("there")))
        assert sent[0].value.status is Status.ACCEPTED

    def test_an_order_that_the_broker_does_not_have_was_never_live(self) -> None:
        world = firm()
        heal = world.rule(Verdict(hang=True), "submit")
        answer = world.ask(lambda desk: desk.broker.submit("SPY", 1, 5), 8)
        heal()
        world.ask(lambda desk: desk.settle(answer.value.id, None))
        assert answer.value.status is Status.REJECTED
        assert world.desk.orders == []


class TestControl:
    """Halting, cancelling, closing."""

    def test_halting_and_releasing(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.halt("daily loss"))
        assert world.desk.halted == "daily loss"
        world.ask(lambda desk: desk.resume())
        assert world.desk.halted is None
        assert [e.data["by"] for e in world.events("system.halted", "system.resumed")] == ["trading-system"] * 2

    def test_safe_mode(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.set_safe_mode(True))
        assert world.desk.safe_mode
        world.ask(lambda desk: desk.set_safe_mode(False))
        assert not world.desk.safe_mode

    def rest(self, world: Firm, name: str) -> Any:
        submit = lambda desk: desk.broker.submit("SPY", 1, 5, kind="limit", limit_price=1.0, order_id=name)  # noqa: E731
        return world.ask(submit, 2).value

    def test_one_order_is_cancelled_by_itself_or_by_its_id(self) -> None:
        world = firm()
        a, b = self.rest(world, "a"), self.rest(world, "b")
        world.ask(lambda desk: (desk.cancel(a), desk.cancel("b"), desk.cancel("never"), desk.cancel(a)))
        assert (a.status, b.status) == (Status.CANCELED, Status.CANCELED)

    def test_cancel_all_asks_for_every_order_and_says_which(self) -> None:
        world = firm()
        orders = [self.rest(world, name) for name in ("a", "b")]
        assert world.ask(lambda desk: desk.cancel_all()).value == orders
        assert list(world.broker.working()) == []

    def test_flatten_sends_closing_orders_and_sent_is_not_filled(self) -> None:
        world = firm()
        answer = world.ask(lambda desk: (desk.flatten(), desk.positions), 10)
        sent, positions_then = answer.value
        assert len(sent) == 5
        assert positions_then != {}
        assert world.world.ledger.positions() == {}
        assert all(order.reducing for order in sent)

    def test_one_symbol_only(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.flatten("SPY"), 10)
        assert "SPY" not in world.world.ledger.positions()
        assert len(world.world.ledger.positions()) == 4

    def test_flattening_under_a_halt_works_and_in_an_outage_of_submissions_does_not(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.halt("loss"))
        heal = world.rule(Verdict(BrokerUnavailable("HTTP 503")), "submit")
        sent = world.ask(lambda desk: desk.flatten(), 10).value
        assert {order.status for order in sent} == {Status.REJECTED}
        assert len(world.world.ledger.positions()) == 5
        heal()
        world.ask(lambda desk: desk.flatten(), 10)
        assert world.world.ledger.positions() == {}


class TestFiles:
    """The state directory."""

    def test_files_are_the_firms_and_keep_their_age(self) -> None:
        world = firm()
        files = world.desk.files
        files.write("state/halt.json", "{}")
        files.append("logs/x", "one")
        world.run(30)
        assert files.read("state/halt.json") == world.world.disk.read("state/halt.json") == "{}"
        assert files.age("state/halt.json") == 30.0
        assert files.exists("logs/x")
        files.remove("logs/x")
        assert not files.exists("logs/x")
        assert files.age("logs/x") is None
        with pytest.raises(FileNotFoundError):
            files.read("logs/x")

    def test_the_systems_own_state_can_be_read(self) -> None:
        world = firm()
        saved = json.loads(world.desk.files.read("state/positions.json"))
        assert saved["positions"] == world.desk.positions


class TestSaying:
    """Log lines are facts; what they claim is compared."""

    def test_a_log_line_carries_its_level_and_the_line_of_code_that_wrote_it(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.log("kill switch armed", level="warning"))
        (line,) = world.events("code.log")
        assert line.data["level"] == "warning"
        assert line.data["at"].startswith("test_desk.py:")
        assert world.told("code.claim") == []

    def test_anything_can_be_logged(self) -> None:
        world = firm()
        world.ask(lambda desk: desk.log({"not": "text"}))  # type: ignore[arg-type]
        (line,) = world.events("code.log")
        assert line.data["message"] == "{'not': 'text'}"
