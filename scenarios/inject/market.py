"""Faults of the market itself and of the feed that shows it."""

from __future__ import annotations

from scenarios.faults.data import (
    BadBars,
    FeedDuplicateTimestamp,
    FeedFrozen,
    FeedGap,
    FeedOutOfOrder,
    FeedStale,
)
from scenarios.faults.risk import AdverseMove, Volatility
from scenarios.inject.base import Heal, Strike, injects, nothing
from sim.clock import DAY
from sim.corruption import FACTORS
from sim.healing import once

_OVERSHOOT = 1.06
"""The book trades on while the market moves, so a move of just the limit could end short of it."""


@injects("adverse_move")
def adverse_move(strike: Strike, fault: AdverseMove) -> Heal:
    """Move every held symbol against its position by as much as makes the loss."""
    world = strike.world
    equity, system = world.broker.equity(), world.trading
    if fault.loss_pct is not None:
        target = system.day_start_equity * (1 - fault.loss_pct * _OVERSHOOT / 100)
    else:
        assert fault.drawdown_pct is not None
        target = system.peak_equity * (1 - fault.drawdown_pct * min(_OVERSHOOT, 99.9 / fault.drawdown_pct) / 100)
    held = world.ledger.positions()
    gross = sum(abs(qty) * world.market.price(symbol) for symbol, qty in held.items())
    if gross <= 0 or equity <= target:
        return nothing
    share = min((equity - target) / gross, 0.95)
    for symbol, qty in held.items():
        world.market.shock((symbol,), 1 - share if qty > 0 else 1 + share, fault.ramp_us)
    world.broker.reprice()
    strike.landed(f"prices move {share:.1%} against a book of {gross:,.0f}")
    return nothing


@injects("volatility")
def volatility(strike: Strike, fault: Volatility) -> Heal:
    """Make the market wilder for as long as the fault lasts."""
    world, length_us = strike.world, fault.for_us if fault.for_us is not None else DAY
    ends_us = world.env.now + length_us
    world.market.regime(fault.multiplier, length_us)
    world.broker.reprice()
    strike.landed("the market's volatility rose")

    def heal() -> None:
        left_us = ends_us - world.env.now
        if left_us > 0:
            world.market.regime(1 / fault.multiplier, left_us)
            world.broker.reprice()

    return once(heal)


@injects("bad_bars")
def bad_bars(strike: Strike, fault: BadBars) -> Heal:
    """Spoil the next bars."""
    factor = fault.price_factor if fault.fault in FACTORS else None
    return strike.world.feed.corrupt(fault.fault, fault.symbols or None, bars=fault.bars, factor=factor)


@injects("feed_frozen")
def feed_frozen(strike: Strike, fault: FeedFrozen) -> Heal:
    """Repeat the last price."""
    return strike.world.feed.corrupt("frozen", fault.symbols or None)


@injects("feed_stale")
def feed_stale(strike: Strike, fault: FeedStale) -> Heal:
    """Deliver old data under old time stamps."""
    return strike.world.feed.corrupt("stale", fault.symbols or None, lag_us=fault.lag_us)


@injects("feed_gap")
def feed_gap(strike: Strike, fault: FeedGap) -> Heal:
    """Deliver nothing."""
    return strike.world.feed.corrupt("gap", fault.symbols or None)


@injects("feed_duplicate_timestamp")
def feed_duplicate(strike: Strike, fault: FeedDuplicateTimestamp) -> Heal:
    """Deliver bars twice."""
    return strike.world.feed.corrupt("duplicate_timestamp", fault.symbols or None)


@injects("feed_out_of_order")
def feed_out_of_order(strike: Strike, fault: FeedOutOfOrder) -> Heal:
    """Swap neighbouring bars."""
    return strike.world.feed.corrupt("out_of_order", fault.symbols or None)
