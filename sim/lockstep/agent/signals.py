"""Signals: alarms in the World's time, handlers on the main thread, default actions that end the process."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, request, wait

_handlers: dict[int, Any] = {int(signal.SIGINT): signal.default_int_handler}


def _signal(number: int, handler: Any) -> Any:
    if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
        raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
    kind = "ignore" if handler == signal.SIG_IGN else "default" if handler == signal.SIG_DFL else "call"
    request("handler", int(number), kind)
    before = _getsignal(number)
    _handlers[int(number)] = handler
    return before


def _getsignal(number: int) -> Any:
    return _handlers.get(int(number), signal.SIG_DFL)


def _handle(number: int) -> None:
    handler = _getsignal(number)
    if callable(handler):
        handler(number, sys._getframe(1))


def _alarm(seconds: int) -> int:
    left, _ = request("alarm", int(seconds), 0)
    return int(left) + int(left > int(left))


def _setitimer(which: int, seconds: float, interval: float = 0.0) -> Any:
    if which != signal.ITIMER_REAL:
        return 0.0, 0.0  # counts processor time, of which a simulated program uses none
    return tuple(request("alarm", seconds, interval))


def _getitimer(which: int) -> Any:
    return tuple(request("alarm_left")) if which == signal.ITIMER_REAL else (0.0, 0.0)


def _pause() -> None:
    wait("pause")


def _raise_signal(number: int) -> None:
    request("kill", int(number))


def _kill(pid: int, number: int) -> None:
    if pid != World.settings["pid"]:
        raise ProcessLookupError(3, f"No such process: {pid} is no process of this drill")
    if number:
        _raise_signal(number)


def _set_wakeup_fd(fd: int, *, warn_on_full_buffer: bool = True) -> int:
    return request("wakeup", fd)  # type: ignore[no-any-return]


def install() -> None:
    """Replace what sets, sends and asks for signals."""
    World.calls["signal"] = _handle
    for name, function in (
        ("signal", _signal), ("getsignal", _getsignal), ("alarm", _alarm), ("setitimer", _setitimer),
        ("getitimer", _getitimer), ("pause", _pause), ("raise_signal", _raise_signal),
        ("set_wakeup_fd", _set_wakeup_fd), ("siginterrupt", lambda number, flag: None),
        ("pthread_kill", lambda ident, number: _raise_signal(number)),
    ):  # fmt: skip
        patching.name(signal, name, function)
    patching.name(os, "kill", _kill)
