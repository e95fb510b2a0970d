"""Operators between two values: arithmetic, comparison, and the sets of vectors, with label matching."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fakes.prometheus.promql.values import NAME, Labels, QueryError, Sample, Vector, key_of, without_name

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
SETS = ("and", "or", "unless")


class Matching(NamedTuple):
    """How elements of two vectors find each other."""

    on: bool = False
    """Match on `labels` only; else on all but these."""
    labels: Sequence[str] = ()
    many: str = ""
    """`left` or `right`: the side of which many elements may match one of the other; "" for one to one."""
    include: Sequence[str] = ()
    """Labels that the result takes from the one side."""

    def key(self, labels: Labels) -> tuple[tuple[str, str], ...]:
        """What two elements that match have in common."""
        if self.on:
            return tuple((name, labels.get(name, "")) for name in sorted(self.labels))
        return tuple(item for item in key_of(labels) if item[0] != NAME and item[0] not in self.labels)


def compute(op: str, left: float, right: float) -> float:
    """One arithmetic operation as IEEE 754 has it: no exception for a division by zero."""
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op == "/":
        if right:
            return left / right
        return math.nan if left == 0 or left != left else math.copysign(math.inf, left) * math.copysign(1, right)
    if op == "%":
        return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)
    if op == "atan2":
        return math.atan2(left, right)
    if op == "^":
        try:
            power = left**right
        except OverflowError:
            return math.inf
        except ZeroDivisionError:
            return math.inf
        return math.nan if isinstance(power, complex) else power
    raise QueryError(f"operator {op!r} is not known here", "bad_data")


def scalars(op: str, left: float, right: float) -> float:
    """Between two numbers; comparisons must have carried `bool` and give 1 or 0."""
    return float(COMPARISONS[op](left, right)) if op in COMPARISONS else compute(op, left, right)


def with_scalar(op: str, vector: Vector, scalar: float, *, swapped: bool, as_bool: bool) -> Vector:
    """Between a vector and a number (`swapped`: the number stands on the left)."""
    result: Vector = []
    for labels, value in vector:
        left, right = (scalar, value) if swapped else (value, scalar)
        if op not in COMPARISONS:
            result.append(Sample(without_name(labels), compute(op, left, right)))
        elif as_bool:
            result.append(Sample(without_name(labels), float(COMPARISONS[op](left, right))))
        elif COMPARISONS[op](left, right):
            result.append(Sample(labels, value))
    return result


def sets(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """`and`, `or`, `unless`."""
    known_left, known_right = ({matching.key(s.labels) for s in side} for side in (left, right))
    if op == "and":
        return [sample for sample in left if matching.key(sample.labels) in known_right]
    if op == "unless":
        return [sample for sample in left if matching.key(sample.labels) not in known_right]
    return left + [sample for sample in right if matching.key(sample.labels) not in known_left]


def vectors(op: str, left: Vector, right: Vector, matching: Matching, *, as_bool: bool) -> Vector:
    """Arithmetic or comparison between two vectors."""
    many_side, one_side = (right, left) if matching.many == "right" else (left, right)
    ones = _ones(one_side, matching)
    result: Vector = []
    taken: set[tuple[tuple[str, str], ...]] = set()  # membership only
    for sample in many_side:
        partner = ones.get(matching.key(sample.labels))
        if partner is None:
            continue
        a, b = (partner.value, sample.value) if matching.many == "right" else (sample.value, partner.value)
        labels = _result_labels(sample, partner, matching, keep_name=op in COMPARISONS and not as_bool)
        if op in COMPARISONS:
            holds = COMPARISONS[op](a, b)
            if not holds and not as_bool:
                continue
            value = float(holds) if as_bool else a
        else:
            value = compute(op, a, b)
        key = key_of(labels)
        if key in taken:
            how = "many-to-one matching must be explicit (group_left/group_right)"
            if matching.many:
                how = "grouping labels must ensure unique matches"
            raise QueryError(f"multiple matches for labels: {how}")
        taken.add(key)
        result.append(Sample(labels, value))
    return result


def _ones(side: Vector, matching: Matching) -> dict[tuple[tuple[str, str], ...], Sample]:
    found: dict[tuple[tuple[str, str], ...], Sample] = {}
    for sample in side:
        key = matching.key(sample.labels)
        if key in found:
            where = "left" if matching.many == "right" else "right"
            group = "{" + ", ".join(f'{name}="{value}"' for name, value in key) + "}"
            raise QueryError(
                f"found duplicate series for the match group {group} on the {where} hand-side of the operation;"
                "many-to-many matching not allowed: matching labels must be unique on one side"
            )
        found[key] = sample
    return found


def _result_labels(sample: Sample, partner: Sample, matching: Matching, *, keep_name: bool) -> Labels:
    labels = dict(sample.labels) if keep_name else without_name(sample.labels)
    if not matching.many:
        if matching.on:
            return {name: value for name, value in labels.items() if name in matching.labels}
        return {name: value for name, value in labels.items() if name not in matching.labels}
    for name in matching.include:
        if partner.labels.get(name):
            labels[name] = partner.labels[name]
        else:
            labels.pop(name, None)
    return labels
