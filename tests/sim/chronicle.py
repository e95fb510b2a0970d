"""Histories written by hand: an incident told line by line, for the judges to read.

Times are seconds since the start of the run; fault zero is at 600 s unless a test says otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.clock import SECOND, VirtualTime
from sim.demands import Demands
from sim.history import History

ZERO_S = 600
END_S = 4_200


def demands(**changes: Any) -> Demands:
    """An hour from fault zero, in a market that never closes."""
    return Demands(**{"zero_us": ZERO_S * SECOND, "horizon_us": END_S * SECOND, **changes})


def us(seconds: float) -> int:
    """Seconds of the story in microseconds."""
    return round(seconds * SECOND)


class Chronicle:
    """A firm that runs since second 0 and is connected, and what then happens to it."""

    def __init__(self, **held: int) -> None:
        """Open with `held` shares per symbol."""
        self._env = VirtualTime()
        self.history = History(self._env)
        self._ledger: dict[str, int] = {}
        self._book: dict[str, int] = {}
        self._orders: dict[str, tuple[str, int, int, str, bool]] = {}
        self._fills = 0
        for symbol, qty in held.items():
            self._trade(f"opening-{symbol}", symbol, 1 if qty > 0 else -1, abs(qty), "opening", 100.0)
        self._book = dict(self._ledger)
        self.started()

    def at(self, seconds: float) -> Chronicle:
        """Let time pass."""
        self._env.set_now(us(seconds))
        return self

    def note(self, kind: str, subject: str = "", /, **data: Any) -> Chronicle:
        """Any event."""
        self.history.emit(kind, subject, **data)
        return self

    # Faults.

    def fault(
        self, kind: str, component: str = "broker", targets: tuple[str, ...] = (), blocks: bool = False
    ) -> Chronicle:
        """A fault strikes and is felt."""
        self.note("fault.injected", f"1-{kind}", fault=kind, component=component, targets=list(targets), blocks=blocks)
        return self.note("fault.landed", f"1-{kind}", proof="felt")

    def healed(self, kind: str) -> Chronicle:
        """It is over."""
        return self.note("fault.healed", f"1-{kind}")

    # Orders.

    def sent(
        self, order_id: str, side: int, qty: int, symbol: str = "SPY", source: str = "strategy", reducing: bool = False
    ) -> Chronicle:
        """An order leaves the firm."""
        self._orders[order_id] = (symbol, side, qty, source, reducing)
        return self.note("order.sent", order_id, symbol=symbol, side=side, qty=qty, source=source, reducing=reducing)

    def taken(self, order_id: str) -> Chronicle:
        """The broker accepts it; the firm has not heard."""
        symbol, side, qty, source, reducing = self._orders[order_id]
        return self.note(
            "ledger.order",
            order_id,
            status="accepted",
            symbol=symbol,
            side=side,
            qty=qty,
            source=source,
            reducing=reducing,
        )

    def acked(self, order_id: str) -> Chronicle:
        """The firm hears that it was accepted."""
        _, _, _, source, reducing = self._orders[order_id]
        return self.note("order.acked", order_id, source=source, reducing=reducing)

    def order(
        self, order_id: str, side: int, qty: int, symbol: str = "SPY", source: str = "strategy", reducing: bool = False
    ) -> Chronicle:
        """Sent, accepted, acknowledged."""
        return self.sent(order_id, side, qty, symbol, source, reducing).taken(order_id).acked(order_id)

    def canceled(self, order_id: str) -> Chronicle:
        """It is dead at the broker."""
        return self.note("ledger.order", order_id, status="canceled")

    def filled(self, order_id: str, qty: int | None = None, booked: bool = True, price: float = 100.0) -> Chronicle:
        """The broker executes it, and the firm books it unless the message is lost."""
        symbol, side, whole, source, _ = self._orders[order_id]
        self._trade(order_id, symbol, side, qty or whole, source, price)
        return self.booked(order_id, qty) if booked else self

    def booked(self, order_id: str, qty: int | None = None) -> Chronicle:
        """The message of the last fill arrives."""
        symbol, side, whole, _, _ = self._orders[order_id]
        self._book[symbol] = self._book.get(symbol, 0) + side * (qty or whole)
        return self.note(
            "order.filled", order_id, fill=f"fill-{self._fills}", symbol=symbol, side=side, qty=qty or whole,
            position=self._book[symbol], price=100.0, known=True,
        )  # fmt: skip

    def by_hand(self, symbol: str, qty: int) -> Chronicle:
        """Somebody trades in the account without telling the system."""
        self._trade("manual-1", symbol, 1 if qty > 0 else -1, abs(qty), "broker", 100.0)
        return self

    def adopted(self, symbol: str, qty: int, why: str = "reconciled") -> Chronicle:
        """The book is corrected."""
        self._book[symbol] = qty
        return self.note("book.position", symbol, position=qty, why=why)

    def denied(
        self,
        order_id: str,
        reason: str,
        side: int = 1,
        qty: int = 10,
        symbol: str = "SPY",
        source: str = "strategy",
        reducing: bool = False,
    ) -> Chronicle:
        """An order is refused before it leaves."""
        return self.note(
            "order.denied", order_id, reason=reason, symbol=symbol, side=side, qty=qty, source=source, reducing=reducing
        )

    def _trade(self, order_id: str, symbol: str, side: int, qty: int, source: str, price: float) -> None:
        self._fills += 1
        self._ledger[symbol] = self._ledger.get(symbol, 0) + side * qty
        self.note(
            "ledger.fill", order_id, fill=f"fill-{self._fills}", symbol=symbol, side=side, qty=qty, price=price,
            position=self._ledger[symbol], source=source,
        )  # fmt: skip

    # The system, the link, the feed.

    def halted(self, reason: str = "daily loss 3.1 %", by: str = "trading-system") -> Chronicle:
        """Trading is halted."""
        return self.note("system.halted", reason=reason, by=by).note("system.audit", "halt", detail=reason, by=by)

    def resumed(self, by: str = "trading-system") -> Chronicle:
        """Trading is resumed."""
        return self.note("system.resumed", by=by).note("system.audit", "resume", detail="", by=by)

    def approved(self) -> Chronicle:
        """The risk officer approves."""
        return self.note("responder.approval", "step-7", by="risk officer")

    def stopped(self, reason: str = "OOMKilled") -> Chronicle:
        """The process dies, and its session with it."""
        return self.note("system.stopped", reason=reason).note("link.lost", reason="process ended")

    def started(self, restored: bool = True) -> Chronicle:
        """The process comes up with its book from disk, and its code is built."""
        self.note("system.started", positions={s: q for s, q in self._book.items() if q})
        if restored and self._env.now:
            self.note("link.restored")
        return self.note("code.started", "trading-system", first=False)

    def lost(self) -> Chronicle:
        """The broker session is gone."""
        return self.note("link.lost", reason="connection refused")

    def restored(self) -> Chronicle:
        """It is back."""
        return self.note("link.restored")

    def bad_data(self, symbol: str, fault: str) -> Chronicle:
        """The symbol's stream turns bad."""
        return self.note("feed.corrupted", symbol, fault=fault, item="tick", true_price=100.0).note(
            "feed.bad", symbol, fault=fault
        )

    def good_data(self, symbol: str) -> Chronicle:
        """It is good again."""
        return self.note("feed.good", symbol)

    # What is said.

    def claim(
        self, claim: str, text: str, live: tuple[str, ...] = (), halted: bool = True, connected: bool = True
    ) -> Chronicle:
        """The code says something; the truth of the moment is recorded beside it."""
        return self.note(
            "code.claim", claim, text=text, by="trading-system", at="bot.py:12",
            ledger={s: q for s, q in self._ledger.items() if q}, book={s: q for s, q in self._book.items() if q},
            live=list(live), connected=connected, halted=halted,
        )  # fmt: skip

    def alert(self, name: str, severity: str = "critical", state: str = "firing") -> Chronicle:
        """An alert changes its state."""
        return self.note(f"alert.{state}", name, severity=severity, series=name, summary=name, value=1.0)

    def log(self, message: str) -> Chronicle:
        """A log line of the code."""
        return self.note("code.log", "trading-system", level="info", message=message, at="bot.py:9")

    def equity(self, *points: tuple[float, float]) -> Chronicle:
        """The true equity: each value holds until the next point, one a second until the end."""
        t_us = np.arange(0, us(END_S) + 1, SECOND, dtype=np.int64)
        starts = np.array([us(seconds) for seconds, _ in points])
        values = np.array([value for _, value in points])
        self.history.record_series("equity", t_us, values[np.searchsorted(starts, t_us, side="right") - 1])
        return self
