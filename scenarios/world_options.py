"""How the simulated firm of a scenario is set up: where and when, what it trades, how busy it is.

Nothing here depends on the seed: two runs with different seeds have one firm and different chance.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, Strict, field_validator, model_validator

from scenarios.faults.infrastructure import TRADING_SYSTEM
from scenarios.spec import Count, Duration, Flag, Mended, Name, Positive, Spec, Symbol
from sim.clock import MINUTE, SECOND

_EPOCH_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


class SymbolSpec(Spec):
    """One instrument."""

    name: Symbol
    price_usd: Positive = 100.0
    """Price at the start of the run."""
    volatility_pct: Annotated[float, Strict(), Field(gt=0, le=1_000)] = 25.0
    """Volatility a year, in percent."""


CATALOGUE: tuple[SymbolSpec, ...] = tuple(
    SymbolSpec(name=name, price_usd=price_usd, volatility_pct=volatility_pct)
    for name, price_usd, volatility_pct in (
        ("SPY", 590.0, 16.0),
        ("QQQ", 505.0, 21.0),
        ("AAPL", 228.0, 27.0),
        ("MSFT", 430.0, 24.0),
        ("IWM", 220.0, 23.0),
        ("NVDA", 138.0, 45.0),
        ("TLT", 89.0, 15.0),
        ("GLD", 245.0, 15.0),
        ("XLE", 91.0, 26.0),
        ("AMD", 122.0, 48.0),
    )
)
"""Instruments that can be named without a price; round numbers, not quotes."""


def _symbols(value: Any) -> Any:
    """Expand a count, and names of the catalogue, into specifications."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= len(CATALOGUE):
            raise Mended(
                f"there are {len(CATALOGUE)} stock symbols",
                f"give a count from 1 to {len(CATALOGUE)}, or list your own with name and price_usd",
            )
        return CATALOGUE[:value]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Mended("is not a list of symbols", "give a count such as 5, or a list of names")
    by_name = {symbol.name: symbol for symbol in CATALOGUE}
    return tuple(by_name.get(item, {"name": item}) if isinstance(item, str) else item for item in value)


class StrategyOptions(Spec):
    """What the strategies do while nothing is wrong."""

    orders_per_hour: Annotated[float, Strict(), Field(ge=0, le=20_000)] = 300.0
    """Mean number of orders in an hour of session."""
    gross_exposure_pct: Annotated[float, Strict(), Field(gt=0, le=400)] = 120.0
    """Sum of absolute positions, in percent of equity."""


class WorldOptions(Spec):
    """The firm, its market and its hours."""

    epoch: str = "2026-03-10 10:00"
    """Start of the run in the local time of `zone`: the warm-up begins here."""
    exchange: str = "XNYS"
    """Exchange code of the trading calendar, or 24/7."""
    zone: str = "America/New_York"
    symbols: Annotated[tuple[SymbolSpec, ...], BeforeValidator(_symbols)] = CATALOGUE[:5]
    equity_usd: Positive = 1_000_000.0
    """Equity at the start."""
    start_drawdown_pct: Annotated[float, Strict(), Field(ge=0, lt=100)] = 0.0
    """How far the start is below the high-water mark of the weeks before."""
    strategies: StrategyOptions = StrategyOptions()
    slippage_mean_bps: Annotated[float, Strict(), Field(ge=0, le=100)] = 5.0
    """Mean slippage of a healthy broker."""
    tick_us: Duration = SECOND
    """Distance of two marks of the market."""
    bar_minutes: Annotated[tuple[Annotated[Count, Field(le=1_440)], ...], Field(min_length=1)] = (1, 5)
    """Lengths of the bars that strategies and mitigation code get."""
    limits: dict[str, Positive] = Field(default_factory=dict)
    """Risk limits of the firm that differ from those of `sim.config`, such as daily_loss_pct: 2."""
    scrape_us: Duration = 15 * SECOND
    """Distance of two looks that monitoring takes."""
    in_flight: Flag = True
    """Whether orders are open, and some not acknowledged, at each moment when a fault strikes in session."""
    workloads: tuple[Name, ...] = (TRADING_SYSTEM, "execution-gateway", "market-data", "postgres", "redis")
    """What infrastructure runs; faults name one of these."""
    memory_limit_mib: Annotated[int, Strict(), Field(ge=256, le=1_000_000)] = 512
    """Memory limit of the trading system."""

    @field_validator("epoch", mode="before")
    @classmethod
    def _epoch_is_local_time(cls, value: Any) -> Any:
        if isinstance(value, str) and _naive(value) is not None:
            return value
        raise Mended("is not a date and time", "write it as 2026-03-10 10:00, without a zone")

    @field_validator("limits")
    @classmethod
    def _limits_exist(cls, limits: dict[str, float]) -> dict[str, float]:
        if limits:
            from sim.config import LIMITS  # not at the top: it loads the whole world

            for name in limits:
                if name not in LIMITS:
                    near = get_close_matches(name, LIMITS, n=1)
                    mend = f"did you mean {near[0]}?" if near else f"use some of {', '.join(LIMITS)}"
                    raise Mended(f"unknown limit {name}", mend, name)
        return limits

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise Mended("is no time zone", "give an IANA name such as America/New_York or UTC") from error
        return zone

    @model_validator(mode="after")
    def _hangs_together(self) -> WorldOptions:
        names = [symbol.name for symbol in self.symbols]
        if not names:
            raise Mended("a firm without symbols trades nothing", "name at least one symbol", "symbols")
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Mended(f"{name} is listed twice", "remove one of them", "symbols", index)
        if TRADING_SYSTEM not in self.workloads:
            raise Mended("nothing would trade", f"list {TRADING_SYSTEM} among the workloads", "workloads")
        for name in ("tick", "scrape"):
            if not getattr(self, f"{name}_us"):
                raise Mended("an interval of 0s never ends", "give more than 0s", name)
        if MINUTE % self.tick_us:
            raise Mended("a minute is not a whole number of ticks", "give 1s, 5s, 10s or so", "tick")
        local = self.local_start
        if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise Mended(f"the clocks of {self.zone} skip this hour", "choose a time outside the change", "epoch")
        return self

    @property
    def local_start(self) -> datetime:
        """The start of the run, aware, in the firm's zone."""
        naive = _naive(self.epoch)
        assert naive is not None, self.epoch
        return naive.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def start(self) -> datetime:
        """The start of the run, aware, in UTC."""
        return self.local_start.astimezone(UTC)

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(symbol.name for symbol in self.symbols)


def _naive(text: str) -> datetime | None:
    for form in _EPOCH_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  the zone is a field of its own
        except ValueError:
            continue
    return None
