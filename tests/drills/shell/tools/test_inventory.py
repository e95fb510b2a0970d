"""What teams call their things: the naming derived from commands, in three languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.shell.inventory import Inventory, derive, same_metric
from drills.shell.mentions import mentions
from drills.shell.naming import assign, base_name, guess
from drills.shell.tools.web import hosts


def of(*commands: str) -> Inventory:
    return derive(
        commands=[(text, line) for line, text in enumerate(commands, start=1)], metrics=["trading_drawdown_pct"]
    )


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("quant-trader", "trading-system"), ("trading_bot", "trading-system"), ("handelssystem", "trading-system"),
        ("motor-de-estrategias", "trading-system"), ("api-service", "trading-system"), ("order-router",
        "execution-gateway"),
        ("traderunner-broker", "execution-gateway"), ("ausführung", "execution-gateway"), ("ejecucion",
        "execution-gateway"),
        ("ib-gateway", "execution-gateway"), ("data-ingestion", "market-data"), ("marktdaten-feed", "market-data"),
        ("datos-mercado", "market-data"), ("postgres-0", "postgres"), ("timescaledb", "postgres"), ("trading-db",
        "postgres"),
        ("datenbank", "postgres"), ("redis-master-0", "redis"), ("cache", "redis"), ("prometheus", "monitoring"),
    ],
)  # fmt: skip
def test_a_name_means_a_part_of_the_firm(name: str, here: str) -> None:
    found = guess(name)
    assert found is not None
    assert found.here == here


@pytest.mark.parametrize(
    "name", ["calibration-service", "risk-engine", "nginx", "grafana-agent-x7", "xyz", "report-api"]
)
def test_a_service_that_this_firm_lacks_is_no_other_name_for_one_it_has(name: str) -> None:
    found = guess(name)
    assert found is None or found.here == "monitoring"


def test_of_two_names_for_one_part_the_better_keeps_it() -> None:
    assigned = assign(["api", "trading-bot", "strategy-runner"])
    assert [name for name, found in assigned.items() if found is not None] == ["trading-bot"]


@pytest.mark.parametrize(
    ("name", "base"),
    [("postgres-0", "postgres"), ("bot.service", "bot"), ("api-7d9c6bf4d9-x2x9p", "api"), ("trading-system-pod",
    "trading-system"),
     ("run_bot.py", "run_bot"), ("market-data", "market-data")],
)  # fmt: skip
def test_ends_of_names_are_taken_off(name: str, base: str) -> None:
    assert base_name(name) == base


def test_the_naming_of_a_cluster() -> None:
    naming = of(
        "kubectl get pods -n production -l app=order-router",
        "kubectl scale deployment/quant-trader --replicas=0 -n production",
        "kubectl exec -it postgres-0 -- psql -d quant -c 'select 1'",
        "kubectl logs -n data deploy/feed-handler -c feed",
        "kubectl rollout restart deployment/calibration -n production",
    )  # fmt: skip
    assert naming.services["order-router"] == "execution-gateway"
    assert naming.services["quant-trader"] == "trading-system"
    assert naming.services["calibration"] == "calibration"
    assert naming.extra_workloads() == ["calibration"]
    assert (naming.default_namespace, naming.namespace_of("feed-handler")) == ("production", "data")
    assert naming.pods["postgres-0"] == "postgres"
    assert naming.databases == ("quant",)
    rows = {(row.kind, row.name): row for row in naming.rows}
    assert rows["deployment", "calibration"].assumed
    assert "line 3 names no namespace" in rows["namespace", "postgres-0"].why
    assert rows["deployment", "quant-trader"].here == "trading-system"


def test_containers_units_processes_hosts_and_metrics() -> None:
    naming = of(
        "docker restart trading_bot", "sudo systemctl restart traderunner-broker", "ps aux | grep run_paper_trading",
        "curl -s http://prometheus:9090/api/v1/query?query=trading_drawdown_percentage", "curl https://api.broker.com/v1/status",
        "grep ORDER_BLOCKED logs/x.log", "watch -n 60 'curl -s http://trading-system:8080/api/status'",
    )  # fmt: skip
    assert naming.containers == {"trading_bot": "trading-system"}
    assert naming.units == {"traderunner-broker": "execution-gateway"}
    assert naming.processes == {"run_paper_trading": "trading-system"}
    assert naming.metrics == {"trading_drawdown_percentage": "trading_drawdown_pct"}
    assert naming.hosts == {
        "prometheus:9090": "prometheus", "api.broker.com": "broker", "trading-system:8080": "firm",
    }  # fmt: skip


def test_a_redirection_is_no_name() -> None:
    naming = of("docker logs --tail 100 trading_bot 2>&1 | grep -i error", "docker stop feed_handler > /tmp/out")
    assert naming.containers == {"trading_bot": "trading-system", "feed_handler": "market-data"}


def test_without_a_runbook_the_worlds_own_names_serve() -> None:
    naming = Inventory()
    assert naming.services["trading-system"] == "trading-system"
    assert naming.extra_workloads() == []


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost:9090", "prometheus"), ("localhost:8080", "localhost"), ("hooks.slack.com", "notify"), ("redis",
    "redis"),
     ("status.alpaca.markets", "broker-status"), ("paper-api.alpaca.markets", "broker"), ("alertmanager:9093",
     "alertmanager"),
     ("api.trading.example.com", "firm"), ("eodhd.com", "data-provider"), ("wiki.acme.io", ""), ("8.8.8.8", "internet"),
     ("postgres.prod.svc.cluster.local", "postgres")],
)  # fmt: skip
def test_a_host_is_answered_by(host: str, here: str) -> None:
    assert hosts.what_answers(host, Inventory()) == here


def test_metrics_are_the_same_by_their_words() -> None:
    known = ["trading_drawdown_pct", "feed_age_s"]
    assert same_metric("trading_drawdown_percentage", known) == "trading_drawdown_pct"
    assert same_metric("feed_age_seconds", known) == "feed_age_s"
    assert same_metric("market_volatility", known) == ""


def test_manifests_of_a_repository_name_their_deployments(tmp_path: Path) -> None:
    (tmp_path / "k8s.yaml").write_text(
        "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: alpha-engine, namespace: live}\n---\nkind: ConfigMap\n"
        "metadata: {name: alpha-config}\n", encoding="utf-8")  # fmt: skip
    (tmp_path / "broken.yaml").write_text("kind: [", encoding="utf-8")
    naming = derive(repo=tmp_path)
    assert naming.services["alpha-engine"] == "trading-system"
    assert naming.namespaces["alpha-engine"] == "live"
    assert naming.config_maps == ("alpha-config",)


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_scanned_without_a_crash(text: str) -> None:
    mentions([(text, 1), (f"kubectl exec {text}", 2), (f"curl {text}", 3)])
