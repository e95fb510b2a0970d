"""Replacing names of the standard library, in the modules that are loaded and in those that are loaded later."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, FunctionType
from typing import Any

from sim.lockstep.agent.libraries import PAST_PYTHON, complaint

_replaced: dict[int, Any] = {}
_originals: list[Any] = []
_after: dict[str, list[Callable[[Any], None]]] = {}
_OWN = "sim.lockstep.agent"


class Builtin:
    """A function that, as one made in C, does not become a method of the class it is an attribute of.

    `logging.Formatter.converter = time.localtime` is one that everybody uses.
    """

    def __init__(self, function: Any, name: str) -> None:
        """Stand for `function` under `name`."""
        self._function = function
        self.__name__ = self.__qualname__ = name
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function does."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"


def name(module: Any, attribute: str, replacement: Any) -> None:
    """Replace `module.attribute`; copies of it in other modules follow with `exchange`."""
    original = getattr(module, attribute, None)
    if original is None:
        return
    if isinstance(original, BuiltinFunctionType) and isinstance(replacement, FunctionType):
        replacement = Builtin(replacement, attribute)
    _originals.append(original)  # kept, so that its id stays its own
    _replaced[id(original)] = replacement
    setattr(module, attribute, replacement)


def exchange() -> None:
    """In every loaded module but ours, put the replacement in place of each copy of a replaced thing."""
    for module_name, module in list(sys.modules.items()):
        namespace = getattr(module, "__dict__", None)
        if module_name.startswith(_OWN) or type(namespace) is not dict:
            continue
        for key, value in list(namespace.items()):
            replacement = _replaced.get(id(value))
            if replacement is not None:
                namespace[key] = replacement


def when_imported(module_name: str, change: Callable[[Any], None]) -> None:
    """Call `change` with the module: now when it is loaded, else once it has been."""
    loaded = sys.modules.get(module_name)
    if loaded is not None:
        change(loaded)
    else:
        _after.setdefault(module_name, []).append(change)


class _Loader:
    """The module's own loader, and after it the changes."""

    def __init__(self, real: Any, changes: list[Callable[[Any], None]]) -> None:
        self._real, self._changes = real, changes

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._real, attribute)

    def create_module(self, spec: Any) -> Any:
        """As the module's own loader does."""
        return self._real.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Load, then change."""
        self._real.exec_module(module)
        for change in self._changes:
            change(module)


class Finder:
    """Stands first among the importer's finders, and sees only the modules that are waited for."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> Any:
        """The module as the other finders find it, with a loader that makes the changes."""
        changes = _after.pop(fullname, None)
        if changes is None:
            return None
        for finder in sys.meta_path:
            if finder is Finder:
                continue
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, changes)  # type: ignore[assignment]
                return spec
        return None


class Refuser:
    """Refuses modules that would wait or talk to the network by themselves, past everything replaced here."""

    tell: Callable[[str], None] = staticmethod(lambda name: None)

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        """ImportError with the reason for a module that is refused."""
        if fullname in PAST_PYTHON:
            cls.tell(fullname)
            raise ImportError(complaint(fullname), name=fullname)
        return None
