"""What a command does to the firm, judged by program, sub-command and the words in names."""

from __future__ import annotations

import pytest

from drills.actions import ACTIONS
from drills.runbook.commands import meaning
from drills.runbook.names import looks_like_command, named_action


@pytest.mark.parametrize(
    ("command", "actions", "effect"),
    [
        ("kubectl scale deployment bot --replicas=0 -n desk", ("stop_system",), "mutate"),
        ('kubectl patch deployment bot -p \'{"spec":{"replicas":0}}\'', ("stop_system",), "mutate"),
        ("kubectl scale deployment bot --replicas=1", ("start_system",), "mutate"),
        ("kubectl scale deployment/api --replicas=5", ("scale_up",), "mutate"),
        ("kubectl rollout undo deployment/bot", ("rollback",), "mutate"),
        ("kubectl rollout restart deployment/trading-system", ("restart",), "mutate"),
        ("kubectl rollout restart deployment/api-service", ("restart_service",), "mutate"),
        ("kubectl rollout status deployment/api-service", ("verify_health",), "read"),
        ("kubectl top nodes", ("look_resources",), "read"),
        ("kubectl exec -it bot-0 -- curl -X POST http://localhost/api/close-all-positions", ("flatten",), "mutate"),
        ("curl -X POST https://api.desk/v1/admin/pause-all -H 'Auth: x'", ("halt",), "mutate"),
        ("curl -X DELETE https://broker/v2/orders", ("cancel_orders",), "mutate"),
        ("curl -X DELETE https://broker/v2/positions", ("flatten",), "mutate"),
        ("curl -d '{}' http://bot/api/safe-mode", ("safe_mode",), "mutate"),
        ("curl -s https://api.broker.com/health", ("look_broker",), "read"),
        ("curl 'http://prom:9090/api/v1/query?query=trading_drawdown'", ("look_account",), "read"),
        ("docker restart ib-gateway", ("reconnect",), "mutate"),
        ("docker compose up -d", ("start_system",), "mutate"),
        ("systemctl restart traderunner-broker", ("reconnect",), "mutate"),
        ("systemctl stop traderunner", ("stop_system",), "mutate"),
        ("sudo systemctl restart redis", ("restart_service",), "mutate"),
        ("service bot status", ("look_status",), "read"),
        ("psql -c 'SELECT symbol FROM trades'", ("look_orders",), "read"),
        ("psql -c 'SELECT pg_terminate_backend(42)'", ("kill_query",), "mutate"),
        ("psql -c 'SELECT count(*) FROM pg_stat_activity'", ("look_database",), "read"),
        ("redis-cli INFO memory", ("look_database",), "read"),
        ("python -c 'a.cancel_all_orders(); a.close_position(1)'", ("cancel_orders", "flatten"), "mutate"),
        ("python -c 'KillSwitches().reset_halt(1)'", ("reset_halt",), "mutate"),
        ("python -m desk.tools.reconcile_positions", ("reconcile",), "mutate"),
        ("./scripts/emergency_stop.sh", ("halt",), "mutate"),
        ("make data:fetch", ("refetch_data",), "mutate"),
        ("make data:validate", ("verify_data",), "read"),
        ("git checkout v1.0-stable", ("rollback",), "mutate"),
        ("git log --oneline -20", ("look_deploys",), "read"),
        ("tail -50 logs/trading.log | grep ERROR", ("look_logs",), "read"),
        ("cat state/positions.json", ("look_positions",), "read"),
        ("ssh desk1 'systemctl stop bot'", ("stop_system",), "mutate"),
        ("bash -c 'deskctl halt'", ("halt",), "mutate"),
        ("deskctl orders cancel --all", ("cancel_orders",), "mutate"),
        ("deskctl logs --grep 'kill switch'", ("look_logs",), "read"),
        ("Restart-Service TradingBot", ("restart",), "mutate"),
        ("cd /opt/bot", (), "read"),
        ("set -euo pipefail", (), "read"),
        ("frobnicate --hard", (), "unknown"),
    ],
)
def test_a_command(command: str, actions: tuple[str, ...], effect: str) -> None:
    assert meaning(command, "bash")[:2] == (actions, effect)


def test_the_title_speaks_where_the_command_does_not() -> None:
    assert meaning("./x.sh", "bash", "Cancel all orders").actions == ("cancel_orders",)
    assert meaning("kubectl logs gw | grep BLOCKED", "bash", "Verify no new orders are placed").actions == (
        "verify_halted",
    )


@pytest.mark.parametrize(
    "command", ["tail -f bot.log", "kubectl logs x -f", "watch -n 5 date", "journalctl -fu bot", "top", "ping broker"]
)
def test_commands_that_never_return(command: str) -> None:
    assert meaning(command, "bash").blocking


@pytest.mark.parametrize("command", ["tail -5 bot.log", "ping -c 3 broker", "top -b -n 1", "kubectl logs x --tail=5"])
def test_commands_that_do(command: str) -> None:
    assert not meaning(command, "bash").blocking


def test_a_whole_script_is_judged_by_what_it_calls() -> None:
    script = "#!/bin/bash\nset -e\n# stops everything\ncurl -X POST http://bot/halt\n./flatten_all.sh\n"
    assert meaning(script, "bash").actions == ("halt", "flatten")


@pytest.mark.parametrize("line", ["kubectl get pods", "./halt.sh", "PGPASSWORD=x psql -c 'select 1'", "make restart"])
def test_lines_that_are_typed(line: str) -> None:
    assert looks_like_command(line)


@pytest.mark.parametrize(
    "line", ["logs/trade_audit.csv", "is_halted = True", "docs/incidents/", "host", "Find out why."]
)
def test_lines_that_are_not(line: str) -> None:
    assert not looks_like_command(line)


def test_every_named_action_is_in_the_vocabulary() -> None:
    names = ["emergency_stop", "resetHalt", "data-fetch", "rollback.sh", "verify_flat", "notify_desk", "restore_state"]
    assert {named_action(name) for name in names} <= set(ACTIONS)
