"""One thread of a child, as the World talks to it: blocking, one message at a time, with an eye on silence."""

from __future__ import annotations

import _socket
import os
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol

from sim.clock import wall_seconds
from sim.lockstep.protocol import line, message

_RawSocket = _socket.socket  # bound here: in a strand the name stands for a virtual socket

LOOK_S = 0.25
"""How often a silent child is looked at."""


class Gone(Exception):
    """The child closed the connection without a word: it died."""


class Silence(Protocol):
    """Told that a child which should run has been silent; it may raise."""

    def __call__(self, silent_s: float) -> None:
        """`silent_s` real seconds without a message."""


class Channel:
    """A connection of one thread. It owns its file descriptor."""

    def __init__(self, fd: int, on_silence: Silence = lambda silent_s: None) -> None:
        """Talk over the connected Unix socket `fd`."""
        self._fd, self.on_silence = fd, on_silence
        seconds, rest = divmod(LOOK_S, 1)
        made = _RawSocket(fileno=fd)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(seconds), int(rest * 1e6)))
        made.detach()
        self._buffer = b""
        self.suffix = ""
        """Which thread of its process it is: the key without the process's."""
        self.hook: str | None = None
        """The hook that it was called for."""
        self.busy = False
        """Whether the thread has been called and has not answered yet."""
        self.since = -1, 0.0
        """A virtual instant in microseconds, and the real time at which it was first looked at."""
        self.crossings = 0
        """How many messages have come."""

    def receive(self) -> Any:
        """The next message; waits in real time. Raises `Gone` at the end, ValueError for what is none."""
        since = None
        while b"\n" not in self._buffer:
            try:
                piece = os.read(self._fd, 65536)
            except BlockingIOError:
                since = wall_seconds() - LOOK_S if since is None else since
                self.on_silence(wall_seconds() - since)
                continue
            except OSError as error:
                raise Gone from error
            if not piece:
                raise Gone
            self._buffer = self._buffer + piece if self._buffer else piece
        text, _, self._buffer = self._buffer.partition(b"\n")
        self.crossings += 1
        return message(text)

    def ok(self, now_us: int, value: Any) -> None:
        """Answer a request."""
        self._send([now_us, "ok", value])

    def err(self, now_us: int, error: Any) -> None:
        """Answer a request with an exception."""
        self._send([now_us, "err", error])

    def call(self, now_us: int, what: str, arguments: Any) -> None:
        """Ask the waiting thread to do something."""
        self._send([now_us, "call", what, arguments])

    def _send(self, value: Any) -> None:
        data = line(value)
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        """End the connection; a second time does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def no_silence_beyond(limit_s: float, stuck: Callable[[float], None]) -> Silence:
    """Call `stuck` once a child has been silent for `limit_s`."""

    def look(silent_s: float) -> None:
        if silent_s >= limit_s:
            stuck(silent_s)

    return look
