"""asyncio in virtual time.

Its loops wait in their selector, which is virtual already; what is left is what they keep per thread of the
machine (the loop of a thread, the running loop) or count per process (names of tasks), and name look-ups,
which need no thread pool when they take no time.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events as base_events
import asyncio.events as events
import socket
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sim.actors.patching import Patches
from sim.actors.strand import current

running_loop = events._get_running_loop, events._set_running_loop
"""How the hub reads and sets the running loop."""

_Loop: Any = base_events.BaseEventLoop
_loops: WeakKeyDictionary[Any, WeakSet[Any]] = WeakKeyDictionary()
"""The event loops of each living program."""
_real_init, _real_create_task, _real_getaddrinfo = _Loop.__init__, _Loop.create_task, _Loop.getaddrinfo


class _PerStrand:
    """The policy's memory of each thread's loop: that of a strand is kept on the strand."""

    def __init__(self, real: Any) -> None:
        object.__setattr__(self, "_real", real)

    def _place(self) -> Any:
        me = current()
        return self._real if me is None else me.locals.setdefault(id(type(self)), _LoopOfStrand())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._place(), name, value)


class _LoopOfStrand:
    _loop: Any = None
    _set_called = False


def _init(self: Any) -> None:
    _real_init(self)
    me = current()
    if me is not None:
        self._firedrill_program = me.program
        _loops.setdefault(me.program, WeakSet()).add(self)


def _create_task(self: Any, coro: Any, *, name: Any = None, **kwargs: Any) -> Any:
    me = current()
    if me is not None and name is None:
        name = f"Task-{me.program.next_number('task')}"
    return _real_create_task(self, coro, name=name, **kwargs)


async def _getaddrinfo(
    self: Any, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> Any:
    if current() is None:
        return await _real_getaddrinfo(self, host, port, family=family, type=type, proto=proto, flags=flags)
    return socket.getaddrinfo(host, port, family, type, proto, flags)


def silence(program: Any) -> None:
    """Its loops complain no more of tasks and transports that its end has cut short, whenever they are collected."""
    for loop in _loops.get(program, ()):
        loop._exception_handler = _no_complaint


def _no_complaint(loop: Any, context: Any) -> None:
    """What a dead process says."""


def end_tasks(program: Any) -> None:
    """Close the coroutines of a program that has ended, in a strand of it, so that none of its code runs later.

    What is collected as garbage runs its `finally` blocks wherever the collector happens to run; here every
    call that would have an effect raises `Killed`.
    """
    loops: list[Any] = list(_loops.pop(program, ()))
    known: Any = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", ())
    for task in list(known):
        loop: Any = task.get_loop()
        if getattr(loop, "_firedrill_program", None) is program:
            task._log_destroy_pending = False
            loops.append(loop)
            with suppress(BaseException):
                task.get_coro().close()
    for loop in loops:
        loop._ready.clear()
        loop._scheduled.clear()
        with suppress(BaseException):
            loop.close()


def add_patches(patches: Patches) -> None:
    """Replace what asyncio keeps per thread and per process."""
    patches.attribute(_Loop, "__init__", _init)
    patches.attribute(_Loop, "create_task", _create_task)
    patches.attribute(_Loop, "getaddrinfo", _getaddrinfo)
    before: list[Any] = []

    def on() -> None:
        before.append(events._event_loop_policy)  # type: ignore[attr-defined]
        policy: Any = asyncio.DefaultEventLoopPolicy()
        real = before[-1] if before[-1] is not None else policy
        policy._local = _PerStrand(getattr(real, "_local", policy._local))
        events._event_loop_policy = policy  # type: ignore[attr-defined]

    def off() -> None:
        events._event_loop_policy = before.pop()  # type: ignore[attr-defined]

    patches.switch(on, off)
