"""An on-call in a small World: a plan of a few steps, a page or none, and chance that is forced where it matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from drills.human import PRESETS, Preset
from drills.plan import Plan, PlannedStep
from drills.responder import Responder
from sim.clock import SECOND
from sim.desk import Desk
from sim.history import Event
from tests.drills.hands import Hands

PERFECT = PRESETS["perfect"]
NEVER = 0.999


def step(step_id: str, *actions: str, **fields: Any) -> PlannedStep:
    """A step of weight 1 in the middle of nowhere."""
    plain: dict[str, Any] = {
        "title": step_id.replace("-", " "), "line": 10, "kind": "command", "weight": 1.0, "critical": False,
        "preds": (),
    }  # fmt: skip
    return PlannedStep(id=step_id, actions=actions, **{**plain, **fields})


def plan_of(*steps: PlannedStep, **fields: Any) -> Plan:
    """A procedure of these steps, one after the other."""
    chained = [steps[0], *(replace(later, preds=(before.id,)) for before, later in pairwise(steps))]
    return Plan(procedure="book", title="Book", file="book.md", line=1, steps=tuple(chained), **fields)


class Chance:
    """Draws as told, then never again an error."""

    def __init__(self, *draws: float) -> None:
        self.draws = list(draws)

    def random(self) -> float:
        return self.draws.pop(0) if self.draws else NEVER

    def integers(self, high: int) -> int:
        return 0


class OnCall(Hands):
    """One plan, one preset, one incident."""

    def __init__(
        self, plan: Plan, *faults: dict[str, Any], preset: Preset = PERFECT, chance: Chance | None = None,
        hooks: Callable[[Desk], Any] | None = None, paged: bool = True, **config: Any,
    ) -> None:  # fmt: skip
        super().__init__(hooks, *faults, **config)
        self.zero_us = self.firm.env.now
        self.responder = Responder(self.world, self.nemesis, plan, preset, self.zero_us)
        if chance is not None:
            self.responder._chance = chance  # type: ignore[assignment]
        if paged:
            self.firm.soon(lambda: self.world.page("it is broken", "critical", "test"))

    def told(self, *kinds: str) -> list[str]:
        """What the on-call did, as `kind subject` words."""
        return [
            f"{event.kind.removeprefix('responder.')} {event.subject}".rstrip()
            for event in self.of(*kinds or ("started", "done", "left_out", "slipped", "found_left_out", "could_not_do"))
        ]

    def of(self, *kinds: str) -> list[Event]:
        """Events of the responder."""
        return self.firm.history.of(*(f"responder.{kind}" for kind in kinds))

    def at_s(self, kind: str, subject: str = "") -> float:
        """When something happened, in seconds of the run."""
        return next(e.t_us for e in self.of(kind) if not subject or e.subject == subject) / SECOND
