"""The bench prints what it promises, and the naive form of the day comes to the World's outcome, order by order."""

from __future__ import annotations

import re
import sys
from itertools import count

import pytest

from drills.bench import ratios
from drills.benchmarks import programs
from drills.benchmarks.full_day import DAY_US, build, config, outcome
from drills.benchmarks.naive import NaiveFirm
from drills.benchmarks.ratios import Ratio, by_turns
from sim.clock import MINUTE

LINE = re.compile(r"[a-z0-9-]+ \d+(\.\d+)? \d+(\.\d+)? (ok|short)")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_naive_form_comes_to_the_same_outcome(seed: int) -> None:
    world_calls, naive_calls = count(), count()
    world = build(seed, lambda: next(world_calls))
    world.run(DAY_US)
    world.finish()
    naive = NaiveFirm(config(), seed, lambda: next(naive_calls), DAY_US)
    naive.run()
    ours, theirs = outcome(world), naive.outcome()
    assert ours.orders == theirs.orders
    assert ours.fills == theirs.fills
    assert ours.positions == theirs.positions
    assert ours.equity_curve == pytest.approx(theirs.equity_curve, abs=1e-3)
    assert ours.exposure_curve == pytest.approx(theirs.exposure_curve, abs=1e-3)
    assert (ours.cash, ours.equity) == pytest.approx((theirs.cash, theirs.equity), abs=1e-6)
    assert next(world_calls) == next(naive_calls) == 23_390  # every second from the end of the start-up on
    assert len(ours.orders) > 1_800


def test_an_hour_that_ends_before_the_close_agrees_too() -> None:
    world = build(3, lambda: None, 60 * MINUTE)
    world.run(60 * MINUTE)
    world.finish()
    naive = NaiveFirm(config(), 3, lambda: None, 60 * MINUTE)
    naive.run()
    assert outcome(world).fills == naive.outcome().fills
    assert outcome(world).equity == pytest.approx(naive.outcome().equity)


def test_each_ratio_is_one_line() -> None:
    measured = list(ratios(seeds=range(1, 2), day_us=4 * MINUTE, window_us=MINUTE))
    assert [ratio.name for ratio in measured] == [
        "full-day-light", "full-day-heavy", "window", "naive", "adherence-40x500", "history-digest", "help",
        "crossing-over-pipe", "crossing-over-ours",
        "sleep-switch", "alpaca-call", "outage-2h",
        *(["shim-call"] if sys.platform.startswith("linux") else []),
    ]  # fmt: skip
    for ratio in measured:
        assert LINE.fullmatch(ratio.line()), ratio.line()
        assert ratio.ratio > 0


def test_a_program_costs_a_few_times_what_its_own_client_library_does() -> None:
    for ratio in (programs.alpaca_call(range(1, 4)), programs.outage(range(1, 4))):
        assert ratio.met, ratio.line()


def test_a_line_says_whether_the_target_is_met() -> None:
    assert Ratio("full-day-light", 9.34, 10.0).line() == "full-day-light 9.34 10 ok"
    assert Ratio("full-day-light", 10.2, 10.0).line() == "full-day-light 10.2 10 short"
    assert Ratio("full-day-light", 1234.5, 10.0).line() == "full-day-light 1230 10 short"
    assert Ratio("naive", 5.1, 5.0, at_least=True).line() == "naive 5.1 5 ok"
    assert Ratio("naive", 4.9, 5.0, at_least=True).line() == "naive 4.9 5 short"


def test_a_ratio_is_one_median_over_the_other() -> None:
    upper, lower = iter([3.0, 90.0, 4.0]), iter([2.0, 1.0, 50.0])
    assert by_turns(lambda _: next(upper), lambda _: next(lower), range(3)) == 2.0
