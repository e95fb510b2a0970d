"""Equity and exposure over a run, recomputed from the fills and held against the Ledger."""

from __future__ import annotations

import numpy as np
import pytest

from sim.clock import HOUR, SECOND
from tests.sim.worlds import BUSY, QUIET, Firm


def test_at_any_second_equity_is_what_the_ledger_would_have_said() -> None:
    firm = Firm(strategies=BUSY)
    seen: dict[int, float] = {}
    for second in range(60, 600, 77):
        firm.world.run(second * SECOND)
        seen[second] = firm.broker.equity()
    firm.world.run(600 * SECOND)
    firm.world.finish()
    t_us, equity = firm.history.series["equity"]
    assert t_us.tolist() == [second * SECOND for second in range(601)]
    for second, expected in seen.items():
        assert equity[second] == pytest.approx(expected, abs=0.01)


def test_exposure_is_the_gross_value_held_and_nothing_when_flat() -> None:
    firm = Firm(strategies=QUIET)
    firm.ask(lambda desk: desk.flatten(), 30)
    firm.world.finish()
    _, exposure = firm.history.series["exposure"]
    assert exposure[0] == pytest.approx(1_200_000, rel=0.001)
    assert exposure[-1] == 0.0


def test_a_run_without_fills_of_its_own_follows_the_market() -> None:
    firm = Firm()
    firm.run(99)
    firm.world.finish()
    _, equity = firm.history.series["equity"]
    held = firm.world.ledger.positions()
    prices = firm.world.market.matrix(np.array([0, 100 * SECOND]))
    change = sum(held[s] * (prices[1, i] - prices[0, i]) for i, s in enumerate(firm.world.market.symbols))
    assert equity[-1] - equity[0] == pytest.approx(change, abs=0.01)


def test_a_long_run_is_sampled_every_fifteen_seconds() -> None:
    firm = Firm(span_us=30 * HOUR)
    firm.world.run(13 * HOUR)
    firm.world.finish()
    t_us, _ = firm.history.series["equity"]
    assert set(np.diff(t_us).tolist()) == {15 * SECOND}
