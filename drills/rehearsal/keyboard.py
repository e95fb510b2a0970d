"""The firm's terminal and the hands on it: a command is typed, runs in virtual time, and answers or is given up.

The shell itself is `drills.shell`. What it does not know it says by raising `NotHere`, and that is kept apart
from a command that failed: the first is our limit, the second the text's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import simpy

from drills.runbook.model import Command
from drills.shell.tool import NotHere, Result, Terminal
from scenarios.nemesis import Nemesis
from sim.actors.process import Process
from sim.clock import MINUTE
from sim.world import World

PATIENCE_US = 15 * MINUTE
"""After this long without an answer a command is interrupted; one that is told to wait longer may."""

OpenTerminal = Callable[[World, Nemesis], Terminal]
"""Opens a terminal of the firm, at the workstation of whoever is on call."""


class Answer(NamedTuple):
    """What came back on the screen."""

    result: Result | None
    """None when nothing came back: interrupted, or not known here."""
    took_us: int
    not_here: str = ""
    """Why it cannot be executed in the simulated firm."""
    given_up: bool = False


class Keyboard:
    """Types into one terminal, one command after the other."""

    def __init__(self, world: World, terminal: Terminal) -> None:
        """Sit down in front of `terminal`."""
        self._world, self._terminal = world, terminal
        self._processes: list[Process] = []

    def type(self, command: Command, text: str) -> Generator[simpy.Event, Any, Answer]:
        """Type `text`, which is `command` with its placeholders filled in, and wait for the answer."""
        env = self._world.env
        began_us, ended, answers = env.now, env.event(), list[Answer]()

        def run() -> None:
            answers.append(self._run(command, text, began_us))
            if not ended.triggered:
                ended.succeed()

        process = Process(env, self._world.hub, self._world.history, "workstation")
        process.start(run, "bash")
        if not answers:
            yield ended | env.timeout(PATIENCE_US)
        if not answers:
            process.kill()
            answers.append(Answer(None, env.now - began_us, given_up=True))
        return answers[0]

    def _run(self, command: Command, text: str, began_us: int) -> Answer:
        env = self._world.env
        try:
            if command.lang == "sql":
                result = self._terminal.run("psql", stdin=text)
            elif command.lang in ("python", "py"):
                result = self._terminal.run("python -", stdin=text)
            else:
                result = self._terminal.run(text)
        except NotHere as limit:
            return Answer(None, env.now - began_us, not_here=str(limit))
        return Answer(result, env.now - began_us)
