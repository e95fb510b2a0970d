"""Orders that the firm's own code sends to its broker by itself: over HTTP, past the order manager.

A bot that runs as it is *is* the trading system, so its orders are the firm's, and the order manager tracks
them like its own. What matters is whether the code knows of them: an order is acknowledged once an answer or
a message that names it went out to the code. One that works at the broker while its answer was lost, and that
the code never asked about, stays unacknowledged in the History, where the audit finds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sim.clock import VirtualTime
from sim.history import History
from sim.network import BrokerError, OrderRejected
from sim.order_manager import OrderManager
from sim.orders import Order, Status


class Heard(Protocol):
    """What an interface tells about an answer of its own."""

    def __call__(self, arrived: bool) -> None:
        """Whether the answer went out to the client."""


class OutsideOrders:
    """The firm's side of orders that it did not send through its order manager."""

    def __init__(self, env: VirtualTime, history: History, orders: OrderManager) -> None:
        """Track them in `orders`."""
        self._env, self._history, self._orders = env, history, orders
        self._open: dict[str, Order] = {}
        """Sent and not heard of yet."""

    def sent(self, order: Order) -> None:
        """The code sends an order."""
        self._history.emit(
            "order.sent", order.id, symbol=order.symbol, side=order.side, qty=order.qty, order_kind=order.kind,
            source=order.source, reducing=order.reducing, price=None, via="http",
        )  # fmt: skip
        mine = Order(
            order.id, order.symbol, order.side, order.qty, kind=order.kind, limit_price=order.limit_price,
            source=order.source, reducing=order.reducing, created_us=self._env.now,
        )  # fmt: skip
        self._orders.adopt(mine)
        self._open.setdefault(order.id, mine)

    def refused(self, order: Order, error: BrokerError) -> None:
        """The broker did not take it."""
        self._history.emit(
            "order.rejected", order.id, error=str(error), status=error.status,
            by="broker" if isinstance(error, OrderRejected) else "link",
        )  # fmt: skip
        if self._open.pop(order.id, None) is not None:
            self._orders.settle(order.id, Status.REJECTED, 0)

    def answer_lost(self, order_ids: Iterable[str]) -> None:
        """An answer that named these orders never reached the code."""
        for order_id in order_ids:
            if order_id in self._open:
                self._history.emit("order.unacked", order_id, error="the broker's answer was lost")

    def heard_of(self, order_ids: Iterable[str]) -> None:
        """The code was told of these orders."""
        for order_id in order_ids:
            mine = self._open.pop(order_id, None)
            if mine is not None:
                self._history.emit("order.acked", order_id, source=mine.source, reducing=mine.reducing)
                mine.move(Status.ACCEPTED, self._env.now)

    def done_in(self, symbol: str) -> list[str]:
        """Orders in `symbol` not heard of that are over: who sees the position sees what became of them."""
        return [order.id for order in self._open.values() if order.symbol == symbol and not order.live]
