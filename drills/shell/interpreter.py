"""The shell itself: walks a script, keeps variables, folder, options and functions, and calls programs.

Every part of a pipeline runs in a copy of the shell, one after the other, with the text of the one before as
its input. Programs take virtual time; a loop that does not end is looked at for a while and then left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from drills.shell.compound import run_compound
from drills.shell.expand import Expander
from drills.shell.lexer import ShellSyntaxError
from drills.shell.parameters import ShellFailure
from drills.shell.parser import parse
from drills.shell.redirects import NotOpened, opened
from drills.shell.shell_state import Job, ShellState
from drills.shell.streams import Buffer, Descriptors, Reader
from drills.shell.syntax import AndOr, Assignment, Command, Pipeline, Script, Simple, Text
from drills.shell.tool import NotHere, Result
from drills.shell.variables import Value

if TYPE_CHECKING:
    from drills.shell.console import Console


class Leave(Exception):
    """What takes a shell out of the command it is in."""

    def __init__(self, code: int = 0, levels: int = 1) -> None:
        """`code` is the status left behind; `levels` how many loops are left."""
        super().__init__()
        self.code, self.levels = code, levels


class Exit(Leave):
    """`exit`."""


class Return(Leave):
    """`return`."""


class Break(Leave):
    """`break`."""


class Continue(Leave):
    """`continue`."""


class Shell(ShellState):
    """One shell on one machine."""

    def __init__(
        self, console: Console, env: Mapping[str, str], cwd: str, *, name: str = "bash",
        arguments: tuple[str, ...] = (), placeholders: bool = False, interactive: bool = False,
    ) -> None:  # fmt: skip
        """A shell in folder `cwd`; `interactive` when a person types into it, `name` is its `$0`."""
        super().__init__(
            console, env, cwd, name=name, arguments=arguments, placeholders=placeholders, interactive=interactive
        )
        self._substituted: int | None = None
        self.expander = Expander(self)

    def capture(self, script: Script) -> str:
        """What a script prints, without the newlines at its end; it runs in a copy of the shell."""
        text, self._substituted = self._printed(script)
        return text.replace("\0", "").rstrip("\n")

    def output_file(self, script: Script) -> str:
        """The name of a file that holds what a script prints."""
        text, _ = self._printed(script)
        path = f"/dev/fd/{self.console.next_descriptor()}"
        self.files.write(path, text)
        return path

    def _printed(self, script: Script) -> tuple[str, int]:
        with self.console.deeper():
            twin = self.copy()
            twin.options["errexit"] = False
            out = Buffer()
            code = twin.run_isolated(script, {**self.base, 1: out})
        return out.text(), code

    # Running.

    def copy(self) -> Shell:
        """The same shell for a subshell: what it changes stays its own."""
        twin = Shell(
            self.console, {}, self.cwd, name=self.name, arguments=tuple(self.arguments),
            placeholders=self.placeholders,
        )  # fmt: skip
        twin.variables = self.variables.copy()
        twin.functions, twin.options = dict(self.functions), dict(self.options)
        twin.status, twin.line, twin.unchecked = self.status, self.line, self.unchecked
        twin.pipe_status, twin.last_background = list(self.pipe_status), self.last_background
        twin.base, twin.loops = self.base, 0
        return twin

    def run_text(self, text: str, io: Descriptors) -> int:
        """Read and run a text in this shell; 2 with bash's message when it is no shell."""
        try:
            script = parse(text, self.placeholders)
        except ShellSyntaxError as error:
            if "cannot be executed here" in error.problem:
                raise NotHere(error.problem) from None
            self.complain(io, error.problem, error.line)
            self.status = 2 if "bad substitution" not in error.problem else 1
            return self.status
        return self.run(script, io)

    def run_isolated(self, script: Script, io: Descriptors) -> int:
        """Run a script to its end or its exit, whichever comes first; the status."""
        return self._to_the_end(lambda: self.run(script, io), io)

    def run_whole(self, text: str, io: Descriptors) -> int:
        """Run a text as `bash -c` does, to its end or its exit."""
        return self._to_the_end(lambda: self.run_text(text, io), io)

    def _to_the_end(self, work: Callable[[], int], io: Descriptors) -> int:
        self.base = io
        try:
            work()
        except Leave as leaving:
            self.status = leaving.code
        except ShellFailure as failure:
            self.complain(io, failure.message)
            self.status = failure.code
        self._run_exit_trap(io)
        return self.status

    def _run_exit_trap(self, io: Descriptors) -> None:
        trap = self.traps.pop("EXIT", "")
        if trap:
            before = self.status
            try:
                self.run_text(trap, io)
                self.status = before
            except Leave as leaving:
                self.status = leaving.code

    def complain(self, io: Descriptors, message: str, line: int | None = None) -> None:
        """A message of the shell's own on its error output."""
        if self.interactive:
            prefix = "bash"
        else:
            prefix = f"{self.name}: line {self.line if line is None else line}"
        self.write(io, 2, f"{prefix}: {message}\n")

    def write(self, io: Descriptors, fd: int, text: str) -> None:
        """Print to a descriptor; a closed or unreadable one swallows it."""
        output = io.get(fd)
        if output is not None and not isinstance(output, Reader):
            output.write(text)

    def run(self, script: Script, io: Descriptors) -> int:
        """Run a script in this shell; Leave and ShellFailure go to the caller."""
        for item in script:
            self.run_item(item, io)
        return self.status

    def run_item(self, item: AndOr, io: Descriptors) -> int:
        """Run one and-or list, in the background when it says so."""
        if item.background:
            self._start_background(item, io)
            return self.status
        self.line = item.line
        pipelines = [("", item.first), *item.rest]
        for number, (op, pipeline) in enumerate(pipelines):
            if op and (self.status == 0) != (op == "&&"):
                continue
            last = number == len(pipelines) - 1
            self.unchecked += not last or pipeline.negated
            try:
                self._run_pipeline(pipeline, io)
            finally:
                self.unchecked -= not last or pipeline.negated
            if last and not pipeline.negated:
                self.check_errexit(io)
        return self.status

    def check_errexit(self, io: Descriptors) -> None:
        """Leave the shell when `set -e` is on and the last command failed where that counts."""
        if self.status and not self.unchecked:
            trap = self.traps.get("ERR", "")
            if trap:
                before = self.status
                self.unchecked += 1
                self.run_text(trap, io)
                self.unchecked -= 1
                self.status = before
            if self.options.get("errexit"):
                raise Exit(self.status)

    def _run_pipeline(self, pipeline: Pipeline, io: Descriptors) -> None:
        began_us = self.console.now_us
        if len(pipeline.commands) == 1:
            self.run_command(pipeline.commands[0], io)
            self.pipe_status = [self.status] if not isinstance(pipeline.commands[0].body, Simple) else self.pipe_status
        else:
            self._run_pipes(pipeline, io)
        if pipeline.negated:
            self.status = int(self.status == 0)
        if pipeline.timed:
            real = (self.console.now_us - began_us) / 1e6
            minutes, seconds = divmod(real, 60)
            spent = f"{int(minutes)}m{seconds:.3f}s"
            self.write(io, 2, f"\nreal\t{spent}\nuser\t0m0.000s\nsys\t0m0.000s\n")

    def _run_pipes(self, pipeline: Pipeline, io: Descriptors) -> None:
        statuses: list[int] = []
        carried = io.get(0)
        beside, self.console.sitting.beside = self.console.sitting.beside, tuple(map(plain_text, pipeline.commands))
        try:
            self._run_parts(pipeline, io, statuses, carried)
        finally:
            self.console.sitting.beside = beside
        self.pipe_status = statuses
        failed = [status for status in statuses if status]
        self.status = statuses[-1]
        if self.options.get("pipefail") and failed:
            self.status = failed[-1]

    def _run_parts(self, pipeline: Pipeline, io: Descriptors, statuses: list[int], carried: Any) -> None:
        for number, command in enumerate(pipeline.commands):
            last = number == len(pipeline.commands) - 1
            streams = dict(io)
            if carried is not None:
                streams[0] = carried
            pipe = Buffer()
            if not last:
                streams[1] = pipe
                if pipeline.joined_errors[number]:
                    streams[2] = pipe
            twin = self.copy()
            statuses.append(twin.run_isolated_command(command, streams))
            carried = Reader(pipe.text())

    def run_isolated_command(self, command: Command, io: Descriptors) -> int:
        """Run one command to its end or exit; the status."""
        self.base = io
        try:
            self.run_command(command, io)
        except Leave as leaving:
            self.status = leaving.code
        except ShellFailure as failure:
            self.complain(io, failure.message)
            self.status = failure.code
        return self.status

    def run_command(self, command: Command, io: Descriptors) -> None:
        """Run one command with its redirections."""
        if isinstance(command.body, Simple):
            self._run_simple(command.body, command, io)
            return
        try:
            streams = opened(self, command.redirects, io)
        except NotOpened as problem:
            self.complain(io, str(problem))
            self.status = 1
            return
        before, self.base = self.base, streams
        try:
            run_compound(self, command.body, streams)
        finally:
            self.base = before

    # Simple commands.

    def _run_simple(self, simple: Simple, command: Command, io: Descriptors) -> None:
        self._substituted = None
        before, self.base = self.base, io
        try:
            words = self.expander.words(simple.words)
        finally:
            self.base = before
        try:
            streams = opened(self, command.redirects, io)
        except NotOpened as problem:
            self.complain(io, str(problem))
            self.status = 1
            return
        if self.options.get("xtrace"):
            self.write(io, 2, "+ " + " ".join(words) + "\n")
        if not words:
            for assignment in simple.assignments:
                self.make_assignment(assignment)
            self.status = self._substituted or 0
            self.pipe_status = [self.status]
            return
        self.call(words, simple.assignments, streams)
        for assignment in simple.declared:
            self.make_assignment(assignment)
        self.pipe_status = [self.status]

    def make_assignment(self, assignment: Assignment) -> None:
        """Set what an assignment sets."""
        name = assignment.name
        if assignment.array:
            values = self.expander.words(assignment.value)  # type: ignore[arg-type]
            before = self.variables.get(name)
            if assignment.append and before is not None:
                values = [*(before if isinstance(before, list) else [before]), *values]
            if self.variables.is_readonly(name):
                raise ShellFailure(f"{name}: readonly variable")
            self.variables.unset(name) if not isinstance(before, list) else None
            self.variables.set(name, values)
            return
        text = self.expander.text(assignment.value, assignment=True)  # type: ignore[arg-type]
        if assignment.index is not None:
            self.assign_element(name, self.calculate(self.expander.text(assignment.index)), text)
            return
        if assignment.append:
            text = (self.variables.text(name) or "") + text
        self.assign(name, text)

    def call(self, words: list[str], assignments: tuple[Assignment, ...], io: Descriptors) -> None:
        """Call a function, a builtin or a program, with assignments that hold for this call only."""
        from drills.shell.builtins import BUILTINS, KEEPS_ASSIGNMENTS

        name = words[0]
        if name in self.functions or name in BUILTINS:
            saved = {a.name: (self.variables.get(a.name), a.name in self.variables.environment()) for a in assignments}
            for assignment in assignments:
                self.make_assignment(assignment)
                self.variables.export(assignment.name)
            try:
                if name in self.functions:
                    self.call_function(name, words[1:], io)
                else:
                    self.console.spend("builtin")
                    self.status = BUILTINS[name](self, words, io)
            finally:
                if name not in KEEPS_ASSIGNMENTS:
                    self._restore(saved)
            return
        env = self.variables.environment()
        for assignment in assignments:
            env[assignment.name] = self.expander.text(assignment.value, assignment=True)  # type: ignore[arg-type]
        self.status = self.program(words, env, io)

    def _restore(self, saved: dict[str, tuple[Value | None, bool]]) -> None:
        for name, (value, exported) in saved.items():
            if value is None:
                self.variables.unset(name)
            else:
                self.variables.set(name, value)
                self.variables.export(name, exported)

    def call_function(self, name: str, arguments: list[str], io: Descriptors) -> None:
        """Call a function of the script."""
        before, self.arguments = self.arguments, arguments
        self.variables.enter()
        loops, self.loops = self.loops, 0
        try:
            with self.console.deeper():
                self.run_command(self.functions[name], io)
        except Return as leaving:
            self.status = leaving.code
        finally:
            self.loops = loops
            self.variables.leave()
            self.arguments = before

    def program(self, words: list[str], env: Mapping[str, str], io: Descriptors) -> int:
        """Call a program of the firm, or a script; its status."""
        source = io.get(0)
        stdin = source if isinstance(source, Reader) else None
        try:
            result = self.console.launch(tuple(words), env, self.cwd, stdin)
        except RecursionError:
            raise ShellFailure("calls nest too deep: it looks as if they never end", 2) from None
        if result is None:
            self.complain(io, f"{words[0]}: command not found")
            return 127
        self.write(io, 2, self._named(result))
        self.write(io, 1, result.out)
        return result.code & 0xFF

    def _named(self, result: Result) -> str:
        """A program's error output; what the shell itself says of a program gets the shell's prefix."""
        if not result.err.startswith("\0"):
            return result.err
        prefix = "bash" if self.interactive else f"{self.name}: line {self.line}"
        return f"{prefix}: {result.err[1:]}"

    # The background.

    def _start_background(self, item: AndOr, io: Descriptors) -> None:
        twin = self.copy()
        foreground = AndOr(item.first, item.rest, False, item.text, item.line)
        streams: Descriptors = {**io, 0: Reader("")}
        number = len(self.jobs) + 1
        job = Job(item.text, self.console.world.env.event())

        def body(console: Console) -> int:
            twin.console = console
            job.status = twin.run_isolated((foreground,), streams)
            return job.status

        pid = self.console.spawn(body, item.text, job)
        self.jobs[pid] = job
        job.number = number
        self.last_background = pid
        if self.interactive:
            self.write(io, 2, f"[{number}] {pid}\n")
        self.status = 0


def plain_text(command: Command) -> str:
    """A program and its arguments as a list of processes shows them, before expansion; "" for a compound command."""
    if not isinstance(command.body, Simple):
        return ""
    return " ".join(
        "".join(part.text if isinstance(part, Text) else "..." for part in word) for word in command.body.words
    )
