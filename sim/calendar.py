"""When the exchange trades: sessions with nights, weekends, holidays, half days and clock changes.

Sessions come from exchange_calendars in UTC and are kept in virtual microseconds, so every later question
is integer arithmetic. The opening instant belongs to a session, the closing one does not. An exchange with
a lunch break has two sessions on one date, told apart by `part`. `24/7` needs no library: its sessions are
the UTC days, end to end.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any, NamedTuple

from sim.clock import DAY, Clock
from sim.errors import BadInput

ALWAYS_OPEN = "24/7"
_MARGIN = timedelta(days=21)  # longer than any closure, so the last close and the next open are always loaded
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Session(NamedTuple):
    """One uninterrupted stretch of trading."""

    date: date
    open_us: int
    close_us: int
    half_day: bool
    part: int = 0
    """1 for the stretch after a lunch break, else 0."""

    @property
    def length_us(self) -> int:
        """How long it trades."""
        return self.close_us - self.open_us


class TradingCalendar:
    """The sessions of one exchange around a run, in virtual time."""

    def __init__(self, clock: Clock, exchange: str = "XNYS", span_us: int = 7 * DAY) -> None:
        """Load what a run of `span_us` from the clock's epoch can ask for, with three weeks either side."""
        self.clock, self.exchange, self.span_us = clock, exchange, span_us
        start = (clock.epoch - _MARGIN).date()
        end = (clock.epoch + timedelta(microseconds=span_us) + _MARGIN).date()
        epoch_us = (clock.epoch - _UNIX) // _MICROSECOND
        self.sessions: tuple[Session, ...] = tuple(
            Session(day, open_us - epoch_us, close_us - epoch_us, half_day, part)
            for day, open_us, close_us, half_day, part in _published(exchange, start, end)
        )
        self._opens = [s.open_us for s in self.sessions]
        self._closes = [s.close_us for s in self.sessions]
        self._traded = list(accumulate((s.length_us for s in self.sessions), initial=0))

    def days_before(self, first: date, days: int) -> tuple[date, ...]:
        """The trading days in the `days` calendar days before `first`, oldest first; loaded at the first asking."""
        start = first - timedelta(days=days)
        return tuple(dict.fromkeys(day for day, *_ in _published(self.exchange, start, first) if day < first))

    def session_at(self, t_us: int) -> Session | None:
        """The session that trades at `t_us`, or None."""
        i = bisect_right(self._opens, t_us) - 1
        return self.sessions[i] if i >= 0 and t_us < self._closes[i] else None

    def is_open(self, t_us: int) -> bool:
        """Whether the exchange trades at `t_us`."""
        return self.session_at(t_us) is not None

    def next_open_us(self, t_us: int) -> int:
        """The first opening strictly after `t_us`."""
        i = bisect_right(self._opens, t_us)
        assert i < len(self._opens), f"{t_us} is past the loaded calendar"
        return self._opens[i]

    def last_close_us(self, t_us: int) -> int:
        """The last closing at or before `t_us`."""
        i = bisect_right(self._closes, t_us) - 1
        assert i >= 0, f"{t_us} is before the loaded calendar"
        return self._closes[i]

    def open_us_between(self, a_us: int, b_us: int) -> int:
        """How long the exchange trades from `a_us` to `b_us`; 0 when they are in the wrong order."""
        return max(0, self._traded_before(b_us) - self._traded_before(a_us))

    def local_date(self, t_us: int) -> date:
        """The firm's own date at `t_us`, by its zone: it rolls over at local midnight."""
        return self.clock.local_date(t_us)

    def from_us(self, t_us: int) -> tuple[Session, ...]:
        """The sessions that close after `t_us`."""
        return self.sessions[bisect_right(self._closes, t_us) :]

    @property
    def trading_us_per_year(self) -> int:
        """Trading time in a year: 252 full days, or every day when it never closes."""
        if self.exchange == ALWAYS_OPEN:
            return 365 * DAY
        days = groupby(self.sessions, key=lambda s: s.date)
        return 252 * max(sum(s.length_us for s in day) for _, day in days)

    def _traded_before(self, t_us: int) -> int:
        i = bisect_left(self._opens, t_us)
        unfinished = max(0, self._closes[i - 1] - t_us) if i else 0
        return self._traded[i] - unfinished


_Stretch = tuple[date, int, int, bool, int]


@lru_cache(maxsize=64)
def _published(exchange: str, start: date, end: date) -> tuple[_Stretch, ...]:
    """The sessions from `start` to `end` in Unix microseconds; cached, for loading takes most of a second."""
    if exchange == ALWAYS_OPEN:
        return tuple(_every_day(start, end))
    import exchange_calendars

    known = exchange_calendars.get_calendar_names(include_aliases=True)
    if exchange not in known:
        near = get_close_matches(exchange.upper(), known, n=3, cutoff=0.5)
        some = dict.fromkeys([*near, "XNYS", "XNAS", "XLON", "CMES", ALWAYS_OPEN])
        raise BadInput(
            "unknown exchange",
            mend=f"name one of {', '.join(some)}",
            field="exchange",
            value=exchange,
        )
    with warnings.catch_warnings():  # the library trips over deprecations in newer pandas
        warnings.simplefilter("ignore")
        try:
            calendar = exchange_calendars.get_calendar(exchange, start=str(start), end=str(end))
        except ValueError as error:
            raise BadInput(
                f"the calendar of {exchange} does not reach from {start} to {end}",
                mend="choose an epoch within the years the exchange has published",
                field="epoch",
            ) from error
        return tuple(_stretches(calendar))


def _every_day(start: date, end: date) -> Iterator[_Stretch]:
    for n in range((end - start).days + 1):
        day = start + timedelta(days=n)
        open_us = (day - _UNIX.date()).days * DAY
        yield day, open_us, open_us + DAY, False, 0


def _stretches(calendar: Any) -> Iterator[_Stretch]:
    """A session, or the two sides of its lunch break."""
    import pandas as pd

    schedule = calendar.schedule
    half_days = {stamp.date() for stamp in calendar.early_closes}
    opens, closes, lunches, returns = (
        pd.DatetimeIndex(schedule[column]).as_unit("us").asi8.tolist()
        for column in ("open", "close", "break_start", "break_end")
    )
    has_lunch = schedule["break_start"].notna().tolist()
    for i, stamp in enumerate(schedule.index):
        day, half_day = stamp.date(), stamp.date() in half_days
        if has_lunch[i]:
            yield day, opens[i], lunches[i], half_day, 0
            yield day, returns[i], closes[i], half_day, 1
        else:
            yield day, opens[i], closes[i], half_day, 0
