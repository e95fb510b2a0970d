"""The way back from a fault: a callable that may be called twice and acts once."""

from __future__ import annotations

from collections.abc import Callable

Heal = Callable[[], None]


def once(action: Callable[[], object]) -> Heal:
    """`action` on the first call, nothing on any later one."""
    pending = [action]

    def heal() -> None:
        if pending:
            pending.pop()()

    return heal


def nothing() -> None:
    """Nothing to undo."""
