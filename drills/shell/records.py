"""The log files of the firm, written from the History as they stand now."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from sim.config import TRADING_SYSTEM
from sim.history import Row
from sim.world import World

_LEVELS: dict[str, str] = {
    "system.halted": "CRITICAL", "system.stopped": "ERROR", "system.started": "INFO", "system.resumed": "INFO",
    "system.safe_mode": "WARNING", "system.state_damaged": "ERROR", "code.error": "ERROR", "code.exit": "INFO",
    "code.started": "INFO", "code.log": "", "code.output": "INFO", "link.lost": "ERROR", "link.connect_failed": "ERROR",
    "link.restored": "INFO", "order.denied": "WARNING", "order.rejected": "ERROR", "order.unacked": "ERROR",
    "order.sent": "INFO", "order.filled": "INFO", "order.closed": "INFO", "book.adopted": "INFO", "feed.bad": "WARNING",
    "feed.good": "INFO",
}  # fmt: skip
"""What the trading system logs, and how loud."""
_WORDS: dict[str, str] = {
    "order.denied": "ORDER_BLOCKED", "order.unacked": "Connection timeout: order not acknowledged",
    "link.lost": "broker connection lost", "link.connect_failed": "broker connection failed",
    "link.restored": "broker connection restored", "feed.bad": "SLA violation: bad market data",
    "feed.good": "market data is good again",
}  # fmt: skip
"""How a line begins, where the kind of event does not say it in an operator's words."""


def stamp(world: World, t_us: int) -> str:
    """An instant as log lines begin: UTC, with milliseconds."""
    instant = world.clock.utc(t_us)
    return f"{instant:%Y-%m-%d %H:%M:%S},{instant.microsecond // 1000:03d}"


def _line(world: World, row: Row) -> str | None:
    t_us, kind, subject, data = row
    if kind not in _LEVELS or (kind.startswith("code.") and subject != TRADING_SYSTEM):
        return None
    level = str(data.get("level", "info")).upper() if kind == "code.log" else _LEVELS[kind]
    return f"{stamp(world, t_us)} {level} {_text(kind, subject, data)}"


def _text(kind: str, subject: str, data: dict[str, object]) -> str:
    if kind == "code.log":
        return str(data.get("message", ""))
    if kind == "code.output":
        return str(data.get("text", ""))
    if kind == "code.error":
        return f"{data.get('hook', '')}: {data.get('error', '')}"
    if kind == "system.halted":
        return f"kill_switch activated: KILL SWITCH TRIGGERED: {data.get('reason', '')} (by {data.get('by', '')})"
    if kind == "system.safe_mode":
        return f"SAFE_MODE {'on' if data.get('on') else 'off'} (by {data.get('by', '')})"
    details = " ".join(f"{name}={value}" for name, value in data.items())
    what = _WORDS.get(kind, kind.replace(".", " "))
    return " ".join(part for part in (what, subject, details) if part)


def trading_log(world: World) -> str:
    """What the trading system and the code in it logged."""
    lines = (_line(world, row) for row in world.history.rows)
    return "".join(f"{line}\n" for line in lines if line is not None)


def monitoring_log(world: World) -> str:
    """Alerts and pages."""
    lines = []
    for t_us, kind, subject, data in world.history.rows:
        if kind.startswith(("alert.", "page.")):
            details = " ".join(f"{name}={value}" for name, value in data.items())
            lines.append(f"{stamp(world, t_us)} {kind} {subject} {details}".rstrip() + "\n")
    return "".join(lines)


def audit_csv(world: World) -> str:
    """The audit trail, which begins with the first action."""
    from sim.trading_system import AUDIT_FILE

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
    }
)
"""Files below the trading system's folder that are made when somebody reads them."""
