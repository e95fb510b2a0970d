"""The World's side of a process that lives in its time.

Each thread of the process has a strand here, which does on its behalf what it asks for and waits as any strand
waits. So the order of everything that happens, the network, the signals and the findings are those of a program in
our own process, by the same code.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import greenlet

from sim.actors import stacks
from sim.actors.hub import Killed
from sim.actors.process import Process
from sim.actors.program import _FIRST_IDENT, Program
from sim.actors.strand import Strand, current
from sim.clock import wall_seconds
from sim.errors import BadInput
from sim.lockstep.calls import NOTES, REQUESTS
from sim.lockstep.channel import Channel, Gone
from sim.lockstep.child import Child, first_line
from sim.lockstep.desk_calls import DeskCalls
from sim.lockstep.failures import described, raised

if TYPE_CHECKING:
    from sim.actors.runtime import Runtime

_OFTEN = 0xFFF
"""Once in so many crossings (a number of ones in binary) the time they take is looked at."""

_PATIENCE = 4

Unusable = Callable[[dict[str, Any]], BadInput]
"""Makes the complaint of what the child says about code that cannot be used."""


class RemoteProgram(Program):
    """A program that runs in a process of its own."""

    def __init__(self, runtime: Runtime, process: Process, label: str, child: Child) -> None:
        """Belongs to `process` of the firm; `child` is the process on the machine, not yet heard of."""
        super().__init__(runtime, process, label)
        self._child = child
        self.private = (*self.private, child.folder)
        self.note_at: str | None = None
        """Where the note comes from that is being served."""
        self.desk_calls = DeskCalls(None)
        self.settings: dict[str, Any] = {}
        """What the first thread is told in answer to its hello."""
        self.unusable: Unusable | None = None
        self._first: Channel | None = None
        self.speakers: dict[str, Strand] = {}
        """The strand that speaks for each connection, by the connection's key without the process's."""
        self._workers: list[Channel] = []
        self._frozen = False
        self.signals._handlers[int(signal.SIGINT)] = self.on_signal

    # Threads.

    def first(self) -> Channel:
        """The connection of the first thread, which waits for calls; the caller's strand speaks for it."""
        if self._first is None:
            self._first = self._take("")
            self._first.ok(self.env.now, self.settings)
            self._hear(self._first)
        return self._first

    def new_thread(self) -> dict[str, int]:
        """A strand for a thread that the child is about to start; it begins when the caller next waits."""
        number = self.next_number("remote thread")
        strand = self._new_strand(lambda: self._speak_for(number))
        self.env.call_later(0, self._enter, strand)
        return {"number": number, "ident": strand.ident, "native": self.pid + self.next_number("native")}

    def _speak_for(self, number: int) -> None:
        channel = self._take(f"/t{number}")
        channel.ok(self.env.now, None)
        try:
            self.serve(channel)
        finally:
            channel.close()

    def _take(self, suffix: str) -> Channel:
        try:
            self.runtime.watchdog.elsewhere = True
            channel = self._child.accept(suffix)
        except Gone:
            self._died()
        except TimeoutError:
            self._freeze("start of the interpreter", self._child.freeze())
        finally:
            self.runtime.watchdog.elsewhere = False
        channel.on_silence = self._silent
        me = current()
        assert me is not None
        me.channel, channel.suffix = channel, suffix
        self.speakers[suffix] = me
        return channel

    def run_strand(self, strand: Strand, body: Callable[[], object]) -> None:
        """What every strand of the program runs."""
        if not self.dead:
            self.runtime.activate(self)
        try:
            body()
        except Killed:
            pass
        finally:
            if strand in self._strands:
                self._strands.remove(strand)

    # Asking and answering.

    def ask(self, what: str, *arguments: Any) -> Any:
        """Have the child do something on a free thread, and wait for its answer; on a strand of this program."""
        me = current()
        assert me is not None
        channel = me.channel if me.channel is not None and me.program is self else self._free_thread()
        outer, me.channel = me.channel, channel
        speaker, self.speakers[channel.suffix] = self.speakers[channel.suffix], me
        try:
            return self._call(channel, what, arguments)
        finally:
            me.channel, self.speakers[channel.suffix] = outer, speaker

    def hook(self, key: str, *arguments: Any, what: str = "hook") -> Any:
        """Call a hook of the child, with what it is likely to read of the desk."""
        me = current()
        assert me is not None
        channel = me.channel if me.channel is not None and me.program is self else self._free_thread()
        outer, channel.hook = channel.hook, key
        try:
            return self.ask(what, key, *arguments, self.desk_calls.foreseen(key))
        finally:
            channel.hook = outer

    def _call(self, channel: Channel, what: str, arguments: Any) -> Any:
        if self._frozen:
            self.hub.abandon(greenlet.getcurrent())
        outer, channel.busy = channel.busy, True
        try:
            channel.call(self.env.now, what, arguments)
            return self.serve(channel)
        except Gone:
            self._died()
        finally:
            channel.busy = outer

    def _free_thread(self) -> Channel:
        first = self.first()
        for channel in (first, *self._workers):
            if not channel.busy:
                return channel
        number = self.next_number("worker")
        self._call(first, "worker", [number])
        channel = self._take(f"/w{number}")
        channel.ok(self.env.now, None)
        self._hear(channel)
        self._workers.append(channel)
        return channel

    def serve(self, channel: Channel) -> Any:
        """Answer what the thread asks for until it has done what it was called for (its answer) or has ended."""
        while True:
            if self._frozen:
                self.hub.abandon(greenlet.getcurrent())
            request = self._hear(channel)
            name, *args = request
            if not channel.crossings & _OFTEN:
                self._look_for_endless(channel)
            if name == "done":
                return args[0]
            if name == "raised":
                raise raised(args[0])
            if name == "end":
                return None
            if name == "exit":
                self._exit(channel, *args)
            try:
                value = REQUESTS[name](self, *args)
            except (Killed, BadInput, Gone, AssertionError):
                raise
            except (Exception, SystemExit) as error:
                self._answer(channel.err, described(error))
            else:
                self._answer(channel.ok, value)

    def _answer(self, answer: Callable[[int, Any], None], value: Any) -> None:
        self.check_alive()
        try:
            answer(self.env.now, value)
        except Gone:
            self._died()

    def check_alive(self) -> None:
        """Raise `Killed` in a strand whose program has ended."""
        if self.dead:
            raise Killed

    def _hear(self, channel: Channel) -> list[Any]:
        """The next request; the notes before it are taken."""
        try:
            self.runtime.watchdog.elsewhere = True
            *notes, request = channel.receive()
        except (Gone, ValueError):
            self._died()
        finally:
            self.runtime.watchdog.elsewhere = False
        for name, *args in notes:
            if name == "unusable" and self.unusable is not None:
                raise self.unusable(args[0])
            NOTES[name](self, *args)
        return request  # type: ignore[no-any-return]

    def stirred(self, wait: Callable[[], Any]) -> Any:
        """Do `wait`, which ends early when another process of its family has done something; it has none."""
        return wait()

    def on_signal(self, number: int, frame: Any) -> None:
        """Have the child handle a signal, on its first thread."""
        me = current()
        if me is not None and me.channel is not None:
            self._call(me.channel, "signal", [number])

    # Its beginning and its end.

    @property
    def first_ident(self) -> int:
        """What the first thread is called by."""
        return _FIRST_IDENT + 4096

    def begin(self) -> None:
        """Run by itself: at once, up to its first wait."""
        self.main = self._new_strand(self.run_to_end)
        self.runtime.programs.append(self)
        self.hub.enter(self.main)

    def run_to_end(self) -> None:
        """The body of the first strand of a program that runs by itself."""
        self._call(self.first(), "run", [])

    def _exit(self, channel: Channel, code: int, reason: str) -> None:
        if not reason:
            self._answer(channel.ok, None)
            self._child.wait()
        self.end(reason, code)
        raise Killed

    def _died(self) -> Any:
        """The process ended without a word: by a signal of the machine, or by `_exit` of a library."""
        code = self._child.wait()
        said = self._child.last_words()
        if said:
            self.output.write("stderr", said if said.endswith("\n") else said + "\n")
        reason = f"signal {signal.Signals(-code).name}" if code < 0 else "ended without a word"
        self.end(reason, code)
        raise Killed

    def _stop(self) -> None:
        self._child.kill()
        super()._stop()
        for channel in (self._first, *self._workers):
            if channel is not None:
                channel.close()

    # Findings.

    def where(self) -> str:
        """`file:line` of the program's statement that is running now."""
        if self.note_at is not None:
            return self.note_at
        me = current()
        if me is None or me.channel is None:
            return ""
        return self._innermost(self._stack(me.channel))

    def hang(self, endpoint: str, strand: Strand, waited_s: float) -> None:
        """Write down a call that does not come back."""
        frames = self._stack(strand.channel)
        self.history.emit(
            "code.hang", self.name, endpoint=endpoint, at=self._innermost(frames), stack=self._shown(frames),
            waited_s=waited_s,
        )  # fmt: skip

    def _stack(self, channel: Channel) -> list[stacks.Place]:
        return [(file, line, function) for file, line, function in self._call(channel, "stack", [])]

    def _innermost(self, frames: list[stacks.Place]) -> str:
        return stacks.innermost(frames, self.runtime.is_project)

    def _shown(self, frames: list[stacks.Place]) -> list[str]:
        return stacks.shown(frames, self.runtime.is_project)

    def _look_for_endless(self, channel: Channel) -> None:
        """A child that asks and asks while no time passes is in a loop, too."""
        if channel.since[0] != self.env.now:
            channel.since = self.env.now, wall_seconds()
        elif wall_seconds() - channel.since[1] > self.runtime.watchdog.limit_s * _PATIENCE:
            frames = [(file, first_line(file, line), name) for file, line, name in self._stack(channel)]
            self._child.freeze()
            self._freeze("busy loop", frames)

    def _silent(self, silent_s: float) -> None:
        """A thread that should run has said nothing for so long: look whether it is stuck."""
        kind = self._child.stuck(silent_s)
        if kind is not None:
            self._freeze(kind, self._child.freeze())

    def _freeze(self, kind: str, frames: list[stacks.Place]) -> Any:
        """Write down what the child is stuck in, and stop it there, and whoever speaks for it."""
        self.runtime.watchdog.elsewhere, self._frozen = False, True
        self.history.emit(
            "code.hang", self.name, endpoint=kind, at=self._innermost(frames), stack=self._shown(frames), waited_s=0.0,
        )  # fmt: skip
        self.hub.abandon(greenlet.getcurrent())
