"""What can be wrong with market data on its way to the desk.

A `View` is a stretch of the stream as the desk receives it; it starts as the truth. A `Corruption` is one
fault in force over an interval, and bends a View. Both are functions of time alone: whoever looks at a mark
sees the same data there, however often and in whatever order marks are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.market import Market, Marks

_TABLE = 8191
"""Chances drawn per corruption, used in a circle: prime, so that no period of the market meets them."""


class Tick(NamedTuple):
    """One price received from the exchange."""

    symbol: str
    price: float
    size: int
    t_us: int
    """The exchange's time stamp."""
    seq: int
    """The exchange's number of this tick, per symbol: a jump means that ticks were lost."""


class Bar(NamedTuple):
    """Open, high, low, close and volume of one symbol over some minutes."""

    symbol: str
    minutes: int
    start_us: int
    end_us: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    seq: int
    """The exchange's number of this bar, per symbol and length: a jump means that bars were lost."""


class View:
    """Consecutive marks as delivered, in arrays of shape (symbols, marks)."""

    def __init__(self, market: Market, marks: Marks) -> None:
        """Start with the truth."""
        self.market, self.marks = market, marks
        shape = marks.prices.shape
        self.times_us = marks.first_us + np.arange(shape[1]) * market.mark_us
        self.prices, self.sizes = marks.prices.copy(), marks.sizes.copy()
        self.stamps_us = np.broadcast_to(self.times_us, shape).copy()
        self.seqs = np.broadcast_to(marks.first_seq + np.arange(shape[1]), shape).copy()
        self.present = np.ones(shape, dtype=bool)
        self.doubled: np.ndarray = np.zeros(shape)
        """Where a second tick follows under the same time stamp: by which factor its price is off, else 0."""
        self.late = np.zeros(shape, dtype=bool)
        """Where a tick arrives after its successor."""

    def differs(self, other: View) -> np.ndarray:
        """Which places are delivered otherwise than in another view of the same marks."""
        unlike = (self.prices != other.prices) & ~(np.isnan(self.prices) & np.isnan(other.prices))
        unlike |= (self.sizes != other.sizes) | (self.stamps_us != other.stamps_us) | (self.late != other.late)
        unlike |= self.doubled != other.doubled
        differs: np.ndarray = np.where(self.present & other.present, unlike, self.present != other.present)
        return differs


class Corruption:
    """One fault of the feed, in force after `from_us` up to and including `until_us`."""

    def __init__(
        self, kind: str, rows: tuple[int, ...], from_us: int, until_us: int, *,
        factor: float, lag_us: int, chances: np.ndarray | None,
    ) -> None:  # fmt: skip
        """Strike the symbols at `rows`: always, or where `chances` says so."""
        self.kind, self.rows, self.from_us, self.until_us = kind, rows, from_us, until_us
        self.factor, self.lag_us, self.chances = factor, lag_us, chances
        self.healed = False

    def strikes(self, row: int, t_us: int, seq: int) -> bool:
        """Whether it is in force on the item number `seq` of `row` at `t_us`."""
        if row not in self.rows or not self.from_us < t_us <= self.until_us:
            return False
        return self.chances is None or bool(self.chances[row, seq % _TABLE])

    def bend(self, view: View) -> None:
        """Do to the view what this fault does."""
        mask = np.zeros(view.prices.shape, dtype=bool)
        mask[list(self.rows)] = (view.times_us > self.from_us) & (view.times_us <= self.until_us)
        if self.chances is not None:
            mask &= self.chances[:, view.seqs[0] % _TABLE]
        if mask.any() and self.kind in ON_TICKS:
            ON_TICKS[self.kind](self, view, mask)


def chances(generator: np.random.Generator, symbols: int, probability: float) -> np.ndarray | None:
    """For each symbol, which items in a circle are struck; None for all of them."""
    return None if probability >= 1 else generator.random((symbols, _TABLE)) < probability


def _no_price(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.prices[mask] = np.nan


def _zero(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.prices[mask] = 0.0


def _negative(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.prices[mask] *= -1


def _multiplied(fault: Corruption, view: View, mask: np.ndarray) -> None:
    view.prices[mask] = np.round(view.prices[mask] * fault.factor, 6)


def _frozen(fault: Corruption, view: View, mask: np.ndarray) -> None:
    last = view.market.matrix(np.array([fault.from_us], dtype=np.int64)).T
    view.prices[mask] = np.broadcast_to(last, mask.shape)[mask]


def _stale(fault: Corruption, view: View, mask: np.ndarray) -> None:
    """The exchange's data of `lag_us` ago; nothing before the session has lasted that long, or without a lag."""
    market, grid = view.market, view.marks.grid
    lag = fault.lag_us // market.mark_us or grid.marks
    source = (view.times_us - grid.first_us) // market.mark_us - lag
    view.present[mask & (source < 0)] = False
    mask = mask & (source >= 0)
    if not mask.any():
        return
    first, last = max(0, int(source[0])), int(source[-1])
    old = market.marks(grid.first_us + first * market.mark_us, grid.first_us + (last + 1) * market.mark_us)
    assert old is not None
    rows, columns = np.nonzero(mask)
    places = source[columns] - first
    view.prices[rows, columns], view.sizes[rows, columns] = old.prices[rows, places], old.sizes[rows, places]
    view.stamps_us[rows, columns] = old.first_us + places * market.mark_us
    view.seqs[rows, columns] = old.first_seq + places


def _missing(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.present[mask] = False


def _doubled(fault: Corruption, view: View, mask: np.ndarray) -> None:
    view.doubled[mask] = fault.factor


def _late(_: Corruption, view: View, mask: np.ndarray) -> None:
    """Every other tick waits for its successor; the last of a session has none."""
    grid = view.marks.grid
    last_us = grid.first_us + (grid.marks - 1) * grid.mark_us
    view.late |= mask & (view.seqs % 2 == 0) & (view.times_us < last_us)


def _no_size(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.sizes[mask] = 0


def _negative_size(_: Corruption, view: View, mask: np.ndarray) -> None:
    view.sizes[mask] *= -1


ON_TICKS: dict[str, Callable[[Corruption, View, np.ndarray], None]] = {
    "nan": _no_price,
    "zero": _zero,
    "negative": _negative,
    "spike": _multiplied,
    "decimal_shift": _multiplied,
    "frozen": _frozen,
    "stale": _stale,
    "gap": _missing,
    "duplicate_timestamp": _doubled,
    "out_of_order": _late,
    "zero_volume": _no_size,
    "negative_volume": _negative_size,
}
"""What each kind does to ticks, and so to the bars built from them."""

KINDS = (*ON_TICKS, "high_below_low")
"""Every kind; `high_below_low` is a fault of bars only."""

FACTORS = {"spike": 10.0, "decimal_shift": 100.0, "duplicate_timestamp": 1.002}
"""By what the price is off, where that is the fault, unless told otherwise."""
