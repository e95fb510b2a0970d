"""Market data as the desk receives it: the truth, unless something on the way corrupts it.

While nothing is wrong the feed costs nothing: it reads the market. A fault bends what is delivered after its
instant and never what the broker fills at. `feed.corrupted` is the proof that a fault landed: it is recorded
when the first wrong item is delivered, or the first expected one is missing; a fault that strikes a closed
market waits for the open. `feed.bad` and `feed.good` say when a symbol's stream turned bad and good again:
good with the first item after the last wrong one, bars that still contain wrong ticks included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import simpy

from sim.bars import BarTape, OnBar
from sim.clock import VirtualTime
from sim.corruption import FACTORS, KINDS, Bar, Corruption, Tick, View, chances
from sim.errors import BadInput
from sim.history import History
from sim.market import Market, Marks
from sim.rng import Streams

_BLOCK = 300
"""Marks whose ticks are made at a time."""

_FOREVER_US = 1 << 62

_tick: Callable[[Iterable[Any]], Tick] = partial(tuple.__new__, Tick)  # half the price of Tick(...)


class Feed:
    """The desk's side of market data: ticks, last prices and bars."""

    def __init__(self, env: VirtualTime, market: Market, streams: Streams, history: History) -> None:
        """Deliver what `market` says."""
        self._env, self._market, self._streams, self._history = env, market, streams, history
        self._corruptions: list[Corruption] = []
        self._bent_until_us = -1
        """No mark after this one is touched by a corruption."""
        self._bad: list[list[Corruption]] = [[] for _ in market.symbols]
        """Per symbol, the corruptions that have been delivered and are not over, oldest first."""
        self._block: list[list[Tick]] = []
        self._block_from_us = self._block_until_us = self._block_revision = 0
        self._newest: dict[int, tuple[int, Tick]] = {}
        self._tape = BarTape(env, market, self._look, self._corruptions, self._bar_landed)

    # what the desk reads

    def ticks(self, t_us: int) -> list[Tick]:
        """The ticks that arrive at the mark of `t_us`: normally one per symbol, none outside sessions."""
        if not self._block_from_us <= t_us < self._block_until_us or self._block_revision != self._market.revision:
            self._make_block(t_us)
        return self._block[(t_us - self._block_from_us) // self._market.mark_us] if self._block else []

    def last(self, symbol: str) -> Tick:
        """The tick received last; before the first one, the close before the run, numbered 0."""
        row, now = self._market.index(symbol), self._env.now
        t_us = self._market.last_mark_us(now)
        if t_us is None:
            return self._opening_tick(row)
        return self._newest_tick(row, t_us) if t_us <= self._bent_until_us else self._ticks_at(t_us)[row]

    def last_price(self, symbol: str) -> float:
        """The price received last, right or wrong."""
        if self._env.now > self._bent_until_us:
            return self._market.price(symbol)
        return self.last(symbol).price

    def age_us(self, symbol: str) -> int:
        """How old the last tick is by its own time stamp; nights and weekends count, so see `open_age_us`."""
        now = self._env.now
        newest_us = self._market.last_mark_us(now)
        if newest_us is None or newest_us <= self._bent_until_us:
            newest_us = self.last(symbol).t_us
        return now - newest_us

    def open_age_us(self, symbol: str) -> int:
        """How long the exchange has traded since the time stamp of the last tick."""
        now = self._env.now
        return self._market.calendar.open_us_between(now - self.age_us(symbol), now)

    def subscribe_bars(self, minutes: int, callback: OnBar | None = None) -> None:
        """Publish bars of this length just after each window ends, and call `callback` with each."""
        self._tape.subscribe(minutes, callback)

    def bars(self, symbol: str, minutes: int = 1, n: int = 20) -> list[Bar]:
        """The last `n` bars received, oldest first; a backfill corrects them."""
        return self._tape.last(self._market.index(symbol), minutes, n)

    # what scoring reads

    def quality(self, symbol: str) -> str | None:
        """The fault that makes the delivered stream bad now, the oldest of several; None when it is good."""
        bad = self._bad[self._market.index(symbol)]
        return bad[0].kind if bad else None

    def bars_lost(self, minutes: int | None = None) -> int:
        """How many bars never came, came wrong or came twice, and were not repaired by a backfill."""
        return self._tape.lost(minutes)

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
        if bars is not None and (span := self._tape.upcoming(bars)) is not None:
            from_us, until_us = span[0] - 1, span[1] - 1
        number = sum(c.kind == kind for c in self._corruptions)
        draws = self._streams.stream(f"feed/{kind}/{number}")
        corruption = Corruption(
            kind, rows, from_us, until_us, factor=FACTORS.get(kind, 1.0) if factor is None else factor,
            lag_us=lag_us, chances=chances(draws, len(self._market.symbols), probability),
        )  # fmt: skip
        self._corruptions.append(corruption)
        self._changed()
        if kind != "high_below_low":
            for row in rows:
                self._env.process(self._watch(corruption, row))
        if until_us < _FOREVER_US:
            self._env.at(until_us).callbacks.append(lambda _: self._heal(corruption))
        return partial(self._heal, corruption)

    def backfill(self, symbol: str | None = None) -> int:
        """Put correct bars in place of the lost ones, as a data repair does; returns how many."""
        rows = range(len(self._market.symbols)) if symbol is None else [self._market.index(symbol)]
        count = self._tape.backfill(rows)
        self._history.emit("feed.backfilled", symbol or "", count=count)
        return count

    def _heal(self, corruption: Corruption) -> None:
        if corruption.healed:
            return
        corruption.healed = True
        corruption.until_us = min(corruption.until_us, self._env.now)
        self._changed()
        for row in corruption.rows:
            if corruption in self._bad[row]:
                self._env.process(self._recover(corruption, row))

    def _changed(self) -> None:
        """What comes after now is no longer what it was."""
        self._block_until_us = self._block_from_us
        ends = (c.until_us for c in self._corruptions)
        self._bent_until_us = max(ends) + self._market.mark_us  # a late tick comes one mark after its own

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
            view = View(self._market, marks)
            corruption.bend(view)
            if view.wrong()[row, 0]:
                self._tick_landed(corruption, row, view)
                return
            t_us = self._market.next_mark_us(t_us)

    def _tick_landed(self, corruption: Corruption, row: int, view: View) -> None:
        price = float(view.prices[row, 0]) if view.present[row, 0] else None
        self._land(
            corruption, row, item="tick", price=_number(price), true_price=float(view.marks.prices[row, 0]),
            stamp_us=int(view.stamps_us[row, 0]), size=int(view.sizes[row, 0]), missing=price is None,
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
            good_us = max(good_us or 0, self._tape.published_us(last_us))
        if good_us is not None:
            yield self._env.at(good_us)
            self._bad[row].remove(corruption)
            if not self._bad[row]:
                self._history.emit("feed.good", market.symbols[row])

    # how ticks are made

    def _look(self, marks: Marks) -> View:
        """These marks as delivered."""
        view = View(self._market, marks)
        for corruption in self._corruptions:
            corruption.bend(view)
        return view

    def _make_block(self, t_us: int) -> None:
        market = self._market
        self._block_revision = market.revision
        first_us = market.last_mark_us(t_us)
        if first_us is None or t_us >= first_us + market.mark_us:
            upcoming = market.next_mark_us(t_us)
            self._block, self._block_from_us = [], t_us
            self._block_until_us = _FOREVER_US if upcoming is None else upcoming
            return
        opened_us = market.opened_us(first_us)
        first_us -= (first_us - opened_us) % (_BLOCK * market.mark_us)  # on a grid, so that looking back meets it
        until_us = first_us + _BLOCK * market.mark_us
        if first_us <= self._bent_until_us:
            self._block = self._bent_ticks(first_us, until_us)
        else:
            self._block = self._true_ticks(first_us, until_us)
        self._block_from_us = first_us
        self._block_until_us = first_us + len(self._block) * market.mark_us

    def _ticks_at(self, t_us: int) -> list[Tick]:
        return self._true_ticks(t_us, t_us + 1)[0]

    def _true_ticks(self, from_us: int, until_us: int) -> list[list[Tick]]:
        """The exchange's ticks, one list per mark."""
        marks = self._market.marks(from_us, until_us)
        assert marks is not None, from_us
        symbols, count = self._market.symbols, marks.prices.shape[1]
        each = np.repeat(np.arange(count), len(symbols))
        stamps_us, seqs = marks.first_us + each * self._market.mark_us, marks.first_seq + each
        columns = (a.T.ravel().tolist() for a in (marks.prices, marks.sizes, stamps_us, seqs))
        ticks = list(map(_tick, zip(cycle(symbols), *columns, strict=False)))
        return [ticks[i : i + len(symbols)] for i in range(0, len(ticks), len(symbols))]

    def _bent_ticks(self, from_us: int, until_us: int) -> list[list[Tick]]:
        """The delivered ticks, one list per mark; one mark more is looked at, for a late tick from before."""
        market = self._market
        marks = market.marks(from_us, until_us)
        assert marks is not None, from_us
        earlier = 1 if marks.first_us > marks.grid.first_us else 0
        marks = market.marks(marks.first_us - earlier * market.mark_us, until_us)
        assert marks is not None, from_us
        view = self._look(marks)
        columns: list[list[list[Any]]] = [a.T.tolist() for a in (view.prices, view.sizes, view.stamps_us, view.seqs)]
        ticks = [
            [_tick(values) for values in zip(market.symbols, *(column[k] for column in columns), strict=True)]
            for k in range(len(view.times_us))
        ]
        here, late, doubled = view.present.T.tolist(), (view.late & view.present).T.tolist(), view.doubled.T.tolist()
        delivered: list[list[Tick]] = []
        for k in range(earlier, len(ticks)):
            now: list[Tick] = []
            for row, tick in enumerate(ticks[k]):
                if here[k][row] and not late[k][row]:
                    now.append(tick)
                    if doubled[k][row]:
                        now.append(tick._replace(price=tick.price * doubled[k][row]))
                if k and late[k - 1][row]:
                    now.append(ticks[k - 1][row])
            delivered.append(now)
        return delivered

    def _newest_tick(self, row: int, t_us: int) -> Tick:
        """The tick of a symbol delivered last, looking back from mark `t_us` to where we looked before."""
        symbol, mark_us = self._market.symbols[row], self._market.mark_us
        known_us, newest = self._newest.get(row, (-1, None))
        look_us: int | None = t_us
        while look_us is not None and look_us > known_us:
            for tick in reversed(self.ticks(look_us)):
                if tick.symbol == symbol:
                    self._newest[row] = (t_us, tick)
                    return tick
            look_us = self._market.last_mark_us(look_us - mark_us)
        found = self._opening_tick(row) if newest is None else newest
        self._newest[row] = (t_us, found)
        return found

    def _opening_tick(self, row: int) -> Tick:
        """The last close before the run, so that there always is a last tick."""
        market = self._market
        close_us = market.calendar.last_close_us(0)
        return Tick(market.symbols[row], market.start_prices[row], 0, close_us, 0)


def _number(value: float | None) -> float | None:
    """A value that JSON can carry."""
    return None if value is None or math.isnan(value) else float(value)
