"""What the injectors share: the strike in progress, and the table of which function injects which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scenarios.faults import FaultBase
from sim.healing import Heal, nothing
from sim.world import World

__all__ = ["INJECTORS", "Heal", "Injector", "Strike", "injects", "nothing"]


class Strike:
    """One fault being done to one World."""

    def __init__(self, world: World, fault: FaultBase, fault_id: str) -> None:
        """`fault_id` names it in the History."""
        self.world, self.fault, self.id = world, fault, fault_id
        self._landed = False

    def landed(self, proof: str) -> None:
        """Record, once, that the fault had an effect somebody could have felt."""
        if not self._landed:
            self._landed = True
            self.world.history.emit("fault.landed", self.id, proof=proof)

    def held_symbol(self) -> str | None:
        """The symbol with the largest position at the broker: where a change of the book shows."""
        world = self.world
        value = {s: abs(q) * world.market.price(s) for s, q in world.ledger.positions().items()}
        return max(value, key=lambda symbol: value[symbol]) if value else None

    def after(self, delay_us: int, function: Callable[[], None]) -> None:
        """Do `function` in `delay_us`."""
        self.world.env.timeout(delay_us).callbacks.append(lambda _: function())


Injector = Callable[[Strike, Any], Heal]
INJECTORS: dict[str, Injector] = {}
"""Fault kind to the function that injects it."""


def injects(kind: str) -> Callable[[Injector], Injector]:
    """Register a function as the injector of `kind`."""

    def register(function: Injector) -> Injector:
        assert kind not in INJECTORS, kind
        INJECTORS[kind] = function
        return function

    return register
