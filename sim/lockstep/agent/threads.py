"""Locks and threads in the World's time.

Threads are real ones, of which one runs at a time. A lock is a flag and a queue of threads: whoever finds it held
asks the World to be parked, and whoever releases it hands it to the thread that has waited longest.
"""

from __future__ import annotations

import _thread
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.places import of_error
from sim.lockstep.agent.wire import Line, World, mine, note, poll, request, wait

_real_lock, _real_start_new_thread = _thread.allocate_lock, _thread.start_new_thread
_real_current_thread = threading.current_thread
alive: list[Any] = []
"""The threads alive, the main thread first."""
_counts: dict[str, int] = {}


class Lock:
    """A lock."""

    __slots__ = ("__weakref__", "_held", "_waiting")

    def __init__(self) -> None:
        """Free."""
        self._held = False
        self._waiting: Any = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False when it was not to be had in time."""
        if not self._held:
            self._held = True
            return True
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if not blocking or timeout == 0:
            poll()
            return False
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if World.leaving:
            return False
        if self._waiting is None:
            self._waiting = deque()
        me = mine.line.suffix
        self._waiting.append(me)
        try:
            if wait("park", None if timeout == -1 else timeout):
                return True  # the thread that released it left it held, for us
        except BaseException:
            if me in self._waiting:
                self._waiting.remove(me)
            raise
        self._waiting.remove(me)
        return False

    def release(self) -> None:
        """Give the lock up, to the thread that has waited longest."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        if self._waiting:
            note("wake", self._waiting.popleft())
        else:
            self._held = False

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._held

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held, self._waiting = False, None


class RLock:
    """A lock that its holder may take again."""

    __slots__ = ("__weakref__", "_block", "_count", "_owner")

    def __init__(self) -> None:
        """Free."""
        self._block, self._count = Lock(), 0
        self._owner: Any = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock once more."""
        me = mine.line
        if self._owner is me and me is not None:
            self._count += 1
            return True
        taken = self._block.acquire(blocking, timeout)
        if taken:
            self._owner, self._count = me, 1
        return taken

    def release(self) -> None:
        """Undo one `acquire`."""
        if self._owner is not mine.line or not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._block.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return self._owner is mine.line

    def _recursion_count(self) -> int:
        return self._count if self._owner is mine.line else 0

    def _release_save(self) -> Any:
        state = self._count, self._owner
        self._count, self._owner = 0, None
        self._block.release()
        return state

    def _acquire_restore(self, state: Any) -> None:
        self._block.acquire()
        self._count, self._owner = state

    def _at_fork_reinit(self) -> None:
        self._block, self._count, self._owner = Lock(), 0, None


def _start(self: Any) -> None:
    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    if World.leaving or World.settings.get("ending"):
        raise RuntimeError("can't create new thread at interpreter shutdown")
    given = request("thread", bool(self.daemon))
    self._ident, self._native_id = given["ident"], given["native"]
    alive.append(self)
    self._started.set()
    run_connected(f"/t{given['number']}", lambda: _run(self))


def run_connected(suffix: str, body: Callable[[], None]) -> None:
    """Start a thread of the machine that runs `body` when its turn comes; returns when it waits for that."""
    connected = _real_lock()
    connected.acquire()

    def begin() -> None:
        mine.line = Line(suffix)
        connected.release()
        mine.line.wait()
        body()
        if not World.leaving:
            mine.line.end()

    _real_start_new_thread(begin, ())
    connected.acquire()


def _run(thread: Any) -> None:
    mine.ident, mine.thread = thread._ident, thread
    try:
        thread.run()
    except SystemExit:
        pass
    except BaseException:
        _failed(thread, *sys.exc_info())
    finally:
        thread._firedrill_done = thread._is_stopped = True
        alive.remove(thread)
        for suffix in thread.__dict__.pop("_firedrill_joiners", ()):
            note("wake", suffix)


def _failed(thread: Any, kind: Any, error: Any, trace: Any) -> None:
    note("error", f"thread {thread.name}", f"{kind.__name__}: {error}", of_error(error))
    if threading.excepthook is not threading.__excepthook__:
        threading.excepthook(threading.ExceptHookArgs((kind, error, trace, thread)))
        return
    sys.stderr.write(f"Exception in thread {thread.name}:\n")
    from traceback import format_exception_only

    sys.stderr.write("".join(format_exception_only(kind, error)))


def _join(self: Any, timeout: Any = None) -> None:
    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")
    if self is mine.thread:
        raise RuntimeError("cannot join current thread")
    if not _is_alive(self):
        return
    joiners = self.__dict__.setdefault("_firedrill_joiners", [])
    me = mine.line.suffix
    joiners.append(me)
    if not wait("park", None if timeout is None else max(timeout, 0)) and me in joiners:
        joiners.remove(me)


def _is_alive(self: Any) -> bool:
    if self is threading._main_thread:  # type: ignore[attr-defined]
        return True
    return self._started.is_set() and not self.__dict__.get("_firedrill_done", False)


def _current_thread() -> Any:
    return mine.thread or _real_current_thread()


def _start_new_thread(function: Any, args: Any, kwargs: Any = None) -> int:
    thread = threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    return thread.ident or 0


def install(ident: int) -> None:
    """Replace locks and threads; `ident` is what the main thread is called by."""
    main: Any = threading.main_thread()
    active: Any = threading._active  # type: ignore[attr-defined]
    active.pop(main._ident, None)
    mine.ident, mine.thread = ident, main
    main._ident, main._native_id = ident, World.settings["pid"]
    active[ident] = main
    alive.append(main)
    for module, name, replacement in (
        (threading, "Lock", Lock), (_thread, "allocate_lock", Lock), (threading, "RLock", RLock),
        (queue, "SimpleQueue", queue._PySimpleQueue),  # type: ignore[attr-defined]
        (threading, "get_ident", lambda: mine.ident), (threading, "current_thread", _current_thread),
        (threading, "get_native_id", lambda: World.settings["pid"] + mine.ident % 1000),
        (threading, "main_thread", lambda: main), (threading, "enumerate", lambda: list(alive)),
        (threading, "active_count", lambda: len(alive)), (_thread, "start_new_thread", _start_new_thread),
    ):  # fmt: skip
        patching.name(module, name, replacement)
    kind: Any = threading.Thread
    kind.start, kind.join, kind.is_alive = _start, _join, _is_alive
    logging = sys.modules.get("logging")
    if logging is not None:  # loaded before the locks were replaced
        vars(logging)["_lock"] = RLock()
