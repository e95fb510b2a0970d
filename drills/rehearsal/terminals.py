"""The terminal that a rehearsal is typed into: the firm's shell, with the names that the runbook gives its things."""

from __future__ import annotations

from pathlib import Path

from drills.rehearsal.keyboard import OpenTerminal
from drills.runner import Text


def opener(text: Text, repo: Path | None = None, project: Path | None = None) -> OpenTerminal:
    """Opens terminals in which the text's own names for deployments, hosts and files are known."""
    raise NotImplementedError
