"""Regular marks (ticks, timers) in a plain loop between the sparse events of SimPy.

A day has 23,400 seconds and about 7,000 events. Putting each second into the queue would cost more than all
the rest, so seconds are called from a tight loop up to the next event; then SimPy takes its step, and the
loop goes on. At one instant events come first, then marks in the order they were added.
"""

from __future__ import annotations

from collections.abc import Callable

import greenlet

from sim.actors.hub import Hub
from sim.actors.process import Process
from sim.clock import VirtualTime


class Mark:
    """Something called every `period_us`, on behalf of `process`."""

    __slots__ = ("call", "name", "next_us", "period_us", "process")

    def __init__(self, process: Process, name: str, period_us: int, first_us: int, call: Callable[[], object]) -> None:
        """First due at `first_us`."""
        self.process, self.name, self.period_us, self.next_us, self.call = process, name, period_us, first_us, call


class Marks:
    """All marks of a World, and the loop that drives the World by them."""

    def __init__(self, env: VirtualTime) -> None:
        """No marks yet."""
        self._env = env
        self.hub = Hub(env, self._drive)
        self._marks: list[Mark] = []
        self._until_us = 0

    def every(
        self, process: Process, name: str, period_us: int, call: Callable[[], object], first_us: int | None = None
    ) -> Mark:
        """Call `call` every `period_us`; the first time on the next whole multiple of the period, or at `first_us`."""
        if first_us is None:
            first_us = (self._env.now // period_us + 1) * period_us
        mark = Mark(process, name, period_us, first_us, call)
        self._marks.append(mark)
        return mark

    def drop(self, process: Process) -> None:
        """Forget every mark of `process`."""
        self._marks = [mark for mark in self._marks if mark.process is not process]

    def run(self, until_us: int) -> None:
        """Drive the World up to and including `until_us`."""
        self._until_us = until_us
        self.hub.run()

    def _drive(self) -> None:
        me = greenlet.getcurrent()
        env, until_us = self._env, self._until_us
        while self.hub.driver is me:
            head_us = env.peek()
            mark = self._soonest()
            due_us = head_us if mark is None else max(mark.next_us, env.now)
            if mark is not None and due_us < head_us and due_us <= until_us:
                self._call_mark(mark, due_us, me)
            elif head_us <= until_us:
                env.step()
            else:
                env.set_now(until_us)
                return

    def _soonest(self) -> Mark | None:
        """The mark due next, of a process whose thread is free.

        Marks that fell due while the thread was busy are called once when it is free again, late, as a timer
        loop does; the ones between are lost.
        """
        soonest = None
        for mark in self._marks:
            if not mark.process.busy and (soonest is None or mark.next_us < soonest.next_us):
                soonest = mark
        return soonest

    def _call_mark(self, mark: Mark, due_us: int, me: greenlet.greenlet) -> None:
        late_us = due_us - mark.next_us
        mark.next_us += late_us // mark.period_us * mark.period_us
        try:
            if len(self._marks) == 1 and not late_us:
                self._march(mark, me)
            else:
                self._env.set_now(due_us)
                mark.next_us += mark.period_us
                mark.call()
        except BaseException as error:  # user code: written down, never the World's failure
            mark.process.report(mark.name, error)
        if self.hub.driver is not me:
            mark.process.finished()

    def _march(self, mark: Mark, me: greenlet.greenlet) -> None:
        """Call `mark` again and again until an event is due or something new was scheduled."""
        env, hub, call, period_us = self._env, self.hub, mark.call, mark.period_us
        queue = env.queue
        head = queue[0] if queue else None
        stop_us = self._until_us + 1 if head is None else min(head[0], self._until_us + 1)
        t_us = mark.next_us
        while t_us < stop_us:
            env._now = t_us  # set_now without its checks: the loop's condition is the check
            mark.next_us = t_us = t_us + period_us
            call()
            if hub.driver is not me or (queue[0] if queue else None) is not head:
                return
