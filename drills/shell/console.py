"""The terminal of a machine: what shells and programs ask the simulated firm for.

Everything runs in one process of the World, which waits in virtual time. A `Sitting` is what one person does at a
time: how long they will wait, what their command has changed, what it showed about the runbook.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import simpy

from drills.actions import ACTIONS, Effect
from drills.operator import Operator, Outcome
from drills.runbook.commands import meaning
from drills.shell.durations import duration_us
from drills.shell.files import Files, absolute
from drills.shell.interpreter import Shell
from drills.shell.launching import launch, which
from drills.shell.parameters import ShellFailure
from drills.shell.shell_state import Job
from drills.shell.streams import Buffer, Reader
from drills.shell.tool import Result
from sim.actors.process import Process
from sim.clock import MINUTE, SECOND

if TYPE_CHECKING:
    from drills.shell.firm import Firm, Machine
    from drills.shell.tool import Terminal

T = TypeVar("T")

ACTION_PATIENCE_US = 3 * MINUTE
"""After this long without an answer, a person gives up on a command: as the simulated on-call does."""
LOOP_US = 10 * MINUTE
"""A loop that waits for something is left after so long."""
OBSERVE_US = 60 * SECOND
"""How long somebody looks at `tail -f` or `watch` when the text says nothing else."""
_WRAPPERS = frozenset(
    ["xargs", "timeout", "env", "bash", "sh", "zsh", "dash", "sudo", "nohup", "nice", "time", "ssh", "watch", "find",
     "mktemp", "tee", "expr", "seq", "basename", "dirname", "printf", "yes", "tr", "sed", "cp", "touch", "mkdir", "tac",
     "rev", "paste", "column", "nl", "base64", "realpath", "logger"]
)  # fmt: skip
"""Programs that do nothing to the firm by themselves: what they call or touch counts."""
ENDED = 143
"""The status of what was ended by a signal."""
MOST_CALLS = 40
"""How deep functions, scripts and substitutions may call each other."""
BACKGROUND_US = 60 * MINUTE
"""A background job that still runs after so long is left to itself."""


class TimeUp(Exception):
    """A limit of time has been reached; whoever set it catches it."""

    def __init__(self, limit: Limit) -> None:
        """The limit."""
        super().__init__("time is up")
        self.limit = limit
        self.out = self.err = ""
        """What the program that was cut off had printed."""


class Limit:
    """Until when something may run."""

    def __init__(self, at_us: int) -> None:
        """Ends at `at_us`."""
        self.at_us = at_us


class Sitting:
    """One thread of work in the firm: a person at a keyboard, or a background job of theirs."""

    def __init__(self, process: Process) -> None:
        """In a process of the World."""
        self.process = process
        self.limits: list[Limit] = []
        self.observe_us = OBSERVE_US
        self.observed = False
        """Whether the running command is one that never ends, and was looked at for a while."""
        self.changes: list[str] = []
        """What the running command changed in the firm."""
        self.effects: list[str] = []
        """What the programs it called do: `read`, `mutate` or `unknown`."""
        self.findings: list[str] = []
        """What it showed about the runbook."""
        self.beside: tuple[str, ...] = ()
        """The programs of the pipeline that runs, each with its arguments."""
        self.descriptors = 0
        self.depth = 0
        """How deep shells call each other."""
        self.context: dict[str, Any] = {}
        """Fields that are written beside each event: the runbook's step and line."""


class Console:
    """One person's terminal on one machine; see `drills.shell.tool.Terminal`."""

    def __init__(self, firm: Firm, machine: Machine, sitting: Sitting) -> None:
        """Sit down at `machine`."""
        self.firm, self.machine, self.sitting = firm, machine, sitting
        self.world, self.nemesis, self.repo = firm.world, firm.nemesis, firm.repo
        self.place, self.user, self.project = machine.name, machine.user, machine.project
        self.files: Files = machine.files
        self.pid = firm.next_pid()
        self._began_us = self.now_us

    # Time.

    @property
    def now_us(self) -> int:
        """Virtual microseconds."""
        return self.world.env.now

    def epoch_s(self) -> float:
        """The time of day as programs know it."""
        return self.world.clock.utc().timestamp()

    def seconds(self) -> int:
        """Since this terminal was opened."""
        return (self.now_us - self._began_us) // SECOND

    def next_descriptor(self) -> int:
        """A number for a file that stands for a command's output."""
        self.sitting.descriptors += 1
        return 63 + self.sitting.descriptors

    def draw(self, below: int) -> int:
        """Chance, for `$RANDOM`."""
        return int(self.world.streams.stream("shell/random").integers(below))

    def wait_us(self, delay_us: int) -> None:
        """Let virtual time pass; TimeUp when a limit is reached meanwhile."""
        limit = min(self.sitting.limits, key=lambda one: one.at_us, default=None)
        left_us = delay_us if limit is None else min(delay_us, limit.at_us - self.now_us)
        if left_us > 0:
            self.sitting.process.wait(self.world.env.timeout(left_us))
        if limit is not None and left_us < delay_us:
            raise TimeUp(limit)

    def wait_event(self, event: simpy.Event, patience_us: int) -> bool:
        """Wait for an event; whether it came in time. TimeUp when a limit is reached first."""
        env = self.world.env
        limit = min(self.sitting.limits, key=lambda one: one.at_us, default=None)
        left_us = patience_us if limit is None else min(patience_us, max(0, limit.at_us - self.now_us))
        if not event.triggered:
            self.sitting.process.wait(event | env.timeout(left_us))
        if not event.triggered and limit is not None and left_us < patience_us:
            raise TimeUp(limit)
        return bool(event.triggered)

    @contextmanager
    def limited(self, most_us: int) -> Iterator[Limit]:
        """Let what is inside take no longer than `most_us`: TimeUp carries the limit that is given."""
        limit = Limit(self.now_us + most_us)
        self.sitting.limits.append(limit)
        try:
            yield limit
        finally:
            self.sitting.limits.remove(limit)

    def observe(self) -> None:
        """Look at something that never ends, for as long as somebody would, or a limit allows."""
        self.sitting.observed = True
        ends_us = min((limit.at_us for limit in self.sitting.limits), default=self.now_us + self.sitting.observe_us)
        self.wait_us(max(0, min(self.sitting.observe_us, ends_us - self.now_us)))

    def spend(self, program: str) -> None:
        """The time that a call of a program takes by itself."""
        self.wait_us(duration_us(program))

    def loop_goes_on(self, rounds: int, began_us: int, most_rounds: int) -> None:
        """A loop starts its next round; TimeUp (of the nearest limit) when it looks as if it never ends."""
        if rounds >= most_rounds or self.now_us - began_us >= LOOP_US:
            self.sitting.observed = True
            raise TimeUp(self.sitting.limits[-1])

    @property
    def beside(self) -> tuple[str, ...]:
        """The programs of the pipeline that runs: all of them are there at once, as `ps` shows."""
        return self.sitting.beside

    # The firm.

    def act(self, action: str) -> Result:
        """Perform an action as the on-call would and wait for its outcome, which is recorded."""
        answered = self.world.env.event()
        answers: list[Outcome] = []

        def done(outcome: Outcome) -> None:
            answers.append(outcome)
            if not answered.triggered:
                answered.succeed()

        Operator(self.world, self.nemesis).perform(action, done)
        if not answers:
            self.wait_event(answered, ACTION_PATIENCE_US)
        outcome = answers[0] if answers else Outcome(False, "no answer, given up")
        self.did(action, outcome.ok, outcome.text)
        return Result(f"{outcome.text}\n" if outcome.ok and outcome.text else "",
                      "" if outcome.ok else f"{outcome.text}\n", 0 if outcome.ok else 1)  # fmt: skip

    def did(self, action: str, ok: bool, text: str) -> None:
        """Record an action that was performed, and how it went."""
        effect = ACTIONS[action].effect
        if effect is Effect.MUTATE:
            self.changed(action)
        self.world.history.emit(
            "responder.action", action, **{"step": "", "line": 0, **self.sitting.context}, ok=ok, text=text,
            effect=str(effect), place=self.place,
        )  # fmt: skip

    def changed(self, what: str) -> None:
        """The running command changes the firm."""
        if what not in self.sitting.changes:
            self.sitting.changes.append(what)

    def called(self, words: tuple[str, ...]) -> None:
        """A program is about to run: what it does counts for the running command."""
        if words[0] not in _WRAPPERS:
            self.sitting.effects.append(str(meaning(shlex.join(words), "bash").effect))

    def finding(self, kind: str, text: str) -> None:
        """Write down, once per command, what only executing shows."""
        if text not in self.sitting.findings:
            self.sitting.findings.append(text)
            self.world.history.emit("shell.finding", kind, text=text, place=self.place, **self.sitting.context)

    def at(self, place: str, services: tuple[str, ...] = ()) -> Terminal:
        """The same person on another machine."""
        return Console(self.firm, self.firm.machine(place, services), self.sitting)

    def keep(self, kind: type[T], make: Callable[[], T]) -> T:
        """One per firm."""
        return self.firm.keep(kind, make)

    # Files.

    def read(self, path: str) -> str:
        """The text of a file by its absolute path, found by its meaning where it goes by another name."""
        text, stands_for = self.machine.read(path)
        if stands_for is not None:
            self.stands_for(path, stands_for)
        return text

    def read_file(self, path: str) -> str:
        """The text of a file."""
        return self.read(absolute(path, self.project))

    def write_file(self, path: str, text: str, append: bool = False) -> None:
        """Write a file; one that was there before anybody typed anything is the firm's, and changes it."""
        full = absolute(path, self.project)
        if self.files.is_file(full) and full not in self.files.written():
            self.changed(full)
        self.files.write(full, text, append)

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return self.files.exists(absolute(path, self.project))

    def stands_for(self, path: str, what: str) -> None:
        """A file was found by its meaning: that is written down."""
        self.world.history.emit("shell.stands_for", path, what=what, place=self.place, **self.sitting.context)

    def missing(self, path: str) -> None:
        """Something of the repository was asked for that is not there: with the repository given, that is a finding."""
        if self.repo is not None and path.startswith(self.project.rstrip("/") + "/"):
            name = path.removeprefix(self.project.rstrip("/") + "/")
            self.finding("missing_file", f"{name} is not in the repository")

    # Running.

    def environment(self) -> dict[str, str]:
        """The variables of a fresh login."""
        return {**self.machine.environment(), **self.firm.environment}

    def launch(self, words: tuple[str, ...], env: Mapping[str, str], cwd: str, stdin: Reader | None) -> Result | None:
        """Run a program; None when there is none of that name."""
        return launch(self, words, env, cwd, stdin)

    def which(self, name: str, cwd: str) -> str | None:
        """Where a program lies."""
        return which(self, name, cwd)

    def run(self, text: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: str | None = None) -> Result:
        """Run shell text in a shell of its own."""
        folder = self.project if cwd is None else cwd
        shell = Shell(self, self.environment() if env is None else env, folder)
        return self.run_in(shell, text, stdin)

    def run_in(self, shell: Shell, text: str, stdin: str = "") -> Result:
        """Run text in a given shell and take its output."""
        out, err = Buffer(), Buffer()
        code = shell.run_whole(text, {0: Reader(stdin), 1: out, 2: err})
        return Result(out.text(), err.text(), code & 0xFF)

    def call(
        self, words: tuple[str, ...], stdin: str | None = None, env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Result:  # fmt: skip
        """Run one program without a shell in between."""
        variables = self.environment() if env is None else env
        folder = self.project if cwd is None else cwd
        result = self.launch(words, variables, folder, None if stdin is None else Reader(stdin))
        if result is None:
            return Result("", f"{words[0]}: command not found\n", 127)
        if result.err.startswith("\0"):
            return Result(result.out, result.err[1:], result.code)
        return result

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One call deeper; ShellFailure when programs call each other without end."""
        self.sitting.depth += 1
        try:
            if self.sitting.depth > MOST_CALLS:
                raise ShellFailure(f"calls nest more than {MOST_CALLS} deep: it looks as if they never end", 2)
            yield
        finally:
            self.sitting.depth -= 1

    # The background.

    def spawn(self, body: Callable[[Console], int], text: str, job: Job) -> int:
        """Run something beside what the person goes on with; its process id."""
        sitting = Sitting(self.sitting.process)
        sitting.context = dict(self.sitting.context)
        console = Console(self.firm, self.machine, sitting)

        def run() -> None:
            try:
                with console.limited(BACKGROUND_US):
                    body(console)
            except TimeUp:
                job.status = 137
            finally:
                if job.status is None:
                    job.status = ENDED
                if not job.done.triggered:
                    job.done.succeed()

        job.end = self.firm.start(run, f"{text} &")
        return console.pid

    def end(self, job: Job) -> None:
        """End a background job, if it still runs."""
        if job.status is None:
            job.end()

    def wait_for(self, job: Job) -> int:
        """Wait for a background job; its status."""
        if job.status is None:
            self.wait_event(job.done, BACKGROUND_US)
        return ENDED if job.status is None else job.status
