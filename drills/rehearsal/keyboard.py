"""The firm's terminal and the hands on it: a command is typed, runs in virtual time, and answers or is given up.

The shell itself is `drills.shell`. What it does not know it says so, and that is kept apart from a command
that failed: the first is our limit, the second the text's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, Protocol

import simpy

from drills.runbook.model import Command
from drills.shell.session import PATIENCE_US, Outcome
from scenarios.nemesis import Nemesis
from sim.clock import HOUR
from sim.world import World

_LONG = ("sleep", "timeout", "wait")
_LONGEST_US = 12 * HOUR


class Desk(Protocol):
    """A terminal that stays open from command to command, and the names that the team gives its things."""

    assumed: tuple[str, ...]
    """What had to be assumed to sit down at it."""

    def type(
        self, text: str, done: Callable[[Outcome], None], *, context: Mapping[str, Any] | None = None,
        patience_us: int = PATIENCE_US,
    ) -> None:  # fmt: skip
        """Run `text` in virtual time; `done` is told how it went."""

    def name_of(self, workload: str) -> str:
        """What the team calls a workload."""


OpenTerminal = Callable[[World, Nemesis], Desk]
"""Sits down at a terminal of the firm, at the workstation of whoever is on call."""


class Answer(NamedTuple):
    """What came back on the screen."""

    code: int | None
    """None when it did not end by itself, or is not known here."""
    out: str
    err: str
    took_us: int
    changed: bool = False
    """Whether it changed something in the firm."""
    watched: bool = False
    """It never ends, and was looked at for a while."""
    not_here: str = ""
    """Why it cannot be executed in the simulated firm."""
    given_up: bool = False
    noticed: tuple[str, ...] = ()
    """What running it showed about the text, whether or not it failed."""

    @property
    def well(self) -> bool:
        """Whether it did what it is for; to watch something that never ends is over when it is over."""
        return self.watched or (self.code == 0 and not self.given_up and not self.not_here)


class Keyboard:
    """Types into one terminal, one command after the other."""

    def __init__(self, world: World, desk: Desk) -> None:
        """Sit down at `desk`."""
        self._world, self.desk = world, desk

    def type(self, command: Command, text: str, step: str) -> Generator[simpy.Event, Any, Answer]:
        """Type `text`, which is `command` with its placeholders filled in, and wait for the answer."""
        env = self._world.env
        began_us, ended = env.now, env.event()
        outcomes: list[Outcome] = []

        def done(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if not ended.triggered:
                ended.succeed()

        patience_us = _LONGEST_US if any(word in text for word in _LONG) else PATIENCE_US
        self.desk.type(
            _as_shell(command, text), done, context={"step": step, "line": command.line}, patience_us=patience_us
        )
        if not outcomes:
            yield ended
        return _answer(outcomes[0], env.now - began_us)


def _as_shell(command: Command, text: str) -> str:
    """A block of SQL or Python is given to its interpreter, as a person would."""
    body = text.rstrip("\n")
    if command.lang == "sql":
        return f"psql <<'SQL'\n{body}\nSQL"
    if command.lang in ("python", "py", "python3"):
        return f"python - <<'PYTHON'\n{body}\nPYTHON"
    return text


def _answer(outcome: Outcome, took_us: int) -> Answer:
    statements = outcome.statements
    given_up = any(statement.interrupted for statement in statements)
    not_here = "; ".join(outcome.not_here)
    return Answer(
        None if given_up or not_here else outcome.code, outcome.out, outcome.err, took_us,
        changed=any(statement.effect == "mutate" for statement in statements),
        watched=any(statement.observed for statement in statements), not_here=not_here, given_up=given_up,
        noticed=tuple(dict.fromkeys(outcome.findings)),
    )  # fmt: skip
