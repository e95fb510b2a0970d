"""Evaluates PromQL at an instant: the tree of promql-parser on a `Source` of series.

`query` gives the value at one time, `query_range` a matrix. What Prometheus refuses is refused with its words
(`QueryError`); a function that is not known here is an error too, never an empty answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from fakes.prometheus.promql import binary, functions, ranges
from fakes.prometheus.promql.aggregation import aggregate, drop_names
from fakes.prometheus.promql.values import (
    NAME,
    Labels,
    QueryError,
    Range,
    Sample,
    Source,
    Value,
    Vector,
    key_of,
    unique,
    without_name,
)
from sim.clock import MINUTE, SECOND

if TYPE_CHECKING:
    from datetime import datetime, timedelta

LOOKBACK_US = 5 * MINUTE
DEFAULT_STEP_US = MINUTE
MOST_POINTS = 11_000
"""As many points as Prometheus gives for one series of a range query."""


@lru_cache(maxsize=256)
def parse(text: str) -> Any:
    """The tree of an expression; QueryError (`bad_data`) when it does not parse."""
    import promql_parser

    try:
        return promql_parser.parse(text)
    except ValueError as error:
        raise QueryError(f'invalid parameter "query": 1:1: parse error: {error}', "bad_data") from error


class Evaluator:
    """PromQL on one source; `unix_us` turns the source's times into Unix microseconds."""

    def __init__(self, source: Source, unix_us: Callable[[int], int] = lambda t_us: t_us) -> None:
        """Evaluate on `source`."""
        self._source, self._unix_us = source, unix_us

    def query(self, text: str, t_us: int) -> Value:
        """The value of an expression at `t_us`."""
        tree = parse(text)
        if type(tree).__name__ in ("MatrixSelector", "SubqueryExpr"):
            raise QueryError("a range cannot be shown as an instant value here", "bad_data")
        return _Run(self._source, self._unix_us, t_us, t_us).value(tree, t_us)

    def matrix(self, text: str, t_us: int) -> list[Range]:
        """The raw samples of a range selector at `t_us`, as an instant query for `metric[5m]` answers."""
        return _Run(self._source, self._unix_us, t_us, t_us).ranges(parse(text), t_us)

    def query_range(self, text: str, start_us: int, end_us: int, step_us: int) -> list[tuple[Labels, list[At]]]:
        """Each series of the value with its points from `start_us` to `end_us`."""
        if step_us <= 0 or (end_us - start_us) / step_us > MOST_POINTS:
            raise QueryError(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
                "(?step=XX)", "bad_data",
            )  # fmt: skip
        tree, run = parse(text), _Run(self._source, self._unix_us, start_us, end_us)
        found: dict[tuple[tuple[str, str], ...], tuple[Labels, list[At]]] = {}
        for t_us in range(start_us, end_us + 1, step_us):
            value = run.value(tree, t_us)
            if isinstance(value, str):
                problem = 'invalid expression type "string" for range query, must be Scalar or instant Vector'
                raise QueryError(problem, "bad_data")
            for labels, number in [Sample({}, value)] if isinstance(value, float) else value:
                found.setdefault(key_of(labels), (labels, []))[1].append((t_us, number))
        return [found[key] for key in sorted(found)]


At = tuple[int, float]
"""A time in microseconds and a value."""


class _Run:
    """One query: the source, and the start and end that `@ start()` and `@ end()` mean."""

    def __init__(self, source: Source, unix_us: Callable[[int], int], start_us: int, end_us: int) -> None:
        self._source, self._unix_us, self._start_us, self._end_us = source, unix_us, start_us, end_us
        self._series = source.series()
        self._chosen: dict[str, list[int]] = {}
        self._asked_us = start_us

    def value(self, node: Any, t_us: int) -> Value:
        """What a node comes to at `t_us`."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise QueryError(f"expressions of kind {type(node).__name__} cannot be evaluated here")
        return cast(Value, method(node, t_us))

    # Leaves

    def _numberliteral(self, node: Any, t_us: int) -> float:
        return float(node.val)

    def _stringliteral(self, node: Any, t_us: int) -> str:
        return str(node.val)

    def _parenexpr(self, node: Any, t_us: int) -> Value:
        return self.value(node.expr, t_us)

    def _unaryexpr(self, node: Any, t_us: int) -> Value:
        value = self.value(node.expr, t_us)
        if isinstance(value, list):
            return [Sample(without_name(labels), -number) for labels, number in value]
        return -cast(float, value)

    def _vectorselector(self, node: Any, t_us: int) -> Vector:
        at_us = self._shifted(node, t_us)
        read = ((place, self._source.at(place, at_us, LOOKBACK_US)) for place in self._places(node))
        return [Sample(dict(self._series[place]), value) for place, value in read if value == value]

    def ranges(self, node: Any, t_us: int) -> list[Range]:
        """The windows of a range selector or a subquery."""
        kind = type(node).__name__
        if kind == "ParenExpr":
            return self.ranges(node.expr, t_us)
        if kind == "SubqueryExpr":
            return self._subquery(node, t_us)
        assert kind == "MatrixSelector", kind
        selector = node.vector_selector
        end_us = self._shifted(selector, t_us)
        start_us = end_us - _us(node.range)
        found = []
        for place in self._places(selector):
            times, values = self._source.between(place, start_us, end_us)
            if values:
                found.append(Range(dict(self._series[place]), times, values, start_us, end_us))
        return found

    def _subquery(self, node: Any, t_us: int) -> list[Range]:
        end_us = self._shifted(node, t_us)
        start_us = end_us - _us(node.range)
        step_us = DEFAULT_STEP_US if node.step is None else _us(node.step)
        # Steps lie on whole multiples of the step in Unix time, whatever the time of the query.
        unix_start = self._unix_us(start_us)
        first_us = start_us + (-unix_start) % step_us
        found: dict[tuple[tuple[str, str], ...], tuple[Labels, list[int], list[float]]] = {}
        for at_us in range(first_us, end_us + 1, step_us):
            value = self.value(node.expr, at_us)
            for labels, number in [Sample({}, value)] if isinstance(value, float) else cast(Vector, value):
                _, times, values = found.setdefault(key_of(labels), (labels, [], []))
                times.append(at_us)
                values.append(number)
        return [Range(labels, times, values, start_us, end_us) for labels, times, values in found.values()]

    def _shifted(self, node: Any, t_us: int) -> int:
        """The time that a selector looks at: its `@`, then its `offset`."""
        if node.at is not None:
            kind = str(node.at.type).rpartition(".")[2]
            t_us = {"Start": self._start_us, "End": self._end_us}.get(kind, t_us)
            if kind == "At":
                t_us = self._from_unix(node.at.at)
        return t_us - (_us(node.offset) if node.offset is not None else 0)

    def _from_unix(self, moment: datetime) -> int:
        return round(moment.timestamp() * SECOND) - self._unix_us(0)

    def _places(self, node: Any) -> list[int]:
        text = str(node)
        if text not in self._chosen:
            tests = [_test(NAME, "Equal", node.name)] if node.name else []
            tests += [_test(m.name, str(m.op).rpartition(".")[2], m.value) for m in node.matchers.matchers]
            self._chosen[text] = [
                place for place, labels in enumerate(self._series) if all(test(labels) for test in tests)
            ]
        return self._chosen[text]

    # Operators

    def _binaryexpr(self, node: Any, t_us: int) -> Value:
        op = str(node.op)
        left, right = self.value(node.lhs, t_us), self.value(node.rhs, t_us)
        modifier = node.modifier
        as_bool = modifier is not None and bool(modifier.return_bool)
        if isinstance(left, float) and isinstance(right, float):
            return binary.scalars(op, left, right)
        if isinstance(left, float):
            return unique(binary.with_scalar(op, cast(Vector, right), left, swapped=True, as_bool=as_bool))
        if isinstance(right, float):
            return unique(binary.with_scalar(op, cast(Vector, left), right, swapped=False, as_bool=as_bool))
        matching = _matching(modifier)
        if op in binary.SETS:
            return binary.sets(op, cast(Vector, left), cast(Vector, right), matching)
        return binary.vectors(op, cast(Vector, left), cast(Vector, right), matching, as_bool=as_bool)

    def _aggregateexpr(self, node: Any, t_us: int) -> Vector:
        vector = cast(Vector, self.value(node.expr, t_us))
        param = None if node.param is None else self.value(node.param, t_us)
        modifier = node.modifier
        without = modifier is not None and str(modifier.type).endswith("Without")
        by = None if modifier is None else list(modifier.labels)
        return aggregate(str(node.op), vector, cast("float | str | None", param), by, without)

    # Functions

    def _call(self, node: Any, t_us: int) -> Value:
        name, arguments = str(node.func.name), list(node.args)
        if name in ranges.OVER:
            return unique(self._over(name, arguments[0], t_us))
        if name in functions.EACH:
            vector = cast(Vector, self.value(arguments[0], t_us))
            return unique([Sample(without_name(labels), functions.EACH[name](value)) for labels, value in vector])
        special = getattr(self, f"_fn_{name}", None)
        if special is None and name in functions.CALENDAR:
            return functions.calendar(name, cast(Vector, self._or_now(arguments, t_us)))
        if special is None:
            raise QueryError(f"function {name!r} cannot be evaluated here")
        return cast(Value, special(arguments, t_us))

    def _over(self, name: str, argument: Any, t_us: int) -> Vector:
        result = []
        for window in self.ranges(argument, t_us):
            value = ranges.OVER[name](window)
            if value is not None:
                labels = window.labels if name in ranges.KEEPS_NAME else without_name(window.labels)
                result.append(Sample(labels, value))
        return result

    def _or_now(self, arguments: Sequence[Any], t_us: int) -> Value:
        return self.value(arguments[0], t_us) if arguments else [Sample({}, self._fn_time([], t_us))]

    def _number(self, node: Any, t_us: int) -> float:
        return functions.number_of(self.value(node, t_us))

    def _text(self, node: Any, t_us: int) -> str:
        return cast(str, self.value(node, t_us))

    def _vector(self, node: Any, t_us: int) -> Vector:
        return cast(Vector, self.value(node, t_us))

    def _fn_time(self, arguments: Sequence[Any], t_us: int) -> float:
        return self._unix_us(t_us) / SECOND

    def _fn_pi(self, arguments: Sequence[Any], t_us: int) -> float:
        return math.pi

    def _fn_vector(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return [Sample({}, self._number(arguments[0], t_us))]

    def _fn_scalar(self, arguments: Sequence[Any], t_us: int) -> float:
        vector = self._vector(arguments[0], t_us)
        return vector[0].value if len(vector) == 1 else math.nan

    def _fn_timestamp(self, arguments: Sequence[Any], t_us: int) -> Vector:
        node = arguments[0]
        if type(node).__name__ != "VectorSelector":
            now_s = self._unix_us(t_us) / SECOND
            return [Sample(without_name(labels), now_s) for labels, _ in self._vector(node, t_us)]
        at_us = self._shifted(node, t_us)
        result = []
        for place in self._places(node):
            times, _ = self._source.between(place, at_us - LOOKBACK_US + 1, at_us)
            value = self._source.at(place, at_us, LOOKBACK_US)
            if times and value == value:
                result.append(Sample(without_name(self._series[place]), self._unix_us(times[-1]) / SECOND))
        return result

    def _fn_absent(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return [] if self._vector(arguments[0], t_us) else [Sample(_equalities(arguments[0]), 1.0)]

    def _fn_absent_over_time(self, arguments: Sequence[Any], t_us: int) -> Vector:
        if self.ranges(arguments[0], t_us):
            return []
        return [Sample(_equalities(getattr(arguments[0], "vector_selector", arguments[0])), 1.0)]

    def _fn_quantile_over_time(self, arguments: Sequence[Any], t_us: int) -> Vector:
        q = self._number(arguments[0], t_us)
        found = [(w.labels, ranges.quantile_over_time(w, q)) for w in self.ranges(arguments[1], t_us)]
        return unique([Sample(without_name(labels), value) for labels, value in found if value is not None])

    def _fn_predict_linear(self, arguments: Sequence[Any], t_us: int) -> Vector:
        ahead_s = self._number(arguments[1], t_us)
        # The line is laid from the time of the evaluation, whatever the offset of the range.
        windows = [window._replace(end_us=t_us) for window in self.ranges(arguments[0], t_us)]
        found = [(w.labels, ranges.predict_linear(w, ahead_s)) for w in windows]
        return unique([Sample(without_name(labels), value) for labels, value in found if value is not None])

    def _fn_histogram_quantile(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return functions.histogram_quantile(self._number(arguments[0], t_us), self._vector(arguments[1], t_us))

    def _fn_round(self, arguments: Sequence[Any], t_us: int) -> Vector:
        to = self._number(arguments[1], t_us) if len(arguments) > 1 else 1.0
        vector = self._vector(arguments[0], t_us)
        return unique([Sample(without_name(labels), functions.rounded(value, to)) for labels, value in vector])

    def _fn_clamp(self, arguments: Sequence[Any], t_us: int) -> Vector:
        low, high = self._number(arguments[1], t_us), self._number(arguments[2], t_us)
        return unique(functions.clamp(self._vector(arguments[0], t_us), low, high))

    def _fn_clamp_min(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return unique(functions.clamp(self._vector(arguments[0], t_us), self._number(arguments[1], t_us), math.inf))

    def _fn_clamp_max(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return unique(functions.clamp(self._vector(arguments[0], t_us), -math.inf, self._number(arguments[1], t_us)))

    def _fn_sort(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return functions.ordered(self._vector(arguments[0], t_us), descending=False)

    def _fn_sort_desc(self, arguments: Sequence[Any], t_us: int) -> Vector:
        return functions.ordered(self._vector(arguments[0], t_us), descending=True)

    def _fn_label_replace(self, arguments: Sequence[Any], t_us: int) -> Vector:
        target, template, source, pattern = (self._text(argument, t_us) for argument in arguments[1:5])
        return functions.label_replace(self._vector(arguments[0], t_us), target, template, source, pattern)

    def _fn_label_join(self, arguments: Sequence[Any], t_us: int) -> Vector:
        target, separator, *sources = (self._text(argument, t_us) for argument in arguments[1:])
        return functions.label_join(self._vector(arguments[0], t_us), target, separator, sources)


def _test(name: str, op: str, value: str) -> Callable[[Labels], bool]:
    if op == "Equal":
        return lambda labels: labels.get(name, "") == value
    if op == "NotEqual":
        return lambda labels: labels.get(name, "") != value
    pattern = re.compile(f"^(?:{value})$", re.S)
    if op == "Re":
        return lambda labels: pattern.match(labels.get(name, "")) is not None
    return lambda labels: pattern.match(labels.get(name, "")) is None


def _equalities(node: Any) -> Labels:
    """The labels that `absent` can tell of: those that a selector asks for by equality, once each."""
    if type(node).__name__ != "VectorSelector":
        return {}
    asked: dict[str, list[str]] = {}
    for matcher in node.matchers.matchers:
        equal = str(matcher.op).endswith(".Equal") and matcher.name != NAME
        asked.setdefault(matcher.name, []).append(matcher.value if equal else "")
    return {name: values[0] for name, values in asked.items() if len(values) == 1 and values[0]}


def _matching(modifier: Any) -> binary.Matching:
    if modifier is None:
        return binary.Matching()
    card = str(modifier.card).rpartition(".")[2]
    many = {"ManyToOne": "left", "OneToMany": "right"}.get(card, "")
    labels = () if modifier.matching is None else tuple(modifier.matching.labels)
    on = modifier.matching is not None and str(modifier.matching.type).endswith("Include")
    return binary.Matching(on, labels, many, tuple(modifier.group_labels or ()))


def _us(length: timedelta) -> int:
    return (length.days * 86_400 + length.seconds) * SECOND + length.microseconds


__all__ = ["Evaluator", "QueryError", "drop_names", "parse"]
