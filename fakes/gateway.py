"""A base class for broker gateways: connect, submit, cancel, positions, and callbacks for fills and lost sessions.

Trading systems hide their broker behind such a class. A user's adapter derives from this one (or has the same
methods) and runs on the World's broker through `desk.broker`; what it overrides is theirs, what it inherits
behaves as a real session does: orders in flight are unknown when the session ends, fills come late and once.

    class Ours(BrokerGateway):
        def on_fill(self, fill): self.ledger.add(fill.symbol, fill.side * fill.qty)
        def on_disconnected(self, reason): self.desk.halt(reason)

    def build(desk):
        return Ours(desk).hooks()
"""

from __future__ import annotations

from typing import Any

from sim.orders import Order


class BrokerGateway:
    """One session with the broker. Every call may raise what `sim.network` knows: refused, timed out, 401, 429, 5xx."""

    def __init__(self, desk: Any) -> None:
        """On the broker of `desk`; the session of the trading system is up already when it starts."""
        self.desk = desk
        self._mine: dict[str, Order] = {}

    @property
    def connected(self) -> bool:
        """Whether the session is up, as far as this side knows."""
        return bool(self.desk.broker.connected)

    def connect(self, timeout: float | None = 10.0) -> None:
        """Open the session; raises ConnectionError, TimeoutError or PermissionError. Does nothing when it is up."""
        if not self.connected:
            self.desk.broker.connect(timeout=timeout)
            self.on_connected()

    # Orders.

    def submit(
        self, symbol: str, side: str, qty: int, *, limit_price: float | None = None, order_id: str | None = None
    ) -> str:
        """Send an order and return its client order id at once; `status` tells what became of it."""
        kind = "market" if limit_price is None else "limit"
        order = self.desk.broker.submit(symbol, side, qty, kind=kind, limit_price=limit_price, order_id=order_id)
        self._mine[order.id] = order
        return str(order.id)

    def cancel(self, order_id: str, timeout: float | None = 10.0) -> None:
        """Cancel an order; LookupError when the broker has none such, ValueError when it is done already."""
        self.desk.broker.cancel(order_id, timeout=timeout)

    def cancel_all(self, timeout: float | None = 10.0) -> list[str]:
        """Cancel everything that works at the broker; the ids."""
        return list(self.desk.broker.cancel_all(timeout=timeout))

    def replace(
        self, order_id: str, qty: int, limit_price: float | None = None, timeout: float | None = 10.0
    ) -> str:
        """Replace a working order by one of `qty` shares in all; the new client order id."""
        return str(self.desk.broker.replace(order_id, qty, limit_price, timeout=timeout).id)

    def open_orders(self, timeout: float | None = 10.0) -> dict[str, str]:
        """Client order id to status of everything that works at the broker."""
        return {order.id: order.status for order in self.desk.broker.orders("open", timeout=timeout)}

    def status(self, order_id: str, timeout: float | None = 10.0) -> str:
        """What is known of an order: by this side when it sent it and heard of it, else by the broker.

        An order that was never acknowledged is asked for, since it may be live; LookupError when there is none.
        """
        mine = self._mine.get(order_id)
        if mine is not None and mine.acknowledged:
            return str(mine.status)
        return str(self.desk.broker.order(order_id, timeout=timeout).status)

    # The account.

    def positions(self, timeout: float | None = 10.0) -> dict[str, float]:
        """What the broker says is held."""
        return dict(self.desk.broker.positions(timeout=timeout))

    def account(self, timeout: float | None = 10.0) -> tuple[float, float]:
        """Equity and cash in dollars."""
        account = self.desk.broker.account(timeout=timeout)
        return account.equity, account.cash

    # For subclasses.

    def on_connected(self) -> None:
        """The session is up again."""

    def on_disconnected(self, reason: str) -> None:
        """The session was lost."""

    def on_fill(self, fill: Any) -> None:
        """An order of the firm filled (`fill.order`, `symbol`, `side`, `qty`, `price`)."""

    def hooks(self) -> dict[str, Any]:
        """The callbacks as hooks of a mitigation: `return MyGateway(desk).hooks()`."""
        return {"on_fill": self.on_fill, "on_disconnect": self.on_disconnected}
