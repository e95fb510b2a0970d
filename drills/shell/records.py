"""The log files of the firm, written from the History as they stand now."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from drills.shell.naming import MARKET_DATA
from drills.shell.tools.lines import lines_of
from sim.config import TRADING_SYSTEM
from sim.trading_system import AUDIT_FILE
from sim.world import World


def trading_log(world: World) -> str:
    """What the trading system, the code in it and its market data logged, as `kubectl logs` shows it too."""
    lines = [*lines_of(world, TRADING_SYSTEM), *lines_of(world, MARKET_DATA)]
    return "".join(f"{line.shown(world)}\n" for line in sorted(lines, key=lambda line: line.t_us))


def monitoring_log(world: World) -> str:
    """Alerts and pages."""
    lines = []
    for t_us, kind, subject, data in world.history.rows:
        if kind.startswith(("alert.", "page.")):
            details = " ".join(f"{name}={value}" for name, value in data.items())
            lines.append(f"{world.clock.utc(t_us).isoformat()} {kind} {subject} {details}".rstrip() + "\n")
    return "".join(lines)


def audit_csv(world: World) -> str:
    """The audit trail, which begins with the first action."""
    header = "time,action,detail,by\n"
    return header + (world.disk.read(AUDIT_FILE) if world.disk.exists(AUDIT_FILE) else "")


def trades_csv(world: World) -> str:
    """Every fill that the firm has heard of."""
    lines = ["time,order_id,symbol,side,qty,price\n"]
    for t_us, kind, subject, data in world.history.rows:
        if kind == "order.filled":
            side = "buy" if data["side"] > 0 else "sell"
            lines.append(
                f"{world.clock.utc(t_us).isoformat()},{subject},{data['symbol']},{side},{data['qty']},{data['price']}\n"
            )
    return "".join(lines)


def orders_csv(world: World) -> str:
    """Every order that the firm sent, with the key under which the broker would refuse it a second time."""
    lines = ["time,idempotency_key,symbol,side,qty\n"]
    for t_us, kind, subject, data in world.history.rows:
        if kind == "order.sent":
            side = "buy" if data["side"] > 0 else "sell"
            lines.append(
                f"{world.clock.utc(t_us).isoformat()},idempotency_key={subject},{data['symbol']},{side},{data['qty']}\n"
            )
    return "".join(lines)


RECORDS: MappingProxyType[str, Callable[[World], str]] = MappingProxyType(
    {
        "logs/trading.log": trading_log,
        "logs/monitoring.log": monitoring_log,
        "logs/trades.csv": trades_csv,
        "logs/orders.csv": orders_csv,
        AUDIT_FILE: audit_csv,
    }
)
"""Files below the trading system's folder that are made when somebody reads them."""
