"""What the on-call does about services beside trading, and how he sees that they are right again.

The verbs of `drills.operator` that need neither the mitigation code nor a fault to be ended: each is a
function of the World.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.clock import format_us
from sim.config import TRADING_SYSTEM
from sim.levels import FILLS_WINDOW_US
from sim.responsiveness import LIMIT_S
from sim.world import World

Told = Callable[[bool, str], object]


# Looking.


def is_fast(world: World) -> tuple[bool, str]:
    """The platform answers in time."""
    p99_s = world.api_p99_s()
    return p99_s <= LIMIT_S, f"99 % of API calls take at most {p99_s:.2f} s"


def fills_are_fair(world: World) -> tuple[bool, str]:
    """Market orders of the last five minutes cost what they should; without any, nothing speaks against it."""
    mean_bps = world.orders.slippage.mean_bps(20, max(1, world.env.now - FILLS_WINDOW_US))
    fair = mean_bps <= world.config.limits["slippage_warn_bps"]
    return fair, f"slippage {mean_bps:.1f} bps over the last five minutes"


def is_calibrated(world: World) -> tuple[bool, str]:
    """Model parameters are fresh, and the last fit succeeded."""
    calibration = world.calibration
    age = f"parameters are {format_us(calibration.age_us)} old"
    return calibration.good, f"{calibration.failure}; {age}" if calibration.failure else age


def is_disconnected(world: World) -> tuple[bool, str]:
    """No broker session is open, nor can one be opened."""
    shut = world.mode.lab and not world.connection.connected
    return shut, "no way to the broker is open" if shut else "a broker session is open, or can be"


# Acting.


def close_orphans(world: World, done: Told) -> None:
    """Close what was traded at the broker by hand, at the broker's own terminal.

    The system hears of it when it next compares its book. What strategies have traded away since is left alone.
    """
    closed = []
    for symbol, qty in _unowned(world).items():
        if qty:
            world.broker.trade_by_hand(symbol, -1 if qty > 0 else 1, abs(qty), world.market.price(symbol))
            closed.append(f"{abs(qty)} {symbol}")
    done(True, f"closed {', '.join(closed)}" if closed else "there is no such position any more")


def _unowned(world: World) -> dict[str, int]:
    """Shares by symbol that were traded by hand and that no order of the firm has taken off again since."""
    left: dict[str, int] = {}
    for event in world.history.of("ledger.fill"):
        d = event.data
        shares = left.get(d["symbol"], 0)
        if d["source"] == "broker":
            left[d["symbol"]] = shares + d["side"] * d["qty"]
        elif shares * d["side"] < 0:
            left[d["symbol"]] = shares + d["side"] * min(d["qty"], abs(shares))
    return left


def trade_by_limits(world: World, done: Told) -> None:
    """Strategies rest their orders in the book and pay no slippage."""
    world.strategies.limit_share = 1.0
    done(True, "strategies send limit orders only")


def recalibrate(world: World, done: Told) -> None:
    """Fit the model parameters now, out of schedule."""
    world.calibration.fit("on-call", done)


def to_lab(world: World, done: Told) -> None:
    """Configure lab mode and start a new process, which reads it; nothing at the broker is cancelled by that."""
    world.mode.set_to = "lab"
    if world.cluster[TRADING_SYSTEM].replicas:
        world.cluster.restart(TRADING_SYSTEM)
    else:
        world.cluster.start(TRADING_SYSTEM)
    done(True, "restarting in lab mode")


CHECKS: Mapping[str, Callable[[World], tuple[bool, str]]] = {
    "verify_latency": is_fast, "verify_fills": fills_are_fair, "verify_calibrated": is_calibrated,
    "verify_disconnected": is_disconnected,
}  # fmt: skip
MUTATIONS: Mapping[str, Callable[[World, Told], None]] = {
    "close_orphans": close_orphans, "limit_orders": trade_by_limits, "recalibrate": recalibrate,
    "rollback_mode": to_lab,
}  # fmt: skip
