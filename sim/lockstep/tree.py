"""The processes of a run, as the machine's /proc shows them: who computes, who waits, and for what.

Virtual time may pass only while nobody computes. A process that waits for another of the run (a shell for its
child, a pipe's reader for its writer) waits for nothing of the machine; one that waits for the machine's
clock does, and cannot be lock-stepped.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_STATES_AT_REST = "STtZX"
_READ_CLOCK = {
    "x86_64": {
        7: ("poll", 2, "ms"), 23: ("select", 4, "pointer"), 35: ("nanosleep", 0, "pointer"),
        128: ("rt_sigtimedwait", 2, "pointer"), 202: ("futex", 3, "pointer"), 230: ("clock_nanosleep", 2, "pointer"),
        232: ("epoll_wait", 3, "ms"), 270: ("pselect6", 4, "pointer"), 271: ("ppoll", 2, "pointer"),
        281: ("epoll_pwait", 3, "ms"), 441: ("epoll_pwait2", 3, "pointer"),
    },
    "aarch64": {
        72: ("pselect6", 4, "pointer"), 73: ("ppoll", 2, "pointer"), 98: ("futex", 3, "pointer"),
        101: ("nanosleep", 0, "pointer"), 115: ("clock_nanosleep", 2, "pointer"),
        137: ("rt_sigtimedwait", 2, "pointer"), 22: ("epoll_pwait", 3, "ms"), 441: ("epoll_pwait2", 3, "pointer"),
    },
}  # fmt: skip
"""System calls that can wait for the machine's clock: name, which argument says until when, and how."""
_CALLS = _READ_CLOCK.get(os.uname().machine, {})
_INT_SIGN, _INT_RANGE = 1 << 31, 1 << 32


@dataclass
class Task:
    """A process of the run."""

    pid: int
    path: tuple[int, ...]
    """Process ids from the run's first process down to this one: children of one parent in order of their birth."""
    own_pid: int = 0
    """The process id that it sees itself, inside a namespace."""
    call: str = ""
    """The system call in which its first thread rests, in the words of the kernel."""

    def words(self) -> tuple[str, ...]:
        """The words of its command line, now (a process may become another program)."""
        return command_line(self.pid)

    def name(self) -> str:
        """What a person would call it: the script when an interpreter runs one, else the program."""
        return shown_command(self.words())

    def threads(self) -> list[int]:
        """Its threads, as the machine numbers them."""
        try:
            return sorted(int(name) for name in os.listdir(f"/proc/{self.pid}/task"))
        except OSError:
            return []

    def waits_for_clock(self) -> str | None:
        """The system call by which a thread waits for the machine's clock; None when none does."""
        for thread in self.threads():
            found = _timed_call(_read(f"/proc/{self.pid}/task/{thread}/syscall"))
            if found is not None:
                return found
        return None

    def is_gone(self) -> bool:
        """It has ended; perhaps nobody has asked for its status yet."""
        stat = _Stat(self.pid)
        return stat.state in "ZX"


class _Stat:
    """The fields that matter of /proc/PID/stat; state X when it has ended."""

    __slots__ = ("began", "state", "threads")

    def __init__(self, pid: int) -> None:
        fields = _bytes(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
        if len(fields) < 20:
            self.state, self.threads, self.began = "X", 0, b""
        else:
            self.state, self.threads, self.began = chr(fields[0][0]), int(fields[17]), fields[19]


def _runs(pid: int, threads: int) -> tuple[bytes, ...] | None:
    """Per thread, what changes whenever it has run; None when one of them runs."""
    if threads < 2:
        return (_turns(f"/proc/{pid}"),)
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        fields = _bytes(f"/proc/{pid}/task/{thread}/stat").rpartition(b") ")[2].split()
        if fields and chr(fields[0][0]) not in _STATES_AT_REST:
            return None
        found.append(_turns(f"/proc/{pid}/task/{thread}"))
    return tuple(found)


def _turns(place: str) -> bytes:
    """How often a thread has been given the processor, in the words of the kernel."""
    text = _bytes(f"{place}/schedstat")
    if text:
        return text
    lines = _bytes(f"{place}/status").splitlines()
    return b" ".join(line for line in lines if b"ctxt_switches" in line)


class Tree:
    """All processes below the launcher of a run."""

    def __init__(self, root: int, hidden: int) -> None:
        """Below the process `root`; the first `hidden` levels are ours (the launcher, and the namespace's first)."""
        self._root, self._hidden = root, hidden
        self._own_pids: dict[int, tuple[bytes, int]] = {}

    def tasks(self) -> list[Task]:
        """The processes now, parents before children, siblings in order of birth."""
        return [task for task in self._all() if len(task.path) > self._hidden]

    def _all(self) -> list[Task]:
        found: list[Task] = []
        self._collect(self._root, (), found)
        return found

    def _collect(self, pid: int, above: tuple[int, ...], found: list[Task]) -> None:
        path = (*above, pid)
        found.append(Task(pid, path))
        for child in children_of(pid):
            self._collect(child, path, found)

    def at_rest(self) -> list[Task] | None:
        """The processes when all of them rest at one instant; None while one computes.

        Two looks at each: one that has not run between them rested all the while, and the instant between
        the last of the first looks and the first of the second lies inside all of these whiles. A process that
        is about to wait for its child shows itself as asleep while it still runs; the kernel's answer to which
        system call it rests in is not fooled by that.
        """
        first = self._all()
        before = []
        for task in reversed(first):  # the youngest are the likeliest to run
            stat = _Stat(task.pid)
            runs = _runs(task.pid, stat.threads) if stat.state in _STATES_AT_REST else None
            if runs is None:
                return None
            before.append(runs)
            task.own_pid = self._own_pid(task.pid, stat.began)
        if [task.path for task in first] != [task.path for task in self._all()]:
            return None
        for task, seen in zip(reversed(first), before, strict=True):
            stat = _Stat(task.pid)
            task.call = _read(f"/proc/{task.pid}/syscall")
            if task.call.startswith("running"):
                return None
            if stat.state not in _STATES_AT_REST or _runs(task.pid, stat.threads) != seen:
                return None
        return [task for task in first if len(task.path) > self._hidden]

    def _own_pid(self, pid: int, began: bytes) -> int:
        """The process id that it sees itself: read once, for it does not change."""
        known = self._own_pids.get(pid)
        if known is None or known[0] != began:
            for line in _bytes(f"/proc/{pid}/status").splitlines():
                if line.startswith(b"NSpid:"):
                    known = began, int(line.split()[-1])
            known = known or (began, pid)
            self._own_pids[pid] = known
        return known[1]

    def cpu_ticks(self) -> int:
        """Processor time used so far by all that are alive, and by those that were waited for, in clock ticks."""
        total = 0
        for task in self.tasks():
            stat = _read(f"/proc/{task.pid}/stat").rpartition(")")[2].split()
            if len(stat) > 14:
                total += sum(int(value) for value in stat[11:15])
        return total


def children_of(pid: int) -> list[int]:
    """Child processes in order of birth."""
    children = [int(word) for word in _bytes(f"/proc/{pid}/task/{pid}/children").split()]
    if _Stat(pid).threads > 1:
        for thread in os.listdir(f"/proc/{pid}/task"):
            if int(thread) != pid:
                children += [int(word) for word in _bytes(f"/proc/{pid}/task/{thread}/children").split()]
        children.sort()
    return children


def command_line(pid: int) -> tuple[str, ...]:
    """The words of a process's command line; empty when it has ended."""
    text = _read(f"/proc/{pid}/cmdline")
    return tuple(text.removesuffix("\0").split("\0")) if text else ()


def environment_of(pid: int) -> dict[str, str]:
    """The variables that a process was started with."""
    pairs = (entry.partition("=") for entry in _read(f"/proc/{pid}/environ").split("\0") if "=" in entry)
    return {name: value for name, _, value in pairs}


def shown_command(words: tuple[str, ...]) -> str:
    """A command line as messages show it."""
    if not words:
        return "a process that has ended"
    names = [Path(words[0]).name, *words[1:]]
    text = " ".join(names)
    return text if len(text) <= 100 else text[:97] + "..."


def _bytes(path: str) -> bytes:
    """The content of a small file of /proc; empty when there is none."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 8192)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _timed_call(text: str) -> str | None:
    """The name of the call in a line of /proc/PID/syscall, when it waits for the clock."""
    words = text.split()
    if len(words) < 7 or not words[0].isdigit() or int(words[0]) not in _CALLS:
        return None
    name, index, how = _CALLS[int(words[0])]
    value = int(words[1 + index], 16)
    if how == "ms":
        forever = value % _INT_RANGE >= _INT_SIGN
        return None if forever or value == 0 else name
    return None if value == 0 else name
