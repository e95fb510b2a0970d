"""Positions over time as two sides saw them: the broker's Ledger, and the system's own book.

The Ledger is the truth. The book is what the firm acts on, and it may be wrong: a fill that never arrived, one
that was counted twice, a file from before the crash.
"""

from __future__ import annotations

from bisect import bisect_right

from sim.history import Event, History
from sim.spans import Span, toggled, union


class Holdings:
    """Shares per symbol over time, as one side saw them."""

    def __init__(self) -> None:
        """Nothing held."""
        self.steps: dict[str, list[tuple[int, int, float]]] = {}
        """Per symbol (time, seq, shares), rising."""

    def set(self, event: Event, symbol: str, qty: float) -> None:
        """From `event` on it is `qty`."""
        steps = self.steps.get(symbol, [])
        if (steps[-1][2] if steps else 0) != qty:
            self.steps.setdefault(symbol, steps).append((event.t_us, event.seq, qty))

    def at(self, symbol: str, seq: int) -> float:
        """Shares of `symbol` after everything up to event number `seq`."""
        steps = self.steps.get(symbol, [])
        i = bisect_right(steps, seq, key=lambda step: step[1])
        return steps[i - 1][2] if i else 0

    def last(self) -> dict[str, float]:
        """What is held at the end, zero left out."""
        return {symbol: steps[-1][2] for symbol, steps in self.steps.items() if steps[-1][2]}

    def open_spans(self) -> list[Span]:
        """When anything at all was held."""
        return union(*(toggled((t_us, qty != 0) for t_us, _, qty in steps) for steps in self.steps.values()))


def ledger_holdings(history: History) -> Holdings:
    """Positions at the broker."""
    held = Holdings()
    for event in history.of("ledger.fill"):
        held.set(event, event.data["symbol"], event.data["position"])
    return held


def book_holdings(history: History) -> Holdings:
    """Positions by the system's own book: opening, fills that arrived, corrections, and what a start loaded."""
    held = Holdings()
    for event in history.of("ledger.fill", "order.filled", "book.position", "system.started"):
        if event.kind == "system.started":
            loaded = event.get("positions", {})
            for symbol in dict.fromkeys([*held.steps, *loaded]):
                held.set(event, symbol, loaded.get(symbol, 0))
        elif event.kind == "ledger.fill":
            if event.data["source"] == "opening":
                held.set(event, event.data["symbol"], event.data["position"])
        elif event.kind == "book.position":
            held.set(event, event.subject, event.data["position"])
        else:
            held.set(event, event.data["symbol"], event.data["position"])
    return held


def differing(first: Holdings, second: Holdings) -> dict[str, list[Span]]:
    """Per symbol, when two sides held different amounts."""
    spans: dict[str, list[Span]] = {}
    for symbol in dict.fromkeys([*first.steps, *second.steps]):
        ours, theirs = 0.0, 0.0
        changes = []
        steps = [(seq, t, 0, qty) for t, seq, qty in first.steps.get(symbol, [])]
        steps += [(seq, t, 1, qty) for t, seq, qty in second.steps.get(symbol, [])]
        for _, t_us, side, qty in sorted(steps):
            ours, theirs = (qty, theirs) if side == 0 else (ours, qty)
            changes.append((t_us, ours != theirs))
        spans[symbol] = toggled(changes)
    return spans
