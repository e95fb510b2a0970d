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
            marks, due_us, thread_busy = self._marks, until_us + 1, False
            for mark in marks:
                if mark.process.busy:
                    thread_busy = True
                elif mark.next_us < due_us:
                    due_us = mark.next_us
            last_us = min(max(due_us, env.now), until_us)
            if queue and queue[0][0] <= last_us:
                while queue and queue[0][0] <= last_us:
                    step()
                    if thread_busy or self._marks is not marks or hub.driver is not me:
                        break  # another mark may be the next one now
            elif due_us > until_us:
                env.set_now(until_us)
                return
            else:
                self._march([mark for mark in marks if not mark.process.busy] if thread_busy else marks, due_us, me)

    def _march(self, marks: list[Mark], due_us: int, me: greenlet.greenlet) -> None:
        """Call the marks that are due, instant after instant, until an event is due or one of them has to wait.

        Marks that fell due while their thread was busy are called once when it is free again, late, as a
        timer loop does, the latest first; the ones between are lost.
        """
        env, hub, queue, known = self._env, self.hub, self._env.queue, self._marks
        head = queue[0] if queue else None
        stop_us = self._until_us + 1 if head is None else min(head[0], self._until_us + 1)
        while (now_us := max(due_us, env._now)) < stop_us:
            env._now = now_us  # set_now without its checks: nothing is due before
            soonest_us = stop_us
            for mark in marks:
                if mark.next_us == due_us:
                    mark.next_us += mark.period_us
                    if mark.next_us <= now_us:
                        mark.next_us = now_us + mark.period_us - (now_us - mark.next_us) % mark.period_us
                    try:
                        mark.call()
                    except BaseException as error:  # user code: written down, never the World's failure
                        mark.process.report(mark.name, error)
                    if hub.driver is not me:
                        mark.process.finished()
                        return
                    if (queue and queue[0] is not head) or self._marks is not known:
                        return
                if mark.next_us < soonest_us:
                    soonest_us = mark.next_us
            due_us = soonest_us
