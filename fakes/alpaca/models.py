"""What Alpaca knows beside the broker: its ids, times and the wording of orders, positions and assets."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sim.broker import Update
from sim.orders import Order, Status

NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")

_STATUS = {Status.ACCEPTED: "new", Status.PENDING_NEW: "pending_new"}
_END_FIELDS = {"canceled": "canceled_at", "expired": "expired_at", "rejected": "failed_at", "replaced": "replaced_at",
               "filled": "filled_at"}  # fmt: skip


def identifier(kind: str, name: str) -> str:
    """The UUID of something: the same in every run."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def number(value: float, digits: int = 4) -> str:
    """A number as Alpaca writes it: text, without trailing zeros."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def stamp(instant: datetime) -> str:
    """A UTC time stamp."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Details:
    """What a client said of an order that the broker does not keep."""

    __slots__ = ("intent", "kind", "notional", "replaced_by", "replaces", "stop_price", "time_in_force")

    def __init__(self, kind: str = "market", time_in_force: str = "day") -> None:
        """An order of this type."""
        self.kind, self.time_in_force = kind, time_in_force
        self.stop_price: str | None = None
        self.notional: str | None = None
        self.replaces: str | None = None
        self.replaced_by: str | None = None
        self.intent: str | None = None


class Wording:
    """Turns the World's orders and positions into Alpaca's JSON."""

    def __init__(self, world: Any) -> None:
        """Of this World."""
        self._world = world
        self.details: dict[str, Details] = {}
        self._by_id: dict[str, str] = {}

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

    def order(self, order: Order) -> dict[str, Any]:
        """An order."""
        details = self.details.get(order.id) or Details(order.kind)
        status = _STATUS.get(order.status, str(order.status))
        created, updated = self.time(order.created_us), self.time(order.updated_us)
        ends = {field: updated if status == name else None for name, field in _END_FIELDS.items()}
        return {
            "id": self.order_id(order), "client_order_id": order.id, "created_at": created, "updated_at": updated,
            "submitted_at": created, "expires_at": None, **ends, "replaced_by": details.replaced_by,
            "replaces": details.replaces, "asset_id": identifier("asset", order.symbol), "symbol": order.symbol,
            "asset_class": "us_equity", "notional": details.notional, "qty": str(order.qty),
            "filled_qty": str(order.filled_qty),
            "filled_avg_price": number(order.average_price) if order.filled_qty else None, "order_class": "",
            "order_type": details.kind, "type": details.kind, "side": "buy" if order.side > 0 else "sell",
            "position_intent": details.intent or ("buy_to_open" if order.side > 0 else "sell_to_close"),
            "time_in_force": details.time_in_force,
            "limit_price": None if order.limit_price is None else number(order.limit_price),
            "stop_price": details.stop_price, "status": status, "extended_hours": False, "legs": None,
            "trail_percent": None, "trail_price": None, "hwm": None, "subtag": None, "source": None,
        }  # fmt: skip

    def position(self, symbol: str, qty: int, held_for_orders: int) -> dict[str, Any]:
        """A position, valued at the last price that the feed shows."""
        world = self._world
        price, cost = world.feed.last_price(symbol), world.ledger.cost.get(symbol, 0.0)
        before = world.market.start_prices[world.market.index(symbol)]
        gain = (price - cost) * qty
        return {
            "asset_id": identifier("asset", symbol), "symbol": symbol, "exchange": "NASDAQ",
            "asset_class": "us_equity", "asset_marginable": True, "qty": str(qty),
            "qty_available": str((abs(qty) - held_for_orders) * (1 if qty > 0 else -1)),
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
        return {
            "id": identifier("asset", symbol), "class": "us_equity", "exchange": "NASDAQ", "symbol": symbol,
            "name": f"{symbol} Common Stock", "status": "active", "tradable": True, "marginable": True,
            "maintenance_margin_requirement": 30, "margin_requirement_long": "30", "margin_requirement_short": "30",
            "shortable": True, "easy_to_borrow": True, "fractionable": False, "attributes": [],
        }  # fmt: skip

    def trade_update(self, update: Update, order: Order) -> dict[str, Any]:
        """A message of the trade-updates stream."""
        event = update.kind
        data: dict[str, Any] = {"timestamp": self.time(), "order": self.order(order)}
        if event == "fill":
            data |= {"price": number(update.price), "qty": str(update.qty)}
            data["position_qty"] = str(self._world.ledger.position(order.symbol))
            event = "fill" if order.remaining == 0 else "partial_fill"
        execution = identifier("execution", update.fill_id or f"{order.id}/{event}")
        return {"stream": "trade_updates", "data": {"event": event, "execution_id": execution, **data}}
