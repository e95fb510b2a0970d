"""The processes of a run, as the machine's /proc shows them: who computes, who waits, and for what.

Virtual time may pass only while nobody computes. A process that waits for another of the run (a shell for its
child, a pipe's reader for its writer) waits for nothing of the machine; one that waits for the machine's
clock does, and cannot be lock-stepped.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

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
        101: ("nanosleep", 0, "pointer"), 115: ("clock_nanosleep", 2, "pointer"), 137: ("rt_sigtimedwait", 2, "pointer"),
        22: ("epoll_pwait", 3, "ms"), 441: ("epoll_pwait2", 3, "pointer"),
    },
}  # fmt: skip
"""System calls that can wait for the machine's clock: name, which argument says until when, and how."""
_CALLS = _READ_CLOCK.get(os.uname().machine, {})
_INT_SIGN, _INT_RANGE = 1 << 31, 1 << 32


class Status(NamedTuple):
    """One look at a process."""

    at_rest: bool
    """Every thread is blocked, stopped or dead."""
    switches: tuple[tuple[int, str, str], ...]
    """Per thread, how often it has given up or lost the processor: unchanged between two looks means it did not run."""


@dataclass
class Task:
    """A process of the run."""

    pid: int
    path: tuple[int, ...]
    """Process ids from the run's first process down to this one: children of one parent in order of their birth."""
    own_pid: int = 0
    """The process id that it sees itself, inside a namespace."""
    _words: tuple[str, ...] | None = field(default=None, repr=False)

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
        state = _fields(self.pid).get("State", "X")
        return state[0] in "ZX"

    def look(self) -> tuple[Status, int]:
        """Whether it rests, and its own process id."""
        switches, at_rest, own_pid = [], True, 0
        for thread in self.threads():
            values = _fields(f"{self.pid}/task/{thread}")
            if not values:
                continue
            at_rest = at_rest and values["State"][0] in _STATES_AT_REST
            switches.append((thread, values["voluntary_ctxt_switches"], values["nonvoluntary_ctxt_switches"]))
            if thread == self.pid:
                own_pid = int(values.get("NSpid", str(self.pid)).split()[-1])
        return Status(at_rest, tuple(switches)), own_pid


class Tree:
    """All processes below the launcher of a run."""

    def __init__(self, root: int, hidden: int) -> None:
        """Below the process `root`; the first `hidden` levels are ours (the launcher, and the namespace's first)."""
        self._root, self._hidden = root, hidden

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
        the last of the first looks and the first of the second lies inside all of these whiles.
        """
        first = self._all()
        before = {}
        for task in first:
            before[task.path], task.own_pid = task.look()
            if not before[task.path].at_rest:
                return None
        second = self._all()
        if [task.path for task in first] != [task.path for task in second]:
            return None
        for task in first:
            now, _ = task.look()
            if not now.at_rest or now.switches != before[task.path].switches:
                return None
        return [task for task in first if len(task.path) > self._hidden]

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
    children: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    for thread in threads:
        children += [int(word) for word in _read(f"/proc/{pid}/task/{thread}/children").split()]
    return sorted(children)


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


def _fields(which: int | str) -> dict[str, str]:
    lines = _read(f"/proc/{which}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


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
