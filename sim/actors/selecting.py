"""Waiting for several sockets at once: selectors, `select` and `poll` over virtual sockets."""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from sim.actors.patching import Patches
from sim.actors.sockets import VirtualSocket
from sim.actors.strand import current
from sim.actors.vtime import delay_us

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_real_select = select.select
_real_selectors: dict[str, Any] = {
    name: getattr(selectors, name)
    for name in (
        "DefaultSelector", "SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector",
    )
    if hasattr(selectors, name)
}  # fmt: skip


def _socket_of(fileobj: Any) -> VirtualSocket | None:
    """The virtual socket behind a socket, a wrapper of one, or a number."""
    if isinstance(fileobj, VirtualSocket):
        return fileobj
    me = current()
    assert me is not None
    number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
    return me.program.socket_of(number)


class VirtualSelector(selectors.BaseSelector):
    """A selector of a strand. What is not a virtual socket (a pipe, a terminal) is never ready."""

    def __init__(self) -> None:
        """Nothing registered."""
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._sockets: dict[int, VirtualSocket] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a socket."""
        if not events or events & ~(_READ | _WRITE):
            raise ValueError(f"Invalid events: {events!r}")
        number = _number(fileobj)
        if number in self._keys:
            raise KeyError(f"{fileobj!r} (FD {number}) is already registered")
        key = self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        found = _socket_of(fileobj)
        if found is not None:
            self._sockets[number] = found
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch it no longer."""
        number = self._lookup(fileobj)
        if number not in self._keys:
            raise KeyError(f"{fileobj!r} is not registered")
        self._sockets.pop(number, None)
        return self._keys.pop(number)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch it for other events."""
        number = self._lookup(fileobj)
        if number not in self._keys:
            raise KeyError(f"{fileobj!r} is not registered")
        key = self._keys[number]._replace(events=events, data=data)
        self._keys[number] = key
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; waits for the first, no longer than `timeout`."""
        me = current()
        if me is None:
            return []
        ready = self._ready()
        if ready:
            return ready
        if timeout is not None and timeout <= 0:
            me.poll()
            me.program.check(me)
            return self._ready()
        watched = list(self._sockets.values())
        for found in watched:
            found.watchers.append(me.wake)
        try:
            me.park(None if timeout is None else delay_us(timeout))
        finally:
            for found in watched:
                found.watchers.remove(me.wake)
        return self._ready()

    def close(self) -> None:
        """Forget everything."""
        for fileobj in [key.fileobj for key in self._keys.values()]:
            self.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered, by number."""
        return _ByObject(self)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """The registration of one."""
        number = self._lookup(fileobj)
        if number not in self._keys:
            raise KeyError(f"{fileobj!r} is not registered")
        return self._keys[number]

    def _lookup(self, fileobj: Any) -> int:
        try:
            return _number(fileobj)
        except ValueError:  # closed since
            return next((n for n, key in self._keys.items() if key.fileobj is fileobj), -1)

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        ready = []
        for number, found in self._sockets.items():
            key = self._keys[number]
            events = key.events & ((found.readable and _READ) | (found.writable and _WRITE))
            if events:
                ready.append((key, events))
        return ready


class _ByObject(Mapping[Any, selectors.SelectorKey]):
    """The registrations, by number or by object."""

    def __init__(self, selector: VirtualSelector) -> None:
        self._selector = selector

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Any:
        return iter(self._selector._keys)


def _number(fileobj: Any) -> int:
    number = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number


def _select(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
    if current() is None:
        return _real_select(rlist, wlist, xlist, timeout)
    selector = VirtualSelector()
    wanted: dict[int, int] = {}
    for fileobj, event in [*((f, _READ) for f in rlist), *((f, _WRITE) for f in wlist)]:
        wanted[_number(fileobj)] = wanted.get(_number(fileobj), 0) | event
    for number, events in wanted.items():
        selector.register(number, events)
    ready = {key.fd: events for key, events in selector.select(timeout)}
    selector.close()
    readable = [f for f in rlist if ready.get(_number(f), 0) & _READ]
    return readable, [f for f in wlist if ready.get(_number(f), 0) & _WRITE], []


class VirtualPoll:
    """What `select.poll()` (and `epoll`) makes in a strand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing registered."""
        self._selector = VirtualSelector()

    def register(self, fd: Any, mask: int = select.POLLIN | select.POLLOUT) -> None:
        """Watch a socket."""
        events = (_READ if mask & select.POLLIN else 0) | (_WRITE if mask & select.POLLOUT else 0)
        if _number(fd) in self._selector.get_map():
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events or _READ)

    modify = register

    def unregister(self, fd: Any) -> None:
        """Watch it no longer."""
        self._selector.unregister(fd)

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """What is ready; `timeout` in milliseconds."""
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        return [
            (key.fd, (events & _READ and select.POLLIN) | (events & _WRITE and select.POLLOUT))
            for key, events in self._selector.select(seconds)
        ]

    def close(self) -> None:
        """Forget everything."""
        self._selector.close()


def _dispatch(real: Callable[..., Any], virtual: Callable[..., Any]) -> Any:
    """A class that makes `virtual` in a strand and `real` elsewhere."""

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return real(*args, **kwargs) if current() is None else virtual(*args, **kwargs)

    return type(getattr(real, "__name__", "selector"), (), {"__new__": new})


def add_patches(patches: Patches) -> None:
    """Replace selectors and the `select` module's functions."""
    patches.name(select, "select", _select)
    if hasattr(select, "poll"):
        patches.name(select, "poll", _dispatch(select.poll, VirtualPoll))
    made: dict[int, Any] = {}
    for name, real in _real_selectors.items():
        if id(real) not in made:
            made[id(real)] = _dispatch(real, VirtualSelector)
        patches.name(selectors, name, made[id(real)])
