"""Libraries in C that wait or connect by themselves: a program in a drill cannot import them.

Most that use one can do without (aiohttp without pycares, asyncio without uvloop) and fall back by themselves when the
import fails. What cannot is told why, and nothing reaches the machine's network.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import FrameType
from typing import Any

from sim.actors.patching import Patches
from sim.actors.strand import current
from sim.lockstep.agent.libraries import PAST_PYTHON, complaint


class _Refuser:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """ImportError with the reason, for a program."""
        me = current()
        if me is None or name not in PAST_PYTHON:
            return None
        importer = _importer(sys._getframe(1))
        if importer is not None and me.program.runtime.is_project(importer.f_code.co_filename):
            me.program.refuse("library", name)  # what a library tries first and can do without is not worth telling
        raise ImportError(complaint(name), name=name)


def _importer(frame: FrameType | None) -> FrameType | None:
    """The frame with the `import` statement."""
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame


def is_refused(module: str) -> bool:
    """Whether a module belongs to a library that programs do not get, whoever else has imported it."""
    return module.partition(".")[0] in PAST_PYTHON


def add_patches(patches: Patches) -> None:
    """Stand before the finders of modules."""
    patches.switch(lambda: sys.meta_path.insert(0, _Refuser), lambda: sys.meta_path.remove(_Refuser))
