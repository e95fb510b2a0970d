"""A terminal in a small quiet firm, for tests that read as somebody typing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drills.shell.firm import Firm
from drills.shell.session import Outcome, Session
from drills.shell.tool import Tool
from sim.clock import SECOND
from sim.desk import Desk
from tests.drills.hands import Hands

DAY_S = 24 * 3600


class Typist:
    """Somebody who types into one terminal and waits for the prompt."""

    def __init__(
        self, hooks: Callable[[Desk], Any] | None = None, *faults: dict[str, Any], repo: Path | None = None,
        project: str = "/srv/trading", tools: Mapping[str, Tool] | None = None, place: str = "workstation",
        monitored: bool = False, **config: Any,
    ) -> None:  # fmt: skip
        self.hands = Hands(hooks, *faults, monitored=monitored, **config)
        self.world, self.history = self.hands.world, self.hands.world.history
        self.firm = Firm(self.world, self.hands.nemesis, repo=repo, project=project, tools=tools)
        self.session = Session(self.firm, place)

    def type(self, text: str, seconds: float = DAY_S, **options: Any) -> Outcome:
        """Type a text and let time pass until it has ended."""
        outcomes: list[Outcome] = []
        self.hands.firm.soon(lambda: self.session.type(text, outcomes.append, **options))
        end_us = self.world.env.now + round(seconds * SECOND)
        while not outcomes and self.world.env.now < end_us:
            self.hands.firm.run(5)
        assert outcomes, f"still running after {seconds} s: {text}"
        return outcomes[0]

    def out(self, text: str, **options: Any) -> str:
        """What a text prints; it must succeed."""
        outcome = self.type(text, **options)
        assert (outcome.code, outcome.not_here) == (0, ()), outcome
        return outcome.out
