"""A repository to compare a runbook with."""

from __future__ import annotations

from pathlib import Path


class Repository:
    """The files of a repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
