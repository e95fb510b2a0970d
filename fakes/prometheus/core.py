"""The HTTP API of Prometheus: queries, rules, alerts, targets. One core for virtual time and for live drills.

`handle(request) -> response`, as every core here; the clock is the World's. Errors are worded as Prometheus
words them: 400 `bad_data` for what does not parse, 422 `execution` for what cannot be evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from fakes.prometheus.promql.aggregation import number
from fakes.prometheus.promql.evaluator import Evaluator, parse
from fakes.prometheus.promql.values import NAME, QueryError, Sample
from fakes.prometheus.source import MonitoredSeries, unix_text
from sim.actors.http import Request, Response, plain_error
from sim.alerts import AlertRule
from sim.clock import SECOND, Clock
from sim.monitoring import Monitoring
from sim.network import BrokerError

HOSTS = ("prometheus", "prometheus.monitoring", "localhost:9090")
_DURATION = re.compile(r"(?:\d+(?:ms|s|m|h|d|w|y))+")
_PART = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class PrometheusCore:
    """Answers for one World's monitoring."""

    def __init__(self, monitoring: Monitoring, clock: Clock, aliases: Mapping[str, str] | None = None) -> None:
        """`aliases` are the metric names that a team uses for what is monitored here."""
        self._monitoring, self._clock, self._aliases = monitoring, clock, aliases or {}
        self._epoch_us = round(clock.epoch.timestamp() * SECOND)
        self._routes: dict[str, Callable[[dict[str, str]], Any]] = {
            "query": self._query, "query_range": self._query_range, "alerts": self._alerts, "rules": self._rules,
            "targets": self._targets, "labels": self._label_names, "series": self._find_series,
            "status/buildinfo": lambda _: {"version": "2.42.0"},
        }  # fmt: skip

    def endpoint(self, request: Request) -> str:
        """Faults of the broker's path do not know it."""
        return "other"

    def error(self, error: BrokerError, request: Request) -> Response:
        """Of a path that Prometheus is not on."""
        return plain_error(error)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path in ("/-/healthy", "/-/ready"):
            word = "Healthy" if request.path.endswith("healthy") else "Ready"
            return Response.of_text(f"Prometheus Server is {word}.\n")
        if not request.path.startswith("/api/v1/"):
            return Response.of_text("404 page not found\n", 404)
        what = request.path.removeprefix("/api/v1/").rstrip("/")
        named = re.fullmatch(r"label/([^/]+)/values", what)
        try:
            if named:
                return _success(self._label_values(named.group(1)))
            if what not in self._routes:
                return Response.of_text("404 page not found\n", 404)
            return _success(self._routes[what](_parameters(request)))
        except QueryError as error:
            return _failure(error)

    # Queries

    def evaluator(self) -> Evaluator:
        """PromQL on what is monitored now."""
        return Evaluator(MonitoredSeries(self._monitoring, self._aliases), lambda t_us: t_us + self._epoch_us)

    def _query(self, given: dict[str, str]) -> Any:
        text, t_us = self._text(given), self._time(given, "time", self._clock.now_us)
        tree = parse(text)
        stamp = unix_text(t_us + self._epoch_us)
        if type(tree).__name__ in ("MatrixSelector", "SubqueryExpr"):
            found = self.evaluator().matrix(text, t_us)
            return {
                "resultType": "matrix",
                "result": [
                    {"metric": w.labels, "values": self._points(zip(w.times_us, w.values, strict=True))} for w in found
                ],
            }
        value = self.evaluator().query(text, t_us)
        if isinstance(value, str):
            return {"resultType": "string", "result": [stamp, value]}
        if isinstance(value, float):
            return {"resultType": "scalar", "result": [stamp, number(value)]}
        return {"resultType": "vector", "result": [_element(sample, stamp) for sample in value]}

    def _query_range(self, given: dict[str, str]) -> Any:
        text = self._text(given)
        start_us, end_us = (self._time(given, name, None) for name in ("start", "end"))
        if end_us < start_us:
            raise QueryError('invalid parameter "end": end timestamp must not be before start time', "bad_data")
        step_us = _step_us(given.get("step", ""))
        found = self.evaluator().query_range(text, start_us, end_us, step_us)
        return {
            "resultType": "matrix",
            "result": [{"metric": labels, "values": self._points(points)} for labels, points in found],
        }

    def _points(self, points: Any) -> list[list[Any]]:
        return [[unix_text(t_us + self._epoch_us), number(value)] for t_us, value in points]

    def _text(self, given: dict[str, str]) -> str:
        text = given.get("query", "")
        if not text.strip():
            raise QueryError('invalid parameter "query": 1:1: parse error: no expression found in input', "bad_data")
        return text

    def _time(self, given: dict[str, str], name: str, default: int | None) -> int:
        """A time of the request, as virtual microseconds."""
        text = given.get(name, "")
        if not text and default is not None:
            return default
        try:
            return round(float(text) * SECOND) - self._epoch_us
        except (ValueError, OverflowError):
            pass
        try:
            moment = datetime.fromisoformat(text)
            return self._clock.us_at(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except ValueError:
            problem = f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp'
            raise QueryError(problem, "bad_data") from None

    # What there is

    def _alerts(self, given: dict[str, str]) -> Any:
        return {
            "alerts": [
                self._alert(rule, series, since_us, firing)
                for rule, series, since_us, firing in self._monitoring.active()
            ]
        }

    def _alert(self, rule: AlertRule, series: str, since_us: int, firing: bool) -> dict[str, Any]:
        labels = {"alertname": rule.name, "severity": rule.severity, **_labels_of(series)}
        return {
            "labels": labels, "annotations": {"summary": rule.summary}, "state": "firing" if firing else "pending",
            "activeAt": self._clock.utc(since_us).isoformat().replace("+00:00", "Z"),
            "value": number(self._monitoring.query(series)),
        }  # fmt: skip

    def _rules(self, given: dict[str, str]) -> Any:
        active = self._monitoring.active()
        rules = []
        for rule in self._monitoring.rules:
            own = [self._alert(*each) for each in active if each[0] is rule]
            state = "firing" if any(a["state"] == "firing" for a in own) else "pending" if own else "inactive"
            rules.append(
                {
                    "name": rule.name,
                    "query": expression_of(rule),
                    "duration": rule.for_us / SECOND,
                    "state": state,
                    "labels": {"severity": rule.severity},
                    "annotations": {"summary": rule.summary},
                    "alerts": own,
                    "health": "ok",
                    "type": "alerting",
                }
            )
        interval_s = self._monitoring.interval_us / SECOND
        return {"groups": [{"name": "trading", "file": "rules.yml", "interval": interval_s, "rules": rules}]}

    def _targets(self, given: dict[str, str]) -> Any:
        jobs = [dict(series.labels).get("job", "") for series in self._monitoring.series if series.name == "up"]
        scraped_us = self._monitoring.last_scrape_us
        active = []
        for job in jobs:
            up = self._monitoring.query(f'up{{job="{job}"}}') == 1.0
            active.append(
                {
                    "labels": {"job": job},
                    "scrapePool": job,
                    "health": "up" if up else "down",
                    "lastError": "" if up else "connect: connection refused",
                    "lastScrape": None if scraped_us is None else self._clock.utc(scraped_us).isoformat(),
                }
            )
        return {"activeTargets": active, "droppedTargets": []}

    def _label_names(self, given: dict[str, str]) -> list[str]:
        source = MonitoredSeries(self._monitoring, self._aliases)
        return sorted({name for labels in source.series() for name in labels})

    def _label_values(self, label: str) -> list[str]:
        source = MonitoredSeries(self._monitoring, self._aliases)
        return sorted({labels[label] for labels in source.series() if label in labels})

    def _find_series(self, given: dict[str, str]) -> list[dict[str, str]]:
        wanted = given.get("match[]", "")
        if not wanted:
            raise QueryError("no match[] parameter provided", "bad_data")
        value = self.evaluator().query(wanted, self._clock.now_us)
        return [sample.labels for sample in value] if isinstance(value, list) else []


def expression_of(rule: AlertRule) -> str:
    """A rule of this World as PromQL."""
    if rule.change == "value":
        left = rule.metric
    else:
        left = f"{rule.change}({rule.metric}[{rule.window_us // SECOND}s])"
    return f"{left} {rule.op} {number(rule.threshold)}"


def _labels_of(series: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', series))


def _element(sample: Sample, stamp: float | int) -> dict[str, Any]:
    name = {NAME: sample.labels[NAME]} if NAME in sample.labels else {}
    rest = {key: value for key, value in sorted(sample.labels.items()) if key != NAME}
    return {"metric": {**name, **rest}, "value": [stamp, number(sample.value)]}


def _parameters(request: Request) -> dict[str, str]:
    given = request.query
    if request.method == "POST" and request.body:
        given |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return given


def _step_us(text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        if not _DURATION.fullmatch(text):
            problem = f'invalid parameter "step": cannot parse "{text}" to a valid duration'
            raise QueryError(problem, "bad_data") from None
        seconds = sum(int(count) * _UNIT_S[unit] for count, unit in _PART.findall(text))
    if not 0 < seconds < 1e9:
        problem = "zero or negative query resolution step widths are not accepted. Try a positive integer"
        raise QueryError(f'invalid parameter "step": {problem}', "bad_data")
    return round(seconds * SECOND)


def _success(data: Any) -> Response:
    return Response.of_json({"status": "success", "data": data})


def _failure(error: QueryError) -> Response:
    status = 400 if error.kind == "bad_data" else 422
    return Response.of_json({"status": "error", "errorType": error.kind, "error": str(error)}, status)
