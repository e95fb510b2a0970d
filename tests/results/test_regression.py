"""A slower version is caught, the same version never is, and a censored run counts."""

from __future__ import annotations

import math
from itertools import product

import pytest

from results.regression import paired_change
from results.statistics import quantile

NEVER = math.inf


def test_the_same_code_on_the_same_seeds_never_regresses() -> None:
    sample = [120.0, 300.0, NEVER, 80.0] * 25
    found = paired_change(sample, sample)
    assert (found.shift, found.at_least, found.regressed, found.slower) == (0, 0, False, 0)


@pytest.mark.parametrize("runs", [20, 100, 400])
def test_a_shift_beyond_both_tolerances_regresses(runs: int) -> None:
    baseline = [100.0 + 3 * (n % 17) for n in range(runs)]
    slower = [value + 12 + n % 3 for n, value in enumerate(baseline)]
    found = paired_change(baseline, slower)
    assert found.shift == 13
    assert 12 <= found.at_least <= 13
    assert found.allowed == pytest.approx(0.05 * quantile(baseline, 0.5))
    assert found.regressed
    assert not paired_change(slower, baseline).regressed


def test_less_than_five_seconds_or_five_percent_is_no_regression() -> None:
    assert not paired_change([10.0] * 30, [14.0] * 30).regressed
    assert not paired_change([1000.0] * 30, [1040.0] * 30).regressed
    assert paired_change([1000.0] * 30, [1060.0] * 30).regressed


def test_runs_that_are_no_longer_restored_regress() -> None:
    found = paired_change([100.0] * 30, [NEVER] * 30)
    assert (found.shift, found.at_least, found.regressed) == (NEVER, NEVER, True)
    assert found.newly_censored == 30
    repaired = paired_change([NEVER] * 30, [100.0] * 30)
    assert (repaired.shift, repaired.regressed, repaired.newly_censored) == (-NEVER, False, 0)


def test_a_change_that_hits_few_seeds_is_counted_although_it_shifts_nothing() -> None:
    found = paired_change([100.0] * 30, [100.0] * 24 + [200.0] * 5 + [NEVER])
    assert not found.regressed
    assert (found.slower, found.newly_censored) == (6, 1)


def test_four_pairs_prove_nothing_and_five_just_do() -> None:
    assert paired_change([100.0] * 4, [900.0] * 4).at_least == -math.inf
    assert paired_change([100.0] * 5, [900.0] * 5).regressed


@pytest.mark.parametrize("pairs", [5, 8, 10])
def test_without_a_change_the_bound_lies_above_zero_in_at_most_one_of_twenty_worlds(pairs: int) -> None:
    sizes = [1.0 + 0.37 * n for n in range(pairs)]
    worlds = [
        paired_change([100.0] * pairs, [100 + sign * size for sign, size in zip(signs, sizes, strict=True)])
        for signs in product((-1, 1), repeat=pairs)
    ]
    false_alarms = sum(world.at_least > 0 for world in worlds) / len(worlds)
    assert 0.02 < false_alarms <= 0.05


def test_the_approximation_for_many_pairs_continues_the_exact_ranks() -> None:
    def bound(pairs: int) -> float:
        return paired_change([0.0] * pairs, [float(n) / pairs for n in range(pairs)]).at_least

    assert bound(61) == pytest.approx(bound(60), abs=0.01)
