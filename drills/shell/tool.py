"""What a program of the simulated firm is: it is called with words and input, and answers with output and a code.

A program is a plain function `Call -> Result`. It may wait in the middle (`call.wait_us`), because the whole
shell runs as a process of the World. What it does to the firm it does on the World's own models, so that the
recovery predicates see it. What it cannot do here it must not pretend: it raises `NotHere`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from scenarios.nemesis import Nemesis
from sim.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """What a program leaves on its two output streams, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0


class NotHere(Exception):
    """Something that cannot be executed in the simulated firm; the text says what and why, as a finding."""


class Input(Protocol):
    """What a program may read: the rest of what is piped or redirected into it."""

    def read(self) -> str:
        """Everything that is left."""


class Terminal(Protocol):
    """Where a command is typed: a machine of the firm, with its files, its clock and its way to the World."""

    world: World
    nemesis: Nemesis
    place: str
    """Name of the machine: `workstation`, or the pod that `kubectl exec` entered."""
    user: str
    """Who is logged in there."""
    repo: Path | None
    """The user's repository on the real disk, to be read only; None when none was given."""
    project: str
    """Where the repository stands on this machine: `/srv/trading`, say."""

    @property
    def beside(self) -> tuple[str, ...]:
        """The programs of the pipeline that runs, each with its arguments: all of them are there at once."""

    def wait_us(self, delay_us: int) -> None:
        """Let virtual time pass while the command runs."""

    def observe(self) -> None:
        """Let pass as much time as somebody looks at a command that never ends (`-f`, `watch`)."""

    def act(self, action: str) -> Result:
        """Perform an action of `drills.actions` as the on-call would, wait for its outcome, and record it."""

    def did(self, action: str, ok: bool, text: str) -> None:
        """Record an action of `drills.actions` that the running command has performed by itself."""

    def changed(self, what: str) -> None:
        """Note that the running command changes the firm by other means than `act`."""

    def finding(self, kind: str, text: str) -> None:
        """Write down something about the runbook that only executing it shows, as `shell.finding`."""

    def run(self, text: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: str | None = None) -> Result:
        """Run shell text in a shell of its own, as `bash -c` does; by default in this machine's project folder."""

    def call(
        self, words: tuple[str, ...], stdin: str | None = None, env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Result:  # fmt: skip
        """Run one program with these words, without a shell in between; 127 when there is none of that name."""

    def at(self, place: str, services: tuple[str, ...] = ()) -> Terminal:
        """The same person's terminal on another machine of the firm; `services` are what listens on its localhost."""

    def keep(self, kind: type[T], make: Callable[[], T]) -> T:
        """What a program remembers from call to call, one per firm; `make` builds it the first time."""

    def read_file(self, path: str) -> str:
        """The text of a file; FileNotFoundError when there is none, IsADirectoryError for a folder."""

    def write_file(self, path: str, text: str, append: bool = False) -> None:
        """Write a file; FileNotFoundError when its folder does not exist."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that name."""


class Call:
    """One call of a program."""

    __slots__ = ("_input", "cwd", "env", "terminal", "words")

    def __init__(
        self, words: tuple[str, ...], terminal: Terminal, stdin: str | Input | None = None,
        env: Mapping[str, str] | None = None, cwd: str = "/",
    ) -> None:  # fmt: skip
        """`words` after expansion; `env` holds the exported variables; `stdin` is what is piped in."""
        self.words, self.terminal, self.env, self.cwd = words, terminal, dict(env or {}), cwd
        self._input = stdin

    @property
    def stdin(self) -> str | None:
        """What is piped in, taken by whoever asks first; None when the program would read from the keyboard."""
        if self._input is None or isinstance(self._input, str):
            return self._input
        return self._input.read()

    @property
    def input(self) -> str | Input | None:
        """The same, not yet taken: to be handed on to another program."""
        return self._input

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

    def path(self, name: str) -> str:
        """A file's absolute path, seen from where the program runs."""
        return name if name.startswith("/") else f"{self.cwd.rstrip('/')}/{name}"

    def read(self, name: str) -> str:
        """The text of a file named relative to where the program runs."""
        return self.terminal.read_file(self.path(name))


Tool = Callable[[Call], Result]
"""A program."""
