"""Bars of any length, put together from the shortest ones that the feed published.

What lies before the start of the run is synthetic: see `past`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from fakes.alpaca.errors import bad_query
from fakes.alpaca.models import stamp
from fakes.alpaca.past import Past
from fakes.alpaca.rows import Row, worded
from fakes.alpaca.trading_days import NEW_YORK
from sim.clock import HOUR, MINUTE

_TIMEFRAME = re.compile(r"^(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)$")
_ALLOWED = {"Min": range(1, 60), "Hour": range(1, 24), "Day": (1,), "Week": (1,), "Month": (1, 2, 3, 4, 6, 12)}
_LONG = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}


class Timeframe(NamedTuple):
    """So many minutes, hours, days, weeks or months."""

    times: int
    unit: str

    @property
    def of_days(self) -> bool:
        """Whether it is made of whole days."""
        return self.unit in ("Day", "Week", "Month")

    def start(self, at: datetime) -> datetime:
        """The start of the bar that `at` (in New York) falls into."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.unit in ("Min", "Hour"):
            length_us = self.times * (MINUTE if self.unit == "Min" else HOUR)
            since_us = (at.hour * 3600 + at.minute * 60 + at.second) * 1_000_000
            return midnight + timedelta(microseconds=since_us // length_us * length_us)
        if self.unit == "Week":
            return midnight - timedelta(days=midnight.weekday())
        if self.unit == "Month":
            return midnight.replace(day=1, month=(midnight.month - 1) // self.times * self.times + 1)
        return midnight


def timeframe_of(text: str) -> Timeframe:
    """A timeframe such as `5Min`, `1H` or `1Day`."""
    match = _TIMEFRAME.match(text)
    if match is not None:
        count, unit = int(match.group(1)), _LONG.get(match.group(2), match.group(2))
        if count in _ALLOWED[unit]:
            return Timeframe(count, unit)
    raise bad_query(f"invalid timeframe: {text}")


class BarHistory:
    """All bars of a World's symbols."""

    def __init__(self, world: Any) -> None:
        """Of this World's feed."""
        self._world = world
        self.shortest: int = min(world.config.bar_minutes)
        """Minutes of the shortest bars: no shorter ones can be had."""
        self._past = Past(world, self.shortest)

    def all(self, symbol: str, timeframe: Timeframe, since: datetime | None = None) -> list[tuple[datetime, Row]]:
        """Every bar so far with the instant of its start, oldest first; the one in the making included.

        Of minutes and hours, those that begin at `since` or later are complete, and earlier ones may be missing.
        """
        if timeframe.unit == "Min" and timeframe.times % self.shortest:
            raise bad_query(f"invalid timeframe: this market publishes bars of {self.shortest} minutes")
        found: dict[datetime, list[Row]] = {}
        if timeframe.of_days:
            before = self._past.days(symbol) + self._past.today(symbol)
        else:
            before = self._past.minutes(symbol, since) if since is not None else []
        for at, row in before:
            found.setdefault(timeframe.start(at), []).append(row)
        local: Callable[[int], datetime] = lambda t_us: self._world.clock.utc(t_us).astimezone(NEW_YORK)  # noqa: E731
        for bar in self._world.feed.bars(symbol, self.shortest, 1_000_000):
            if not math.isnan(bar.close):
                found.setdefault(timeframe.start(local(bar.start_us)), []).append(worded(bar))
        return [(at, _joined(at, rows)) for at, rows in found.items()]

    def last(self, symbol: str) -> Row | None:
        """The bar that the feed published last."""
        bars = self._world.feed.bars(symbol, self.shortest, 1)
        if not bars:
            return None
        return {"t": stamp(self._world.clock.utc(bars[-1].start_us)), **worded(bars[-1])}


def _joined(at: datetime, rows: list[Row]) -> Row:
    volume = sum(row["v"] for row in rows)
    weighted = sum(row["vw"] * row["v"] for row in rows)
    return {
        "t": stamp(at), "o": rows[0]["o"], "h": max(row["h"] for row in rows), "l": min(row["l"] for row in rows),
        "c": rows[-1]["c"], "v": volume, "n": sum(row["n"] for row in rows),
        "vw": round(weighted / volume, 6) if volume else rows[-1]["vw"],
    }  # fmt: skip
