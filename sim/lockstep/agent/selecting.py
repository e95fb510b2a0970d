"""Waiting for several sockets at once, and for pipes.

What is not a socket of the drill (a pipe, a terminal, a child's handle) is never ready in a process that is alone in
its time. One of a family has relatives at the other end: it looks again whenever one of them has done something.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Mapping
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, wait

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_RealPoll = getattr(select, "poll", None)
FIRST_VIRTUAL = 1000
"""The drill's sockets have numbers from here on (`Program.add_socket`); a process has few files of its own."""


def _number(fileobj: Any) -> int:
    number = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number


class Selector(selectors.BaseSelector):
    """Any of the selectors."""

    def __init__(self) -> None:
        """Nothing registered."""
        self._keys: dict[int, Any] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        """Watch a socket."""
        if not events or events & ~(_READ | _WRITE):
            raise ValueError(f"Invalid events: {events!r}")
        number = _number(fileobj)
        if number in self._keys:
            raise KeyError(f"{fileobj!r} (FD {number}) is already registered")
        key = self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        return key

    def unregister(self, fileobj: Any) -> Any:
        """Watch it no longer."""
        return self._keys.pop(self._lookup(fileobj))

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        """Watch it for other events."""
        number = self._lookup(fileobj)
        key = self._keys[number] = self._keys[number]._replace(events=events, data=data)
        return key

    def select(self, timeout: Any = None) -> Any:
        """What is ready; waits for the first, no longer than `timeout`."""
        watched = [[key.fd, key.events] for key in self._keys.values() if key.fd >= FIRST_VIRTUAL]
        if len(watched) == len(self._keys) or not World.settings.get("spawn"):
            return [(self._keys[number], events) for number, events in wait("select", watched, timeout)]
        until_us = None if timeout is None else World.now_us + round(max(timeout, 0) * 1e6)
        first = True  # what this process has just done may still have its effect: look once more when all rest
        while True:
            ready = self._machine_ready()
            left_s = None if until_us is None else max(0, until_us - World.now_us) / 1e6
            found = wait("select", watched, 0) if ready or left_s == 0 else wait("stir", watched, left_s, first)
            first = False
            ready += [(self._keys[number], events) for number, events in found]
            if ready or left_s == 0:
                return ready

    def _machine_ready(self) -> list[Any]:
        """What of the machine's pipes and handles is ready now."""
        if _RealPoll is None:
            return []
        poll = _RealPoll()
        for key in self._keys.values():
            if key.fd < FIRST_VIRTUAL:
                mask = (select.POLLIN if key.events & _READ else 0) | (select.POLLOUT if key.events & _WRITE else 0)
                poll.register(key.fd, mask)
        ready = []
        for number, mask in poll.poll(0):
            key = self._keys[number]
            events = (_READ if mask & ~select.POLLOUT else 0) | (_WRITE if mask & ~select.POLLIN else 0)
            if events & key.events:
                ready.append((key, events & key.events))
        return ready

    def close(self) -> None:
        """Forget everything."""
        self._keys.clear()

    def get_map(self) -> Mapping[Any, Any]:
        """What is registered, by number."""
        return _ByObject(self)

    def get_key(self, fileobj: Any) -> Any:
        """The registration of one."""
        return self._keys[self._lookup(fileobj)]

    def _lookup(self, fileobj: Any) -> int:
        try:
            number = _number(fileobj)
        except ValueError:  # closed since
            number = next((n for n, key in self._keys.items() if key.fileobj is fileobj), -1)
        if number not in self._keys:
            raise KeyError(f"{fileobj!r} is not registered")
        return number


class _ByObject(Mapping):  # type: ignore[type-arg]
    """The registrations, by number or by object."""

    def __init__(self, selector: Selector) -> None:
        self._selector = selector

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __getitem__(self, fileobj: Any) -> Any:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Any:
        return iter(self._selector._keys)


def _select(rlist: Any, wlist: Any, xlist: Any, timeout: Any = None) -> Any:
    wanted: dict[int, int] = {}
    for fileobj, event in [*((f, _READ) for f in rlist), *((f, _WRITE) for f in wlist)]:
        wanted[_number(fileobj)] = wanted.get(_number(fileobj), 0) | event
    ready = dict(wait("select", list(map(list, wanted.items())), timeout))
    readable = [f for f in rlist if ready.get(_number(f), 0) & _READ]
    return readable, [f for f in wlist if ready.get(_number(f), 0) & _WRITE], []


class Poll:
    """`select.poll`; its timeouts are milliseconds."""

    scale = 1000.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing registered."""
        self._selector = Selector()

    def register(self, fd: Any, mask: int = select.POLLIN | select.POLLOUT) -> None:
        """Watch a socket."""
        events = (_READ if mask & select.POLLIN else 0) | (_WRITE if mask & select.POLLOUT else 0)
        if _number(fd) in self._selector._keys:
            self._selector.modify(fd, events or _READ)
        else:
            self._selector.register(fd, events or _READ)

    modify = register

    def unregister(self, fd: Any) -> None:
        """Watch it no longer."""
        self._selector.unregister(fd)

    def poll(self, timeout: Any = None, maxevents: int = -1) -> Any:
        """What is ready."""
        seconds = None if timeout is None or timeout < 0 else timeout / self.scale
        return [
            (key.fd, (select.POLLIN if events & _READ else 0) | (select.POLLOUT if events & _WRITE else 0))
            for key, events in self._selector.select(seconds)
        ]

    def close(self) -> None:
        """Forget everything."""
        self._selector.close()


class Epoll(Poll):
    """`select.epoll`; its timeouts are seconds."""

    scale = 1.0


def install() -> None:
    """Replace what waits for sockets."""
    patching.name(select, "select", _select)
    patching.name(select, "poll", Poll)
    patching.name(select, "epoll", Epoll)
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector"):
        patching.name(selectors, name, Selector)
    patching.name(selectors, "DefaultSelector", Selector)
