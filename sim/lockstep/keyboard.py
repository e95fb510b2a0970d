"""Standard input of a start: a keyboard at which nobody sits.

A program that reads from it is told at once that no more comes, as from a job of cron or a pager; that it asked is
written down, for a person who started it by hand would have answered.
"""

from __future__ import annotations

import os

from sim.lockstep.tree import Task

_READS = {"x86_64": frozenset({0, 7, 23, 270, 271}), "aarch64": frozenset({63, 72, 73})}
"""Numbers of read, poll, select, pselect6 and ppoll."""
_READ = {"x86_64": 0, "aarch64": 63}
_MACHINE = os.uname().machine


class Keyboard:
    """Of one start."""

    def __init__(self) -> None:
        """Nobody has read from it."""
        self.read_end, self._write_end = os.pipe()
        self._link = os.readlink(f"/proc/self/fd/{self.read_end}")

    def started(self) -> None:
        """The program has it."""
        os.close(self.read_end)

    def reader(self, tasks: list[Task]) -> str | None:
        """The name of who waits for an answer; from then on all are told that none comes."""
        if self._write_end < 0:
            return None
        for task in tasks:
            if self._is_read_by(task):
                name = task.name()
                self.close()
                return name
        return None

    def _is_read_by(self, task: Task) -> bool:
        words = task.call.split()
        if len(words) < 2 or not words[0].isdigit() or int(words[0]) not in _READS.get(_MACHINE, ()):
            return False
        if int(words[0]) == _READ.get(_MACHINE) and int(words[1], 16) != 0:
            return False
        try:
            return os.readlink(f"/proc/{task.pid}/fd/0") == self._link
        except OSError:
            return False

    def close(self) -> None:
        """No answer comes any more."""
        if self._write_end >= 0:
            os.close(self._write_end)
            self._write_end = -1
