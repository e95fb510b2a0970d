"""Functions of instant vectors and numbers: rounding, time of day, histograms, labels."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

from fakes.prometheus.promql.values import (
    NAME,
    Labels,
    QueryError,
    Sample,
    Value,
    Vector,
    key_of,
    unique,
    without_name,
)


def _guarded(function: Callable[[float], float], at_error: float) -> Callable[[float], float]:
    def call(value: float) -> float:
        try:
            return function(value)
        except (ValueError, OverflowError):
            return at_error

    return call


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: -math.inf if value == 0 else _guarded(function, math.nan)(value)


def _whole(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if math.isfinite(value) else value


EACH: dict[str, Callable[[float], float]] = {
    "abs": abs, "ceil": _whole(math.ceil), "floor": _whole(math.floor), "exp": _guarded(math.exp, math.inf),
    "sqrt": _guarded(math.sqrt, math.nan), "ln": _logarithm(math.log), "log2": _logarithm(math.log2),
    "log10": _logarithm(math.log10), "sgn": lambda value: math.copysign(1.0, value) if value else value,
    "sin": _guarded(math.sin, math.nan), "cos": _guarded(math.cos, math.nan), "tan": _guarded(math.tan, math.nan),
    "asin": _guarded(math.asin, math.nan), "acos": _guarded(math.acos, math.nan), "atan": math.atan,
    "deg": math.degrees, "rad": math.radians,
}  # fmt: skip
"""Functions of each element's value alone."""


def _instant(value: float) -> datetime:
    return datetime.fromtimestamp(math.floor(value), UTC)


def _days_in_month(moment: datetime) -> int:
    following = moment.replace(day=28).toordinal() + 4
    return (datetime.fromordinal(following).replace(day=1).toordinal()) - moment.replace(day=1).toordinal()


CALENDAR: dict[str, Callable[[datetime], int]] = {
    "minute": lambda moment: moment.minute, "hour": lambda moment: moment.hour,
    "day_of_month": lambda moment: moment.day, "month": lambda moment: moment.month,
    "year": lambda moment: moment.year, "day_of_week": lambda moment: moment.isoweekday() % 7,
    "day_of_year": lambda moment: moment.timetuple().tm_yday, "days_in_month": _days_in_month,
}  # fmt: skip
"""Functions of a Unix time in UTC; without an argument they read the time of the evaluation."""


def calendar(name: str, vector: Vector) -> Vector:
    """The part of each element's time that `name` asks for."""
    return [Sample(without_name(labels), float(CALENDAR[name](_instant(value)))) for labels, value in vector]


def rounded(value: float, to: float) -> float:
    """`value` to the nearest multiple of `to`, halves up."""
    if not math.isfinite(value) or to == 0:
        return value if to else math.nan
    inverse = 1.0 / to
    return math.floor(value * inverse + 0.5) / inverse


def clamp(vector: Vector, low: float, high: float) -> Vector:
    """Each value within [low, high]; nothing when the bounds are the wrong way round."""
    if low > high:
        return []
    kept = ((without_name(labels), value) for labels, value in vector)
    return [Sample(labels, max(low, min(high, value)) if value == value else value) for labels, value in kept]


def histogram_quantile(q: float, vector: Vector) -> Vector:
    """The q-quantile of each histogram, by linear interpolation within the bucket that it falls into."""
    groups: dict[tuple[tuple[str, str], ...], tuple[Labels, dict[float, float]]] = {}
    for labels, value in vector:
        bound = _bound(labels.get("le", ""))
        if bound is None:
            continue
        rest = {name: text for name, text in labels.items() if name not in (NAME, "le")}
        buckets = groups.setdefault(key_of(rest), (rest, {}))[1]
        buckets[bound] = buckets.get(bound, 0.0) + value
    return [Sample(labels, _bucket_quantile(q, sorted(buckets.items()))) for labels, buckets in groups.values()]


def _bound(text: str) -> float | None:
    try:
        return float(text.replace("Inf", "inf"))
    except ValueError:
        return None


def _bucket_quantile(q: float, buckets: list[tuple[float, float]]) -> float:
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    if len(buckets) < 2 or buckets[-1][0] != math.inf:
        return math.nan
    cumulated, highest = [], 0.0
    for bound, count in buckets:  # counts of a scrape in the middle of an update may not rise; they are taken to
        highest = max(highest, count)
        cumulated.append((bound, highest))
    total = cumulated[-1][1]
    if total == 0 or total != total:
        return math.nan
    rank = q * total
    place = next(i for i, (_, count) in enumerate(cumulated) if count >= rank)
    if place == len(cumulated) - 1:
        return cumulated[-2][0]
    end, in_bucket = cumulated[place]
    if place == 0 and end <= 0:
        return end
    start = 0.0
    if place > 0:
        start = cumulated[place - 1][0]
        in_bucket -= cumulated[place - 1][1]
        rank -= cumulated[place - 1][1]
    return start + (end - start) * (rank / in_bucket) if in_bucket else math.nan


def label_replace(vector: Vector, target: str, template: str, source: str, pattern: str) -> Vector:
    """Write `template` into label `target` where `pattern` matches all of label `source`."""
    try:
        matches = re.compile(f"^(?:{pattern})$", re.S)
    except re.error as error:
        raise QueryError(f"invalid regular expression in label_replace(): {pattern}") from error
    if not re.fullmatch(r"[a-zA-Z_]\w*", target, re.A):
        raise QueryError(f"invalid destination label name in label_replace(): {target}")
    result = []
    for labels, value in vector:
        found = matches.match(labels.get(source, ""))
        if found:
            text = re.sub(r"\$(?:\{(\w+)\}|(\w+)|(\$))", lambda m, f=found: _reference(f, m), template)  # type: ignore[misc]
            labels = {name: kept for name, kept in {**labels, target: text}.items() if kept}
        result.append(Sample(labels, value))
    return unique(result)


def _reference(found: re.Match[str], reference: re.Match[str]) -> str:
    if reference.group(3):
        return "$"
    name = reference.group(1) or reference.group(2)
    try:
        return found.group(int(name) if name.isdigit() else name) or ""
    except IndexError:
        return ""


def label_join(vector: Vector, target: str, separator: str, sources: Sequence[str]) -> Vector:
    """Write the joined values of `sources` into label `target`."""
    result = []
    for labels, value in vector:
        joined = {**labels, target: separator.join(labels.get(name, "") for name in sources)}
        result.append(Sample({name: text for name, text in joined.items() if text}, value))
    return unique(result)


def ordered(vector: Vector, *, descending: bool) -> Vector:
    """By value; NaN last."""
    return sorted(vector, key=lambda s: (s.value != s.value, -s.value if descending else s.value))


def number_of(value: Value) -> float:
    """A value that the parser has made sure is a number."""
    return cast(float, value)
