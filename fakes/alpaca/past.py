"""What the market is taken to have done before the run: bars of days and of minutes, drawn when they are asked for.

Days reach back a year and a half and are drawn backwards from the opening price of the run, so that code which
wants a moving average of 200 days has one. Minutes reach back over the three weeks that the calendar knows, and
over the part of the first day that lies before the run: each day's minutes begin at its open, end at its close
and touch its high and low, and their volumes add up to the day's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np

from fakes.alpaca.rows import Row, worded
from fakes.alpaca.trading_days import NEW_YORK
from sim.calendar import Session
from sim.clock import MINUTE
from sim.corruption import Bar

_DAILY_VOLATILITY = 0.012
_PAST_DAYS = 550
_VOLUME = 1e6
"""Shares a day, at least."""


class Past:
    """The bars of a World's symbols that lie before its start."""

    def __init__(self, world: Any, minutes: int) -> None:
        """The shortest bars are of so many `minutes`."""
        self._world, self._minutes = world, minutes
        self._days: dict[str, dict[date, Bar]] = {}
        self._parts: dict[tuple[str, int], list[tuple[datetime, Row]]] = {}

    def days(self, symbol: str) -> list[tuple[datetime, Row]]:
        """A bar for each whole trading day, with its midnight in New York, oldest first."""
        return [
            (datetime(when.year, when.month, when.day, tzinfo=NEW_YORK), worded(bar))
            for when, bar in self._bars_of_days(symbol).items()
        ]

    def today(self, symbol: str) -> list[tuple[datetime, Row]]:
        """The minutes of the session that the run begins in, up to its start."""
        sessions = [s for s in self._world.calendar.sessions if s.open_us < 0 < s.close_us]
        return [row for session in sessions for row in self._part(symbol, session)]

    def minutes(self, symbol: str, since: datetime) -> list[tuple[datetime, Row]]:
        """The minutes before the run of every session that closes after `since`, oldest first."""
        since_us = self._world.clock.us_at(since)
        sessions = [s for s in self._world.calendar.sessions if s.open_us < 0 and s.close_us > since_us]
        return [row for session in sessions for row in self._part(symbol, session)]

    def _bars_of_days(self, symbol: str) -> dict[date, Bar]:
        if symbol not in self._days:
            world = self._world
            draws = world.streams.stream(f"alpaca/history/{symbol}")
            price = world.market.start_prices[world.market.index(symbol)]
            opening = next(s for s in world.calendar.sessions if s.close_us > 0).date
            made = {}
            for when in reversed(world.calendar.days_before(opening, _PAST_DAYS)):
                before = price / (1 + draws.normal(0, _DAILY_VOLATILITY))
                swing = abs(draws.normal(0, _DAILY_VOLATILITY / 2))
                high, low = max(price, before) * (1 + swing), min(price, before) * (1 - swing)
                made[when] = Bar(symbol, 1440, 0, 0, before, high, low, price, int(_VOLUME * (1 + draws.random())), 0)
                price = before
            self._days[symbol] = dict(reversed(made.items()))
        return self._days[symbol]

    def _part(self, symbol: str, session: Session) -> list[tuple[datetime, Row]]:
        """The minutes of one session that end before the run."""
        key = symbol, session.open_us
        if key not in self._parts:
            step_us = self._minutes * MINUTE
            count = (min(session.close_us, 0) - session.open_us) // step_us
            draws = self._world.streams.stream(f"alpaca/minutes/{symbol}/{session.date}/{session.part}")
            whole = self._bars_of_days(symbol).get(session.date) or self._unfinished(symbol, session)
            bars = _within(whole, count, draws) if count > 0 else []
            utc = self._world.clock.utc
            self._parts[key] = [
                (utc(session.open_us + n * step_us).astimezone(NEW_YORK), worded(bar)) for n, bar in enumerate(bars)
            ]
        return self._parts[key]

    def _unfinished(self, symbol: str, session: Session) -> Bar:
        """The day that the run begins in, so far: from the last close to the run's first price, the same."""
        price = float(self._world.market.start_prices[self._world.market.index(symbol)])
        share = -session.open_us / session.length_us
        swing = _DAILY_VOLATILITY / 2 * share**0.5
        return Bar(symbol, 1440, 0, 0, price, price * (1 + swing), price * (1 - swing), price, int(_VOLUME * share), 0)


def _within(whole: Bar, count: int, draws: np.random.Generator) -> list[Bar]:
    """`count` bars that make up `whole`: a path from its open to its close that keeps within it and touches both."""
    steps = draws.normal(0, _DAILY_VOLATILITY * whole.open / count**0.5, count)
    drift = (whole.close - whole.open - steps.sum()) / count
    edges = np.clip(np.concatenate(([whole.open], whole.open + np.cumsum(steps + drift))), whole.low, whole.high)
    edges[-1] = whole.close
    reach = np.abs(draws.normal(0, 0.0002, (2, count))) * whole.open
    highs = np.minimum(np.maximum(edges[:-1], edges[1:]) + reach[0], whole.high)
    lows = np.maximum(np.minimum(edges[:-1], edges[1:]) - reach[1], whole.low)
    highs[int(highs.argmax())], lows[int(lows.argmin())] = whole.high, whole.low
    shares = np.cumsum(draws.random(count) + 0.5)
    sums = np.concatenate(([0], np.floor(shares / shares[-1] * whole.volume))).astype(int)
    sums[-1] = whole.volume
    return [
        Bar(whole.symbol, 1, 0, 0, float(edges[n]), float(highs[n]), float(lows[n]), float(edges[n + 1]),
            int(sums[n + 1] - sums[n]), 0)
        for n in range(count)
    ]  # fmt: skip
