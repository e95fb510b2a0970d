"""Replacing names of the standard library while programs run, and putting every one of them back.

Three kinds of replacement. An attribute of a module is also replaced in every loaded module that had copied
it (`from time import sleep`), by identity. An attribute of a class is set on the class. Anything else is a
pair of functions. Each is undone in reverse order; `Patches` may be entered several times and works once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_MISSING = object()

_OURS = ("sim.actors.", "sim.lockstep.", "sim.clock", "time_machine")
"""Modules that keep what they hold: they need the originals."""


class Patches:
    """A set of replacements."""

    def __init__(self) -> None:
        """Nothing replaced yet."""
        self._names: list[tuple[ModuleType, str, Any]] = []
        self._switches: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self._undo: list[Callable[[], None]] = []
        self._depth = 0
        self._replaced: dict[int, tuple[Any, Any]] = {}

    @property
    def active(self) -> bool:
        """Whether the replacements are in place."""
        return self._depth > 0

    def name(self, module: ModuleType, name: str, replacement: Any) -> None:
        """Replace `module.name`, and every copy of it in other modules."""
        if hasattr(module, name):
            self._names.append((module, name, replacement))

    def switch(self, on: Callable[[], None], off: Callable[[], None]) -> None:
        """Call `on` when the replacements are made, `off` when they are undone."""
        self._switches.append((on, off))

    def attribute(self, owner: Any, name: str, replacement: Any) -> None:
        """Set an attribute of a class (or of an object) and nothing else."""
        before: list[Any] = []

        def on() -> None:
            before.append(vars(owner).get(name, _MISSING))
            setattr(owner, name, replacement)

        def off() -> None:
            old = before.pop()
            if old is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, old)

        self.switch(on, off)

    def install(self) -> None:
        """Make the replacements, unless they are made."""
        self._depth += 1
        if self._depth > 1:
            return
        try:
            for on, off in self._switches:
                on()
                self._undo.append(off)
            self._replace_names()
        except BaseException:
            self._depth -= 1
            self._undo_all()
            raise

    def remove(self) -> None:
        """Undo the replacements when nobody needs them any more."""
        assert self._depth > 0, "not installed"
        self._depth -= 1
        if self._depth == 0:
            self._restore_names()
            self._undo_all()

    def _undo_all(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _replace_names(self) -> None:
        originals: dict[int, Any] = {}
        self._replaced = {}
        for module, name, replacement in self._names:
            original = getattr(module, name)
            originals[id(original)] = replacement
            self._replaced[id(replacement)] = (original, replacement)
        _exchange(originals)

    def _restore_names(self) -> None:
        _exchange({key: original for key, (original, _) in self._replaced.items()})
        self._replaced = {}


def _exchange(exchange: dict[int, Any]) -> None:
    """In every loaded module, put `exchange[id(value)]` in place of each value that has one."""
    wanted = exchange.keys()
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(_OURS):
            continue
        namespace = getattr(module, "__dict__", None)
        if type(namespace) is not dict or wanted.isdisjoint(map(id, namespace.values())):
            continue
        for name, value in list(namespace.items()):
            replacement = exchange.get(id(value), _MISSING)
            if replacement is not _MISSING:
                namespace[name] = replacement
