"""Which program asks the kernel for a socket of the internet: one that talks past the World, in any language.

The launcher has the kernel ask before it makes such a socket, and hands the place where it asks to us. The answer is
no, as nothing leaves the machine in a drill; and since what the program then does is not what it would do on the day,
it is named.
"""

from __future__ import annotations

import _socket
import errno
import fcntl
import os
import select
import struct
from pathlib import Path

from sim.lockstep.tree import Task

# Bound here: in a strand, names of the standard library are those of virtual time.
_Raw, _select = _socket.socket, select.select
_RECEIVE, _ANSWER = 0xC0502100, 0xC0182101
_QUESTION = "QII" + "iIQ6Q"
_LOOK_ONLY = frozenset({"hostname", "ifconfig", "ip", "ss", "netstat", "route", "arp", "ethtool", "dnsdomainname"})
"""They open one to ask the kernel about the machine, and do without."""


class SocketsWatch:
    """Of one start."""

    def __init__(self) -> None:
        """Nobody has asked."""
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        ours.setblocking(False)
        self._ours, self._theirs = ours, theirs
        self.launcher_end = theirs.fileno()
        """For the launcher."""
        self._listener = -1

    def started(self) -> None:
        """The launcher has its end."""
        self._theirs.close()

    def asked(self) -> str | None:
        """The program that has asked since the last look, and has been told no; None when none has, or may ask."""
        self._take_listener()
        if self._listener < 0 or not _select([self._listener], [], [], 0)[0]:
            return None
        question = bytearray(struct.calcsize(_QUESTION))
        try:
            fcntl.ioctl(self._listener, _RECEIVE, question, True)
        except OSError:
            return None  # it has been killed meanwhile
        number, pid = struct.unpack_from("QI", question)
        task = Task(pid, ())
        words, name = task.words(), task.name()
        answer = bytearray(struct.pack("QqiI", number, 0, -errno.EACCES, 0))
        try:
            fcntl.ioctl(self._listener, _ANSWER, answer, True)
        except OSError:
            return None
        return None if not words or Path(words[0]).name in _LOOK_ONLY else name

    def _take_listener(self) -> None:
        if self._listener >= 0 or self._ours.fileno() < 0:
            return
        try:
            _, more, _, _ = self._ours.recvmsg(1, _socket.CMSG_SPACE(4))
        except BlockingIOError:
            return
        for _, _, data in more:
            (self._listener,) = struct.unpack("i", data[:4])
        self._ours.close()

    def close(self) -> None:
        """Nobody is answered any more."""
        self._ours.close()
        if self._listener >= 0:
            os.close(self._listener)
            self._listener = -1
