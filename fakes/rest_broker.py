"""A broker with a plain REST interface, as many house and crypto brokers have: orders with idempotency keys.

POST /orders with an `Idempotency-Key`: the same key with the same body gives the same answer again, with
another body 409. GET /orders[?status=open], GET and DELETE /orders/{id}, GET /positions, GET /account, GET /health.
"""

from __future__ import annotations

import json
from typing import Any

from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, Request, Response
from sim.network import BrokerError
from sim.orders import Order

HOSTS = ("api.broker.example.com", "broker.test")


class RestBroker:
    """The interface on a World's broker."""

    def __init__(self, world: Any) -> None:
        """No orders yet."""
        self._world, self._broker = world, world.broker
        self._answers: dict[str, tuple[bytes, Response]] = {}
        self._ids = world.streams.ids("rest")

    def endpoint(self, request: Request) -> str:
        """The name under which faults know the request."""
        first, *rest = request.path.strip("/").split("/")
        if first == "orders":
            return {"POST": "submit", "DELETE": "cancel" if rest else "cancel_all"}.get(request.method, "orders")
        return "positions" if first == "positions" else "account"

    def error(self, error: BrokerError, request: Request) -> Response:
        """A status with the error's text."""
        if str(error).lstrip().startswith("<"):
            return Response.of_text(str(error), error.status or 502, "text/html")
        return Response.of_json({"error": str(error)}, error.status or 500)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        try:
            return self._route(request)
        except BrokerError as refused:
            return self.error(refused, request)
        except (ValueError, KeyError, TypeError) as wrong:
            return Response.of_json({"error": f"bad request: {wrong}"}, 400)

    def _route(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts == ["orders"] and request.method == "POST":
            return self._submit(request)
        if parts == ["orders"] and request.method == "GET":
            found = self._broker.list_orders(request.query.get("status") == "open")
            return Response.of_json([_order(order) for order in found])
        if parts == ["orders"] and request.method == "DELETE":
            return Response.of_json({"canceled": self._broker.cancel_all()})
        if len(parts) == 2 and parts[0] == "orders":
            if request.method == "DELETE":
                return Response.of_json(_order(self._broker.cancel(parts[1])))
            return Response.of_json(_order(self._broker.order(parts[1])))
        if parts == ["positions"]:
            return Response.of_json(self._broker.positions())
        if parts == ["account"]:
            equity, cash = self._broker.account()
            return Response.of_json({"equity": round(equity, 2), "cash": round(cash, 2)})
        if parts == ["health"]:
            return Response.of_json({"status": "ok"})
        return Response.of_json({"error": "not found"}, 404)

    def _submit(self, request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        if key is not None and key in self._answers:
            body, answer = self._answers[key]
            same = json.loads(body) == json.loads(request.body)
            return answer if same else Response.of_json({"error": "idempotency key reused with another body"}, 409)
        body = request.json()
        side = {"buy": 1, "sell": -1}[body["side"]]
        held = self._world.ledger.position(body["symbol"])
        order = Order(
            str(body.get("id") or self._ids()), body["symbol"], side, int(body["qty"]),
            kind=body.get("type", "market"), limit_price=body.get("limit_price"), source="mitigation",
            reducing=held * side < 0 and int(body["qty"]) <= abs(held), created_us=self._world.env.now,
        )  # fmt: skip
        if order.id in self._broker.orders:
            return Response.of_json({"error": "order id already exists"}, 409)
        answer = Response.of_json(_order(self._broker.submit(order)), 201)
        if key is not None:
            self._answers[key] = (request.body, answer)
        return answer


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id, "symbol": order.symbol, "side": "buy" if order.side > 0 else "sell", "qty": order.qty,
        "filled_qty": order.filled_qty, "average_price": round(order.average_price, 4), "status": str(order.status),
    }  # fmt: skip


def register(world: Any, hosts: tuple[str, ...] = HOSTS) -> RestBroker:
    """Let the broker's hosts exist in a World, behind its link."""
    core = RestBroker(world)
    for name in hosts:
        hosts_of(world).add(name, HttpService(core), link=world.link)
    return core
