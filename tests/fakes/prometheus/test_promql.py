"""PromQL on a table of values that promtool of Prometheus 2.42 confirmed, and the errors that it words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes.prometheus.promql.evaluator import Evaluator
from fakes.prometheus.promql.values import Labels, QueryError
from sim.clock import MINUTE, SECOND

TABLE = yaml.safe_load(Path(__file__).with_name("promql_values.yaml").read_text(encoding="utf-8"))
STEP_US = 30 * SECOND
AT_US = 15 * MINUTE + 10 * SECOND
STALE = "stale"


def expand(text: str) -> list[Any]:
    """The values of a series in promtool's notation: `a+bxn`, `_` for none, `stale`."""
    values: list[Any] = []
    for word in text.split():
        run = re.fullmatch(r"(-?[\d.]+)([+-][\d.]+)?x(\d+)", word)
        if run:
            values += [float(run[1]) + float(run[2] or 0) * k for k in range(int(run[3]) + 1)]
        else:
            values.append({"_": None, STALE: STALE}.get(word, word))
    return [value if value in (None, STALE) else float(value) for value in values]


class Written:
    """The series of the table."""

    def __init__(self, series: dict[str, str]) -> None:
        self._labels: list[Labels] = []
        self._points: list[list[tuple[int, Any]]] = []
        for key, values in series.items():
            name, _, rest = key.partition("{")
            self._labels.append({"__name__": name, **dict(re.findall(r'(\w+)="([^"]*)"', rest))})
            self._points.append([(i * STEP_US, v) for i, v in enumerate(expand(values)) if v is not None])

    def series(self) -> Sequence[Labels]:
        return self._labels

    def at(self, place: int, t_us: int, lookback_us: int) -> float:
        seen = [(at_us, value) for at_us, value in self._points[place] if at_us <= t_us]
        if not seen or seen[-1][1] == STALE or t_us - seen[-1][0] >= lookback_us:
            return math.nan
        return float(seen[-1][1])

    def between(self, place: int, start_us: int, end_us: int) -> tuple[list[int], list[float]]:
        inside = [(t, v) for t, v in self._points[place] if start_us <= t <= end_us and v != STALE]
        return [t for t, _ in inside], [v for _, v in inside]


EVALUATOR = Evaluator(Written(TABLE["series"]))


def shown(value: Any) -> dict[str, float]:
    """A value as the table writes it."""
    if isinstance(value, float):
        return {"scalar": value}
    return {",".join(f"{k}={v}" for k, v in sorted(s.labels.items())): s.value for s in value}


@pytest.mark.parametrize("text", TABLE["values"])
def test_an_expression_comes_to_what_prometheus_makes_of_it(text: str) -> None:
    expected = TABLE["values"][text] or {}
    assert shown(EVALUATOR.query(text, AT_US)) == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_the_growth_of_a_gauge_is_extrapolated_to_the_edges_of_its_window() -> None:
    # 20 samples 30 s apart rise by 9.5 over 570 s; 10 s before the end and 20 s after the start are added.
    (sample,) = EVALUATOR.query("increase(dd[10m])", AT_US)  # type: ignore[misc]
    assert sample.value == pytest.approx(9.5 * 600 / 570)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("sum(", "bad_data", "parse error"),
        ("rate(c)", "bad_data", "expected type matrix"),
        ("", "bad_data", "no expression found"),
        ("c[5m]", "bad_data", "range"),
        ("c / on (job) g", "execution", "many-to-many matching not allowed"),
        ("c * on (job) up", "execution", "many-to-one matching must be explicit"),
        ('label_replace(up, "job", "", "job", ".*")', "execution", "same labelset"),
        ('label_replace(up, "x", "", "job", "(")', "execution", "invalid regular expression"),
        ("histogram_count(c)", "execution", "cannot be evaluated here"),
        ("holt_winters(c[5m], 0.5, 0.5)", "bad_data", "unknown function"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_words(text: str, kind: str, words: str) -> None:
    with pytest.raises(QueryError, match=re.escape(words)) as caught:
        EVALUATOR.query(text, AT_US)
    assert caught.value.kind == kind


def test_a_range_query_steps_from_start_to_end() -> None:
    found = EVALUATOR.query_range("up", 0, 2 * MINUTE, MINUTE)
    assert [(labels["job"], [value for _, value in points]) for labels, points in found] == [
        ("a", [1.0, 1.0, 1.0]), ("b", [0.0, 0.0, 0.0]),
    ]  # fmt: skip


def test_a_range_query_of_too_many_points_is_refused() -> None:
    with pytest.raises(QueryError, match="11,000 points"):
        EVALUATOR.query_range("up", 0, 20_000 * SECOND, SECOND)
