"""What PromQL expressions come to: a number, a text, an instant vector, and the ranges that functions read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

Labels = dict[str, str]
NAME = "__name__"


class QueryError(Exception):
    """An expression that cannot be evaluated; `kind` is the API's errorType."""

    def __init__(self, message: str, kind: str = "execution") -> None:
        """`kind` is `bad_data` for text that does not parse, `execution` for what fails when it is evaluated."""
        super().__init__(message)
        self.kind = kind


class Sample(NamedTuple):
    """One element of an instant vector."""

    labels: Labels
    value: float


class Range(NamedTuple):
    """The samples of one series in a window, absent ones left out; times in microseconds."""

    labels: Labels
    times_us: Sequence[int]
    values: Sequence[float]
    start_us: int
    end_us: int


Vector = list[Sample]
Value = float | str | Vector


class Source(Protocol):
    """Where series come from."""

    def series(self) -> Sequence[Labels]:
        """The labels of every series, its name among them as `__name__`; a series is known by its place."""

    def at(self, place: int, t_us: int, lookback_us: int) -> float:
        """The value that an instant query sees at `t_us`; NaN when there is none."""

    def between(self, place: int, start_us: int, end_us: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values from `start_us` to `end_us`, both included, absent ones left out."""


def without_name(labels: Mapping[str, str]) -> Labels:
    """The labels of a result that is no longer the metric itself."""
    return {name: value for name, value in labels.items() if name != NAME}


def key_of(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Labels as something that can be compared and sorted."""
    return tuple(sorted(labels.items()))


def unique(vector: Vector) -> Vector:
    """The vector, unless two elements have the same labels, which the language forbids."""
    if len({key_of(sample.labels) for sample in vector}) < len(vector):
        raise QueryError("vector cannot contain metrics with the same labelset")
    return vector


def quantile(q: float, values: Iterable[float]) -> float:
    """The q-quantile by linear interpolation between the ranks, as Prometheus computes it."""
    ordered = sorted(values)
    if not ordered or math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[high] * weight
