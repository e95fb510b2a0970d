"""Orders: submit, list, look up, replace and cancel, with Alpaca's checks before the broker's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes.alpaca.account import Account
from fakes.alpaca.assets import Assets
from fakes.alpaca.errors import duplicate, forbidden, invalid, malformed, not_found
from fakes.alpaca.models import Details, Wording, identifier, is_crypto, number, shares
from fakes.alpaca.order_request import LONGEST_NAME, OrderReader, Wanted, check_increment
from fakes.alpaca.reading import body_of, instant, limit_of, positive, quantity, truth, words
from sim.actors.http import Request, Response
from sim.broker import Update
from sim.network import BrokerError, OrderRejected
from sim.orders import Order, kept
from sim.terms import TIMES_IN_FORCE, stands_by

Row = dict[str, Any]
Answer = Response | Row | list[Any]


class Orders:
    """Handlers of the order routes."""

    def __init__(self, world: Any, wording: Wording, assets: Assets, account: Account) -> None:
        """Of this World's account."""
        self._world, self._broker, self._wording, self._account = world, world.broker, wording, account
        self._next_id: Callable[[], str] = world.streams.ids("alpaca")
        self._assets = assets
        self._reader = OrderReader(world, assets.symbol_of, self._next_id)
        self.on_news: Callable[[Update], None] = lambda update: None
        """Told of what the broker itself does not publish: an order that is new, or could not be cancelled."""
        self.cannot_cancel: Callable[[Order], bool] = lambda order: False
        """Whether the venue does not let go of an order, for drills in which cancels fail."""

    # Submitting.

    def submit(self, request: Request) -> Row:
        """A new order, or a group of them."""
        wanted = self._reader.read(body_of(request), self._account.may_trade_fractions)
        first = wanted.orders[0]
        if any(order.id in self._broker.orders for order in wanted.orders):
            self._wording.named.append(first.id)
            raise duplicate()
        self._account.may_trade(first)
        self._refuse_more_than_held(first)
        self._refuse_wash_trade(first)
        return self._wording.order(self.send(wanted), legs=True)

    def send(self, wanted: Wanted) -> Order:
        """Send what was read and checked; the broker's order, the parent of a group."""
        outside, orders = self._world.outside_orders, wanted.orders
        for order, details in zip(orders, wanted.details, strict=True):
            self._wording.details[order.id] = details
            outside.sent(order)
        try:
            taken: Order
            if wanted.kind == "simple":
                taken = self._broker.submit(orders[0])
            else:
                taken = self._broker.submit_group(wanted.kind, orders).first
        except BrokerError as error:
            for order in orders:
                outside.refused(order, error)
            if error.status == 403 and "buying power" in str(error):
                power, cost = self._account.buying_power(), orders[0].qty * self._world.market.price(orders[0].symbol)
                raise forbidden(str(error), buying_power=number(power, 2), cost_basis=number(cost, 2)) from None
            raise
        for order in orders:
            self.on_news(Update("new", order.id, symbol=order.symbol, side=order.side))
        return taken

    def close(self, symbol: str, held: float, qty: float) -> Row:
        """The market order that takes `qty` off a position."""
        name = identifier("client", self._next_id())
        order = Order(name, symbol, -1 if held > 0 else 1, qty, source="mitigation", reducing=True,
                      created_us=self._world.env.now)  # fmt: skip
        self._account.may_trade(order)
        self._refuse_more_than_held(order)
        self._refuse_wash_trade(order)
        return self._wording.order(self.send(Wanted("simple", [order], [Details()])))

    def claimed(self, symbol: str, side: int) -> float:
        """Shares of a position that working orders already take off."""
        return kept(sum(order.remaining for order in self._claiming(symbol, side)))

    def _claiming(self, symbol: str, side: int) -> list[Order]:
        return [o for o in self._broker.working() if o.symbol == symbol and o.side == side and not stands_by(o)]

    def _refuse_more_than_held(self, order: Order) -> None:
        """An order against a position may not exceed what no other order has claimed."""
        held = self._world.ledger.position(order.symbol)
        if is_crypto(order.symbol) and order.side < 0 and held <= 0:
            raise forbidden(f"insufficient balance for {order.symbol.split('/')[0]} (requested: {order.qty}, "
                            "available: 0)")  # fmt: skip
        if held * order.side >= 0:
            return
        claimed = self.claimed(order.symbol, order.side)
        available = max(0, kept(abs(held) - claimed))
        if order.qty > available:
            requested = f"requested: {shares(order.qty)}, available: {shares(available)}"
            raise forbidden(
                f"insufficient qty available for order ({requested})", available=shares(available),
                existing_qty=shares(abs(held)), held_for_orders=shares(claimed),
                symbol=order.symbol,
                related_orders=[self._wording.order_id(o) for o in self._claiming(order.symbol, order.side)],
            )  # fmt: skip

    def _refuse_wash_trade(self, order: Order) -> None:
        """An order that could trade against another of the same account.

        Orders of the firm's simulated strategies are left out: a user's bot has no say in them.
        """
        for other in self._broker.working():
            if other.symbol != order.symbol or other.side == order.side or other.source == "strategy":
                continue
            ours, theirs = order.limit_price, other.limit_price
            limits = order.kind == other.kind == "limit" and ours is not None and theirs is not None
            if limits and ours is not None and theirs is not None and (ours - theirs) * order.side < 0:
                continue
            raise forbidden(
                "potential wash trade detected. use complex orders", existing_order_id=self._wording.order_id(other),
                reject_reason=f"opposite side {'limit' if limits else 'market/stop'} order exists",
            )  # fmt: skip

    # Looking up.

    def listing(self, request: Request) -> list[Row]:
        """Orders, newest first unless `direction` is asc; 50 of them unless `limit` says otherwise."""
        query = request.query
        status, direction = query.get("status") or "open", query.get("direction") or "desc"
        for field, value, known in (("status", status, ("open", "closed", "all")),
                                    ("direction", direction, ("asc", "desc"))):  # fmt: skip
            if value not in known:
                raise malformed(f"invalid {field}: {value}")
        limit = limit_of(query, "limit", 50, 500)
        found = [order for order in self._broker.list_orders(False) if self._matches(order, query, status)]
        if direction == "desc":
            found.reverse()
        nested = truth(query, "nested")
        if nested:
            found = _without_legs(found)
        return [self._wording.order(order, legs=nested) for order in found[:limit]]

    def _matches(self, order: Order, query: dict[str, str], status: str) -> bool:
        works = order.live and not stands_by(order)
        if status != "all" and works != (status == "open"):
            return False
        symbols = [self._assets.symbol_of(name) for name in words(query, "symbols")]
        side = query.get("side")
        if (symbols and order.symbol not in symbols) or (side and order.side != (1 if side == "buy" else -1)):
            return False
        classes = words(query, "asset_class")
        if classes and "all" not in classes and ("us_equity", "crypto")[is_crypto(order.symbol)] not in classes:
            return False
        after, until = (self._instant(query.get(name)) for name in ("after", "until"))
        return (after is None or order.created_us > after) and (until is None or order.created_us < until)

    def one(self, request: Request, order_id: str) -> Row:
        """One order, by Alpaca's id."""
        return self._wording.order(self._find(order_id), legs=truth(request.query, "nested"))

    def by_client_id(self, request: Request) -> Row:
        """One order, by the client's id."""
        name = request.query.get("client_order_id", "")
        if name not in self._broker.orders:
            raise not_found(f"order not found for {name}")
        return self._wording.order(self._broker.order(name))

    # Changing.

    def replace(self, request: Request, order_id: str) -> Row:
        """Replace a working order by another."""
        body, old = body_of(request), self._find(order_id)
        if not old.live:
            raise invalid(f'order is already in "{old.status}" state')
        if old.kind == "market" and old.terms is None:
            raise invalid("cannot replace order: market orders cannot be replaced")
        qty, trail = quantity(body), positive(body, "trail")
        limit, stop = positive(body, "limit_price"), positive(body, "stop_price")
        tif, name = body.get("time_in_force"), body.get("client_order_id") or identifier("client", self._next_id())
        if tif is not None and tif not in TIMES_IN_FORCE:
            raise malformed(f"invalid time_in_force: {tif}")
        if len(str(name)) > LONGEST_NAME:
            raise malformed(f"client_order_id must be no more than {LONGEST_NAME} characters")
        if (qty, trail, limit, stop, tif) == (None,) * 5:
            raise invalid("order parameters are not changed")
        for field, price in (("limit_price", limit), ("stop_price", stop)):
            check_increment(field, price)
        return self._replace(old, str(name), old.qty if qty is None else qty, limit, stop, trail, tif)

    def _replace(
        self, old: Order, name: str, qty: float, limit: float | None, stop: float | None, trail: float | None,
        tif: str | None,
    ) -> Row:  # fmt: skip
        if name in self._broker.orders:
            raise duplicate()
        before = self._wording.details.setdefault(old.id, Details(old.kind))
        details = self._wording.details[name] = Details(before.kind)
        details.intent, details.replaces = before.intent, self._wording.order_id(old)
        before.replaced_by = identifier("order", name)
        sent = Order(name, old.symbol, old.side, qty, kind=old.kind, source=old.source, reducing=old.reducing)
        self._world.outside_orders.sent(sent)
        try:
            new = self._broker.replace(old.id, name, qty, limit, stop_price=stop, trail=trail, time_in_force=tif)
        except OrderRejected as error:
            before.replaced_by = None
            self._world.outside_orders.refused(sent, error)
            raise
        self.on_news(Update("new", new.id, symbol=new.symbol, side=new.side))
        return self._wording.order(new)

    def cancel(self, request: Request, order_id: str) -> Response:
        """Cancel an order: 204, 422 when it is done already, 404 when there is none."""
        order = self._find(order_id)
        if order.live and self.cannot_cancel(order):
            raise invalid("order cannot be canceled")
        self._broker.cancel(order.id)
        self._wording.named.append(order.id)
        return Response(204)

    def cancel_all(self, request: Request) -> Response:
        """Cancel every working order: 207 with a status for each, 500 where the venue does not let go."""
        return Response.of_json(self.cancel_each(), 207)

    def cancel_each(self) -> list[Row]:
        """Cancel every working order; what became of each."""
        rows: list[Row] = []
        for order in list(self._broker.working()):
            if not order.live or stands_by(order):
                continue  # ended with another of its group, or ends with it
            if self.cannot_cancel(order):
                body = {"code": 50010000, "message": "failed to cancel order"}
                rows.append({"id": self._wording.order_id(order), "status": 500, "body": body})
                continue
            self._broker.cancel(order.id)
            rows.append({"id": self._wording.order_id(order), "status": 200, "body": self._wording.order(order)})
        return rows

    def _find(self, order_id: str) -> Order:
        name = self._wording.client_id(order_id)
        if name is None:
            raise not_found(f"order not found for {order_id}")
        return self._broker.order(name)  # type: ignore[no-any-return]

    def _instant(self, text: str | None) -> int | None:
        return None if not text else int(self._world.clock.us_at(instant(text)))


def _without_legs(orders: list[Order]) -> list[Order]:
    """Orders without those that are shown under another of the list."""
    shown = {order.id for order in orders}
    return [
        order for order in orders
        if order.terms is None or order.terms.group is None or order.terms.group.first is order
        or order.terms.group.first.id not in shown
    ]  # fmt: skip
