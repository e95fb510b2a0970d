"""What one World is made of: plain values, no chance, no time.

`scenarios` builds this from YAML; tests and benchmarks build it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from sim.broker import BrokerConfig
from sim.clock import DAY, SECOND
from sim.prices import PriceModel, PriceSource
from sim.strategies import StrategyConfig
from sim.workloads import Workload

TRADING_SYSTEM = "trading-system"
GATEWAY = "execution-gateway"

LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "daily_loss_pct": 3.0,
        "drawdown_warn_pct": 8.0,
        "drawdown_halt_pct": 15.0,
        "drawdown_flatten_pct": 20.0,
        "error_rate": 0.30,
        "api_errors": 5,
        "slippage_bps": 15.0,
        "feed_age_s": 60.0,
        "bar_jump_pct": 20.0,
    }
)
"""The firm's risk limits, which mitigation code reads as `desk.limits` and checkers hold it to."""


@dataclass(frozen=True)
class WorldConfig:
    """One simulated firm."""

    start: datetime = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    """The instant of virtual 0: by default 10:00 in New York on an ordinary Tuesday."""
    exchange: str = "XNYS"
    zone: str = "America/New_York"
    span_us: int = 2 * DAY
    """How far the calendar must reach: at least the length of the run."""
    prices: PriceSource = field(
        default_factory=lambda: PriceModel.of({"SPY": 590.0, "QQQ": 505.0, "AAPL": 228.0, "MSFT": 430.0, "IWM": 220.0})
    )
    equity: float = 1_000_000.0
    start_drawdown_pct: float = 0.0
    """How far the opening equity lies below the high-water mark of the weeks before."""
    tick_us: int = SECOND
    bar_minutes: tuple[int, ...] = (1, 5)
    scrape_us: int = 15 * SECOND
    strategies: StrategyConfig = field(default_factory=StrategyConfig)
    broker: BrokerConfig = field(default_factory=BrokerConfig)
    limits: Mapping[str, float] = field(default_factory=lambda: LIMITS)
    workloads: tuple[Workload, ...] = (
        Workload(TRADING_SYSTEM, startup_us=10 * SECOND, base_mib=180.0, limit_mib=512.0, strategy="recreate"),
        Workload(GATEWAY, startup_us=5 * SECOND),
        Workload("market-data", startup_us=5 * SECOND),
        Workload("postgres", startup_us=20 * SECOND, base_mib=400.0, limit_mib=1024.0, strategy="recreate"),
        Workload("redis", startup_us=3 * SECOND, base_mib=64.0, limit_mib=256.0, strategy="recreate"),
    )
    monitored: bool = True
    """Whether infrastructure and monitoring run at all; a bare World is for benchmarks of the kernel."""
