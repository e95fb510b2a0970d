"""The connection of each thread to the World: requests, notes, and calls in the middle of a wait.

Only one thread runs at a time: the others are blocked in a read here. See `sim.lockstep.protocol`.
"""

from __future__ import annotations

import _socket
import _thread
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_Socket = _socket.socket
_real_exit = os._exit
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_MOST_NOTES = 400

POLLS = 20000
"""So many looks at the clock in a row, without a wait between, are a polling loop."""

POLL_S = 0.001
"""What each further look costs a polling loop, so that time passes for it as it does on a real machine."""


class Finished(BaseException):
    """The process has said its last word: the interpreter may end."""


class Mine(_thread._local):
    """What each thread knows of itself."""

    line: Any = None
    """Its connection."""
    ident = 0
    thread: Any = None
    polls = 0
    waits = 0
    """How often it has asked for something that may wait."""
    in_log = 0
    """More than 0 while log handlers work: what they print is in the log already."""


class World:
    """What the process knows of the World."""

    now_us = 0
    epoch_ns = 0
    epoch = 0
    """Raised at each answer: what was read of the firm before it may be old."""
    notes: list[Any] = []
    kept: dict[int, BaseException] = {}
    """Exceptions that the World only passes through."""
    settings: dict[str, Any] = {}
    calls: dict[str, Callable[..., Any]] = {}
    """What the World may ask of a waiting thread."""
    leaving = False
    """Whether the process has said its last word."""
    raise_error: Callable[[Any], BaseException] = staticmethod(lambda sent: RuntimeError(sent))
    describe: Callable[[BaseException], Any] = staticmethod(lambda error: {})
    path = ""
    key = ""


mine = Mine()


class Line:
    """One connection."""

    def __init__(self, suffix: str) -> None:
        """Connect and say hello."""
        self.suffix = suffix
        self._socket = _Socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(World.path)
        self._buffer = b""
        hello = {"hello": World.key + suffix, "pid": os.getpid(), "ppid": os.getppid(), "argv": sys.argv[:20]}
        self._write(hello)

    def ask(self, request: Any) -> Any:
        """Send the notes that have gathered and a request; its answer, waited for."""
        self._say(request)
        return self.wait()

    def wait(self) -> Any:
        """The answer; what the World asks for meanwhile is done."""
        while True:
            while b"\n" not in self._buffer:
                try:
                    piece = self._socket.recv(65536)
                except OSError:
                    piece = b""
                if not piece:
                    _real_exit(137)  # the World has gone, or wants this process gone
                self._buffer = self._buffer + piece if self._buffer else piece
            text, _, self._buffer = self._buffer.partition(b"\n")
            answer = json.loads(text.decode())
            World.now_us = answer[0]
            World.epoch += 1
            kind = answer[1]
            if kind == "ok":
                return answer[2]
            if kind == "err":
                raise World.raise_error(answer[2])
            self._do(answer[2], answer[3])

    def _do(self, what: str, arguments: Any) -> None:
        try:
            request = ["done", World.calls[what](*arguments)]
        except Finished:
            raise
        except BaseException as error:
            request = ["raised", World.describe(error)]
        self._say(request)

    def end(self) -> None:
        """This thread has ended."""
        self._say(["end"])
        self._socket.close()

    def _say(self, request: Any) -> None:
        # Once it is sent another thread may run: from there on nothing that threads share may be touched.
        notes, World.notes = World.notes, []
        notes.append(request)
        self._write(notes)

    def _write(self, message: Any) -> None:
        try:
            self._socket.sendall(_encode(message).encode() + b"\n")
        except OSError:
            _real_exit(137)


def request(*what: Any) -> Any:
    """Ask the World for something and wait for its answer."""
    if World.leaving:
        raise OSError(9, "the process is at its end")
    return mine.line.ask(what)


def wait(*what: Any) -> Any:
    """A request that waits: looks at the clock are counted from here anew."""
    mine.polls = 0
    mine.waits += 1
    return request(*what)


def note(*what: Any) -> None:
    """Tell the World something; it hears of it with the next request."""
    if World.leaving:
        return
    World.notes.append(what)
    if len(World.notes) > _MOST_NOTES:
        request("sync")


def poll() -> None:
    """Count a look at the clock that is not a wait; a loop of nothing else is made to wait."""
    mine.polls += 1
    if mine.polls > POLLS and not World.leaving:
        polls = mine.polls
        request("park", POLL_S)
        mine.polls = polls


def give_way() -> None:
    """Let others run at this instant: a `sleep(0)`."""
    poll()
    polls = mine.polls
    request("sleep", 0)
    mine.polls = polls
