"""The interfaces of Prometheus and Alertmanager on a running World, and rules written for one in the other."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from fakes.prometheus.alertmanager import AlertmanagerCore
from fakes.prometheus.core import PrometheusCore, expression_of
from fakes.prometheus.promql.values import QueryError
from fakes.prometheus.rules import alert_rule
from sim.actors.http import Request
from sim.alerts import AlertRule
from sim.clock import MINUTE, SECOND
from tests.sim.worlds import Firm


class Asking:
    """A monitored firm and somebody who asks its Prometheus."""

    def __init__(self) -> None:
        self.firm = Firm(monitored=True)
        self.world = self.firm.world
        self.core = PrometheusCore(
            self.world.monitoring, self.world.clock, {"drawdown_percentage": "trading_drawdown_pct"}
        )
        self.firm.run(60)

    def ask(self, path: str, status: int = 200, method: str = "GET", **parameters: Any) -> Any:
        query = urlencode(parameters)
        if method == "POST":
            response = self.core.handle(Request("POST", f"/api/v1/{path}", {}, query.encode()))
        else:
            response = self.core.handle(Request("GET", f"/api/v1/{path}?{query}", {}))
        assert response.status == status, response.body
        return json.loads(response.body)

    def now_s(self) -> float:
        return self.world.clock.utc().timestamp()


def test_a_query_answers_with_the_scraped_value_at_the_time_of_day() -> None:
    asking = Asking()
    data = asking.ask("query", query="trading_equity")["data"]
    (element,) = data["result"]
    assert (data["resultType"], element["metric"]) == ("vector", {"__name__": "trading_equity"})
    assert element["value"][0] == pytest.approx(asking.now_s(), abs=0.001)
    assert float(element["value"][1]) == asking.world.monitoring.last("trading_equity")
    assert asking.ask("query", method="POST", query="trading_equity")["data"]["result"] == data["result"]


def test_a_metric_is_found_under_the_name_that_a_team_uses() -> None:
    (element,) = Asking().ask("query", query="drawdown_percentage")["data"]["result"]
    assert element["metric"] == {"__name__": "drawdown_percentage"}


def test_what_nobody_exports_is_an_empty_vector() -> None:
    assert Asking().ask("query", query="market_volatility")["data"] == {"resultType": "vector", "result": []}


def test_numbers_texts_and_ranges_have_their_own_shapes() -> None:
    asking = Asking()
    assert asking.ask("query", query="1 / 0")["data"]["result"][1] == "+Inf"
    assert asking.ask("query", query="'x'")["data"]["resultType"] == "string"
    (series,) = asking.ask("query", query="trading_up[1m]")["data"]["result"]
    assert [value for _, value in series["values"]] == ["1"] * len(series["values"])
    assert len(series["values"]) >= 4


def test_a_range_query_gives_one_point_a_step() -> None:
    asking = Asking()
    end = asking.now_s()
    (series,) = asking.ask("query_range", query="trading_up", start=end - 30, end=end, step="15s")["data"]["result"]
    assert len(series["values"]) == 3
    assert asking.ask("query_range", 400, query="up", start=end, end=end - 1, step=1)["errorType"] == "bad_data"
    assert asking.ask("query_range", 400, query="up", start=end, end=end, step=0)["errorType"] == "bad_data"
    assert asking.ask("query_range", 400, query="up", start="x", end=end, step=1)["errorType"] == "bad_data"


def test_errors_have_prometheus_kinds_and_statuses() -> None:
    asking = Asking()
    assert asking.ask("query", 400, query="sum(")["errorType"] == "bad_data"
    assert asking.ask("query", 400, query="")["errorType"] == "bad_data"
    assert asking.ask("query", 422, query="workload_ready / on () workload_ready")["errorType"] == "execution"
    assert asking.core.handle(Request("GET", "/api/v1/nosuch", {})).status == 404
    assert asking.core.handle(Request("GET", "/-/healthy", {})).status == 200


def test_rules_alerts_and_targets_show_the_firms_state() -> None:
    asking = Asking()
    assert asking.ask("alerts")["data"]["alerts"] == []
    asking.firm.soon(lambda: asking.world.trading.halt("loss", by="test"))
    asking.firm.soon(lambda: asking.world.cluster.stop("market-data"))
    asking.firm.run(20)
    assert {a["labels"]["alertname"]: a["state"] for a in asking.ask("alerts")["data"]["alerts"]} == {
        "TradingHalted": "firing", "KillSwitchFired": "firing", "JobDown": "pending", "WorkloadNotReady": "pending",
    }  # fmt: skip
    (group,) = asking.ask("rules")["data"]["groups"]
    assert {rule["name"]: rule["state"] for rule in group["rules"]}["TradingHalted"] == "firing"
    health = {t["labels"]["job"]: t["health"] for t in asking.ask("targets")["data"]["activeTargets"]}
    assert (health["market-data"], health["trading-system"]) == ("down", "up")
    assert "workload" in asking.ask("labels")["data"]
    assert "postgres" in asking.ask("label/workload/values")["data"]
    assert asking.ask("series", **{"match[]": "trading_up"})["data"] == [{"__name__": "trading_up"}]


def test_a_late_monitoring_shows_the_past() -> None:
    asking = Asking()
    asking.firm.soon(lambda: asking.world.monitoring.delay(5 * MINUTE))
    asking.firm.soon(lambda: asking.world.trading.halt("loss", by="test"))
    asking.firm.run(120)
    assert asking.ask("query", query="trading_halted")["data"]["result"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trading_drawdown_percentage > 5", "trading_drawdown_pct > 5"),
        ("5 < trading_drawdown_percentage", "trading_drawdown_pct > 5"),
        ("increase(trading_drawdown_percentage[30m]) > 5", "increase(trading_drawdown_pct[1800s]) > 5"),
        ('up{job="market-data"} == 0', 'up{job="market-data"} == 0'),
        ("(feed_age_s) >= (60)", "feed_age_s >= 60"),
        ("delta(trading_equity[5m]) < -1000", "delta(trading_equity[300s]) < -1000"),
    ],
)
def test_a_written_rule_says_the_same_here(text: str, expected: str) -> None:
    rule = alert_rule(
        {"alert": "X", "expr": text, "for": "5m"}, {"trading_drawdown_percentage": "trading_drawdown_pct"}
    )
    assert rule is not None
    assert (expression_of(rule), rule.for_us) == (expected, 5 * MINUTE)


@pytest.mark.parametrize(
    "text", ["sum(rate(a[5m])) > 1", "a > b", "a offset 5m > 1", 'a{x=~"y"} > 1', "avg_over_time(a[5m]) > 1", "a"]
)
def test_a_rule_that_cannot_be_said_here_is_none(text: str) -> None:
    assert alert_rule({"alert": "X", "expr": text}, {}) is None


def test_a_rule_that_does_not_parse_is_refused() -> None:
    with pytest.raises(QueryError):
        alert_rule({"alert": "X", "expr": "sum("}, {})
    with pytest.raises(ValueError, match="duration"):
        alert_rule({"alert": "X", "expr": "a > 1", "for": "soon"}, {})


def test_a_rule_added_while_it_runs_fires_and_the_others_go_on() -> None:
    asking = Asking()
    asking.firm.soon(lambda: asking.world.trading.set_safe_mode(True, by="test"))
    asking.firm.run(20)
    rules = [AlertRule("Extra", "trading_safe_mode", ">", 0, 20 * SECOND), AlertRule("Lost", "nosuch", ">", 0)]
    assert asking.world.monitoring.adopt_rules(rules) == ["Lost"]
    asking.firm.run(60)
    assert {alert.name for alert in asking.world.monitoring.firing()} == {"SafeMode", "Extra"}


def test_silences_are_made_shown_and_ended() -> None:
    asking = Asking()
    core = AlertmanagerCore(asking.world.monitoring, asking.world.pager, asking.world.clock)

    def post(body: Any) -> tuple[int, Any]:
        response = core.handle(Request("POST", "/api/v2/silences", {}, json.dumps(body).encode()))
        return response.status, json.loads(response.body)

    matcher = {"name": "severity", "value": "warn.*", "isRegex": True}
    assert post({"matchers": [], "endsAt": "2026-03-11T00:00:00Z"})[0] == 400
    assert post({"matchers": [matcher], "endsAt": "2020-01-01T00:00:00Z"})[0] == 400
    assert post({"matchers": [matcher], "endsAt": "sometime"})[0] == 400
    status, answer = post({"matchers": [matcher], "endsAt": "2026-03-11T00:00:00Z"})
    assert status == 200
    asking.firm.soon(lambda: asking.world.trading.set_safe_mode(True, by="test"))
    asking.firm.run(20)
    (alert,) = json.loads(core.handle(Request("GET", "/api/v2/alerts", {})).body)
    assert alert["status"] == {"state": "suppressed", "silencedBy": [answer["silenceID"]]}
    assert core.handle(Request("DELETE", f"/api/v2/silence/{answer['silenceID']}", {})).status == 200
    (shown,) = json.loads(core.handle(Request("GET", "/api/v2/silences", {})).body)
    assert shown["status"]["state"] == "expired"
    assert core.handle(Request("GET", "/api/v2/silence/nosuch", {})).status == 404
