"""The true market: one past, a future that verbs can bend, and questions that agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.errors import BadInput
from sim.prices import Instrument, PriceModel
from tests.sim.market_kit import CALM, FIVE, NO_JUMPS, Desk, ny

MORNING = (2026, 3, 10, 9)


def every_second(desk: Desk, from_us: int, until_us: int) -> np.ndarray:
    return desk.market.matrix(np.arange(from_us, until_us, SECOND))


def test_every_way_of_asking_gives_the_same_price() -> None:
    desk = Desk(ny(*MORNING), FIVE)
    market = desk.market
    times = [
        0,
        30 * MINUTE - 1,
        30 * MINUTE,
        31 * MINUTE + 400_000,
        3 * HOUR + 7,
        7 * HOUR - 1,
        7 * HOUR,
        20 * HOUR,
        DAY,
    ]
    rows = market.matrix(np.array(times, dtype=np.int64))
    for t_us, row in zip(times, rows.tolist(), strict=True):
        desk.run(t_us)
        assert market.prices() == row
        assert [market.price(s) for s in market.symbols] == row
        assert [market.price_at(s, t_us) for s in market.symbols] == row


def test_prices_are_plain_floats() -> None:
    desk = Desk(ny(*MORNING))
    desk.run(HOUR)
    assert all(type(price) is float for price in (*desk.market.prices(), desk.market.price_at("AAA", HOUR)))


def test_outside_sessions_the_last_close_holds() -> None:
    desk = Desk(ny(2026, 11, 25, 9), span_us=6 * DAY)
    close_us, half_close_us = desk.at(2026, 11, 25, 16), desk.at(2026, 11, 27, 13)
    last = desk.market.matrix(np.array([close_us - SECOND, half_close_us - SECOND], dtype=np.int64))
    thanksgiving = every_second(desk, close_us, close_us + 3 * HOUR)
    assert (thanksgiving == last[0]).all()
    weekend = desk.market.matrix(np.arange(half_close_us, desk.at(2026, 11, 30, 9, 30), HOUR))
    assert (weekend == last[1]).all()
    assert (desk.market.matrix(np.array([0, 29 * MINUTE], dtype=np.int64)) == [100.0, 50.0]).all()


def test_a_run_that_starts_within_a_session_starts_at_the_start_price() -> None:
    desk = Desk(ny(2026, 3, 10, 10))
    assert desk.market.prices() == [100.0, 50.0]
    assert desk.market.grids[0].first_us == 0
    assert desk.market.grids[0].marks == 6 * 3600


def test_marks_keep_to_the_exchanges_grid_when_the_run_starts_between_them() -> None:
    start = ny(2026, 3, 10, 10).replace(microsecond=250_000)
    desk = Desk(start)
    assert desk.market.next_mark_us(0) == 750_000
    assert desk.market.last_mark_us(0) is None
    assert desk.market.prices() == [100.0, 50.0]


def test_the_order_of_questions_does_not_matter() -> None:
    forward, backward = Desk(ny(*MORNING), FIVE, span_us=10 * DAY), Desk(ny(*MORNING), FIVE, span_us=10 * DAY)
    days = [np.arange(n * DAY + HOUR, n * DAY + 2 * HOUR, MINUTE) for n in (0, 1, 2, 3)]
    first = [forward.market.matrix(t) for t in days]
    second = [backward.market.matrix(t) for t in reversed(days)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_bells() -> None:
    desk = Desk(ny(2026, 11, 25, 9), span_us=3 * DAY)
    desk.run(3 * DAY)
    bells = [(e.t_us, e.kind, e.data["date"]) for e in desk.history.of("market.")]
    assert bells == [
        (desk.at(2026, 11, 25, 9, 30), "market.open", "2026-11-25"),
        (desk.at(2026, 11, 25, 16), "market.close", "2026-11-25"),
        (desk.at(2026, 11, 27, 9, 30), "market.open", "2026-11-27"),
        (desk.at(2026, 11, 27, 13), "market.close", "2026-11-27"),
    ]
    assert [e.data["half_day"] for e in desk.history.of("market.open")] == [False, True]


def test_no_bell_rings_where_sessions_meet() -> None:
    desk = Desk(ny(2026, 3, 10, 10), exchange="24/7", span_us=3 * DAY)
    desk.run(3 * DAY)
    assert [(e.t_us, e.kind) for e in desk.history.of("market.")] == [(0, "market.open")]
    midnight = desk.at(2026, 3, 10, 20)
    steps = np.diff(np.log(every_second(desk, midnight - MINUTE, midnight + MINUTE)), axis=0)
    assert np.abs(steps).max() < 0.005


def test_a_shock_moves_everything_after_now_and_nothing_before() -> None:
    calm, shocked = Desk(ny(*MORNING), FIVE), Desk(ny(*MORNING), FIVE)
    for desk in (calm, shocked):
        desk.run(2 * HOUR + 300_000)
        desk.market.prices()
    shocked.market.shock(["SPY", "IWM"], 0.9)
    before, after = (2 * HOUR - MINUTE, 2 * HOUR + SECOND), (2 * HOUR + SECOND, 30 * HOUR)
    assert np.array_equal(every_second(calm, *before), every_second(shocked, *before))
    ratio = every_second(shocked, *after) / every_second(calm, *after)
    assert ratio[:, [0, 4]] == pytest.approx(0.9, abs=1e-4)
    assert (ratio[:, 1:4] == 1.0).all()
    assert shocked.market.revision == 1
    event = shocked.history.of("market.shock")[0]
    assert (event.t_us, event.subject, event.data["factor"]) == (2 * HOUR + 300_000, "SPY IWM", 0.9)


def test_a_ramp_is_a_straight_line_in_log() -> None:
    calm, falling = Desk(ny(*MORNING), FIVE), Desk(ny(*MORNING), FIVE)
    falling.run(2 * HOUR)
    falling.market.shock(None, 0.5, ramp_us=10 * MINUTE)
    times = np.arange(2 * HOUR, 2 * HOUR + 20 * MINUTE, SECOND)
    ratio = np.log(falling.market.matrix(times) / calm.market.matrix(times))
    expected = np.log(0.5) * np.clip((times - 2 * HOUR) / (10 * MINUTE), 0, 1)
    assert ratio == pytest.approx(np.repeat(expected[:, None], 5, axis=1), abs=1e-3)


def test_a_shock_at_night_opens_the_next_session_lower_and_leaves_the_close() -> None:
    calm, shocked = Desk(ny(*MORNING), FIVE), Desk(ny(*MORNING), FIVE)
    for desk in (calm, shocked):
        desk.run(12 * HOUR)
    close = calm.market.prices()
    shocked.market.shock(None, 0.8)
    assert shocked.market.prices() == close
    for desk in (calm, shocked):
        desk.run(24 * HOUR + 30 * MINUTE)
    assert np.array(shocked.market.prices()) / calm.market.prices() == pytest.approx(0.8, abs=1e-4)


def test_a_regime_multiplies_the_moves_of_its_time_only() -> None:
    model = PriceModel(
        instruments=(Instrument("A", 1000.0, tick_size=1e-6),), regimes=CALM, jumps=NO_JUMPS, overnight_gap_sd=0.0
    )
    calm, wild = Desk(ny(*MORNING), model), Desk(ny(*MORNING), model)
    wild.run(2 * HOUR)
    wild.market.regime(4.0, 30 * MINUTE)
    moves = [np.diff(np.log(every_second(d, HOUR, 7 * HOUR))[:, 0]) for d in (calm, wild)]
    inside = slice(3600, 3600 + 1800)
    assert moves[1][inside] == pytest.approx(4 * moves[0][inside], abs=1e-8)
    assert moves[1][3600 + 1800 :] == pytest.approx(moves[0][3600 + 1800 :], abs=1e-8)
    assert np.array_equal(moves[1][:3600], moves[0][:3600])


def test_shocks_and_regimes_leave_the_past_bit_for_bit() -> None:
    desk = Desk(ny(*MORNING), FIVE)
    past = every_second(desk, 0, 3 * HOUR + 1)
    every_second(desk, 0, 30 * HOUR)
    for n in range(6):
        desk.run(3 * HOUR + n * 700_000)
        desk.market.shock(["QQQ"], 0.99, ramp_us=n * MINUTE)
        desk.market.regime(1.5, HOUR)
    assert np.array_equal(every_second(desk, 0, 3 * HOUR + 1), past)


@pytest.mark.parametrize("factor", [0.0, -0.5, float("nan"), float("inf")])
def test_a_shock_to_nothing_is_refused(factor: float) -> None:
    with pytest.raises(BadInput, match="above 0"):
        Desk().market.shock(None, factor)


def test_an_unknown_symbol_is_told_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="AAA, BBB"):
        Desk().market.price_at("AAAA", 0)


def test_volume_is_the_sum_of_the_marks() -> None:
    desk = Desk(ny(*MORNING))
    parts = [desk.market.volume("AAA", a, a + HOUR) for a in range(0, 30 * HOUR, HOUR)]
    assert sum(parts) == desk.market.volume("AAA", 0, 30 * HOUR)
    assert parts[8:24] == [0] * 16
    assert parts[3] > 0


def naive_crossing(desk: Desk, row: int, limit: float, side: int, from_us: int, until_us: int) -> int | None:
    """Look at the arrival and then at each mark of trading, one by one."""
    marks = [t for t in range(0, until_us, SECOND) if t > from_us]
    for t_us in [from_us, *marks]:
        if t_us < until_us and desk.calendar.is_open(t_us):
            price = desk.market.price_at(desk.market.symbols[row], t_us)
            if (price <= limit) if side > 0 else (price >= limit):
                return t_us
    return None


CROSSING = Desk(ny(2026, 3, 10, 15, 58), span_us=DAY)
EDGE_US = 120 * SECOND


@settings(deadline=None, max_examples=60)
@given(
    row=st.integers(0, 1),
    side=st.sampled_from((1, -1)),
    offset=st.floats(-0.004, 0.004),
    from_us=st.integers(0, EDGE_US + 10 * SECOND),
    length_us=st.integers(1, 3 * MINUTE),
)
def test_crossing_agrees_with_a_naive_scan(row: int, side: int, offset: float, from_us: int, length_us: int) -> None:
    """Over the last two minutes of a session and the first of the night."""
    limit = round((100.0, 50.0)[row] * (1 + offset), 2)
    until_us = from_us + length_us
    found = CROSSING.market.first_crossing_us(CROSSING.market.symbols[row], limit, side, from_us, until_us)
    assert found == naive_crossing(CROSSING, row, limit, side, from_us, until_us)


def test_an_order_resting_overnight_crosses_at_the_gap() -> None:
    desk = Desk(ny(2026, 3, 10, 15))
    desk.run(2 * HOUR)
    desk.market.shock(["AAA"], 0.7)
    crossing = desk.market.first_crossing_us("AAA", 80.0, 1, 2 * HOUR, 2 * DAY)
    assert crossing == desk.at(2026, 3, 11, 9, 30)
    assert desk.market.first_crossing_us("AAA", 80.0, 1, 2 * HOUR, desk.at(2026, 3, 11, 9, 30)) is None


def test_a_crossing_far_away_is_found_across_blocks() -> None:
    desk = Desk(ny(*MORNING), FIVE)
    times = np.arange(30 * MINUTE, 7 * HOUR, SECOND)
    spy = desk.market.matrix(times)[:, 0]
    low = float(spy.min())
    fresh = Desk(ny(*MORNING), FIVE)
    assert fresh.market.first_crossing_us("SPY", low, 1, 0, 7 * HOUR) == int(times[spy.argmin()])
    assert fresh.market.first_crossing_us("SPY", low - 0.01, 1, 0, 7 * HOUR) is None


def test_a_long_way_ahead_is_not_drawn_for_a_short_run() -> None:
    desk = Desk(ny(2026, 3, 10, 10), FIVE)
    desk.run(40 * MINUTE)
    desk.market.prices()
    drawn = [path for path in desk.market._paths if path is not None]
    assert len(drawn) == 1
    assert sum(steps.shape[1] for steps in drawn[0]._steps) == 3600


def test_an_order_at_the_close_finds_nothing_even_when_marks_do_not_divide_the_session() -> None:
    desk = Desk(ny(2026, 3, 10, 15), mark_us=7 * SECOND, minutes=())
    assert desk.market.first_crossing_us("AAA", 1e9, 1, HOUR - 1, HOUR + 1) == HOUR - 1
    assert desk.market.first_crossing_us("AAA", 1e9, 1, HOUR, 2 * HOUR) is None
