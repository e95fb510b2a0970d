"""The plain REST broker: orders land once per idempotency key, errors are statuses; and the gateway base class."""

from __future__ import annotations

import json
from typing import Any

from fakes.gateway import BrokerGateway
from fakes.rest_broker import RestBroker
from sim.actors.http import Request, Response
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


def test_reading_and_cancelling() -> None:
    world = quiet_world()
    core = RestBroker(world)
    order = {"id": "rests", "symbol": "SPY", "side": "buy", "qty": 5, "type": "limit", "limit_price": 5.0}
    ask(core, "POST", "/orders", order)
    assert ask(core, "GET", "/orders/rests")[1]["status"] == "accepted"
    assert [o["id"] for o in ask(core, "GET", "/orders?status=open")[1]] == ["rests"]
    assert ask(core, "DELETE", "/orders/rests")[1]["status"] == "canceled"
    assert ask(core, "DELETE", "/orders") == (200, {"canceled": []})
    assert ask(core, "GET", "/orders/none")[0] == 404
    assert ask(core, "GET", "/positions")[1] == world.ledger.positions()
    assert ask(core, "GET", "/account")[1]["equity"] > 0
    assert ask(core, "POST", "/orders", {"symbol": "SPY"})[0] == 400
    assert ask(core, "POST", "/orders", {"symbol": "NONE", "side": "buy", "qty": 1})[0] == 422
    assert ask(core, "GET", "/nothing")[0] == 404


def test_faults_know_each_request_by_its_endpoint() -> None:
    core = RestBroker(quiet_world())
    names = {
        (method, path): core.endpoint(Request(method, path, {}))
        for method, path in (
            ("POST", "/orders"), ("DELETE", "/orders"), ("DELETE", "/orders/1"), ("GET", "/orders/1"),
            ("GET", "/positions"), ("GET", "/account"),
        )
    }  # fmt: skip
    assert list(names.values()) == ["submit", "cancel_all", "cancel", "orders", "positions", "account"]
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
    assert firm.ask(lambda desk: gateway.cancel_all(), 5).value == []
