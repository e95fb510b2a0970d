"""The Unix socket that children connect to.

Connections arrive in any order; they are picked up by the key that they say hello with, at the moment when the
World wants to hear that thread, so that the order of arrival never shows.
"""

from __future__ import annotations

import _socket
import os
import select
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sim.clock import wall_seconds
from sim.lockstep.channel import Channel, Gone
from sim.lockstep.protocol import message

# Bound here: in a strand, names of the standard library are those of virtual time.
_poll, _Listener = select.poll, _socket.socket
_STEP_MS = 100
_LONGEST_FOLDER = 90
_LARGEST_HELLO = 1 << 20


class Hello(NamedTuple):
    """What a connection says first."""

    key: str
    pid: int
    """The process's number on the machine."""
    ppid: int
    argv: tuple[str, ...]


class Server:
    """Listens for the children of one World."""

    def __init__(self) -> None:
        """Listen in a private folder, which `close` removes. Not to be called in a strand."""
        self.folder = Path(tempfile.mkdtemp(prefix="firedrill-hub-")).resolve()
        if len(str(self.folder)) > _LONGEST_FOLDER:  # the name of a Unix socket may not be longer
            self.folder.rmdir()
            self.folder = Path(tempfile.mkdtemp(prefix="firedrill-hub-", dir="/tmp")).resolve()
        self.path = self.folder / "hub"
        self._listener = _Listener(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._fd = self._listener.fileno()
        self._waiting: dict[str, tuple[Hello, Channel]] = {}
        self._expected: set[str] = set()  # membership only
        self.strangers: list[tuple[Hello, Channel]] = []
        """Connections that nobody expects, in the order of their process numbers at each look."""

    def expect(self, key: str) -> None:
        """Somebody will ask for the connection with this key."""
        self._expected.add(key)

    def accept(self, key: str, alive: Callable[[], bool], limit_s: float) -> tuple[Hello, Channel]:
        """The connection with this key, waited for in real time.

        Raises `Gone` when `alive` says that it will never come, TimeoutError after `limit_s`.
        """
        since = wall_seconds()
        self._expected.add(key)
        while key not in self._waiting:
            if not self._look(_STEP_MS):
                if not alive():
                    self._look(0)
                    if key not in self._waiting:
                        raise Gone
                elif wall_seconds() - since > limit_s:
                    raise TimeoutError(f"no connection within {limit_s:g} s")
        self._expected.discard(key)
        return self._waiting.pop(key)

    def look(self) -> None:
        """Take in every connection that has arrived."""
        while self._look(0):
            pass

    def _look(self, wait_ms: int) -> bool:
        """Take in one connection; False when none comes in time."""
        poll = _poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(wait_ms):
            return False
        try:
            fd, _ = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return False
        try:
            hello = _hello_of(fd)
        except (OSError, ValueError, KeyError, TypeError):
            os.close(fd)  # not one of ours, or it died at once
            return True
        channel = Channel(fd)
        if hello.key in self._expected:
            self._waiting[hello.key] = hello, channel
        else:
            self.strangers.append((hello, channel))
            self.strangers.sort(key=lambda found: found[0].pid)
        return True

    def close(self) -> None:
        """Stop listening; what was not picked up is closed."""
        self._listener.close()
        for _, channel in [*self._waiting.values(), *self.strangers]:
            channel.close()
        self._waiting.clear()
        self.strangers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def _hello_of(fd: int) -> Hello:
    """The first line of a connection. A child writes it at once, and nothing more before it is answered."""
    text = b""
    os.set_blocking(fd, True)
    while not text.endswith(b"\n"):
        piece = os.read(fd, 65536)
        if not piece or len(text) > _LARGEST_HELLO:
            raise ValueError("no hello")
        text += piece
    said: dict[str, Any] = message(text)
    return Hello(str(said["hello"]), int(said["pid"]), int(said["ppid"]), tuple(map(str, said["argv"])))
