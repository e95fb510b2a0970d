"""A whole firm with the reference bot, struck by a schedule of faults, healed, and set right by an on-call.

`Incident` is the stage for tests of the nemesis and its injectors: it runs a schedule as a drill would, but
with nobody judging. What a person would do afterwards (start what stays down, release the halt) is `mend`.
"""

from __future__ import annotations

from typing import Any

from scenarios.build import world_config
from scenarios.faults import FaultBase
from scenarios.nemesis import Nemesis, landed
from scenarios.scenario import Scenario
from sim.clock import MINUTE, SECOND
from sim.desk import Desk
from sim.history import Event
from sim.network import PASS
from sim.world import Mitigation, World
from tests.sim.worlds import REFERENCE

STILL: dict[str, Any] = {"strategies": {"orders_per_hour": 0.0}, "in_flight": False}
"""World options of a firm in which nothing happens by itself."""


class Incident:
    """One World under one schedule; time is counted in minutes from fault zero."""

    def __init__(
        self, *faults: dict[str, Any] | FaultBase, seed: int = 7, code: Mitigation | None = REFERENCE,
        world: dict[str, Any] | None = None, warm_up: str = "3m", **scenario: Any,
    ) -> None:  # fmt: skip
        """Schedule `faults` on an ordinary Tuesday morning; nothing has happened yet."""
        self.scenario = Scenario.model_validate(
            {
                "name": "test", "title": "Test", "story": "It breaks.", "warm_up": warm_up, "horizon": "6h",
                "objectives": {"rto": "5h"}, "expect": {"alarm": "either"}, "world": world or {},
                "faults": list(faults), **scenario,
            }
        )  # fmt: skip
        self.world = World(world_config(self.scenario), seed, mitigation=code)
        self.zero_us = self.scenario.fault_zero_us
        self.nemesis = Nemesis(self.world, self.scenario, self.zero_us)
        self.history = self.world.history

    def run_to(self, minutes: float) -> Incident:
        """Let time pass up to so many minutes after fault zero."""
        self.world.run(self.zero_us + round(minutes * MINUTE))
        return self

    def run_out(self, minutes: float = 0) -> Incident:
        """Let the whole schedule pass, and some minutes more."""
        self.world.run(self.nemesis.last_change_us() + round(minutes * MINUTE))
        return self

    def heal(self) -> Incident:
        """End every fault that is still in force, as the outside world or the right mitigation would."""
        for fault_id in self.nemesis.faults:
            self.soon(lambda fault_id=fault_id: self.nemesis.heal(fault_id))
        return self

    def mend(self, minutes: float = 15) -> Incident:
        """Do what an on-call does at the end: start what is down, let things settle, release halts, let trade."""
        cluster = self.world.cluster
        for name in cluster.deployments:
            self.soon(lambda name=name: cluster.start(name))
        self._pass(minutes)
        self.soon(self._release)
        self._pass(minutes / 3)
        return self

    def _release(self) -> None:
        self.world.trading.set_safe_mode(False, by="on-call")
        if "reset" in self.world.endpoints():
            self.world.request_endpoint("reset", lambda ok, text: None)

    def _pass(self, minutes: float) -> None:
        self.world.run(self.world.env.now + round(minutes * MINUTE))

    def quiet(self, minutes: float = 2) -> Incident:
        """Let trading cease and what is on its way arrive, so that both books can be compared."""
        self.world.strategies.active = lambda: False
        for order in list(self.world.broker.working()):
            self.soon(lambda order=order: self.world.broker.cancel(order.id))
        self._pass(minutes)
        return self

    def soon(self, function: Any) -> None:
        """Do something inside the World, now."""
        self.world.env.call_later(0, function)

    def events(self, *kinds: str) -> list[Event]:
        """Events of these kinds from fault zero on."""
        return [event for event in self.history.of(*kinds) if event.t_us >= self.zero_us]

    def proof(self, number: int = 1) -> str | None:
        """The proof that a fault landed; faults are numbered as they were given."""
        return landed(self.history).get(list(self.nemesis.faults)[number - 1])

    def lately(self, *kinds: str, minutes: float = 5) -> list[Event]:
        """Events of these kinds of the last minutes."""
        since_us = self.world.env.now - round(minutes * MINUTE)
        return [event for event in self.history.of(*kinds) if event.t_us >= since_us]

    def troubles(self) -> list[str]:
        """What is not as it should be in a healthy firm that trades."""
        world, cluster = self.world, self.world.cluster
        acked = self.lately("order.acked")
        wrong = {
            "the Ledger does not balance": not world.ledger.balanced(),
            "no session with the broker": not world.connection.connected,
            "the system is down": not world.trading.up,
            "a halt is in force": world.trading.halted is not None,
            "safe mode is on": world.trading.safe_mode,
            "no order was acknowledged for five minutes": not acked,
            "data is bad": any(world.feed.quality(symbol) for symbol in world.market.symbols),
            "data is old": any(world.feed.age_us(symbol) > 2 * world.market.mark_us for symbol in world.market.symbols),
            "the broker does not answer": world.link.verdict("positions") != PASS,
            "the broker slips": world.broker.slippage_mean_bps != world.config.broker.slippage_mean_bps,
            "the broker rejects": world.broker.reject_share != 0,
            "the broker fills late": world.broker.fill_delay_us != 0,
            "the broker fills in parts": world.broker.partial_share != world.config.broker.partial_share,
            "the broker limits calls": world.broker.rate_limit_per_min != world.config.broker.rate_limit_per_min,
            "updates come late": world.connection.late_us != 0,
            "monitoring is dead": not world.monitoring.alive,
            "the database is slow": world.database.p99_s() > 1 or world.database.waiting > 0,
            "the cache refuses writes": world.cache.refusing,
        }
        down = [f"{name} is not ready" for name in cluster.deployments if not cluster.ready(name)]
        return [what for what, is_so in wrong.items() if is_so] + down


class Struck(Incident):
    """An incident at a firm that does nothing by itself; the test is its code."""

    def __init__(self, kind: str, *, at: str = "1m", world: dict[str, Any] | None = None, **fault: Any) -> None:
        self.desk: Desk

        def build(desk: Desk) -> Any:
            self.desk = desk
            return {"on_disconnect": lambda reason: None}

        code = Mitigation(build, "tests:build")
        super().__init__({"kind": kind, "at": at, **fault}, code=code, world=STILL if world is None else world)

    def ask(self, call: Any, seconds: float = 15) -> Any:
        """What a call of the code answers: its value, or its error; None while it waits."""
        outcome: list[Any] = []

        def body() -> None:
            try:
                outcome.append(call(self.desk))
            except Exception as error:
                outcome.append(error)

        process = self.world.bot
        assert process is not None
        self.soon(lambda: process.start(body, "test"))
        self.world.run(self.world.env.now + round(seconds * SECOND))
        return outcome[0] if outcome else None

    def order(self, seconds: float = 15, **rest: Any) -> Any:
        given = {"symbol": "SPY", "side": "buy", "qty": 10} | rest
        return self.ask(lambda desk: desk.broker.submit(**given), seconds)

    def filled_us(self, order_id: str) -> list[int]:
        return [event.t_us for event in self.history.of("ledger.fill") if event.subject == order_id]
