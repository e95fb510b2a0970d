"""What the on-call's hands do in the World: one verb for each action of `drills.actions`.

Where the mitigation code offers the verb (an operator command, a control endpoint) it is the code that is
asked, because that is what the runbook would have a person do; otherwise the trading system's own controls
serve. Some verbs take time; each tells `done` how it went.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from drills import service_verbs
from scenarios.nemesis import Nemesis
from sim.config import TRADING_SYSTEM
from sim.network import BrokerError
from sim.world import World


class Outcome(NamedTuple):
    """How an action went, as the person at the keyboard sees it."""

    ok: bool
    text: str


Done = Callable[[Outcome], None]
_ME = "on-call"


class Operator:
    """Performs actions in one World."""

    def __init__(self, world: World, nemesis: Nemesis) -> None:
        """`nemesis` is asked to end faults that an action mends (renewed credentials, a restored monitor)."""
        self._world, self._nemesis = world, nemesis
        self._mutations: dict[str, Callable[[Done], None]] = {
            "halt": self._halt, "safe_mode": self._now(self._safe_mode), "reduce_size": self._now(self._reduce),
            "cancel_orders": self._cancel_orders, "flatten": self._flatten, "reconnect": self._reconnect,
            "renew_credentials": self._mend("broker_auth_expired", then=self._reconnect),
            "reconcile": self._reconcile, "quarantine_data": self._now(self._safe_mode),
            "refetch_data": self._now(self._refetch), "restore_state": self._reconcile,
            "stop_system": self._now(lambda: self._world.cluster.stop(TRADING_SYSTEM)),
            "start_system": self._now(lambda: self._world.cluster.start(TRADING_SYSTEM)),
            "restart": self._now(self._restart),
            "restart_service": self._restart_service,
            "relax_fit": self._mend("calibration_diverges"),
            "raise_limits": self._now(self._raise_limits), "scale_up": self._mend("node_pressure"),
            "rollback": self._now(self._rollback), "kill_query": self._mend("database_slow"),
            "restore_monitoring": self._mend("monitoring_dead", "monitoring_late", "monitoring_lying", "pages_lost"),
            "configure": self._now(lambda: None), "reset_halt": self._reset_halt, "resume": self._resume,
        }  # fmt: skip
        self._checks: dict[str, Callable[[], Outcome]] = {
            "verify_halted": self._is_halted, "verify_orders": self._orders_are_dead, "verify_flat": self._is_flat,
            "verify_reconciled": self._is_reconciled, "verify_connected": self._is_connected,
            "verify_data": self._data_is_good, "verify_health": self._is_healthy, "verify_trading": self._is_trading,
        }  # fmt: skip

        for name, change in service_verbs.MUTATIONS.items():
            self._mutations[name] = self._change(change)
        for name, look in service_verbs.CHECKS.items():
            self._checks[name] = self._check(look)

    def perform(self, action: str, done: Done) -> None:
        """Do `action`; `done` is called with its outcome, at once or later, or never when it hangs."""
        if action in self._mutations:
            self._mutations[action](done)
        elif action in self._checks:
            done(self._checks[action]())
        else:
            done(self._look(action))

    # Looking.

    def _look(self, action: str) -> Outcome:
        world = self._world
        if action in ("look_status", "look_logs", "look_account") and not world.trading.up:
            return Outcome(True, "the trading system is down")
        if action == "look_metrics" and not world.monitoring.alive:
            return Outcome(True, "the dashboards are empty")
        if action == "look_positions":
            return Outcome(True, f"book {world.book.held()}, broker {world.ledger.positions()}")
        return Outcome(True, "")

    def _is_halted(self) -> Outcome:
        system = self._world.trading
        halted = system.halted is not None or system.paused or system.safe_mode or not system.up
        return Outcome(halted, system.halted or ("blocked" if halted else "orders still leave"))

    def _orders_are_dead(self) -> Outcome:
        left = [order.id for order in self._world.broker.working() if not order.reducing]
        return Outcome(not left, f"{len(left)} orders still live" if left else "no live order")

    def _is_flat(self) -> Outcome:
        held = self._world.ledger.positions()
        return Outcome(not held, f"open at the broker: {held}" if held else "flat at the broker")

    def _is_reconciled(self) -> Outcome:
        book, ledger = self._world.book.held(), self._world.ledger.positions()
        return Outcome(book == ledger, "books agree" if book == ledger else f"book {book}, broker {ledger}")

    def _is_connected(self) -> Outcome:
        connected = self._world.connection.connected and self._reachable("positions")
        return Outcome(connected, "session is up" if connected else "session is down")

    def _data_is_good(self) -> Outcome:
        bad = [s for s in self._world.market.symbols if self._world.feed.quality(s) is not None]
        return Outcome(not bad, f"bad data: {', '.join(bad)}" if bad else "data is fresh and valid")

    def _is_healthy(self) -> Outcome:
        down = [w.name for w in self._world.config.workloads if not self._world.cluster.ready(w.name)]
        return Outcome(not down, f"not ready: {', '.join(down)}" if down else "all services are ready")

    def _is_trading(self) -> Outcome:
        system = self._world.trading
        blocked = system.halted or ("paused" if system.paused else None) or ("safe mode" if system.safe_mode else None)
        if not system.up or not self._world.connection.connected:
            blocked = "the system is down" if not system.up else "no broker session"
        return Outcome(blocked is None, f"not trading: {blocked}" if blocked else "orders are accepted")

    def _reachable(self, endpoint: str) -> bool:
        verdict = self._world.link.verdict(endpoint)
        return verdict.error is None and not verdict.hang

    # Acting.

    def _change(self, change: Callable[[World, service_verbs.Told], None]) -> Callable[[Done], None]:
        return lambda done: change(self._world, lambda ok, text: done(Outcome(ok, text)))

    def _check(self, look: Callable[[World], tuple[bool, str]]) -> Callable[[], Outcome]:
        return lambda: Outcome(*look(self._world))

    def _now(self, act: Callable[[], object]) -> Callable[[Done], None]:
        def perform(done: Done) -> None:
            act()
            done(Outcome(True, "done"))

        return perform

    def _mend(self, *kinds: str, then: Callable[[Done], None] | None = None) -> Callable[[Done], None]:
        """An action that ends faults of these kinds, when they are there to be ended."""

        def perform(done: Done) -> None:
            ended = self._nemesis.mitigate(kinds)
            if then is not None:
                then(done)
            else:
                done(Outcome(True, f"mended: {', '.join(ended)}" if ended else "done, nothing changed"))

        return perform

    def _through_code(self, name: str, done: Done, otherwise: Callable[[Done], None]) -> None:
        """Ask the mitigation code: its command of this name, else its endpoint, else what the system itself can.

        A command runs in a process of its own; what is asked of a system that is down is not heard.
        """
        world = self._world
        if name in world.commands():
            world.run_command(name, lambda ok, text: done(Outcome(ok, text)))
        elif name in world.endpoints():
            world.request_endpoint(name, lambda ok, text: done(Outcome(ok, text)))
        elif not world.trading.up:
            done(Outcome(False, "the system is down"))
        else:
            otherwise(done)

    def _halt(self, done: Done) -> None:
        def by_system(done: Done) -> None:
            self._world.trading.halt("stopped by the on-call", by=_ME)
            done(Outcome(True, "halted"))

        if self._world.trading.halted is not None:
            done(Outcome(True, f"already halted: {self._world.trading.halted}"))
        elif not self._world.trading.up:
            done(Outcome(True, "the system is down, nothing can be sent"))
        else:
            self._through_code("halt", done, by_system)

    def _safe_mode(self) -> None:
        self._world.trading.set_safe_mode(True, by=_ME)

    def _reduce(self) -> None:
        self._world.strategies.size_factor = 0.5

    def _cancel_orders(self, done: Done) -> None:
        world = self._world
        for order in world.orders.live():
            if not order.reducing:
                world.orders.cancel(order)

        def failed(error: BrokerError) -> None:
            done(Outcome(False, f"cancel failed: {error}"))

        cancelled: Callable[[int], None] = lambda n: done(Outcome(True, f"{n} cancelled"))  # noqa: E731
        world.link.request("cancel_all", self._cancel_risk, cancelled, failed, 10**7)

    def _cancel_risk(self) -> int:
        working = [order.id for order in self._world.broker.working() if not order.reducing]
        for order_id in working:
            self._world.broker.cancel(order_id)
        return len(working)

    def _flatten(self, done: Done) -> None:
        def by_system(done: Done) -> None:
            world = self._world
            for symbol, qty in world.ledger.positions().items():
                world.orders.create(symbol, -1 if qty > 0 else 1, abs(qty), source="operator")
            done(Outcome(True, "closing orders sent"))

        if not self._world.ledger.positions():
            done(Outcome(True, "already flat"))
        else:
            self._through_code("flatten", done, by_system)

    def _reconnect(self, done: Done) -> None:
        world = self._world
        if world.connection.connected and self._reachable("stream"):
            done(Outcome(True, "the session is up"))
            return

        def by_system(done: Done) -> None:
            world.trading.reconnect(lambda e: done(Outcome(e is None, "connected" if e is None else str(e))))

        self._through_code("reconnect", done, by_system)

    def _reconcile(self, done: Done) -> None:
        world = self._world

        def adopt(positions: dict[str, int]) -> None:
            world.book.adopt(positions, world.ledger.cash, "reconciled by the on-call")
            done(Outcome(True, "the broker's book was taken"))

        def by_system(done: Done) -> None:
            failed: Callable[[BrokerError], None] = lambda error: done(Outcome(False, str(error)))  # noqa: E731
            world.link.request("positions", world.broker.positions, adopt, failed, 10**7)

        self._through_code("reconcile", done, by_system)

    def _refetch(self) -> None:
        self._world.feed.backfill()

    def _restart(self) -> None:
        cluster = self._world.cluster
        if cluster[TRADING_SYSTEM].replicas == 0:
            cluster.start(TRADING_SYSTEM)
        else:
            cluster.restart(TRADING_SYSTEM)

    def _restart_service(self, done: Done) -> None:
        """Another service, or whichever pod is down for good: deleted, it is replaced."""
        cluster = self._world.cluster
        down = [name for name, each in cluster.deployments.items() if each.replicas and not cluster.ready(name)]
        for name in down:
            cluster.start(name)
        ended = [*self._nemesis.mitigate(("pool_exhausted", "cache_full", "calibration_hung")), *down]
        done(Outcome(True, f"mended: {', '.join(ended)}" if ended else "done, nothing changed"))

    def _raise_limits(self) -> None:
        cluster = self._world.cluster
        cluster.set_limit(TRADING_SYSTEM, 2 * cluster[TRADING_SYSTEM].revision.limit_mib)

    def _rollback(self) -> None:
        """Back to the version before the last deployment; nothing when there was none."""
        cluster, ended = self._world.cluster, self._nemesis.mitigate(("memory_leak",))
        deployment = cluster[TRADING_SYSTEM]
        older = [r for r in deployment.revisions if r.version != deployment.revision.version]
        if older:
            cluster.rollback(TRADING_SYSTEM, older[-1].number)
        elif ended:
            cluster.restart(TRADING_SYSTEM)

    def _reset_halt(self, done: Done) -> None:
        def by_system(done: Done) -> None:
            self._world.trading.resume(by=_ME)
            done(Outcome(True, "released"))

        if self._world.trading.up and self._world.trading.halted is None and not self._world.trading.paused:
            done(Outcome(True, "nothing to release"))
        else:
            self._through_code("reset", done, by_system)

    def _resume(self, done: Done) -> None:
        self._world.trading.set_safe_mode(False, by=_ME)
        self._reset_halt(done)
