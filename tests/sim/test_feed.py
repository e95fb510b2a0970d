"""Each way in which a feed goes wrong: what the desk sees, when, the proof, the heal, and the truth untouched."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import DAY, HOUR, MINUTE, MS, SECOND
from sim.corruption import KINDS, Bar, Tick
from sim.errors import BadInput
from tests.sim.market_kit import FIVE, Desk, ny

START_US = 10 * MINUTE
"""Faults begin here, on the minute; the first mark they strike is a second later."""
HEAL_US = 13 * MINUTE + 30 * SECOND


def struck(kind: str, symbols: list[str] | None = None, **options: object) -> tuple[Desk, Callable[[], None]]:
    """A desk on which a fault has just begun."""
    desk = Desk()
    desk.run(START_US)
    heal = desk.feed.corrupt(kind, symbols or ["AAA"], **options)  # type: ignore[arg-type]
    return desk, heal


def delivered(desk: Desk, from_us: int, until_us: int, symbol: str = "AAA") -> list[Tick]:
    """The ticks of one symbol that arrived from one mark up to, not including, another."""
    return [t for mark in range(from_us, until_us, SECOND) for t in desk.feed.ticks(mark) if t.symbol == symbol]


def true_price(desk: Desk, t_us: int, symbol: str = "AAA") -> float:
    return desk.market.price_at(symbol, t_us)


def window(desk: Desk, minute: int, symbol: str = "AAA") -> Bar:
    """The one-minute bar delivered of that minute of the run."""
    return next(b for b in desk.bars(symbol, 1) if b.start_us == minute * MINUTE)


# A healthy feed.


def test_a_clean_tick_is_the_truth() -> None:
    desk = Desk(source=FIVE)
    desk.run(HOUR)
    ticks = desk.feed.ticks(HOUR)
    assert [t.symbol for t in ticks] == list(desk.market.symbols)
    assert [t.price for t in ticks] == desk.market.prices()
    assert {t.t_us for t in ticks} == {HOUR}
    assert {t.seq for t in ticks} == {3601}
    assert desk.feed.last("SPY") == ticks[0]
    assert desk.feed.last_price("SPY") == ticks[0].price
    assert all(type(value) in (str, float, int) for value in ticks[0])


def test_sequence_numbers_count_every_mark_of_every_session() -> None:
    desk = Desk(ny(2026, 11, 27, 12, 59), span_us=4 * DAY)
    desk.run(desk.at(2026, 11, 30, 9, 31))
    friday, monday = (
        delivered(desk, 0, MINUTE),
        delivered(desk, desk.at(2026, 11, 30, 9, 30), desk.at(2026, 11, 30, 9, 31)),
    )
    assert [t.seq for t in friday + monday] == list(range(1, 121))


def test_before_the_first_tick_there_is_yesterdays_close() -> None:
    desk = Desk(ny(2026, 3, 10, 8))
    assert desk.feed.last("AAA") == Tick("AAA", 100.0, 0, desk.at(2026, 3, 9, 16), 0)
    assert desk.feed.age_us("AAA") == 16 * HOUR
    assert desk.feed.open_age_us("AAA") == 0


@pytest.mark.parametrize(
    ("start", "days"),
    [((2026, 3, 10, 15), 1), ((2026, 3, 13, 15), 3), ((2026, 11, 25, 15), 5), ((2026, 12, 24, 12), 4)],
    ids=["night", "weekend", "holiday and half day", "Christmas"],
)
def test_clean_data_over_closures_is_never_marked(start: tuple[int, ...], days: int) -> None:
    desk = Desk(ny(*start), span_us=days * DAY)
    for t_us in range(0, days * DAY, 20 * MINUTE):
        desk.run(t_us)
        ticks = desk.feed.ticks(t_us)
        assert [t.symbol for t in ticks] == (["AAA", "BBB"] if desk.calendar.is_open(t_us) else [])
        assert desk.feed.quality("AAA") is None
        assert desk.feed.open_age_us("AAA") <= SECOND
        assert desk.feed.last("AAA").price == desk.market.price("AAA")
    assert desk.history.of("feed.") == []
    assert desk.feed.bars_lost() == 0


# Each fault by itself.


def test_nan() -> None:
    desk, heal = struck("nan")
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    assert all(math.isnan(t.price) for t in delivered(desk, START_US + SECOND, HEAL_US + SECOND))
    assert delivered(desk, HEAL_US + SECOND, HEAL_US + 2 * SECOND)[0].price == true_price(desk, HEAL_US + SECOND)
    bar = window(desk, 11)
    assert all(math.isnan(v) for v in (bar.open, bar.high, bar.low, bar.close))


@pytest.mark.parametrize(
    ("kind", "options", "seen"),
    [
        ("zero", {}, lambda p: 0.0),
        ("negative", {}, lambda p: -p),
        ("spike", {}, lambda p: 10 * p),
        ("spike", {"factor": 1.5}, lambda p: 1.5 * p),
        ("decimal_shift", {}, lambda p: 100 * p),
        ("decimal_shift", {"factor": 0.01}, lambda p: 0.01 * p),
    ],
)
def test_wrong_prices(kind: str, options: dict[str, float], seen: Callable[[float], float]) -> None:
    desk, heal = struck(kind, **options)
    desk.run(HEAL_US)
    assert desk.feed.last_price("AAA") == pytest.approx(seen(true_price(desk, HEAL_US)))
    assert desk.feed.last_price("BBB") == true_price(desk, HEAL_US, "BBB")
    heal()
    desk.run(20 * MINUTE)
    for tick in delivered(desk, START_US + SECOND, HEAL_US + SECOND):
        assert tick.price == pytest.approx(seen(true_price(desk, tick.t_us)))
    truth = [true_price(desk, t) for t in range(11 * MINUTE, 12 * MINUTE, SECOND)]
    bar, prices = window(desk, 11), [seen(p) for p in truth]
    assert (bar.open, bar.high, bar.low, bar.close) == pytest.approx((prices[0], max(prices), min(prices), prices[-1]))


def test_high_below_low_is_a_fault_of_bars_only() -> None:
    desk, heal = struck("high_below_low")
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    for minute in (10, 11, 12):
        bar = window(desk, minute)
        assert bar.high < bar.low
        assert bar.high <= min(bar.open, bar.close)
    assert window(desk, 13).high >= window(desk, 13).low
    assert [t.price for t in delivered(desk, START_US, HEAL_US)] == [
        true_price(desk, t) for t in range(START_US, HEAL_US, SECOND)
    ]
    proof = desk.history.of("feed.corrupted")
    assert [(e.t_us, e.data["item"]) for e in proof] == [(11 * MINUTE + 250 * MS, "bar")]


def test_frozen_repeats_the_price_under_fresh_time_stamps() -> None:
    desk, heal = struck("frozen")
    desk.run(HEAL_US)
    assert desk.feed.age_us("AAA") == 0
    heal()
    desk.run(20 * MINUTE)
    ticks = delivered(desk, START_US + SECOND, HEAL_US + SECOND)
    assert {t.price for t in ticks} == {true_price(desk, START_US)}
    assert [t.t_us for t in ticks] == list(range(START_US + SECOND, HEAL_US + SECOND, SECOND))
    bar = window(desk, 12)
    assert bar.open == bar.high == bar.low == bar.close == true_price(desk, START_US)


def test_stale_delivers_what_was_true_a_while_ago() -> None:
    desk, heal = struck("stale", lag_us=3 * MINUTE)
    desk.run(HEAL_US)
    assert desk.feed.age_us("AAA") == 3 * MINUTE
    assert desk.feed.age_us("BBB") == 0
    heal()
    desk.run(20 * MINUTE)
    for tick, mark in zip(
        delivered(desk, START_US + SECOND, HEAL_US), range(START_US + SECOND, HEAL_US, SECOND), strict=True
    ):
        assert tick.t_us == mark - 3 * MINUTE
        assert tick.price == true_price(desk, tick.t_us)
    published = {t_us: bar for t_us, bar in desk.arrived if bar.symbol == "AAA" and bar.minutes == 1}
    assert published[12 * MINUTE + 250 * MS] == published[9 * MINUTE + 250 * MS]


def test_stale_without_a_lag_brings_nothing_new() -> None:
    desk, _ = struck("stale")
    desk.run(HEAL_US)
    assert desk.feed.age_us("AAA") == HEAL_US - START_US == desk.feed.open_age_us("AAA")
    assert delivered(desk, START_US + SECOND, HEAL_US) == []


def test_stale_by_more_than_the_session_has_lasted_brings_nothing() -> None:
    desk = Desk(ny(2026, 3, 10, 9))
    desk.run(30 * MINUTE)
    desk.feed.corrupt("stale", ["AAA"], lag_us=5 * MINUTE)
    desk.run(36 * MINUTE)
    ticks = delivered(desk, 30 * MINUTE + SECOND, 36 * MINUTE)
    assert [t.t_us for t in ticks] == list(range(30 * MINUTE, 31 * MINUTE, SECOND))


def test_a_gap_leaves_a_hole_in_ticks_bars_and_numbers() -> None:
    desk, heal = struck("gap")
    desk.run(HEAL_US)
    assert desk.feed.last("AAA").t_us == START_US
    assert desk.feed.age_us("AAA") == HEAL_US - START_US
    heal()
    desk.run(20 * MINUTE)
    assert delivered(desk, START_US + SECOND, HEAL_US + SECOND) == []
    numbers = [t.seq for t in delivered(desk, START_US, HEAL_US + 2 * SECOND)]
    assert numbers[1] - numbers[0] == (HEAL_US - START_US) // SECOND + 1
    assert [b.start_us // MINUTE for b in desk.bars("AAA", 1)] == [*range(10), 10, *range(13, 19)]
    assert [b.seq for b in desk.bars("AAA", 1)][10:12] == [window(desk, 10).seq, window(desk, 10).seq + 3]
    assert [b.start_us // MINUTE for b in desk.bars("BBB", 1)] == list(range(19))


def test_duplicate_time_stamps_carry_other_prices() -> None:
    desk, heal = struck("duplicate_timestamp")
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    pairs = delivered(desk, START_US + SECOND, START_US + 31 * SECOND)
    assert len(pairs) == 60
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        assert (first.t_us, first.seq) == (second.t_us, second.seq)
        assert first.price == true_price(desk, first.t_us) != second.price
    starts = [b.start_us // MINUTE for b in desk.bars("AAA", 1)]
    assert starts == [*range(10), 10, 10, 11, 11, 12, 12, *range(13, 19)]
    assert desk.feed.bars_lost(1) == 3


def test_out_of_order_swaps_neighbours_and_loses_nothing() -> None:
    desk, heal = struck("out_of_order")
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    stamps = [t.t_us // SECOND for t in delivered(desk, START_US, HEAL_US + 5 * SECOND)]
    assert stamps != sorted(stamps)
    assert sorted(stamps) == list(range(600, 815))
    assert all(abs(seen - true) <= 1 for seen, true in zip(stamps, sorted(stamps), strict=True))
    starts = [b.start_us // MINUTE for b in desk.bars("AAA", 1)]
    assert starts != sorted(starts)
    assert sorted(starts) == list(range(19))
    assert desk.feed.bars_lost() == 0


def test_out_of_order_loses_nothing_over_a_long_time_nor_at_the_close() -> None:
    desk = Desk(ny(2026, 3, 10, 15, 30))
    desk.feed.corrupt("out_of_order")
    desk.run(HOUR)
    stamps = [t.t_us // SECOND for t in delivered(desk, 0, HOUR)]
    assert sorted(stamps) == list(range(1800))
    assert stamps[-1] == 1799
    assert sorted(b.start_us // MINUTE for b in desk.bars("AAA", 1)) == list(range(30))


@pytest.mark.parametrize(("kind", "sign"), [("zero_volume", 0), ("negative_volume", -1)])
def test_wrong_volumes_leave_prices_alone(kind: str, sign: int) -> None:
    desk, heal = struck(kind)
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    bar = window(desk, 11)
    assert bar.volume == sign * desk.market.volume("AAA", 11 * MINUTE, 12 * MINUTE)
    assert bar.close == true_price(desk, 12 * MINUTE - SECOND)
    assert all(t.size * sign >= 0 for t in delivered(desk, START_US + SECOND, HEAL_US))


# What holds for all of them.


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_leaves_the_truth_alone_is_proven_and_heals(kind: str) -> None:
    clean, desk = Desk(), Desk()
    for d in (clean, desk):
        d.run(START_US)
    heal = desk.feed.corrupt(kind, lag_us=MINUTE if kind == "stale" else 0)
    for d in (clean, desk):
        d.run(HEAL_US)
    for symbol in ("AAA", "BBB"):
        assert desk.feed.quality(symbol) == kind
    heal()
    heal()
    for d in (clean, desk):
        d.run(25 * MINUTE)
    times = np.arange(0, 25 * MINUTE, SECOND)
    assert np.array_equal(clean.market.matrix(times), desk.market.matrix(times))
    for symbol in ("AAA", "BBB"):
        assert [e.kind for e in desk.history.of("feed.") if e.subject == symbol] == [
            "feed.corrupted", "feed.bad", "feed.good",
        ]  # fmt: skip
        assert desk.feed.quality(symbol) is None
        assert delivered(desk, 20 * MINUTE, 25 * MINUTE, symbol) == delivered(clean, 20 * MINUTE, 25 * MINUTE, symbol)
        assert desk.feed.bars(symbol, 5, 1) == clean.feed.bars(symbol, 5, 1)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "high_below_low"])
def test_bad_begins_with_the_first_wrong_tick_and_ends_after_the_last_wrong_bar(kind: str) -> None:
    """The five-minute bar that ends at 15:00 still holds wrong ticks; it arrives a quarter second later."""
    desk, heal = struck(kind)
    desk.run(HEAL_US)
    heal()
    desk.run(25 * MINUTE)
    (bad,), (good,) = desk.history.of("feed.bad"), desk.history.of("feed.good")
    assert bad.t_us - START_US in (SECOND, 2 * SECOND)  # two where only every other tick is struck
    assert good.t_us == 15 * MINUTE + 250 * MS


def test_without_bars_the_next_good_tick_ends_it() -> None:
    desk = Desk(minutes=())
    desk.run(START_US)
    heal = desk.feed.corrupt("nan", ["AAA"])
    desk.run(HEAL_US)
    heal()
    desk.run(20 * MINUTE)
    assert desk.history.of("feed.good")[0].t_us == HEAL_US + SECOND


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_healed_before_anything_was_delivered_never_was(kind: str) -> None:
    desk = Desk()
    desk.run(START_US + 100 * MS)
    heal = desk.feed.corrupt(kind)
    desk.run(START_US + 900 * MS)
    heal()
    desk.run(20 * MINUTE)
    assert desk.history.of("feed.") == []
    assert desk.feed.bars_lost() == 0


def test_a_fault_at_night_lands_at_the_open() -> None:
    desk = Desk(ny(2026, 3, 10, 20))
    heal = desk.feed.corrupt("zero")
    desk.run(desk.at(2026, 3, 11, 9, 29))
    assert desk.history.of("feed.") == []
    desk.run(desk.at(2026, 3, 11, 9, 30))
    assert [e.kind for e in desk.history.of("feed.")] == ["feed.corrupted", "feed.bad"] * 2
    heal()


def test_a_fault_that_comes_and_goes_at_night_is_never_seen() -> None:
    desk = Desk(ny(2026, 3, 10, 20))
    heal = desk.feed.corrupt("gap")
    desk.run(2 * HOUR)
    heal()
    desk.run(desk.at(2026, 3, 11, 11))
    assert desk.history.of("feed.") == []


def test_a_fault_healed_over_night_is_good_with_the_first_tick_of_the_morning() -> None:
    desk = Desk(ny(2026, 3, 10, 15, 50))
    desk.run(MINUTE)
    heal = desk.feed.corrupt("nan", ["AAA"])
    desk.run(HOUR)
    heal()
    desk.run(desk.at(2026, 3, 11, 10))
    assert desk.history.of("feed.good")[0].t_us == desk.at(2026, 3, 11, 9, 30)


def test_a_second_fault_keeps_the_symbol_bad_until_both_are_over() -> None:
    desk, heal_nan = struck("nan")
    desk.run(11 * MINUTE)
    heal_gap = desk.feed.corrupt("gap", ["AAA"])
    desk.run(12 * MINUTE)
    assert desk.feed.quality("AAA") == "nan"
    heal_nan()
    desk.run(18 * MINUTE)
    assert desk.feed.quality("AAA") == "gap"
    assert desk.feed.age_us("AAA") == 7 * MINUTE
    assert len(desk.history.of("feed.bad")) == 1
    assert desk.history.of("feed.good") == []
    heal_gap()
    desk.run(25 * MINUTE)
    assert desk.feed.quality("AAA") is None
    assert [e.data["fault"] for e in desk.history.of("feed.corrupted")] == ["nan", "gap"]


def test_a_fault_hidden_behind_another_has_not_landed() -> None:
    desk, _ = struck("gap")
    desk.run(11 * MINUTE)
    desk.feed.corrupt("nan", ["AAA"])
    desk.run(14 * MINUTE)
    assert [e.data["fault"] for e in desk.history.of("feed.corrupted")] == ["gap"]


def test_the_proof_says_what_was_delivered_and_what_was_true() -> None:
    desk, _ = struck("decimal_shift")
    desk.run(HEAL_US)
    (proof,) = desk.history.of("feed.corrupted")
    assert (proof.t_us, proof.subject) == (START_US + SECOND, "AAA")
    assert proof.data["true_price"] == true_price(desk, START_US + SECOND)
    assert proof.data["price"] == pytest.approx(100 * proof.data["true_price"])
    assert proof.data["stamp_us"] == START_US + SECOND
    assert all(type(v) in (str, int, float, bool) for v in proof.data.values())


def test_so_many_bars_and_then_it_ends_by_itself() -> None:
    desk = Desk()
    desk.run(START_US + 20 * SECOND)
    desk.feed.corrupt("spike", ["AAA"], bars=2)
    desk.run(20 * MINUTE)
    highs = [bar.high / true_price(desk, bar.start_us) for bar in desk.bars("AAA", 1)]
    assert [n for n, ratio in enumerate(highs) if ratio > 5] == [11, 12]
    assert desk.history.of("feed.corrupted")[0].t_us == 11 * MINUTE
    assert [e.t_us for e in desk.history.of("feed.good")] == [15 * MINUTE + 250 * MS]
    assert window(desk, 10).close == true_price(desk, 11 * MINUTE - SECOND)


def test_crossed_bars_by_count() -> None:
    desk = Desk(minutes=(1,))
    desk.run(START_US + 20 * SECOND)
    desk.feed.corrupt("high_below_low", bars=3)
    desk.run(20 * MINUTE)
    assert [b.start_us // MINUTE for b in desk.bars("AAA", 1) if b.high < b.low] == [11, 12, 13]
    assert desk.feed.quality("AAA") is None


def test_now_and_then() -> None:
    desk, heal = struck("nan", probability=0.2)
    desk.run(40 * MINUTE)
    ticks = delivered(desk, START_US + SECOND, 40 * MINUTE)
    share = sum(math.isnan(t.price) for t in ticks) / len(ticks)
    assert share == pytest.approx(0.2, abs=0.04)
    assert len(desk.history.of("feed.bad")) == 1
    heal()
    again, _ = struck("nan", probability=0.2)
    again.run(40 * MINUTE)
    assert repr(delivered(again, START_US, 40 * MINUTE)) == repr(delivered(desk, START_US, 40 * MINUTE))


def test_a_fault_that_strikes_rarely_has_not_landed_before_it_strikes() -> None:
    desk, _ = struck("zero", probability=0.01)
    desk.run(HOUR)
    first = next(t for t in delivered(desk, START_US, HOUR) if t.price == 0)
    assert desk.history.of("feed.corrupted")[0].t_us == first.t_us


# Repair.


def test_backfill_puts_the_true_bars_in_place() -> None:
    clean = Desk()
    clean.run(25 * MINUTE)
    desk, heal = struck("gap")
    desk.run(HEAL_US)
    heal()
    desk.run(25 * MINUTE)
    assert desk.feed.bars_lost(1) == 4
    assert desk.feed.bars_lost(5) == 1
    assert desk.feed.backfill("BBB") == 0
    assert desk.feed.backfill("AAA") == 5
    assert desk.feed.bars_lost() == 0
    for minutes in (1, 5):
        assert desk.feed.bars("AAA", minutes, 99) == clean.feed.bars("AAA", minutes, 99)
    assert [(e.subject, e.data["count"]) for e in desk.history.of("feed.backfilled")] == [("BBB", 0), ("AAA", 5)]
    assert desk.feed.backfill() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_after_heal_and_backfill_the_history_is_that_of_a_clean_run(kind: str) -> None:
    clean, (desk, heal) = Desk(), struck(kind)
    clean.run(25 * MINUTE)
    desk.run(HEAL_US)
    heal()
    desk.run(25 * MINUTE)
    desk.feed.backfill()
    for symbol in ("AAA", "BBB"):
        assert desk.feed.bars(symbol, 1, 99) == clean.feed.bars(symbol, 1, 99)


def test_a_backfill_during_the_fault_repairs_what_is_lost_so_far() -> None:
    desk, heal = struck("zero")
    desk.run(12 * MINUTE + SECOND)
    assert desk.feed.backfill() == 2
    desk.run(HEAL_US)
    heal()
    desk.run(25 * MINUTE)
    assert desk.feed.bars_lost(1) == 2


# Bad input.


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"kind": "nan", "probability": 0.0}, "probability"),
        ({"kind": "nan", "probability": 1.5}, "probability"),
        ({"kind": "nan", "bars": 0}, "bars"),
        ({"kind": "nan", "factor": 2.0}, "factor"),
        ({"kind": "spike", "factor": 1.0}, "factor"),
        ({"kind": "spike", "factor": -2.0}, "factor"),
        ({"kind": "nan", "lag_us": 5}, "lag"),
        ({"kind": "nan", "symbols": ["ZZZ"]}, "symbol"),
    ],
)
def test_an_unusable_fault_is_refused_and_changes_nothing(options: dict[str, object], field: str) -> None:
    desk = Desk()
    with pytest.raises(BadInput) as bad:
        desk.feed.corrupt(**options)  # type: ignore[arg-type]
    assert bad.value.field == field
    desk.run(5 * MINUTE)
    assert desk.history.of("feed.") == []


# Any schedule.

FAULT = st.tuples(
    st.sampled_from(KINDS),
    st.integers(0, 20 * 60),
    st.integers(1, 8 * 60),
    st.sampled_from((1.0, 0.3)),
    st.sampled_from((["AAA"], ["BBB"], None)),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(FAULT, min_size=1, max_size=4))
def test_any_schedule_of_faults_ends_in_a_good_feed(
    faults: list[tuple[str, int, int, float, list[str] | None]],
) -> None:
    clean, desk = Desk(), Desk()

    def strike(kind: str, length_s: int, probability: float, symbols: list[str] | None) -> None:
        heal = desk.feed.corrupt(kind, symbols, probability=probability)
        desk.env.timeout(length_s * SECOND).callbacks.append(lambda _: heal())

    for kind, at_s, length_s, probability, symbols in faults:
        desk.env.timeout(at_s * SECOND).callbacks.append(
            lambda _, args=(kind, length_s, probability, symbols): strike(*args)
        )
    for d in (clean, desk):
        d.run(40 * MINUTE)
    for symbol in ("AAA", "BBB"):
        assert desk.feed.quality(symbol) is None
        kinds = [e.kind for e in desk.history.of("feed.bad", "feed.good") if e.subject == symbol]
        assert kinds == ["feed.bad", "feed.good"] * (len(kinds) // 2)
        assert desk.feed.last(symbol) == clean.feed.last(symbol)
    desk.feed.backfill()
    for symbol in ("AAA", "BBB"):
        assert desk.feed.bars(symbol, 1, 99) == clean.feed.bars(symbol, 1, 99)


def last_ticks(kind: str, looks_s: list[int], also_each_mark: bool) -> list[str]:
    """The last tick at some instants of a run in which a fault is on from 100 s to 400 s."""
    desk = Desk(minutes=())
    heals: list[Callable[[], None]] = []
    desk.env.timeout(100 * SECOND).callbacks.append(
        lambda _: heals.append(desk.feed.corrupt(kind, ["AAA"], probability=0.7))
    )
    desk.env.timeout(400 * SECOND).callbacks.append(lambda _: heals[0]())
    seen = []
    for second in range(600):
        if also_each_mark or second in looks_s:
            desk.run(second * SECOND)
            desk.feed.ticks(second * SECOND)
            last = desk.feed.last("AAA")
            if second in looks_s:
                seen.append(repr(last))
    return seen


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from([k for k in KINDS if k != "high_below_low"]),
    st.lists(st.integers(0, 599), min_size=1, max_size=6, unique=True),
)
def test_the_last_tick_is_the_same_however_often_one_looks(kind: str, looks_s: list[int]) -> None:
    assert last_ticks(kind, looks_s, also_each_mark=False) == last_ticks(kind, looks_s, also_each_mark=True)
