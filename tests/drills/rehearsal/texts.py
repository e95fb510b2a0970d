"""Runbooks in a few lines, followed to the letter in a stock scenario."""

from __future__ import annotations

import textwrap
from pathlib import Path

from drills.code import load_mitigation
from drills.planning import TOPIC_WORDS
from drills.rehearsal.keyboard import OpenTerminal
from drills.rehearsal.rehearse import Rehearsed, Stage, rehearse
from drills.runbook.reader import read_text
from drills.runbook.topics import find_procedure
from drills.runner import Text
from results.rehearsed import RehearsedStep
from scenarios.loader import load_scenario
from tests.drills.rehearsal.typist import typists

SHARED = Path(__file__).resolve().parents[4] / "shared" / "runbooks"


def text_of(markdown: str, fragment: str | None = None, topic: str = "kill-switch") -> Text:
    """A runbook from indented Markdown, and its procedure."""
    runbook = read_text(textwrap.dedent(markdown).lstrip("\n"), "book.md")
    procedure, note = find_procedure(runbook, fragment, TOPIC_WORDS.get(topic, topic))
    return Text(runbook, procedure, note, Path("book.md"))


def follow(
    markdown: str, scenario: str = "q1-daily-loss", open_terminal: OpenTerminal | None = None, with_code: bool = True,
) -> Rehearsed:  # fmt: skip
    """Follow a text to the letter, with a terminal that knows a few words."""
    found = load_scenario(scenario)
    mitigation = load_mitigation(None, None) if with_code else None
    stage = Stage(found, 0, mitigation, open_terminal or typists())
    return rehearse(text_of(markdown, topic=found.topic), stage)


def step(shown: Rehearsed, title: str) -> RehearsedStep:
    """The step whose title begins so."""
    return next(step for step in shown.steps if step.title.startswith(title))
