"""Locks and threads in virtual time.

Events, conditions, semaphores, barriers, timers, queues and thread pools of the standard library are Python
code over two things: locks and threads. So those two are replaced, and the rest follows. A strand holds the
machine's thread for as long as it does not wait, so a lock needs no protection of its own: it is a flag and a
queue of strands, handed on in the order of asking.
"""

from __future__ import annotations

import _thread
import _threading_local
import concurrent.futures.thread as pool
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import greenlet

from sim.actors.patching import Patches
from sim.actors.strand import Strand, current
from sim.actors.vtime import delay_us

_getcurrent = greenlet.getcurrent
_real_lock, _real_rlock, _RealSimpleQueue = _thread.allocate_lock, threading.RLock, queue.SimpleQueue
_real_start, _real_join, _real_is_alive = threading.Thread.start, threading.Thread.join, threading.Thread.is_alive
_real_get_ident, _real_native_id = threading.get_ident, threading.get_native_id
_real_current_thread, _real_main_thread = threading.current_thread, threading.main_thread
_real_enumerate, _real_active_count = threading.enumerate, threading.active_count
_real_newname = threading._newname  # type: ignore[attr-defined]


class Lock:
    """A lock of strands; outside of programs, calling this makes a real lock."""

    __slots__ = ("__weakref__", "_held", "_waiting")

    def __new__(cls) -> Any:
        """A virtual lock in a strand, a real one elsewhere."""
        if type(_getcurrent()) is not Strand:
            return _real_lock()
        self = object.__new__(cls)
        self._held, self._waiting = False, None
        return self

    _held: bool
    _waiting: deque[Strand] | None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False when it was not to be had in time."""
        if not self._held:
            self._held = True
            return True
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        try:
            me = current()
        except RuntimeError:  # the interpreter is at its end and has no greenlets any more
            return False
        if not blocking or me is None or timeout == 0:
            if me is not None:
                me.poll()
            return False
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(me)
        try:
            if me.park(None if timeout == -1 else delay_us(timeout)):
                return True  # the strand that released it left it held, for us
        except BaseException:
            if me in self._waiting:
                self._waiting.remove(me)
            raise
        self._waiting.remove(me)
        return False

    def release(self) -> None:
        """Give the lock up, to the strand that has waited longest."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        waiting = self._waiting
        while waiting:
            strand = waiting.popleft()
            if not strand.dead and not strand.program.dead:
                strand.wake()
                return
        self._held = False

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held, self._waiting = False, None


class RLock:
    """A lock that its holder may take again; outside of programs, calling this makes a real one."""

    __slots__ = ("__weakref__", "_block", "_count", "_owner")

    def __new__(cls) -> Any:
        """A virtual lock in a strand, a real one elsewhere."""
        if type(_getcurrent()) is not Strand:
            return _real_rlock()
        self = object.__new__(cls)
        self._block, self._count, self._owner = Lock(), 0, None
        return self

    _block: Lock
    _count: int
    _owner: Any

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock once more."""
        me = _getcurrent()
        if self._owner is me:
            self._count += 1
            return True
        taken = self._block.acquire(blocking, timeout)
        if taken:
            self._owner, self._count = me, 1
        return taken

    def release(self) -> None:
        """Undo one `acquire`."""
        if self._owner is not _getcurrent():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._block.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    # What Condition asks of its lock.

    def _is_owned(self) -> bool:
        return self._owner is _getcurrent()

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


class _SimpleQueue(queue._PySimpleQueue):  # type: ignore[name-defined,misc]
    def __new__(cls) -> Any:
        return _RealSimpleQueue() if type(_getcurrent()) is not Strand else object.__new__(cls)


def _start(self: threading.Thread) -> None:
    me = current()
    if me is None:
        _real_start(self)
        return
    thread: Any = self
    if not thread._initialized:
        raise RuntimeError("thread.__init__() not called")
    if thread._started.is_set():
        raise RuntimeError("threads can only be started once")
    me.program.start_thread(thread)
    thread._started.set()


def run_thread(thread: Any) -> None:
    """The body of a strand that runs a `threading.Thread`: what the interpreter does around `run`."""
    try:
        thread.run()
    except SystemExit:
        pass
    except Exception:
        current_strand = current()
        assert current_strand is not None
        current_strand.program.thread_failed(thread, *sys.exc_info())
    finally:
        finish_thread(thread)


def finish_thread(thread: Any) -> None:
    """Mark a thread as ended, for the real standard library too, and let those go on who wait for it."""
    thread._is_stopped = True
    for waiting in vars(thread).pop("_firedrill_joiners", ()):
        waiting.wake()


def _mine(thread: Any) -> bool:
    return "_firedrill_strand" in vars(thread)


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    me = current()
    if me is None or not _mine(self):
        _real_join(self, timeout)
        return
    thread: Any = self
    if thread is me.thread:
        raise RuntimeError("cannot join current thread")
    if thread._is_stopped:
        return
    joiners: list[Strand] = vars(thread).setdefault("_firedrill_joiners", [])
    joiners.append(me)
    if not me.park(None if timeout is None else delay_us(max(timeout, 0))) and me in joiners:
        joiners.remove(me)


def _is_alive(self: threading.Thread) -> bool:
    if _mine(self):
        thread: Any = self
        return not thread._is_stopped
    return _real_is_alive(self)


def _current_thread() -> threading.Thread:
    me = _getcurrent()
    return me.thread if type(me) is Strand else _real_current_thread()


def _get_ident() -> int:
    me = _getcurrent()
    return me.ident if type(me) is Strand else _real_get_ident()


def _native_id() -> int:
    me = _getcurrent()
    return me.program.pid + me.ident % 1000 if type(me) is Strand else _real_native_id()


def _main_thread() -> threading.Thread:
    me = current()
    return _real_main_thread() if me is None else me.program.main.thread


def _enumerate() -> list[threading.Thread]:
    me = current()
    return _real_enumerate() if me is None else me.program.threads()


def _active_count() -> int:
    me = current()
    return _real_active_count() if me is None else len(me.program.threads())


def _newname(template: str = "Thread-%d") -> str:
    me = current()
    return _real_newname(template) if me is None else template % me.program.next_number("thread")


def _pool_number(real: Callable[[], int]) -> Callable[[], int]:
    def number() -> int:
        me = current()
        return real() if me is None else me.program.next_number("pool") - 1

    return number


def _start_new_thread(function: Callable[..., object], args: tuple[Any, ...], kwargs: Any = None) -> int:
    me = current()
    if me is None:
        return _real_start_new_thread(function, args, kwargs or {})
    thread = threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    return thread.ident or 0


_real_start_new_thread: Callable[..., int] = _thread.start_new_thread


class MainThread(threading.Thread):
    """What `threading.main_thread()` is in a program."""

    def __init__(self) -> None:
        """Already running."""
        super().__init__(name="MainThread", daemon=False)
        started: Any = self
        started._started.set()


def release_pools(threads: list[Any]) -> list[Any]:
    """Tell the idle workers of thread pools to end, as the interpreter does at its exit; the workers."""
    workers = [thread for thread in threads if thread in pool._threads_queues]
    for thread in workers:
        executor = thread._args[0]() if getattr(thread, "_args", None) else None
        if executor is not None:
            executor._shutdown = True
        pool._threads_queues[thread].put(None)
    return workers


def forget_pools(threads: list[Any]) -> None:
    """Remove ended threads from the list of those that the real interpreter waits for at its exit."""
    queues: Any = pool._threads_queues
    for thread in threads:
        queues.pop(thread, None)


def add_patches(patches: Patches) -> None:
    """Replace locks and threads."""
    thread: Any = threading.Thread
    patches.name(threading, "Lock", Lock)
    patches.name(_thread, "allocate_lock", Lock)
    patches.name(threading, "RLock", RLock)
    patches.name(queue, "SimpleQueue", _SimpleQueue)
    patches.name(threading, "local", _threading_local.local)
    patches.name(threading, "get_ident", _get_ident)
    patches.name(threading, "get_native_id", _native_id)
    patches.name(threading, "current_thread", _current_thread)
    patches.name(threading, "main_thread", _main_thread)
    patches.name(threading, "enumerate", _enumerate)
    patches.name(threading, "active_count", _active_count)
    patches.name(threading, "_newname", _newname)
    patches.name(_thread, "start_new_thread", _start_new_thread)
    patches.attribute(thread, "start", _start)
    patches.attribute(thread, "join", _join)
    patches.attribute(thread, "is_alive", _is_alive)
    executor: Any = pool.ThreadPoolExecutor
    patches.attribute(executor, "_counter", staticmethod(_pool_number(executor._counter)))
