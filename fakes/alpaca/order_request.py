"""The body of a new order, read and checked by Alpaca's rules, as orders for the broker.

A buy stop becomes a stop-limit order with its limit a little above, as Alpaca sends it to the market: a gap
far beyond the stop leaves it unfilled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fakes.alpaca.errors import forbidden, invalid, malformed
from fakes.alpaca.models import Details, identifier, is_crypto, number
from fakes.alpaca.reading import positive, quantity
from sim.orders import Order, kept
from sim.terms import TIMES_IN_FORCE, Terms

TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
CLASSES = ("simple", "bracket", "oco", "oto")
BUY_STOP_CAP = {"cheap": 1.04, "dear": 1.025}
"""How far above a buy stop its hidden limit lies: 4 % under 50 dollars, 2.5 % from there up."""
LONGEST_NAME = 128
MIN_NOTIONAL = 1.0
_NEEDS = {"limit": ("limit_price",), "stop": ("stop_price",), "stop_limit": ("stop_price", "limit_price")}


class Wanted(NamedTuple):
    """What a client asks for."""

    kind: str
    """The order class."""
    orders: list[Order]
    """The order, or those of a group, the parent first."""
    details: list[Details]


class OrderReader:
    """Reads bodies of new orders."""

    def __init__(self, world: Any, symbol_of: Callable[[str], str | None], next_id: Callable[[], str]) -> None:
        """For the market of `world`; `symbol_of` knows the World's name of what a client wrote."""
        self._world, self._symbol_of, self._next_id = world, symbol_of, next_id

    def read(self, body: dict[str, Any], fractional: bool) -> Wanted:
        """The orders; raises AlpacaError. `fractional` tells whether the account may trade fractions."""
        symbol = self._symbol(body)
        side, kind, tif = self._choices(body)
        group = body.get("order_class") or "simple"
        self._check_time(symbol, kind, tif, group, body)
        details = Details(kind)
        details.intent, details.extended_hours = body.get("position_intent"), bool(body.get("extended_hours"))
        qty = self._quantity(body, symbol, details, kind, tif, group, fractional)
        prices = self._prices(body, kind)
        name = body.get("client_order_id") or self._own_name()
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            raise malformed(f"client_order_id must be no more than {LONGEST_NAME} characters")
        parent = self._order(name, symbol, side, qty, kind, tif, prices)
        if group == "simple":
            return Wanted(group, [parent], [details])
        return self._group(group, body, parent, details, tif)

    def _own_name(self) -> str:
        return identifier("client", self._next_id())

    def _symbol(self, body: dict[str, Any]) -> str:
        text = body.get("symbol")
        if not text:
            raise malformed("symbol is required")
        symbol = self._symbol_of(str(text))
        if symbol is None:
            raise invalid(f'asset "{text}" not found')
        return symbol

    def _choices(self, body: dict[str, Any]) -> tuple[int, str, str]:
        side, kind, tif = body.get("side"), body.get("type") or "market", body.get("time_in_force") or "day"
        group = body.get("order_class") or "simple"
        if side not in ("buy", "sell"):
            raise malformed("side must be buy or sell" if side else "side is required")
        for field, value, known in (("type", kind, TYPES), ("time_in_force", tif, TIMES_IN_FORCE),
                                    ("order_class", group, CLASSES)):  # fmt: skip
            if value not in known:
                raise malformed(f"invalid {field}: {value}")
        return (1 if side == "buy" else -1), kind, tif

    def _check_time(self, symbol: str, kind: str, tif: str, group: str, body: dict[str, Any]) -> None:
        if is_crypto(symbol):
            if tif not in ("gtc", "ioc"):
                raise invalid("invalid crypto time_in_force")
            if kind not in ("market", "limit", "stop_limit") or group != "simple":
                raise invalid("invalid order type for crypto order")
        if kind in ("stop", "stop_limit", "trailing_stop") and tif not in ("day", "gtc"):
            raise invalid(f"{kind} orders must be day or gtc orders")
        if kind == "trailing_stop" and group != "simple":
            raise invalid("trailing stop orders must be simple orders")
        if group != "simple" and tif not in ("day", "gtc"):
            raise invalid(f"{group} orders must be day or gtc orders")
        if body.get("extended_hours") and (kind != "limit" or tif not in ("day", "gtc") or group != "simple"):
            raise invalid("extended hours order must be DAY limit orders")

    def _quantity(
        self, body: dict[str, Any], symbol: str, details: Details, kind: str, tif: str, group: str, fractional: bool
    ) -> float:
        qty, notional = quantity(body), positive(body, "notional")
        if qty is None and notional is None:
            raise malformed("qty or notional is required")
        if qty is not None and notional is not None:
            raise malformed("only one of qty or notional is accepted")
        if notional is not None:
            if kind != "market":
                raise invalid("notional orders must be market orders")
            if notional < MIN_NOTIONAL:
                raise forbidden("cost basis must be >= minimal amount of order 1", cost_basis=number(notional, 2))
            details.notional = number(notional, 2)
            qty = kept(int(notional / self._world.market.price(symbol) * 1e9) / 1e9)
        assert qty is not None
        if (notional is not None or not isinstance(qty, int)) and not is_crypto(symbol):
            if not fractional:
                raise forbidden("account is not allowed to trade fractional shares")
            if group != "simple" or kind == "trailing_stop":
                raise invalid("fractional orders must be simple orders")
            if tif != "day":
                raise invalid("fractional orders must be DAY orders")
        return qty

    def _prices(self, body: dict[str, Any], kind: str) -> dict[str, float | None]:
        prices = {f: positive(body, f) for f in ("limit_price", "stop_price", "trail_price", "trail_percent")}
        if kind == "limit" and prices["limit_price"] is None and body.get("order_class") == "oco":
            prices["limit_price"] = positive(body.get("take_profit") or {}, "limit_price")
            if prices["limit_price"] is None:
                raise invalid("oco orders require take_profit.limit_price")
        for field in _NEEDS.get(kind, ()):
            if prices[field] is None:
                raise malformed(f"{kind.replace('_', ' ')} orders require {field.replace('_', ' ')}")
        if kind == "trailing_stop" and (prices["trail_price"] is None) == (prices["trail_percent"] is None):
            raise malformed("trailing stop orders must specify one of trail_price or trail_percent")
        unwanted = {"market": ("limit_price", "stop_price"), "stop": ("limit_price",), "limit": ("stop_price",)}
        for field in unwanted.get(kind, ()):
            if prices[field] is not None:
                raise malformed(f"{kind} orders require no {field.replace('_', ' ')}")
        for field in ("limit_price", "stop_price"):
            check_increment(field, prices[field])
        return prices

    def _order(
        self, name: str, symbol: str, side: int, qty: float, kind: str, tif: str, prices: dict[str, float | None],
        exits: bool = False,
    ) -> Order:  # fmt: skip
        limit, stop = prices.get("limit_price"), prices.get("stop_price")
        terms = None
        if tif != "day" or kind not in ("market", "limit"):
            terms = Terms(tif, stop, prices.get("trail_price"), prices.get("trail_percent"))
        if kind == "stop" and side > 0 and stop is not None:
            kind, limit = "stop_limit", round(stop * BUY_STOP_CAP["cheap" if stop < 50 else "dear"], 2)
        held = self._world.ledger.position(symbol)
        reducing = exits or (held * side < 0 and qty <= abs(held))
        return Order(
            name, symbol, side, qty, kind=kind, limit_price=limit, source="mitigation", reducing=reducing,
            created_us=self._world.env.now, terms=terms,
        )  # fmt: skip

    def _group(self, group: str, body: dict[str, Any], parent: Order, details: Details, tif: str) -> Wanted:
        profit, loss = self._leg(body, "take_profit"), self._leg(body, "stop_loss")
        target, stop = positive(profit, "limit_price"), positive(loss, "stop_price")
        if group in ("bracket", "oco"):
            if target is None:
                raise invalid(f"{group} orders require take_profit.limit_price")
            if stop is None:
                raise invalid(f"{group} orders require stop_loss.stop_price")
        elif (target is None) == (stop is None):
            raise invalid("oto orders require take_profit.limit_price or stop_loss.stop_price")
        if group == "oco" and details.kind != "limit":
            raise invalid("oco orders must be limit orders")
        self._check_levels(group, parent, target, stop)
        exit_side = parent.side if group == "oco" else -parent.side
        orders, worded = [parent], [details]
        if group == "oco":
            parent.reducing = True
        elif target is not None:
            check_increment("take_profit.limit_price", target)
            orders.append(self._exit(parent, exit_side, "limit", tif, {"limit_price": target}))
            worded.append(Details("limit"))
        if stop is not None:
            limit = positive(loss, "limit_price")
            check_increment("stop_loss.stop_price", stop)
            kind = "stop" if limit is None else "stop_limit"
            orders.append(self._exit(parent, exit_side, kind, tif, {"stop_price": stop, "limit_price": limit}))
            worded.append(Details(kind))
        return Wanted(group, orders, worded)

    def _exit(self, parent: Order, side: int, kind: str, tif: str, prices: dict[str, float | None]) -> Order:
        return self._order(self._own_name(), parent.symbol, side, parent.qty, kind, tif, prices, exits=True)

    @staticmethod
    def _leg(body: dict[str, Any], field: str) -> dict[str, Any]:
        leg = body.get(field) or {}
        if not isinstance(leg, dict):
            raise malformed(f"{field} is invalid")
        return leg

    def _check_levels(self, group: str, parent: Order, target: float | None, stop: float | None) -> None:
        """The target lies on the good side of the entry (of the market, for an exit alone), the stop on the bad one."""
        base = parent.limit_price if parent.limit_price is not None and group != "oco" else None
        base = self._world.market.price(parent.symbol) if base is None else base
        long = parent.side > 0 if group != "oco" else parent.side < 0
        shown = number(base, 2)
        if group != "oco" and target is not None and (target < base + 0.01 if long else target > base - 0.01):
            sign = ">= base_price + 0.01" if long else "<= base_price - 0.01"
            raise invalid(f"take_profit.limit_price must be {sign}", base_price=shown)
        if stop is not None and (stop > base - 0.01 if long else stop < base + 0.01):
            sign = "<= base_price - 0.01" if long else ">= base_price + 0.01"
            raise invalid(f"stop_loss.stop_price must be {sign}", base_price=shown)


def check_increment(field: str, price: float | None) -> None:
    """Refuse fractions of a cent from a dollar up, and more than four places below."""
    if price is not None and abs(round(price, 2 if price >= 1 else 4) - price) > 1e-9:
        raise invalid(f"invalid {field} {price}. sub-penny increment does not fulfill minimum pricing criteria")
