"""A program of the firm with the one line that says what of it works here."""

from __future__ import annotations

from typing import NamedTuple

from drills.shell.tool import Tool


class Program(NamedTuple):
    """One entry of a family's table."""

    run: Tool
    about: str
    """For `firedrill rehearse --commands`: what works, in one line."""
