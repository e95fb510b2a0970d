"""Bars: built from the ticks that reach the desk, published just after each window ends, kept for asking.

The tape knows the true bar of every window beside what it delivered. Windows where the two differ are lost,
until a backfill puts the true bar in place.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import simpy

from sim.clock import MINUTE, MS, VirtualTime
from sim.corruption import Bar, Corruption, View
from sim.errors import BadInput
from sim.market import Market, Marks

PUBLISH_DELAY_US = 250 * MS
"""How long after its end a bar reaches the desk."""

_BATCH_US = 30 * MINUTE
"""True bars are made this far ahead at a time."""


OnBar = Callable[[Bar], object]


class Window(NamedTuple):
    """One interval of one session that becomes a bar per symbol."""

    minutes: int
    start_us: int
    end_us: int
    number: int
    ends_session: bool


class BarTape:
    """Publishes and keeps the bars of every symbol."""

    def __init__(
        self, env: VirtualTime, market: Market, look: Callable[[Marks], View], corruptions: Sequence[Corruption],
        landed: Callable[[Corruption, int, Bar, Bar], None],
    ) -> None:  # fmt: skip
        """Build bars from what `look` sees; tell `landed` of each fault of bars that was delivered."""
        self._env, self._market, self._look, self._corruptions = env, market, look, corruptions
        self._landed = landed
        self._callbacks: dict[int, list[OnBar]] = {}
        self._kept: dict[tuple[int, int], dict[int, list[Bar]]] = {}
        """What was delivered, by (row, minutes) and the start of its window."""
        self._lost: dict[tuple[int, int], dict[int, Bar]] = {}
        """The true bars of windows that were delivered wrong, more than once, or not at all."""
        self._held: dict[int, list[tuple[int, Window, Bar]]] = {}
        self._batches: dict[int, tuple[int, dict[int, list[Bar]]]] = {}

    @property
    def periods(self) -> tuple[int, ...]:
        """The lengths of the published bars, in minutes."""
        return tuple(self._callbacks)

    def subscribe(self, minutes: int, callback: OnBar | None = None) -> None:
        """Publish bars of this length from now on, and call `callback` with each."""
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 24 * 60:
            raise BadInput("not a bar length", mend="give whole minutes from 1 to 1440", field="minutes", value=minutes)
        if minutes * MINUTE % self._market.mark_us:
            raise BadInput(
                "a bar would not be a whole number of marks",
                mend=f"give a multiple of the {self._market.mark_us / MINUTE:g} minutes between two marks",
                field="minutes", value=minutes,
            )  # fmt: skip
        if minutes not in self._callbacks:
            self._callbacks[minutes] = []
            self._held[minutes] = []
            for row in range(len(self._market.symbols)):
                self._kept[row, minutes], self._lost[row, minutes] = {}, {}
            self._env.process(self._publish_all(minutes))
        if callback is not None:
            self._callbacks[minutes].append(callback)

    def last(self, row: int, minutes: int, n: int) -> list[Bar]:
        """The last `n` bars delivered, oldest first."""
        if minutes not in self._callbacks:
            lengths = ", ".join(map(str, self.periods)) or "none"
            mend = f"ask for a published length ({lengths} min), or subscribe to it"
            raise BadInput("bars of this length are not published", mend=mend, field="minutes", value=minutes)
        kept = reversed(self._kept[row, minutes].values())
        return list(islice((bar for bars in kept for bar in reversed(bars)), max(0, n)))[::-1]

    def lost(self, minutes: int | None = None) -> int:
        """How many windows are wrong in the desk's history: bars missing, corrupt or doubled, and not repaired."""
        return sum(len(bars) for (_, length), bars in self._lost.items() if minutes in (None, length))

    def backfill(self, rows: Sequence[int]) -> int:
        """Put the true bars in place of those lost, in the order of time; returns how many."""
        repaired = 0
        for (row, minutes), lost in self._lost.items():
            if row in rows:
                repaired += len(lost)
                kept = self._kept[row, minutes] | {start_us: [bar] for start_us, bar in lost.items()}
                self._kept[row, minutes] = dict(sorted(kept.items()))
                lost.clear()
        return repaired

    def published_us(self, mark_us: int) -> int:
        """When the last of the bars that contain this mark reaches the desk."""
        windows = (next(self._windows(minutes, mark_us)) for minutes in self.periods)
        return max((window.end_us + PUBLISH_DELAY_US for window in windows), default=mark_us)

    def upcoming(self, count: int) -> tuple[int, int] | None:
        """From when until when the next `count` whole windows of the shortest length last."""
        shortest = min(self.periods, default=1)
        after = (window for window in self._windows(shortest, self._env.now) if window.start_us > self._env.now)
        windows = list(islice(after, count))
        return (windows[0].start_us, windows[-1].end_us) if windows else None

    def _windows(self, minutes: int, ending_after_us: int) -> Iterator[Window]:
        """The windows that end after an instant, but for one that began before the run did."""
        length_us, number = minutes * MINUTE, 0
        for grid in self._market.grids:
            opens_us, closes_us = grid.session.open_us, grid.session.close_us
            places = -(-grid.session.length_us // length_us)
            first = max(0, -((opens_us - grid.first_us) // length_us), (ending_after_us - opens_us) // length_us)
            for place in range(first, places):
                start_us = opens_us + place * length_us
                end_us = min(start_us + length_us, closes_us)
                if end_us > ending_after_us:
                    yield Window(minutes, start_us, end_us, number + place + 1, place + 1 == places)
            number += places

    def _publish_all(self, minutes: int) -> Generator[simpy.Event, None, None]:
        for window in self._windows(minutes, self._env.now - PUBLISH_DELAY_US):
            yield self._env.at(window.end_us + PUBLISH_DELAY_US)
            for _ in range(sum(shorter < minutes for shorter in self.periods)):
                yield self._env.timeout(0)  # let shorter bars of the same instant go first
            self._publish(window)

    def _publish(self, window: Window) -> None:
        held, self._held[window.minutes] = self._held[window.minutes], []
        truth = self._true_bars(window)
        faults = [c for c in self._corruptions if c.from_us < window.end_us and c.until_us >= window.start_us]
        if not faults:
            for row, bar in enumerate(truth):
                self._deliver(row, window, bar)
        else:
            for row, seen in enumerate(self._seen_bars(window, truth)):
                self._publish_bent(row, window, seen, truth[row], faults)
        for row, earlier, bar in held:
            self._deliver(row, earlier, bar)

    def _publish_bent(self, row: int, window: Window, seen: Bar | None, true: Bar, faults: list[Corruption]) -> None:
        last_mark_us = window.end_us - self._market.mark_us
        kinds = {c.kind: c for c in faults if c.strikes(row, last_mark_us, window.number)}
        if seen is not None and "high_below_low" in kinds:
            seen = _crossed(seen)
            self._landed(kinds["high_below_low"], row, seen, true)
        if seen != true or "duplicate_timestamp" in kinds:
            self._lost[row, window.minutes][window.start_us] = true
        if seen is None:
            return
        if "out_of_order" in kinds and window.number % 2 == 0 and not window.ends_session:
            self._held[window.minutes].append((row, window, seen))
            return
        self._deliver(row, window, seen)
        if "duplicate_timestamp" in kinds:
            self._deliver(row, window, _scaled(seen, kinds["duplicate_timestamp"].factor))

    def _deliver(self, row: int, window: Window, bar: Bar) -> None:
        self._kept[row, window.minutes].setdefault(window.start_us, []).append(bar)
        for callback in self._callbacks[window.minutes]:
            callback(bar)

    def _true_bars(self, window: Window) -> list[Bar]:
        """The bars of every symbol in a window, from a batch that is made again when the market's path changes."""
        revision, bars = self._batches.get(window.minutes, (-1, {}))
        if revision != self._market.revision or window.start_us not in bars:
            bars = self._make_batch(window)
            self._batches[window.minutes] = (self._market.revision, bars)
        return bars[window.start_us]

    def _make_batch(self, window: Window) -> dict[int, list[Bar]]:
        length_us, start_us = window.minutes * MINUTE, window.start_us
        marks = self._market.marks(start_us, start_us + max(length_us, _BATCH_US // length_us * length_us))
        assert marks is not None, window
        closes_us, mark_us = marks.grid.session.close_us, self._market.mark_us
        until_us = marks.first_us + marks.prices.shape[1] * mark_us
        starts_us = range(start_us, until_us, length_us)
        edges = [-((marks.first_us - t_us) // mark_us) for t_us in starts_us]
        last = [*(edge - 1 for edge in edges[1:]), -1]
        columns = (
            marks.prices[:, edges], np.maximum.reduceat(marks.prices, edges, axis=1),
            np.minimum.reduceat(marks.prices, edges, axis=1), marks.prices[:, last],
            np.add.reduceat(marks.sizes, edges, axis=1),
        )  # fmt: skip
        bars: dict[int, list[Bar]] = {}
        for i, t_us in enumerate(starts_us):
            ends_us, number = min(t_us + length_us, closes_us), window.number + i
            values = zip(self._market.symbols, *(column[:, i].tolist() for column in columns), strict=True)
            bars[t_us] = [
                Bar(symbol, window.minutes, t_us, ends_us, opened, high, low, close, volume, number)
                for symbol, opened, high, low, close, volume in values
            ]
        return bars

    def _seen_bars(self, window: Window, truth: list[Bar]) -> Iterator[Bar | None]:
        """The bars that the delivered ticks of a window make; None where none came."""
        marks = self._market.marks(window.start_us, window.end_us)
        assert marks is not None, window
        view = self._look(marks)
        for row, true in enumerate(truth):
            here = view.present[row]
            prices = view.prices[row, here].tolist()
            if not prices:
                yield None
                continue
            behind_us = int((view.times_us - view.stamps_us[row])[here][-1])
            high, low = float(np.max(prices)), float(np.min(prices))
            yield true._replace(
                start_us=true.start_us - behind_us, end_us=true.end_us - behind_us, open=prices[0], high=high, low=low,
                close=prices[-1], volume=int(view.sizes[row, here].sum()),
                seq=true.seq - behind_us // (window.minutes * MINUTE),
            )  # fmt: skip


def _crossed(bar: Bar) -> Bar:
    """With the high under the low."""
    low = bar.low if bar.low < bar.high else bar.high * 0.999
    return bar._replace(high=low, low=bar.high)


def _scaled(bar: Bar, factor: float) -> Bar:
    """With other prices."""
    return bar._replace(open=bar.open * factor, high=bar.high * factor, low=bar.low * factor, close=bar.close * factor)
