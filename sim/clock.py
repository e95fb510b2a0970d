"""Virtual time: whole microseconds from 0, and what they mean on a wall clock.

SimPy keeps the queue; `VirtualTime` lets a plain loop run the regular marks between two
sparse events (see `sim.marks`). Integers, because float seconds drift and
epoch-sized floats lose microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from time import perf_counter as _real_seconds  # bound here: programs in virtual time see another one
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import simpy
from simpy.events import NORMAL

US = 1
MS = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"us": US, "ms": MS, "s": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|d)")


class VirtualTime(simpy.Environment):
    """SimPy's environment on integer microseconds, which a plain loop may move up to the next event."""

    __slots__ = ("_now",)

    if TYPE_CHECKING:
        _now: int
        _queue: list[Any]

        @property
        def now(self) -> int:
            """Microseconds since the start of the run."""

    def __init__(self) -> None:
        """Start at 0."""
        super().__init__(initial_time=0)

    @property
    def queue(self) -> list[Any]:
        """The event heap itself: its head's identity tells a tight loop whether anything was scheduled."""
        return self._queue

    def set_now(self, t_us: int) -> None:
        """Move the clock to `t_us` with no event between: never backwards, never past the queue's head."""
        assert self._now <= t_us <= self.peek(), (self._now, t_us, self.peek())
        self._now = t_us

    def at(self, t_us: int) -> simpy.Event:
        """An event that fires at `t_us`, or now when that is past."""
        return self.timeout(max(0, t_us - self._now))

    def call_later(self, delay_us: int, function: Callable[..., object], *args: Any) -> None:
        """Call `function(*args)` after `delay_us`, in its turn among the events of that instant.

        A third of the price of a timeout with a callback, for the many instants that nobody waits for.
        """
        assert delay_us >= 0, delay_us
        # A pair stands where SimPy keeps the event; `step` tells them apart.
        heappush(self._queue, (self._now + delay_us, NORMAL, next(self._eid), (function, args)))

    def call_at(self, t_us: int, function: Callable[..., object], *args: Any) -> None:
        """Call `function(*args)` at `t_us`, or now (after what is due already) when that is past."""
        due_us = t_us if t_us > self._now else self._now
        heappush(self._queue, (due_us, NORMAL, next(self._eid), (function, args)))

    def step(self) -> None:
        """Take the next event, or make the next call."""
        queue = self._queue
        if queue and type(queue[0][3]) is tuple:
            self._now, _, _, (function, args) = heappop(queue)
            function(*args)
        else:
            super().step()


# `now` is asked everywhere, and the slot itself answers in a tenth of the time that SimPy's property takes.
if not TYPE_CHECKING:
    VirtualTime.now = VirtualTime._now


class Clock:
    """Reads the World's virtual time as a wall clock would show it.

    `epoch` is the aware instant at virtual 0; `zone` is the firm's local zone.
    """

    def __init__(self, env: VirtualTime, epoch: datetime, zone: str = "America/New_York") -> None:
        """Tie `env` to the wall clock: virtual 0 is `epoch`."""
        if epoch.tzinfo is None:
            raise ValueError(f"epoch must carry a time zone, got {epoch!r}")
        self._env = env
        self.epoch = epoch.astimezone(UTC)
        self.zone = ZoneInfo(zone)
        self._day = date.min
        self._day_from_us = self._day_until_us = 0
        """The date that was asked for last, and from when until when it is known to hold."""

    @property
    def now_us(self) -> int:
        """Virtual microseconds since the start of the run."""
        return self._env.now

    @property
    def now_s(self) -> float:
        """Virtual seconds since the start of the run."""
        return self._env.now / SECOND

    def utc(self, t_us: int | None = None) -> datetime:
        """`t_us` (default now) as an aware UTC datetime."""
        return self.epoch + timedelta(microseconds=self._env.now if t_us is None else t_us)

    def local(self, t_us: int | None = None) -> datetime:
        """`t_us` (default now) in the firm's zone."""
        return self.utc(t_us).astimezone(self.zone)

    def local_date(self, t_us: int | None = None) -> date:
        """The firm's calendar date at `t_us`: it rolls over at local midnight."""
        asked_us = self._env.now if t_us is None else t_us
        if not self._day_from_us <= asked_us < self._day_until_us:
            self._day = self.local(asked_us).date()
            midnight = datetime.combine(self._day + timedelta(days=1), datetime.min.time(), self.zone)
            self._day_from_us, self._day_until_us = asked_us, self.us_at(midnight)
        return self._day

    def us_at(self, instant: datetime) -> int:
        """Virtual microseconds of an aware `instant`."""
        return (instant - self.epoch) // timedelta(microseconds=1)


def parse_duration_us(value: Any) -> int:
    """Microseconds of `"90s"`, `"1h30m"`, `"250ms"`, or of a bare number of seconds.

    Raises ValueError for anything else, negative values included.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("write a duration such as 90s, 5m, 1h30m or 250ms")
    if isinstance(value, int | float):
        if not 0 <= value < 1e10:
            raise ValueError("a duration is a number of seconds from 0 up, or text such as 90s, 5m, 1h30m")
        return round(value * SECOND)
    text = value.strip().lower().replace(" ", "")
    parts = list(_PART.finditer(text))
    if not parts or "".join(p.group(0) for p in parts) != text:
        raise ValueError("write a duration such as 90s, 5m, 1h30m or 250ms")
    return round(sum(float(p.group(1)) * _UNITS[p.group(2)] for p in parts))


def format_us(t_us: int | float | None) -> str:
    """`t_us` for people: `4.2 s`, `3 min 05 s`, `1 h 02 min`; `never` for None or infinity."""
    if t_us is None or t_us == float("inf"):
        return "never"
    seconds = t_us / SECOND
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if round(seconds * 1000) < 1000:
        return f"{sign}{seconds * 1000:.0f} ms"
    if round(seconds, 1) < 60:
        return f"{sign}{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{sign}{hours} h {minutes:02d} min"
    return f"{sign}{hours // 24} d {hours % 24:02d} h"


def wall_seconds() -> float:
    """Real monotonic seconds: for progress bars and benchmarks, never for anything in a run."""
    return _real_seconds()


def wall_now() -> datetime:
    """The real date and time (UTC): for the name and header of a stored record, never for a run."""
    return datetime.now(UTC)
