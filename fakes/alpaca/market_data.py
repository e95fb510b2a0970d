"""Market data: bars, quotes, trades and snapshots as the firm's feed shows them, faults of the feed included.

Stocks and crypto are two instances of one class; each knows the symbols of its kind that the World trades.
A symbol that the World does not trade has no data: it is left out of an answer about several.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fakes.alpaca.bars import BarHistory, Timeframe, timeframe_of
from fakes.alpaca.errors import bad_query, not_found
from fakes.alpaca.models import is_crypto, stamp
from fakes.alpaca.reading import instant, limit_of, words
from fakes.alpaca.rows import Row, money
from fakes.alpaca.trading_days import NEW_YORK
from sim.actors.http import Request
from sim.corruption import Tick

_HALF_SPREAD = 0.0001
_LIMIT, _MOST = 1000, 10_000
_DAY = Timeframe(1, "Day")

Rows = Iterator[tuple[datetime, Row]]


class MarketData:
    """Handlers of the data routes for one kind of asset."""

    def __init__(self, world: Any, bars: BarHistory, crypto: bool) -> None:
        """Of this World's feed."""
        self._world, self._bars, self._crypto = world, bars, crypto
        self.symbols: tuple[str, ...] = tuple(s for s in world.market.symbols if is_crypto(s) == crypto)

    # Routes.

    def bars(self, request: Request, symbol: str = "") -> Row:
        """Bars of a length, by symbol or of one symbol."""
        timeframe = timeframe_of(request.query.get("timeframe") or "1Day")
        return self._pages(request, "bars", symbol, lambda name, since, until: self._past_bars(
            name, timeframe, since, until
        ))  # fmt: skip

    def past_ticks(self, request: Request, what: str, symbol: str = "") -> Row:
        """Quotes or trades as they came, one a second."""
        make = self.quote_of if what == "quotes" else self.trade_of
        return self._pages(request, what, symbol, lambda name, since, until: self._past_ticks(
            name, make, since, until
        ))  # fmt: skip

    def latest(self, request: Request, what: str, symbol: str = "") -> Row:
        """The newest bar, quote or trade."""
        make: Callable[[str], Row | None] = {"bars": self._bars.last, "quotes": self.quote, "trades": self.trade}[what]
        if symbol:
            return {"symbol": symbol, what[:-1]: make(self._known(symbol))}
        return {what: {name: made for name in self._names(request) if (made := make(name)) is not None}}

    def snapshots(self, request: Request, symbol: str = "") -> Row:
        """Newest trade and quote, and the bars of the minute, the day and the day before."""
        if symbol:
            return {"symbol": symbol, **self._snapshot(self._known(symbol))}
        found = {name: self._snapshot(name) for name in self._names(request)}
        return {"snapshots": found} if self._crypto else found

    def orderbooks(self, request: Request) -> Row:
        """The best bid and offer as a book of one level."""
        books = {}
        for name in self._names(request):
            quote = self.quote(name)
            books[name] = {"t": quote["t"], "b": [{"p": quote["bp"], "s": quote["bs"]}],
                           "a": [{"p": quote["ap"], "s": quote["as"]}]}  # fmt: skip
        return {"orderbooks": books}

    def _snapshot(self, name: str) -> Row:
        days = self._bars.all(name, _DAY)
        return {
            "latestTrade": self.trade(name), "latestQuote": self.quote(name), "minuteBar": self._bars.last(name),
            "dailyBar": days[-1][1] if days else None, "prevDailyBar": days[-2][1] if len(days) > 1 else None,
        }  # fmt: skip

    # One item.

    def trade(self, name: str) -> Row:
        """The last trade that the feed showed."""
        return self.trade_of(self._world.feed.last(name))

    def quote(self, name: str) -> Row:
        """A quote around the last trade."""
        return self.quote_of(self._world.feed.last(name))

    def trade_of(self, tick: Tick) -> Row:
        """A tick as a trade."""
        time = stamp(self._world.clock.utc(tick.t_us))
        if self._crypto:
            return {"t": time, "p": money(tick.price), "s": float(tick.size), "i": int(tick.seq), "tks": "B"}
        return {"t": time, "x": "V", "p": money(tick.price), "s": int(tick.size), "c": ["@"], "i": int(tick.seq),
                "z": "C"}  # fmt: skip

    def quote_of(self, tick: Tick) -> Row:
        """The quote around a tick."""
        price = money(tick.price)
        half = max(0.01, round(price * _HALF_SPREAD, 2))
        made = {"t": stamp(self._world.clock.utc(tick.t_us)), "ap": round(price + half, 2), "as": 3,
                "bp": round(price - half, 2), "bs": 3}  # fmt: skip
        return made if self._crypto else {**made, "ax": "V", "bx": "V", "c": ["R"], "z": "C"}

    # Looking back.

    def _past_bars(self, name: str, timeframe: Timeframe, since: datetime, until: datetime) -> Rows:
        return ((at, row) for at, row in self._bars.all(name, timeframe, since) if since <= at <= until)

    def _past_ticks(self, name: str, make: Callable[[Tick], Row], since: datetime, until: datetime) -> Rows:
        world = self._world
        t_us = world.market.next_mark_us(max(-1, world.clock.us_at(since) - 1))
        until_us = min(world.clock.us_at(until), world.env.now)
        while t_us is not None and t_us <= until_us:
            for tick in world.feed.ticks(t_us):
                if tick.symbol == name:
                    yield world.clock.utc(t_us), make(tick)
            t_us = world.market.next_mark_us(t_us)

    def _pages(
        self, request: Request, what: str, symbol: str, rows_of: Callable[[str, datetime, datetime], Rows]
    ) -> Row:
        """One page of rows, by symbol and then by time, with the token of the next."""
        query = request.query
        names = [self._known(symbol)] if symbol else sorted(self._names(request))
        since, until = self._window(query)
        left = limit_of(query, "limit", _LIMIT, _MOST, data=True)
        newest_first = query.get("sort") == "desc"
        after = _position(query.get("page_token"))
        found: dict[str, list[Row]] = {}
        token = None
        for name in names:
            if after is not None and name < after[0]:
                continue
            skip = after[1] if after is not None and name == after[0] else 0
            rows = rows_of(name, since, until)
            rows = iter(list(rows)[::-1]) if newest_first else rows
            for n, (_, row) in enumerate(rows):
                if n < skip:
                    continue
                if left == 0:
                    token = _token(name, n)
                    break
                found.setdefault(name, []).append(row)
                left -= 1
            if token is not None:
                break
        if symbol:
            return {"symbol": symbol, what: found.get(names[0], []), "next_page_token": token}
        return {what: found, "next_page_token": token}

    def _window(self, query: dict[str, str]) -> tuple[datetime, datetime]:
        """From `start` (else the beginning of today, in New York) to `end` (else now)."""
        now = self._world.clock.utc()
        midnight = now.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
        since = instant(query["start"]) if query.get("start") else midnight
        until = instant(query["end"]) if query.get("end") else now
        if until.tzinfo is not None and query.get("end") and "T" not in query["end"]:
            until += timedelta(days=1)  # a date alone is the whole day
        if until < since:
            raise bad_query("end should not be before start")
        return since, until

    def _names(self, request: Request) -> list[str]:
        asked = words(request.query, "symbols")
        if not asked:
            raise bad_query("symbols is required")
        return [name for name in dict.fromkeys(asked) if name in self.symbols]

    def _known(self, symbol: str) -> str:
        if symbol not in self.symbols:
            raise not_found(f"no data found for {symbol}")
        return symbol


class QuietData:
    """Handlers of routes about which nothing ever happens in a World; they answer as the real ones do for no data."""

    def news(self, request: Request) -> Row:
        """No news."""
        return {"news": [], "next_page_token": None}

    def corporate_actions(self, request: Request) -> Row:
        """No splits, dividends or mergers."""
        return {"corporate_actions": {}, "next_page_token": None}

    def announcements(self, request: Request) -> list[Row]:
        """An empty list."""
        return []

    def option_contracts(self, request: Request) -> Row:
        """No options."""
        return {"option_contracts": [], "next_page_token": None}


def _token(name: str, done: int) -> str:
    return base64.urlsafe_b64encode(f"{name}|{done}".encode()).decode()


def _position(token: str | None) -> tuple[str, int] | None:
    """The symbol that a page begins with, and how many of its rows came before."""
    if not token:
        return None
    try:
        name, _, done = base64.urlsafe_b64decode(token.encode()).decode().partition("|")
        return name, int(done)
    except (binascii.Error, ValueError):
        raise bad_query("invalid page token") from None
