"""The firm's order manager: every order of the firm passes here, and so do its answers.

It knows an order from the moment it is created; the broker knows it a few milliseconds later, or never, or
it does and the firm never hears. An order whose fate is not known stays `pending_new` here: it may be live.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial

from sim.book import Book
from sim.broker import Broker, Update
from sim.clock import SECOND, VirtualTime
from sim.history import History
from sim.network import BrokerBadGateway, BrokerError, BrokerTimeout, Link, OrderRejected, UnknownOrder
from sim.orders import Order, Status
from sim.slippage import Slippage

SUBMIT_TIMEOUT_US = 5 * SECOND

Gate = Callable[[Order], str | None]
"""Asked before an order leaves: None to allow, or the reason why not."""


class OrderManager:
    """Creates, sends, tracks and cancels orders."""

    def __init__(
        self, env: VirtualTime, history: History, link: Link, broker: Broker, book: Book, order_id: Callable[[], str]
    ) -> None:
        """An empty blotter."""
        self._env, self._history, self._link, self._broker, self.book = env, history, link, broker, book
        self._order_id = order_id
        self.orders: dict[str, Order] = {}
        self._open: dict[str, Order] = {}
        self._life = 0
        """Number of the process whose memory this is: answers to an earlier one are heard by nobody."""
        self.gates: list[Gate] = []
        self.breaks: Gate = lambda order: None
        """Asked after the gates: why the system itself fails on this order (a bad version), or None."""
        self.on_fill: Callable[[Order, float, float], None] = lambda order, qty, price: None
        self.outcomes: list[tuple[int, bool]] = []
        """(time, accepted) of each order answered, oldest first: what an error rate is made of."""
        self.slippage = Slippage()
        self.unanswered_us: list[int] = []
        """When an order turned out to have no answer that says what became of it: time ran out, or a proxy spoke."""

    def create(
        self, symbol: str, side: int, qty: float, *, kind: str = "market", limit_price: float | None = None,
        source: str = "strategy", price_hint: float = 0.0, order_id: str | None = None,
    ) -> Order:  # fmt: skip
        """Create an order, ask the gates, and send it; the order, rejected when a gate said no.

        An `order_id` that was used before is sent all the same: it is the broker who refuses it.
        """
        order = Order(
            order_id or self._order_id(), symbol, side, qty, kind=kind, limit_price=limit_price, source=source,
            reducing=self._reduces(symbol, side, qty), created_us=self._env.now,
        )  # fmt: skip
        order.price_hint = price_hint
        before = self.orders.get(order.id)
        if before is None or before.status is Status.REJECTED:
            self.orders[order.id] = order
        for gate in self.gates:
            reason = gate(order)
            if reason is not None:
                order.status = Status.REJECTED
                self._history.emit(
                    "order.denied", order.id, reason=reason, symbol=symbol, side=side, qty=qty,
                    source=source, reducing=order.reducing,
                )  # fmt: skip
                return order
        fault = self.breaks(order)
        if fault is not None:
            self.outcomes.append((self._env.now, False))
            order.status = Status.REJECTED
            self._history.emit("order.rejected", order.id, error=fault, status=500, by="system")
            return order
        if self.orders[order.id] is order:
            self._open[order.id] = order
        self._send(order)
        return order

    def cancel(self, order: Order, on_done: Callable[[BrokerError | None], None] = lambda error: None) -> None:
        """Ask the broker to cancel `order` (by client order id, so an un-acknowledged one can be cancelled too)."""
        if order.acknowledged:
            order.move(Status.PENDING_CANCEL, self._env.now)
        self._history.emit("order.cancel_sent", order.id, acknowledged=order.acknowledged)

        def failed(error: BrokerError) -> None:
            # Before its own answer was due, the order may still be on its way behind the cancel.
            overdue = self._env.now - order.created_us >= SUBMIT_TIMEOUT_US
            if isinstance(error, UnknownOrder) and not order.acknowledged and overdue:
                self.settle(order.id, Status.REJECTED, 0)  # the broker never had it
            on_done(error)

        self._link.request(
            "cancel", lambda: self._broker.cancel(order.id), lambda _: on_done(None), failed, SUBMIT_TIMEOUT_US
        )

    def handle(self, update: Update) -> None:
        """Take a message of the order stream."""
        order = self.orders.get(update.order_id)
        if update.kind == "fill":
            self._filled(order, update)
        elif order is not None and order.live and update.kind != "accepted":
            self._close(order, Status(update.kind))

    def live(self) -> list[Order]:
        """Orders that may still fill as far as the firm knows, un-acknowledged ones included, oldest first."""
        return list(self._open.values())

    def pending(self, symbol: str) -> float:
        """Shares that live orders in `symbol` may still add to the position; negative when they sell."""
        return sum([o.side * (o.qty - o.filled_qty) for o in self._open.values() if o.symbol == symbol])

    def settle(self, order_id: str, status: Status, filled_qty: float) -> None:
        """Take the broker's word on an order whose fate was unknown (fills come by the stream or `Book.adopt`)."""
        order = self.orders.get(order_id)
        if order is not None and order.live:
            self._history.emit("order.settled", order.id, status=str(status))
            order.filled_qty = max(order.filled_qty, min(filled_qty, order.qty))
            if status in (Status.ACCEPTED, Status.PARTIALLY_FILLED):
                order.move(status, self._env.now)
            else:
                self._close(order, status)

    def adopt(self, order: Order) -> None:
        """Track an order again that a restarted process found in its files or at the broker."""
        self.orders.setdefault(order.id, order)
        if order.live:
            self._open[order.id] = self.orders[order.id]

    def forget(self) -> None:
        """Lose all memory of orders, as the process does that dies."""
        self._life += 1
        self.orders, self._open, self.outcomes, self.slippage = {}, {}, [], Slippage()
        self.unanswered_us = []

    def answered(self, window_us: int) -> list[bool]:
        """Of each order answered in the last `window_us`, whether it was accepted."""
        since_us = self._env.now - window_us
        return [accepted for _, accepted in self.outcomes[bisect_left(self.outcomes, (since_us,)) :]]

    def error_rate(self, window_us: int) -> float:
        """Share of the orders answered in the last `window_us` that failed or were rejected; 0 without any."""
        answered = self.answered(window_us)
        return answered.count(False) / len(answered) if answered else 0.0

    def _reduces(self, symbol: str, side: int, qty: float) -> bool:
        held = self.book.positions.get(symbol, 0)
        return held * side < 0 and qty <= abs(held)

    def _send(self, order: Order) -> None:
        self._history.emit(
            "order.sent", order.id, symbol=order.symbol, side=order.side, qty=order.qty, order_kind=order.kind,
            source=order.source, reducing=order.reducing, price=order.price_hint or None,
        )  # fmt: skip
        self._link.request(
            "submit", partial(self._broker.submit, order), partial(self._acked, order, self._life),
            partial(self._failed, order, self._life), SUBMIT_TIMEOUT_US,
        )  # fmt: skip

    def _acked(self, order: Order, life: int, _: object) -> None:
        if life != self._life:
            return  # the process that sent it is gone
        self.outcomes.append((self._env.now, True))
        if order.move(Status.ACCEPTED, self._env.now):
            self._history.emit("order.acked", order.id, source=order.source, reducing=order.reducing)
            if not self.orders[order.id].acknowledged:  # a second try under one id: the first never arrived
                self.orders[order.id] = self._open[order.id] = order

    def _failed(self, order: Order, life: int, error: BrokerError) -> None:
        if life != self._life:
            return
        if isinstance(error, BrokerTimeout | BrokerBadGateway):  # neither accepted nor refused: its fate is open
            if isinstance(error, BrokerBadGateway):
                self.outcomes.append((self._env.now, False))
            self.unanswered_us.append(self._env.now)
            self._history.emit("order.unacked", order.id, error=str(error))
            return
        self.outcomes.append((self._env.now, False))
        if order.live and not order.acknowledged:
            self._history.emit(
                "order.rejected", order.id, error=str(error), status=error.status,
                by="broker" if isinstance(error, OrderRejected) else "link",
            )  # fmt: skip
            self._close(order, Status.REJECTED)

    def _filled(self, order: Order | None, update: Update) -> None:
        fresh = self.book.apply_fill(update.fill_id, update.symbol, update.side, update.qty, update.price)
        if not fresh:
            self._history.emit("order.fill_repeated", update.order_id, fill=update.fill_id)
            return
        self._history.emit(
            "order.filled", update.order_id, fill=update.fill_id, symbol=update.symbol, side=update.side,
            qty=update.qty, price=update.price, position=self.book.positions[update.symbol],
            known=order is not None,
        )  # fmt: skip
        if order is None:
            return
        if order.remaining:  # a settled order may have been counted as filled already
            order.fill(min(update.qty, order.remaining), update.price, self._env.now)
        self.slippage.note(order, update.qty, update.price)
        self.on_fill(order, update.qty, update.price)
        if not order.live:
            self._drop(order)

    def _close(self, order: Order, status: Status) -> None:
        if order.move(status, self._env.now):
            self._drop(order)
            if status is not Status.REJECTED:
                self._history.emit("order.closed", order.id, status=str(status))

    def _drop(self, order: Order) -> None:
        if self._open.get(order.id) is order:
            del self._open[order.id]
