"""The plain REST broker: orders land once per idempotency key, errors are statuses; and the gateway base class."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.gateway import BrokerGateway
from fakes.rest_broker import RestBroker
from sim.actors.http import Request, Response
from sim.clock import DAY, SECOND
from sim.network import BrokerBadGateway, BrokerUnavailable, BrokerUnreachable, Verdict
from tests.fakes.alpaca.kit import quiet_world
from tests.sim.worlds import Firm


def ask(core: RestBroker, method: str, target: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    headers = {} if key is None else {"idempotency-key": key}
    data = b"" if body is None else json.dumps(body).encode()
    answer: Response = core.handle(Request(method, target, headers, data))
    return answer.status, json.loads(answer.body)


def test_a_key_lands_one_order_however_often_it_is_sent() -> None:
    world = quiet_world()
    core, order = RestBroker(world), {"symbol": "SPY", "side": "buy", "qty": 5}
    first = ask(core, "POST", "/orders", order, key="k1")
    assert first[0] == 201
    assert ask(core, "POST", "/orders", order, key="k1") == first
    assert len(world.broker.orders) == 1
    assert ask(core, "POST", "/orders", {**order, "qty": 6}, key="k1") == (
        409, {"error": "idempotency key reused with another body"},
    )  # fmt: skip
    assert ask(core, "POST", "/orders", order)[0] == 201
    assert len(world.broker.orders) == 2


def test_an_order_id_is_used_once() -> None:
    core = RestBroker(quiet_world())
    order = {"id": "mine", "symbol": "SPY", "side": "buy", "qty": 5}
    assert ask(core, "POST", "/orders", order)[0] == 201
    assert ask(core, "POST", "/orders", order) == (409, {"error": "order id already exists"})


def test_a_key_is_forgotten_after_a_day_and_too_long_ones_are_refused() -> None:
    world = quiet_world()
    core, order = RestBroker(world), {"symbol": "SPY", "side": "buy", "qty": 5}
    ask(core, "POST", "/orders", order, key="k1")
    world.run(DAY + SECOND)
    assert ask(core, "POST", "/orders", {**order, "qty": 6}, key="k1")[0] == 201
    assert ask(core, "POST", "/orders", order, key="x" * 256)[0] == 400


def test_what_the_broker_refuses_is_refused_again_under_the_same_key_and_what_is_not_understood_is_not_kept() -> None:
    core = RestBroker(quiet_world())
    too_much = {"symbol": "SPY", "side": "buy", "qty": 10_000_000}
    assert ask(core, "POST", "/orders", too_much, key="k") == ask(core, "POST", "/orders", too_much, key="k")
    assert ask(core, "POST", "/orders", {**too_much, "qty": 1}, key="k")[0] == 409
    assert ask(core, "POST", "/orders", {"symbol": "SPY"}, key="other")[0] == 400
    assert ask(core, "POST", "/orders", {"symbol": "SPY", "side": "buy", "qty": 1}, key="other")[0] == 201


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=12))
@settings(max_examples=20)
def test_each_key_lands_at_most_one_order_and_its_first_body_decides(calls: list[tuple[str, int]]) -> None:
    world = quiet_world()
    core = RestBroker(world)
    first: dict[str, int] = {}
    for key, qty in calls:
        status, _ = ask(core, "POST", "/orders", {"symbol": "SPY", "side": "buy", "qty": qty}, key=key)
        assert status == (201 if first.setdefault(key, qty) == qty else 409)
    assert sorted(order.qty for order in world.broker.orders.values()) == sorted(first.values())


def test_reading_changing_and_cancelling() -> None:
    world = quiet_world()
    core = RestBroker(world)
    order = {"id": "rests", "symbol": "SPY", "side": "buy", "qty": 5, "type": "limit", "limit_price": 5.0,
             "time_in_force": "gtc"}  # fmt: skip
    ask(core, "POST", "/orders", order)
    assert ask(core, "GET", "/orders/rests")[1]["status"] == "accepted"
    assert [o["id"] for o in ask(core, "GET", "/orders?status=open&symbol=SPY")[1]] == ["rests"]
    assert ask(core, "GET", "/orders?status=open&symbol=QQQ")[1] == []
    new = ask(core, "PATCH", "/orders/rests", {"qty": 6, "limit_price": 6.0})[1]
    assert (new["qty"], new["limit_price"], new["time_in_force"]) == (6, 6.0, "gtc")
    assert ask(core, "GET", "/orders/rests")[1]["status"] == "replaced"
    assert ask(core, "DELETE", f"/orders/{new['id']}")[1]["status"] == "canceled"
    assert ask(core, "DELETE", f"/orders/{new['id']}")[0] == 422
    assert ask(core, "DELETE", "/orders") == (200, {"canceled": []})
    assert [o["id"] for o in ask(core, "GET", "/orders?status=closed&limit=1")[1]] == [new["id"]]
    assert ask(core, "GET", "/account")[1]["equity"] > 0
    assert ask(core, "GET", "/health")[1] == {"status": "ok"}


def test_stops_are_taken_and_positions_closed() -> None:
    world = quiet_world()
    core = RestBroker(world)
    held = ask(core, "GET", "/positions")[1]
    assert held == world.ledger.positions()
    stop = {"id": "stop", "symbol": "SPY", "side": "sell", "qty": 1, "type": "stop", "stop_price": 1.0}
    assert ask(core, "POST", "/orders", stop)[1]["stop_price"] == 1.0
    trail = {"id": "trail", "symbol": "SPY", "side": "sell", "qty": 1, "type": "trailing_stop", "trail": 50.0}
    assert ask(core, "POST", "/orders", trail)[0] == 201
    ask(core, "DELETE", "/orders")
    assert ask(core, "GET", "/positions/SPY")[1]["qty"] == held["SPY"]
    assert ask(core, "DELETE", "/positions/SPY")[1]["qty"] == abs(held["SPY"])
    world.run(10 * SECOND)
    assert len(ask(core, "DELETE", "/positions")[1]) == len(held) - 1
    world.run(20 * SECOND)
    assert ask(core, "GET", "/positions")[1] == {}
    assert ask(core, "DELETE", "/positions/SPY")[0] == 404
    fills = ask(core, "GET", "/fills")[1]
    assert sum(row["qty"] for row in fills) == sum(abs(qty) for qty in held.values())
    assert ask(core, "GET", f"/fills?after={fills[0]['id']}")[1] == fills[1:]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"symbol": "SPY"}, 400), ([1], 400), ({"symbol": "SPY", "side": "hold", "qty": 1}, 400),
        ({"symbol": "SPY", "side": "buy", "qty": 1.5}, 400), ({"symbol": "SPY", "side": "buy", "qty": True}, 400),
        ({"symbol": "SPY", "side": "buy", "qty": -1}, 400), ({"symbol": "NONE", "side": "buy", "qty": 1}, 422),
        ({"symbol": "SPY", "side": "buy", "qty": 1, "type": "limit"}, 400),
        ({"symbol": "SPY", "side": "buy", "qty": 1, "type": "stop", "stop_price": 1, "time_in_force": "ioc"}, 400),
    ],
)  # fmt: skip
def test_orders_that_make_no_sense(body: Any, status: int) -> None:
    world = quiet_world()
    assert ask(RestBroker(world), "POST", "/orders", body)[0] == status
    assert not world.broker.orders


def test_what_is_not_there_and_who_is_not_let_in() -> None:
    world = quiet_world()
    core = RestBroker(world, token="t")
    assert ask(core, "GET", "/positions")[0] == 401
    assert ask(core, "GET", "/health")[0] == 200
    for name, value in (("authorization", "Bearer t"), ("x-api-key", "t")):
        assert core.handle(Request("GET", "/positions", {name: value})).status == 200
    core = RestBroker(world)
    assert [ask(core, method, path)[0] for method, path in (
        ("GET", "/nothing"), ("GET", "/orders/none"), ("PUT", "/orders"), ("GET", "/positions/NONE"),
        ("GET", "/fills?after=none"), ("GET", "/orders?status=odd"), ("PATCH", "/orders/none"),
    )] == [404, 404, 405, 404, 404, 400, 404]  # fmt: skip


def test_too_many_calls_are_told_when_to_come_back() -> None:
    core = RestBroker(quiet_world())
    answers = [core.handle(Request("GET", "/positions", {})) for _ in range(201)]
    assert (answers[199].status, answers[200].status) == (200, 429)
    assert answers[200].headers["Retry-After"] == "60"


def test_faults_know_each_request_by_its_endpoint() -> None:
    core = RestBroker(quiet_world())
    names = {
        (method, path): core.endpoint(Request(method, path, {}))
        for method, path in (
            ("POST", "/orders"), ("DELETE", "/orders"), ("DELETE", "/orders/1"), ("PATCH", "/orders/1"),
            ("GET", "/orders/1"), ("GET", "/positions"), ("DELETE", "/positions"), ("GET", "/account"),
        )
    }  # fmt: skip
    assert list(names.values()) == [
        "submit", "cancel_all", "cancel", "replace", "orders", "positions", "submit", "account",
    ]  # fmt: skip
    page = core.error(BrokerBadGateway("<html>502</html>"), Request("GET", "/orders", {}))
    assert (page.status, page.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert core.error(BrokerUnavailable("down"), Request("GET", "/orders", {})).status == 503


class Recorder(BrokerGateway):
    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self.heard: list[str] = []

    def on_connected(self) -> None:
        self.heard.append("connected")

    def on_disconnected(self, reason: str) -> None:
        self.heard.append("disconnected")

    def on_fill(self, fill: Any) -> None:
        self.heard.append(f"fill {fill.qty}")


def test_a_gateway_hears_fills_and_lost_sessions() -> None:
    made: list[Recorder] = []

    def build(desk: Any) -> Any:
        made.append(Recorder(desk))
        return made[-1].hooks()

    firm = Firm(build)
    gateway = made[0]
    order_id = firm.ask(lambda desk: gateway.submit("SPY", "buy", 1), 5).value
    assert gateway.heard == ["fill 1"]
    assert gateway.status(order_id) == "filled"
    heal = firm.rule(Verdict(BrokerUnreachable("refused")))
    firm.run(5)
    assert not gateway.connected
    heal()
    firm.ask(lambda desk: gateway.connect(), 5)
    assert gateway.heard == ["fill 1", "disconnected", "connected"]
    assert firm.ask(lambda desk: gateway.positions(), 5).value == firm.world.ledger.positions()
    rests = firm.ask(lambda desk: gateway.submit("SPY", "buy", 1, limit_price=1.0, order_id="mine"), 5).value
    assert rests == "mine"
    assert firm.ask(lambda desk: gateway.open_orders(), 5).value == {"mine": "accepted"}
    new = firm.ask(lambda desk: gateway.replace("mine", 2), 5).value
    assert firm.ask(lambda desk: gateway.status(new), 5).value == "accepted"
    assert firm.ask(lambda desk: gateway.cancel_all(), 5).value == [new]
    assert isinstance(firm.ask(lambda desk: gateway.status("none"), 5).error, LookupError)
    assert isinstance(firm.ask(lambda desk: gateway.cancel("none"), 5).error, LookupError)
    assert firm.ask(lambda desk: gateway.account(), 5).value[1] == firm.world.ledger.cash


def test_a_gateway_asks_the_broker_for_an_order_that_nobody_acknowledged() -> None:
    made: list[Recorder] = []

    def build(desk: Any) -> Any:
        made.append(Recorder(desk))
        return made[-1].hooks()

    firm = Firm(build)
    firm.rule(Verdict(lose_reply=True), "submit")
    name = firm.ask(lambda desk: made[0].submit("SPY", "buy", 1, limit_price=1.0), 10).value
    assert firm.ask(lambda desk: made[0].status(name), 5).value == "accepted", "it is live"
