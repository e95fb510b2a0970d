"""The market's clock and calendar, in New York's time as Alpaca gives them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fakes.alpaca.reading import day
from sim.actors.http import Request

NEW_YORK = ZoneInfo("America/New_York")

Row = dict[str, Any]


class TradingDays:
    """Handlers of `clock` and `calendar`."""

    def __init__(self, world: Any) -> None:
        """By this World's exchange."""
        self._world = world

    def clock(self, request: Request) -> Row:
        """Whether the market is open, and when it opens and closes next."""
        world, now = self._world, self._world.env.now
        session = world.calendar.session_at(now)
        close_us = (session or world.calendar.from_us(now)[0]).close_us
        return {
            "timestamp": self._local(now), "is_open": session is not None,
            "next_open": self._local(world.calendar.next_open_us(now)), "next_close": self._local(close_us),
        }  # fmt: skip

    def _local(self, t_us: int) -> str:
        return str(self._world.clock.utc(t_us).astimezone(NEW_YORK).isoformat())

    def calendar(self, request: Request) -> list[Row]:
        """Trading days from `start` to `end`."""
        start, end = day(request.query.get("start"), date.min), day(request.query.get("end"), date.max)
        days = []
        for session in self._world.calendar.sessions:
            if start <= session.date <= end:
                opens, closes = (
                    self._world.clock.utc(t).astimezone(NEW_YORK).strftime("%H:%M")
                    for t in (session.open_us, session.close_us)
                )
                days.append({"date": session.date.isoformat(), "open": opens, "close": closes,
                             "session_open": "0400", "session_close": "2000",
                             "settlement_date": session.date.isoformat()})  # fmt: skip
        return days
