"""The body of an order for the plain REST broker, read and checked; ValueError says what is wrong with it."""

from __future__ import annotations

import math
from typing import Any

from sim.orders import Order
from sim.terms import TIMES_IN_FORCE, Terms

SIDES = {"buy": 1, "sell": -1}
PRICES: dict[str, tuple[str, ...]] = {
    "market": (), "limit": ("limit_price",), "stop": ("stop_price",), "stop_limit": ("stop_price", "limit_price"),
    "trailing_stop": ("trail",),
}  # fmt: skip
"""The prices that each type needs, all of them above 0; `trail` is in dollars."""


def read_order(body: Any, world: Any, order_id: str) -> Order:
    """The order of a body."""
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    kind, tif = _one_of(body, "type", tuple(PRICES), "market"), _one_of(body, "time_in_force", TIMES_IN_FORCE, "day")
    side = SIDES[_one_of(body, "side", tuple(SIDES))]
    symbol, qty = str(body["symbol"]), whole("qty", body["qty"])
    prices = {name: _price(name, body.get(name)) for name in PRICES[kind]}
    if kind in ("stop", "stop_limit", "trailing_stop") and tif not in ("day", "gtc"):
        raise ValueError(f"{kind} orders are day or gtc")
    terms = None
    if tif != "day" or kind not in ("market", "limit"):
        terms = Terms(tif, prices.get("stop_price"), prices.get("trail"))
    held = world.ledger.position(symbol)
    return Order(
        order_id, symbol, side, qty, kind=kind, limit_price=prices.get("limit_price"), source="mitigation",
        reducing=held * side < 0 and qty <= abs(held), created_us=world.env.now, terms=terms,
    )  # fmt: skip


def whole(name: str, value: Any) -> int:
    """A whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value <= 0:
        raise ValueError(f"{name} must be a whole number above 0, got {value!r}")
    return int(value)


def _one_of(body: dict[str, Any], name: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = body.get(name, default)
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return str(value)


def _price(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a number above 0, got {value!r}")
    return float(value)
