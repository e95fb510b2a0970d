"""What a library draws while it is imported: numbers of its own, and none of the program's.

In the World's own process a library is imported once for all programs, and what it draws then must not be missing in
the first of them (`sim.actors.libraries`). So it draws from a seed of its own there and here.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from sim.lockstep.agent.places import is_project

_STDLIB = os.path.dirname(os.__file__) + os.sep
_PACKAGES = f"{os.sep}site-packages{os.sep}"


class LibraryChance:
    """A finder that sees each library whose import begins with the program."""

    importing = False

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        """The module as the other finders find it, loaded with chance of its own."""
        if cls.importing or _is_standard(fullname):
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = None if finder is cls or find is None else find(fullname, path, target)
            if spec is not None:
                if _is_library(spec):
                    cls._follow(spec.loader, fullname)
                return spec
        return None

    @classmethod
    def _follow(cls, loader: Any, fullname: str) -> None:
        real = loader.exec_module

        def exec_module(module: Any) -> None:
            import random

            vars(loader).pop("exec_module", None)
            if cls.importing:
                real(module)
                return
            drawn, cls.importing = random.getstate(), True
            random.seed(fullname)
            try:
                real(module)
            finally:
                cls.importing = False
                random.setstate(drawn)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader without attributes of its own
            pass


def _is_standard(fullname: str) -> bool:
    return fullname.partition(".")[0] in getattr(sys, "stdlib_module_names", sys.builtin_module_names)


def _is_library(spec: Any) -> bool:
    origin = spec.origin or ""
    if spec.loader is None or not origin.endswith(".py") or is_project(origin):
        return False
    return not origin.startswith(_STDLIB) or _PACKAGES in origin
