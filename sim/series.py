"""Equity and exposure over the run, computed once at its end from the Ledger's fills and the true prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.clock import HOUR, SECOND
from sim.ledger import MICRO

if TYPE_CHECKING:
    from sim.world import World

_FINE_UNTIL_US = 12 * HOUR


def record_series(world: World) -> None:
    """Write the series `equity` and `exposure` (gross, dollars) into the History of `world`.

    One value a second for runs up to twelve hours, one every fifteen seconds beyond.
    """
    step_us = SECOND if world.env.now <= _FINE_UNTIL_US else 15 * SECOND
    times_us = np.arange(0, world.env.now + 1, step_us, dtype=np.int64)
    prices = world.market.matrix(times_us)
    equity = np.full(times_us.shape, world.config.equity)
    exposure = np.zeros(times_us.shape)
    fills = world.history.of("ledger.fill")
    opening_cash = world.config.equity
    cash = np.full(times_us.shape, opening_cash)
    for column, symbol in enumerate(world.market.symbols):
        own = [event for event in fills if event.data["symbol"] == symbol]
        if not own:
            continue
        at_us = np.array([event.t_us for event in own], dtype=np.int64)
        signed = np.array([event.data["side"] * event.data["qty"] for event in own], dtype=np.float64)
        spent = signed * np.round(np.array([event.data["price"] for event in own]) * MICRO) / MICRO
        done = np.searchsorted(at_us, times_us, side="right")
        held = np.concatenate(([0.0], np.cumsum(signed)))[done]
        cash -= np.concatenate(([0.0], np.cumsum(spent)))[done]
        value = held * prices[:, column]
        equity += value
        exposure += np.abs(value)
    equity += cash - opening_cash
    world.history.record_series("equity", times_us, np.round(equity, 4))
    world.history.record_series("exposure", times_us, np.round(exposure, 4))
