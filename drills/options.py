"""The options of a run: what shapes its outcome beside the drill itself, and the command that repeats it.

Where output goes (`--json`, `--store`) is not among them: it changes nothing of what happens. Options are
written into the record as text and read back by `firedrill replay`, so both directions live here.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sim.errors import BadInput

RESPONDERS = ("none", "perfect", "trained", "default", "crisis", "no-runbook")
"""Who may answer the page: nobody, or a preset of the simulated on-call (`drills.human`)."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Everything a user chooses for a run."""

    seed: int = 0
    """Where all chance comes from."""
    runbook: str | None = None
    """`FILE.md` or `FILE.md#procedure`; None takes the drill's own."""
    code: str | None = None
    """The mitigation, as for `drills.code.load_mitigation`; None takes the reference bot."""
    responder: str = "default"
    """One of `RESPONDERS`."""
    cases: tuple[str, ...] | None = None
    """Names of the cases to run; None runs every case of the drill."""
    project: Path | None = None
    """Folder that `code` is imported from; None is the working directory."""
    drill: str | None = None
    """The drill as it was named, where that is not its own name: the path of a file."""
    exec: str | None = None
    """A command that is the mitigation in place of `code`, as for `drills.executable`."""
    exec_on: str | None = None
    """When it is started; None takes `drills.executable.DEFAULT_ON`."""
    isolation: str = "auto"
    """How it is shut in: `auto`, `netns` or `shim`."""
    python: Path | None = None
    """The interpreter that the code runs in, as it is; None is our own."""

    def __post_init__(self) -> None:
        """Refuse what no run can be made with."""
        if self.seed < 0:
            raise BadInput("must be 0 or more", mend="take any whole number from 0 up", field="--seed", value=self.seed)
        self._check_exec()
        if self.responder not in RESPONDERS:
            near = get_close_matches(self.responder, RESPONDERS, n=1)
            mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(RESPONDERS)}"
            raise BadInput("there is no such responder", mend=mend, field="--responder", value=self.responder)

    def _check_exec(self) -> None:
        """`--exec` stands in place of `--code`, and the options about it need it."""
        if self.exec is not None and (self.code is not None or self.python is not None):
            other = "--code" if self.code is not None else "--python"
            raise BadInput(
                f"cannot go with {other}", mend="give the mitigation in one way", field="--exec", value=self.exec
            )
        if self.exec is None and self.exec_on is not None:
            raise BadInput("needs --exec", mend="add --exec COMMAND", field="--exec-on", value=self.exec_on)
        if self.exec is None and self.isolation != "auto":
            raise BadInput("needs --exec", mend="add --exec COMMAND", field="--isolation", value=self.isolation)

    def as_text(self) -> dict[str, str]:
        """The options that are not left to their default, as text; the seed and the responder always."""
        text = {"seed": str(self.seed), "responder": self.responder}
        for name in ("runbook", "code", "exec", "exec_on", "project", "python", "drill"):
            value = getattr(self, name)
            if value is not None:
                text[name] = str(value)
        if self.isolation != "auto":
            text["isolation"] = self.isolation
        if self.cases is not None:
            text["cases"] = shlex.join(self.cases)
        return text

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> RunOptions:
        """The options that `as_text` wrote; BadInput when something else wrote them."""
        try:
            return cls(
                seed=int(text.get("seed", "0")),
                runbook=text.get("runbook"),
                code=text.get("code"),
                python=Path(text["python"]) if "python" in text else None,
                responder=text.get("responder", "default"),
                cases=tuple(shlex.split(text["cases"])) if "cases" in text else None,
                project=Path(text["project"]) if "project" in text else None,
                drill=text.get("drill"),
                exec=text.get("exec"),
                exec_on=text.get("exec_on"),
                isolation=text.get("isolation", "auto"),
            )
        except ValueError as error:
            raise BadInput(
                f"the record's options cannot be read: {error}", mend="repeat the run to write it anew", field="options"
            ) from error

    def replay_command(self, *drills: str) -> str:
        """What to type to repeat a run of `drills` with these options."""
        words = ["firedrill", "run", *((self.drill,) if self.drill else drills), "--seed", str(self.seed)]
        if self.runbook is not None:
            words += ["--runbook", self.runbook]
        if self.code is not None:
            words += ["--code", self.code]
        if self.exec is not None:
            words += ["--exec", self.exec]
        if self.exec_on is not None:
            words += ["--exec-on", self.exec_on]
        if self.isolation != "auto":
            words += ["--isolation", self.isolation]
        if self.project is not None:
            words += ["--project", str(self.project)]
        if self.python is not None:
            words += ["--python", str(self.python)]
        if self.responder != "default":
            words += ["--responder", self.responder]
        for case in self.cases or ():
            words += ["--case", case]
        return shlex.join(words)
