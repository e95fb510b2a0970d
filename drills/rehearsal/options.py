"""The options of a rehearsal: what shapes its outcome, and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput


@dataclass(frozen=True, slots=True)
class RehearseOptions:
    """Everything a user chooses for a rehearsal."""

    runbook: str
    """`FILE.md` or `FILE.md#procedure`."""
    scenario: str | None = None
    """A stock scenario or drill, or a YAML file; None takes the one that fits the procedure."""
    seed: int = 0
    code: str | None = None
    """The mitigation beside the text; None takes the reference bot."""
    project: Path | None = None
    """Folder of the user's own code: what the text's `python -c` imports."""
    repo: Path | None = None
    """Folder in which the text's scripts, modules and files are looked for."""

    def __post_init__(self) -> None:
        """Refuse what no rehearsal can be made with."""
        if self.seed < 0:
            raise BadInput("must be 0 or more", mend="take any whole number from 0 up", field="--seed", value=self.seed)
        for option, folder in (("--repo", self.repo), ("--project", self.project)):
            if folder is not None and not folder.is_dir():
                raise BadInput("there is no such folder", mend="check the path", field=option, value=str(folder))

    @property
    def file(self) -> Path:
        """The runbook's file."""
        return Path(self.runbook.partition("#")[0])

    @property
    def procedure(self) -> str | None:
        """The procedure that was named."""
        return self.runbook.partition("#")[2] or None

    def as_text(self) -> dict[str, str]:
        """The options that are not left to their default, as text."""
        text = {"rehearse": self.runbook, "seed": str(self.seed)}
        for name in ("scenario", "code", "project", "repo"):
            value = getattr(self, name)
            if value is not None:
                text[name] = str(value)
        return text

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> RehearseOptions:
        """The options that `as_text` wrote."""
        folder = {name: Path(text[name]) for name in ("project", "repo") if name in text}
        try:
            return cls(
                text["rehearse"], text.get("scenario"), int(text.get("seed", "0")), text.get("code"),
                folder.get("project"), folder.get("repo"),
            )  # fmt: skip
        except (KeyError, ValueError) as error:
            raise BadInput(
                f"the record's options cannot be read: {error}", mend="rehearse again to write it anew", field="options"
            ) from error

    def replay_command(self) -> str:
        """What to type to repeat it."""
        words = ["firedrill", "rehearse", self.runbook]
        for option in ("scenario", "code", "project", "repo"):
            value = getattr(self, option)
            if value is not None:
                words += [f"--{option}", str(value)]
        return shlex.join([*words, "--seed", str(self.seed)])
