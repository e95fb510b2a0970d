"""What Alpaca knows beside the broker: its ids, times and the wording of orders, positions and assets."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sim.broker import Update
from sim.orders import Order, Status
from sim.terms import Group, Terms, stands_by

NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
GTC_DAYS = 90
"""After so many days Alpaca itself cancels what is good till cancelled."""

_STATUS = {Status.PENDING_NEW: "pending_new"}
_END_FIELDS = {"canceled": "canceled_at", "expired": "expired_at", "rejected": "failed_at", "replaced": "replaced_at",
               "filled": "filled_at"}  # fmt: skip
_PLAIN = Terms()


def identifier(kind: str, name: str) -> str:
    """The UUID of something: the same in every run."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def number(value: float, digits: int = 4) -> str:
    """A number as Alpaca writes it: text, without trailing zeros."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def shares(qty: float) -> str:
    """A quantity, fractions to nine places."""
    return str(qty) if isinstance(qty, int) else number(qty, 9)


def stamp(instant: datetime) -> str:
    """A UTC time stamp."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_crypto(symbol: str) -> bool:
    """Whether a symbol of the World is a pair of currencies, as `BTC/USD`."""
    return "/" in symbol


class Details:
    """What a client said of an order that the broker does not keep."""

    __slots__ = ("extended_hours", "intent", "kind", "notional", "replaced_by", "replaces")

    def __init__(self, kind: str = "market") -> None:
        """An order of this type."""
        self.kind = kind
        self.notional: str | None = None
        self.replaces: str | None = None
        self.replaced_by: str | None = None
        self.intent: str | None = None
        self.extended_hours = False


class Wording:
    """Turns the World's orders and positions into Alpaca's JSON."""

    def __init__(self, world: Any) -> None:
        """Of this World."""
        self._world = world
        self.details: dict[str, Details] = {}
        self._by_id: dict[str, str] = {}
        self.named: list[str] = []
        """Client order ids that the answer in the making tells the client of."""

    def time(self, t_us: int | None = None) -> str:
        """A World instant as a time stamp."""
        return stamp(self._world.clock.utc(t_us))

    def order_id(self, order: Order) -> str:
        """Alpaca's id of an order; a client order id is found by it again."""
        made = identifier("order", order.id)
        self._by_id[made] = order.id
        return made

    def client_id(self, order_id: str) -> str | None:
        """The client order id behind an Alpaca id."""
        if order_id not in self._by_id:
            for order in self._world.broker.orders.values():
                self.order_id(order)
        return self._by_id.get(order_id)

    def status(self, order: Order) -> str:
        """The state of an order in Alpaca's words."""
        if stands_by(order):
            return "held"
        if order.status is Status.ACCEPTED:
            return "new" if self._world.calendar.is_open(self._world.env.now) else "accepted"
        return _STATUS.get(order.status, str(order.status))

    def order(self, order: Order, legs: bool = False) -> dict[str, Any]:
        """An order; with `legs` those of its group are under it."""
        details = self.details.get(order.id) or Details(order.kind)
        terms, status = order.terms or _PLAIN, self.status(order)
        self.named.append(order.id)
        created, updated = self.time(order.created_us), self.time(order.updated_us)
        ends = {field: updated if status == name else None for name, field in _END_FIELDS.items()}
        limited = order.limit_price is not None and details.kind in ("limit", "stop_limit")
        return {
            "id": self.order_id(order), "client_order_id": order.id, "created_at": created, "updated_at": updated,
            "submitted_at": created, "expires_at": self._expires(order, terms), **ends,
            "replaced_by": details.replaced_by, "replaces": details.replaces,
            "asset_id": identifier("asset", order.symbol), "symbol": order.symbol,
            "asset_class": "crypto" if is_crypto(order.symbol) else "us_equity", "notional": details.notional,
            "qty": None if details.notional else shares(order.qty), "filled_qty": shares(order.filled_qty),
            "filled_avg_price": number(order.average_price) if order.filled_qty else None,
            "order_class": terms.group.kind if terms.group else "", "order_type": details.kind, "type": details.kind,
            "side": "buy" if order.side > 0 else "sell", "position_intent": details.intent or self._intent(order),
            "time_in_force": terms.time_in_force,
            "limit_price": number(order.limit_price) if limited and order.limit_price is not None else None,
            "stop_price": self._stop(order, terms), "status": status, "extended_hours": details.extended_hours,
            "legs": self._legs(order, terms.group) if legs else None,
            "trail_percent": None if terms.trail_percent is None else number(terms.trail_percent),
            "trail_price": None if terms.trail_price is None else number(terms.trail_price),
            "hwm": None if terms.hwm is None else number(terms.hwm), "subtag": None, "source": None,
        }  # fmt: skip

    def _legs(self, order: Order, group: Group | None) -> list[dict[str, Any]] | None:
        if group is None or order is not group.first:
            return None
        return [self.order(leg) for leg in group.exits if leg is not order]

    def _stop(self, order: Order, terms: Terms) -> str | None:
        level = self._world.broker.trailing_stop(order) if terms.trails else terms.stop_price
        return None if level is None else number(level)

    def _intent(self, order: Order) -> str:
        side = "buy" if order.side > 0 else "sell"
        return f"{side}_to_{'close' if order.reducing else 'open'}"

    def _expires(self, order: Order, terms: Terms) -> str | None:
        if terms.time_in_force == "gtc":
            return stamp(self._world.clock.utc(order.created_us) + timedelta(days=GTC_DAYS))
        sessions = self._world.calendar.from_us(order.created_us)
        return self.time(sessions[0].close_us) if terms.time_in_force == "day" and sessions else None

    def position(self, symbol: str, qty: float, held_for_orders: float) -> dict[str, Any]:
        """A position, valued at the last price that the feed shows."""
        world = self._world
        price, cost = world.feed.last_price(symbol), world.ledger.cost.get(symbol, 0.0)
        before = world.market.start_prices[world.market.index(symbol)]
        gain, crypto = (price - cost) * qty, is_crypto(symbol)
        self.named += world.outside_orders.done_in(symbol)
        return {
            "asset_id": identifier("asset", symbol), "symbol": symbol.replace("/", ""),
            "exchange": "CRYPTO" if crypto else "NASDAQ", "asset_class": "crypto" if crypto else "us_equity",
            "asset_marginable": not crypto, "qty": shares(qty),
            "qty_available": number((abs(qty) - held_for_orders) * (1 if qty > 0 else -1), 9),
            "avg_entry_price": number(cost), "side": "long" if qty > 0 else "short",
            "market_value": number(price * qty), "cost_basis": number(cost * qty), "unrealized_pl": number(gain),
            "unrealized_plpc": number(gain / abs(cost * qty) if cost else 0.0, 8),
            "unrealized_intraday_pl": number((price - before) * qty),
            "unrealized_intraday_plpc": number((price / before - 1) * (1 if qty > 0 else -1), 8),
            "current_price": number(price), "lastday_price": number(before),
            "change_today": number(price / before - 1, 8),
        }  # fmt: skip

    def asset(self, symbol: str) -> dict[str, Any]:
        """An asset."""
        crypto = is_crypto(symbol)
        made: dict[str, Any] = {
            "id": identifier("asset", symbol), "class": "crypto" if crypto else "us_equity",
            "exchange": "CRYPTO" if crypto else "NASDAQ", "symbol": symbol,
            "name": symbol if crypto else f"{symbol} Common Stock", "status": "active", "tradable": True,
            "marginable": not crypto, "maintenance_margin_requirement": 100 if crypto else 30,
            "margin_requirement_long": "100" if crypto else "30", "margin_requirement_short": "100" if crypto else "30",
            "shortable": not crypto, "easy_to_borrow": not crypto, "fractionable": True, "attributes": [],
        }  # fmt: skip
        if crypto:
            made |= {"min_order_size": "0.000000001", "min_trade_increment": "0.000000001", "price_increment": "0.01"}
        return made

    def trade_update(self, update: Update, order: Order) -> dict[str, Any]:
        """A message of the trade-updates stream."""
        event = {"accepted": "new"}.get(update.kind, update.kind)
        if event == "new":
            event = self.status(order) if self.status(order) in ("new", "accepted", "held") else "new"
        data: dict[str, Any] = {"timestamp": self.time(), "order": self.order(order)}
        if event == "fill":
            data |= {"price": number(update.price), "qty": shares(update.qty)}
            data["position_qty"] = shares(self._world.ledger.position(order.symbol))
            event = "fill" if order.remaining == 0 else "partial_fill"
        execution = identifier("execution", update.fill_id or f"{order.id}/{event}")
        return {"stream": "trade_updates", "data": {"event": event, "execution_id": execution, **data}}
