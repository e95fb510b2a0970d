"""Ends a strand that computes without an end: a busy loop would stop the World, as it does not stop the firm.

A thread of the machine looks from time to time whether the running strand has waited since. When it has not
for longer than the limit, the machine's main thread is interrupted by a signal, whose handler runs on the
very stack that loops: it writes the finding down and leaves that strand where it is, for ever. Nothing is
raised into the user's code, so no `except` can swallow it. Where a signal cannot go (the World runs on another
thread), an exception is raised instead.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import greenlet

from sim.actors import stacks
from sim.actors.hub import Killed
from sim.actors.strand import Strand
from sim.clock import wall_seconds

if TYPE_CHECKING:
    from sim.actors.runtime import Runtime

_SIGNAL = signal.SIGUSR2
_real_lock, _real_event, _real_thread_start, _real_signal = (
    threading.Lock, threading.Event, threading.Thread.start, signal.signal,
)  # fmt: skip
_real_pthread_kill, _real_ident, _real_join = signal.pthread_kill, threading.get_ident, threading.Thread.join


class BusyLoop(Killed):
    """Raised in a busy loop that no signal can reach."""


class Watchdog:
    """Watches the strands of one World."""

    def __init__(self, runtime: Runtime, limit_s: float) -> None:
        """A strand that computes for `limit_s` real seconds is stuck."""
        self._runtime, self.limit_s = runtime, limit_s
        self.beat = 0
        """Raised at each wait and each return from one."""
        self.elsewhere = False
        """Whether a process of the machine is waited for, which is watched in a way of its own."""
        self._stacks: list[list[stacks.Place]] = []
        self._watched: int | None = None
        """The thread of the machine that is watched now."""
        self._turn = _real_lock()
        """Held to interrupt it, and to begin or end watching: no signal may come when nobody handles it any more."""
        self._closed = _real_event()
        self._watcher: threading.Thread | None = None

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """Watch while the block runs."""
        on_main = threading.current_thread() is threading.main_thread()
        before: Any = _real_signal(_SIGNAL, self._interrupted) if on_main else None
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, args=(on_main,), daemon=True, name="watchdog")
            _real_thread_start(self._watcher)
        with self._turn:
            self._watched = _real_ident()
            self.beat += 1
        try:
            yield
        finally:
            with self._turn:
                self._watched = None
            if on_main:
                _real_signal(_SIGNAL, before)

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        if self._watcher is not None:
            _real_join(self._watcher)

    def _watch(self, on_main: bool) -> None:
        seen, since = self.beat, wall_seconds()
        step_s = self.limit_s / 10
        while not self._closed.wait(step_s):
            with self._turn:
                if self._watched is None or self.elsewhere or self.beat != seen:
                    seen, since = self.beat, wall_seconds()
                    self._stacks.clear()
                    continue
                frame = sys._current_frames().get(self._watched)
                if frame is not None:
                    self._stacks.append(_places(frame))
                if wall_seconds() - since > self.limit_s:
                    since = wall_seconds()
                    _interrupt(self._watched, on_main)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        me = greenlet.getcurrent()
        if type(me) is not Strand:
            return  # Firedrill itself computes
        self.record(me)
        me.program.hub.abandon(me)

    def record(self, strand: Strand) -> None:
        """Write the finding down: the function that loops is the innermost one on every stack that was seen."""
        program = strand.program
        common = _common(self._stacks)
        self._stacks = []
        own = [place for place in common if program.runtime.is_project(place[0])]
        place = (own or common or [("", 0, "")])[-1]
        program.history.emit(
            "code.hang", program.name, endpoint="busy loop", at=stacks.innermost([place], lambda _: True),
            stack=[f"{stacks.innermost([p], lambda _: True)} in {p[2]}" for p in own[-8:]], waited_s=0.0,
        )  # fmt: skip


def _interrupt(ident: int, on_main: bool) -> None:
    if on_main:
        _real_pthread_kill(ident, _SIGNAL)
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(BusyLoop))


def _places(frame: FrameType | None) -> list[stacks.Place]:
    """The functions on a stack, outermost first, each by its first line: the same at every look at a loop."""
    places: list[stacks.Place] = []
    while frame is not None:
        code = frame.f_code
        places.append((code.co_filename, code.co_firstlineno, code.co_name))
        frame = frame.f_back
    return places[::-1]


def _common(seen: list[list[stacks.Place]]) -> list[stacks.Place]:
    if not seen:
        return []
    common = []
    for places in zip(*seen, strict=False):
        if any(place != places[0] for place in places):
            break
        common.append(places[0])
    return common
