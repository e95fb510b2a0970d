"""Functions of a program that somebody outside of it calls: a hook, an endpoint, a gate.

Each call runs on a strand, as a piece of work of the program's main thread, and the caller waits for its end. A
strand that has done its work is kept for the next call: there are some for each tick of the market.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import greenlet
import simpy

from sim.actors.hub import Killed
from sim.actors.program import Program
from sim.actors.strand import Strand
from sim.lockstep.agent.awaiting import Awaiting


class _Work:
    """One call: what to do, and what came of it."""

    __slots__ = ("args", "awaiting", "done", "error", "finished", "function", "value")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], awaiting: Awaiting) -> None:
        self.function, self.args, self.awaiting = function, args, awaiting
        self.value: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self.done: simpy.Event | None = None
        """What the caller waits for, once the function has had to wait."""

    def do(self) -> None:
        try:
            self.value = self.awaiting.result(self.function(*self.args))
        except (Exception, SystemExit) as error:
            self.error = error
        finally:
            if self.done is not None:
                self.done.succeed()
        self.finished = True


class MainCalls:
    """Calls into one program."""

    def __init__(self, program: Program) -> None:
        """None yet."""
        self._program, self._awaiting = program, Awaiting()
        self._idle: list[tuple[Strand, list[_Work]]] = []
        """Strands that wait for work, and where each finds it."""

    def on_strand(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, run on a strand of the program; what it raises is raised at the caller."""

        @functools.wraps(function, updated=())
        def call(*args: Any) -> Any:
            me = greenlet.getcurrent()
            if type(me) is Strand and me.program is self._program:
                return self._awaiting.result(function(*args))
            return self._call(_Work(function, args, self._awaiting))

        return call

    def _call(self, work: _Work) -> Any:
        if self._idle:
            strand, place = self._idle.pop()
            place.append(work)
            self._program.go_on(strand)
        else:
            place = [work]
            self._program.call(functools.partial(self._serve, place))
        if not work.finished:
            work.done = self._program.env.event()
            self._program.process.wait(work.done)
        if work.error is not None:
            raise work.error
        if not work.finished:  # the program ended in the middle
            raise Killed
        return work.value

    def _serve(self, place: list[_Work]) -> None:
        """What each of the strands runs, until its program ends."""
        me = greenlet.getcurrent()
        assert type(me) is Strand
        while True:
            place.pop().do()
            self._idle.append((me, place))
            me.rest()
