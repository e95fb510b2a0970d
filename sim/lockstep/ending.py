"""Ending the processes of a start from outside, and reading what they have left in their pipes."""

from __future__ import annotations

import os
import signal
import subprocess

from sim.lockstep.tree import children_of

_kill = os.kill  # bound here: in a strand, names of the standard library are those of virtual time
_PATIENCE_S = 10


def end_processes(launcher: subprocess.Popen[bytes], hidden_levels: int) -> None:
    """End everything below the launcher, and the launcher."""
    if launcher.poll() is None:
        below = children_of(launcher.pid)
        if hidden_levels > 1 and below:
            send(below[0], signal.SIGKILL)  # the first of its namespace takes all others along
        else:
            send(launcher.pid, signal.SIGTERM)
    try:
        launcher.wait(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()


def send(pid: int, number: int) -> None:
    """Send a signal; one that has ended does not mind."""
    try:
        _kill(pid, number)
    except ProcessLookupError:
        pass


def read_all(fd: int) -> tuple[bytes, bool]:
    """What is there now, and whether more may come."""
    data = b""
    while True:
        try:
            piece = os.read(fd, 1 << 16)
        except BlockingIOError:
            return data, True
        if not piece:
            return data, False
        data += piece
