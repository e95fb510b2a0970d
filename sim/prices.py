"""How prices move: geometric Brownian motion with jumps, volatility regimes, night gaps and one market factor.

A source of prices answers one question: the log returns of a session, mark by mark. They may be taken in
pieces of any length and are the same numbers, so a run that looks only at forty minutes draws only those.
Each (symbol, session) has its own stream and the factor has another: adding a symbol, or giving one another
volatility, leaves the rest of the market as it was.

Every random step has an expected growth of zero: jumps and gaps are lognormal with mean one, the diffusion
carries its usual half-variance correction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from sim.calendar import Session, TradingCalendar
from sim.clock import HOUR, MINUTE
from sim.errors import BadInput
from sim.rng import Streams

_NIGHT_US = 17 * HOUR + 30 * MINUTE
"""A regular night between two sessions of New York: the closure that a full overnight gap stands for."""


def _check(holds: bool, field: str, value: object, mend: str) -> None:
    if not holds:
        raise BadInput("not a usable value", mend=mend, field=field, value=value)


class Grid(NamedTuple):
    """The marks of one session: when they are, and what closure came before."""

    session: Session
    first_us: int
    """The first mark: the opening, or virtual 0 in a session that already trades."""
    marks: int
    mark_us: int
    closed_us: int
    """How long the exchange was closed before `first_us`; 0 when it was not."""
    year_us: int
    """Trading time in a year."""


class Jump(NamedTuple):
    """A sudden log return of one symbol into one mark; into mark 0 it is the gap since the last close."""

    mark: int
    row: int
    size: float


class SessionDraws(Protocol):
    """The chance of one session. Steps and sizes are taken in order, in pieces of any length."""

    @property
    def jumps(self) -> tuple[Jump, ...]:
        """The log returns that a volatility shock does not scale."""
        ...

    def steps(self, count: int) -> np.ndarray:
        """The other log returns into the next `count` marks, of shape (symbols, count)."""
        ...

    def sizes(self, count: int) -> np.ndarray:
        """What trades at the next `count` marks: whole units, of shape (symbols, count)."""
        ...


class BoundPrices(Protocol):
    """The truth about prices in one World."""

    def start_prices(self) -> np.ndarray:
        """The price of each symbol before the first session of the run."""
        ...

    def ticks_per_unit(self) -> np.ndarray | None:
        """How many price steps make one unit of money, per symbol; None to leave prices unrounded."""
        ...

    def session(self, streams: Streams, grid: Grid) -> SessionDraws:
        """The draws of one session."""
        ...


class PriceSource(Protocol):
    """Where prices come from: a model, or a recording. It may serve many Worlds and does not change."""

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols, in the order of every array."""
        ...

    def bind(self, calendar: TradingCalendar) -> BoundPrices:
        """Get ready for a World with this calendar."""
        ...


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol and how it moves."""

    symbol: str
    start_price: float
    annual_volatility: float = 0.25
    factor_loading: float = 0.6
    """Correlation with the market factor; two symbols correlate by the product of their loadings."""
    shares_per_day: int = 5_000_000
    tick_size: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what no market has."""
        _check(bool(self.symbol), "symbol", self.symbol, "name the symbol")
        _check(0 < self.start_price < 1e12, "start_price", self.start_price, "give a price above 0")
        volatility = self.annual_volatility
        _check(0 <= volatility <= 20, "annual_volatility", volatility, "give a fraction: 0.25 is 25 % a year")
        _check(-1 <= self.factor_loading <= 1, "factor_loading", self.factor_loading, "stay within -1 and 1")
        _check(self.shares_per_day > 0, "shares_per_day", self.shares_per_day, "give a count above 0")
        whole = self.tick_size > 0 and abs(1 / self.tick_size - round(1 / self.tick_size)) < 1e-6
        _check(whole, "tick_size", self.tick_size, "give one over a whole number, such as 0.01 or 0.0001")


@dataclass(frozen=True, slots=True)
class Regimes:
    """Calm and stressed minutes: a two-state chain that multiplies the volatility of the whole market."""

    calm_multiplier: float = 1.0
    stressed_multiplier: float = 2.5
    to_stressed_per_minute: float = 1 / 600
    to_calm_per_minute: float = 1 / 30

    def __post_init__(self) -> None:
        """Refuse negative multipliers and probabilities outside 0 to 1."""
        for field in ("calm_multiplier", "stressed_multiplier"):
            _check(0 <= getattr(self, field) <= 100, field, getattr(self, field), "stay within 0 and 100")
        for field in ("to_stressed_per_minute", "to_calm_per_minute"):
            _check(0 <= getattr(self, field) <= 1, field, getattr(self, field), "give a probability")

    def multipliers(self, generator: np.random.Generator, minutes: int) -> np.ndarray:
        """A path of `minutes` multipliers; it starts in the chain's long-run proportions."""
        leave = (self.to_stressed_per_minute, self.to_calm_per_minute)
        draws = generator.random(minutes + 1).tolist()
        stressed = draws[0] * sum(leave) < leave[0]
        states = np.empty(minutes, dtype=np.int64)
        for minute in range(minutes):
            states[minute] = stressed
            stressed ^= draws[minute + 1] < leave[stressed]
        return np.array((self.calm_multiplier, self.stressed_multiplier))[states]


@dataclass(frozen=True, slots=True)
class Jumps:
    """Sudden moves of one symbol: so many per trading day, of this log standard deviation."""

    per_day: float = 0.1
    size_sd: float = 0.01

    def __post_init__(self) -> None:
        """Refuse negative rates and sizes."""
        _check(0 <= self.per_day <= 1000, "per_day", self.per_day, "give a rate from 0 up")
        _check(0 <= self.size_sd <= 2, "size_sd", self.size_sd, "give a log standard deviation such as 0.01")


@dataclass(frozen=True, slots=True)
class PriceModel:
    """The whole market: instruments, and what they share."""

    instruments: tuple[Instrument, ...]
    regimes: Regimes = Regimes()
    jumps: Jumps = Jumps()
    overnight_gap_sd: float = 0.006
    """Log standard deviation of the gap over a night or longer; a lunch break has its share by time."""

    def __post_init__(self) -> None:
        """Refuse an empty market and a symbol named twice."""
        _check(bool(self.instruments), "instruments", self.instruments, "name at least one symbol")
        twice = [name for name in self.names if self.names.count(name) > 1]
        _check(not twice, "instruments", twice, "name each symbol once")
        gap = self.overnight_gap_sd
        _check(0 <= gap <= 1, "overnight_gap_sd", gap, "give a log standard deviation such as 0.006")

    @classmethod
    def of(cls, start_prices: Mapping[str, float]) -> PriceModel:
        """A market of these symbols at these prices, with the usual behaviour."""
        return cls(tuple(Instrument(symbol, float(price)) for symbol, price in start_prices.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols, in the order of every array."""
        return tuple(instrument.symbol for instrument in self.instruments)

    def bind(self, calendar: TradingCalendar) -> PriceModel:
        """A model fits any calendar as it is."""
        return self

    def start_prices(self) -> np.ndarray:
        """The price of each symbol before the first session of the run."""
        return np.array([i.start_price for i in self.instruments], dtype=np.float64)

    def ticks_per_unit(self) -> np.ndarray:
        """How many price steps make one unit of money, per symbol."""
        return np.array([round(1 / i.tick_size) for i in self.instruments], dtype=np.float64)

    def session(self, streams: Streams, grid: Grid) -> ModelDraws:
        """The draws of one session."""
        return ModelDraws(self, streams, grid)


class ModelDraws:
    """One session of a `PriceModel`."""

    def __init__(self, model: PriceModel, streams: Streams, grid: Grid) -> None:
        """Open the session's streams and draw what it has once: regimes, gaps and jumps."""
        self._grid, self._taken, self._sized = grid, 0, 0
        instruments = model.instruments
        day = f"{grid.session.date}" + (f"/{grid.session.part}" if grid.session.part else "")
        self._factor = streams.stream(f"market/factor/{day}")
        self._own = [streams.stream(f"market/price/{i.symbol}/{day}") for i in instruments]
        self._traded = [streams.stream(f"market/size/{i.symbol}/{day}") for i in instruments]
        self._loading = _column([i.factor_loading for i in instruments])
        volatility = _column([i.annual_volatility for i in instruments])
        self._step_sd = volatility * (grid.mark_us / grid.year_us) ** 0.5
        self._shares = _column([i.shares_per_day for i in instruments])
        self._marks_per_minute = max(1, MINUTE // grid.mark_us)
        minutes = -(-grid.marks // self._marks_per_minute)
        self._regime = model.regimes.multipliers(streams.stream(f"market/regime/{day}"), minutes)
        self.jumps: tuple[Jump, ...] = (*self._gaps(model.overnight_gap_sd), *self._moves(model.jumps))

    def steps(self, count: int) -> np.ndarray:
        """The diffusion and its drift into the next `count` marks."""
        first, self._taken = self._taken, self._taken + count
        steps = np.empty((len(self._own), count), dtype=np.float32)
        for row, generator in zip(steps, self._own, strict=True):
            generator.standard_normal(dtype=np.float32, out=row)
        sd = self._step_sd * self._regime[np.arange(first, first + count) // self._marks_per_minute]
        steps *= sd * (1 - self._loading**2) ** 0.5
        steps += sd * (self._loading * self._factor.standard_normal(count, dtype=np.float32) - sd / 2)
        if first == 0:  # into the first mark leads the gap, and nothing else
            steps[:, 0] = 0.0
        return steps

    def sizes(self, count: int) -> np.ndarray:
        """What trades at the next `count` marks: most near the open and the close, at least one unit."""
        grid, first = self._grid, self._sized
        self._sized += count
        session = grid.session
        times_us = grid.first_us + np.arange(first, first + count) * grid.mark_us
        place = 2 * (times_us - session.open_us) / session.length_us - 1
        share = (1 + 1.5 * place**2) / 1.5 * (grid.mark_us * 252 / grid.year_us)
        drawn = np.stack([generator.standard_exponential(count) for generator in self._traded])
        sizes: np.ndarray = (drawn * share * self._shares).astype(np.int64) + 1
        return sizes

    def _gaps(self, overnight_sd: float) -> list[Jump]:
        sd = overnight_sd * min(1.0, self._grid.closed_us / _NIGHT_US) ** 0.5
        factor = self._factor.standard_normal()
        own = [generator.standard_normal() for generator in self._own]
        loadings = self._loading[:, 0].tolist()
        mixed = [a * factor + (1 - a**2) ** 0.5 * z for a, z in zip(loadings, own, strict=True)]
        return [Jump(0, row, sd * z - sd**2 / 2) for row, z in enumerate(mixed)]

    def _moves(self, jumps: Jumps) -> list[Jump]:
        grid, moves = self._grid, []
        expected = jumps.per_day * grid.marks * grid.mark_us * 252 / grid.year_us
        for row, generator in enumerate(self._own):
            for _ in range(int(generator.poisson(expected))):
                mark = int(generator.integers(0, grid.marks))
                moves.append(Jump(mark, row, generator.normal(-(jumps.size_sd**2) / 2, jumps.size_sd)))
        return moves


def _column(values: Sequence[float]) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]
