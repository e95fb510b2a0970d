"""The firm's own book: what its trading system believes it holds.

It moves by the fills that arrive, each applied once by its fill id, or by `adopt`, when somebody reconciles.
It may be wrong; the Ledger is not.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.history import History
from sim.orders import kept


class Book:
    """Local positions and cash."""

    def __init__(self, history: History, cash: float, positions: Mapping[str, float]) -> None:
        """Start from `cash` dollars and `positions` in shares."""
        self._history = history
        self.cash = cash
        self.positions: dict[str, float] = dict(positions)
        self._seen: set[str] = set()  # membership only, never iterated

    def apply_fill(self, fill_id: str, symbol: str, side: int, qty: float, price: float) -> bool:
        """Book a fill; False when it was booked before."""
        if fill_id in self._seen:
            return False
        self._seen.add(fill_id)
        held = self.positions.get(symbol, 0) + side * qty
        self.positions[symbol] = held if type(held) is int else kept(held)
        self.cash -= side * qty * price
        return True

    def adopt(self, positions: Mapping[str, float], cash: float | None, why: str) -> None:
        """Take `positions` (and `cash`) as the truth from now on."""
        for symbol in sorted({*positions, *self.positions}):
            qty = kept(positions.get(symbol, 0))
            if self.positions.get(symbol, 0) != qty:
                self.positions[symbol] = qty
                self._history.emit("book.position", symbol, position=qty, why=why)
        if cash is not None:
            self.cash = cash

    def held(self) -> dict[str, float]:
        """Symbols with a position that is not zero."""
        return {symbol: qty for symbol, qty in self.positions.items() if qty}

    def equity(self, price: Mapping[str, float]) -> float:
        """Cash plus positions at `price`."""
        return self.cash + sum([qty * price[symbol] for symbol, qty in self.positions.items() if qty])
