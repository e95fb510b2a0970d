"""Clocks and sleep in the World's time.

`datetime` and `date` are classes made in C, which nobody can assign to; but the dictionary of a class is an
object like any other, and what `now` means is looked up in it.
"""

from __future__ import annotations

import datetime
import gc
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, give_way, poll, wait

UPTIME_US = 100_000 * 1_000_000
CPU_SHARE = 20
_real = {name: getattr(time, name) for name in ("gmtime", "localtime", "ctime", "asctime", "strftime")}
_real_info = time.get_clock_info


def sleep(seconds: Any) -> None:
    """Wait."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    seconds = float(seconds)
    if seconds == 0:
        give_way()
    else:
        wait("sleep", seconds)


def time_ns() -> int:
    """Nanoseconds since 1970."""
    poll()
    return World.epoch_ns + World.now_us * 1000


def now() -> float:
    """Seconds since 1970."""
    return time_ns() / 1_000_000_000


def monotonic() -> float:
    """Seconds since the machine started."""
    poll()
    return (UPTIME_US + World.now_us) / 1e6


def monotonic_ns() -> int:
    """Nanoseconds since the machine started."""
    poll()
    return (UPTIME_US + World.now_us) * 1000


def _cpu() -> float:
    poll()
    return World.now_us // CPU_SHARE * 1e-6


def _cpu_ns() -> int:
    poll()
    return World.now_us // CPU_SHARE * 1000


def _clock_gettime(clock_id: int) -> float:
    if clock_id == time.CLOCK_REALTIME:
        return now()
    if clock_id in (time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID):
        return _cpu()
    return monotonic()


def _clock_gettime_ns(clock_id: int) -> int:
    if clock_id == time.CLOCK_REALTIME:
        return time_ns()
    if clock_id in (time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID):
        return _cpu_ns()
    return monotonic_ns()


def _clock_info(name: Any) -> Any:
    info = _real_info(name)  # asyncio takes the resolution as the grain of its timers
    fields = {field: getattr(info, field) for field in ("implementation", "monotonic", "adjustable")}
    return SimpleNamespace(resolution=1e-6, **fields)


def _broken_down(name: str) -> Callable[..., Any]:
    real = _real[name]

    def call(seconds: Any = None) -> Any:
        return real(now() if seconds is None else seconds)

    return call


def _asctime(t: Any = None) -> str:
    text: str = _real["asctime"](_real["localtime"](now()) if t is None else t)
    return text


def _strftime(form: str, t: Any = None) -> str:
    text: str = _real["strftime"](form, _real["localtime"](now()) if t is None else t)
    return text


def _datetime_now(cls: Any, tz: Any = None) -> Any:
    return cls.fromtimestamp(now(), tz)


def _datetime_utcnow(cls: Any) -> Any:
    return cls.fromtimestamp(now(), datetime.UTC).replace(tzinfo=None)


def _today(cls: Any) -> Any:
    return cls.fromtimestamp(now())


def _change_class(kind: Any, **methods: Any) -> None:
    import ctypes

    names = gc.get_referents(kind.__dict__)[0]
    for name, method in methods.items():
        names[name] = classmethod(method)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def install() -> None:
    """Replace every clock."""
    for name, function in (
        ("sleep", sleep), ("time", now), ("time_ns", time_ns), ("monotonic", monotonic), ("perf_counter", monotonic),
        ("monotonic_ns", monotonic_ns), ("perf_counter_ns", monotonic_ns), ("process_time", _cpu),
        ("process_time_ns", _cpu_ns), ("thread_time", _cpu), ("thread_time_ns", _cpu_ns),
        ("clock_gettime", _clock_gettime), ("clock_gettime_ns", _clock_gettime_ns), ("get_clock_info", _clock_info),
        ("gmtime", _broken_down("gmtime")), ("localtime", _broken_down("localtime")), ("ctime", _broken_down("ctime")),
        ("asctime", _asctime), ("strftime", _strftime),
    ):  # fmt: skip
        patching.name(time, name, function)
    if type(datetime.datetime.__dict__.get("now")).__name__ == "classmethod":
        return  # datetime written in Python: it asks `time`
    _change_class(datetime.datetime, now=_datetime_now, utcnow=_datetime_utcnow, today=_today)
    _change_class(datetime.date, today=_today)


MISSING = "" if sys.implementation.name == "cpython" else "only CPython's clocks can be replaced"
