"""A base class for broker gateways: connect, submit, cancel, positions, and callbacks for fills and lost sessions.

Trading systems hide their broker behind such a class. A user's adapter derives from this one (or has the same
methods) and runs on the World's broker through `desk.broker`; what it overrides is theirs, what it inherits
behaves as a real session does: orders in flight are unknown when the session ends, fills come late and once.
"""

from __future__ import annotations

from typing import Any

from sim.orders import Order


class BrokerGateway:
    """One session with the broker."""

    def __init__(self, desk: Any) -> None:
        """On the broker of `desk`; not connected until `connect`."""
        self.desk = desk
        self._mine: dict[str, Order] = {}

    @property
    def connected(self) -> bool:
        """Whether the session is up, as far as this side knows."""
        return bool(self.desk.broker.connected)

    def connect(self, timeout: float = 10.0) -> None:
        """Open the session; raises ConnectionError or TimeoutError."""
        if not self.connected:
            self.desk.broker.connect(timeout=timeout)
            self.on_connected()

    def submit(self, symbol: str, side: str, qty: int, *, limit_price: float | None = None) -> str:
        """Send an order; its client order id."""
        kind = "market" if limit_price is None else "limit"
        order = self.desk.broker.submit(symbol, side, qty, kind=kind, limit_price=limit_price)
        self._mine[order.id] = order
        return str(order.id)

    def cancel(self, order_id: str) -> None:
        """Ask for an order to be cancelled."""
        self.desk.broker.cancel(order_id)

    def cancel_all(self) -> list[str]:
        """Cancel everything that works at the broker."""
        return list(self.desk.broker.cancel_all())

    def positions(self) -> dict[str, int]:
        """What the broker says is held."""
        return dict(self.desk.broker.positions())

    def status(self, order_id: str) -> str:
        """What this side knows of an order."""
        return str(self._mine[order_id].status)

    # For subclasses.

    def on_connected(self) -> None:
        """The session is up."""

    def on_disconnected(self, reason: str) -> None:
        """The session was lost."""

    def on_fill(self, fill: Any) -> None:
        """An order of the firm filled (`fill.order`, `symbol`, `side`, `qty`, `price`)."""

    def hooks(self) -> dict[str, Any]:
        """The callbacks as hooks of a mitigation: `return MyGateway(desk).hooks()`."""
        return {"on_fill": self.on_fill, "on_disconnect": self.on_disconnected}
