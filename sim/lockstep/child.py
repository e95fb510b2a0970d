"""A process of the machine that lives in the World's time: started, listened to, looked at, ended."""

from __future__ import annotations

import ast
import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import greenlet

from sim.actors.stacks import Place
from sim.clock import wall_seconds
from sim.lockstep.channel import Channel, Gone
from sim.lockstep.protocol import HUB, KEY
from sim.lockstep.server import Server

# Bound here: in a strand, names of the standard library are those of virtual time.
_kill, _waitpid, _poll, _open = os.kill, os.waitpid, select.poll, open
STACK_SIGNAL = signal.SIGUSR2
"""On it the child writes the stacks of its threads into a file."""

START_LIMIT_S = 60.0
GRACE_S = 10.0
"""How long a process may take from its last word to its end."""

_PATIENCE = 6
_LOOKS = 5
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')
_AGENT = "firedrill_agent"


def outside(function: Callable[[], object]) -> None:
    """Call `function` as Firedrill itself, even in a strand, where the machine's processes and variables are not."""
    greenlet.greenlet(function).switch()


class Child:
    """One process, by the key that its threads say hello with."""

    def __init__(self, server: Server, key: str, limit_s: float) -> None:
        """Not started; once it is, `limit_s` real seconds of processor or of silence mean that it is stuck."""
        self._server, self._key, self._limit_s = server, key, limit_s
        self.folder = str(server.folder)
        """Private to Firedrill: what the child prints of it is not written down, for it differs from run to run."""
        self.pid = 0
        self._code: int | None = None
        self._stacks, self._errors = (server.folder / f"{key}.{kind}" for kind in ("stacks", "err"))
        self._used_s = 0.0
        self._asked_s = -1.0

    def start(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        """Start it in `folder`, with no input, and with what it writes past the agent kept for `last_words`."""
        self._server.expect(self._key)
        given = {**environ, HUB: str(self._server.path), KEY: self._key, "FIREDRILL_STACKS": str(self._stacks)}

        def spawn() -> None:
            with _open(self._errors, "wb") as errors:
                self.pid = _spawn(command, given, folder, errors)

        outside(spawn)

    def accept(self, suffix: str) -> Channel:
        """The connection of one of its threads, waited for in real time.

        Raises `Gone` when the process ends before it comes.
        """
        _, channel = self._server.accept(self._key + suffix, lambda: self._poll() is None, START_LIMIT_S)
        return channel

    def _poll(self) -> int | None:
        """The exit status, or None while it runs."""
        if self._code is None and self.pid:
            try:
                pid, status = _waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = self.pid, 0
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self) -> int:
        """Its exit status, waited for in real time; what will not end is ended."""
        since, poll = wall_seconds(), _poll()
        while (code := self._poll()) is None:
            if wall_seconds() - since > GRACE_S:
                self.kill()
            poll.poll(2)
        return code

    def kill(self) -> None:
        """End it at once."""
        if self.pid and self._poll() is None:
            _kill(self.pid, signal.SIGKILL)
            _, status = _waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)

    def last_words(self) -> str:
        """What it wrote to its standard error past the agent: the interpreter's own last message, as a rule."""
        try:
            text = self._errors.read_text("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-20:])

    # A child that says nothing.

    def stuck(self, silent_s: float) -> str | None:
        """What a silent child is stuck in, by name; None while it may be working."""
        used_s, running = self._processor()
        if silent_s < self._asked_s or self._asked_s < 0:
            self._used_s = used_s  # a new silence
        self._asked_s = silent_s
        if used_s - self._used_s > self._limit_s:
            return "busy loop"
        if silent_s > self._limit_s and not running:
            return "a wait outside of virtual time"
        return "busy loop" if silent_s > self._limit_s * _PATIENCE else None

    def _processor(self) -> tuple[float, bool]:
        """Seconds of processor used so far, and whether a thread wants more of it now."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks]
        except (OSError, IndexError):
            return 0.0, False
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(fields[11]) + int(fields[12])) / ticks, any(state in "RD" for state in states)

    def freeze(self) -> list[Place]:
        """Stop it where it is, for good; the functions that the stuck thread is in, outermost first."""
        text = ""
        for _ in range(_LOOKS):
            if self._poll() is not None:
                return []
            _kill(self.pid, STACK_SIGNAL)
            text = self._stacks_after(text)
        _kill(self.pid, signal.SIGSTOP)
        return stuck_stack(text)

    def _stacks_after(self, text: str) -> str:
        """What is in the file of stacks once it has grown beyond `text`, or after a second."""
        since, poll = wall_seconds(), _poll()
        while wall_seconds() - since < 1.0:
            poll.poll(20)
            now = self._stacks.read_text("utf-8", "replace") if self._stacks.exists() else ""
            if len(now) > len(text) and now.endswith("\n"):
                return now
        return text


def stuck_stack(text: str) -> list[Place]:
    """Of the stacks that faulthandler wrote, time after time, that of the thread which is not waiting for the World.

    Only the functions that it was in every time, each by its first line: where in a loop it was caught is chance.
    """
    stacks: list[list[Place]] = []
    for line in text.splitlines():
        found = _FRAME.match(line)
        if found is None:
            stacks.append([])
        elif stacks:
            stacks[-1].append((found[1], first_line(found[1], int(found[2])), found[3]))
    busy = [stack[::-1] for stack in stacks if stack and _AGENT not in stack[0][0]]
    common = []
    for places in zip(*busy, strict=False):
        if any(place != places[0] for place in places):
            break
        common.append(places[0])
    return common


def first_line(file: str, line: int) -> int:
    """The first line of the innermost function around `line` of a source file; 1 outside of all."""
    try:
        with _open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read())
    except (OSError, ValueError, SyntaxError):
        return line
    first = 1
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            if start <= line <= (node.end_lineno or line):
                first = max(first, start)
    return first


def _spawn(command: Sequence[str], environ: Mapping[str, str], folder: Path, errors: IO[bytes]) -> int:
    started = subprocess.Popen(
        command, env=dict(environ), cwd=folder, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
        start_new_session=True,
    )  # fmt: skip
    started.returncode = 0  # it is waited for by its number, here
    return started.pid


__all__ = ["Channel", "Child", "Gone"]
