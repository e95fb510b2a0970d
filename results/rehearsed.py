"""The part of a record that a rehearsal adds: each step of the text, each command typed, and what came of it.

A rehearsal is a run whose responder follows the runbook to the letter. Times are virtual seconds since the
start of the run, like everywhere in a record.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from results.evidence import MaybeFloat, Part

CommandOutcome = Literal["ok", "failed", "watched", "not_executable", "not_here", "not_taken"]
StepOutcome = Literal["done", "partly", "failed", "not_executable", "not_taken", "not_reached"]

COMMAND_WORDS: dict[str, str] = {
    "ok": "ok", "failed": "failed", "watched": "watched", "not_executable": "cannot run",
    "not_here": "not known here", "not_taken": "not taken",
}  # fmt: skip
STEP_WORDS: dict[str, str] = {
    "done": "done", "partly": "done in part", "failed": "failed", "not_executable": "cannot be carried out",
    "not_taken": "another option taken",
    "not_reached": "not reached",
}  # fmt: skip


class RehearsedCommand(Part):
    """One command of the text."""

    line: int
    """Line of the runbook."""
    text: str
    """As it is written."""
    typed: str | None = None
    """As it was typed, placeholders filled in; null when nothing was typed."""
    option: str | None = None
    """Which of several alternatives it belongs to."""
    effect: Literal["read", "mutate", "unknown"] = "unknown"
    """Whether it looks or changes something, by its words."""
    outcome: CommandOutcome
    """`watched`: never returns, was watched for a while; `not_executable`: nobody can type it as it stands;
    `not_here`: the simulated firm does not know it; `not_taken`: another alternative was."""
    exit_code: int | None = None
    """Null when it did not end by itself, or was not typed."""
    printed: list[str] = Field(default_factory=list)
    """The first lines of its output, error output after standard output."""
    why: str = ""
    """Why it did not go well."""
    started_s: MaybeFloat = None
    """When it was typed, for the last time when it was repeated."""
    took_s: float = 0.0
    """How long it ran."""
    times: int = 1
    """How often it was typed: a check is repeated until it holds."""
    noticed: list[str] = Field(default_factory=list)
    """What running it showed about the text, whether or not it failed."""
    own_process: bool = False
    """It changes an object that it builds itself, in a process of its own, which the running system never sees."""


class RehearsedStep(Part):
    """One step of the text."""

    id: str
    """Step id, stable under edits elsewhere in the runbook."""
    title: str
    """The runbook's words."""
    line: int
    """Line of the runbook."""
    critical: bool = False
    """Whether the recovery hangs on it."""
    outcome: StepOutcome
    """What came of it; `partly`: only looks failed, or a check never held."""
    why: str = ""
    """Why it did not go well."""
    started_s: MaybeFloat = None
    """When it was begun."""
    done_s: MaybeFloat = None
    """When it was over."""
    commands: list[RehearsedCommand] = Field(default_factory=list)
    """What was to be typed."""
    by_hand: list[str] = Field(default_factory=list)
    """What was done as a sentence without a command, and with which outcome."""
    waited_s: float = 0.0
    """How long the text made one wait."""
    broken_promises: list[str] = Field(default_factory=list)
    """What its commands were to bring about and did not."""


class Rehearsal(Part):
    """What following the text to the letter came to."""

    steps: list[RehearsedStep] = Field(default_factory=list)
    """Every step that applies to this incident, in the order of the text."""
    assumptions: list[str] = Field(default_factory=list)
    """What had to be assumed to follow the text: placeholders, branches, where a sentence sends to."""
    options: list[str] = Field(default_factory=list)
    """Which of several alternatives was taken."""
    still_broken: list[str] = Field(default_factory=list)
    """What is still broken at the end of the run."""
    unaided: str
    """What becomes of the firm when nobody follows any text."""
    helped: bool = True
    """Whether the firm is restored, and sooner than when nobody follows any text."""
    without_code: str = ""
    """What becomes of it when the text is followed and no mitigation code runs beside it."""
    severity: str | None = None
    """The runbook's own severity that the incident has."""
