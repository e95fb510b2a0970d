"""A line on stderr that says how far a long command is, and is gone when it ends.

It appears after a second, and only on a terminal, so that logs of CI hold none of it. It is drawn when there
is something to report and by no thread of its own: user code under test may wait, and must not be waited
beside.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sim.clock import wall_seconds

if TYPE_CHECKING:
    from rich.progress import Progress

SHOW_AFTER_S = 1.0


class ProgressLine:
    """Shows `what`, a bar and n of m; call it with each step."""

    def __init__(self, show_after_s: float = SHOW_AFTER_S) -> None:
        """Show nothing before `show_after_s`."""
        self._show_at = wall_seconds() + show_after_s
        self._terminal = sys.stderr.isatty()
        self._bar: Progress | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` are finished; `what` comes next."""
        if self._terminal and wall_seconds() >= self._show_at:
            bar = self._bar or self._begin(total)
            bar.update(bar.task_ids[0], description=what, completed=done, total=total)
            bar.refresh()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self, total: int) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        self._bar.add_task("", total=total)
        self._bar.start()
        return self._bar
