"""The drill that the speed is measured on: an ordinary day of the whole firm, with a hook each second.

09:30 to 16:00 in New York: 23,400 seconds of five symbols are 117,000 ticks; about 2,000 orders; a scrape of
all services every 15 s. Nothing is broken, so everything that is asked at every second and at every order
is asked all day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from sim.clock import HOUR, MINUTE, SECOND
from sim.config import WorldConfig
from sim.market import Market
from sim.strategies import StrategyConfig
from sim.world import Mitigation, World

DAY_US = 6 * HOUR + 30 * MINUTE
WINDOW_US = 40 * MINUTE
"""A declared window: 15 minutes before a fault and 25 after."""

Hook = Callable[[], object]


class Outcome(NamedTuple):
    """What the day came to; two forms of the drill must agree on all of it."""

    orders: list[tuple[str, str, int, float, str, float]]
    """Id, symbol, side, shares, status and shares filled, as the broker has it."""
    fills: list[tuple[str, str, int, float]]
    """Fill id, order id, shares and price."""
    positions: dict[str, float]
    cash: float
    equity: float
    equity_curve: list[float]
    exposure_curve: list[float]
    """In dollars, each second from the first to the last."""


def config() -> WorldConfig:
    """The firm as it stands, only busier: 307 orders an hour."""
    return WorldConfig(
        start=datetime(2026, 3, 10, 13, 30, tzinfo=UTC), strategies=StrategyConfig(orders_per_hour=307.0)
    )


def build(seed: int, hook: Hook, length_us: int = DAY_US) -> World:
    """The World before its first second, with the prices of the day already made."""
    world = World(config(), seed, mitigation=Mitigation(lambda desk: {"every": {1: hook}}, "the hook under test"))
    make_prices(world.market, length_us)
    return world


def make_prices(market: Market, length_us: int) -> np.ndarray:
    """All prices and sizes of the day, once per seed and for every form of the drill; the prices at each second."""
    market.volume(market.symbols[0], 0, length_us + 1)
    return market.matrix(np.arange(0, length_us + 1, SECOND, dtype=np.int64))


def outcome(world: World) -> Outcome:
    """What became of the World, read from the broker's side; it must be finished."""
    fills = [event for event in world.history.of("ledger.fill") if event.data["source"] != "opening"]
    return Outcome(
        [(o.id, o.symbol, o.side, o.qty, str(o.status), o.filled_qty) for o in world.broker.orders.values()],
        [(event.data["fill"], event.subject, event.data["qty"], event.data["price"]) for event in fills],
        world.ledger.positions(), world.ledger.cash, world.broker.equity(),
        world.history.series["equity"][1].tolist(), world.history.series["exposure"][1].tolist(),
    )  # fmt: skip
