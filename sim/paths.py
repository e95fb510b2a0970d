"""The path of prices through one session, and the forces that bend it.

A path is made from the left, in blocks, as far as anyone has asked. Its draws are kept apart from what is
made of them: when a shock or a volatility regime comes, the levels after that instant are made again from
the same draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.calendar import TradingCalendar
from sim.prices import Grid, SessionDraws

BLOCK = 3600
"""Marks made at a time: enough for numpy to pay, few enough that a short run draws little."""


class Shock(NamedTuple):
    """A move that stays: log factors per symbol, reached at once or in a straight line over the ramp."""

    from_us: int
    ramp_us: int
    log_factors: np.ndarray


class Regime(NamedTuple):
    """A stretch of time in which the whole market's volatility is multiplied."""

    from_us: int
    until_us: int
    multiplier: float


class Forces:
    """All shocks and regimes so far. Each acts strictly after its instant: the mark of now is history."""

    def __init__(self) -> None:
        """Start with an undisturbed market."""
        self.shocks: list[Shock] = []
        self.regimes: list[Regime] = []

    def volatility(self, times_us: np.ndarray) -> np.ndarray:
        """The multiplier of the diffusion at each time."""
        multiplier = np.ones(len(times_us))
        for regime in self.regimes:
            multiplier[(times_us > regime.from_us) & (times_us <= regime.until_us)] *= regime.multiplier
        return multiplier

    def bend(self, levels: np.ndarray, times_us: np.ndarray) -> None:
        """Add every shock to log `levels` of shape (symbols, times), in place."""
        for shock in self.shocks:
            since_us = (times_us - shock.from_us).astype(np.float64)
            share = np.clip(since_us / shock.ramp_us, 0, 1) if shock.ramp_us else (since_us > 0) * 1.0
            levels += shock.log_factors[:, None] * share


class SessionPath:
    """Draws, prices and sizes of one session, as arrays of shape (symbols, marks)."""

    def __init__(self, grid: Grid, draws: SessionDraws, forces: Forces, per_unit: np.ndarray | None) -> None:
        """Make nothing yet; `per_unit` is how many price steps make one unit of money, None not to round."""
        self.grid, self._draws, self._forces, self._per_unit = grid, draws, forces, per_unit
        self._steps: list[np.ndarray] = []
        self._levels: list[np.ndarray] = []
        """The log levels before each block that is made, and after the last."""
        self._prices = self._sizes = np.empty((0, 0))
        self._sized = 0

    @property
    def has_start(self) -> bool:
        """Whether `start` was told since the levels before the session last changed."""
        return bool(self._levels)

    def start(self, levels: np.ndarray) -> None:
        """Set off at these log levels."""
        self._levels = [levels]

    def prices(self, stop: int) -> np.ndarray:
        """Prices, with the marks up to, not including, `stop` made."""
        while (len(self._levels) - 1) * BLOCK < stop:
            self._make_block()
        return self._prices

    def last_levels(self) -> np.ndarray:
        """The log levels at the close, without shocks: where the next session sets off."""
        self.prices(self.grid.marks)
        return self._levels[-1]

    def sizes(self, stop: int) -> np.ndarray:
        """What trades at each mark, with the marks up to, not including, `stop` drawn."""
        while self._sized < stop:
            until = min(self._sized + BLOCK, self.grid.marks)
            drawn = self._draws.sizes(until - self._sized)
            if not self._sized:
                self._sizes = np.empty((len(drawn), self.grid.marks), dtype=np.int64)
            self._sizes[:, self._sized : until] = drawn
            self._sized = until
        return self._sizes

    def forget_after(self, now_us: int) -> None:
        """Unmake what comes after `now_us`; the draws stay, and make the same past again."""
        kept = (now_us - self.grid.first_us) // self.grid.mark_us + 1
        if kept > 0:
            del self._levels[kept // BLOCK + 1 :]
        else:
            self._levels = []

    def _make_block(self) -> None:
        block = len(self._levels) - 1
        first, until = block * BLOCK, min((block + 1) * BLOCK, self.grid.marks)
        if block == len(self._steps):
            self._steps.append(self._draws.steps(until - first))
        if not len(self._prices):
            self._prices = np.empty((len(self._steps[0]), self.grid.marks))
        times_us = self.grid.first_us + np.arange(first, until) * self.grid.mark_us
        levels = self._steps[block] * self._forces.volatility(times_us)
        for jump in self._draws.jumps:
            if first <= jump.mark < until:
                levels[jump.row, jump.mark - first] += jump.size
        levels[:, 0] += self._levels[-1]
        np.cumsum(levels, axis=1, out=levels)
        self._levels.append(levels[:, -1].copy())
        self._forces.bend(levels, times_us)
        self._prices[:, first:until] = rounded(np.exp(levels, out=levels), self._per_unit)


def lay_grids(calendar: TradingCalendar, now_us: int, mark_us: int) -> list[Grid]:
    """The marks of each session that is not over; one that already trades begins now."""
    grids = []
    for session in calendar.from_us(now_us):
        missed = max(0, -((session.open_us - now_us) // mark_us))
        first_us = session.open_us + missed * mark_us
        marks = -((first_us - session.close_us) // mark_us)
        closed_us = 0 if missed else session.open_us - calendar.last_close_us(session.open_us)
        if marks > 0:
            grids.append(Grid(session, first_us, marks, mark_us, closed_us, calendar.trading_us_per_year))
    return grids


def rounded(prices: np.ndarray, per_unit: np.ndarray | None) -> np.ndarray:
    """`prices` of shape (symbols, times) in whole price steps, at least one, in place."""
    if per_unit is not None:
        prices *= per_unit[:, None]
        np.maximum(np.rint(prices, out=prices), 1.0, out=prices)
        prices /= per_unit[:, None]
    return prices
