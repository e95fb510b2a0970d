"""Libraries that keep state: each program has a copy of its own of those that change after they were imported.

A library stays loaded from one program to the next, for importing it again would cost most of a run. Some keep
things in themselves, though: `schedule` its jobs, `loguru` where it writes to, `yfinance` its session. In a real
process that is gone at a restart. So a look is taken at a library when it has been imported and again when
another program starts; one that has changed, and what holds parts of it, is imported afresh by each
program from then on. Libraries in C and those that Firedrill itself uses cannot be loaded twice and stay shared.

A library that draws from `random` while it is imported gets numbers of its own and takes none of the program's.
"""

from __future__ import annotations

import random  # noqa: TID251  (its state belongs to a program)
import sys
from abc import ABCMeta
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import EnumMeta
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, TypeVar

from sim.actors.patching import Patches
from sim.actors.strand import current

PRIVATE: set[str] = set()
"""Top names of the libraries that each program imports for itself."""

_LOOKED_AT: dict[str, tuple[ModuleType, int]] = {}
"""Each module that a program was the first to import, with what it looked like then."""
_SHARED: set[str] = {
    "alpaca", "alpaca_trade_api", "annotated_types", "anyio", "attr", "attrs", "backoff", "certifi", "circuitbreaker",
    "click", "dateutil", "h11", "httpcore", "httpx", "idna", "msgpack", "numpy", "packaging", "pandas", "pybreaker",
    "pydantic", "pydantic_core", "pygments", "pytz", "redis", "requests", "rich", "six", "sniffio", "tenacity",
    "typing_extensions", "typing_inspection", "tzdata", "urllib3", "yaml",
}  # fmt: skip
"""Top names of the libraries that all programs share: they cannot be loaded twice, or it is known that what
changes in them are caches and no state of a process (and they take long to load)."""
_HERE = frozenset(name.partition(".")[0] for name in sys.modules)
_PLAIN = (int, float, str, bytes, bool, type(None))
_CLASSES = (type, ABCMeta)
"""Kinds of classes whose attributes are looked at; enumerations and models keep only what they are."""
_NO_STATE = (ModuleType, FunctionType, BuiltinFunctionType, property, classmethod, staticmethod, TypeVar, EnumMeta)
_FULL = 200
_DEEP = 5


def top_of(name: str) -> str:
    """The name of the package that a module belongs to."""
    return name.partition(".")[0]


class Watch:
    """Comes first in `sys.meta_path`: sees each library that a program imports."""

    def __init__(self) -> None:
        """Nothing is being imported."""
        self._depth = 0
        self._fresh: list[str] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The specification that another finder has, whose loader will tell when the module is there."""
        me = current()
        if me is None or top_of(name) in sys.stdlib_module_names:
            return None
        spec = _found(self, name, path, target)
        if spec is None or spec.loader is None or spec.origin is None or me.program.runtime.is_project(spec.origin):
            return spec
        if not spec.origin.endswith(".py"):
            _SHARED.add(top_of(name))
        else:
            self._follow(spec.loader, name)
        return spec

    def _follow(self, loader: Any, name: str) -> None:
        real = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            if self._depth:
                self._fresh.append(name)
                real(module)
                return
            self._depth, self._fresh, drawn = 1, [name], random.getstate()
            random.seed(name)
            try:
                real(module)
            finally:
                self._depth = 0
                random.setstate(drawn)
                _look(self._fresh)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader without attributes of its own: nothing is known of its modules
            _SHARED.add(top_of(name))


def changed(is_project: Callable[[str], bool]) -> bool:
    """Whether some have changed since they were imported, and are each program's own from now on."""
    for name, (module, _) in list(_LOOKED_AT.items()):
        if sys.modules.get(name) is not module:
            del _LOOKED_AT[name]
    dirty = {
        top_of(name) for name, (module, seen) in list(_LOOKED_AT.items())
        if top_of(name) not in _SHARED and top_of(name) not in PRIVATE and _picture(module) != seen
    }  # fmt: skip
    found: set[str] = set()
    if dirty:
        holders = _holders(is_project)
        for top in sorted(dirty):
            group = _group(top, holders)
            if all(map(_can_be_loaded_twice, group)):
                found |= group
            else:
                _SHARED.add(top)
    PRIVATE.update(found)
    for name in [name for name in _LOOKED_AT if top_of(name) in PRIVATE]:
        del _LOOKED_AT[name]
    return bool(found)


def _found(me: Watch, name: str, path: Any, target: Any) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if finder is not me and (find := getattr(finder, "find_spec", None)) is not None:
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return spec
    return None


def _look(names: Iterable[str]) -> None:
    for name in names:
        module = sys.modules.get(name)
        if module is not None and top_of(name) not in _SHARED and top_of(name) not in PRIVATE:
            _LOOKED_AT[name] = module, _picture(module)


def _can_be_loaded_twice(top: str) -> bool:
    if top in PRIVATE:
        return True
    if top in _SHARED or top in _HERE:
        return False
    loaded = [name for name in sys.modules if name == top or name.startswith(top + ".")]
    return all(name in _LOOKED_AT for name in loaded)


def _group(top: str, holders: Mapping[str, set[str]]) -> set[str]:
    """A library and all that hold parts of it, directly or not."""
    group, new = {top}, [top]
    while new:
        for holder in holders.get(new.pop(), ()):
            if holder not in group:
                group.add(holder)
                new.append(holder)
    return group


def _holders(is_project: Callable[[str], bool]) -> dict[str, set[str]]:
    """For each library the others that hold something of it in a module."""
    holders: dict[str, set[str]] = {}
    programs = {top_of(name) for name in _LOOKED_AT} - _SHARED
    own = {"__main__"} | {
        top_of(name) for name, module in list(sys.modules.items())
        if is_project(getattr(module, "__file__", None) or "")
    }  # fmt: skip
    for name, module in list(sys.modules.items()):
        top = top_of(name)
        if top in sys.stdlib_module_names or top in own or not isinstance(module, ModuleType):
            continue
        for value in list(vars(module).values()):
            of = _home(value)
            if of != top and of in programs:
                holders.setdefault(of, set()).add(top)
    return holders


def _home(value: Any) -> str:
    if isinstance(value, ModuleType):
        return top_of(value.__name__)
    kept = value if isinstance(value, type | FunctionType) else type(value)
    return top_of(str(getattr(kept, "__module__", "")))


def _picture(module: ModuleType) -> int:
    """A number that changes when something in the module does: what it holds, and what that holds in turn."""
    look = _Look(module.__name__)
    look.at_each(vars(module), 0)
    return hash(tuple(look.parts))


class _Look:
    """A look at a module: plain values, how long its lists and tables are, and objects of its library's classes."""

    def __init__(self, name: str) -> None:
        """Nothing seen yet."""
        self.parts: list[Any] = []
        self._name, self._top = name, top_of(name)
        self._seen: set[int] = set()

    def at_each(self, kept: Mapping[str, Any], depth: int) -> None:
        """Look at the attributes of something."""
        for name, value in list(kept.items()):
            kind = type(value)
            if kind in _PLAIN:
                self.parts.append(value)
            elif kind not in _NO_STATE and name[:2] != "__":
                self._at(value, kind, depth)

    def _at(self, value: Any, kind: type, depth: int) -> None:
        if kind in _PLAIN:
            self.parts.append(value)
        elif id(value) in self._seen or depth > _DEEP:
            return
        elif isinstance(value, dict | list | set | tuple | deque):
            self._seen.add(id(value))
            self.parts.append(len(value))
            if len(value) <= _FULL:
                for item in list(value.values() if isinstance(value, dict) else value):
                    self._at(item, type(item), depth + 1)
        elif kind in _CLASSES:
            if value.__module__ == self._name:
                self._seen.add(id(value))
                self.at_each({n: v for n, v in vars(value).items() if isinstance(v, dict | list | set)}, depth + 1)
        else:
            self.parts.append(kind.__name__)
            own = getattr(value, "__dict__", None)
            if type(own) is dict and top_of(kind.__module__) == self._top:
                self._seen.add(id(value))
                self.at_each(own, depth + 1)


def add_patches(patches: Patches) -> None:
    """See what programs import, for as long as there may be some."""
    watch: Any = Watch()
    patches.switch(lambda: sys.meta_path.insert(0, watch), lambda: sys.meta_path.remove(watch))
