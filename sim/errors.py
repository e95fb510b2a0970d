"""What can go wrong, for whom, and what to do about it.

`BadInput` is for what a user can cause: it becomes one line and exit code 2. A failed assert is for what
only a bug of ours can cause. What a broker or a network does to the mitigation code is in `sim.network`:
those are part of the simulation, not errors of Firedrill.
"""

from __future__ import annotations

from pathlib import Path


class FiredrillError(Exception):
    """Any failure that Firedrill itself reports; `exit_code` is what the command line returns."""

    exit_code = 4


class BadInput(FiredrillError):
    """A file, an option or a piece of user code that cannot be used, in one line with its mend.

    Usual causes: a misspelt field in a scenario, a runbook without the named procedure, mitigation code
    that does not import, a store written by another version.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        mend: str,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
        value: object = None,
    ) -> None:
        """Say what is wrong (`problem`), where (`file`, `line`, `field`), with what `value`, and the `mend`."""
        self.problem, self.mend, self.file, self.line, self.field, self.value = (
            problem,
            mend,
            None if file is None else str(file),
            line,
            field,
            value,
        )
        super().__init__(self.one_line())

    def one_line(self) -> str:
        """The whole message on one line: `file:line: field: problem (got value); mend`."""
        where = "" if self.file is None else f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        field = "" if self.field is None else f"{self.field}: "
        got = "" if self.value is None else f" (got {_short(self.value)})"
        return " ".join(f"{where}{field}{self.problem}{got}; {self.mend}".split())


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
