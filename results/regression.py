"""Whether a new version recovers more slowly than the baseline, compared seed by seed.

Both versions meet the same markets and the same faults, so the differences carry the change and little else.
The test is exact or nearly so, draws no random numbers, and needs no normality, which recovery times lack.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from results.statistics import CONFIDENCE, check_sample, quantile

RELATIVE_TOLERANCE = 0.05
ABSOLUTE_TOLERANCE = 5.0
_EXACT_RANKS_UP_TO = 60
_NEVER = 1e15
"""Stands for +inf where infinities are subtracted: larger than any time of a run."""


@dataclass(frozen=True, slots=True)
class PairedChange:
    """How a measure changed between two versions that ran the same seeds."""

    pairs: int
    shift: float
    """Hodges-Lehmann estimate of the change; positive is slower."""
    at_least: float
    """One-sided lower bound of the change."""
    allowed: float
    regressed: bool
    slower: int
    """Pairs slower by more than what is allowed: a change that hits some seeds only shows here first."""
    newly_censored: int
    """Pairs that the baseline restored and the candidate did not."""


def paired_change(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    confidence: float = CONFIDENCE,
    relative: float = RELATIVE_TOLERANCE,
    absolute: float = ABSOLUTE_TOLERANCE,
) -> PairedChange:
    """Compare two versions seed by seed; regressed when the change surely exceeds both tolerances.

    Wilcoxon's signed ranks: no normality is assumed, and a run that became censored counts as a large change
    and not as an infinite one.
    """
    check_sample(baseline)
    check_sample(candidate)
    differences = [min(new, _NEVER) - min(old, _NEVER) for old, new in zip(baseline, candidate, strict=True)]
    shift, at_least = _signed_rank_bound(differences, confidence)
    usual = quantile(baseline, 0.5)
    allowed = max(absolute, 0.0 if math.isinf(usual) else relative * usual)
    return PairedChange(
        pairs=len(differences),
        shift=shift,
        at_least=at_least,
        allowed=allowed,
        regressed=at_least > allowed,
        slower=sum(difference > allowed for difference in differences),
        newly_censored=sum(difference > _NEVER / 2 for difference in differences),
    )


def _signed_rank_bound(differences: Sequence[float], confidence: float) -> tuple[float, float]:
    """Median of the pairwise means, and the one of them that bounds the shift from below."""
    import numpy as np

    values = np.asarray(differences, dtype=np.float64)
    rows, columns = np.triu_indices(len(values))
    means = np.sort((values[rows] + values[columns]) / 2.0)
    rank = _critical_rank(len(values), 1.0 - confidence)
    at_least = float(means[rank]) if rank is not None else -math.inf
    return _or_inf(float(np.median(means))), _or_inf(at_least)


def _or_inf(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= _NEVER / 4 else value


def _critical_rank(pairs: int, tail: float) -> int | None:
    """Largest c with P(signed rank sum <= c) <= `tail` without a change; None for too few pairs."""
    if pairs <= _EXACT_RANKS_UP_TO:
        below = -1
        for rank_sum, probability in enumerate(_signed_rank_cdf(pairs)):
            if probability > tail:
                break
            below = rank_sum
        return None if below < 0 else below
    mean = pairs * (pairs + 1) / 4.0
    deviation = math.sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24.0)
    return max(0, math.floor(mean + NormalDist().inv_cdf(tail) * deviation - 0.5))


def _signed_rank_cdf(pairs: int) -> Iterator[float]:
    ways = [1]
    for rank in range(1, pairs + 1):
        shifted = [0] * rank + ways
        ways = [a + b for a, b in zip(ways + [0] * rank, shifted, strict=True)]
    total = 0
    for count in ways:
        total += count
        yield total / 2**pairs
