"""What a step promises by what it asks for, held against the firm: "reset" means that the halt is gone.

A command that exits with 0 and prints "done" has kept nothing yet. Whatever a step's commands were meant to
bring about is looked at when the last of them has ended, and once more after the time that closing orders and
starting pods take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from drills.operator import Operator, Outcome
from sim.clock import MINUTE
from sim.config import GATEWAY
from sim.world import World

SETTLE_US = 2 * MINUTE
"""What is not so after this long was not brought about by the command."""

AT_ONCE = ("halt", "safe_mode", "reset_halt", "resume")
"""What is so as soon as the command has ended, or not at all."""

_CHECKED_BY = {
    "cancel_orders": "verify_orders", "flatten": "verify_flat",
    "reconnect": "verify_connected", "reconcile": "verify_reconciled", "refetch_data": "verify_data",
    "start_system": "verify_health", "restart": "verify_health", "rollback": "verify_health",
    "recalibrate": "verify_calibrated", "rollback_mode": "verify_disconnected",
}  # fmt: skip
"""Action -> the check that tells whether it has been brought about."""


def _released(world: World) -> Outcome:
    system = world.trading
    if system.halted is not None:
        return Outcome(False, f"still halted: {system.halted}")
    return Outcome(not system.paused, "still paused" if system.paused else "no halt is in force")


def blocked(world: World) -> Outcome:
    """Whether somebody keeps new risk from leaving: by a halt, a system that is down, a gateway without pods.

    A broken session with the broker does so too, but nobody's command brought it about, and it comes back.
    """
    system, gateway = world.trading, world.cluster.deployments.get(GATEWAY)
    stops = (
        (system.halted is not None, f"halted: {system.halted}"), (system.paused, "paused"),
        (system.safe_mode, "in safe mode"), (not system.up, "the system is down"),
        (gateway is not None and gateway.replicas == 0, "no execution gateway"),
    )  # fmt: skip
    why = next((words for stopped, words in stops if stopped), None)
    return Outcome(why is not None, why or "orders still leave")


def _stopped(world: World) -> Outcome:
    return Outcome(not world.trading.up, "the system still runs" if world.trading.up else "the system is down")


_LOOKED_AT: dict[str, Callable[[World], Outcome]] = {
    "reset_halt": _released, "resume": _released, "stop_system": _stopped, "halt": blocked, "safe_mode": blocked,
    "quarantine_data": blocked,
}  # fmt: skip

WITHOUT: dict[str, str] = {
    "halt": "new orders can still leave", "safe_mode": "new risk can still be taken",
    "cancel_orders": "orders that should be dead stay live", "flatten": "positions stay open",
    "reconnect": "the firm stays without a broker session", "renew_credentials": "the broker refuses every request",
    "reconcile": "the book may differ from the broker's", "refetch_data": "the bad data stays",
    "restore_state": "the damaged state stays", "stop_system": "the trading system keeps running",
    "start_system": "the trading system stays down", "restart": "the trading system stays as it is",
    "restart_service": "the service stays as it is", "rollback": "the bad version stays deployed",
    "reset_halt": "the halt stays in force", "resume": "nothing trades", "scale_up": "the shortage stays",
    "raise_limits": "the process runs into its limit again", "kill_query": "the query keeps blocking",
    "restore_monitoring": "nobody is told of anything", "reduce_size": "orders keep their full size",
    "quarantine_data": "bad data is traded on", "escalate": "nobody else knows", "approve": "nobody has agreed",
    "notify": "nobody is told", "recalibrate": "the parameters stay stale", "relax_fit": "the fit fails again",
    "rollback_mode": "the system stays in its mode", "close_orphans": "positions that nobody owns stay open",
    "limit_orders": "orders keep paying the spread",
}  # fmt: skip
"""What follows when an action is not brought about."""


class Promise(NamedTuple):
    """One action that a step asked for and whether it is so now."""

    action: str
    kept: bool
    text: str


def promises(actions: tuple[str, ...], world: World, operator: Operator) -> Iterator[Promise]:
    """Each of `actions` whose outcome can be seen, as the firm is at this instant."""
    for action in actions:
        if action in _LOOKED_AT:
            outcome = _LOOKED_AT[action](world)
        elif action in _CHECKED_BY:
            seen: list[Outcome] = []
            operator.perform(_CHECKED_BY[action], seen.append)
            outcome = seen[0]  # a look at the World answers at once
        else:
            continue
        yield Promise(action, outcome.ok, outcome.text)
