"""sum, avg, topk and the others, by or without labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from fakes.prometheus.promql.ranges import variance
from fakes.prometheus.promql.values import (
    NAME,
    Labels,
    QueryError,
    Sample,
    Vector,
    key_of,
    quantile,
    without_name,
)

_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": lambda values: min((v for v in values if v == v), default=math.nan),
    "max": lambda values: max((v for v in values if v == v), default=math.nan),
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "stdvar": variance,
    "stddev": lambda values: math.sqrt(variance(values)),
}


def aggregate(op: str, vector: Vector, param: float | str | None, by: Sequence[str] | None, without: bool) -> Vector:
    """`op` over the groups of `vector`; `by` None puts all into one group."""
    groups: dict[tuple[tuple[str, str], ...], tuple[Labels, Vector]] = {}
    for sample in vector:
        labels = _group_of(sample.labels, by, without)
        groups.setdefault(key_of(labels), (labels, []))[1].append(sample)
    result: Vector = []
    for labels, members in groups.values():
        result += _one_group(op, labels, members, param)
    return result


def _group_of(labels: Labels, by: Sequence[str] | None, without: bool) -> Labels:
    if without:
        return {name: value for name, value in labels.items() if name != NAME and name not in (by or ())}
    return {name: labels[name] for name in by or () if name in labels}


def _one_group(op: str, labels: Labels, members: Vector, param: float | str | None) -> Vector:
    if op in _FOLDS:
        return [Sample(labels, _FOLDS[op]([sample.value for sample in members]))]
    if op in ("topk", "bottomk"):
        assert isinstance(param, float)
        if math.isnan(param) or abs(param) >= 1 << 63:
            raise QueryError(f"Scalar value {param} overflows int64")
        return _extreme(members, int(param), largest=op == "topk")
    if op == "quantile":
        assert isinstance(param, float)
        return [Sample(labels, quantile(param, [sample.value for sample in members]))]
    if op == "count_values":
        assert isinstance(param, str)
        counts: dict[str, int] = {}
        for sample in members:
            text = number(sample.value)
            counts[text] = counts.get(text, 0) + 1
        return [Sample({**labels, param: text}, float(count)) for text, count in counts.items()]
    raise QueryError(f"aggregation {op!r} is not known here")


def _extreme(members: Vector, k: int, *, largest: bool) -> Vector:
    """The k largest or smallest with their own names and labels; NaN comes last either way."""

    def rank(sample: Sample) -> tuple[bool, float]:
        return sample.value != sample.value, -sample.value if largest else sample.value

    return sorted(members, key=rank)[: max(k, 0)]


def number(value: float) -> str:
    """A value as the API writes it: shortest form that reads back the same, `NaN`, `+Inf`, `-Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e21:
        return f"{int(value)}" if value or math.copysign(1, value) > 0 else "-0"
    text = repr(value)
    mantissa, exponent_mark, exponent = text.partition("e")
    if exponent_mark:
        return f"{mantissa}e{int(exponent):+03d}"
    return text


def drop_names(vector: Vector) -> Vector:
    """The vector without metric names."""
    return [Sample(without_name(sample.labels), sample.value) for sample in vector]
