"""What a program of the simulated firm is: it is called with words and input, and answers with output and a code.

A program is a plain function `Call -> Result`. It may wait in the middle (`call.wait_us`), because the whole
shell runs as a process of the World. What it does to the firm it does on the World's own models, so that the
recovery predicates see it. What it cannot do here it must not pretend: it raises `NotHere`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scenarios.nemesis import Nemesis
from sim.world import World


@dataclass(frozen=True, slots=True)
class Result:
    """What a program leaves on its two output streams, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0


class NotHere(Exception):
    """Something that cannot be executed in the simulated firm; the text says what and why, as a finding."""


class Terminal(Protocol):
    """Where a command is typed: a machine of the firm, with its files, its clock and its way to the World."""

    world: World
    nemesis: Nemesis
    place: str
    """Name of the machine: `workstation`, or the pod that `kubectl exec` entered."""

    def wait_us(self, delay_us: int) -> None:
        """Let virtual time pass while the command runs."""

    def act(self, action: str) -> Result:
        """Perform an action of `drills.actions` as the on-call would, wait for its outcome, and record it."""

    def run(self, text: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Result:
        """Run shell text in a shell of its own, as `bash -c` does."""

    def read_file(self, path: str) -> str:
        """The text of a file; FileNotFoundError when there is none."""

    def write_file(self, path: str, text: str, append: bool = False) -> None:
        """Write a file."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a program."""

    words: tuple[str, ...]
    """The program's name and its arguments, after expansion."""
    terminal: Terminal
    stdin: str | None = None
    """What is piped in; None when nothing is, and the program would read from the keyboard."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Exported variables."""
    cwd: str = "/"

    @property
    def name(self) -> str:
        """The program's own name."""
        return self.words[0]

    @property
    def args(self) -> tuple[str, ...]:
        """Its arguments."""
        return self.words[1:]

    def wait_us(self, delay_us: int) -> None:
        """Let virtual time pass."""
        self.terminal.wait_us(delay_us)


Tool = Callable[[Call], Result]
"""A program."""
