"""The trading interface: account, clock, calendar, assets, orders and positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fakes.alpaca.errors import AlpacaError, duplicate, invalid, not_found, of_broker
from fakes.alpaca.models import Details, Wording, identifier, number
from sim.actors.http import Request, Response
from sim.broker import Update
from sim.network import BrokerError
from sim.orders import Order

_NEW_YORK = ZoneInfo("America/New_York")
_TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
_TIMES = ("day", "gtc", "opg", "cls", "ioc", "fok")
_CONFIGURATIONS = {
    "dtbp_check": "entry", "fractional_trading": True, "max_margin_multiplier": "4", "no_shorting": False,
    "pdt_check": "entry", "suspend_trade": False, "trade_confirm_email": "all", "ptp_no_exception_entry": False,
    "max_options_trading_level": None,
}  # fmt: skip

Answer = Response | dict[str, Any] | list[Any]


class Trading:
    """Handlers of the trading routes."""

    def __init__(self, world: Any, wording: Wording) -> None:
        """Of this World's account."""
        self._world, self._broker, self.wording = world, world.broker, wording
        self._configurations: dict[str, Any] = dict(_CONFIGURATIONS)
        self._numbers = world.streams.ids("alpaca")
        self.on_new: Callable[[Update], None] = lambda update: None

    # The account.

    def account(self, request: Request) -> Answer:
        """Equity, cash and buying power."""
        equity, cash = self._broker.account()
        prices = dict(zip(self._world.market.symbols, self._world.market.prices(), strict=True))
        held = self._world.ledger.positions()
        long = sum(q * prices[s] for s, q in held.items() if q > 0)
        short = sum(q * prices[s] for s, q in held.items() if q < 0)
        leverage = self._broker.config.max_leverage
        power = max(0.0, leverage * equity - long + short)
        margin = (long - short) / leverage
        return {
            "id": identifier("account", "firm"), "account_number": "PA3DRILL0001", "status": "ACTIVE",
            "crypto_status": "ACTIVE", "currency": "USD", "buying_power": number(power, 2),
            "regt_buying_power": number(power / 2, 2), "daytrading_buying_power": number(power, 2),
            "effective_buying_power": number(power, 2), "non_marginable_buying_power": number(max(cash, 0.0), 2),
            "options_buying_power": number(max(cash, 0.0), 2), "cash": number(cash, 2), "accrued_fees": "0",
            "pending_transfer_in": "0", "pending_transfer_out": "0", "portfolio_value": number(equity, 2),
            "pattern_day_trader": False, "daytrade_count": 0, "trading_blocked": False, "transfers_blocked": False,
            "account_blocked": False, "created_at": self.wording.time(0), "trade_suspended_by_user": False,
            "multiplier": number(leverage), "shorting_enabled": True, "equity": number(equity, 2),
            "last_equity": number(self._world.config.equity, 2), "long_market_value": number(long, 2),
            "short_market_value": number(short, 2), "position_market_value": number(long + short, 2),
            "initial_margin": number(margin, 2), "maintenance_margin": number(0.3 * (long - short), 2),
            "last_maintenance_margin": number(0.3 * (long - short), 2), "sma": number(equity, 2),
            "options_approved_level": 0, "options_trading_level": 0,
            "balance_asof": self._world.clock.local_date().isoformat(),
        }  # fmt: skip

    def configurations(self, request: Request) -> Answer:
        """The account's settings."""
        return self._configurations

    def configure(self, request: Request) -> Answer:
        """Change them."""
        self._configurations |= request.json() or {}
        return self._configurations

    def portfolio_history(self, request: Request) -> Answer:
        """Equity at the start and now."""
        equity, _ = self._broker.account()
        base = self._world.config.equity
        seconds = [int(self._world.clock.utc(t_us).timestamp()) for t_us in (0, self._world.env.now)]
        return {
            "timestamp": seconds, "equity": [base, round(equity, 2)], "profit_loss": [0.0, round(equity - base, 2)],
            "profit_loss_pct": [0.0, round(equity / base - 1, 6)], "base_value": base, "timeframe": "1D",
        }  # fmt: skip

    def activities(self, request: Request, kind: str = "FILL") -> Answer:
        """Fills, newest first."""
        if kind != "FILL":
            return []
        fills = self._world.history.of("ledger.fill")
        return [
            {
                "activity_type": "FILL", "id": f"{fill.t_us:020d}::{identifier('execution', fill.get('fill'))}",
                "order_id": identifier("order", fill.subject), "symbol": fill.get("symbol"),
                "side": "buy" if fill.get("side") > 0 else "sell", "qty": str(fill.get("qty")),
                "price": number(fill.get("price")), "cum_qty": str(fill.get("qty")), "leaves_qty": "0",
                "transaction_time": self.wording.time(fill.t_us), "type": "fill", "order_status": "filled",
            }
            for fill in reversed(fills) if fill.get("source") != "opening"
        ]  # fmt: skip

    # The market.

    def clock(self, request: Request) -> Answer:
        """Whether the market is open, and when it opens and closes next."""
        world, now = self._world, self._world.env.now
        session = world.calendar.session_at(now)
        close_us = (session or world.calendar.from_us(now)[0]).close_us

        def local(t_us: int) -> str:
            return str(world.clock.utc(t_us).astimezone(_NEW_YORK).isoformat())

        return {
            "timestamp": local(now), "is_open": session is not None,
            "next_open": local(world.calendar.next_open_us(now)), "next_close": local(close_us),
        }  # fmt: skip

    def calendar(self, request: Request) -> Answer:
        """Trading days from `start` to `end`."""
        start = _day(request.query.get("start"), date.min)
        end = _day(request.query.get("end"), date.max)
        days = []
        for session in self._world.calendar.sessions:
            if start <= session.date <= end:
                opens, closes = (
                    self._world.clock.utc(t).astimezone(_NEW_YORK).strftime("%H:%M")
                    for t in (session.open_us, session.close_us)
                )
                days.append({"date": session.date.isoformat(), "open": opens, "close": closes,
                             "session_open": "0400", "session_close": "2000"})  # fmt: skip
        return days

    def assets(self, request: Request) -> Answer:
        """Everything that can be traded."""
        if request.query.get("asset_class", "us_equity") != "us_equity":
            return []
        return [self.wording.asset(symbol) for symbol in self._world.market.symbols]

    def asset(self, request: Request, symbol: str) -> Answer:
        """One of them, by symbol or id."""
        return self.wording.asset(self._symbol(symbol, f"asset not found for {symbol}"))

    # Orders.

    def submit(self, request: Request) -> Answer:
        """A new order."""
        body = request.json() or {}
        order, details = self._read_order(body)
        self._refuse_more_than_held(order)
        if order.id in self._broker.orders:
            raise duplicate()
        self.wording.details[order.id] = details
        taken = self._broker.submit(order)
        self.on_new(Update("new", taken.id, symbol=taken.symbol, side=taken.side))
        return self.wording.order(taken)

    def _read_order(self, body: dict[str, Any]) -> tuple[Order, Details]:
        kind, side = body.get("type", "market"), body.get("side")
        if side not in ("buy", "sell"):
            raise invalid("side must be buy or sell")
        if kind not in _TYPES or body.get("time_in_force", "day") not in _TIMES:
            raise invalid("invalid type or time_in_force")
        if kind not in ("market", "limit") or body.get("order_class") not in (None, "", "simple"):
            raise invalid(f"{body.get('order_class') or kind} orders are not part of this drill")
        symbol = str(body.get("symbol", ""))
        if symbol not in self._world.market.symbols:
            raise invalid(f'asset "{symbol}" not found')
        details = Details(kind, body.get("time_in_force", "day"))
        details.intent = body.get("position_intent")
        limit = _positive(body, "limit_price")
        if kind == "limit" and limit is None:
            raise invalid("limit orders require limit_price")
        qty = self._quantity(body, symbol, details)
        name = body.get("client_order_id") or identifier("client", self._numbers())
        sign = 1 if side == "buy" else -1
        held = self._world.ledger.position(symbol)
        reducing = held * sign < 0 and qty <= abs(held)
        return Order(
            name, symbol, sign, qty, kind=kind, limit_price=limit, source="mitigation", reducing=reducing,
            created_us=self._world.env.now,
        ), details  # fmt: skip

    def _quantity(self, body: dict[str, Any], symbol: str, details: Details) -> int:
        qty, notional = _positive(body, "qty"), _positive(body, "notional")
        if (qty is None) == (notional is None):
            raise invalid("qty or notional is required, and only one of them")
        if notional is not None:
            details.notional = number(notional, 2)
            qty = float(int(notional / self._world.market.price(symbol)))
        assert qty is not None
        if qty < 1 or qty != int(qty):
            raise invalid("fractional orders are not part of this drill: whole shares only")
        return int(qty)

    def _refuse_more_than_held(self, order: Order) -> None:
        """An order against a position may not exceed what no other order has claimed."""
        held = self._world.ledger.position(order.symbol)
        if held * order.side >= 0:
            return
        claimed = self._claimed(order.symbol, order.side)
        available = max(0, abs(held) - claimed)
        if order.qty > available:
            raise AlpacaError(
                403, 40310000,
                f"insufficient qty available for order (requested: {order.qty}, available: {available})",
                available=str(available), existing_qty=str(abs(held)), held_for_orders=str(claimed),
                symbol=order.symbol, related_orders=[
                    self.wording.order_id(o) for o in self._broker.working()
                    if o.symbol == order.symbol and o.side == order.side
                ],
            )  # fmt: skip

    def _claimed(self, symbol: str, side: int) -> int:
        return sum(o.remaining for o in self._broker.working() if o.symbol == symbol and o.side == side)

    def orders(self, request: Request) -> Answer:
        """Orders, newest first unless `direction` is asc."""
        query = request.query
        status = query.get("status", "open")
        found = self._broker.list_orders(status == "open")
        if status == "closed":
            found = [order for order in found if not order.live]
        symbols = query.get("symbols")
        if symbols:
            found = [order for order in found if order.symbol in symbols.split(",")]
        if "side" in query:
            found = [order for order in found if order.side == (1 if query["side"] == "buy" else -1)]
        after, until = (self._instant(query.get(name)) for name in ("after", "until"))
        found = [order for order in found if _between(order.created_us, after, until)]
        if query.get("direction", "desc") == "desc":
            found.reverse()
        return [self.wording.order(order) for order in found[: int(query.get("limit") or 50)]]

    def order(self, request: Request, order_id: str) -> Answer:
        """One order, by Alpaca's id."""
        return self.wording.order(self._find(order_id))

    def order_by_client_id(self, request: Request) -> Answer:
        """One order, by the client's id."""
        name = request.query.get("client_order_id", "")
        return self.wording.order(self._broker.order(name))

    def replace(self, request: Request, order_id: str) -> Answer:
        """Replace a working order by another."""
        body = request.json() or {}
        old = self._find(order_id)
        if not old.live:
            raise invalid(f'order is already in "{old.status}" state')
        qty = int(_positive(body, "qty") or old.qty)
        name = body.get("client_order_id") or identifier("client", self._numbers())
        new = self._broker.replace(old.id, name, qty, _positive(body, "limit_price"))
        before = self.wording.details.get(old.id) or Details(old.kind)
        details = self.wording.details[new.id] = Details(before.kind, body.get("time_in_force", before.time_in_force))
        details.replaces, before.replaced_by = self.wording.order_id(old), self.wording.order_id(new)
        self.wording.details[old.id] = before
        return self.wording.order(new)

    def cancel(self, request: Request, order_id: str) -> Answer:
        """Cancel an order: 204, 422 when it is done already, 404 when there is none."""
        self._broker.cancel(self._name(order_id))
        return Response(204)

    def cancel_all(self, request: Request) -> Answer:
        """Cancel every working order: 207 with a status for each."""
        cancelled = self._broker.cancel_all()
        return Response.of_json(
            [{"id": identifier("order", name), "status": 200, "body": None} for name in cancelled], 207
        )

    # Positions.

    def positions(self, request: Request) -> Answer:
        """Everything held."""
        held = self._broker.positions()
        return [self._position(symbol, qty) for symbol, qty in held.items()]

    def position(self, request: Request, symbol: str) -> Answer:
        """One position, by symbol or asset id."""
        held = self._broker.positions()
        symbol = self._symbol(symbol, "position does not exist")
        if symbol not in held:
            raise not_found("position does not exist")
        return self._position(symbol, held[symbol])

    def _position(self, symbol: str, qty: int) -> dict[str, Any]:
        return self.wording.position(symbol, qty, self._claimed(symbol, -1 if qty > 0 else 1))

    def close(self, request: Request, symbol: str) -> Answer:
        """Close a position, or part of it, at the market."""
        symbol = self._symbol(symbol, "position does not exist")
        held = self._world.ledger.position(symbol)
        if not held:
            raise not_found(f"position not found: {symbol}")
        query = request.query
        qty = abs(held)
        if query.get("qty"):
            qty = int(float(query["qty"]))
        elif query.get("percentage"):
            qty = int(abs(held) * float(query["percentage"]) / 100)
        return self._close(symbol, held, qty)

    def _close(self, symbol: str, held: int, qty: int) -> dict[str, Any]:
        if not 0 < qty <= abs(held):
            raise invalid("qty must be above 0 and no more than the position")
        order = Order(
            identifier("client", self._numbers()), symbol, -1 if held > 0 else 1, qty, source="mitigation",
            reducing=True, created_us=self._world.env.now,
        )  # fmt: skip
        self._refuse_more_than_held(order)
        taken = self._broker.submit(order)
        self.on_new(Update("new", taken.id, symbol=symbol, side=taken.side))
        return self.wording.order(taken)

    def close_all(self, request: Request) -> Answer:
        """Close every position: 207 with an order or an error for each."""
        if request.query.get("cancel_orders", "").lower() == "true":
            self._broker.cancel_all()
        results = []
        for symbol, held in self._world.ledger.positions().items():
            try:
                status, body = 200, self._close(symbol, held, abs(held))
            except AlpacaError as refused:
                status, body = refused.status, refused.body
            except BrokerError as refused:
                error = of_broker(refused)
                status, body = error.status, error.body
            results.append({"symbol": symbol, "status": status, "body": body})
        return Response.of_json(results, 207)

    # Reading.

    def _name(self, order_id: str) -> str:
        name = self.wording.client_id(order_id)
        if name is None:
            raise not_found(f"order not found for {order_id}")
        return name

    def _find(self, order_id: str) -> Order:
        return self._broker.order(self._name(order_id))  # type: ignore[no-any-return]

    def _symbol(self, text: str, missing: str) -> str:
        for symbol in self._world.market.symbols:
            if text in (symbol, identifier("asset", symbol)):
                return str(symbol)
        raise not_found(missing)

    def _instant(self, text: str | None) -> int | None:
        return None if not text else int(self._world.clock.us_at(instant(text)))


def _between(t_us: int, after_us: int | None, until_us: int | None) -> bool:
    return (after_us is None or t_us > after_us) and (until_us is None or t_us < until_us)


def instant(text: str) -> datetime:
    """A time of a query, UTC when it names no zone."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid(f"invalid time: {text}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(text: str | None, default: date) -> date:
    return default if not text else instant(text).date()


def _positive(body: dict[str, Any], field: str) -> float | None:
    value = body.get(field)
    if value in (None, ""):
        return None
    try:
        figure = float(value)
    except (TypeError, ValueError):
        raise invalid(f"invalid {field}: {value}") from None
    if figure <= 0:
        raise invalid(f"{field} must be above 0")
    return figure



