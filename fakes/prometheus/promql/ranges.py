"""Functions of a range: rate and its like with Prometheus' extrapolation, and everything `_over_time`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from fakes.prometheus.promql.values import Range, quantile
from sim.clock import SECOND

Over = Callable[[Range], float | None]


def _extrapolated(window: Range, *, counter: bool, per_second: bool) -> float | None:
    """The change over the window as if the series went on to its edges, as far as its samples make that likely."""
    times, values = window.times_us, window.values
    if len(values) < 2:
        return None
    change = values[-1] - values[0]
    if counter:
        change += sum(before for before, after in pairwise(values) if after < before)
    to_start_s, to_end_s = (times[0] - window.start_us) / SECOND, (window.end_us - times[-1]) / SECOND
    sampled_s = (times[-1] - times[0]) / SECOND
    between_s = sampled_s / (len(values) - 1)
    if counter and change > 0 and values[0] >= 0:
        # A counter cannot have been below zero.
        to_start_s = min(to_start_s, sampled_s * (values[0] / change))
    threshold_s = between_s * 1.1
    covered_s = sampled_s
    for edge_s in (to_start_s, to_end_s):
        covered_s += edge_s if edge_s < threshold_s else between_s / 2
    factor = covered_s / sampled_s
    return change * (factor / ((window.end_us - window.start_us) / SECOND) if per_second else factor)


def _instant(window: Range, *, per_second: bool) -> float | None:
    if len(window.values) < 2:
        return None
    before, last = window.values[-2], window.values[-1]
    if not per_second:
        return last - before
    change = last if last < before else last - before
    return change / ((window.times_us[-1] - window.times_us[-2]) / SECOND)


def _regression(window: Range, from_us: int) -> tuple[float, float] | None:
    """Slope a second and value at `from_us` of the least-squares line."""
    if len(window.values) < 2:
        return None
    xs = [(t_us - from_us) / SECOND for t_us in window.times_us]
    ys = window.values
    if all(y == ys[0] for y in ys):
        return 0.0, ys[0]
    n = len(xs)
    mean_x, mean_y = math.fsum(xs) / n, math.fsum(ys) / n
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    return slope, mean_y - slope * mean_x


def deriv(window: Range) -> float | None:
    """Slope a second by simple linear regression."""
    line = _regression(window, window.times_us[0] if window.times_us else 0)
    return None if line is None else line[0]


def predict_linear(window: Range, seconds: float) -> float | None:
    """The value on the regression line `seconds` after the evaluation."""
    line = _regression(window, window.end_us)
    return None if line is None else line[0] * seconds + line[1]


def variance(values: Sequence[float]) -> float:
    """Population variance."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def _largest(values: Sequence[float]) -> float:
    present = [value for value in values if value == value]
    return max(present) if present else math.nan


def _smallest(values: Sequence[float]) -> float:
    present = [value for value in values if value == value]
    return min(present) if present else math.nan


def _of_values(function: Callable[[Sequence[float]], float]) -> Over:
    return lambda window: function(window.values) if window.values else None


def _changes(values: Sequence[float]) -> float:
    return float(sum(1 for before, after in pairwise(values) if before != after))


def _resets(values: Sequence[float]) -> float:
    return float(sum(1 for before, after in pairwise(values) if after < before))


OVER: dict[str, Over] = {
    "rate": lambda window: _extrapolated(window, counter=True, per_second=True),
    "increase": lambda window: _extrapolated(window, counter=True, per_second=False),
    "delta": lambda window: _extrapolated(window, counter=False, per_second=False),
    "irate": lambda window: _instant(window, per_second=True),
    "idelta": lambda window: _instant(window, per_second=False),
    "deriv": deriv,
    "changes": _of_values(_changes),
    "resets": _of_values(_resets),
    "avg_over_time": _of_values(lambda values: math.fsum(values) / len(values)),
    "sum_over_time": _of_values(math.fsum),
    "min_over_time": _of_values(_smallest),
    "max_over_time": _of_values(_largest),
    "count_over_time": _of_values(lambda values: float(len(values))),
    "last_over_time": _of_values(lambda values: values[-1]),
    "present_over_time": _of_values(lambda values: 1.0),
    "stdvar_over_time": _of_values(variance),
    "stddev_over_time": _of_values(lambda values: math.sqrt(variance(values))),
}
"""Functions of one range, by name; None when the window holds too little."""

KEEPS_NAME = frozenset({"last_over_time"})


def quantile_over_time(window: Range, q: float) -> float | None:
    """The q-quantile of the samples in the window."""
    return quantile(q, window.values) if window.values else None
