"""Who trades most and who moves most today, among the symbols of the World; and what letters in prices stand for."""

from __future__ import annotations

from typing import Any

from fakes.alpaca.bars import BarHistory, Timeframe
from fakes.alpaca.errors import bad_query
from fakes.alpaca.models import stamp
from fakes.alpaca.reading import limit_of
from fakes.alpaca.rows import Row
from sim.actors.http import Request

_DAY = Timeframe(1, "Day")


class Screener:
    """Handlers of the screener's routes and of the tables of codes."""

    def __init__(self, world: Any, bars: BarHistory, symbols: tuple[str, ...]) -> None:
        """Over these symbols of the World."""
        self._world, self._bars, self._symbols = world, bars, symbols

    def most_actives(self, request: Request) -> Row:
        """By today's volume or number of trades, the most first."""
        by = request.query.get("by") or "volume"
        if by not in ("volume", "trades"):
            raise bad_query(f"invalid by: {by}")
        days = [(symbol, days[-1][1]) for symbol in self._symbols if (days := self._bars.all(symbol, _DAY))]
        rows = [{"symbol": symbol, "volume": day["v"], "trade_count": day["n"]} for symbol, day in days]
        rows.sort(key=lambda row: -row["volume" if by == "volume" else "trade_count"])
        return {"most_actives": rows[: limit_of(request.query, "top", 10, 100, data=True)], "last_updated": self._now()}

    def movers(self, request: Request) -> Row:
        """By the change since yesterday's close: who gained most, and who lost most."""
        rows = []
        for symbol in self._symbols:
            days = self._bars.all(symbol, _DAY)
            if len(days) > 1:
                price, before = days[-1][1]["c"], days[-2][1]["c"]
                rows.append({"symbol": symbol, "price": price, "change": round(price - before, 4),
                             "percent_change": round((price / before - 1) * 100, 2) if before else 0.0})  # fmt: skip
        rows.sort(key=lambda row: -row["percent_change"])
        top = limit_of(request.query, "top", 10, 50, data=True)
        return {
            "gainers": [row for row in rows if row["change"] > 0][:top],
            "losers": [row for row in rows[::-1] if row["change"] < 0][:top],
            "market_type": "stocks", "last_updated": self._now(),
        }  # fmt: skip

    def exchanges(self, request: Request) -> Row:
        """The letters of the exchanges that the faked prices come from."""
        return {"V": "IEX"}

    def conditions(self, request: Request, kind: str) -> Row:
        """The letters of the conditions that the faked trades or quotes have."""
        return {"@": "Regular Sale"} if kind == "trade" else {"R": "Regular Market Maker Open"}

    def _now(self) -> str:
        return stamp(self._world.clock.utc())
