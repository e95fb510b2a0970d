"""What a scenario says about the firm is what the World is made of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scenarios.build import world_config
from scenarios.loader import library, parse_yaml_model
from scenarios.scenario import Scenario
from sim.clock import DAY, MINUTE
from sim.config import LIMITS

FIRM = """\
name: firm
title: A firm of its own
story: It trades two symbols.
expect: {alarm: either}
warm_up: 3h
horizon: 2h
window: {before: 15m, after: 25m}
world:
  epoch: 2026-03-09 10:00
  symbols: [SPY, {name: XYZ, price_usd: 12.5, volatility_pct: 80}]
  equity_usd: 50000
  start_drawdown_pct: 4
  bar_minutes: [1]
  slippage_mean_bps: 2
  limits: {daily_loss_pct: 2}
  workloads: [trading-system, redis, pricing]
  memory_limit_mib: 1024
  strategies: {orders_per_hour: 10, gross_exposure_pct: 50}
"""


def test_every_option_arrives() -> None:
    config = world_config(parse_yaml_model(FIRM, Scenario))
    assert config.prices.names == ("SPY", "XYZ")
    assert list(config.prices.start_prices()) == [590.0, 12.5]
    assert (config.equity, config.start_drawdown_pct, config.bar_minutes) == (50_000, 4, (1,))
    assert (config.strategies.orders_per_hour, config.strategies.gross_exposure_pct) == (10, 50)
    assert config.broker.slippage_mean_bps == 2
    assert dict(config.limits) == {**LIMITS, "daily_loss_pct": 2}
    assert [(w.name, w.limit_mib) for w in config.workloads] == [
        ("trading-system", 1024), ("redis", 256), ("pricing", 512),
    ]  # fmt: skip


def test_a_declared_window_begins_the_run_later_and_keeps_fault_zero() -> None:
    scenario = parse_yaml_model(FIRM, Scenario)
    assert scenario.start == datetime(2026, 3, 9, 16, 45, tzinfo=UTC)  # 10:00 in New York + 3 h - 15 min
    assert scenario.fault_zero_us == 15 * MINUTE
    config = world_config(scenario)
    assert (config.start, config.span_us) == (scenario.start, 40 * MINUTE + DAY)


@pytest.mark.parametrize("name", list(library()))
def test_each_stock_scenario_makes_a_firm(name: str) -> None:
    scenario = library()[name]
    config = world_config(scenario)
    assert config.start == scenario.world.start
    assert config.span_us > scenario.length_us == scenario.warm_up_us + scenario.horizon_us
