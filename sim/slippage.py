"""What the last market orders cost against the price at which the firm decided to trade.

Kept up to date fill by fill, because monitoring and mitigation code ask for the mean all the time. It knows
only fills that the firm has heard of.
"""

from __future__ import annotations

from sim.orders import Order


class Slippage:
    """Slippage of each market order that has filled, in the order of their first fills."""

    def __init__(self) -> None:
        """No fill yet."""
        self._costs_bps: list[float] = []
        self._sent_us: list[int] = []
        self._known: dict[str, tuple[int, float]] = {}
        """Place in the list and shares so far, by order id."""

    def note(self, order: Order, qty: float, price: float) -> None:
        """Take a fill of `order`; limit orders and orders without a price at decision do not count."""
        if order.kind != "market" or not order.price_hint > 0:
            return
        cost_bps = order.side * (price / order.price_hint - 1) * 1e4
        place, before = self._known.get(order.id, (len(self._costs_bps), 0))
        self._known[order.id] = place, before + qty
        if before:
            self._costs_bps[place] += (cost_bps - self._costs_bps[place]) * qty / (before + qty)
        else:
            self._costs_bps.append(cost_bps)
            self._sent_us.append(order.created_us)

    def mean_bps(self, last: int, since_us: int = 0) -> float:
        """The mean over the `last` orders sent at `since_us` or later, positive when it is a cost; 0 without any."""
        costs = self._costs_bps[-last:]
        if since_us:
            sent = self._sent_us[-last:]
            costs = [cost for cost, sent_us in zip(costs, sent, strict=True) if sent_us >= since_us]
        return sum(costs) / len(costs) if costs else 0.0
