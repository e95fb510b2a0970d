"""Faults of what the firm knows of itself: its state files, its order ids, its positions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from scenarios.faults.state import (
    DuplicateIdempotencyKey,
    PositionMismatch,
    StateFileStale,
    StateFileTruncated,
    UnexpectedPosition,
)
from scenarios.inject.base import Heal, Strike, injects, nothing
from sim.clock import SECOND
from sim.network import BrokerError, OrderRejected
from sim.orders import Order
from sim.trading_system import AUDIT_FILE, ORDERS_FILE, POSITIONS_FILE
from sim.world import World

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@injects("state_file_truncated")
def state_file_truncated(strike: Strike, fault: StateFileTruncated) -> Heal:
    """Cut a state file short; one that is not there cannot be cut."""
    path = _path(strike.world, fault.file)
    if path is not None:
        strike.world.disk.truncate(path, fault.keep_share)
        strike.landed(f"{path} was cut")
    return nothing


@injects("state_file_stale")
def state_file_stale(strike: Strike, fault: StateFileStale) -> Heal:
    """Put a state file back to how it looked some time ago, and leave it so until the next start."""
    world, path = strike.world, _path(strike.world, fault.file)
    if path is None:
        return nothing
    since_us = world.env.now - fault.age_us
    looked = _AS_OF[fault.file](world, path, since_us)
    if looked is None:
        return nothing
    if looked:
        world.disk.write(path, looked)
    else:
        world.disk.remove(path)
    world.history.emit("disk.stale", path, age_us=fault.age_us)
    strike.landed(f"{path} went back in time")
    return nothing


def _positions_as_of(world: World, path: str, since_us: int) -> str | None:
    """The file's positions without the fills heard of since."""
    try:
        saved = json.loads(world.disk.read(path))
        held = {str(symbol): int(qty) for symbol, qty in saved["positions"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # damaged by another fault: it has no past to go back to
    for row in reversed(world.history.rows):
        if row[0] < since_us:
            break
        if row[1] == "order.filled":
            held[row[3]["symbol"]] = held.get(row[3]["symbol"], 0) - row[3]["side"] * row[3]["qty"]
    return json.dumps({**saved, "positions": held})


def _orders_as_of(world: World, path: str, since_us: int) -> str | None:
    """The orders that were live then, done or not by now; those sent since are missing."""
    if not world.trading.up:
        return None
    then = [
        (o.id, o.symbol, o.side, o.qty, o.kind, o.limit_price, "accepted" if o.acknowledged else "pending_new", 0)
        for o in world.orders.orders.values()
        if o.created_us <= since_us and (o.live or o.updated_us > since_us)
    ]
    return json.dumps(then)


def _audit_as_of(world: World, path: str, since_us: int) -> str | None:
    """The log without its latest lines."""
    since = world.clock.utc(since_us)
    lines = world.disk.read(path).splitlines(keepends=True)
    kept = [line for line in lines if _stamp(line) <= since]
    return None if kept == lines else "".join(kept)


def _stamp(line: str) -> datetime:
    """When the line was written; one that does not say so is as old as can be."""
    try:
        stamp = datetime.fromisoformat(line.partition(",")[0])
    except ValueError:
        return _LONG_AGO
    return _LONG_AGO if stamp.tzinfo is None else stamp


def _halt_as_of(world: World, path: str, since_us: int) -> str | None:
    """A halt file written since was not there yet; an older one has not changed."""
    modified_us = world.disk.modified_us(path)
    return "" if modified_us is not None and modified_us > since_us else None


_AS_OF: dict[str, Callable[[World, str, int], str | None]] = {
    "positions": _positions_as_of, "orders": _orders_as_of, "audit": _audit_as_of, "halt": _halt_as_of,
}  # fmt: skip
"""How a file looked at an instant: its text, "" where it was not there, None where it looked as it does now."""


@injects("duplicate_idempotency_key")
def duplicate_key(strike: Strike, fault: DuplicateIdempotencyKey) -> Heal:
    """Send the last filled order again under its own client order id."""

    def answered(error: BrokerError) -> None:
        if isinstance(error, OrderRejected):
            strike.landed(f"the broker answered {error}")

    world = strike.world
    filled = [order for order in world.orders.orders.values() if order.filled_qty]
    if filled:
        old = filled[-1]
        again = Order(old.id, old.symbol, old.side, old.qty, source=old.source, reducing=old.reducing)
        for _ in range(fault.times):
            submit = partial(world.broker.submit, again)
            world.link.request("submit", submit, lambda taken: None, answered, 5 * SECOND)
    return nothing


@injects("position_mismatch")
def position_mismatch(strike: Strike, fault: PositionMismatch) -> Heal:
    """Trade at the broker without telling the system, in a symbol it holds."""
    return _trade_by_hand(strike, fault.symbol or strike.held_symbol(), fault.qty)


@injects("unexpected_position")
def unexpected_position(strike: Strike, fault: UnexpectedPosition) -> Heal:
    """Let a position appear at the broker that no order explains."""
    world = strike.world
    unheld = [s for s in world.market.symbols if not world.ledger.position(s)]
    return _trade_by_hand(strike, fault.symbol or (unheld or list(world.market.symbols))[0], fault.qty)


def _trade_by_hand(strike: Strike, symbol: str | None, qty: int) -> Heal:
    if symbol is not None:
        world = strike.world
        world.broker.trade_by_hand(symbol, 1 if qty > 0 else -1, abs(qty), world.market.price(symbol))
        strike.landed(f"{qty:+d} {symbol} at the broker only")
    return nothing


def _path(world: World, file: str) -> str | None:
    """Where the file is; None when there is none. A halt file is the mitigation code's own, under its own name."""
    known = {"positions": POSITIONS_FILE, "orders": ORDERS_FILE, "audit": AUDIT_FILE}
    if file in known:
        return known[file] if world.disk.exists(known[file]) else None
    halts = [path for path in world.disk.paths() if "halt" in path.lower() or "kill" in path.lower()]
    return halts[0] if halts else None
