"""Short ways to read a piece of Markdown in a test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.runbook.model import Procedure, Runbook
from drills.runbook.reader import read_text

SHARED = Path(__file__).resolve().parents[4] / "shared" / "runbooks"


@pytest.fixture
def read() -> Callable[[str], Runbook]:
    """A runbook from indented Markdown."""
    return lambda text: read_text(textwrap.dedent(text).lstrip("\n"), "test.md")


@pytest.fixture
def one(read: Callable[[str], Runbook]) -> Callable[[str], Procedure]:
    """The only procedure of a piece of Markdown."""

    def only(text: str) -> Procedure:
        procedures = read(text).procedures
        assert len(procedures) == 1, [procedure.title for procedure in procedures]
        return procedures[0]

    return only
