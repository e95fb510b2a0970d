"""The import system of an interpreter that is taken into virtual time in the middle of an import."""

from __future__ import annotations

import _thread
import importlib
from types import SimpleNamespace
from typing import Any


def keep_locks() -> None:
    """Let imports know threads by the machine's numbers: a lock that is held now is released by its holder."""
    bootstrap: Any = importlib._bootstrap
    bootstrap._thread = SimpleNamespace(**vars(_thread))
