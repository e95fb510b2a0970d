"""The true market: what every symbol is worth at every mark, whatever the desk's feed says of it.

Sessions are paths on a fixed grid of marks (one a second), made lazily and read as plain floats. The path
up to now is history and never changes; `shock` and `regime` change what comes after, and raise `revision`
so that a broker can compute its resting orders again.

Between two marks the price is that of the earlier one; outside sessions it is the last close.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
import simpy

from sim.calendar import TradingCalendar
from sim.clock import SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.paths import BLOCK, Forces, Regime, SessionPath, Shock, lay_grids, rounded
from sim.prices import Grid, PriceSource
from sim.rng import Streams

_FOREVER_US = 1 << 62

_ROWS = 60
"""Marks whose prices are made plain floats at a time: most are never asked for."""


class Marks(NamedTuple):
    """Consecutive marks of one session, with arrays of shape (symbols, marks)."""

    grid: Grid
    first_us: int
    first_seq: int
    """The exchange's sequence number of the first of them."""
    prices: np.ndarray
    sizes: np.ndarray


class Market:
    """Truth about prices and volumes."""

    def __init__(
        self,
        env: VirtualTime,
        calendar: TradingCalendar,
        streams: Streams,
        history: History,
        source: PriceSource,
        mark_us: int = SECOND,
    ) -> None:
        """Trade the symbols of `source` in the sessions of `calendar`, with a price each `mark_us`."""
        self._env, self._streams, self._history = env, streams, history
        self._source = bound = source.bind(calendar)
        self.calendar, self.mark_us, self.symbols = calendar, mark_us, source.names
        self.revision = 0
        """Rises each time the path after now is changed."""
        self._index = {symbol: i for i, symbol in enumerate(self.symbols)}
        self._forces, self._per_unit = Forces(), bound.ticks_per_unit()
        self._start_levels = np.log(bound.start_prices())
        self.start_prices: list[float] = rounded(bound.start_prices()[:, None], self._per_unit)[:, 0].tolist()
        """What every symbol is worth before the first session of the run."""
        self.grids = lay_grids(calendar, env.now, mark_us)
        self._firsts = [grid.first_us for grid in self.grids]
        self._marks_before = np.cumsum([0, *(grid.marks for grid in self.grids)]).tolist()
        self._paths: list[SessionPath | None] = [None] * len(self.grids)
        self._rows: list[list[float]] = []
        self._rows_from_us = self._rows_until_us = self._row_us = 0
        env.process(self._bells())

    # what it is worth

    def price(self, symbol: str) -> float:
        """What `symbol` is worth now."""
        return self.prices()[self._index[symbol]]

    def prices(self) -> list[float]:
        """What every symbol is worth now, in the order of `symbols`; a shared list, not to be changed."""
        now = self._env.now
        if not self._rows_from_us <= now < self._rows_until_us:
            self._lay_rows(now)
        return self._rows[(now - self._rows_from_us) // self._row_us]

    def price_at(self, symbol: str, t_us: int) -> float:
        """What `symbol` is worth at `t_us`, as the path stands."""
        return float(self.matrix(np.array([t_us], dtype=np.int64))[0, self.index(symbol)])

    def matrix(self, times_us: np.ndarray) -> np.ndarray:
        """What every symbol is worth at each of `times_us`, of shape (times, symbols)."""
        values = np.empty((len(times_us), len(self.symbols)))
        sessions = np.searchsorted(self._firsts, times_us, side="right") - 1
        for i in np.unique(sessions).tolist():
            here = sessions == i
            if i < 0:
                values[here] = self.start_prices
                continue
            grid = self.grids[i]
            marks = np.minimum((times_us[here] - grid.first_us) // self.mark_us, grid.marks - 1)
            values[here] = self._prices(i, int(marks.max()) + 1)[:, marks].T
        return values

    def volume(self, symbol: str, from_us: int, until_us: int) -> int:
        """How many units of `symbol` trade at the marks from `from_us` up to, not including, `until_us`."""
        row, total = self.index(symbol), 0
        while (marks := self.marks(from_us, until_us)) is not None:
            total += int(marks.sizes[row].sum())
            from_us = marks.first_us + marks.prices.shape[1] * self.mark_us
        return total

    def marks(self, from_us: int, until_us: int) -> Marks | None:
        """The marks of the first session that has any from `from_us` up to, not including, `until_us`."""
        for i in range(self._session_before(from_us), len(self.grids)):
            grid = self.grids[i]
            if grid.first_us >= until_us:
                break
            a = max(0, self._marks_until(grid, from_us))
            b = min(grid.marks, self._marks_until(grid, until_us))
            if a < b:
                prices, sizes = self._prices(i, b)[:, a:b], self._path(i).sizes(b)[:, a:b]
                first_us = grid.first_us + a * self.mark_us
                return Marks(grid, first_us, self._marks_before[i] + a + 1, prices, sizes)
        return None

    def next_mark_us(self, t_us: int) -> int | None:
        """The first mark strictly after `t_us`; None past the calendar."""
        for grid in self.grids[self._session_before(t_us) :]:
            k = max(0, self._marks_until(grid, t_us + 1))
            if k < grid.marks:
                return grid.first_us + k * self.mark_us
        return None

    def last_mark_us(self, t_us: int) -> int | None:
        """The last mark at or before `t_us`; None before the first."""
        i = bisect_right(self._firsts, t_us) - 1
        if i < 0:
            return None
        grid = self.grids[i]
        return grid.first_us + min(grid.marks - 1, (t_us - grid.first_us) // self.mark_us) * self.mark_us

    def opened_us(self, mark_us: int) -> int:
        """The first mark of the session that this mark is in."""
        return self._firsts[self._session_before(mark_us)]

    def index(self, symbol: str) -> int:
        """The place of `symbol` in every array."""
        if symbol not in self._index:
            known = ", ".join(self.symbols)
            raise BadInput("unknown symbol", mend=f"name one of {known}", field="symbol", value=symbol)
        return self._index[symbol]

    def first_crossing_us(self, symbol: str, limit_price: float, side: int, from_us: int, until_us: int) -> int | None:
        """When a limit order becomes marketable: at or under the limit for a buy (+1), at or over for a sell (-1).

        The first such instant of trading from `from_us` up to, not including, `until_us`, or None. An order
        that arrives between two marks meets the price of the earlier one.
        """
        assert side in (1, -1), side
        row = self.index(symbol)
        for i in range(self._session_before(from_us), len(self.grids)):
            grid = self.grids[i]
            if grid.first_us >= until_us:
                break
            if from_us < grid.session.close_us:
                a = max(0, (from_us - grid.first_us) // self.mark_us)
                stop = min(grid.marks, self._marks_until(grid, until_us))
                k = self._first_beyond(i, row, limit_price, side, a, stop)
                if k is not None:
                    return max(from_us, grid.first_us + k * self.mark_us)
        return None

    # what changes it

    def shock(self, symbols: Sequence[str] | None, factor: float, ramp_us: int = 0) -> None:
        """Multiply the path of `symbols` (default all) by `factor` after now, at once or over `ramp_us`."""
        _above_zero("factor", factor)
        chosen = self.symbols if symbols is None else tuple(dict.fromkeys(symbols))
        log_factors = np.zeros(len(self.symbols))
        log_factors[[self.index(symbol) for symbol in chosen]] = np.log(factor)
        self._forces.shocks.append(Shock(self._env.now, ramp_us, log_factors))
        self._history.emit("market.shock", " ".join(chosen), factor=float(factor), ramp_us=int(ramp_us))
        self._revise()

    def regime(self, multiplier: float, duration_us: int) -> None:
        """Multiply the volatility of the whole market by `multiplier` after now, for `duration_us`."""
        _above_zero("multiplier", multiplier)
        now = self._env.now
        self._forces.regimes.append(Regime(now, now + duration_us, multiplier))
        self._history.emit("market.regime", multiplier=float(multiplier), duration_us=int(duration_us))
        self._revise()

    def _revise(self) -> None:
        for path in self._paths:
            if path is not None:
                path.forget_after(self._env.now)
        self._rows_until_us = self._rows_from_us
        self.revision += 1

    # how it is made

    def _session_before(self, t_us: int) -> int:
        return max(0, bisect_right(self._firsts, t_us) - 1)

    def _marks_until(self, grid: Grid, t_us: int) -> int:
        """How many marks of `grid` come before `t_us`, as if it had no end."""
        return -((grid.first_us - t_us) // self.mark_us)

    def _path(self, i: int) -> SessionPath:
        path = self._paths[i]
        if path is None:
            grid = self.grids[i]
            draws = self._source.session(self._streams, grid)
            path = self._paths[i] = SessionPath(grid, draws, self._forces, self._per_unit)
        return path

    def _prices(self, i: int, stop: int) -> np.ndarray:
        """The prices of session `i`, made up to, not including, mark `stop`; earlier sessions come first."""
        path = self._path(i)
        if not path.has_start:
            levels = self._start_levels
            for j in range(i):
                if not self._path(j).has_start:
                    self._path(j).start(levels)
                levels = self._path(j).last_levels()
            path.start(levels)
        return path.prices(stop)

    def _first_beyond(self, i: int, row: int, limit: float, side: int, a: int, stop: int) -> int | None:
        """The first mark of session `i` from `a` up to `stop` that is marketable, looking block by block."""
        while a < stop:
            b = min(stop, (a // BLOCK + 1) * BLOCK)
            prices = self._prices(i, b)[row, a:b]
            hits = prices <= limit if side > 0 else prices >= limit
            k = int(hits.argmax())
            if hits[k]:
                return a + k
            a = b
        return None

    def _lay_rows(self, now_us: int) -> None:
        """Make the rows that `prices` reads for the next marks, or until the closure ends."""
        i = bisect_right(self._firsts, now_us) - 1
        if i >= 0 and now_us < self.grids[i].session.close_us:
            grid = self.grids[i]
            first = (now_us - grid.first_us) // self.mark_us // _ROWS * _ROWS
            stop = min(first + _ROWS, grid.marks)
            self._rows = self._prices(i, stop)[:, first:stop].T.tolist()
            self._rows_from_us, self._row_us = grid.first_us + first * self.mark_us, self.mark_us
            self._rows_until_us = min(grid.first_us + stop * self.mark_us, grid.session.close_us)
        else:
            self._rows = self.matrix(np.array([now_us], dtype=np.int64)).tolist()
            self._rows_from_us, self._row_us = now_us, _FOREVER_US
            self._rows_until_us = self._firsts[i + 1] if i + 1 < len(self._firsts) else _FOREVER_US

    def _bells(self) -> Generator[simpy.Event, None, None]:
        """Record each opening and closing; where two sessions meet there is neither."""
        for i, grid in enumerate(self.grids):
            session, exchange = grid.session, self.calendar.exchange
            if grid.closed_us or i == 0:
                yield self._env.timeout(max(0, session.open_us - self._env.now))
                day = session.date.isoformat()
                self._history.emit("market.open", exchange, date=day, half_day=session.half_day)
            if i + 1 < len(self.grids) and self.grids[i + 1].closed_us:
                yield self._env.timeout(session.close_us - self._env.now)
                self._history.emit("market.close", exchange, date=session.date.isoformat())


def _above_zero(field: str, value: float) -> None:
    if not 0 < value < 1e6:
        raise BadInput("not a usable value", mend="give a number above 0", field=field, value=value)
