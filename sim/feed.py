"""Market data as the desk receives it: the truth, unless something on the way corrupts it.

While nothing is wrong the feed costs nothing: it reads the market. A fault bends what is delivered after its
instant and never what the broker fills at. `feed.corrupted` is the proof that a fault landed: it is recorded
when the first wrong item is delivered, or the first expected one is missing; a fault that strikes a closed
market waits for the open. `feed.bad` and `feed.good` say when a symbol's stream turned bad and good again:
good with the first item after the last wrong one, bars that still contain wrong ticks included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from functools import partial

import simpy

from sim.bars import BarTape, OnBar
from sim.clock import VirtualTime
from sim.corruption import FACTORS, KINDS, Bar, Corruption, Tick, View, chances
from sim.errors import BadInput
from sim.history import History
from sim.market import Market
from sim.rng import Streams
from sim.ticks import TickTape

__all__ = ["Bar", "Feed", "Tick"]

_FOREVER_US = 1 << 62


class Feed:
    """The desk's side of market data: ticks, last prices and bars."""

    def __init__(self, env: VirtualTime, market: Market, streams: Streams, history: History) -> None:
        """Deliver what `market` says."""
        self._env, self._market, self._streams, self._history = env, market, streams, history
        self._corruptions: list[Corruption] = []
        self._bad: list[list[Corruption]] = [[] for _ in market.symbols]
        """Per symbol, the corruptions that have been delivered and are not over, oldest first."""
        self.bad_symbols = 0
        """How many symbols have a bad stream now."""
        self._ticks = TickTape(market, self._corruptions)
        self._bars = BarTape(env, market, self._ticks.look, self._corruptions, self._bar_landed)

    # what the desk reads

    def ticks(self, t_us: int) -> list[Tick]:
        """The ticks that arrive at the mark of `t_us`: normally one per symbol, none outside sessions."""
        return self._ticks.at(t_us)

    def last(self, symbol: str) -> Tick:
        """The tick received last; before the first one, the close before the run, numbered 0."""
        return self._ticks.newest(self._market.index(symbol), self._env.now)

    def last_price(self, symbol: str) -> float:
        """The price received last, right or wrong."""
        if self._env.now > self._ticks.bent_until_us:
            return self._market.price(symbol)
        return self.last(symbol).price

    def last_prices(self) -> dict[str, float]:
        """The price of every symbol received last, right or wrong."""
        if self._env.now > self._ticks.bent_until_us:
            return dict(zip(self._market.symbols, self._market.prices(), strict=True))
        return {symbol: self.last(symbol).price for symbol in self._market.symbols}

    def age_us(self, symbol: str) -> int:
        """How old the last tick is by its own time stamp; nights and weekends count, so see `open_age_us`."""
        now = self._env.now
        newest_us = self._market.last_mark_us(now)
        if newest_us is None or newest_us <= self._ticks.bent_until_us:
            newest_us = self.last(symbol).t_us
        return now - newest_us

    def oldest_age_us(self) -> int:
        """How old the last tick is of the symbol that is furthest behind."""
        now = self._env.now
        newest_us = self._market.last_mark_us(now)
        if newest_us is not None and newest_us > self._ticks.bent_until_us:
            return now - newest_us
        return max(self.age_us(symbol) for symbol in self._market.symbols)

    def open_age_us(self, symbol: str) -> int:
        """How long the exchange has traded since the time stamp of the last tick."""
        now = self._env.now
        return self._market.calendar.open_us_between(now - self.age_us(symbol), now)

    def subscribe_bars(self, minutes: int, callback: OnBar | None = None) -> None:
        """Publish bars of this length just after each window ends, and call `callback` with each."""
        self._bars.subscribe(minutes, callback)

    def bars(self, symbol: str, minutes: int = 1, n: int = 20) -> list[Bar]:
        """The last `n` bars received, oldest first; a backfill corrects them."""
        return self._bars.last(self._market.index(symbol), minutes, n)

    # what scoring reads

    def quality(self, symbol: str) -> str | None:
        """The fault that makes the delivered stream bad now, the oldest of several; None when it is good."""
        bad = self._bad[self._market.index(symbol)]
        return bad[0].kind if bad else None

    def bars_lost(self, minutes: int | None = None) -> int:
        """How many bars never came, came wrong or came twice, and were not repaired by a backfill."""
        return self._bars.lost(minutes)

    # what breaks and repairs it

    def corrupt(
        self, kind: str, symbols: Sequence[str] | None = None, *, probability: float = 1.0, bars: int | None = None,
        factor: float | None = None, lag_us: int = 0,
    ) -> Callable[[], None]:  # fmt: skip
        """Corrupt what is delivered after now, until the returned function is called.

        `kind` is one of `corruption.KINDS`; `symbols` default to all. With `probability` only that share of the
        items is struck. With `bars` it strikes the next so many whole bars of the shortest published length and
        then ends by itself. `factor` is by what a price is off; `lag_us` how far a stale feed lags: without one
        nothing new arrives at all.
        """
        self._check(kind, probability, bars, factor, lag_us)
        names = dict.fromkeys(symbols or self._market.symbols)
        rows = tuple(self._market.index(symbol) for symbol in names)
        from_us, until_us = self._env.now, _FOREVER_US
        if bars is not None and (span := self._bars.upcoming(bars)) is not None:
            from_us, until_us = span[0] - 1, span[1] - 1
        number = sum(c.kind == kind for c in self._corruptions)
        draws = self._streams.stream(f"feed/{kind}/{number}")
        corruption = Corruption(
            kind, rows, from_us, until_us, factor=FACTORS.get(kind, 1.0) if factor is None else factor,
            lag_us=lag_us, chances=chances(draws, len(self._market.symbols), probability),
        )  # fmt: skip
        self._corruptions.append(corruption)
        self._ticks.refresh()
        if kind != "high_below_low":
            for row in rows:
                self._env.process(self._watch(corruption, row))
        if until_us < _FOREVER_US:
            self._env.call_at(until_us, self._heal, corruption)
        return partial(self._heal, corruption)

    def backfill(self, symbol: str | None = None) -> int:
        """Put correct bars in place of the lost ones, as a data repair does; returns how many."""
        rows = range(len(self._market.symbols)) if symbol is None else [self._market.index(symbol)]
        count = self._bars.backfill(rows)
        self._history.emit("feed.backfilled", symbol or "", count=count)
        return count

    def _heal(self, corruption: Corruption) -> None:
        if corruption.healed:
            return
        corruption.healed = True
        corruption.until_us = min(corruption.until_us, self._env.now)
        self._ticks.refresh()
        for row in corruption.rows:
            if corruption in self._bad[row]:
                self._env.process(self._recover(corruption, row))

    @staticmethod
    def _check(kind: str, probability: float, bars: int | None, factor: float | None, lag_us: int) -> None:
        wrong = (
            (kind not in KINDS, "kind", kind, f"name one of {', '.join(KINDS)}"),
            (not 0 < probability <= 1, "probability", probability, "give a share above 0, up to 1"),
            (bars is not None and bars < 1, "bars", bars, "give a count from 1 up"),
            (factor is not None and kind not in FACTORS, "factor", factor, f"use it with {', '.join(FACTORS)}"),
            (factor in (1, 0) or (factor or 1) < 0, "factor", factor, "give a factor above 0 other than 1"),
            (lag_us < 0 or (lag_us > 0 and kind != "stale"), "lag", lag_us, "use a lag from 0 up, with stale"),
        )
        for bad, field, value, mend in wrong:
            if bad:
                raise BadInput("not usable for a fault of the feed", mend=mend, field=field, value=value)

    # proof that it landed, and that it is over

    def _watch(self, corruption: Corruption, row: int) -> Generator[simpy.Event, None, None]:
        """Wait for the first mark at which the stream of a symbol differs from the truth."""
        t_us = self._market.next_mark_us(max(self._env.now, corruption.from_us))
        while t_us is not None and t_us <= corruption.until_us:
            yield self._env.at(t_us)
            if t_us > corruption.until_us:
                return
            marks = self._market.marks(t_us, t_us + 1)
            assert marks is not None, t_us
            view = self._ticks.look(marks)
            if view.differs(self._ticks.look(marks, without=corruption))[row, 0]:
                self._tick_landed(corruption, row, view)
                return
            t_us = self._market.next_mark_us(t_us)

    def _tick_landed(self, corruption: Corruption, row: int, view: View) -> None:
        price = float(view.prices[row, 0]) if view.present[row, 0] else None
        self._land(
            corruption, row, item="tick", missing=price is None, price=_number(price),
            true_price=float(view.marks.prices[row, 0]), stamp_us=int(view.stamps_us[row, 0]),
            size=int(view.sizes[row, 0]),
        )  # fmt: skip

    def _bar_landed(self, corruption: Corruption, row: int, seen: Bar, true: Bar) -> None:
        if corruption not in self._bad[row]:
            self._land(
                corruption, row, item="bar", minutes=seen.minutes, start_us=seen.start_us, high=_number(seen.high),
                low=_number(seen.low), true_high=true.high, true_low=true.low,
            )  # fmt: skip

    def _land(self, corruption: Corruption, row: int, **proof: object) -> None:
        symbol = self._market.symbols[row]
        self._history.emit("feed.corrupted", symbol, fault=corruption.kind, **proof)
        if not self._bad[row]:
            self.bad_symbols += 1
            self._history.emit("feed.bad", symbol, fault=corruption.kind)
        self._bad[row].append(corruption)
        if corruption.healed:
            self._env.process(self._recover(corruption, row))

    def _recover(self, corruption: Corruption, row: int) -> Generator[simpy.Event, None, None]:
        """Wait for the first good item after the last wrong one."""
        market, now = self._market, self._env.now
        last_us = market.last_mark_us(corruption.until_us)
        good_us = market.next_mark_us(now)
        if last_us is not None:
            good_us = max(good_us or 0, self._bars.published_us(last_us))
        if good_us is not None:
            yield self._env.at(good_us)
            self._bad[row].remove(corruption)
            if not self._bad[row]:
                self.bad_symbols -= 1
                self._history.emit("feed.good", market.symbols[row])


def _number(value: float | None) -> float | None:
    """A value that JSON can carry."""
    return None if value is None or math.isnan(value) else float(value)
