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
        self._marks = [*self._marks, mark]
        return mark

    def drop(self, process: Process) -> None:
        """Forget every mark of `process`."""
        self._marks = [mark for mark in self._marks if mark.process is not process]

    def run(self, until_us: int) -> None:
        """Drive the World up to and including `until_us`."""
        self._until_us = until_us
        self.hub.run()

    def _drive(self) -> None:
        me, hub, env = greenlet.getcurrent(), self.hub, self._env
        queue, step, until_us = env.queue, env.step, self._until_us
        while hub.driver is me:
            marks = self._marks
            mark, thread_busy = self._soonest()
            due_us = until_us + 1 if mark is None else max(mark.next_us, env.now)
            last_us = min(due_us, until_us)
            while queue and queue[0][0] <= last_us:
                step()
                if thread_busy or self._marks is not marks or hub.driver is not me:
                    break  # another mark may be the soonest now
            else:
                if mark is None or due_us > until_us:
                    env.set_now(until_us)
                    return
                if not mark.process.busy:
                    self._call_mark(mark, due_us, me)

    def _soonest(self) -> tuple[Mark | None, bool]:
        """The mark due next, of a process whose thread is free, and whether there is any whose thread is not.

        Marks that fell due while the thread was busy are called once when it is free again, late, as a timer
        loop does; the ones between are lost.
        """
        soonest, thread_busy = None, False
        for mark in self._marks:
            if mark.process.busy:
                thread_busy = True
            elif soonest is None or mark.next_us < soonest.next_us:
                soonest = mark
        return soonest, thread_busy

    def _call_mark(self, mark: Mark, due_us: int, me: greenlet.greenlet) -> None:
        late_us = due_us - mark.next_us
        try:
            if late_us:
                self._env.set_now(due_us)
                mark.next_us += (late_us // mark.period_us + 1) * mark.period_us
                mark.call()
            else:
                self._march(mark, me)
        except BaseException as error:  # user code: written down, never the World's failure
            mark.process.report(mark.name, error)
        if self.hub.driver is not me:
            mark.process.finished()

    def _march(self, mark: Mark, me: greenlet.greenlet) -> None:
        """Call `mark`, which is due, and again until another mark or an event is, or it had to wait."""
        env, hub, call, period_us = self._env, self.hub, mark.call, mark.period_us
        queue = env.queue
        head = queue[0] if queue else None
        stop_us = self._until_us + 1 if head is None else min(head[0], self._until_us + 1)
        for other in self._marks:
            if other is not mark and other.next_us < stop_us:
                stop_us = other.next_us
        t_us = mark.next_us
        while True:
            env._now = t_us  # set_now without its checks: nothing is due before
            mark.next_us = t_us = t_us + period_us
            call()
            if t_us >= stop_us or hub.driver is not me or (queue and queue[0] is not head):
                return
