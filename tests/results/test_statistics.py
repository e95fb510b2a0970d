"""The published figures for claims on quantiles, and exact enumeration for the rest."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.statistics import (
    binomial_cdf,
    claim_holds,
    claim_power,
    estimate_quantile,
    exceedance,
    exceedances_allowed,
    interval_ranks,
    kaplan_meier,
    quantile,
    runs_needed,
)

NEVER = math.inf


@pytest.mark.parametrize(
    ("q", "needed"), [(0.95, [59, 93, 124, 153, 181, 208]), (0.99, [299, 473, 628, 773, 913, 1049])]
)
def test_runs_needed_for_a_claim_that_so_many_runs_exceed(q: float, needed: list[int]) -> None:
    assert [runs_needed(q, exceeded) for exceeded in range(6)] == needed
    for exceeded, runs in enumerate(needed):
        assert exceedances_allowed(runs, q) == exceeded
        assert exceedances_allowed(runs - 1, q) == (exceeded - 1 if exceeded else None)


def test_the_default_sizes_of_a_pull_request_and_of_a_night() -> None:
    assert exceedances_allowed(400, 0.95) == 12
    assert exceedances_allowed(2000, 0.99) == 12


@pytest.mark.parametrize(("runs", "power"), [(59, 0.30), (181, 0.70), (400, 0.94), (1000, 1.00)])
def test_power_of_the_claim_when_two_in_a_hundred_exceed(runs: int, power: float) -> None:
    assert round(claim_power(runs, 0.95, 0.02), 2) == power


def test_a_claim_is_proved_refused_or_out_of_reach() -> None:
    assert claim_holds([100.0] * 59, 0.95, 300) is True
    assert claim_holds([100.0] * 58 + [NEVER], 0.95, 300) is False
    assert claim_holds([100.0] * 58, 0.95, 300) is None
    assert claim_power(58, 0.95, 0.0) == 0.0


def test_ranks_that_enclose_a_quantile() -> None:
    assert interval_ranks(400, 0.95) == (371, 389)
    assert interval_ranks(71, 0.95)[1] is None
    assert interval_ranks(72, 0.95)[1] == 72
    assert interval_ranks(367, 0.99)[1] is None
    assert interval_ranks(368, 0.99)[1] == 368


@settings(deadline=None)
@given(st.integers(1, 60), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_ranks_are_the_innermost_that_keep_the_confidence(runs: int, q: float) -> None:
    def at_most(k: int) -> float:
        return sum(math.comb(runs, j) * q**j * (1 - q) ** (runs - j) for j in range(k + 1))

    low, high = interval_ranks(runs, q)
    enough_below = [r for r in range(1, runs + 1) if at_most(r - 1) <= 0.025]
    enough_above = [r for r in range(1, runs + 1) if at_most(r - 1) >= 0.975]
    assert low == max(enough_below, default=None)
    assert high == min(enough_above, default=None)


def test_a_run_never_restored_moves_the_quantiles() -> None:
    sample = [float(n) for n in range(1, 100)] + [NEVER]
    assert quantile(sample, 0.5) == 50
    assert quantile(sample, 0.99) == 99
    assert quantile([*sample, NEVER], 0.99) == NEVER
    found = estimate_quantile(sample, 0.95)
    assert (found.low, found.value, found.high) == (90, 95, NEVER)
    assert estimate_quantile(sample[-40:], 0.95).high == NEVER
    assert estimate_quantile([5.0], 0.95).low == -math.inf


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.sampled_from([0.05, 0.5, 0.9, 0.95]))
def test_a_quantile_is_the_least_value_that_enough_runs_do_not_exceed(sample: list[int], q: float) -> None:
    value = quantile([float(v) for v in sample], q)
    assert sum(v <= value for v in sample) >= q * len(sample) - 1e-6
    assert sum(v < value for v in sample) < q * len(sample) + 1e-6


def test_exceedances_count_the_censored_and_bound_the_rate() -> None:
    found = exceedance([100.0] * 57 + [400.0, NEVER], limit=300)
    assert (found.runs, found.exceeded, found.censored) == (59, 2, 1)
    assert found.rate == 2 / 59
    assert binomial_cdf(2, 59, found.rate_at_most) == pytest.approx(0.05)
    # No exceedance in 59 runs: just under 5 %, which is where the 59 comes from.
    assert exceedance([100.0] * 59, limit=300).rate_at_most == pytest.approx(1 - 0.05 ** (1 / 59))
    assert exceedance([NEVER], limit=300).rate_at_most == 1.0
    assert exceedance([300.0], limit=300).exceeded == 0


@settings(deadline=None)
@given(st.integers(1, 40), st.data(), st.sampled_from([0.0, 0.02, 0.5, 0.97, 1.0]))
def test_the_binomial_distribution_is_exact(trials: int, data: st.DataObject, p: float) -> None:
    k = data.draw(st.integers(0, trials))
    exact = sum(math.comb(trials, j) * p**j * (1 - p) ** (trials - j) for j in range(k + 1))
    assert binomial_cdf(k, trials, p) == pytest.approx(exact, abs=1e-12)


def test_kaplan_meier_by_hand() -> None:
    # Six incidents: restored at 10, 20, 20 and 40; watched without restoration up to 20 and 30.
    curve = kaplan_meier([20, 10, 20, 30, 40, 20], [True, True, True, False, True, False])
    assert [(p.at, p.at_risk) for p in curve] == [(10, 6), (20, 5), (40, 1)]
    assert [p.share for p in curve] == pytest.approx([5 / 6, 5 / 6 * 3 / 5, 0.0])
    assert kaplan_meier([], []) == ()
    assert kaplan_meier([900.0], [False]) == ()


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_without_censoring_the_curve_is_the_share_still_down(times: list[int]) -> None:
    for point in kaplan_meier(times, [True] * len(times)):
        assert point.share == pytest.approx(sum(t > point.at for t in times) / len(times))


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    probe = "import sys, results.statistics; sys.exit(any(m in sys.modules for m in ('numpy', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
