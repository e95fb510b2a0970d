"""The broker: it takes orders, fills them at the true market, and keeps the Ledger.

This is the far side of the link. Nothing here knows of the firm's own view; what the firm learns, it learns
through `sim.network` (requests) and `sim.connection` (the stream of order updates).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sim.calendar import TradingCalendar
from sim.clock import MINUTE, VirtualTime
from sim.conditions import ConditionalVenue
from sim.history import History
from sim.ledger import FIRM, Ledger
from sim.market import Market
from sim.network import BrokerAuthExpired, BrokerRateLimited, OrderRejected, UnknownOrder
from sim.orders import Order, Status
from sim.rng import Streams
from sim.terms import Group, Terms
from sim.venue import BrokerConfig, Update

__all__ = ["Broker", "BrokerConfig", "Update"]


class Broker(ConditionalVenue):
    """Order book, account and session of one client: the firm."""

    def __init__(
        self, env: VirtualTime, history: History, streams: Streams, market: Market, calendar: TradingCalendar,
        ledger: Ledger, config: BrokerConfig,
    ) -> None:  # fmt: skip
        """Open for business on `market`, booking into `ledger`."""
        super().__init__(env, history, streams, market, calendar, ledger, config)
        self.orders: dict[str, Order] = {}
        self.rate_limit_per_min = config.rate_limit_per_min
        self.reject_share, self.reject_reason = 0.0, "order rejected by venue"
        self.on_reject: Callable[[], None] = lambda: None
        self.on_limited: Callable[[], None] = lambda: None
        """Called when an order is rejected by chance, and when a call is over the rate limit: proof for a fault."""
        self.auth_valid = True
        self.needs_renewal = False
        self._recent: deque[int] = deque()
        self._within_request = False

    # Requests, in the order of `Link.ENDPOINTS`. Each raises the BrokerError the client will see.

    def submit(self, order: Order) -> Order:
        """Take `order` (copied). A client order id seen before is refused, never executed twice."""
        self._admit()
        if order.id in self.orders:
            self._history.emit("ledger.duplicate_refused", order.id)
            raise OrderRejected("client_order_id must be unique")
        self._refuse_bad(order)
        return self._take(order)

    def submit_group(self, kind: str, orders: Sequence[Order]) -> Group:
        """Take a `bracket` or `oto` (the entry, then its exits) or an `oco` (two exits), all or none of them.

        Exits work once the entry has filled, all of it; the first of two that fills, or is set off, ends the other.
        """
        self._admit()
        for n, order in enumerate(orders):
            if order.id in self.orders or order.id in [other.id for other in orders[:n]]:
                self._history.emit("ledger.duplicate_refused", order.id)
                raise OrderRejected("client_order_id must be unique")
            self._refuse_bad(order)
        has_entry = kind != "oco"
        group = Group(kind)
        mine = [self._own(order, group) for order in orders]
        group.entry, group.exits = (mine[0], mine[1:]) if has_entry else (None, mine)
        for order in mine:
            self.orders[order.id] = order
            order.status = Status.HELD if has_entry and order is not group.entry else Status.ACCEPTED
        for order in mine:
            if order.status is Status.ACCEPTED:
                self._record(order)
                self._work(order)
        return group

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

    def replace(
        self, order_id: str, new_id: str, qty: float, limit_price: float | None, *, stop_price: float | None = None,
        trail: float | None = None, time_in_force: str | None = None,
    ) -> Order:  # fmt: skip
        """Replace a working order by one of `qty` shares in all, under `new_id`; None leaves a price as it was.

        `trail` is in what the order trails by, dollars or per cent. A leg keeps its place in its group.
        """
        self._admit()
        old = self.orders.get(order_id)
        if old is None:
            raise UnknownOrder(f"order not found for {order_id}")
        if not old.live or qty <= old.filled_qty or new_id in self.orders:
            raise OrderRejected("cannot replace order")
        new = Order(
            new_id, old.symbol, old.side, qty - old.filled_qty, kind=old.kind,
            limit_price=limit_price or old.limit_price, source=old.source, reducing=old.reducing,
            terms=_changed(old.terms, stop_price, trail, time_in_force),
        )  # fmt: skip
        self._refuse_bad(new)
        group, held = old.terms.group if old.terms is not None else None, old.status is Status.HELD
        if old.terms is not None:
            old.terms.group = None  # its end is not the end of the others
        self._end(old, Status.REPLACED)
        mine = self._own(new, group)
        if group is not None:
            group.swap(old, mine)
        return self._begin(mine, held)

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

    def positions(self) -> dict[str, float]:
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

    @contextmanager
    def one_request(self) -> Iterator[None]:
        """What is asked inside counts once against the rate limit, as one HTTP request does."""
        self._admit()
        self._within_request = True
        try:
            yield
        finally:
            self._within_request = False

    @property
    def calls_left(self) -> int:
        """How many calls the rate limit still allows."""
        since_us = self._env.now - MINUTE
        return max(0, self.rate_limit_per_min - sum(1 for t_us in self._recent if t_us > since_us))

    # Verbs of faults and of people at the broker.

    def expire_auth(self, needs_renewal: bool) -> Callable[[], None]:
        """End the session's authorisation; with `needs_renewal` a new login does not help."""
        self.auth_valid, self.needs_renewal = False, needs_renewal
        self._history.emit("broker.auth_expired", needs_renewal=needs_renewal)
        return self.renew_credentials

    def renew_credentials(self) -> None:
        """Give the firm valid credentials again; it still has to log in with them."""
        self.needs_renewal = False

    def trade_by_hand(self, symbol: str, side: int, qty: float, price: float) -> None:
        """An execution at the broker of which the firm's system is not told."""
        name = f"manual-{self._fill_id()}"
        self.ledger.post_fill(self._fill_id(), name, symbol, side, qty, price, source="broker")

    # Inside.

    def _take(self, order: Order) -> Order:
        return self._begin(self._own(order))

    def _own(self, order: Order, group: Group | None = None) -> Order:
        """The broker's copy of what a client sent."""
        terms = order.terms
        if terms is not None or group is not None:
            terms = replace(terms or Terms(), group=group)
        return Order(
            order.id, order.symbol, order.side, order.qty, kind=order.kind, limit_price=order.limit_price,
            source=order.source, reducing=order.reducing, created_us=self._env.now, terms=terms,
        )  # fmt: skip

    def _begin(self, mine: Order, held: bool = False) -> Order:
        mine.status = Status.HELD if held else Status.ACCEPTED
        self.orders[mine.id] = mine
        if not held:
            self._record(mine)
            self._work(mine)
        return mine

    def _admit(self) -> None:
        if not self.auth_valid:
            raise BrokerAuthExpired("request is not authorized")
        if self._within_request:
            return
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
        if order.kind in ("limit", "stop_limit") and not (order.limit_price and order.limit_price > 0):
            raise OrderRejected("limit orders need a positive limit_price")
        if self.reject_share and self._chance() < self.reject_share:
            self._history.emit("ledger.order", order.id, status="rejected")
            self.on_reject()
            raise OrderRejected(self.reject_reason)
        if not order.reducing and self._over_leverage(order):
            raise OrderRejected("insufficient buying power", 403)

    def _over_leverage(self, order: Order) -> bool:
        held, gross, equity = self.ledger.shares[FIRM], 0.0, self.ledger.cash
        for symbol, price in zip(self._market.symbols, self._market.prices(), strict=True):
            qty = held.get(symbol, 0)
            equity += qty * price
            if symbol == order.symbol:
                qty += order.side * order.qty
            gross += abs(qty) * price
        return gross > self.config.max_leverage * max(equity, 0.0)


def _changed(
    terms: Terms | None, stop_price: float | None, trail: float | None, time_in_force: str | None
) -> Terms | None:
    """The terms of the order that replaces one of `terms`."""
    if terms is None:
        return None if time_in_force in (None, "day") else Terms(time_in_force or "day")
    percent = terms.trail_percent is not None
    return replace(
        terms, group=None, time_in_force=time_in_force or terms.time_in_force,
        stop_price=terms.stop_price if stop_price is None else stop_price,
        trail_percent=trail if trail is not None and percent else terms.trail_percent,
        trail_price=trail if trail is not None and not percent else terms.trail_price,
    )  # fmt: skip
