"""A broker with a plain REST interface, as many house and crypto brokers have: orders with idempotency keys.

    POST   /orders            a new order; with an `Idempotency-Key` it lands once, however often it is sent
    GET    /orders            all, or `?status=open|closed`, `&symbol=`, `&limit=`; newest last
    GET    /orders/{id}       PATCH to replace (qty, limit_price, stop_price, trail), DELETE to cancel
    DELETE /orders            cancel all that work
    GET    /positions         symbol to shares; /positions/{symbol} for one
    DELETE /positions         close all at the market; /positions/{symbol} for one
    GET    /fills             `?after=<fill id>` for those that came after one
    GET    /account, /health

Statuses: 201 taken, 400 not understood, 401 no valid session or token, 403 not allowed, 404 unknown, 405 no such
verb, 409 an id used twice or a key used with another body, 422 refused, 429 too many calls (with Retry-After).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fakes.rest_order import read_order, whole
from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, Request, Response
from sim.clock import DAY
from sim.network import BrokerAuthExpired, BrokerError, OrderRejected
from sim.orders import Order

HOSTS = ("api.broker.example.com", "broker.test")
KEPT_US = DAY
"""How long an idempotency key is remembered."""
LONGEST_KEY = 255

Row = dict[str, Any]


class Refused(Exception):
    """An answer that refuses."""

    def __init__(self, status: int, problem: str) -> None:
        """With this HTTP status."""
        super().__init__(problem)
        self.status = status


class RestBroker:
    """The interface on a World's broker."""

    def __init__(self, world: Any, token: str | None = None) -> None:
        """No orders yet; with `token` a request must carry it (`Authorization: Bearer` or `X-Api-Key`)."""
        self._world, self._broker, self._token = world, world.broker, token
        self._answers: dict[str, tuple[int, Any, Response]] = {}
        self._ids = world.streams.ids("rest")
        self._named: list[str] = []

    def endpoint(self, request: Request) -> str:
        """The name under which faults know the request."""
        first, *rest = request.path.strip("/").split("/")
        if first == "orders":
            verbs = {"POST": "submit", "PATCH": "replace", "DELETE": "cancel" if rest else "cancel_all"}
            return verbs.get(request.method, "orders")
        if first == "positions":
            return "submit" if request.method == "DELETE" else "positions"
        return "orders" if first == "fills" else "account"

    def error(self, error: BrokerError, request: Request) -> Response:
        """A status with the error's text."""
        if str(error).lstrip().startswith("<"):
            return Response.of_text(str(error), error.status or 502, "text/html")
        headers = {"Retry-After": "60"} if error.status == 429 else {}
        return Response.of_json({"error": str(error)}, error.status or 500, headers)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        self._named = []
        try:
            self._check_token(request)
            with self._broker.one_request():
                response = self._route(request)
        except BrokerError as refused:
            response = self.error(refused, request)
        except Refused as refused:
            response = Response.of_json({"error": str(refused)}, refused.status)
        except (ValueError, KeyError, TypeError) as wrong:
            response = Response.of_json({"error": f"bad request: {wrong}"}, 400)
        response.outcome = self._told(self._named, request.method != "GET")
        return response

    def _told(self, named: list[str], changes: bool) -> Callable[[bool], None]:
        def came_out(arrived: bool) -> None:
            outside = self._world.outside_orders
            if arrived:
                outside.heard_of(named)
            elif changes:
                outside.answer_lost(named)

        return came_out

    def _check_token(self, request: Request) -> None:
        if self._token is None or request.path.strip("/") == "health":
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token not in (given, request.headers.get("x-api-key")):
            raise BrokerAuthExpired("invalid token")

    def _route(self, request: Request) -> Response:
        first, *rest = request.path.strip("/").split("/")
        handlers: dict[tuple[str, str, int], Callable[..., Any]] = {
            ("POST", "orders", 0): self._submit, ("GET", "orders", 0): self._orders,
            ("DELETE", "orders", 0): self._cancel_all, ("GET", "orders", 1): self._one,
            ("PATCH", "orders", 1): self._replace, ("DELETE", "orders", 1): self._cancel,
            ("GET", "positions", 0): lambda request: self._broker.positions(),
            ("GET", "positions", 1): self._position, ("DELETE", "positions", 0): self._close_all,
            ("DELETE", "positions", 1): self._close, ("GET", "fills", 0): self._fills,
            ("GET", "account", 0): self._account, ("GET", "health", 0): lambda request: {"status": "ok"},
        }  # fmt: skip
        handler = handlers.get((request.method, first, len(rest)))
        if handler is None:
            known = any(path == first and length == len(rest) for _, path, length in handlers)
            raise Refused(405 if known else 404, "method not allowed" if known else "not found")
        answer = handler(request, *rest)
        return answer if isinstance(answer, Response) else Response.of_json(answer)

    # Orders.

    def _submit(self, request: Request) -> Response:
        body, key, now = request.json(), request.headers.get("idempotency-key"), self._world.env.now
        if key is not None:
            if not 0 < len(key) <= LONGEST_KEY:
                raise Refused(400, f"an idempotency key has 1 to {LONGEST_KEY} characters")
            known_us, before, answer = self._answers.get(key, (-KEPT_US, None, None))
            if answer is not None and now - known_us < KEPT_US:
                if before != body:
                    raise Refused(409, "idempotency key reused with another body")
                return self._again(answer)
        answer = self._take(body)
        if key is not None:
            self._answers[key] = (now, body, answer)
        return answer

    def _again(self, answer: Response) -> Response:
        """The same answer, with a header that says so."""
        told = json.loads(answer.body)
        self._named += [told["id"]] if "id" in told else []
        return Response(answer.status, answer.body, {**answer.headers, "Idempotent-Replayed": "true"})

    def _take(self, body: Any) -> Response:
        """An order that the broker took, or refused for what it is: both are kept under the key."""
        order = read_order(body, self._world, str(body.get("id") or self._ids()) if isinstance(body, dict) else "")
        if order.id in self._broker.orders:
            self._named.append(order.id)
            raise Refused(409, "order id already exists")
        try:
            return Response.of_json(self._worded(self._send(order)), 201)
        except OrderRejected as refused:
            return Response.of_json({"error": str(refused)}, refused.status)

    def _send(self, order: Order) -> Order:
        outside = self._world.outside_orders
        outside.sent(order)
        try:
            taken: Order = self._broker.submit(order)
        except BrokerError as error:
            outside.refused(order, error)
            raise
        return taken

    def _orders(self, request: Request) -> list[Row]:
        query = request.query
        status = query.get("status", "all")
        if status not in ("open", "closed", "all"):
            raise Refused(400, "status is open, closed or all")
        found = [
            order for order in self._broker.list_orders(status == "open")
            if query.get("symbol") in (None, "", order.symbol) and not (status == "closed" and order.live)
        ]  # fmt: skip
        limit = query.get("limit")
        return [self._worded(order) for order in (found[-whole("limit", int(limit)) :] if limit else found)]

    def _one(self, request: Request, order_id: str) -> Row:
        return self._worded(self._broker.order(order_id))

    def _replace(self, request: Request, order_id: str) -> Row:
        body, old = request.json(), self._broker.order(order_id)
        if not isinstance(body, dict) or not body:
            raise Refused(400, "nothing to change")
        new_id = str(body.get("id") or self._ids())
        qty = whole("qty", body["qty"]) if "qty" in body else old.qty
        sent = Order(new_id, old.symbol, old.side, qty, kind=old.kind, source=old.source, reducing=old.reducing)
        self._world.outside_orders.sent(sent)
        try:
            return self._worded(self._broker.replace(
                order_id, new_id, qty, body.get("limit_price"), stop_price=body.get("stop_price"),
                trail=body.get("trail"),
            ))  # fmt: skip
        except BrokerError as error:
            self._world.outside_orders.refused(sent, error)
            raise

    def _cancel(self, request: Request, order_id: str) -> Row:
        return self._worded(self._broker.cancel(order_id))

    def _cancel_all(self, request: Request) -> Row:
        cancelled = self._broker.cancel_all()
        self._named += cancelled
        return {"canceled": cancelled}

    # The account.

    def _position(self, request: Request, symbol: str) -> Row:
        held = self._broker.positions()
        if symbol not in held:
            raise Refused(404, f"no position in {symbol}")
        return {"symbol": symbol, "qty": held[symbol]}

    def _close(self, request: Request, symbol: str) -> Row:
        held = self._position(request, symbol)["qty"]
        return self._worded(self._send(self._closing(symbol, held)))

    def _close_all(self, request: Request) -> list[Row]:
        held = self._broker.positions()
        return [self._worded(self._send(self._closing(symbol, qty))) for symbol, qty in held.items()]

    def _closing(self, symbol: str, held: float) -> Order:
        return Order(
            self._ids(), symbol, -1 if held > 0 else 1, abs(held), source="mitigation", reducing=True,
            created_us=self._world.env.now,
        )  # fmt: skip

    def _fills(self, request: Request) -> list[Row]:
        rows = [
            {"id": fill.get("fill"), "order_id": fill.subject, "symbol": fill.get("symbol"), "qty": fill.get("qty"),
             "side": "buy" if fill.get("side") > 0 else "sell", "price": fill.get("price"),
             "time": self._world.clock.utc(fill.t_us).isoformat()}
            for fill in self._world.history.of("ledger.fill") if fill.get("source") != "opening"
        ]  # fmt: skip
        after = request.query.get("after")
        if after:
            at = next((n for n, row in enumerate(rows) if row["id"] == after), None)
            if at is None:
                raise Refused(404, f"no fill {after}")
            rows = rows[at + 1 :]
        return rows

    def _account(self, request: Request) -> Row:
        equity, cash = self._broker.account()
        return {"equity": round(equity, 2), "cash": round(cash, 2)}

    def _worded(self, order: Order) -> Row:
        self._named.append(order.id)
        terms = order.terms
        return {
            "id": order.id, "symbol": order.symbol, "side": "buy" if order.side > 0 else "sell", "qty": order.qty,
            "type": order.kind, "time_in_force": "day" if terms is None else terms.time_in_force,
            "limit_price": order.limit_price, "stop_price": None if terms is None else terms.stop_price,
            "filled_qty": order.filled_qty, "average_price": round(order.average_price, 4),
            "status": str(order.status),
        }  # fmt: skip


def register(world: Any, hosts: tuple[str, ...] = HOSTS, token: str | None = None) -> RestBroker:
    """Let the broker's hosts exist in a World, behind its link."""
    core = RestBroker(world, token)
    for name in hosts:
        hosts_of(world).add(name, HttpService(core), link=world.link)
    return core
