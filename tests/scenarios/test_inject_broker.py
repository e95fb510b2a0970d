"""Faults of the broker and the path to it, as the code at the desk meets them."""

from __future__ import annotations

from typing import Any

import pytest

from sim.clock import MINUTE, SECOND
from sim.desk import Desk
from sim.network import BrokerBadGateway, BrokerRateLimited, BrokerUnavailable
from tests.scenarios.incidents import STILL, Incident, Struck


def positions(desk: Desk) -> Any:
    return desk.broker.positions(timeout=5)


class TestSession:
    """The link as a whole: refused, silent, half-open, expired, flapping, slow."""

    def test_refused_cuts_the_session_and_every_call_until_it_is_healed_and_reconnects_nobody(self) -> None:
        struck = Struck("broker_refused", **{"for": "5m"}).run_to(2)
        assert not struck.world.connection.connected
        assert isinstance(struck.ask(positions), ConnectionError)
        struck.run_to(7)
        assert struck.ask(positions) == struck.world.ledger.positions()
        assert not struck.world.connection.connected
        struck.ask(lambda desk: desk.broker.connect())
        assert struck.world.connection.connected

    def test_a_black_hole_swallows_calls_and_the_heartbeat_finds_it_out(self) -> None:
        struck = Struck("broker_black_hole", **{"for": "10m"}).run_to(1.4)
        assert struck.world.connection.connected
        assert isinstance(struck.ask(positions), TimeoutError)
        struck.run_to(2)
        assert not struck.world.connection.connected
        assert struck.ask(lambda desk: desk.broker.positions(timeout=None), seconds=400) is None
        assert len(struck.events("code.hang")) == 1

    def test_a_half_open_session_stays_dead_after_the_heal_and_a_new_one_works(self) -> None:
        struck = Struck("broker_half_open", **{"for": "10s"}).run_to(1.3)
        assert struck.ask(positions) == struck.world.ledger.positions(), "healed for new requests"
        struck.world.run(struck.world.env.now + 20 * SECOND)
        assert [e.data["reason"] for e in struck.events("link.lost")] == ["no heartbeat for 30 s"]
        assert struck.ask(lambda desk: desk.broker.connect()) is None
        order = struck.order()
        assert order.status == "filled", "the new session's stream is heard"
        assert len(struck.events("link.lost")) == 1

    @pytest.mark.parametrize("needs_renewal", [True, False])
    def test_an_expired_authorisation_needs_a_login_and_perhaps_new_credentials(self, needs_renewal: bool) -> None:
        struck = Struck("broker_auth_expired", needs_renewal=needs_renewal, **{"for": "10m"}).run_to(2)
        assert isinstance(struck.ask(positions), PermissionError)
        error = struck.ask(lambda desk: desk.broker.connect())
        assert isinstance(error, PermissionError) if needs_renewal else error is None
        struck.run_to(12)
        assert struck.ask(lambda desk: desk.broker.connect()) is None
        assert struck.ask(positions) == struck.world.ledger.positions()

    def test_flapping_takes_the_session_down_again_and_again_until_it_is_healed(self) -> None:
        struck = Struck("broker_flapping", up="20s", down="10s", **{"for": "5m"})
        for minute in (1.1, 1.6, 2.1):  # in the down phase of each cycle
            assert isinstance(struck.run_to(minute).ask(positions, 3), ConnectionError)
            struck.world.run(struck.world.env.now + 6 * SECOND)
            assert struck.ask(lambda desk: desk.broker.connect(), 3) is None
        struck.run_to(7)
        struck.ask(lambda desk: desk.broker.connect())
        struck.run_to(30)
        assert struck.world.connection.connected

    def test_healed_while_it_is_down_the_link_comes_up_at_once_and_stays_up(self) -> None:
        struck = Struck("broker_flapping", up="20s", down="2m", **{"for": "2m20s"})
        struck.run_to(3.4)
        assert struck.ask(positions) == struck.world.ledger.positions()
        struck.run_to(20)
        assert struck.world.link.verdict("positions").error is None

    def test_a_slow_broker_answers_late_and_its_acknowledgements_too_late(self) -> None:
        struck = Struck("broker_slow", latency_ms=8_000.0, **{"for": "5m"}).run_to(2)
        assert struck.ask(lambda desk: desk.broker.positions(timeout=20), 30) == struck.world.ledger.positions()
        assert isinstance(struck.ask(positions), TimeoutError)
        order = struck.order(seconds=30)
        assert order.status == "filled"
        assert [e.kind for e in struck.history.of("order.") if e.subject == order.id] == [
            "order.sent", "order.unacked", "order.filled",
        ]  # fmt: skip


class TestEndpoints:
    """Some calls fail while others work."""

    def test_one_endpoint_down(self) -> None:
        struck = Struck("broker_endpoint_down", endpoints=["positions"], status=500, **{"for": "5m"}).run_to(2)
        error = struck.ask(positions)
        assert isinstance(error, BrokerUnavailable)
        assert error.status == 500
        assert struck.ask(lambda desk: desk.broker.account()).cash == struck.world.ledger.cash
        assert struck.order().status == "filled"

    def test_a_down_answered_by_429(self) -> None:
        struck = Struck("broker_endpoint_down", endpoints=["account"], status=429, **{"for": "5m"}).run_to(2)
        assert isinstance(struck.ask(lambda desk: desk.broker.account()), BrokerRateLimited)

    def test_an_empty_answer_is_no_error(self) -> None:
        struck = Struck("broker_endpoint_down", endpoints=["positions", "orders"], empty=True, **{"for": "5m"})
        struck.run_to(2)
        assert struck.ask(positions) == {}
        assert struck.ask(lambda desk: desk.broker.orders("all")) == []

    @pytest.mark.parametrize(
        ("endpoint", "call"),
        [("cancel", lambda desk: desk.broker.cancel_all()), ("submit", lambda desk: desk.broker.replace("o1", 5))],
    )
    def test_cancel_all_falls_with_cancel_and_replace_with_submit(self, endpoint: str, call: Any) -> None:
        struck = Struck("broker_endpoint_down", endpoints=[endpoint], **{"for": "5m"}).run_to(2)
        assert isinstance(struck.ask(call), BrokerUnavailable)

    def test_the_stream_down_ends_the_session_and_keeps_it_ended(self) -> None:
        struck = Struck("broker_endpoint_down", endpoints=["stream"], **{"for": "5m"}).run_to(2)
        assert not struck.world.connection.connected
        assert isinstance(struck.ask(lambda desk: desk.broker.connect()), BrokerUnavailable)
        assert struck.ask(positions) == struck.world.ledger.positions()

    def test_the_rate_limit_falls_and_rises_again(self) -> None:
        struck = Struck("broker_rate_limited", limit_per_min=3, **{"for": "5m"}).run_to(2)
        answers = struck.ask(lambda desk: [_try(desk) for _ in range(5)], 20)
        assert [type(answer).__name__ for answer in answers] == ["dict"] * 3 + ["BrokerRateLimited"] * 2
        struck.run_to(7)
        answers = struck.ask(lambda desk: [_try(desk) for _ in range(20)], 20)
        assert {type(answer) for answer in answers} == {dict}

    def test_a_share_of_the_answers_is_a_proxys_page(self) -> None:
        struck = Struck("broker_html_502", share=0.5, lands=0.0, **{"for": "5m"}).run_to(2)
        answers = struck.ask(lambda desk: [_try(desk) for _ in range(60)], 120)
        pages = [answer for answer in answers if isinstance(answer, BrokerBadGateway)]
        assert 15 < len(pages) < 45
        assert str(pages[0]).startswith("<html>")
        assert struck.world.connection.connected, "the stream is not behind the proxy"

    @pytest.mark.parametrize(("lands", "taken"), [(1.0, 1), (0.0, 0)])
    def test_an_order_behind_the_page_may_have_been_taken(self, lands: float, taken: int) -> None:
        struck = Struck("broker_html_502", share=1.0, lands=lands, **{"for": "5m"}).run_to(2)
        order = struck.order(kind="limit", limit_price=1.0)
        assert len(list(struck.world.broker.working())) == taken
        assert order.status == "pending_new", "nobody knows"
        (event,) = struck.events("order.unacked")
        assert event.data["error"].startswith("<html>")

    def test_the_next_few_calls_fail_and_then_no_more(self) -> None:
        struck = Struck("api_errors", consecutive=3, endpoints=["positions"], status=500, **{"for": "1h"}).run_to(2)
        answers = struck.ask(lambda desk: [_try(desk) for _ in range(5)], 20)
        assert [type(answer).__name__ for answer in answers] == ["BrokerUnavailable"] * 3 + ["dict"] * 2

    def test_a_share_of_the_calls_fails(self) -> None:
        struck = Struck("api_errors", share=0.5, endpoints=["positions"], **{"for": "5m"}).run_to(2)
        answers = struck.ask(lambda desk: [_try(desk) for _ in range(60)], 120)
        assert 15 < sum(isinstance(answer, BrokerUnavailable) for answer in answers) < 45
        assert struck.ask(lambda desk: desk.broker.account()).cash == struck.world.ledger.cash


class TestOrders:
    """What becomes of an order."""

    def test_a_lost_acknowledgement_leaves_the_order_live_at_the_broker(self) -> None:
        struck = Struck("broker_ack_lost", share=1.0, **{"for": "5m"}).run_to(2)
        order = struck.order(kind="limit", limit_price=1.0)
        assert not order.acknowledged
        assert [o.id for o in struck.world.broker.working()] == [order.id]
        assert struck.ask(lambda desk: desk.broker.order(order.id)).status == "accepted"

    def test_fills_are_on_time_and_reported_late(self) -> None:
        struck = Struck("broker_late_fills", delay="2m", **{"for": "5m"}).run_to(2)
        order = struck.order(seconds=60)
        assert struck.filled_us(order.id)
        assert order.status == "accepted"
        struck.run_to(5)
        assert order.status == "filled"
        struck.run_to(7)
        assert struck.order().status == "filled"

    def test_fills_come_late(self) -> None:
        struck = Struck("fill_delay", delay="30s", **{"for": "5m"}).run_to(2)
        sent_us = struck.world.env.now
        order = struck.order(seconds=60)
        assert 30 * SECOND < struck.filled_us(order.id)[0] - sent_us < 33 * SECOND
        struck.run_to(7)
        sent_us = struck.world.env.now
        assert struck.filled_us(struck.order().id)[0] - sent_us < 3 * SECOND

    def test_orders_fill_in_parts(self) -> None:
        struck = Struck("partial_fills", share=1.0, **{"for": "5m"}).run_to(2)
        order = struck.order(seconds=10)
        assert (len(struck.filled_us(order.id)), order.status) == (1, "partially_filled")
        struck.run_to(4)
        fills = struck.filled_us(order.id)
        assert (len(fills), order.status) == (4, "filled")
        assert [round((t - fills[0]) / SECOND) for t in fills] == [0, 15, 30, 45]

    def test_the_rest_of_an_order_can_be_cancelled(self) -> None:
        struck = Struck("partial_fills", share=1.0, first=0.2, pieces=1, rest="2m", **{"for": "5m"}).run_to(2)
        order = struck.order(seconds=10)
        filled = order.filled_qty
        struck.ask(lambda desk: desk.broker.cancel(order.id))
        struck.run_to(6)
        assert (order.status, order.filled_qty) == ("canceled", filled)

    def test_orders_are_rejected_with_the_reason(self) -> None:
        struck = Struck("order_rejects", share=1.0, reason="account restricted", **{"for": "5m"}).run_to(2)
        assert struck.order().status == "rejected"
        (event,) = struck.events("order.rejected")
        assert (event.data["error"], event.data["by"]) == ("account restricted", "broker")
        struck.run_to(7)
        assert struck.order().status == "filled"

    def test_fills_slip(self) -> None:
        struck = Struck("slippage", mean_bps=80.0, **{"for": "5m"}).run_to(2)
        price = struck.world.market.price("SPY")
        order = struck.order()
        assert (order.average_price / price - 1) * 1e4 == pytest.approx(80, abs=15)


def test_two_faults_of_the_link_at_once_end_one_after_the_other() -> None:
    struck = Incident(
        {"kind": "broker_black_hole", "at": "1m", "for": "10m"},
        {"kind": "broker_refused", "at": "3m", "for": "3m"},
        world=STILL,
    )  # fmt: skip
    struck.run_to(7)
    assert struck.world.link.verdict("positions").hang
    struck.run_to(12)
    assert struck.world.link.verdict("positions") == (None, False, False, 0, None, False)
    struck.world.run(struck.world.env.now + 2 * MINUTE)
    assert struck.world.connection.connected, "the reference bot came back by itself"


def test_a_cut_link_is_cut_whatever_else_is_wrong_with_the_broker() -> None:
    struck = Incident(
        {"kind": "broker_slow", "at": "1m", "for": "10m"},
        {"kind": "broker_ack_lost", "at": "1m", "for": "10m", "share": 1.0},
        {"kind": "broker_endpoint_down", "at": "1m", "for": "10m", "endpoints": ["positions"], "empty": True},
        {"kind": "broker_refused", "at": "3m", "for": "3m"},
        world=STILL,
    ).run_to(4)  # fmt: skip
    assert struck.proof(4) is not None
    assert all(struck.world.link.verdict(endpoint).error is not None for endpoint in ("submit", "positions"))
    assert struck.run_to(7).world.link.verdict("positions").answer is not None


def _try(desk: Desk) -> Any:
    try:
        return desk.broker.positions(timeout=5)
    except Exception as error:
        return error
