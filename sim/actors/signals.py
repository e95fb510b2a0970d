"""Signals of a program: alarms in virtual time, handlers on its main thread, default actions that end it."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.actors.patching import Patches
from sim.actors.strand import Strand, current
from sim.actors.vtime import delay_us

if TYPE_CHECKING:
    from sim.actors.program import Program

_IGNORED_BY_DEFAULT = (signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGCONT, signal.SIGPIPE)
_real: dict[str, Callable[..., Any]] = {
    name: getattr(signal, name)
    for name in ("signal", "getsignal", "alarm", "setitimer", "getitimer", "pause", "raise_signal", "set_wakeup_fd",
                 "siginterrupt", "pthread_kill")
}  # fmt: skip
_real_kill = os.kill


class Signals:
    """What one program does about signals."""

    def __init__(self, program: Program) -> None:
        """Default actions for all, Ctrl-C as Python has it."""
        self._program = program
        self._handlers: dict[int, Any] = {int(signal.SIGINT): signal.default_int_handler}
        self.pending: deque[int] = deque()
        self.wakeup_fd = -1
        self._alarm = 0
        self._alarm_at_us: int | None = None
        self._interval_us = 0

    def handler(self, number: int) -> Any:
        """What `signal.getsignal` says."""
        return self._handlers.get(int(number), signal.SIG_DFL)

    def set_handler(self, number: int, handler: Any) -> Any:
        """What `signal.signal` does."""
        me = current()
        if me is not None and me is not self._program.main:
            raise ValueError("signal only works in main thread of the main interpreter")
        if number in (signal.SIGKILL, signal.SIGSTOP):
            raise OSError(22, "Invalid argument")
        if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
            raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
        before = self.handler(number)
        self._handlers[int(number)] = handler
        return before

    def deliver(self, number: int) -> None:
        """Send a signal to the program: its handler runs on the main thread, or the default ends the program."""
        program, handler = self._program, self.handler(number)
        if program.dead or handler is signal.SIG_IGN:
            return
        if not callable(handler) or number == signal.SIGKILL:
            if number not in _IGNORED_BY_DEFAULT:
                program.end(f"signal {signal.Signals(number).name}", -int(number))
            return
        self.pending.append(int(number))
        if self.wakeup_fd != -1:
            program.write_wakeup(self.wakeup_fd, int(number))
        if current() is program.main:
            self.handle()
        else:
            program.main.interrupt()

    def handle(self) -> None:
        """Run the handlers of what has arrived; on the main strand."""
        while self.pending:
            number = self.pending.popleft()
            handler = self.handler(number)
            if callable(handler):
                handler(number, self._program.main.gr_frame)

    def set_alarm(self, after_us: int, interval_us: int = 0) -> tuple[float, float]:
        """Start, move or (with 0) stop the real-time timer; what was left of it, and its interval, in seconds."""
        left = self.alarm_left()
        self._alarm += 1
        serial, env = self._alarm, self._program.env
        self._interval_us = interval_us
        self._alarm_at_us = env.now + after_us if after_us else None
        if after_us:
            env.call_later(after_us, self._ring, serial)
        return left

    def alarm_left(self) -> tuple[float, float]:
        """Seconds until the timer rings, and its interval."""
        left_us = 0 if self._alarm_at_us is None else self._alarm_at_us - self._program.env.now
        return left_us / 1e6, self._interval_us / 1e6

    def _ring(self, serial: int) -> None:
        if serial == self._alarm and not self._program.dead:
            self.set_alarm(self._interval_us, self._interval_us)
            self.deliver(signal.SIGALRM)


def _of(me: Strand) -> Signals:
    return me.program.signals


def _signal(number: int, handler: Any, /) -> Any:
    me = current()
    return _real["signal"](number, handler) if me is None else _of(me).set_handler(number, handler)


def _getsignal(number: int, /) -> Any:
    me = current()
    return _real["getsignal"](number) if me is None else _of(me).handler(number)


def _alarm(seconds: int, /) -> int:
    me = current()
    if me is None:
        return _real["alarm"](seconds)  # type: ignore[no-any-return]
    left, _ = _of(me).set_alarm(int(seconds) * 1_000_000)
    return int(left) + (left > int(left))


def _setitimer(which: int, seconds: float, interval: float = 0.0, /) -> tuple[float, float]:
    me = current()
    if me is None:
        return _real["setitimer"](which, seconds, interval)  # type: ignore[no-any-return]
    if which != signal.ITIMER_REAL:
        return 0.0, 0.0  # counts processor time, of which a simulated program uses none
    return _of(me).set_alarm(delay_us(seconds), delay_us(interval))


def _getitimer(which: int, /) -> tuple[float, float]:
    me = current()
    if me is None:
        return _real["getitimer"](which)  # type: ignore[no-any-return]
    return _of(me).alarm_left() if which == signal.ITIMER_REAL else (0.0, 0.0)


def _pause() -> None:
    me = current()
    if me is None:
        _real["pause"]()
        return
    me.until_signal = True
    me.park()


def _raise_signal(number: int, /) -> None:
    me = current()
    if me is None:
        _real["raise_signal"](number)
        return
    _of(me).deliver(number)
    me.program.check(me)


def _set_wakeup_fd(fd: int, /, *, warn_on_full_buffer: bool = True) -> int:
    me = current()
    if me is None:
        return _real["set_wakeup_fd"](fd, warn_on_full_buffer=warn_on_full_buffer)  # type: ignore[no-any-return]
    signals = _of(me)
    before, signals.wakeup_fd = signals.wakeup_fd, fd
    return before


def _siginterrupt(number: int, flag: bool, /) -> None:
    if current() is None:
        _real["siginterrupt"](number, flag)


def _pthread_kill(thread_id: int, number: int, /) -> None:
    me = current()
    if me is None:
        _real["pthread_kill"](thread_id, number)
    else:
        _raise_signal(number)


def _kill(pid: int, number: int, /) -> None:
    me = current()
    if me is None:
        _real_kill(pid, number)
    elif pid != me.program.pid:
        raise ProcessLookupError(3, f"No such process: {pid} is no process of this drill")
    elif number:
        _raise_signal(number)


def add_patches(patches: Patches) -> None:
    """Replace what sets, sends and asks for signals."""
    for name, function in (
        ("signal", _signal), ("getsignal", _getsignal), ("alarm", _alarm), ("setitimer", _setitimer),
        ("getitimer", _getitimer), ("pause", _pause), ("raise_signal", _raise_signal),
        ("set_wakeup_fd", _set_wakeup_fd), ("siginterrupt", _siginterrupt), ("pthread_kill", _pthread_kill),
    ):  # fmt: skip
        patches.name(signal, name, function)
    patches.name(os, "kill", _kill)
