"""The state of the interpreter that belongs to one program: its modules, arguments, path, loggers, hooks, chance.

There is one interpreter and there may be several programs. What is global in Python and belongs to a process
is exchanged when another program runs; that is rare, so it may cost something. A new program starts with a
fresh state: modules of the user's project are imported again, loggers have no handlers, hooks are the usual
ones. That is what makes a restart lose what it should lose.
"""

from __future__ import annotations

import logging
import os
import random  # noqa: TID251  (its state belongs to a program)
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from sim.actors.libraries import PRIVATE, top_of
from sim.actors.past_python import is_refused
from sim.actors.patching import Patches
from sim.actors.stacks import importing_library
from sim.actors.strand import current

IsProject = Callable[[str], bool]

_OF_LIBRARIES: dict[str, tuple[Any, ...]] = {}
"""What libraries set their loggers to while they were imported: it holds in each process that imports them."""
_real_set_level = logging.Logger.setLevel


class Loaded:
    """The modules that are loaded, and which of them are the user's project's.

    There are a thousand or two, and they are looked through at each change of programs, so a library is looked
    at once.
    """

    def __init__(self, is_project: IsProject) -> None:
        """Files of the project are those that `is_project` says yes to."""
        self._is_project = is_project
        self._libraries: dict[str, Any] = {}

    def forget(self) -> None:
        """The project has grown: what was taken for a library may be part of it."""
        self._libraries.clear()

    def take_project(self) -> dict[str, Any]:
        """Take the modules of the project out of `sys.modules`."""
        known = self._libraries
        unknown = [(name, module) for name, module in list(sys.modules.items()) if known.get(name) is not module]
        # Found before any is taken: a namespace whose parent is gone cannot list its folders.
        own = [name for name, module in unknown if self._is_own(name, module)]
        return {name: sys.modules.pop(name) for name in own}

    def private(self) -> dict[str, Any]:
        """The modules in `sys.modules` of libraries that each program has for itself."""
        return {name: module for name, module in list(sys.modules.items()) if top_of(name) in PRIVATE}

    def _is_own(self, name: str, module: Any) -> bool:
        if getattr(module, "__firedrill__", False) or is_refused(name) or top_of(name) in PRIVATE:
            return True
        if name == "__main__":
            return False
        place = _place(module)
        if self._is_project(place):
            return True
        if place:
            self._libraries[name] = module
        return False


class Interpreter:
    """The global state of the interpreter, as one program sees it."""

    def __init__(self, loaded: Loaded, argv: list[str], path: list[str], directory: str, seed: int) -> None:
        """A fresh process's state, to be put in place by `enter`."""
        self._loaded = loaded
        self._modules: dict[str, Any] = {}
        self._argv, self._path, self._directory = argv, path, directory
        self._hooks: tuple[Any, Any] = (sys.__excepthook__, threading.__excepthook__)
        self._loggers: dict[str, tuple[Any, ...]] = dict(_OF_LIBRARIES)
        self._random = random.Random(seed).getstate()
        self._filters: list[Any] = [("default", None, DeprecationWarning, "__main__", 0), *_QUIET]
        self._seed = seed % 2**32
        self._numpy: Any = None
        self._outside: Outside | None = None

    def enter(self) -> None:
        """Put the program's state in place of the surrounding one."""
        self._outside = outside = Outside(self._loaded)
        sys.modules.update(self._modules)
        sys.argv[:] = self._argv
        sys.path[:] = self._path + [entry for entry in outside.path if entry not in self._path]
        sys.excepthook, threading.excepthook = self._hooks
        _set_loggers(self._loggers)
        random.setstate(self._random)
        warnings.filters[:] = self._filters  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
        if "numpy.random" in sys.modules:
            generator = sys.modules["numpy.random"]
            if self._numpy is None:
                generator.seed(self._seed)
            else:
                generator.set_state(self._numpy)
        os.chdir(self._directory)

    def share(self, modules: dict[str, Any]) -> None:
        """These were everybody's so far, and are the program's own now."""
        self._modules = modules | self._modules

    def leave(self) -> None:
        """Remember the program's state and restore the surrounding one."""
        outside, self._outside = self._outside, None
        assert outside is not None
        self._modules = self._loaded.take_project()
        self._argv, self._path = list(sys.argv), list(sys.path)
        self._hooks = (sys.excepthook, threading.excepthook)
        self._loggers = _loggers()
        self._random = random.getstate()
        self._filters = list(warnings.filters)
        if "numpy.random" in sys.modules:
            self._numpy = sys.modules["numpy.random"].get_state()
        self._directory = os.getcwd()
        outside.restore()

    def close(self) -> None:
        """Close what the program's loggers hold open, as the interpreter does at its exit."""
        for _, handlers, *_ in self._loggers.values():
            for handler in handlers:
                _close(handler)


def _close(handler: logging.Handler) -> None:
    try:
        handler.close()
    except Exception:
        pass


_QUIET: list[Any] = [
    ("ignore", None, kind, None, 0)
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
]


class Outside:
    """The interpreter's state outside of programs."""

    def __init__(self, loaded: Loaded) -> None:
        """Remember it, and take the project's modules away: programs load their own."""
        self.path = list(sys.path)
        self._argv = list(sys.argv)
        self._hooks = (sys.excepthook, threading.excepthook)
        self._loggers = _loggers()
        self._random = random.getstate()
        self._filters = list(warnings.filters)
        self._numpy = sys.modules["numpy.random"].get_state() if "numpy.random" in sys.modules else None
        self._directory = os.getcwd()
        self._main = sys.modules.get("__main__")
        self._modules = loaded.take_project()

    def restore(self) -> None:
        """Put it back."""
        sys.modules.update(self._modules)
        if self._main is not None:
            sys.modules["__main__"] = self._main
        sys.argv[:], sys.path[:] = self._argv, self.path
        sys.excepthook, threading.excepthook = self._hooks
        _set_loggers(self._loggers)
        random.setstate(self._random)
        warnings.filters[:] = self._filters  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
        if self._numpy is not None:
            sys.modules["numpy.random"].set_state(self._numpy)
        os.chdir(self._directory)


def _place(module: Any) -> str:
    """The file of a module; of a package that has none, the one that it would have. Empty for a builtin."""
    file = getattr(module, "__file__", None)
    if file is None:
        try:
            file = next((os.path.join(folder, "__init__.py") for folder in module.__path__), None)
        except (AttributeError, TypeError, KeyError):  # a namespace whose parent is gone cannot list its folders
            return ""
    return file if isinstance(file, str) else ""


def _loggers() -> dict[str, tuple[Any, ...]]:
    """The settings of every logger that has any."""
    root = logging.root
    settings = {"": _setting(root)}
    for name, logger in logging.Logger.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and (
            logger.handlers or logger.filters or logger.level or logger.disabled or not logger.propagate
        ):
            settings[name] = _setting(logger)
    settings["/disable"] = (logging.root.manager.disable, [], [], True, False)
    return settings


def _set_level(self: logging.Logger, level: Any) -> None:
    _real_set_level(self, level)
    me = current()
    if me is not None and importing_library(me.program.runtime.is_project):
        _OF_LIBRARIES[self.name] = _setting(self)


def add_patches(patches: Patches) -> None:
    """See what libraries set; the rest of a program's state is exchanged and not patched."""
    patches.attribute(logging.Logger, "setLevel", _set_level)


def _setting(logger: logging.Logger) -> tuple[Any, ...]:
    return logger.level, list(logger.handlers), list(logger.filters), logger.propagate, logger.disabled


def _set_loggers(settings: dict[str, tuple[Any, ...]]) -> None:
    plain: tuple[Any, ...] = (logging.NOTSET, [], [], True, False)
    for name, logger in [("", logging.root), *logging.Logger.manager.loggerDict.items()]:
        if isinstance(logger, logging.Logger):
            default = (logging.WARNING, [], [], True, False) if name == "" else plain
            level, handlers, filters, propagate, disabled = settings.get(name, default)
            logger.level, logger.propagate, logger.disabled = level, propagate, disabled
            logger.handlers[:], logger.filters[:] = handlers, filters
    logging.root.manager.disable = settings.get("/disable", (0,))[0]
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]
