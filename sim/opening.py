"""What the firm holds when the run begins: positions of the days before, near their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.world import World


def open_positions(world: World) -> dict[str, float]:
    """Book the opening positions; the target notional per symbol in dollars, short ones negative."""
    market, config = world.market, world.config
    draws = world.streams.stream("strategies/targets")
    each = config.equity * config.strategies.gross_exposure_pct / 100 / len(market.symbols)
    targets: dict[str, float] = {}
    for symbol, price in zip(market.symbols, market.prices(), strict=True):
        side = 1 if draws.random() < 0.75 else -1
        qty = max(1, round(each / price))
        targets[symbol] = side * each
        world.ledger.post_fill(f"opening-{symbol}", "opening", symbol, side, qty, price, source="opening")
    return targets
