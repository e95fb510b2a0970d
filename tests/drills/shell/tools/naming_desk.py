"""Somebody at a terminal of a monitored firm, whose naming is derived from the commands of their runbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from drills.shell.inventory import Inventory, derive
from drills.shell.session import Outcome
from sim.desk import Desk
from tests.drills.shell.terminals import Typist

WARM_UP_S = 60
"""Until the slowest service of the firm has started."""


def typist(
    *commands: str, hooks: Callable[[Desk], Any] | None = None, faults: Sequence[dict[str, Any]] = (), **options: Any
) -> Typist:
    """A terminal in a firm that has been up for a minute; `commands` are those that its runbook contains."""
    who = Typist(hooks, *faults, monitored=True, **options)
    metrics = [series.name for series in who.world.monitoring.series]
    naming = derive(commands=[(text, number) for number, text in enumerate(commands, start=1)], metrics=metrics)
    who.firm.keep(Inventory, lambda: naming)
    who.hands.firm.run(WARM_UP_S)
    return who


def failed(outcome: Outcome, code: int, words: str) -> None:
    """A text ended with this code and these words among its errors."""
    assert outcome.code == code, outcome
    assert words in outcome.err, outcome.err


def actions(who: Typist) -> list[str]:
    """What was done to the firm, as the score reads it."""
    return [event.subject for event in who.history.of("responder.action")]


def findings(who: Typist) -> list[str]:
    """What executing has shown about the runbook, by kind."""
    return [event.subject for event in who.history.of("shell.finding")]
