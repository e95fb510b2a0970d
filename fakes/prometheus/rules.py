"""Alert rules written for Prometheus, as rules of a World's monitoring where they say the same.

A World's rule compares one metric, or its change over a window, with a number. `metric > 5`,
`increase(metric[30m]) > 5`, `5 < metric` and `absent(metric)` can be said so; a rule that cannot gives None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fakes.prometheus.promql.evaluator import parse
from fakes.prometheus.promql.values import QueryError
from sim.alerts import SEVERITIES, AlertRule, Change, Operator, Severity
from sim.clock import SECOND, parse_duration_us

_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_CHANGES = {"increase": "increase", "rate": "rate", "delta": "delta"}


def alert_rule(rule: Mapping[str, Any], aliases: Mapping[str, str]) -> AlertRule | None:
    """One entry of a rule file's `rules`; None when a World's monitoring cannot evaluate it.

    QueryError when its expression does not parse, ValueError when its `for` is no duration.
    """
    name, text = str(rule.get("alert", "")), str(rule.get("expr", ""))
    if not name:
        return None
    read = _compared(parse(text))
    if read is None:
        return None
    metric, change, window_us, op, threshold = read
    base, brace, labels = metric.partition("{")
    labels_given = rule.get("labels") or {}
    severity = str(labels_given.get("severity", "warning")).lower()
    notes = rule.get("annotations") or {}
    return AlertRule(
        name, aliases.get(base, base) + brace + labels, cast(Operator, op), threshold,
        for_us=parse_duration_us(str(rule["for"])) if rule.get("for") else 0,
        severity=cast(Severity, severity) if severity in SEVERITIES else "warning",
        summary=str(notes.get("summary", notes.get("description", ""))), change=cast(Change, change),
        window_us=window_us,
    )  # fmt: skip


def _compared(tree: Any) -> tuple[str, str, int, str, float] | None:
    """Metric, kind of change, window, operator and threshold of a comparison with a number."""
    while type(tree).__name__ == "ParenExpr":
        tree = tree.expr
    if type(tree).__name__ != "BinaryExpr" or str(tree.op) not in _FLIPPED:
        return None
    left, right, op = tree.lhs, tree.rhs, str(tree.op)
    if type(left).__name__ == "NumberLiteral":
        left, right, op = right, left, _FLIPPED[op]
    threshold = _number(right)
    read = _metric(left)
    return None if threshold is None or read is None else (*read, op, threshold)


def _number(node: Any) -> float | None:
    if type(node).__name__ == "NumberLiteral":
        return float(node.val)
    if type(node).__name__ in ("UnaryExpr", "ParenExpr"):
        inner = _number(node.expr)
        if inner is not None:
            return -inner if type(node).__name__ == "UnaryExpr" else inner
    return None


def _metric(node: Any) -> tuple[str, str, int] | None:
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    if type(node).__name__ == "VectorSelector":
        return None if _series(node) is None else (str(_series(node)), "value", 0)
    if type(node).__name__ == "Call" and str(node.func.name) in _CHANGES:
        window = node.args[0]
        series = _series(window.vector_selector) if type(window).__name__ == "MatrixSelector" else None
        if series is not None:
            return series, _CHANGES[str(node.func.name)], round(window.range.total_seconds()) * SECOND
    return None


def _series(selector: Any) -> str | None:
    """A selector as a World names series: the metric alone, or with labels that are all equalities."""
    if selector.name is None or selector.offset is not None or selector.at is not None:
        return None
    matchers = list(selector.matchers.matchers)
    if any(not str(matcher.op).endswith(".Equal") for matcher in matchers):
        return None
    labels = ",".join(f'{m.name}="{m.value}"' for m in sorted(matchers, key=lambda m: str(m.name)))
    return f"{selector.name}{{{labels}}}" if labels else str(selector.name)


__all__ = ["QueryError", "alert_rule"]
