"""Steps while they are being read: mutable, without ids, in the order of the text.

`fences` and `steps` fill them; `finish` freezes them into the model once the whole document is known,
because guards need the severity table, and ids and references need all steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from drills.runbook.decisions import Choice
from drills.runbook.model import Template


class Line(NamedTuple):
    """A line of prose or a comment, with its place in the document."""

    line: int
    end: int
    text: str
    comment: bool = False
    done: bool | None = None


@dataclass(slots=True)
class CommandDraft:
    """A command as found; `line` is a line of the document."""

    line: int
    end: int
    lang: str
    text: str
    title: str | None = None
    todo: bool = False
    alt_group: str | None = None
    option: str | None = None
    expected: str | None = None


@dataclass(slots=True)
class StepDraft:
    """A step as found."""

    title: str
    line: int
    end: int
    path: tuple[str, ...]
    ordinal: int | None = None
    phase: str | None = None
    guard: str | None = None
    guard_loose: bool = False
    outer_guard: str | None = None
    label: bool = False
    alt_group: str | None = None
    option: str | None = None
    actions: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    commands: list[CommandDraft] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    children: list[StepDraft] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    deadline: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing stands under the title."""
        return not (self.actions or self.notes or self.commands or self.choices or self.children)


@dataclass(slots=True)
class Found:
    """What turns up beside the steps while they are read."""

    file: str
    templates: list[Template] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, rule, message) of what the reader noticed."""
