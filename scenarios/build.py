"""From a scenario's world options to the configuration of a World."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from scenarios.scenario import Scenario
from scenarios.world_options import WorldOptions
from sim.broker import BrokerConfig
from sim.clock import DAY
from sim.config import LIMITS, TRADING_SYSTEM, WorldConfig
from sim.prices import Instrument, PriceModel
from sim.strategies import StrategyConfig
from sim.workloads import Workload


def world_config(scenario: Scenario) -> WorldConfig:
    """What the World of a run of `scenario` is made of."""
    options = scenario.world
    return WorldConfig(
        start=scenario.start,
        exchange=options.exchange,
        zone=options.zone,
        span_us=scenario.length_us + DAY,
        prices=PriceModel(
            tuple(
                Instrument(s.name, start_price=s.price_usd, annual_volatility=s.volatility_pct / 100)
                for s in options.symbols
            )
        ),
        equity=options.equity_usd,
        start_drawdown_pct=options.start_drawdown_pct,
        tick_us=options.tick_us,
        bar_minutes=options.bar_minutes,
        scrape_us=options.scrape_us,
        strategies=StrategyConfig(
            orders_per_hour=options.strategies.orders_per_hour,
            gross_exposure_pct=options.strategies.gross_exposure_pct,
        ),
        broker=BrokerConfig(slippage_mean_bps=options.slippage_mean_bps),
        limits=MappingProxyType({**LIMITS, **options.limits}),
        workloads=_workloads(options),
    )


def _workloads(options: WorldOptions) -> tuple[Workload, ...]:
    """The stock workloads by name, and plain ones under names of the scenario's own."""
    stock = {workload.name: workload for workload in WorldConfig().workloads}
    named = [stock.get(name, Workload(name)) for name in options.workloads]
    limit_mib = float(options.memory_limit_mib)
    return tuple(replace(w, limit_mib=limit_mib) if w.name == TRADING_SYSTEM else w for w in named)
