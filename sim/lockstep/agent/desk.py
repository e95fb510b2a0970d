"""The firm's desk: properties and methods as the World described them, each a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.lockstep.agent.places import caller
from sim.lockstep.agent.values import back, out
from sim.lockstep.agent.wire import World, wait


class Part:
    """The desk, or one of its parts (`broker`, `files`)."""

    def __init__(self, path: str, described: dict[str, Any]) -> None:
        """`described` maps the path of each part to names of its properties and of its methods."""
        properties, methods = described[path]
        self._path = path
        self._properties = frozenset(properties)
        self._methods = frozenset(methods)
        self._read: dict[str, Any] = {}
        self._read_in = -1
        for name in described:
            if name and not path:
                vars(self)[name] = Part(name, described)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = f"{self._path}.{name}" if self._path else name
        if name in self._properties:
            return back(self._value(name, path))
        if name in self._methods:
            method = _method(path)
            vars(self)[name] = method
            return method
        raise AttributeError(f"the desk has no {path}")

    def _value(self, name: str, path: str) -> Any:
        """Nothing changes while this process runs, so what was read since the last answer is still so."""
        if self._read_in != World.epoch:
            self._read.clear()
        if name not in self._read:
            before = World.epoch
            value = wait("desk_get", path)
            World.epoch = before
            self._read[name] = value
            self._read_in = before
        return self._read[name]

    def __dir__(self) -> Any:
        return sorted([*self._properties, *self._methods])


def _method(path: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        keywords = {name: out(value) for name, value in kwargs.items()}
        return back(wait("desk", path, [out(arg) for arg in args], keywords, caller()))

    call.__name__ = path.rpartition(".")[2]
    return call


def desk() -> Any:
    """The desk that the World described; None when there is none."""
    described = World.settings.get("desk")
    return None if described is None else Part("", described)
