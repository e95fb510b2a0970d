"""The market-data interface: what the firm's feed shows, faults of the feed included.

History reaches back to the start of the run; before it there is one synthetic bar for each trading day, drawn
backwards from the opening price, so that code which wants a moving average of days has one.
"""

from __future__ import annotations

import math
import re
from typing import Any

from fakes.alpaca.errors import invalid
from fakes.alpaca.models import Wording
from fakes.alpaca.trading import instant
from sim.actors.http import Request
from sim.clock import DAY, HOUR, MINUTE
from sim.corruption import Bar

_TIMEFRAME = re.compile(r"^(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)$")
_UNITS = {"Min": MINUTE, "T": MINUTE, "Hour": HOUR, "H": HOUR, "Day": DAY, "D": DAY, "Week": 7 * DAY, "W": 7 * DAY,
          "Month": 30 * DAY, "M": 30 * DAY}  # fmt: skip
_DAILY_VOLATILITY = 0.012
_HALF_SPREAD = 0.0001

Row = dict[str, Any]


class MarketData:
    """Handlers of the data routes."""

    def __init__(self, world: Any, wording: Wording) -> None:
        """Of this World's feed."""
        self._world, self._wording = world, wording
        self._days: dict[str, list[Row]] = {}

    def bars(self, request: Request, symbol: str = "") -> Row:
        """Bars of a length, by symbol or of one symbol."""
        query = request.query
        length_us = _length_us(query.get("timeframe", "1Day"))
        names = self._names(symbol or query.get("symbols", ""))
        limit = int(query.get("limit") or 1000)
        found = {name: self._between(self._all_bars(name, length_us), query)[:limit] for name in names}
        if query.get("sort") == "desc":
            found = {name: rows[::-1] for name, rows in found.items()}
        if symbol:
            return {"symbol": symbol, "bars": found.get(symbol, []), "next_page_token": None}
        return {"bars": {name: rows for name, rows in found.items() if rows}, "next_page_token": None}

    def latest(self, request: Request, what: str, symbol: str = "") -> Row:
        """The newest bar, quote or trade."""
        names = self._names(symbol or request.query.get("symbols", ""))
        make = {"bars": self.last_bar, "quotes": self.quote, "trades": self.trade}[what]
        found = {name: made for name in names if (made := make(name)) is not None}
        return {"symbol": symbol, what[:-1]: found.get(symbol)} if symbol else {what: found}

    def past_ticks(self, request: Request, what: str, symbol: str = "") -> Row:
        """Quotes or trades: the newest is all that is kept."""
        names = self._names(symbol or request.query.get("symbols", ""))
        make = self.quote if what == "quotes" else self.trade
        found = {name: self._between([make(name)], request.query) for name in names}
        if symbol:
            return {"symbol": symbol, what: found.get(symbol, []), "next_page_token": None}
        return {what: found, "next_page_token": None}

    def snapshots(self, request: Request, symbol: str = "") -> Row:
        """Newest trade and quote, and the bars of the minute, the day and the day before."""
        names = self._names(symbol or request.query.get("symbols", ""))
        found = {name: self._snapshot(name) for name in names}
        return {"symbol": symbol, **found.get(symbol, {})} if symbol else found

    def _snapshot(self, name: str) -> Row:
        days = self._all_bars(name, DAY)
        return {
            "latestTrade": self.trade(name), "latestQuote": self.quote(name), "minuteBar": self.last_bar(name),
            "dailyBar": days[-1] if days else None, "prevDailyBar": days[-2] if len(days) > 1 else None,
        }  # fmt: skip

    # One item.

    def trade(self, name: str) -> Row:
        """The last trade that the feed showed."""
        tick = self._world.feed.last(name)
        return {"t": self._wording.time(tick.t_us), "x": "V", "p": _price(tick.price), "s": int(tick.size), "c": ["@"],
                "i": int(tick.seq), "z": "C"}  # fmt: skip

    def quote(self, name: str) -> Row:
        """A quote around the last trade."""
        tick = self._world.feed.last(name)
        price = _price(tick.price)
        half = max(0.01, round(price * _HALF_SPREAD, 2))
        return {"t": self._wording.time(tick.t_us), "ax": "V", "ap": round(price + half, 2), "as": 3, "bx": "V",
                "bp": round(price - half, 2), "bs": 3, "c": ["R"], "z": "C"}  # fmt: skip

    def last_bar(self, name: str) -> Row | None:
        """The last minute bar that the feed showed."""
        bars = self._world.feed.bars(name, self._shortest, 1)
        return self.bar(bars[-1]) if bars else None

    def bar(self, bar: Bar) -> Row:
        """A bar of the feed."""
        mean = (bar.open + bar.high + bar.low + bar.close) / 4
        return {
            "t": self._wording.time(bar.start_us), "o": _price(bar.open), "h": _price(bar.high), "l": _price(bar.low),
            "c": _price(bar.close), "v": int(bar.volume), "n": max(1, int(bar.volume) // 100), "vw": _price(mean),
        }  # fmt: skip

    @property
    def _shortest(self) -> int:
        return int(min(self._world.config.bar_minutes))

    def _names(self, text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names:
            raise invalid("symbols is required")
        return [name for name in names if name in self._world.market.symbols]

    def _between(self, rows: list[Row], query: dict[str, str]) -> list[Row]:
        start, end = query.get("start"), query.get("end")
        if start:
            since = instant(start)
            rows = [row for row in rows if instant(row["t"]) >= since]
        if end:
            until = instant(end)
            rows = [row for row in rows if instant(row["t"]) <= until]
        return rows

    def _all_bars(self, name: str, length_us: int) -> list[Row]:
        shortest = self._shortest
        seen = [bar for bar in self._world.feed.bars(name, shortest, 100_000) if not math.isnan(bar.close)]
        groups: dict[int, list[Bar]] = {}
        zero_us = self._world.clock.us_at(self._world.clock.epoch.replace(hour=0, minute=0, second=0, microsecond=0))
        for bar in seen:
            start_us = zero_us + (bar.start_us - zero_us) // length_us * length_us
            groups.setdefault(start_us, []).append(bar)
        rows = [self.bar(_joined(start_us, length_us, bars)) for start_us, bars in groups.items()]
        return self._past_days(name) + rows if length_us >= DAY else rows

    def _past_days(self, name: str) -> list[Row]:
        if name not in self._days:
            world = self._world
            draws = world.streams.stream(f"alpaca/history/{name}")
            price = world.market.start_prices[world.market.index(name)]
            opening = next(s for s in world.calendar.sessions if s.close_us > 0).date
            rows = []
            for session in reversed([s for s in world.calendar.sessions if s.date < opening]):
                before = price / (1 + draws.normal(0, _DAILY_VOLATILITY))
                swing = abs(draws.normal(0, _DAILY_VOLATILITY / 2))
                whole = Bar(name, 1440, session.open_us, session.close_us, before, max(price, before) * (1 + swing),
                            min(price, before) * (1 - swing), price, int(1e6 * (1 + draws.random())), 0)  # fmt: skip
                rows.append({**self.bar(whole), "t": f"{session.date.isoformat()}T05:00:00Z"})
                price = before
            self._days[name] = rows[::-1]
        return self._days[name]


def _length_us(timeframe: str) -> int:
    match = _TIMEFRAME.match(timeframe)
    if match is None:
        raise invalid(f"invalid timeframe: {timeframe}")
    return int(match.group(1)) * _UNITS[match.group(2)]


def _joined(start_us: int, length_us: int, bars: list[Bar]) -> Bar:
    return bars[0]._replace(
        start_us=start_us, end_us=start_us + length_us, high=max(b.high for b in bars), low=min(b.low for b in bars),
        close=bars[-1].close, volume=sum(b.volume for b in bars),
    )  # fmt: skip


def _price(value: float) -> float:
    return 0.0 if math.isnan(value) else round(float(value), 4)
