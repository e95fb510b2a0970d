"""deskctl: the trading desk's own tool, which our runbooks are written with.

Each verb is one action of `drills.actions`. It asks the running system, so it works only while that can answer,
and it exits with 1 when the action did not come about or a check does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from drills.shell.program import Program
from drills.shell.records import trading_log
from drills.shell.tool import Call, Result
from sim.world import World

_ACTIONS: dict[str, str] = {
    "halt": "halt", "flatten": "flatten", "reconcile": "reconcile", "reconnect": "reconnect", "reset": "reset_halt",
    "resume": "resume", "safe-mode on": "safe_mode", "orders cancel": "cancel_orders", "risk set-size": "reduce_size",
    "credentials renew": "renew_credentials", "data quarantine": "quarantine_data", "data refetch": "refetch_data",
    "data validate": "verify_data", "data report": "look_data", "state restore": "restore_state",
    "config set": "configure", "health": "verify_health", "network check": "look_network",
    "calibration run": "recalibrate", "calibration bounds": "relax_fit", "calibration report": "look_metrics",
    "verify calibration": "verify_calibrated", "orders mode": "limit_orders", "mode set": "rollback_mode",
    "fills slippage": "look_orders", "metrics latency": "look_metrics", "nodes add": "scale_up",
    "db sessions": "look_database", "db terminate": "kill_query", "incident open": "declare_severity",
    "incident close": "document", "monitoring restore": "restore_monitoring",
    **{f"verify {what}": f"verify_{what}"
       for what in ("halted", "orders", "flat", "reconciled", "connected", "data", "health", "trading", "latency",
                    "fills", "disconnected")},
}  # fmt: skip
"""Verb -> action."""
_NEEDS_APPROVAL = ("reset", "resume")


def deskctl(call: Call) -> Result:
    """Run one verb."""
    words = [word for word in call.args if not word.startswith("-")]
    if not words or "--help" in call.args or "-h" in call.args:
        verbs = ", ".join(sorted({*_ACTIONS, *_SHOWN}))
        return Result(f"usage: deskctl VERB\nverbs: {verbs}\n", "", 2 - 2 * bool(words))
    verb = next((name for name in (" ".join(words[:2]), words[0]) if name in _SHOWN or name in _ACTIONS), None)
    if verb is None:
        return Result(err=f"deskctl: there is no verb {' '.join(words[:2])!r}; see deskctl --help\n", code=2)
    if verb in _NEEDS_APPROVAL and "--approval" in call.args:
        given = call.terminal.world.history.of("responder.approval")
        if not given:
            return Result(err="deskctl: no approval is on record\n", code=1)
    if verb in _SHOWN:
        call.wait_us(200_000)
        return Result(_SHOWN[verb](call))
    return call.terminal.act(_ACTIONS[verb])


def _status(call: Call) -> str:
    world = call.terminal.world
    system = world.trading
    state = "down" if not system.up else "halted" if system.halted else "safe mode" if system.safe_mode else "running"
    connected = "connected" if world.connection.connected else "no session"
    reason = f" ({system.halted})" if system.halted else ""
    return f"trading-system: {state}{reason}\nbroker: {connected}\n"


def _account(call: Call) -> str:
    system = call.terminal.world.trading
    if not system.up:
        return "the trading system is down\n"
    equity, start, peak = system.equity(), system.day_start_equity, system.peak_equity
    loss, drawdown = 100 * (1 - equity / start), 100 * (1 - equity / peak)
    return f"equity: {equity:,.2f}\ndaily loss: {max(0.0, loss):.2f} %\ndrawdown: {max(0.0, drawdown):.2f} %\n"


def _positions(call: Call) -> str:
    world = call.terminal.world
    rows = [("broker", world.ledger.positions())]
    if "--at-broker" not in call.args:
        rows.insert(0, ("book", world.book.held()))
    return "".join(f"{side}: {_held(held)}\n" for side, held in rows)


def _held(held: dict[str, float]) -> str:
    return ", ".join(f"{symbol} {qty}" for symbol, qty in sorted(held.items())) or "flat"


def _orders(call: Call) -> str:
    orders = list(call.terminal.world.broker.working())
    lines = [f"{o.id} {'buy' if o.side > 0 else 'sell'} {o.qty} {o.symbol} {o.status}\n" for o in orders]
    return "".join(lines) or "no live order\n"


def _broker(call: Call) -> str:
    world = call.terminal.world
    return f"session: {'up' if world.connection.connected else 'down'}\nendpoints: {_endpoints(world)}\n"


def _endpoints(world: World) -> str:
    down = [name for name in ("orders", "positions", "stream") if world.link.verdict(name).error is not None]
    return f"down: {', '.join(down)}" if down else "all answer"


def _logs(call: Call) -> str:
    pattern = re.compile(re.escape(_option(call, "--grep") or ""), re.I)
    return "".join(f"{line}\n" for line in trading_log(call.terminal.world).splitlines()[-200:] if pattern.search(line))


def _option(call: Call, name: str) -> str | None:
    return next((after for before, after in pairwise(call.args) if before == name), None)


_SHOWN: dict[str, Callable[[Call], str]] = {
    "status": _status, "account": _account, "positions": _positions, "orders list": _orders, "logs": _logs,
    "broker status": _broker,
}  # fmt: skip
"""Verb -> what it shows; these change nothing."""

TOOLS = {"deskctl": Program(deskctl, "the desk's own tool: status, halt, flatten, reconcile, reset, verify, ...")}
