"""What a set of drill runs allows us to claim about the RTO.

Three rules run through it. A run that was never restored is +inf: it is an exceedance and it moves the
quantiles, it is never left out. Quantiles get intervals from order statistics, because a bootstrap of P99
covers far less than it says. And a pass mark is a claim with confidence ("P95 is within the RTO"), which
needs a minimum number of runs, not a point estimate.

No function draws random numbers, so the same runs always give the same verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class QuantileEstimate:
    """A quantile of a sample, with a distribution-free interval."""

    q: float
    value: float
    low: float
    high: float
    """+inf when the sample is too small, or too many runs were censored, for an upper end."""


@dataclass(frozen=True, slots=True)
class Exceedance:
    """How often a limit was exceeded, and how often it may be in truth."""

    runs: int
    exceeded: int
    censored: int
    """Of those exceeded: never restored."""
    rate: float
    rate_at_most: float
    """Exact one-sided upper bound of the true rate."""


@dataclass(frozen=True, slots=True)
class SurvivalPoint:
    """A step of the Kaplan-Meier curve."""

    at: float
    share: float
    """Share of incidents not yet restored just after `at`."""
    at_risk: int
    """Incidents not yet restored, and still watched, just before `at`."""


def quantile(sample: Sequence[float], q: float) -> float:
    """The smallest value that a share `q` of the sample does not exceed: no interpolation, so inf is safe."""
    check_sample(sample, q)
    rank = math.ceil(q * len(sample) - 1e-9)
    return sorted(sample)[max(rank, 1) - 1]


def estimate_quantile(sample: Sequence[float], q: float, confidence: float = CONFIDENCE) -> QuantileEstimate:
    """The quantile and its two-sided interval from order statistics."""
    check_sample(sample, q)
    ranked = sorted(sample)
    low_rank, high_rank = interval_ranks(len(ranked), q, confidence)
    return QuantileEstimate(
        q=q,
        value=quantile(ranked, q),
        low=-math.inf if low_rank is None else ranked[low_rank - 1],
        high=math.inf if high_rank is None else ranked[high_rank - 1],
    )


def interval_ranks(runs: int, q: float, confidence: float = CONFIDENCE) -> tuple[int | None, int | None]:
    """Ranks, from 1, of the order statistics that enclose a quantile; None where the sample has no such one."""
    tail = (1.0 - confidence) / 2.0
    below = _cumulative(runs, q)
    low = max((r for r in range(1, runs + 1) if below[r - 1] <= tail), default=None)
    high = min((s for s in range(1, runs + 1) if below[s - 1] >= 1.0 - tail), default=None)
    return low, high


def runs_needed(q: float, exceedances: int, confidence: float = CONFIDENCE) -> int:
    """Runs that allow the claim "quantile `q` is within the limit" although so many runs exceed it (Wilks)."""
    low, high = exceedances, exceedances + 1
    while not _proves(high, q, exceedances, confidence):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _proves(middle, q, exceedances, confidence) else (middle, high)
    return high


def exceedances_allowed(runs: int, q: float, confidence: float = CONFIDENCE) -> int | None:
    """How many of `runs` may exceed the limit and still prove the claim; None when there are too few runs."""
    allowed = None
    for count in range(runs):
        if not _proves(runs, q, count, confidence):
            break
        allowed = count
    return allowed


def claim_power(runs: int, q: float, true_rate: float, confidence: float = CONFIDENCE) -> float:
    """Probability that the claim is proved when the limit is truly exceeded at `true_rate`."""
    allowed = exceedances_allowed(runs, q, confidence)
    return 0.0 if allowed is None else binomial_cdf(allowed, runs, true_rate)


def claim_holds(sample: Sequence[float], q: float, limit: float, confidence: float = CONFIDENCE) -> bool | None:
    """Whether the runs prove "quantile `q` is at most `limit`"; None when no outcome of so few runs could."""
    allowed = exceedances_allowed(len(sample), q, confidence)
    return None if allowed is None else sum(value > limit for value in sample) <= allowed


def exceedance(sample: Sequence[float], limit: float, confidence: float = CONFIDENCE) -> Exceedance:
    """Count runs over `limit` and bound their true rate (Clopper-Pearson)."""
    check_sample(sample)
    runs, exceeded = len(sample), sum(value > limit for value in sample)
    low, high = exceeded / runs, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2.0
        low, high = (middle, high) if binomial_cdf(exceeded, runs, middle) > 1.0 - confidence else (low, middle)
    censored = sum(math.isinf(value) for value in sample)
    return Exceedance(runs, exceeded, censored, exceeded / runs, 1.0 if exceeded == runs else high)


def kaplan_meier(times: Sequence[float], restored: Sequence[bool]) -> tuple[SurvivalPoint, ...]:
    """The curve of incidents not yet restored; a run that was not restored is watched up to its time."""
    ends = sorted(zip(times, restored, strict=True))
    at_risk, share = len(ends), 1.0
    curve = []
    for at, group in groupby(ends, key=lambda end: end[0]):
        outcomes = [done for _, done in group]
        if any(outcomes):
            share *= 1.0 - sum(outcomes) / at_risk
            curve.append(SurvivalPoint(at, share, at_risk))
        at_risk -= len(outcomes)
    return tuple(curve)


def binomial_cdf(successes: int, trials: int, p: float) -> float:
    """P(X <= successes) for X binomial."""
    if successes >= trials or p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    return min(1.0, math.fsum(math.exp(_log_pmf(k, trials, p)) for k in range(successes + 1)))


def _log_pmf(k: int, trials: int, p: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
    return ways + k * math.log(p) + (trials - k) * math.log1p(-p)


def _cumulative(trials: int, p: float) -> list[float]:
    """P(X <= k) for k from 0 to `trials`."""
    total, sums = 0.0, []
    for k in range(trials + 1):
        total += math.exp(_log_pmf(k, trials, p))
        sums.append(total)
    return sums


def _proves(runs: int, q: float, exceedances: int, confidence: float) -> bool:
    return exceedances < runs and binomial_cdf(exceedances, runs, 1.0 - q) <= 1.0 - confidence


def check_sample(sample: Sequence[float], q: float = 0.5) -> None:
    """Assert what every function here relies on."""
    assert sample, "statistics of no runs"
    assert 0.0 < q < 1.0, q
    assert not any(math.isnan(value) for value in sample), "a run without an RTO is +inf, not NaN"
