"""Orders, and the states that one may pass through.

The same class serves the firm's side and the broker's side; they are two objects, because the two sides may
disagree, and that is what many incidents are about. The firm's copy can be `pending_new` for ever (the ack
was lost) while the broker's is `accepted` and working.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.terms import Terms


class Status(StrEnum):
    """State of an order; the spelling follows the brokers' (one l in `canceled`)."""

    PENDING_NEW = "pending_new"
    """Sent, not acknowledged: it may be live."""
    HELD = "held"
    """A leg that waits at the broker for the order it belongs to; it cannot fill yet."""
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    PENDING_CANCEL = "pending_cancel"
    CANCELED = "canceled"
    REPLACED = "replaced"
    REJECTED = "rejected"
    EXPIRED = "expired"


# Python 3.11 looks a member of an Enum up through a function; as a plain attribute it is found at once.
for _status in Status:
    type.__setattr__(Status, _status.name, _status)

_FATES = (Status.PARTIALLY_FILLED, Status.FILLED, Status.CANCELED, Status.REPLACED, Status.EXPIRED)
"""What may befall an order that works at the broker, whatever the firm knows of it."""

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING_NEW: frozenset((Status.ACCEPTED, Status.REJECTED, Status.PENDING_CANCEL, *_FATES)),
    Status.HELD: frozenset((Status.ACCEPTED, Status.CANCELED, Status.REPLACED, Status.EXPIRED)),
    Status.ACCEPTED: frozenset((Status.PENDING_CANCEL, *_FATES)),
    Status.PARTIALLY_FILLED: frozenset((Status.PENDING_CANCEL, *_FATES)),
    Status.PENDING_CANCEL: frozenset((Status.ACCEPTED, *_FATES)),
    Status.FILLED: frozenset(),
    Status.CANCELED: frozenset(),
    Status.REPLACED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
}
"""Which states may follow which; a message that arrives out of order is ignored by its receiver, not forced."""

DONE = frozenset(status for status, after in TRANSITIONS.items() if not after)
"""States in which an order can no longer fill."""


def kept(qty: float) -> float:
    """A quantity as books keep it: an int when it is whole, else a float of nine decimal places.

    Fractions of a share exist where a broker sells them; rounding at each step keeps sums of them exact, so
    that what was bought in pieces and sold in pieces ends at zero.
    """
    rounded = round(qty, 9)
    return int(rounded) if rounded == int(rounded) else rounded


class Order:
    """One order. Quantities are shares, whole ones as `int`; `side` is +1 to buy, -1 to sell."""

    __slots__ = (
        "average_price", "created_us", "filled_qty", "id", "kind", "limit_price", "price_hint", "qty",
        "reducing", "side", "source", "status", "symbol", "terms", "updated_us",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        symbol: str,
        side: int,
        qty: float,
        *,
        kind: str = "market",
        limit_price: float | None = None,
        source: str = "strategy",
        reducing: bool = False,
        created_us: int = 0,
        terms: Terms | None = None,
    ) -> None:
        """An order not yet acknowledged; `id` is the client order id, `reducing` that it lowers exposure.

        `terms` are what it asks for beyond a limit; None is a plain order, good for the day.
        """
        self.id, self.symbol, self.side, self.qty = id, symbol, side, qty
        self.kind, self.limit_price, self.source, self.reducing = kind, limit_price, source, reducing
        self.status = Status.PENDING_NEW
        self.terms = terms
        self.filled_qty: float = 0
        self.average_price = 0.0
        self.price_hint = 0.0
        """Price at which the firm decided to trade: what slippage is measured from."""
        self.created_us = self.updated_us = created_us

    @property
    def live(self) -> bool:
        """Whether it may still fill, as far as this side knows."""
        return self.status not in DONE

    @property
    def remaining(self) -> float:
        """Shares not yet filled."""
        left = self.qty - self.filled_qty
        return left if type(left) is int else kept(left)

    @property
    def acknowledged(self) -> bool:
        """Whether the broker's word on it has been heard."""
        return self.status is not Status.PENDING_NEW

    def move(self, status: Status, t_us: int) -> bool:
        """Go to `status`; False, and no change, when that may not follow the present one."""
        if status not in TRANSITIONS[self.status]:
            return False
        self.status, self.updated_us = status, t_us
        return True

    def fill(self, qty: float, price: float, t_us: int) -> None:
        """Book `qty` shares at `price`; the state follows."""
        assert 0 < qty <= self.remaining, (self.id, qty, self.remaining)
        self.average_price = (self.average_price * self.filled_qty + price * qty) / (self.filled_qty + qty)
        filled = self.filled_qty + qty
        self.filled_qty = filled if type(filled) is int else kept(filled)
        self.move(Status.FILLED if self.remaining == 0 else Status.PARTIALLY_FILLED, t_us)

    def __repr__(self) -> str:
        return f"<{self.id} {'buy' if self.side > 0 else 'sell'} {self.qty} {self.symbol} {self.status}>"
