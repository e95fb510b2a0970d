"""The price model against what its parameters promise, and the independence of its streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.errors import BadInput
from sim.prices import Grid, Instrument, Jumps, PriceModel, Regimes
from sim.rng import Streams
from tests.sim.market_kit import CALM, NO_JUMPS, Desk, ny

FINE = 1e-6
"""A price step so fine that rounding does not show in the moments."""


def plain(*instruments: Instrument, gap: float = 0.0) -> PriceModel:
    return PriceModel(instruments=instruments, regimes=CALM, jumps=NO_JUMPS, overnight_gap_sd=gap)


def grid(desk: Desk) -> Grid:
    return desk.market.grids[0]


def session_returns(
    model: PriceModel, seed: int = 1, days: int = 1, start: tuple[int, ...] = (2026, 3, 10, 9)
) -> np.ndarray:
    """Log returns from mark to mark within the sessions, of shape (returns, symbols)."""
    desk = Desk(ny(*start), model, seed=seed, span_us=2 * days * DAY, minutes=())
    found = []
    for marks in desk.market.grids[:days]:
        times = marks.first_us + np.arange(marks.marks) * SECOND
        found.append(np.diff(np.log(desk.market.matrix(times)), axis=0))
    return np.concatenate(found)


def test_volatility_is_what_was_asked_for() -> None:
    volatility = 0.30
    returns = session_returns(plain(Instrument("A", 1000.0, volatility, tick_size=FINE)), days=4)[:, 0]
    per_year = 252 * 6.5 * 3600
    assert len(returns) == 4 * 23_399
    assert returns.std() * per_year**0.5 == pytest.approx(volatility, rel=0.01)
    assert abs(returns.mean()) < 4 * returns.std() / len(returns) ** 0.5
    tails = ((returns - returns.mean()) ** 4).mean() / returns.var() ** 2
    assert tails == pytest.approx(3.0, abs=0.1)


def daily_growth(model: PriceModel, days: int) -> np.ndarray:
    """Price over price of the day before, all symbols and days together."""
    desk = Desk(ny(2026, 3, 9, 9), model, span_us=(days + 10) * DAY, mark_us=MINUTE, minutes=())
    closes = np.array([g.session.close_us for g in desk.market.grids[:days]], dtype=np.int64)
    prices = np.vstack([desk.market.start_prices, desk.market.matrix(closes)])
    growth: np.ndarray = (prices[1:] / prices[:-1]).ravel()
    return growth


@pytest.mark.parametrize(
    ("volatility", "jumps", "gap", "variance"),
    [
        (8.0, NO_JUMPS, 0.0, 64 / 252),
        (0.0, Jumps(per_day=3.0, size_sd=0.3), 0.0, 3 * (0.3**2 + 0.045**2)),
        (0.0, NO_JUMPS, 0.5, 0.25),
        (0.5, Jumps(per_day=3.0, size_sd=0.02), 0.01, 0.25 / 252 + 3 * 0.02**2 + 0.01**2),
    ],
    ids=["diffusion", "jumps", "gaps", "all three"],
)
def test_a_price_is_expected_to_stay_where_it_is(volatility: float, jumps: Jumps, gap: float, variance: float) -> None:
    """However wildly it moves, the mean growth factor is one."""
    symbols = tuple(Instrument(f"S{i}", 1e6, volatility, 0.0, tick_size=FINE) for i in range(80))
    growth = daily_growth(PriceModel(symbols, CALM, jumps, gap), days=15)
    assert growth.mean() == pytest.approx(1.0, abs=3.5 * growth.std() / len(growth) ** 0.5)
    assert np.log(growth).var() == pytest.approx(variance, rel=0.2)


def test_two_symbols_correlate_by_the_product_of_their_loadings() -> None:
    model = plain(
        Instrument("A", 1000.0, 0.2, 0.9, tick_size=FINE),
        Instrument("B", 1000.0, 0.4, 0.5, tick_size=FINE),
        Instrument("C", 1000.0, 0.3, -0.6, tick_size=FINE),
    )
    measured = np.corrcoef(session_returns(model, days=2).T)
    assert measured[0, 1] == pytest.approx(0.45, abs=0.015)
    assert measured[0, 2] == pytest.approx(-0.54, abs=0.015)
    assert measured[1, 2] == pytest.approx(-0.30, abs=0.015)


def test_stressed_minutes_have_the_share_and_the_volatility_of_the_chain() -> None:
    regimes = Regimes(stressed_multiplier=3.0, to_stressed_per_minute=0.1, to_calm_per_minute=0.3)
    path = regimes.multipliers(Streams(1).stream("test"), 200_000)
    assert set(np.unique(path).tolist()) == {1.0, 3.0}
    assert (path == 3.0).mean() == pytest.approx(0.25, abs=0.01)
    stays = np.diff(np.flatnonzero(np.diff(path)))[::2]
    assert sorted((stays.mean(), np.diff(np.flatnonzero(np.diff(path)))[1::2].mean())) == pytest.approx(
        [1 / 0.3, 1 / 0.1], rel=0.05
    )


def test_a_market_that_never_leaves_stress_moves_by_the_multiplier() -> None:
    always = Regimes(stressed_multiplier=3.0, to_stressed_per_minute=1.0, to_calm_per_minute=0.0)
    calm = plain(Instrument("A", 1000.0, 0.2, tick_size=FINE))
    stressed = replace(calm, regimes=always)
    assert session_returns(stressed).std() / session_returns(calm).std() == pytest.approx(3.0, rel=1e-3)


def test_jumps_come_as_often_and_as_large_as_asked_for() -> None:
    still = Instrument("A", 1000.0, 0.0, tick_size=FINE)
    model = PriceModel(instruments=(still,), regimes=CALM, jumps=Jumps(40.0, 0.02), overnight_gap_sd=0.0)
    returns = session_returns(model, days=5)[:, 0]
    jumps = returns[np.abs(returns) > 1e-8]
    assert len(jumps) == pytest.approx(5 * 40, abs=4 * 200**0.5)
    assert jumps.std() == pytest.approx(0.02, rel=0.2)


def test_a_full_gap_over_the_night_a_small_one_over_lunch_none_round_the_clock() -> None:
    still = tuple(Instrument(f"S{i}", 1000.0, 0.0, 0.0, tick_size=FINE) for i in range(300))
    model = plain(*still, gap=0.01)

    def gap_sd(exchange: str, session: int) -> float:
        desk = Desk(ny(2026, 3, 10, 16, 30), model, exchange=exchange, minutes=(), mark_us=MINUTE)
        opens = desk.market.grids[session].first_us
        edges = desk.market.matrix(np.array([opens - MINUTE, opens], dtype=np.int64))
        return float(np.log(edges[1] / edges[0]).std())

    assert gap_sd("XNYS", 1) == pytest.approx(0.01, rel=0.15)
    assert gap_sd("XTKS", 1) == pytest.approx(0.01 * (1 / 17.5) ** 0.5, rel=0.15)
    assert gap_sd("24/7", 1) == 0.0


def test_adding_a_symbol_or_changing_one_leaves_the_others_as_they_were() -> None:
    first, second, third = Instrument("A", 100.0), Instrument("B", 50.0), Instrument("C", 80.0)
    two = session_returns(PriceModel(instruments=(first, second)), seed=3)
    three = session_returns(PriceModel(instruments=(third, first, second)), seed=3)
    assert np.array_equal(two, three[:, 1:])
    wilder = replace(second, annual_volatility=0.9)
    changed = session_returns(PriceModel(instruments=(first, wilder)), seed=3)
    assert np.array_equal(two[:, 0], changed[:, 0])
    assert not np.array_equal(two[:, 1], changed[:, 1])


def test_pieces_of_any_length_are_the_same_draws() -> None:
    desk = Desk(ny(2026, 3, 10, 9), minutes=())
    model = PriceModel.of({"A": 100.0, "B": 50.0})
    whole, pieces = (model.session(Streams(5), grid(desk)) for _ in range(2))
    cuts = (1, 2, 597, 3000, 400)
    assert np.array_equal(whole.steps(4000), np.hstack([pieces.steps(n) for n in cuts]))
    assert np.array_equal(whole.sizes(4000), np.hstack([pieces.sizes(n) for n in cuts]))
    assert whole.jumps == pieces.jumps


def test_another_seed_is_another_market() -> None:
    model = PriceModel.of({"A": 100.0})
    assert np.array_equal(session_returns(model, seed=1), session_returns(model, seed=1))
    assert not np.array_equal(session_returns(model, seed=1), session_returns(model, seed=2))


def test_a_day_trades_its_shares_most_of_them_at_the_ends() -> None:
    desk = Desk(ny(2026, 3, 10, 9), plain(Instrument("A", 100.0, shares_per_day=2_000_000)), minutes=())
    sizes = desk.market.marks(0, DAY).sizes[0]  # type: ignore[union-attr]
    assert sizes.min() >= 1
    assert sizes.sum() == pytest.approx(2_000_000, rel=0.03)
    half_hours = [int(sizes[i : i + 1800].sum()) for i in range(0, 23_400, 1800)]
    assert half_hours[0] > 1.8 * half_hours[6]
    assert half_hours[-1] > 1.8 * half_hours[6]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Instrument("A", 0.0), "start_price"),
        (lambda: Instrument("A", float("nan")), "start_price"),
        (lambda: Instrument("", 1.0), "symbol"),
        (lambda: Instrument("A", 1.0, annual_volatility=-0.1), "annual_volatility"),
        (lambda: Instrument("A", 1.0, factor_loading=1.5), "factor_loading"),
        (lambda: Instrument("A", 1.0, tick_size=0.03), "tick_size"),
        (lambda: Instrument("A", 1.0, shares_per_day=0), "shares_per_day"),
        (lambda: Regimes(to_calm_per_minute=1.1), "to_calm_per_minute"),
        (lambda: Jumps(per_day=-1), "per_day"),
        (lambda: PriceModel(instruments=()), "instruments"),
        (lambda: PriceModel(instruments=(Instrument("A", 1.0), Instrument("A", 2.0))), "instruments"),
        (lambda: PriceModel(instruments=(Instrument("A", 1.0),), overnight_gap_sd=-1), "overnight_gap_sd"),
    ],
)
def test_what_no_market_has_is_refused(build: object, field: str) -> None:
    with pytest.raises(BadInput) as bad:
        build()  # type: ignore[operator]
    assert bad.value.field == field


def test_prices_are_whole_ticks_and_never_zero() -> None:
    penny = Instrument("P", 0.02, annual_volatility=8.0)
    desk = Desk(ny(2026, 3, 10, 9), PriceModel(instruments=(penny, Instrument("Q", 190.0, tick_size=0.05))), minutes=())
    prices = desk.market.matrix(np.arange(HOUR, 7 * HOUR, SECOND))
    assert prices.min() == 0.01
    assert np.array_equal(np.round(prices[:, 0], 2), prices[:, 0])
    assert np.array_equal(np.rint(prices[:, 1] * 20) / 20, prices[:, 1])
