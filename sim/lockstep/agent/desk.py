"""The firm's desk: properties and methods as the World described them, each a request.

What is only read need not be asked for twice: nothing changes while this process runs. What depends on the time alone
holds for its instant, what was read before the last answer of the World does not. The World sends along with the call
of a hook what that hook read when it was called last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.lockstep.agent.places import caller
from sim.lockstep.agent.values import back, out
from sim.lockstep.agent.wire import World, request, wait

BY_TIME = frozenset(("time", "market_open", "seconds_since_open", "symbols", "in_system", "limits"))
"""Properties that are the same for as long as the clock stands still."""

READS = frozenset(
    ("price", "price_age", "bars", "order_error_rate", "orders_sent", "orders_unanswered", "slippage_bps", "equity_at")
)
"""Methods that change nothing."""


class _Known:
    """What has been read of the desk, and when."""

    def __init__(self) -> None:
        self.by_time: dict[str, Any] = {}
        self.instant_us = -1
        self.read: dict[str, Any] = {}
        self.epoch = -1

    def of_instant(self) -> dict[str, Any]:
        if self.instant_us != World.now_us:
            self.by_time.clear()
            self.instant_us = World.now_us
        return self.by_time

    def of_epoch(self) -> dict[str, Any]:
        if self.epoch != World.epoch:
            self.read.clear()
            self.epoch = World.epoch
        return self.read


_known = _Known()


def foresee(values: dict[str, Any]) -> None:
    """What the World thinks will be read before it is asked for anything else."""
    for key, value in values.items():
        (_known.of_instant() if key in BY_TIME else _known.of_epoch())[key] = value


def _read(known: dict[str, Any], key: str, path: str, arguments: list[Any]) -> Any:
    if key not in known:
        before = World.epoch
        known[key] = request("read", key, path, arguments)
        World.epoch = before
    return back(known[key])


class Part:
    """The desk, or one of its parts (`broker`, `files`)."""

    def __init__(self, path: str, described: dict[str, Any]) -> None:
        """`described` maps the path of each part to names of its properties and of its methods."""
        properties, methods = described[path]
        self._path = path
        self._properties = frozenset(properties)
        self._methods = frozenset(methods)
        for name in described:
            if name and not path:
                vars(self)[name] = Part(name, described)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = f"{self._path}.{name}" if self._path else name
        if path == "now":
            return World.now_us / 1_000_000
        if name in self._properties:
            return _read(_known.of_instant() if path in BY_TIME else _known.of_epoch(), path, path, [])
        if name in self._methods:
            method = _reading(path) if path in READS else _acting(path)
            vars(self)[name] = method
            return method
        raise AttributeError(f"the desk has no {path}")

    def __dir__(self) -> Any:
        return sorted([*self._properties, *self._methods])


def _acting(path: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        keywords = {name: out(value) for name, value in kwargs.items()}
        return back(wait("desk", path, [out(arg) for arg in args], keywords, caller()))

    call.__name__ = path.rpartition(".")[2]
    return call


def _reading(path: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        sent = [[out(arg) for arg in args], {name: out(value) for name, value in kwargs.items()}]
        return _read(_known.of_epoch(), f"{path}{sent!r}", path, sent)

    call.__name__ = path
    return call


def desk() -> Any:
    """The desk that the World described; None when there is none."""
    described = World.settings.get("desk")
    return None if described is None else Part("", described)
