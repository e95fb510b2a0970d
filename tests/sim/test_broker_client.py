"""The broker as mitigation code calls it: every answer, every error, and the calls that never come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.actors.hub import Killed
from sim.broker_client import Account
from sim.clock import SECOND
from sim.desk import Desk
from sim.network import (
    BrokerAuthExpired,
    BrokerBadGateway,
    BrokerError,
    BrokerRateLimited,
    BrokerTimeout,
    BrokerUnavailable,
    BrokerUnreachable,
    OrderRejected,
    UnknownOrder,
    Verdict,
)
from sim.orders import Status
from sim.venue import BrokerConfig
from tests.sim.worlds import Firm

WHOLE = BrokerConfig(partial_share=0.0)
CALLS: dict[str, Callable[[Desk, float | None], Any]] = {
    "account": lambda desk, timeout: desk.broker.account(timeout=timeout),
    "positions": lambda desk, timeout: desk.broker.positions(timeout=timeout),
    "orders": lambda desk, timeout: desk.broker.orders(timeout=timeout),
    "order": lambda desk, timeout: desk.broker.order("o1", timeout=timeout),
    "cancel": lambda desk, timeout: desk.broker.cancel("o1", timeout=timeout),
    "cancel_all": lambda desk, timeout: desk.broker.cancel_all(timeout=timeout),
    "replace": lambda desk, timeout: desk.broker.replace("o1", 5, timeout=timeout),
    "connect": lambda desk, timeout: desk.broker.connect(timeout=timeout),
}
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


def firm() -> Firm:
    return Firm(lambda desk: {"on_disconnect": lambda reason: None}, broker=WHOLE)


def rest(desk: Desk, name: str = "o1") -> Any:
    return desk.broker.submit("SPY", "buy", 10, kind="limit", limit_price=1.0, order_id=name)


class TestAnswers:
    """Nothing is wrong: calls take a moment and tell the truth."""

    def test_account_positions_and_orders(self) -> None:
        world = firm()
        account = world.ask(lambda desk: desk.broker.account(), 2)
        assert isinstance(account.value, Account)
        assert account.value.cash == world.world.ledger.cash
        assert 0 < account.took_us < SECOND
        assert world.ask(lambda desk: desk.broker.positions(), 2).value == world.world.ledger.positions()
        assert world.ask(lambda desk: desk.broker.orders(), 2).value == []

    def test_an_order_is_sent_at_once_and_seen_later_as_it_was_at_the_moment_of_the_call(self) -> None:
        world = firm()
        sent = world.ask(rest, 2)
        assert sent.took_us == 0, "sending does not wait"
        seen = world.ask(lambda desk: desk.broker.order("o1"), 2).value
        assert (seen.status, seen.live, seen.source, seen.kind, seen.limit_price) == (
            "accepted", True, "mitigation", "limit", 1.0,
        )  # fmt: skip
        world.ask(lambda desk: desk.broker.cancel("o1"), 2)
        assert seen.status == "accepted", "a view does not change"
        assert [o.status for o in world.ask(lambda desk: desk.broker.orders("all"), 2).value] == ["canceled"]
        assert world.ask(lambda desk: desk.broker.orders("open"), 2).value == []
        assert sent.value.status is Status.CANCELED
        assert world.told("code.cancelled") == ["code.cancelled trading-system"]

    def test_sides_by_word_and_by_sign(self) -> None:
        world = firm()
        sent = [world.ask(lambda desk, s=s: desk.broker.submit("SPY", s, 1), 2).value for s in ("buy", 1, "sell", -1)]  # type: ignore[misc]
        assert [order.side for order in sent] == [1, 1, -1, -1]

    def test_cancel_all_answers_what_was_cancelled(self) -> None:
        world = firm()
        for name in ("a", "b"):
            world.ask(lambda desk, name=name: rest(desk, name), 2)  # type: ignore[misc]
        assert world.ask(lambda desk: desk.broker.cancel_all(), 2).value == ["a", "b"]

    def test_a_replaced_order_is_known_to_the_firm_and_its_fill_reaches_the_code(self) -> None:
        world = Firm(broker=WHOLE)
        fills: list[Any] = []
        world.bot.hooks.single["on_fill"] = fills.append  # type: ignore[union-attr]
        world.ask(rest, 2)
        new = world.ask(lambda desk: desk.broker.replace("o1", 12, limit_price=2.0), 2).value
        assert (new.id, new.qty, new.limit_price, new.status) == ("o1-r", 12, 2.0, "accepted")
        assert [order.id for order in world.desk.orders] == ["o1-r"]
        world.soon(lambda: world.world.market.shock(None, 0.001))
        world.soon(world.broker.reprice)
        world.run(5)
        assert [(fill.order.id, fill.qty) for fill in fills] == [("o1-r", 12)]
        assert world.desk.orders == []

    def test_a_replacement_whose_answer_was_lost_is_in_force_all_the_same(self) -> None:
        world = firm()
        world.ask(rest, 2)
        world.rule(Verdict(lose_reply=True), "replace")
        assert isinstance(world.ask(lambda desk: desk.broker.replace("o1", 12)).error, TimeoutError)
        assert [order.id for order in world.broker.working()] == ["o1-r"]
        assert world.desk.orders == [], "the firm must ask the broker to learn of it"

    def test_what_the_calendar_says(self) -> None:
        world = firm()
        assert world.ask(lambda desk: desk.broker.is_market_open(), 1).value is True
        world.run_to((2026, 3, 10, 16, 0))
        assert world.ask(lambda desk: desk.broker.is_market_open(), 1).value is False


class TestMisuse:
    """The caller's own mistakes are told on the spot, by the name of the argument."""

    @pytest.mark.parametrize(
        ("call", "word"),
        [
            (lambda desk: desk.broker.submit("SPY", "long", 5), "side"),
            (lambda desk: desk.broker.submit("SPY", 2, 5), "side"),
            (lambda desk: desk.broker.submit("SPY", "buy", 2.5), "qty"),
            (lambda desk: desk.broker.submit("SPY", "buy", float("nan")), "qty"),
            (lambda desk: desk.broker.submit("SPY", "buy", "5"), "qty"),
            (lambda desk: desk.broker.submit("SPY", "buy", 5, kind="stop"), "kind"),
            (lambda desk: desk.broker.submit("SPY", "buy", 5, kind="limit", limit_price=float("inf")), "limit_price"),
            (lambda desk: desk.broker.submit("SPY", "buy", 5, kind="limit", limit_price=float("nan")), "limit_price"),
            (lambda desk: desk.broker.orders("closed"), "status"),
            (lambda desk: desk.broker.positions(timeout=-1), "timeout"),
            (lambda desk: desk.broker.positions(timeout="5"), "timeout"),
            (lambda desk: desk.broker.replace("o1", 2.5), "qty"),
            (lambda desk: desk.sleep(-1), "sleep"),
        ],
    )
    def test_by_name(self, call: Callable[[Desk], Any], word: str) -> None:
        answer = firm().ask(call, 20)
        assert isinstance(answer.error, ValueError)
        assert word in str(answer.error)
        assert answer.took_us == 0

    def test_numbers_of_numpy_become_plain_ones_before_they_are_recorded(self) -> None:
        world = firm()
        answer = world.ask(
            lambda desk: desk.broker.submit(
                "SPY", np.int64(1), np.int64(5), kind="limit", limit_price=np.float64(1.0), price_hint=np.float32(2.0)
            )
        )
        (event,) = world.events("order.sent")
        assert {type(value) for value in event.data.values()} <= {int, float, str, bool, type(None)}
        assert type(answer.value.limit_price) is float
        assert world.ask(lambda desk: desk.broker.submit("SPY", "buy", 5.0), 3).value.qty == 5


class TestRefused:
    """The broker, or something in its place, answers with an error."""

    @EVERY_CALL
    def test_a_refused_connection_is_an_error_at_once(self, call: Callable[[Desk, float | None], Any]) -> None:
        world = firm()
        world.rule(Verdict(BrokerUnreachable("connection refused")))
        answer = world.ask(lambda desk: call(desk, 10))
        assert isinstance(answer.error, ConnectionError)
        assert answer.took_us < SECOND

    @pytest.mark.parametrize(
        ("verdict", "status", "kind"),
        [
            (BrokerUnavailable("HTTP 500", 500), 500, BrokerUnavailable),
            (BrokerBadGateway("<html>502</html>"), 502, BrokerBadGateway),
            (BrokerRateLimited("slow down"), 429, BrokerRateLimited),
        ],
    )
    def test_http_errors_carry_their_status(self, verdict: BrokerError, status: int, kind: type[BrokerError]) -> None:
        world = firm()
        world.rule(Verdict(verdict))
        answer = world.ask(lambda desk: desk.broker.positions())
        assert isinstance(answer.error, kind)
        assert answer.error.status == status

    @EVERY_CALL
    def test_an_expired_authorisation_is_a_401_until_a_login(self, call: Callable[[Desk, float | None], Any]) -> None:
        world = firm()
        world.ask(rest, 2)
        world.soon(lambda: world.broker.expire_auth(needs_renewal=True))
        answer = world.ask(lambda desk: call(desk, 10))
        assert isinstance(answer.error, PermissionError)
        assert isinstance(answer.error, BrokerAuthExpired)
        world.broker.renew_credentials()
        assert world.ask(lambda desk: desk.broker.connect()).error is None
        assert world.ask(lambda desk: call(desk, 10)).error is None

    def test_beyond_the_rate_limit(self) -> None:
        world = Firm(broker=BrokerConfig(rate_limit_per_min=2))
        answer = world.ask(lambda desk: [desk.broker.positions() for _ in range(3)])
        assert isinstance(answer.error, BrokerRateLimited)

    def test_orders_that_are_not_there_or_done(self) -> None:
        world = firm()
        assert isinstance(world.ask(lambda desk: desk.broker.order("no")).error, UnknownOrder)
        assert isinstance(world.ask(lambda desk: desk.broker.cancel("no")).error, LookupError)
        world.ask(lambda desk: desk.broker.submit("SPY", "buy", 5, order_id="done"), 5)
        late = world.ask(lambda desk: desk.broker.cancel("done"))
        assert isinstance(late.error, OrderRejected)
        assert isinstance(late.error, ValueError)

    def test_an_empty_list_in_the_place_of_orders_means_not_found_for_a_single_one(self) -> None:
        world = firm()
        world.ask(rest, 2)
        world.rule(Verdict(answer=list), "orders")
        assert world.ask(lambda desk: desk.broker.orders()).value == []
        assert isinstance(world.ask(lambda desk: desk.broker.order("o1")).error, UnknownOrder)

    def test_an_empty_answer_of_positions_looks_flat(self) -> None:
        world = firm()
        world.rule(Verdict(answer=dict), "positions")
        assert world.ask(lambda desk: desk.broker.positions()).value == {}

    def test_one_endpoint_down_leaves_the_others_alone(self) -> None:
        world = firm()
        world.rule(Verdict(BrokerUnavailable("HTTP 503")), "positions")
        assert world.ask(lambda desk: desk.broker.positions()).error is not None
        assert world.ask(lambda desk: desk.broker.account()).error is None


class TestSilence:
    """No answer: with a timeout an error, without one the end of that thread."""

    @EVERY_CALL
    def test_a_black_hole_with_a_timeout(self, call: Callable[[Desk, float | None], Any]) -> None:
        world = firm()
        world.rule(Verdict(hang=True))
        answer = world.ask(lambda desk: call(desk, 4))
        assert isinstance(answer.error, TimeoutError)
        assert answer.took_us == 4 * SECOND

    def test_the_timeout_when_none_is_given_is_ten_seconds(self) -> None:
        world = firm()
        world.rule(Verdict(hang=True))
        assert world.ask(lambda desk: desk.broker.positions()).took_us == 10 * SECOND

    @EVERY_CALL
    def test_a_black_hole_without_a_timeout_hangs_for_ever_and_is_written_down(
        self, call: Callable[[Desk, float | None], Any]
    ) -> None:
        world = firm()
        heal = world.rule(Verdict(hang=True))
        answer = world.call(lambda desk: call(desk, None))
        world.run(299)
        assert world.told("code.hang") == []
        world.run(2)
        (hang,) = world.events("code.hang")
        assert hang.data["waited_s"] == 300
        assert hang.data["at"].startswith("test_broker_client.py:")
        heal()
        world.run(600)
        assert not answer.came, "healing does not bring the lost answer back"

    def test_a_slow_answer_without_a_timeout_is_no_hang(self) -> None:
        world = firm()
        world.rule(Verdict(delay_us=60 * SECOND))
        answer = world.ask(lambda desk: desk.broker.positions(timeout=None), 400)
        assert answer.value == world.world.ledger.positions()
        assert world.told("code.hang") == []

    def test_a_reply_that_comes_after_the_timeout_is_lost_and_the_request_was_executed(self) -> None:
        world = firm()
        world.ask(rest, 2)
        world.rule(Verdict(delay_us=20 * SECOND), "cancel")
        answer = world.ask(lambda desk: desk.broker.cancel("o1", timeout=5))
        assert isinstance(answer.error, BrokerTimeout)
        assert world.broker.orders["o1"].status is Status.CANCELED

    def test_the_answer_to_the_next_call_is_not_that_of_the_one_before(self) -> None:
        world = firm()
        heal = world.rule(Verdict(delay_us=8 * SECOND))

        def twice(desk: Desk) -> Any:
            try:
                desk.broker.positions(timeout=2)
            except TimeoutError:
                heal()
            return desk.broker.account(timeout=30)

        assert isinstance(world.ask(twice).value, Account)


class TestDeath:
    """The process that waits is killed."""

    @pytest.mark.parametrize(
        "verdict", [Verdict(hang=True), Verdict(delay_us=2 * SECOND), Verdict(BrokerUnavailable("HTTP 503"))]
    )
    def test_nothing_comes_of_a_call_whose_process_died_meanwhile(self, verdict: Verdict) -> None:
        world = firm()
        world.rule(verdict)
        answer = world.call(lambda desk: desk.broker.positions(timeout=5))
        world.after(0.001, world.bot.kill)
        world.run(60)
        assert answer.value is None
        assert isinstance(answer.error, Killed)
        assert answer.took_us == 1000
        assert world.told("code.error") == []

    def test_a_dead_process_sends_no_orders(self) -> None:
        world = firm()
        desk = world.desk
        world.soon(world.bot.kill)
        world.run(1)
        for call in (lambda: rest(desk), desk.broker.positions, lambda: desk.halt("x"), lambda: desk.log("x")):
            with pytest.raises(Killed):
                call()
        assert world.told("order.sent", "code.log", "system.halted") == []

    def test_a_hang_of_a_dead_process_is_not_told(self) -> None:
        world = firm()
        world.rule(Verdict(hang=True))
        world.call(lambda desk: desk.broker.positions(timeout=None))
        world.after(60, world.bot.kill)
        world.run(400)
        assert world.told("code.hang") == []


class TestSession:
    """What this side knows of the session."""

    def test_connecting_again_after_a_refusal(self) -> None:
        world = firm()
        heal = world.rule(Verdict(BrokerUnreachable("refused")))
        world.run(1)
        assert not world.desk.broker.connected
        assert isinstance(world.ask(lambda desk: desk.broker.connect()).error, BrokerUnreachable)
        heal()
        assert world.ask(lambda desk: desk.broker.connect()).error is None
        assert world.desk.broker.connected

    def test_the_age_of_the_heartbeat_tells_of_a_half_open_session(self) -> None:
        world = firm()
        world.rule(Verdict(hang=True), "stream")
        world.run(25)
        assert world.desk.broker.connected
        assert world.desk.broker.heartbeat_age_s == pytest.approx(25, abs=1)

    def test_orders_are_denied_without_a_session(self) -> None:
        world = firm()
        world.rule(Verdict(BrokerUnreachable("refused")))
        world.run(1)
        order = world.ask(rest).value
        assert order.status is Status.REJECTED
        (denied,) = world.events("order.denied")
        assert denied.data["reason"] == "no broker session"
