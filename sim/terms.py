"""What an order may ask for beyond side, size and limit: how long it lives, what sets it off, what it belongs to.

A plain order has no `Terms` at all, which is how it stays as cheap as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.orders import Order, Status

TIMES_IN_FORCE = ("day", "gtc", "ioc", "fok", "opg", "cls")
"""`day` ends with the session, `gtc` outlives it; `ioc` and `fok` fill at once or end; `opg` and `cls` trade at the
open and at the close only."""


@dataclass(slots=True)
class Group:
    """Orders of which one sets off or ends the others."""

    kind: str
    """`bracket` (an entry, then two exits), `oto` (an entry, then one) or `oco` (two exits)."""
    entry: Order | None = None
    exits: list[Order] = field(default_factory=list)
    decided: bool = False
    """Whether one of them has ended the others."""

    @property
    def first(self) -> Order:
        """The order under which the others are shown."""
        return self.exits[0] if self.entry is None else self.entry

    def swap(self, old: Order, new: Order) -> None:
        """Put the order that replaces another in its place."""
        if self.entry is old:
            self.entry = new
        self.exits = [new if order is old else order for order in self.exits]

    def others(self, order: Order) -> list[Order]:
        """The exits beside this one."""
        return [other for other in self.exits if other is not order]


@dataclass(slots=True)
class Terms:
    """Conditions of one order."""

    time_in_force: str = "day"
    stop_price: float | None = None
    """Works only after the market traded there; of a trailing stop it follows the market."""
    trail_price: float | None = None
    """Dollars between a trailing stop and the best price since it was sent."""
    trail_percent: float | None = None
    hwm: float | None = None
    """The best price that a trailing stop has seen: the highest for a sale, the lowest for a purchase."""
    seen_us: int = 0
    """Until when `hwm` has followed the market."""
    triggered: bool = False
    group: Group | None = None

    def __post_init__(self) -> None:
        """Refuse what no order can be; such a mistake is the protocol's that built it."""
        assert self.time_in_force in TIMES_IN_FORCE, self.time_in_force

    @property
    def trails(self) -> bool:
        """Whether the stop follows the market."""
        return self.trail_price is not None or self.trail_percent is not None

    @property
    def waits(self) -> bool:
        """Whether the order still waits for its stop."""
        return not self.triggered and (self.trails or self.stop_price is not None)

    def stop_at(self, best: float, side: int) -> float:
        """Where a trailing stop is when the best price so far is `best`."""
        gap = best * self.trail_percent / 100 if self.trail_percent is not None else self.trail_price
        assert gap is not None
        return best + side * gap


def stands_by(order: Order) -> bool:
    """Whether a broker shows the order as held: a leg before its turn, or the stop beside a working target."""
    terms = order.terms
    if order.status is Status.HELD:
        return True
    if terms is None or terms.group is None or not order.live or not terms.waits:
        return False
    return terms.group.entry is not order and any(other.live for other in terms.group.others(order))
