"""One terminal, and what is typed into it: fence after fence, statement by statement.

    firm = Firm(world, nemesis, repo=repository)
    session = Session(firm)
    session.type("kubectl get pods -n trading | grep api", done)

`done` is given the `Outcome` when the last statement has ended, in virtual time. Each statement leaves a
`shell.command` in the History.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drills.runbook.commands import meaning
from drills.runbook.shell import PLACEHOLDER
from drills.shell.console import OBSERVE_US, Console, Sitting, TimeUp
from drills.shell.firm import WORKSTATION, Firm
from drills.shell.interpreter import Exit, Leave, Shell
from drills.shell.lexer import ShellSyntaxError
from drills.shell.parameters import ShellFailure
from drills.shell.parser import parse
from drills.shell.streams import Buffer, Descriptors
from drills.shell.syntax import AndOr, Script
from drills.shell.tool import NotHere
from sim.clock import MINUTE

PATIENCE_US = 15 * MINUTE
"""After so long somebody presses Ctrl-C."""
INTERRUPTED = 130
NOT_HERE = 126
_LINES, _WIDTH = 8, 400
"""How much of a command's output the History keeps."""


@dataclass(frozen=True, slots=True)
class Statement:
    """How one statement of a typed text went."""

    text: str
    line: int
    """In the typed text, from 1."""
    code: int
    out: str
    err: str
    began_us: int
    duration_us: int
    effect: str
    """`read`, `mutate` or `unknown`."""
    observed: bool
    """It never ends by itself, and was looked at for a while."""
    interrupted: bool
    """It took longer than somebody waits."""
    not_here: str
    """Why it cannot be executed here; empty when it was."""
    findings: tuple[str, ...]
    """What executing it showed about the runbook."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a typed text went."""

    statements: tuple[Statement, ...]
    code: int
    closed: bool
    """Whether it closed the terminal (`exit`, or `set -e` and a failure)."""

    @property
    def out(self) -> str:
        """All output."""
        return "".join(statement.out for statement in self.statements)

    @property
    def err(self) -> str:
        """All error output."""
        return "".join(statement.err for statement in self.statements)

    @property
    def not_here(self) -> tuple[str, ...]:
        """What could not be executed here."""
        return tuple(statement.not_here for statement in self.statements if statement.not_here)

    @property
    def findings(self) -> tuple[str, ...]:
        """What it showed about the runbook."""
        return tuple(finding for statement in self.statements for finding in statement.findings)


class Session:
    """A terminal that stays open: folder, variables and functions last from text to text."""

    def __init__(self, firm: Firm, place: str = WORKSTATION) -> None:
        """Log in on a machine."""
        self.firm = firm
        self._sitting = Sitting(firm.process)
        self.console = Console(firm, firm.machine(place), self._sitting)
        self._shell = self._login()
        self._busy = False

    def _login(self) -> Shell:
        return Shell(
            self.console, self.console.environment(), self.console.project, placeholders=True, interactive=True
        )

    def type(
        self, text: str, done: Callable[[Outcome], None], *, fills: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None, fresh: bool = False, observe_us: int = OBSERVE_US,
        patience_us: int = PATIENCE_US,
    ) -> None:  # fmt: skip
        """Run `text` in virtual time, beside everything else; only inside a World that runs.

        `fills` says what stands for `<placeholder>`; `context` (step, line) is written beside each event; `fresh`
        runs it as a script of its own instead of typing it. `observe_us` is how long a command that never ends is
        looked at, `patience_us` how long somebody waits for one that does not come back.
        """
        assert not self._busy, "one text at a time: wait for the outcome of the last one"
        self._busy = True
        sitting = self._sitting
        sitting.context, sitting.observe_us = dict(context or {}), observe_us
        filled = fill(text, fills or {})

        def body() -> None:
            try:
                outcome = self._run(filled, fresh, patience_us)
            finally:
                self._busy = False
            done(outcome)

        self.firm.start(body, text.split("\n")[0])

    # Inside the process.

    def _run(self, text: str, fresh: bool, patience_us: int) -> Outcome:
        shell = self._shell
        if fresh:
            shell = Shell(self.console, self.console.environment(), self.console.project, placeholders=True)
        script, problem = self._readable(text, shell)
        statements: list[Statement] = []
        closed = False
        for item in script:
            statement, closed = self._statement(shell, item, patience_us)
            statements.append(statement)
            if closed:
                break
        if problem is not None and not closed:
            statements.append(problem)
        if closed and not fresh:
            self._shell = self._login()
        return Outcome(tuple(statements), statements[-1].code if statements else 0, closed)

    def _readable(self, text: str, shell: Shell) -> tuple[Script, Statement | None]:
        """The statements up to the first line that is no shell, and what bash says of that one."""
        try:
            return parse(text, placeholders=True), None
        except ShellSyntaxError as error:
            script: Script = ()
            lines = text.split("\n")
            for count in range(error.line - 1, 0, -1):
                try:
                    script = parse("\n".join(lines[:count]), placeholders=True)
                    break
                except ShellSyntaxError:
                    continue
            return script, self._unreadable(error, lines)

    def _unreadable(self, error: ShellSyntaxError, lines: list[str]) -> Statement:
        unsupported = error.problem if "cannot be executed here" in error.problem else ""
        text = lines[min(error.line, len(lines)) - 1].strip()
        now_us = self.console.now_us
        statement = Statement(
            text, error.line, NOT_HERE if unsupported else 2, "", "" if unsupported else f"bash: {error.problem}\n",
            now_us, 0, "unknown", False, False, unsupported, (),
        )  # fmt: skip
        self._record(statement)
        return statement

    def _statement(self, shell: Shell, item: AndOr, patience_us: int) -> tuple[Statement, bool]:
        sitting, console = self._sitting, self.console
        sitting.observed, sitting.changes, sitting.effects, sitting.findings = False, [], [], []
        out, err = Buffer(), Buffer()
        streams: Descriptors = {**shell.base, 1: out, 2: err}
        began_us, interrupted, closed, not_here = console.now_us, False, False, ""
        shell.typed.append(item.text)
        try:
            with console.limited(patience_us) as limit:
                shell.run_item(item, streams)
            code = shell.status
        except TimeUp as up:
            if up.limit is not limit:  # whoever sets a limit takes care of it
                raise
            out.write(up.out)
            err.write(up.err)
            code, interrupted = INTERRUPTED, not sitting.observed
        except NotHere as finding:
            code, not_here = NOT_HERE, str(finding)
        except Exit as leaving:
            code, closed = leaving.code, True
        except Leave as leaving:
            code = leaving.code
        except RecursionError:
            shell.complain(streams, "calls nest too deep: it looks as if they never end")
            code = 2
        except ShellFailure as failure:
            shell.complain(streams, failure.message)
            code, closed = failure.code, not shell.interactive
        shell.status = code
        statement = Statement(
            item.text, item.line, code, out.text(), err.text(), began_us, console.now_us - began_us,
            self._effect(item.text), sitting.observed, interrupted, not_here, tuple(sitting.findings),
        )  # fmt: skip
        self._record(statement)
        return statement, closed

    def _effect(self, text: str) -> str:
        """What a statement did; where it called nothing, what its text would do."""
        effects = self._sitting.effects
        if self._sitting.changes or "mutate" in effects:
            return "mutate"
        return ("unknown" if "unknown" in effects else "read") if effects else str(meaning(text, "bash").effect)

    def _record(self, statement: Statement) -> None:
        more: dict[str, Any] = {"not_here": statement.not_here} if statement.not_here else {}
        if statement.observed:
            more["observed"] = True
        if statement.interrupted:
            more["interrupted"] = True
        if statement.findings:
            more["findings"] = list(statement.findings)
        self.firm.world.history.emit(
            "shell.command", statement.text.split("\n")[0][:_WIDTH], code=statement.code,
            duration_us=statement.duration_us, effect=statement.effect, out=shown(statement.out),
            err=shown(statement.err), place=self.console.place, changes=list(self._sitting.changes), **more,
            **self._sitting.context,
        )  # fmt: skip


def fill(text: str, fills: Mapping[str, str]) -> str:
    """`text` with the placeholders that `fills` names replaced, as a person would type it."""

    def one(match: Any) -> str:
        name = match.group("name") or match.group(0).strip("{} ")
        return fills.get(name, match.group(0))

    return PLACEHOLDER.sub(one, text) if fills else text


def shown(text: str) -> str:
    """The first lines of an output, as the History keeps them."""
    lines = text.split("\n")
    kept = "\n".join(line[:_WIDTH] for line in lines[:_LINES]).rstrip("\n")
    return kept if len(lines) <= _LINES + 1 else f"{kept}\n... {len(lines) - _LINES} more lines"
