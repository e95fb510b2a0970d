"""Python that a program of a run starts: it finds the agent on PYTHONPATH and lives in virtual time with its threads.

Such a process is not listened to alone, as one that the World started is: it may wait for a shell that waits
for a shim, so the whole family must rest before the World goes on. Its connections are read by the session
while the family settles; a strand that wants the next message waits in the World until there is one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.actors.hub import Killed
from sim.actors.program import _FIRST_IDENT
from sim.actors.stacks import Place
from sim.actors.strand import Strand, current
from sim.lockstep.channel import Channel, Gone
from sim.lockstep.child import START_LIMIT_S, outside
from sim.lockstep.protocol import message
from sim.lockstep.remote_program import RemoteProgram
from sim.lockstep.server import Hello, Server
from sim.lockstep.tree import Task, environment_of

if TYPE_CHECKING:
    from sim.lockstep.session import Session


class GuestChannel(Channel):
    """A connection of a guest's thread: read while the family settles."""

    def __init__(self, fd: int, session: Session, path: tuple[int, ...]) -> None:
        """Talk over the connected socket `fd` of the process at `path` of the family tree."""
        super().__init__(fd)
        os.set_blocking(fd, False)
        self.path = path
        self._session = session
        self._strand: Strand | None = None
        self._ended = False

    @property
    def heard(self) -> bool:
        """Whether a message is there, or will never come."""
        return self._ended or b"\n" in self._buffer

    def take_in(self) -> bool:
        """Read what has come; whether anything has."""
        if self.heard or self._fd < 0:
            return False
        try:
            piece = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            piece = b""
        self._buffer += piece
        self._ended = not piece
        return True

    def wake(self) -> None:
        """Let the strand that waits for a message go on, at this instant."""
        if self._strand is not None and self.heard:
            self._strand.wake()

    def receive(self) -> Any:
        """The next message; others of the family may have to wait in virtual time before it comes."""
        me = current()
        assert me is not None
        self._strand = me
        try:
            if not self.heard:
                outside(lambda: self._session.settle(stirs=False))
            while not self.heard:
                me.park()
        finally:
            self._strand = None
        if b"\n" not in self._buffer:
            self._session.stir()
            raise Gone
        text, _, self._buffer = self._buffer.partition(b"\n")
        self.crossings += 1
        said = message(text)
        if said[-1][0] != "stir" or said[-1][3]:
            self._session.stir()
        return said


class _Child:
    """The process of a guest, as its program sees it: somebody else starts, waits for and ends it."""

    def __init__(self, server: Server, key: str, first: GuestChannel, wrap: Callable[[Channel], GuestChannel]) -> None:
        self._server, self._key, self._first, self._wrap = server, key, first, wrap
        self.folder = str(server.folder)

    def accept(self, suffix: str) -> Channel:
        if not suffix:
            return self._first
        key = self._key + suffix
        for found in self._server.strangers:
            if found[0].key == key:
                self._server.strangers.remove(found)
                return self._wrap(found[1])
        _, channel = self._server.accept(key, lambda: True, START_LIMIT_S)
        return self._wrap(channel)

    def wait(self) -> int:
        return 0

    def kill(self) -> None:
        """The session ends all of its processes together."""

    def last_words(self) -> str:
        return ""

    def stuck(self, silent_s: float) -> str | None:
        return None

    def freeze(self) -> list[Place]:
        return []


class Guest(RemoteProgram):
    """A Python of the family."""

    def __init__(self, session: Session, hello: Hello, channel: Channel, task: Task) -> None:
        """It has said hello and waits to be answered."""
        first = _wrapped(channel, session, task)
        child: Any = _Child(session.room.server, hello.key, first, lambda more: _wrapped(more, session, task))
        super().__init__(session.room.runtime, session.process, session.label, child)
        self.pid = hello.pid
        self._session = session
        self.task = task
        kept = [name for name in environment_of(task.pid) if name.startswith(("FIREDRILL", "PYTHON", "TZ"))]
        where = str(session.room.working_directory)
        self.settings = {
            "pid": hello.pid, "ident": _FIRST_IDENT + 4096, "epoch_ns": self.epoch_ns,
            "seed": int.from_bytes(session.random_bytes(8), "big"), "host_name": self.host_name, "roots": [where],
            "root": where, "directory": where, "gone": [], "target": "", "argv": [], "path": [], "keep": kept,
            "desk": None, "spawn": True,
        }  # fmt: skip

    def begin(self) -> None:
        """Answer its hello, and what it asks for from then on."""
        if self.dead:
            return
        self.main = self._new_strand(self._serve)
        self.runtime.programs.append(self)
        self.hub.enter(self.main)

    def signal(self, number: int) -> None:
        """A relative has sent it a signal that it handles."""
        if not self.dead:
            self.signals.deliver(number)

    def _serve(self) -> None:
        self._first = self._take("")
        try:
            self._first.ok(self.env.now, self.settings)
            self.serve(self._first)
        except Gone:
            pass
        self._died()

    def stirred(self, wait: Callable[[], Any]) -> Any:
        """Do `wait`, which ends early when a relative has done something."""
        me = current()
        assert me is not None
        self._session.stirrable.append(me)
        try:
            return wait()
        finally:
            self._session.stirrable.remove(me)

    def _exit(self, channel: Channel, code: int, reason: str) -> None:
        self._answer(channel.ok, None)
        outside(self._session.settle)
        self._died()

    def _died(self) -> Any:
        """It has ended; its status is for whoever started it."""
        if not self.dead:
            self.exit_code = 0
            self._stop()
        raise Killed

    def _stop(self) -> None:
        super()._stop()
        self._session.guest_ended(self)


def _wrapped(channel: Channel, session: Session, task: Task) -> GuestChannel:
    fd, channel._fd = channel._fd, -1
    made = GuestChannel(fd, session, task.path)
    session.channels.append(made)
    return made
