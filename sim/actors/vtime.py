"""Clocks and sleep in virtual time.

The wall clock is read in C by `datetime.now`, so it is replaced in C, by time-machine, whose "traveller" asks
here what time it is: virtual for a strand, real for everybody else. The monotonic clocks and `sleep` are
plain functions and are replaced as names.
"""

from __future__ import annotations

import datetime
import os
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import _time_machine  # type: ignore[import-not-found]
import greenlet
import time_machine

from sim.actors.patching import Patches
from sim.actors.strand import Strand

UPTIME_US = 100_000 * 1_000_000
"""How long the simulated machine has been up at virtual 0: what its monotonic clock starts from."""

CPU_SHARE = 20
"""A program is taken to compute for one part in so many of the time that passes."""

_getcurrent = greenlet.getcurrent
_real_sleep, _real_monotonic, _real_perf_counter = time.sleep, time.monotonic, time.perf_counter  # noqa: TID251
_real_monotonic_ns, _real_perf_counter_ns = time.monotonic_ns, time.perf_counter_ns
_real_clock_gettime, _real_clock_gettime_ns = time.clock_gettime, time.clock_gettime_ns
_real_clock_info = time.get_clock_info
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def delay_us(seconds: float) -> int:
    """Whole microseconds of a wait: rounded up, but not for the noise in the last digit of a float."""
    scaled = float(seconds) * 1e6
    whole = int(scaled)
    return whole + 1 if scaled - whole > 1e-2 else whole


def sleep(seconds: float, /) -> None:
    """Wait: in virtual time for a strand, as ever for everybody else."""
    me = _getcurrent()
    if type(me) is not Strand:
        _real_sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    wait_us = delay_us(seconds)
    if wait_us == 0:
        me.give_way()
    else:
        me.park(wait_us)


def monotonic() -> float:
    """Seconds since the machine started."""
    me = _getcurrent()
    if type(me) is not Strand:
        return _real_monotonic()
    me.poll()
    return (UPTIME_US + me.program.env.now) / 1e6  # type: ignore[no-any-return]


def monotonic_ns() -> int:
    """Nanoseconds since the machine started."""
    me = _getcurrent()
    if type(me) is not Strand:
        return _real_monotonic_ns()
    me.poll()
    return (UPTIME_US + me.program.env.now) * 1000  # type: ignore[no-any-return]


def perf_counter() -> float:
    """As `monotonic`: on Linux both are the same clock."""
    me = _getcurrent()
    if type(me) is not Strand:
        return _real_perf_counter()
    me.poll()
    return (UPTIME_US + me.program.env.now) / 1e6  # type: ignore[no-any-return]


def perf_counter_ns() -> int:
    """As `monotonic_ns`."""
    me = _getcurrent()
    if type(me) is not Strand:
        return _real_perf_counter_ns()
    me.poll()
    return (UPTIME_US + me.program.env.now) * 1000  # type: ignore[no-any-return]


def _cpu_clock(real: Callable[[], Any], per_us: float) -> Callable[[], Any]:
    def clock() -> Any:
        me = _getcurrent()
        if type(me) is not Strand:
            return real()
        me.poll()
        used = me.program.env.now // CPU_SHARE
        return used * 1000 if per_us == 1000 else used * per_us

    return clock


def _clock_gettime(clock_id: int, /) -> float:
    if type(_getcurrent()) is Strand and clock_id in (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
        return monotonic()
    return _real_clock_gettime(clock_id)


def _clock_gettime_ns(clock_id: int, /) -> int:
    if type(_getcurrent()) is Strand and clock_id in (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
        return monotonic_ns()
    return _real_clock_gettime_ns(clock_id)


def _get_clock_info(name: Any) -> Any:
    info = _real_clock_info(name)
    if type(_getcurrent()) is Strand:  # asyncio takes the resolution as the grain of its timers
        return SimpleNamespace(**{**vars(info), "resolution": 1e-6})
    return info


class _WallClock:
    """What time-machine asks for the time."""

    def time_ns(self) -> int:
        me = _getcurrent()
        if type(me) is not Strand:
            return _time_machine.original_time_ns()  # type: ignore[no-any-return]
        me.poll()
        program = me.program
        return program.epoch_ns + program.env.now * 1000  # type: ignore[no-any-return]


_WALL_CLOCK = _WallClock()


def epoch_ns(epoch: datetime.datetime) -> int:
    """Nanoseconds from 1970 to `epoch`, exactly."""
    return (epoch - _EPOCH) // datetime.timedelta(microseconds=1) * 1000


def _travel() -> None:
    if not time_machine.traveller_stack:
        _time_machine.patch()
    time_machine.traveller_stack.append(_WALL_CLOCK)  # type: ignore[arg-type]
    uuid._last_timestamp = None  # type: ignore[attr-defined]


def _return() -> None:
    time_machine.traveller_stack.remove(_WALL_CLOCK)  # type: ignore[arg-type]
    if not time_machine.traveller_stack:
        _time_machine.unpatch()
    uuid._last_timestamp = None  # type: ignore[attr-defined]


def add_patches(patches: Patches) -> None:
    """Replace every clock."""
    patches.switch(_travel, _return)
    for function in (sleep, monotonic, monotonic_ns, perf_counter, perf_counter_ns):
        patches.name(time, function.__name__, function)
    for name in ("process_time", "thread_time"):
        patches.name(time, name, _cpu_clock(getattr(time, name), 1e-6))
        patches.name(time, f"{name}_ns", _cpu_clock(getattr(time, f"{name}_ns"), 1000))
    patches.name(time, "clock_gettime", _clock_gettime)
    patches.name(time, "clock_gettime_ns", _clock_gettime_ns)
    patches.name(time, "get_clock_info", _get_clock_info)


class Zone:
    """The C library's local zone: set while a World runs, and restored."""

    def __init__(self, key: str) -> None:
        """The zone called `key`."""
        self._key = key
        self._before: str | None = None

    def __enter__(self) -> None:
        self._before = os.environ.get("TZ")
        self._set(self._key)

    def __exit__(self, *exc: object) -> None:
        self._set(self._before)

    @staticmethod
    def _set(key: str | None) -> None:
        if key is None:
            os.unsetenv("TZ")
        else:
            os.putenv("TZ", key)
        time.tzset()
