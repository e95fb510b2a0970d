"""The broker: it takes orders, fills them at the true market, and keeps the Ledger.

This is the far side of the link. Nothing here knows of the firm's own view; what the firm learns, it learns
through `sim.network` (requests) and `sim.connection` (the stream of order updates).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sim.calendar import TradingCalendar
from sim.clock import MINUTE, MS, VirtualTime
from sim.history import History
from sim.ledger import Ledger
from sim.market import Market
from sim.network import BrokerAuthExpired, BrokerRateLimited, OrderRejected, UnknownOrder
from sim.orders import Order, Status
from sim.rng import Streams, lognormal, normal, uniform


@dataclass(frozen=True)
class BrokerConfig:
    """How the broker trades when nothing is wrong."""

    slippage_mean_bps: float = 5.0
    slippage_sd_bps: float = 2.0
    fill_median_us: int = 80 * MS
    partial_share: float = 0.15
    """Share of market orders that fill in two parts."""
    rate_limit_per_min: int = 200
    max_leverage: float = 4.0


class Update(NamedTuple):
    """One message of the order stream."""

    kind: str
    """`fill`, `canceled`, `rejected`, `replaced` or `expired`."""
    order_id: str
    fill_id: str = ""
    qty: int = 0
    price: float = 0.0
    symbol: str = ""
    side: int = 0


class Broker:
    """Order book, account and session of one client: the firm."""

    def __init__(
        self, env: VirtualTime, history: History, streams: Streams, market: Market, calendar: TradingCalendar,
        ledger: Ledger, config: BrokerConfig,
    ) -> None:  # fmt: skip
        """Open for business on `market`, booking into `ledger`."""
        self._env, self._history, self._market, self._calendar = env, history, market, calendar
        self.ledger, self.config = ledger, config
        self.orders: dict[str, Order] = {}
        self._open: dict[str, Order] = {}
        self.publish: Callable[[Update], None] = lambda update: None
        """Where order updates go; the connection sets it."""
        self.slippage_mean_bps = config.slippage_mean_bps
        self.rate_limit_per_min = config.rate_limit_per_min
        self.reject_share, self.reject_reason = 0.0, "order rejected by venue"
        self.on_reject: Callable[[], None] = lambda: None
        self.on_limited: Callable[[], None] = lambda: None
        """Called when an order is rejected by chance, and when a call is over the rate limit: proof for a fault."""
        self.partial_share = config.partial_share
        self.fill_delay_us = 0
        self.auth_valid = True
        self.needs_renewal = False
        self._recent: deque[int] = deque()
        self._fill_id = streams.ids("fill")
        self._fill_after = streams.draws("broker/fill", lognormal(config.fill_median_us, 0.5))
        self._slippage = streams.draws("broker/slippage", normal(0.0, config.slippage_sd_bps))
        self._chance = streams.draws("broker/chance", uniform())

    # Requests, in the order of `Link.ENDPOINTS`. Each raises the BrokerError the client will see.

    def submit(self, order: Order) -> Order:
        """Take `order` (copied). A client order id seen before is refused, never executed twice."""
        self._admit()
        if order.id in self.orders:
            self._history.emit("ledger.duplicate_refused", order.id)
            raise OrderRejected("client_order_id must be unique")
        self._refuse_bad(order)
        mine = Order(
            order.id, order.symbol, order.side, order.qty, kind=order.kind, limit_price=order.limit_price,
            source=order.source, reducing=order.reducing, created_us=self._env.now,
        )  # fmt: skip
        mine.status = Status.ACCEPTED
        self.orders[mine.id] = self._open[mine.id] = mine
        self._history.emit(
            "ledger.order", mine.id, status="accepted", symbol=mine.symbol, side=mine.side, qty=mine.qty,
            order_kind=mine.kind, source=mine.source, reducing=mine.reducing,
        )  # fmt: skip
        self._work(mine)
        return mine

    def cancel(self, order_id: str) -> Order:
        """Cancel a working order; UnknownOrder when there is none, OrderRejected when it is already done."""
        self._admit()
        order = self.orders.get(order_id)
        if order is None:
            raise UnknownOrder(f"order not found for {order_id}")
        if not order.live:
            raise OrderRejected(f'order is already in "{order.status}" state')
        self._end(order, Status.CANCELED)
        return order

    def cancel_all(self) -> list[str]:
        """Cancel every working order; the ids cancelled."""
        self._admit()
        working = list(self._open.values())
        for order in working:
            self._end(order, Status.CANCELED)
        return [order.id for order in working]

    def replace(self, order_id: str, new_id: str, qty: int, limit_price: float | None) -> Order:
        """Replace a working order by one of `qty` shares in all, under `new_id`."""
        self._admit()
        old = self.orders.get(order_id)
        if old is None:
            raise UnknownOrder(f"order not found for {order_id}")
        if not old.live or qty <= old.filled_qty or new_id in self.orders:
            raise OrderRejected("cannot replace order")
        self._end(old, Status.REPLACED)
        return self.submit(
            Order(new_id, old.symbol, old.side, qty - old.filled_qty, kind=old.kind,
                  limit_price=limit_price or old.limit_price, source=old.source, reducing=old.reducing)
        )  # fmt: skip

    def list_orders(self, open_only: bool = True) -> list[Order]:
        """Working orders, or all of them, oldest first."""
        self._admit()
        return list((self._open if open_only else self.orders).values())

    def order(self, order_id: str) -> Order:
        """The order with this client order id."""
        self._admit()
        if order_id not in self.orders:
            raise UnknownOrder(f"order not found for {order_id}")
        return self.orders[order_id]

    def positions(self) -> dict[str, int]:
        """Shares per symbol, zero positions left out."""
        self._admit()
        return self.ledger.positions()

    def equity(self) -> float:
        """Equity at the true market."""
        prices = dict(zip(self._market.symbols, self._market.prices(), strict=True))
        return self.ledger.equity(prices)

    def account(self) -> tuple[float, float]:
        """(equity, cash) in dollars."""
        self._admit()
        return self.equity(), self.ledger.cash

    def login(self) -> None:
        """Open a session; a lapsed one is renewed here unless the credentials themselves must be."""
        if not self.auth_valid and self.needs_renewal:
            raise BrokerAuthExpired("credentials expired, renew them")
        self.auth_valid = True

    # Verbs of faults and of people at the broker.

    def expire_auth(self, needs_renewal: bool) -> Callable[[], None]:
        """End the session's authorisation; with `needs_renewal` a new login does not help."""
        self.auth_valid, self.needs_renewal = False, needs_renewal
        self._history.emit("broker.auth_expired", needs_renewal=needs_renewal)
        return self.renew_credentials

    def renew_credentials(self) -> None:
        """Give the firm valid credentials again; it still has to log in with them."""
        self.needs_renewal = False

    def trade_by_hand(self, symbol: str, side: int, qty: int, price: float) -> None:
        """An execution at the broker of which the firm's system is not told."""
        name = f"manual-{self._fill_id()}"
        self.ledger.post_fill(self._fill_id(), name, symbol, side, qty, price, source="broker")

    def reprice(self) -> None:
        """Look again at resting limit orders, after the true path has changed."""
        for order in list(self._open.values()):
            if order.kind == "limit":
                self._rest(order)

    def working(self) -> Iterable[Order]:
        """Orders that may still fill, as the broker knows them."""
        return self._open.values()

    # Inside.

    def _admit(self) -> None:
        if not self.auth_valid:
            raise BrokerAuthExpired("request is not authorized")
        now, recent = self._env.now, self._recent
        while recent and recent[0] <= now - MINUTE:
            recent.popleft()
        if len(recent) >= self.rate_limit_per_min:
            self.on_limited()
            raise BrokerRateLimited("rate limit exceeded")
        recent.append(now)

    def _refuse_bad(self, order: Order) -> None:
        if order.symbol not in self._market.symbols:
            raise OrderRejected(f'asset "{order.symbol}" not found')
        if order.qty <= 0 or order.side not in (1, -1):
            raise OrderRejected("qty must be positive and side buy or sell")
        if order.kind == "limit" and not (order.limit_price and order.limit_price > 0):
            raise OrderRejected("limit orders need a positive limit_price")
        if self.reject_share and self._chance() < self.reject_share:
            self._history.emit("ledger.order", order.id, status="rejected")
            self.on_reject()
            raise OrderRejected(self.reject_reason)
        if not order.reducing and self._over_leverage(order):
            raise OrderRejected("insufficient buying power", 403)

    def _over_leverage(self, order: Order) -> bool:
        prices = dict(zip(self._market.symbols, self._market.prices(), strict=True))
        held = self.ledger.positions()
        held[order.symbol] = held.get(order.symbol, 0) + order.side * order.qty
        gross = sum(abs(qty) * prices[symbol] for symbol, qty in held.items())
        return gross > self.config.max_leverage * max(self.ledger.equity(prices), 0.0)

    def _work(self, order: Order) -> None:
        if order.kind == "limit":
            self._rest(order)
            return
        partial = order.qty > 1 and self._chance() < self.partial_share
        first = order.qty // 2 if partial else order.qty
        self._fill_later(order, first)
        if partial:
            self._fill_later(order, order.qty - first, extra_us=self.config.fill_median_us)

    def _fill_later(self, order: Order, qty: int, extra_us: int = 0) -> None:
        after_us = int(self._fill_after()) + extra_us + self.fill_delay_us
        now = self._env.now
        start = now if self._calendar.is_open(now) else self._calendar.next_open_us(now)
        event = self._env.timeout(start - now + after_us)
        event.callbacks.append(lambda _: self._fill(order, qty))

    def _rest(self, order: Order) -> None:
        """Schedule the fill of a limit order for when the true price first reaches it; expire it at the close."""
        assert order.limit_price is not None
        now = self._env.now
        session = self._calendar.session_at(now)
        if session is None:
            self._at(self._calendar.next_open_us(now), lambda: self._rest(order))
            return
        revision = self._market.revision
        reach = self._market.first_crossing_us(order.symbol, order.limit_price, order.side, now, session.close_us)
        if reach is None:
            self._at(session.close_us, lambda: self._end(order, Status.EXPIRED))
        else:
            self._at(reach, lambda: self._touch(order, revision))

    def _touch(self, order: Order, revision: int) -> None:
        if revision == self._market.revision and order.live:
            self._fill(order, order.remaining, price=order.limit_price)

    def _at(self, t_us: int, function: Callable[[], None]) -> None:
        self._env.at(t_us).callbacks.append(lambda _: function())

    def _fill(self, order: Order, qty: int, price: float | None = None) -> None:
        qty = min(qty, order.remaining)
        if not order.live or qty == 0:
            return
        if price is None:
            slippage = (self.slippage_mean_bps + self._slippage()) / 1e4
            price = round(self._market.price(order.symbol) * (1 + order.side * slippage), 4)
        order.fill(qty, price, self._env.now)
        if not order.live:
            del self._open[order.id]
        fill_id = self._fill_id()
        self.ledger.post_fill(fill_id, order.id, order.symbol, order.side, qty, price, order.source)
        self.publish(Update("fill", order.id, fill_id, qty, price, order.symbol, order.side))

    def _end(self, order: Order, status: Status) -> None:
        if not order.move(status, self._env.now):
            return
        self._open.pop(order.id, None)
        self._history.emit("ledger.order", order.id, status=str(status))
        self.publish(Update(str(status), order.id))
