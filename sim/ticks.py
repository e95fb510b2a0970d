"""Ticks as they are delivered: made a few minutes at a time, and looked up by mark.

While no fault is near, a block of ticks is a straight copy of the market. Near one it is made from the bent
view, with ticks left out, doubled or handed over after their successor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from sim.corruption import Corruption, Tick, View
from sim.market import Market, Marks

_BLOCK = 300
"""Marks whose ticks are made at a time."""

_FOREVER_US = 1 << 62


_tick: Callable[[Iterable[Any]], Tick] = partial(tuple.__new__, Tick)  # half the price of Tick(...)


class TickTape:
    """The stream of ticks that reaches the desk."""

    def __init__(self, market: Market, corruptions: list[Corruption]) -> None:
        """Deliver what `market` says, bent by whatever is in `corruptions`."""
        self._market, self._corruptions = market, corruptions
        self.bent_until_us = -1
        """No mark after this one is touched by a corruption."""
        self._block: list[list[Tick]] = []
        self._from_us = self._until_us = self._revision = 0
        self._newest: dict[int, tuple[int, Tick]] = {}

    def refresh(self) -> None:
        """Take note that corruptions came or went: what comes after now is no longer what it was."""
        self._until_us = self._from_us
        late_us = self._market.mark_us  # a late tick comes one mark after its own
        self.bent_until_us = max((c.until_us + late_us for c in self._corruptions), default=-1)

    def look(self, marks: Marks, without: Corruption | None = None) -> View:
        """These marks as delivered, or as they would be without one of the corruptions."""
        view = View(self._market, marks)
        for corruption in self._corruptions:
            if corruption is not without:
                corruption.bend(view)
        return view

    def at(self, t_us: int) -> list[Tick]:
        """The ticks that arrive at the mark of `t_us`; none outside sessions."""
        if not self._from_us <= t_us < self._until_us or self._revision != self._market.revision:
            self._make_block(t_us)
        return self._block[(t_us - self._from_us) // self._market.mark_us] if self._block else []

    def newest(self, row: int, t_us: int) -> Tick:
        """The tick of a symbol delivered last at or before `t_us`; before the first, the close before the run."""
        market = self._market
        look_us = market.last_mark_us(t_us)
        if look_us is not None and look_us > self.bent_until_us:
            return self._true_ticks(look_us, look_us + 1)[0][row]
        known_us, found = self._newest.get(row, (-1, None))
        tick = None
        while look_us is not None and look_us > known_us and tick is None:
            tick = next((tick for tick in reversed(self.at(look_us)) if tick.symbol == market.symbols[row]), None)
            look_us = market.last_mark_us(look_us - market.mark_us)
        found = tick or found or self._opening_tick(row)
        self._newest[row] = (t_us, found)
        return found

    def _opening_tick(self, row: int) -> Tick:
        market = self._market
        return Tick(market.symbols[row], market.start_prices[row], 0, market.calendar.last_close_us(0), 0)

    def _make_block(self, t_us: int) -> None:
        """Make the ticks around `t_us`, on a fixed grid of blocks, so that looking back does not make them anew."""
        market = self._market
        self._revision = market.revision
        mark_us = market.last_mark_us(t_us)
        if mark_us is None or t_us >= mark_us + market.mark_us:
            upcoming_us = market.next_mark_us(t_us)
            self._block, self._from_us = [], t_us
            self._until_us = _FOREVER_US if upcoming_us is None else upcoming_us
            return
        length_us = _BLOCK * market.mark_us
        first_us = mark_us - (mark_us - market.opened_us(mark_us)) % length_us
        make = self._bent_ticks if first_us <= self.bent_until_us else self._true_ticks
        self._block = make(first_us, first_us + length_us)
        self._from_us, self._until_us = first_us, first_us + len(self._block) * market.mark_us

    def _true_ticks(self, from_us: int, until_us: int) -> list[list[Tick]]:
        """The exchange's ticks, one list per mark."""
        marks = self._market.marks(from_us, until_us)
        assert marks is not None, from_us
        count = marks.prices.shape[1]
        stamps_us = marks.first_us + np.arange(count) * self._market.mark_us
        return self._listed(marks.prices, marks.sizes, stamps_us, marks.first_seq + np.arange(count))

    def _bent_ticks(self, from_us: int, until_us: int) -> list[list[Tick]]:
        """The delivered ticks, one list per mark; one mark before is looked at too, for its late ticks."""
        market = self._market
        earlier = 1 if from_us > market.opened_us(from_us) else 0
        marks = market.marks(from_us - earlier * market.mark_us, until_us)
        assert marks is not None, from_us
        view = self.look(marks)
        ticks = self._listed(view.prices, view.sizes, view.stamps_us, view.seqs)
        late: list[list[bool]] = (view.late & view.present).T.tolist()
        prompt: list[list[bool]] = (view.present & ~view.late).T.tolist()
        doubled: list[list[float]] = view.doubled.T.tolist()
        delivered: list[list[Tick]] = []
        for k in range(earlier, len(ticks)):
            now: list[Tick] = []
            for row, tick in enumerate(ticks[k]):
                if prompt[k][row]:
                    now.append(tick)
                    if doubled[k][row]:
                        now.append(tick._replace(price=round(tick.price * doubled[k][row], 6)))
                if k and late[k - 1][row]:
                    now.append(ticks[k - 1][row])
            delivered.append(now)
        return delivered

    def _listed(
        self, prices: np.ndarray, sizes: np.ndarray, stamps_us: np.ndarray, seqs: np.ndarray
    ) -> list[list[Tick]]:
        """One list per mark, with a tick per symbol."""
        symbols = self._market.symbols
        columns = (np.broadcast_to(a, prices.shape).T.ravel().tolist() for a in (prices, sizes, stamps_us, seqs))
        ticks = list(map(_tick, zip(cycle(symbols), *columns, strict=False)))
        return [ticks[i : i + len(symbols)] for i in range(0, len(ticks), len(symbols))]
