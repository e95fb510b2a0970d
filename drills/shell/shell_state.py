"""What one shell holds: variables, parameters, options, functions, its folder and its background jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import simpy

from drills.shell.arithmetic import ArithmeticProblem, evaluate
from drills.shell.files import absolute
from drills.shell.parameters import ShellFailure
from drills.shell.streams import Descriptors, Output, Reader
from drills.shell.syntax import Command
from drills.shell.variables import Value, Variables

if TYPE_CHECKING:
    from drills.shell.console import Console


class Job:
    """Something that runs in the background."""

    def __init__(self, text: str, done: simpy.Event) -> None:
        """Just started; `done` fires when it has ended."""
        self.text, self.number, self.done = text, 0, done
        self.status: int | None = None
        self.end: Callable[[], None] = lambda: None
        """Ends it."""


class ShellState:
    """Everything about a shell but the running of commands."""

    def __init__(
        self, console: Console, env: Mapping[str, str], cwd: str, *, name: str = "bash",
        arguments: tuple[str, ...] = (), placeholders: bool = False, interactive: bool = False,
    ) -> None:  # fmt: skip
        """A shell in folder `cwd`; `interactive` when a person types into it, `name` is its `$0`."""
        self.console, self.files = console, console.files
        self.variables = Variables(dict(env))
        self.cwd = cwd
        self.variables.set("PWD", cwd)
        self.name, self.arguments = name, list(arguments)
        self.placeholders, self.interactive = placeholders, interactive
        self.functions: dict[str, Command] = {}
        self.options: dict[str, bool] = {}
        self.traps: dict[str, str] = {}
        self.status = 0
        self.pipe_status: list[int] = []
        self.line = 1
        self.unchecked = 0
        """How many conditions we are in: there `set -e` does not look."""
        self.loops = 0
        self.last_background: int | None = None
        self.jobs: dict[int, Job] = {}
        self.base: Descriptors = {}
        """Where the commands of this shell read and write when they say nothing else."""
        self.folders: list[str] = []
        """What `pushd` put away."""
        self.sourcing = 0
        self.option_at = 0
        """Where `getopts` stands inside a word."""
        self.typed: list[str] = []
        """What was typed, for `history`."""

    @property
    def nounset(self) -> bool:
        """`set -u`."""
        return self.options.get("nounset", False)

    @property
    def noglob(self) -> bool:
        """`set -f`."""
        return self.options.get("noglob", False)

    def variable(self, name: str) -> Value | None:
        """A variable, or a special or positional parameter."""
        if name.isdigit():
            number = int(name)
            if number == 0:
                return self.name
            return self.arguments[number - 1] if number <= len(self.arguments) else None
        special: dict[str, Callable[[], Value | None]] = {
            "@": lambda: list(self.arguments), "*": lambda: list(self.arguments), "#": lambda: str(len(self.arguments)),
            "?": lambda: str(self.status), "$": lambda: str(self.console.pid), "-": self._flags,
            "!": lambda: None if self.last_background is None else str(self.last_background),
            "LINENO": lambda: str(self.line), "RANDOM": lambda: str(self.console.draw(32768)),
            "SECONDS": lambda: str(self.console.seconds()), "PIPESTATUS": lambda: [str(s) for s in self.pipe_status],
            "HOSTNAME": lambda: self.console.place,
            "BASH_SOURCE": lambda: [self.name] if self.name != "bash" else [],
            "BASH_VERSION": lambda: "5.2.15(1)-release", "UID": lambda: "0" if self.console.user == "root" else "1000",
            "EUID": lambda: "0" if self.console.user == "root" else "1000", "PPID": lambda: "1",
            "OSTYPE": lambda: "linux-gnu", "BASHPID": lambda: str(self.console.pid),
            "EPOCHSECONDS": lambda: str(int(self.console.epoch_s())),
        }  # fmt: skip
        return special[name]() if name in special else self.variables.get(name)

    def _flags(self) -> str:
        letters = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f"}
        return "hB" + "".join(letter for option, letter in letters.items() if self.options.get(option))

    def assign(self, name: str, value: Value) -> None:
        """Set a variable; ShellFailure when it is readonly."""
        if self.variables.is_readonly(name):
            raise ShellFailure(f"{name}: readonly variable")
        self.variables.set(name, value)
        if self.options.get("allexport"):
            self.variables.export(name)

    def variable_names(self) -> list[str]:
        """All names."""
        return self.variables.names()

    def calculate(self, text: str) -> int:
        """The value of an arithmetic expression."""
        try:
            return evaluate(text, self._number_of, self._store_number)
        except ArithmeticProblem as problem:
            raise ShellFailure(str(problem)) from None

    def _number_of(self, name: str) -> str:
        base, bracket, index = name.partition("[")
        value = self.variable(base)
        if value is None and self.nounset:
            raise ShellFailure(f"{base}: unbound variable", 127)
        array = value if isinstance(value, list) else [value or ""]
        number = self.calculate(index.rstrip("]")) if bracket else 0
        return array[number] if -len(array) <= number < len(array) else ""

    def _store_number(self, name: str, value: str) -> None:
        base, bracket, index = name.partition("[")
        if bracket:
            self.assign_element(base, self.calculate(index.rstrip("]")), value)
        else:
            self.assign(base, value)

    def assign_element(self, name: str, index: int, value: str) -> None:
        """Set one element of an array, which is made as long as needed."""
        before = self.variables.get(name)
        array = list(before) if isinstance(before, list) else [] if before is None else [before]
        if not -len(array) <= index < 100_000:
            raise ShellFailure(f"{name}[{index}]: bad array subscript")
        array += [""] * (index + 1 - len(array))
        array[index] = value
        if self.variables.is_readonly(name):
            raise ShellFailure(f"{name}: readonly variable")
        self.variables.unset(name) if not isinstance(before, list) else None
        self.variables.set(name, array)

    def job_of(self, word: str) -> int | None:
        """The process id that `%1` or a number names."""
        if word.startswith("%"):
            return next((pid for pid, job in self.jobs.items() if str(job.number) == word[1:]), None)
        return int(word) if word.isdigit() else None

    def resolve(self, path: str) -> str:
        """A path seen from the shell's folder."""
        return absolute(path, self.cwd)

    def output(self, io: Descriptors, fd: int) -> Output | None:
        """An open output."""
        found = io.get(fd)
        return None if isinstance(found, Reader) else found
