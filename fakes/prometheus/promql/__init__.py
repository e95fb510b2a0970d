"""PromQL: promql-parser reads an expression, this package evaluates it on any source of series.

Follows Prometheus 2.x (ranges closed at both ends, five minutes of look-back). Start at `evaluator`.
"""
