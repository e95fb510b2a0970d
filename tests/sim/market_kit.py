"""A market and a feed without the rest of the firm, for tests."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sim.calendar import TradingCalendar
from sim.clock import DAY, SECOND, Clock, VirtualTime
from sim.corruption import Bar
from sim.feed import Feed
from sim.history import History
from sim.market import Market
from sim.prices import Instrument, Jumps, PriceModel, PriceSource, Regimes
from sim.rng import Streams

NEW_YORK = ZoneInfo("America/New_York")
CALM = Regimes(stressed_multiplier=1.0)
NO_JUMPS = Jumps(per_day=0.0)
FIVE = PriceModel.of({"SPY": 590.0, "QQQ": 505.0, "AAPL": 228.0, "MSFT": 430.0, "IWM": 220.0})
TWO = PriceModel(instruments=(Instrument("AAA", 100.0), Instrument("BBB", 50.0)))


def ny(*when: int) -> datetime:
    """An instant by the wall clock of New York."""
    return datetime(*when, tzinfo=NEW_YORK)  # type: ignore[misc, arg-type]


class Desk:
    """A market with a feed, and the bars that arrived."""

    def __init__(
        self,
        start: datetime | None = None,
        source: PriceSource = TWO,
        *,
        seed: int = 7,
        exchange: str = "XNYS",
        span_us: int = 2 * DAY,
        mark_us: int = SECOND,
        minutes: tuple[int, ...] = (1, 5),
    ) -> None:
        """Start at 10:00 on an ordinary Tuesday unless told otherwise."""
        self.env = VirtualTime()
        self.clock = Clock(self.env, start or ny(2026, 3, 10, 10))
        self.history = History(self.env)
        self.calendar = TradingCalendar(self.clock, exchange, span_us)
        streams = Streams(seed)
        self.market = Market(self.env, self.calendar, streams, self.history, source, mark_us)
        self.feed = Feed(self.env, self.market, streams, self.history)
        self.arrived: list[tuple[int, Bar]] = []
        for length in minutes:
            self.feed.subscribe_bars(length, lambda bar: self.arrived.append((self.env.now, bar)))

    def at(self, *when: int) -> int:
        """Virtual time of an instant in New York."""
        return self.clock.us_at(ny(*when))

    def run(self, until_us: int) -> None:
        """Let time pass, events at `until_us` included."""
        self.env.run(until=until_us + 1)
        self.env._now = until_us

    def bars(self, symbol: str, minutes: int) -> list[Bar]:
        """What arrived of one symbol and length, in order."""
        return [bar for _, bar in self.arrived if bar.symbol == symbol and bar.minutes == minutes]
