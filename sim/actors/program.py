"""One running program: the nearest thing to an operating-system process that lives in virtual time.

It has a main thread and others, signals, sockets, standard output, an environment, a working directory,
atexit handlers and an exit status, and it can be killed at any instant: what it had in memory is gone, what
it wrote stays.
"""

from __future__ import annotations

import hashlib
import io
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sim.actors import stacks
from sim.actors.aio import end_tasks, silence
from sim.actors.hosts import hosts_of
from sim.actors.hub import Killed
from sim.actors.output import Output
from sim.actors.process import Process
from sim.actors.signals import Signals
from sim.actors.sockets import VirtualSocket
from sim.actors.strand import Strand, current
from sim.actors.threads import MainThread, finish_thread, forget_pools, release_pools, run_thread
from sim.actors.vtime import epoch_ns
from sim.actors.watchdog import BusyLoop
from sim.clock import MINUTE, SECOND

if TYPE_CHECKING:
    from sim.actors.runtime import Runtime

HANG_AFTER_US = 5 * MINUTE
"""A call without a timeout that has not come back after so long is written down as a hang."""

_SWALLOWED = 50
"""A strand that catches its own death so many times is left where it is, never to run again."""

_FIRST_IDENT = 140_000_000_000_000


class Program:
    """A program that was started in a World."""

    def __init__(self, runtime: Runtime, process: Process, label: str) -> None:
        """Belongs to `process` of the firm; `label` is what its errors are reported under ("run", a script's name)."""
        world = runtime.world
        self.runtime, self.process, self.label = runtime, process, label
        self.name = process.name
        self.world, self.env, self.hub, self.history = world, world.env, world.hub, world.history
        self.hosts = hosts_of(world)
        self.epoch_ns = epoch_ns(world.clock.epoch)
        self.private: tuple[str, ...] = (str(runtime.directory),)
        """Folders whose names differ from run to run, and so are not written down."""
        self.dead = False
        self.exit_code: int | None = None
        self.pid = runtime.next_pid()
        self.host_name = "drill"
        self.default_timeout: float | None = None
        self.signals = Signals(self)
        self.output = Output(self)
        self.stdin = io.StringIO()
        self.environ: dict[bytes, bytes] = {}
        self.atexit: list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]] = []
        self.main: Strand = None  # type: ignore[assignment]
        self.on_exit: list[Callable[[int], None]] = []
        self._strands: list[Strand] = []
        self._sockets: dict[int, VirtualSocket] = {}
        self._numbers: dict[str, int] = {}
        self._refused: set[str] = set()  # membership only
        self._leaving = False
        self._random = world.streams.stream(f"code/{self.name}/{self.pid}")
        process.on_kill.append(lambda: self.kill(-int(signal.SIGKILL)))

    # Life.

    def start(self, body: Callable[[], object]) -> None:
        """Run `body` on the main thread, at once, up to its first wait."""
        self.main = self._new_strand(lambda: self._run_main(body))
        self.runtime.programs.append(self)
        self.hub.enter(self.main)

    def call(self, body: Callable[[], object]) -> None:
        """Run `body` as the main thread does its next piece of work: at once, up to its first wait or its end."""
        strand = self._new_strand(body)
        if self.main is None:
            self.runtime.programs.append(self)
            self.main = strand
        else:
            strand.thread, strand.ident = self.main.thread, self.main.ident
            self.main = strand
        self.hub.enter(strand)

    def go_on(self, strand: Strand) -> None:
        """As `call`, on a strand that has done its earlier work and rests."""
        self.runtime.activate(self)
        self.runtime.watchdog.beat += 1
        self.main = strand
        strand.polls = 0
        self.hub.resume(strand)

    def run_strand(self, strand: Strand, body: Callable[[], object]) -> None:
        """What every strand of the program runs."""
        if not self.dead:
            self.runtime.activate(self)
        if strand is self.main and strand.thread is None:
            strand.thread = MainThread()
            strand.thread._ident = strand.ident
        try:
            body()
        except Killed as end:
            if isinstance(end, BusyLoop):
                self.runtime.watchdog.record(strand)
        finally:
            if strand in self._strands:
                self._strands.remove(strand)

    def _run_main(self, body: Callable[[], object]) -> None:
        code = self._exit_code_of(body)
        try:
            self._leave(code)
        except Killed:
            pass

    def _exit_code_of(self, body: Callable[[], object]) -> int:
        try:
            answer = body()
            self.runtime.note_answer(self, answer)
        except Killed:
            raise
        except SystemExit as leaving:
            return self._status(leaving.code)
        except KeyboardInterrupt as interrupt:
            if self.runtime.interrupted:
                raise
            self._report(interrupt)
            return 130
        except BaseException as error:
            self._report(error)
            return 1
        return 0

    def _status(self, code: Any) -> int:
        if code is None or isinstance(code, int):
            return int(code or 0)
        self.output.write("stderr", f"{code}\n")
        return 1

    def _report(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}"
        hook: Any = sys.excepthook
        self.history.emit(
            "code.error", self.name, hook=self.label, error=self.output.plain(text),
            at=stacks.of_error(error, self.runtime.is_project),
        )  # fmt: skip
        if hook is not sys.__excepthook__:
            try:
                hook(type(error), error, error.__traceback__)
            except Exception:
                pass
        self.output.write_traceback(error)

    def _leave(self, code: int) -> None:
        """What the interpreter does at its exit: wait for threads that are not daemons, then the atexit handlers."""
        release_pools([strand.thread for strand in self._strands if strand.thread is not None])
        while waiting := [s for s in self._strands if s is not self.main and not s.thread.daemon]:
            threading.Thread.join(waiting[0].thread)
        self._leaving = True
        while self.atexit:
            function, args, kwargs = self.atexit.pop()
            try:
                function(*args, **kwargs)
            except Exception as error:
                self._report(error)
        self.end("", code)

    def end(self, reason: str, code: int) -> None:
        """End now, by itself: exit status and the end of every thread, the caller included."""
        if self.dead:
            raise Killed
        self.output.flush()
        self.exit_code = code
        more = {"reason": reason} if reason else {}
        self.history.emit("code.exit", self.name, hook=self.label, code=str(code), **more)
        self._stop()
        for listener in self.on_exit:
            listener(code)
        me = current()
        if me is not None and me.program is self:
            raise Killed

    def kill(self, code: int) -> None:
        """End from outside, without a last word."""
        if not self.dead:
            self.exit_code = code
            self._stop()

    def _stop(self) -> None:
        self.dead = True
        silence(self)
        for vsocket in list(self._sockets.values()):
            vsocket._let_go()
        me = current()
        threads = [strand.thread for strand in self._strands if strand.thread is not None]
        for strand in list(self._strands):
            if strand is me:
                continue
            if strand:  # begun, and not yet ended
                self.hub.kill(strand)
        if "asyncio" in sys.modules:
            self.hub.enter(Strand(self, lambda: end_tasks(self), 0))
        for thread in threads:
            finish_thread(thread)
        forget_pools(threads)
        self._strands = [strand for strand in self._strands if strand is me]
        self.runtime.ended(self)

    def check(self, strand: Strand) -> None:
        """Raise `Killed` in a strand whose program has ended; one that will not hear it runs no further."""
        if not self.dead:
            return
        swallowed = strand.locals.get(0, 0) + 1
        strand.locals[0] = swallowed
        if swallowed > _SWALLOWED:
            self.hub.abandon(strand)
        raise Killed

    # Threads.

    def _new_strand(self, body: Callable[[], object]) -> Strand:
        strand = Strand(self, body, _FIRST_IDENT + 4096 * self.next_number("strand"))
        self._strands.append(strand)
        self.process.adopt(strand)
        return strand

    def start_thread(self, thread: Any) -> None:
        """Run a `threading.Thread` in a strand of its own, which begins when the caller next waits."""
        if self._leaving:
            raise RuntimeError("can't create new thread at interpreter shutdown")
        strand = self._new_strand(lambda: run_thread(thread))
        strand.thread = thread
        thread._ident, thread._native_id = strand.ident, self.pid + self.next_number("native")
        vars(thread)["_firedrill_strand"] = True
        self.env.call_later(0, self._enter, strand)

    def _enter(self, strand: Strand) -> None:
        if not self.dead:
            self.hub.enter(strand)

    def threads(self) -> list[threading.Thread]:
        """The threads alive, the main thread first."""
        return list(dict.fromkeys(strand.thread for strand in self._strands if strand.thread is not None))

    def thread_failed(self, thread: Any, kind: Any, error: Any, trace: Any) -> None:
        """An exception ended a thread: it is written down, and the program goes on."""
        self.history.emit(
            "code.error", self.name, hook=f"thread {thread.name}", error=self.output.plain(f"{kind.__name__}: {error}"),
            at=stacks.of_error(error, self.runtime.is_project),
        )  # fmt: skip
        if threading.excepthook is not threading.__excepthook__:
            threading.excepthook(threading.ExceptHookArgs((kind, error, trace, thread)))
            return
        self.output.write("stderr", f"Exception in thread {thread.name}:\n")
        self.output.write_traceback(error)

    def next_number(self, of: str) -> int:
        """1, 2, 3, ... for each kind of thing that is counted per process."""
        self._numbers[of] = number = self._numbers.get(of, 0) + 1
        return number

    # Chance.

    def random_bytes(self, count: int) -> bytes:
        """What the machine's source of randomness gives: the same in each run of a seed.

        A library that draws while it is imported gets bytes of its own: it is imported once for all programs of
        this process, and the first of them must not draw otherwise than the next.
        """
        if stacks.importing_library(self.runtime.is_project):
            return hashlib.shake_128(b"import").digest(count)
        return self._random.bytes(count)  # type: ignore[no-any-return]

    # Sockets.

    def add_socket(self, vsocket: VirtualSocket) -> int:
        """A number for a new socket."""
        number = 1000 + self.next_number("socket")
        self._sockets[number] = vsocket
        return number

    def drop_socket(self, number: int) -> None:
        """The socket is closed."""
        self._sockets.pop(number, None)

    def socket_of(self, number: int) -> VirtualSocket | None:
        """The socket with this number."""
        return self._sockets.get(number)

    def make_socket(self) -> VirtualSocket:
        """The near end of an accepted connection."""
        made: VirtualSocket = VirtualSocket.__new__(VirtualSocket)
        made.set_up(self)
        return made

    def write_wakeup(self, number: int, byte: int) -> None:
        """Put a signal's number where an event loop reads it."""
        vsocket = self._sockets.get(number)
        if vsocket is not None and vsocket._far is not None:
            vsocket._far.send(bytes([byte]))

    def refuse(self, kind: str, what: str) -> None:
        """Write down, once, that the program asked for something a drill does not give."""
        if what not in self._refused:
            self._refused.add(what)
            self.history.emit("code.refused", self.name, refused=kind, what=what, at=self.where())

    # What went wrong.

    def where(self) -> str:
        """`file:line` of the program's statement that is running now."""
        return stacks.of_frame(sys._getframe(1), self.runtime.is_project)

    def watch_for_hang(self, strand: Strand, waiting: VirtualSocket, what: str) -> None:
        """Look again after `HANG_AFTER_US` whether `strand` still waits for an answer that does not come."""
        began, env = env_now(self), self.env

        def look() -> None:
            if self.dead or strand.network_wait is not waiting or strand.wait_began_us != began:
                return
            owed = waiting.owes
            if owed is not None:
                self.hang(owed, strand, (env.now - began) / SECOND)

        strand.wait_began_us = began
        env.call_later(HANG_AFTER_US, look)

    def hang(self, endpoint: str, strand: Strand, waited_s: float) -> None:
        """Write down a call that does not come back."""
        frames = stacks.of_strand(strand)
        self.history.emit(
            "code.hang", self.name, endpoint=endpoint, at=stacks.innermost(frames, self.runtime.is_project),
            stack=stacks.shown(frames, self.runtime.is_project), waited_s=waited_s,
        )  # fmt: skip

    def strands(self) -> Iterable[Strand]:
        """All threads."""
        return tuple(self._strands)


def env_now(program: Program) -> int:
    """The virtual instant."""
    return int(program.env.now)


def format_error(error: BaseException) -> str:
    """A traceback as Python prints it."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))
