"""The pipes of the shims: the hub's, into which each says its process id, and one for each, at which it waits."""

from __future__ import annotations

import os
import select
from pathlib import Path

from sim.clock import wall_seconds
from sim.lockstep.tree import Task

_select = select.select  # bound here: in a strand, names of the standard library are those of virtual time
_AHEAD = 32
_LARGEST = 60_000
"""A pipe takes no more than 64 KiB at once."""
_STDERR_BACK = "exec 2>&9 9>&-\n"
"""A shim has put its standard error aside while it waits."""
_LIMIT_S, _PAUSE_S = 60.0, 0.0003


class ShimPipes:
    """Those of one start."""

    def __init__(self, folder: Path, in_namespace: bool) -> None:
        """In `folder`. In a namespace process ids rise by one, so that pipes can be made ahead of them."""
        self.folder, self._in_namespace = folder, in_namespace
        self.hub = str(folder / "hub")
        self.fd = -1
        self._made = self._kept = 0

    def open(self) -> None:
        """Have the hub's pipe, and the first of the others."""
        (self.folder / "r").mkdir()
        os.mkfifo(self.hub)
        self.fd = os.open(self.hub, os.O_RDWR | os.O_NONBLOCK)
        self.prepare(0)

    def close(self) -> None:
        """Nobody is listened to any more."""
        os.close(self.fd)

    def prepare(self, own_pid: int) -> None:
        """Have pipes ready for the processes after `own_pid`; it saves each of them a mkfifo."""
        if self._in_namespace and own_pid + _AHEAD // 2 > self._made:
            for number in range(max(self._made, own_pid) + 1, own_pid + _AHEAD + 1):
                if not os.path.exists(self.of(number)):
                    os.mkfifo(self.of(number))
            self._made = own_pid + _AHEAD

    def called(self) -> list[int]:
        """The process ids that have been said since the last look."""
        try:
            return [int(word) for word in os.read(self.fd, 1 << 16).split()]
        except BlockingIOError:
            return []

    def of(self, own_pid: int) -> str:
        """Path of a shim's pipe."""
        return f"{self.folder}/r/{own_pid}"

    def write(self, place: str, pid: int, text: str) -> bool:
        """Have the shim that waits at `place` run `text`; False when it has been killed meanwhile."""
        data = f"{_STDERR_BACK}{text}".encode("utf-8", "surrogateescape")
        if len(data) > _LARGEST:
            data = f". {self.keep(data)}\n".encode()
        fd = self._open(place, pid)
        if fd is None:
            return False
        os.unlink(place)  # first: what it runs may become another shim of the same number, which looks for its pipe
        os.write(fd, data)
        os.close(fd)
        return True

    def keep(self, content: bytes) -> str:
        """A file with this content, for a shim to read."""
        self._kept += 1
        place = self.folder / f"kept{self._kept}"
        place.write_bytes(content)
        return str(place)

    def _open(self, place: str, pid: int) -> int | None:
        since = wall_seconds()
        while True:
            try:
                return os.open(place, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                if Task(pid, ()).is_gone():
                    return None
            assert wall_seconds() - since < _LIMIT_S, place
            _select([], [], [], _PAUSE_S)
