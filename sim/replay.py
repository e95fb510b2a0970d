"""A market replayed from recorded bars, mark by mark.

Each bar becomes a path through its four prices: open, the extreme against its direction, the other extreme,
close. Bars built from that path have the recorded open, high, low, close and volume. Where bars are missing
within a session the last price holds. There is no chance in a replay, but shocks and volatility regimes bend
it as they bend a model.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.calendar import TradingCalendar
from sim.clock import format_us
from sim.errors import BadInput
from sim.prices import Grid, Jump
from sim.recording import RecordedBar, Recording, read_recording
from sim.rng import Streams

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DECIMALS = 8
_FEWEST_MARKS = 4
"""A bar has four prices."""


class _Bar(NamedTuple):
    """A recorded bar in virtual time."""

    start_us: int
    end_us: int
    recorded: RecordedBar

    def prices(self) -> tuple[float, float, float, float]:
        """Its four prices in the order in which the path meets them."""
        bar = self.recorded
        extremes = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        return bar.open, *extremes, bar.close


class Replay:
    """A recording as a source of prices, for any number of Worlds."""

    def __init__(self, recording: Recording) -> None:
        """Repeat `recording`."""
        self._recording = recording
        self.names = tuple(recording.bars)

    @classmethod
    def of(cls, path: str | Path, zone: str | None = None, minutes: int | None = None) -> Replay:
        """Read a CSV or Parquet file of bars; see `read_recording`."""
        return cls(read_recording(path, zone, minutes))

    def bind(self, calendar: TradingCalendar) -> BoundReplay:
        """The recording on the time of one World, after checking that it has what the run needs."""
        return BoundReplay(self._recording, calendar)


class BoundReplay:
    """A recording in virtual time: the bars of each session, those outside sessions left out."""

    def __init__(self, recording: Recording, calendar: TradingCalendar) -> None:
        """Sort the bars into the sessions of `calendar`."""
        self.names, self._length_us = tuple(recording.bars), recording.length_us
        offset_us = (calendar.clock.epoch - _UNIX) // timedelta(microseconds=1)
        self._bars = [
            self._in_sessions(bars, offset_us, recording.length_us, calendar) for bars in recording.bars.values()
        ]
        decimals = max(bar.decimals for bars in recording.bars.values() for bar in bars)
        self._per_unit = float(10 ** min(decimals, _MOST_DECIMALS))
        self._check_cover(recording, calendar)
        self._first_open_us = calendar.from_us(0)[0].open_us

    def start_prices(self) -> np.ndarray:
        """The last close before the first session of the run, or the first open there is."""
        return np.array([self._close_before(row, self._first_open_us) for row in range(len(self.names))])

    def ticks_per_unit(self) -> np.ndarray:
        """Prices keep as many decimals as the recording has."""
        return np.full(len(self.names), self._per_unit)

    def session(self, streams: Streams, grid: Grid) -> ReplayDraws:
        """The returns and volumes of one session."""
        if self._length_us < _FEWEST_MARKS * grid.mark_us:
            raise BadInput(
                "bars shorter than four marks of the market",
                mend=f"record bars of {format_us(_FEWEST_MARKS * grid.mark_us)} or more, or take a shorter tick",
                field="tick",
                value=format_us(grid.mark_us),
            )
        draws = [self._replayed(row, grid) for row in range(len(self.names))]
        return ReplayDraws(*(np.stack(column) for column in zip(*draws, strict=True)))

    @staticmethod
    def _in_sessions(
        bars: list[RecordedBar], offset_us: int, length_us: int, calendar: TradingCalendar
    ) -> dict[int, list[_Bar]]:
        """The bars that start in each session, by its opening."""
        sorted_in: dict[int, list[_Bar]] = {}
        for bar in bars:
            start_us = bar.start_us - offset_us
            session = calendar.session_at(start_us)
            if session is not None:
                end_us = min(start_us + length_us, session.close_us)
                sorted_in.setdefault(session.open_us, []).append(_Bar(start_us, end_us, bar))
        return sorted_in

    def _check_cover(self, recording: Recording, calendar: TradingCalendar) -> None:
        for session in calendar.from_us(0):
            if session.open_us >= calendar.span_us:
                break
            for name, bars in zip(self.names, self._bars, strict=True):
                if session.open_us not in bars:
                    raise BadInput(
                        f"no bars of {name} in the session of {session.date}, which the run needs",
                        mend="record that day, or choose an epoch and a horizon that the file covers",
                        file=recording.file,
                    )

    def _close_before(self, row: int, open_us: int) -> float:
        earlier = [t_us for t_us in self._bars[row] if t_us < open_us]
        if earlier:
            return self._bars[row][max(earlier)][-1].recorded.close
        return next(iter(self._bars[row].values()))[0].recorded.open

    def _replayed(self, row: int, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
        """Log returns and sizes of one symbol; the first return is the gap."""
        before = self._close_before(row, grid.session.open_us)
        found = self._bars[row].get(grid.session.open_us, [])
        bars = [bar for bar in found if _count(bar, grid) >= _FEWEST_MARKS]  # but for a last one cut by the close
        marks = np.arange(grid.marks)
        levels = np.log(np.interp(marks, *_anchors(bars, before, grid)))
        return np.diff(levels, prepend=np.log(before)), _sizes(bars, grid)


class ReplayDraws:
    """One session of a replay: what a model would draw."""

    def __init__(self, returns: np.ndarray, sizes: np.ndarray) -> None:
        """Hand these out; the first return of each symbol is its gap."""
        self.jumps = tuple(Jump(0, row, gap) for row, gap in enumerate(returns[:, 0].tolist()))
        self._returns, self._sizes = returns, sizes
        self._returns[:, 0] = 0.0
        self._taken = self._sized = 0

    def steps(self, count: int) -> np.ndarray:
        """The log returns into the next `count` marks."""
        first, self._taken = self._taken, self._taken + count
        return self._returns[:, first : self._taken]

    def sizes(self, count: int) -> np.ndarray:
        """What trades at the next `count` marks."""
        first, self._sized = self._sized, self._sized + count
        return self._sizes[:, first : self._sized]


def _marks_of(bar: _Bar, grid: Grid) -> tuple[int, int]:
    """The first mark of a bar and the one after its last; those before the run are negative."""
    return -((grid.first_us - bar.start_us) // grid.mark_us), -((grid.first_us - bar.end_us) // grid.mark_us)


def _count(bar: _Bar, grid: Grid) -> int:
    first, end = _marks_of(bar, grid)
    return end - first


def _anchors(bars: list[_Bar], before: float, grid: Grid) -> tuple[list[int], list[float]]:
    """The marks at which the path is known, and its prices there."""
    places, prices = [min(-1, _marks_of(bars[0], grid)[0] - 1) if bars else -1], [before]
    for bar in bars:
        first, end = _marks_of(bar, grid)
        if first - 1 > places[-1]:  # bars are missing: the last price holds until this one
            places.append(first - 1)
            prices.append(prices[-1])
        marks, four = end - first, bar.prices()
        places += [first + round((marks - 1) / 3 * part) for part in range(4)]
        prices += four
    return places, prices


def _sizes(bars: list[_Bar], grid: Grid) -> np.ndarray:
    """The volume of each bar spread over its marks, to the last unit."""
    sizes = np.zeros(grid.marks, dtype=np.int64)
    for bar in bars:
        first, end = _marks_of(bar, grid)
        shares = np.arange(end - first + 1) * bar.recorded.volume // (end - first)
        sizes[max(0, first) : max(0, end)] = np.diff(shares)[max(0, -first) :]
    return sizes
