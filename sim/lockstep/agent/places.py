"""Where in the user's code something happens: `file:line` of the innermost statement of their project."""

from __future__ import annotations

import os
import sys
from typing import Any

from sim.lockstep.agent.wire import World

Place = Any  # file, line, function
_known: dict[str, bool] = {}
_OWN = os.path.dirname(os.path.abspath(__file__))


def is_project(filename: str) -> bool:
    """Whether a source file belongs to the user's project (and not to a library inside it)."""
    known = _known.get(filename)
    if known is None:
        inside = any(filename.startswith(root + os.sep) for root in World.settings.get("roots", ()))
        known = _known[filename] = inside and f"{os.sep}site-packages{os.sep}" not in filename
    return known


def is_ours(filename: str) -> bool:
    """Whether a source file is one of the agent's."""
    return filename.startswith(_OWN)


def importing_library() -> bool:
    """Whether the caller runs because a module that is not the project's is being imported."""
    frame: Any = sys._getframe(1)
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


def imported_by_project() -> bool:
    """Whether the `import` statement that runs now is the project's."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen importlib") and not is_ours(file):
            return is_project(file)
        frame = frame.f_back
    return False


def here() -> str:
    """The project's statement that is running now."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if is_project(frame.f_code.co_filename):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def caller() -> str:
    """The innermost statement that is not ours."""
    frame: Any = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return "" if frame is None else f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def of_error(error: BaseException) -> str:
    """The place that an exception came from: of the project where it can be, else the innermost."""
    places: list[Place] = []
    trace = error.__traceback__
    while trace is not None:
        places.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno, ""))
        trace = trace.tb_next
    return _innermost(places)


def raised_at(error: BaseException) -> str:
    """The innermost statement that is not ours of those that an exception came from."""
    places: list[Place] = []
    trace = error.__traceback__
    while trace is not None:
        if not is_ours(trace.tb_frame.f_code.co_filename):
            places.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno, ""))
        trace = trace.tb_next
    return f"{os.path.basename(places[-1][0])}:{places[-1][1]}" if places else ""


def _innermost(places: list[Place]) -> str:
    own = [place for place in places if is_project(place[0])]
    others = [place for place in places if not is_ours(place[0])]
    chosen = own or others or places
    return f"{os.path.basename(chosen[-1][0])}:{chosen[-1][1]}" if chosen else ""


def stack() -> list[Place]:
    """The stack of this thread without our own frames, outermost first; of its asyncio tasks in an event loop."""
    places: list[Place] = []
    loop: Any = None
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not is_ours(code.co_filename):
            places.append((code.co_filename, frame.f_lineno, code.co_name))
        if code.co_name == "run_forever" and loop is None:
            loop = frame.f_locals.get("self")
        frame = frame.f_back
    places.reverse()
    return places + (_of_tasks(loop) if loop is not None else [])


def _of_tasks(loop: Any) -> list[Place]:
    asyncio: Any = sys.modules["asyncio"]

    def number(task: Any) -> Any:
        digits = task.get_name().rpartition("-")[2]
        return (int(digits) if digits.isdigit() else 0, task.get_name())

    chains = [_chain(task.get_coro()) for task in sorted(asyncio.all_tasks(loop), key=number)]
    return max(chains, key=len, default=[])


def _chain(coroutine: Any) -> list[Place]:
    places: list[Place] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return places
