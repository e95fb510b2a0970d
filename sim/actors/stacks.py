"""Where in the user's code something happened: `file:line` of the innermost statement of their project."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

IsProject = Callable[[str], bool]
Place = tuple[str, int, str]
"""File, line, function."""


def of_error(error: BaseException, is_project: IsProject) -> str:
    """The place that an exception came from."""
    frames = [(f.filename, f.lineno or 0, f.name) for f in traceback.extract_tb(error.__traceback__)]
    return innermost(frames, is_project)


def of_frame(frame: FrameType | None, is_project: IsProject) -> str:
    """The innermost place of the project on a running stack."""
    while frame is not None:
        if is_project(frame.f_code.co_filename):
            return _short((frame.f_code.co_filename, frame.f_lineno, ""))
        frame = frame.f_back
    return ""


def importing_library(is_project: IsProject) -> bool:
    """Whether the caller runs because a module that is not the project's is being imported for the first time."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    if frame is None or is_project(frame.f_code.co_filename):
        return False
    frame = frame.f_back
    while frame is not None and frame.f_code.co_name != "<module>":  # a loader may stand between
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def of_strand(strand: Any) -> list[Place]:
    """The stack of a strand that waits, outermost first; of its asyncio tasks when it waits in an event loop."""
    frames = _walk(strand.gr_frame)
    loop = next((f for f in frames if f[2] == "run_forever" and f[0].endswith("base_events.py")), None)
    return frames if loop is None else frames + _of_tasks(strand)


def _walk(frame: FrameType | None) -> list[Place]:
    places: list[Place] = []
    while frame is not None:
        places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return places[::-1]


def _of_tasks(strand: Any) -> list[Place]:
    """The coroutine chain of the task that waits deepest in the network."""
    frame = strand.gr_frame
    while frame is not None and frame.f_code.co_name != "run_forever":
        frame = frame.f_back
    loop = frame.f_locals.get("self") if frame is not None else None
    if loop is None:
        return []
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: _number_of(task.get_name()))
    chains = [_chain(task.get_coro()) for task in tasks]
    return max(chains, key=len, default=[])


def _number_of(name: str) -> tuple[int, str]:
    digits = name.rpartition("-")[2]
    return (int(digits) if digits.isdigit() else 0, name)


def _chain(coroutine: Any) -> list[Place]:
    places: list[Place] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return places


def innermost(frames: list[Place], is_project: IsProject) -> str:
    """`file:line` of the last frame of the project; of the last frame at all when none is."""
    own = [frame for frame in frames if is_project(frame[0])]
    return _short((own or frames)[-1]) if frames else ""


def shown(frames: list[Place], is_project: IsProject) -> list[str]:
    """The project's frames and the call they are stuck in, outermost first."""
    own = [f"{_short(frame)} in {frame[2]}" for frame in frames if is_project(frame[0])]
    return own[-8:]


def _short(place: Place) -> str:
    return f"{Path(place[0]).name}:{place[1]}"
