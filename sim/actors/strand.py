"""One thread of a program that runs in virtual time.

A strand is a greenlet with the little that a thread needs: how to wait with a timeout, how to be woken, and
whose it is. Which world a call of the patched standard library belongs to is asked of the current greenlet
alone: a strand lives in virtual time, everything else (Firedrill, pytest) in real time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import greenlet

from sim.actors.hub import Killed

if TYPE_CHECKING:
    from sim.actors.program import Program

POLLS = 20_000
"""So many looks at the clock in a row, without a wait between, are a polling loop."""

POLL_US = 1_000
"""What each further look costs a polling loop, so that time passes for it as it does on a real machine."""


class Strand(greenlet.greenlet):
    """A thread of `program`."""

    def __init__(self, program: Program, body: Callable[[], object], ident: int) -> None:
        """A thread that will run `body`, not yet started."""
        super().__init__(self._run_body)
        self.program, self.ident = program, ident
        self.thread: Any = None
        """Its `threading.Thread`."""
        self.network_wait: Any = None
        """The socket that it waits for without a timeout."""
        self.locals: dict[int, Any] = {}
        self.wait_began_us = -1
        self.in_log = 0
        """More than 0 while the program's log handlers work: what they print is in the log already."""
        self.polls = 0
        self.channel: Any = None
        """The connection to the thread of another process that it stands for (`sim.lockstep`)."""
        self.remote_at: str | None = None
        """Where in that process the call comes from that is being served."""
        self.until_signal = False
        """Whether it waits in `signal.pause`: the next signal ends the wait."""
        self._body = body
        self._serial = 0
        self._woken = self._parked = False
        self._waits = 0
        """How many waits deep it is: more than one when a signal handler waits in the middle of a wait."""

    def _run_body(self) -> None:
        self.program.run_strand(self, self._body)

    def park(self, timeout_us: int | None = None) -> bool:
        """Wait until `wake` is called (True) or `timeout_us` has passed (False). Signals are handled meanwhile."""
        program = self.program
        if program.dead:
            program.check(self)
        self.polls = 0
        until_us = None if timeout_us is None else program.env.now + max(0, timeout_us)
        outer, self._woken = self._woken, False
        self._waits += 1
        try:
            self._park_until(until_us)
            return self._woken
        finally:
            self._waits -= 1
            self._woken = outer

    def _park_until(self, until_us: int | None) -> None:
        program = self.program
        while True:
            self._serial = serial = self._serial + 1
            if until_us is not None:
                program.env.call_at(until_us, self._expire, serial)
            self._parked = True
            try:
                program.hub.park(self)
            finally:
                self._parked = False
                self._serial += 1
            if self is not program.main or not program.signals.pending:
                return
            program.signals.handle()
            paused, self.until_signal = self.until_signal, False
            if paused or self._woken or (until_us is not None and program.env.now >= until_us):
                return

    def wake(self) -> None:
        """Let a parked strand go on, at this instant but not before the caller has gone on."""
        if self._waits and not self._woken:
            self._woken = True
            if self._parked:
                self.program.env.call_later(0, self._resume, self._serial)

    def interrupt(self) -> None:
        """Let a parked strand look at its signals."""
        if self._parked and not self._woken:
            self.program.env.call_later(0, self._resume, self._serial)

    def poll(self) -> None:
        """Count a look at the clock that is not a wait; a loop of nothing else is made to wait."""
        self.polls += 1
        if self.polls > POLLS and not self.program.dead:
            polls = self.polls
            self.park(POLL_US)
            self.polls = polls

    def give_way(self) -> None:
        """Let others run at this instant: a `sleep(0)`."""
        self.poll()
        polls = self.polls
        self.park(0)
        self.polls = polls

    def rest(self) -> None:
        """Give control back to whoever resumed it, with nothing to wait for: somebody has to bring new work."""
        assert self.parent is not None
        self.parent.switch()

    def _expire(self, serial: int) -> None:
        if serial == self._serial and not self._woken:
            self.program.hub.resume(self)

    def _resume(self, serial: int) -> None:
        if serial == self._serial:
            self.program.hub.resume(self)


def current() -> Strand | None:
    """The strand that runs now; None outside of programs."""
    me = greenlet.getcurrent()
    return me if type(me) is Strand else None


def remote_place() -> str | None:
    """`file:line` of the user's call that is being served for a process of its own; None when there is none."""
    me = current()
    return None if me is None else me.remote_at


def must_live() -> None:
    """Raise `Killed` in a strand whose program has ended."""
    me = greenlet.getcurrent()
    if type(me) is Strand and me.program.dead:
        me.program.check(me)


__all__ = ["POLLS", "POLL_US", "Killed", "Strand", "current", "must_live", "remote_place"]
