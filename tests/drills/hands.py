"""A person's hands in a small World: a firm, a fault that is in force, and an action to perform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drills.operator import Operator, Outcome
from scenarios.nemesis import Nemesis
from scenarios.scenario import Scenario
from sim.clock import SECOND
from sim.desk import Desk
from sim.orders import Order
from tests.sim.worlds import QUIET, Firm


def scenario_of(*faults: dict[str, Any], **fields: Any) -> Scenario:
    """A scenario around `faults`, with no orders of the nemesis's own in flight."""
    plain = {
        "name": "any", "title": "Any", "story": "Something breaks.", "faults": list(faults), "horizon": "3h",
        "world": {"in_flight": False}, "expect": {"alarm": "either"},
    }  # fmt: skip
    return Scenario.model_validate({**plain, **fields})


class Hands:
    """An operator at work."""

    def __init__(
        self, hooks: Callable[[Desk], Any] | None = None, *faults: dict[str, Any], monitored: bool = True, **config: Any
    ) -> None:
        """Start the firm; `faults` strike one second later."""
        self.firm = Firm(hooks, monitored=monitored, strategies=config.pop("strategies", QUIET), **config)
        self.world = self.firm.world
        self.nemesis = Nemesis(self.world, scenario_of(*faults), self.firm.env.now + SECOND)
        self.operator = Operator(self.world, self.nemesis)
        self.firm.run(2)

    def do(self, action: str, seconds: float = 30) -> Outcome | None:
        """Perform `action` and let time pass; its outcome, or None while it hangs."""
        outcomes: list[Outcome] = []
        self.firm.soon(lambda: self.operator.perform(action, outcomes.append))
        self.firm.run(seconds)
        assert len(outcomes) < 2, "an action ends once"
        return outcomes[0] if outcomes else None

    def rest(self, symbol: str = "AAPL", qty: int = 10, **kind: Any) -> Order:
        """An order that rests at the broker and adds to a position."""
        made: list[Order] = []
        price = self.world.market.price(symbol)
        limit = round(price * 0.9, 2)
        self.firm.soon(
            lambda: made.append(
                self.world.orders.create(symbol, 1, qty, kind="limit", limit_price=limit, price_hint=price, **kind)
            )
        )
        self.firm.run(2)
        return made[0]
