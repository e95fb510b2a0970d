"""Log lines of each service, made from the History: what its process would have written, and when.

The words are those that runbooks grep for (ORDER_BLOCKED, SAFE_MODE, KILL SWITCH TRIGGERED, SLA violation,
OOM), with the figures of this run behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from drills.shell.naming import GATEWAY, MARKET_DATA, POSTGRES, REDIS
from sim.config import TRADING_SYSTEM
from sim.history import Event
from sim.world import World


class Line(NamedTuple):
    """One line and when it was written."""

    t_us: int
    level: str
    text: str

    def shown(self, world: World) -> str:
        """With its time and level in front."""
        at = world.clock.utc(self.t_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{at} {self.level:<8} {self.text}"


_Write = Callable[[Event], "tuple[str, str] | None"]


def _order(words: str, level: str = "INFO") -> _Write:
    def write(event: Event) -> tuple[str, str]:
        data = event.data
        what = (
            f" symbol={data['symbol']} side={'buy' if data['side'] > 0 else 'sell'} qty={data['qty']}"
            if "symbol" in data
            else ""
        )
        return level, f"{words} order_id={event.subject}{what}"

    return write


def _denied(event: Event) -> tuple[str, str]:
    data = event.data
    side = "buy" if data["side"] > 0 else "sell"
    return "WARNING", (
        f"ORDER_BLOCKED order_id={event.subject} symbol={data['symbol']} side={side} qty={data['qty']} "
        f'reason="{data["reason"]}"'
    )


def _rejected(event: Event) -> tuple[str, str]:
    return "ERROR", f'order rejected order_id={event.subject} status={event.get("status")} error="{event.get("error")}"'


def _halted(event: Event) -> tuple[str, str]:
    return (
        "CRITICAL",
        f'KILL SWITCH TRIGGERED: kill_switch activated, trading halted reason="{event.get("reason")}" '
            f'by={event.get("by")}',
    )


def _safe_mode(event: Event) -> tuple[str, str]:
    on = "enabled: new positions blocked" if event.get("on") else "disabled"
    return "WARNING", f"SAFE_MODE {on} by={event.get('by')}"


def _own_words(event: Event) -> tuple[str, str]:
    return str(event.get("level", "info")).upper(), str(event.get("message", ""))


def _error(event: Event) -> tuple[str, str]:
    return "ERROR", f"{event.get('hook')} failed: {event.get('error')} at {event.get('at')}"


def _plain(level: str, text: str) -> _Write:
    def write(event: Event) -> tuple[str, str]:
        return level, text.format(subject=event.subject, **event.data)

    return write


_TRADING: dict[str, _Write] = {
    "order.sent": _order("order sent"), "order.acked": _order("order acknowledged"),
    "order.filled": _order("order filled"), "order.denied": _denied, "order.rejected": _rejected,
    "order.unacked": _plain("ERROR", "order {subject} not acknowledged: {error} (timeout)"),
    "order.closed": _plain("INFO", "order {subject} closed status={status}"),
    "system.started": _plain("INFO", "trading system started positions={positions}"),
    "system.stopped": _plain("WARNING", "trading system stopped: {reason}"),
    "system.halted": _halted, "system.resumed": _plain("WARNING", "trading resumed by={by}"),
    "system.safe_mode": _safe_mode, "system.state_damaged": _plain("ERROR", "state file {subject} damaged: {error}"),
    "link.lost": _plain("ERROR", "broker connection lost: {reason} (connection timeout)"),
    "link.restored": _plain("INFO", "broker connection restored"),
    "link.connect_failed": _plain("ERROR", "broker reconnect failed: {error}"),
    "code.log": _own_words, "code.error": _error, "book.position": _plain("WARNING",
    "position of {subject} set to {position}: {why}"),
    "config.read": _plain("INFO", "configuration read from {subject}"),
}  # fmt: skip

_GATEWAY: dict[str, _Write] = {
    "order.sent": _order("route order"), "order.acked": _order("broker ack"), "order.filled": _order("broker fill"),
    "order.denied": _denied, "order.rejected": _rejected,
    "order.unacked": _plain("ERROR", "broker error: no answer for order {subject} (timeout)"),
    "link.lost": _plain("ERROR", "broker connection failed: {reason}"),
    "link.restored": _plain("INFO", "broker connection up"),
    "link.connect_failed": _plain("ERROR", "broker connect failed: {error}"),
    "link.replayed": _plain("INFO", "broker replayed {count} updates"),
}  # fmt: skip

_FEED: dict[str, _Write] = {
    "feed.bad": _plain("ERROR", "SLA violation: bad data for {subject}"),
    "feed.good": _plain("INFO", "data for {subject} is good again"),
    "feed.corrupted": _plain("ERROR", "validation failed for {subject}: {fault}"),
    "feed.backfilled": _plain("INFO", "backfill repaired {count} bars {subject}"),
}

_DATABASE: dict[str, _Write] = {
    "database.long_query": _plain("LOG", "duration exceeds log_min_duration_statement pid={subject} statement: {text}"),
    "database.query_ended": _plain("FATAL", "terminating connection due to administrator command pid={subject}"),
    "database.pool_held": _plain("FATAL", "remaining connection slots are reserved: {connections} held by {holder}"),
    "database.released": _plain("LOG", "connections of {subject} closed"),
    "database.slow": _plain("LOG", "slow queries: {subject}"),
}

_CACHE: dict[str, _Write] = {
    "cache.full": _plain("#", "WARNING OOM command not allowed when used memory > 'maxmemory' (policy {policy})"),
    "cache.filled": _plain("*", "used memory {used_mib:.0f} MiB of {max_mib:.0f} MiB"),
    "cache.flushed": _plain("*", "DB flushed"),
    "cache.limit_set": _plain("*", "maxmemory set to {max_mib:.0f} MiB"),
}

_OF = {TRADING_SYSTEM: _TRADING, GATEWAY: _GATEWAY, MARKET_DATA: _FEED, POSTGRES: _DATABASE, REDIS: _CACHE}

_LIFE: dict[str, _Write] = {
    "workload.started": _plain("INFO", "process starting version={version}"),
    "workload.ready": _plain("INFO", "ready to serve version={version}"),
    "workload.crashed": _plain("CRITICAL", "Traceback (most recent call last): fatal error, process exits ({reason})"),
    "workload.stopped": _plain("INFO", "SIGTERM received, shutting down"),
}
"""What every process writes of itself; it cannot write that it was killed for its memory."""


def lines_of(world: World, workload: str, since_us: int = 0, until_us: int | None = None) -> list[Line]:
    """What a workload logged in [since, until], oldest first; nothing while it had no process."""
    return list(_written(world, workload, since_us, world.env.now if until_us is None else until_us))


def _written(world: World, workload: str, since_us: int, until_us: int) -> Iterator[Line]:
    table = _OF.get(workload, {})
    for event in world.history.of(*table, *_LIFE):
        if not since_us <= event.t_us <= until_us:
            continue
        write = _LIFE.get(event.kind)
        if write is not None and event.subject != workload:
            continue
        written = _safe(write or table[event.kind], event)
        if written is not None:
            yield Line(event.t_us, *written)


def _safe(write: _Write, event: Event) -> tuple[str, str] | None:
    """An event of an older kind may lack a figure: then its kind is what is logged."""
    try:
        return write(event)
    except (KeyError, IndexError):
        return "INFO", f"{event.kind} {event.subject}"


def starts_of(world: World, pod: str) -> list[int]:
    """When each process of a pod began."""
    return [event.t_us for event in world.history.of("workload.started") if event.get("pod") == pod]
