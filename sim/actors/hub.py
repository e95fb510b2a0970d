"""User code beside SimPy: it may wait in the middle of a plain function call.

SimPy suspends generators; mitigation code is plain functions that call a broker and expect an answer. The
hub gives such code a greenlet when, and only when, it has to wait. A hook that never waits is a direct call
and costs nothing extra.

How a wait works: the loop that drives the World runs in a greenlet of its own, the driver. A hook is called
straight from that loop. When the hook must wait, its greenlet (loop and all) is parked and a new driver
takes over; when the awaited event fires, the driver switches to the parked greenlet, the hook goes on to its
end, and the old loop, seeing that it no longer drives, returns.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Protocol

import greenlet
import simpy

_ANOTHER_DRIVER = object()
"""What a hook that has to wait tells the home greenlet."""


class Killed(BaseException):
    """Thrown into user code whose process ended (crash, OOM, end of run).

    Not an Exception, so that the code's own `except Exception` does not swallow its death.
    """


class Guest(Protocol):
    """What must be put aside of the machine's state while user code waits, and put back."""

    def leave(self) -> object:
        """User code begins to wait; what to remember."""

    def back(self, me: greenlet.greenlet, state: Any) -> None:
        """`me` goes on."""


class Hub:
    """Runs one driver loop at a time and parks user code that waits."""

    def __init__(self, env: simpy.Environment, drive: Callable[[], None]) -> None:
        """Let `drive` run the World; it must return as soon as it is no longer `driver`."""
        self._env, self._drive = env, drive
        self._home: greenlet.greenlet | None = None
        self.driver: greenlet.greenlet | None = None
        """The greenlet that drives now; a loop compares it with itself after each call into user code."""
        self.around: list[Callable[[], AbstractContextManager[object]]] = []
        """Entered while the World runs: the working directory and the zone of the programs that run in it."""
        self.guest: Guest | None = None
        """Told of each wait of user code, once programs run in this World."""

    def run(self) -> None:
        """Drive the World until the current driver loop ends by itself."""
        assert self._home is None, "the World is already running"
        self._home = greenlet.getcurrent()
        try:
            # Each driver is started from here, not from the hook that waits: a greenlet inherits the depth of
            # whoever starts it, and a chain of drivers would end in a RecursionError.
            with ExitStack() as stack:
                for enter in self.around:
                    stack.enter_context(enter())
                wanted: object = _ANOTHER_DRIVER
                while wanted is _ANOTHER_DRIVER:
                    self.driver = greenlet.greenlet(self._drive, parent=self._home)
                    wanted = self.driver.switch()
        finally:
            self._home = self.driver = None

    def wait(self, event: simpy.Event) -> Any:
        """Park the caller until `event` fires; its value, or its exception raised here."""
        if event.callbacks is None:
            return _outcome(event)
        me = greenlet.getcurrent()
        event.callbacks.append(lambda _: self.resume(me))
        self.park(me)
        return _outcome(event)

    def park(self, me: greenlet.greenlet) -> None:
        """Leave the caller, `me`, where it is until somebody calls `resume` with it."""
        if self._home is None or me is self._home:
            raise RuntimeError("only code that runs inside the World can wait in virtual time")
        if self.guest is None:
            self._leave(me)
            return
        state = self.guest.leave()
        try:
            self._leave(me)
        finally:
            self.guest.back(me, state)

    def resume(self, parked: greenlet.greenlet) -> None:
        """Let a parked body go on, up to its next wait or its end."""
        if not parked.dead:
            parked.parent = caller = greenlet.getcurrent()  # as in `_enter`, whose call costs a tenth of a wait
            outer, self.driver = self.driver, caller
            parked.switch()
            self.driver = outer

    def call(self, function: Callable[[], object], born: Callable[[greenlet.greenlet], None]) -> None:
        """Run `function` at once in a greenlet of its own, up to its first wait (or its end).

        `born` is told the greenlet before it runs.
        """
        body = greenlet.greenlet(function)
        born(body)
        self._enter(body)

    def enter(self, body: greenlet.greenlet) -> None:
        """Run a body that was made elsewhere, up to its first wait (or its end)."""
        self._enter(body)

    def kill(self, parked: greenlet.greenlet) -> None:
        """End user code that is parked in a wait: `Killed` unwinds it before this returns."""
        if not parked.dead and parked is not greenlet.getcurrent():
            self._enter(parked, Killed())

    def abandon(self, me: greenlet.greenlet) -> None:
        """Switch away from a body that must never go on; it is kept, since collecting it would run it once more."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(me))
        while True:
            try:
                self._leave(me)
            except Killed:  # its program has ended; it must not hear of it
                pass

    def _leave(self, me: greenlet.greenlet) -> None:
        if me is self.driver:
            assert self._home is not None
            self._home.switch(_ANOTHER_DRIVER)
        else:
            assert self.driver is not None
            self.driver.switch()

    def _enter(self, body: greenlet.greenlet, error: BaseException | None = None) -> None:
        # Whoever enters a body gets control back when it waits (by `wait`, through the driver) or ends
        # (greenlets return to their parent), so the parent must be the greenlet that is running now.
        caller = greenlet.getcurrent()
        body.parent = caller
        outer, self.driver = self.driver, caller
        if error is None:
            body.switch()
        else:
            body.throw(type(error), error, None)
        self.driver = outer


def _outcome(event: simpy.Event) -> Any:
    value: Any = event.value
    if event.ok:
        return value
    event.defused = True
    raise value
