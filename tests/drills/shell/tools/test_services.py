"""Containers, units and processes: what stops and starts the firm's services, and what a list of processes shows."""

from __future__ import annotations

import json

import pytest

from sim.clock import SECOND
from sim.network import Verdict
from tests.drills.shell.tools.naming_desk import actions, failed, findings, typist


def test_a_container_is_restarted_under_the_name_that_the_runbook_uses() -> None:
    who = typist("docker restart trading_bot", "docker logs pg_main")
    before = who.world.cluster["trading-system"].incarnations
    assert who.out("docker restart trading_bot") == "trading_bot\n"
    who.hands.firm.run(30)
    assert who.world.cluster["trading-system"].incarnations == before + 1
    assert actions(who) == ["restart"]
    failed(who.type("docker restart nobody"), 1, "Error response from daemon: No such container: nobody")
    failed(who.type("docker frobnicate"), 1, "is not a docker command")


def test_a_stopped_container_is_listed_with_all_only() -> None:
    who = typist("docker stop trading_bot")
    who.out("docker stop trading_bot")
    assert not who.world.trading.up
    assert "trading_bot" not in who.out("docker ps")
    assert "Exited" in who.out("docker ps -a --filter name=trading_bot --format '{{.Names}} {{.Status}}'")
    assert who.out("docker inspect -f '{{.State.Running}}' trading_bot") == "false\n"
    failed(who.type("docker exec trading_bot ls"), 1, "is not running")
    who.out("docker start trading_bot")
    who.hands.firm.run(20)
    assert who.world.trading.up
    assert actions(who) == ["stop_system", "start_system"]


def test_exec_enters_the_containers_own_machine() -> None:
    who = typist("docker exec pg_main psql", "docker exec trading_bot curl")
    assert "(1 row)" in who.out('docker exec pg_main psql -U postgres -c "SELECT 1"')
    assert '"status":"ok"' in who.out("docker exec -it trading_bot curl -s localhost:8080/health")
    assert who.type("docker exec trading_bot bash -c 'exit 4'").code == 4


def test_compose_brings_everything_down_and_up() -> None:
    who = typist("docker compose restart bot")
    who.out("docker compose down")
    assert not who.world.trading.up
    assert not who.world.cluster.serving("postgres")
    who.out("docker compose up -d")
    who.hands.firm.run(60)
    assert who.world.trading.up
    assert who.world.cluster.ready("postgres")
    assert "foreground" in who.type("docker compose up").not_here[0]
    failed(who.type("docker-compose restart nobody"), 1, "no such service: nobody")


def test_memory_of_a_container_is_shown_and_raised() -> None:
    who = typist("docker stats bot")
    assert "180.0MiB / 512MiB" in who.out("docker stats --no-stream")
    who.out("docker update --memory 1g bot")
    assert who.world.cluster["trading-system"].revision.limit_mib == 1024
    assert json.loads(who.out("docker inspect bot"))[0]["HostConfig"]["Memory"] == 2**30


def test_units_have_systemds_exit_codes() -> None:
    who = typist("systemctl restart traderunner", "systemctl restart traderunner-broker")
    assert who.out("systemctl is-active traderunner") == "active\n"
    assert "active (running)" in who.out("systemctl status traderunner")
    who.out("systemctl stop traderunner")
    assert (who.type("systemctl is-active traderunner").out, who.type("systemctl status traderunner").code) == (
        "inactive\n",
        3,
    )
    assert who.type("systemctl status nosuch").code == 4
    failed(who.type("systemctl restart nosuch"), 5, "Unit nosuch.service not found")
    who.out("sudo systemctl start traderunner.service")
    who.hands.firm.run(20)
    assert who.world.trading.up
    assert actions(who) == ["stop_system", "start_system"]


def test_restarting_the_broker_connector_logs_in_again() -> None:
    who = typist("systemctl restart traderunner-broker")
    heal = who.hands.firm.rule(Verdict(hang=True))
    who.hands.firm.run(60)
    assert not who.world.connection.connected
    heal()
    who.out("systemctl restart traderunner-broker")
    assert who.world.connection.connected
    assert "reconnect" in actions(who)


def test_a_service_that_crashed_for_good_has_failed() -> None:
    who = typist("service trader status", faults=[{"kind": "process_crash", "stays_down": True}])
    assert who.type("systemctl is-failed trader").code == 0
    assert "failed (Result: exit-code)" in who.type("systemctl status trader").out
    assert "trader.service" in who.out("systemctl list-units --failed")
    who.out("service trader restart")
    who.hands.firm.run(20)
    assert who.world.trading.up
    failed(who.type("service nosuch restart"), 1, "unrecognized service")


def test_the_journal_is_that_of_the_unit() -> None:
    who = typist("journalctl -u trader")
    who.hands.firm.soon(lambda: who.world.trading.halt("drawdown", by="test"))
    who.hands.firm.run(1)
    assert "KILL SWITCH TRIGGERED" in who.out("journalctl -u trader -n 1 --no-pager")
    assert "KILL SWITCH" in who.out("journalctl -u trader -p crit --since '5 minutes ago'")
    assert who.out("journalctl -u nosuch") == "-- No entries --\n"
    outcome = who.type("journalctl -fu trader", observe_us=5 * SECOND)
    assert outcome.statements[0].observed


def test_supervisor_shows_and_restarts() -> None:
    who = typist("supervisorctl restart bot")
    assert "RUNNING" in who.out("supervisorctl status bot")
    assert who.out("supervisorctl restart bot") == "bot: stopped\nbot: started\n"
    assert who.type("supervisorctl status nosuch").code == 4


def test_a_search_in_the_list_of_processes_always_finds_itself() -> None:
    text = "ps aux | grep run_paper_trading"
    who = typist(text)
    assert [line.split()[-2:] for line in who.out(text).splitlines()] == [
        ["python", "run_paper_trading.py"], ["grep", "run_paper_trading"],
    ]  # fmt: skip
    who.hands.firm.soon(lambda: who.world.cluster.stop("trading-system"))
    who.hands.firm.run(5)
    outcome = who.type(text)
    assert outcome.code == 0, "the runbook takes this for a running bot"
    assert outcome.out.split()[-2:] == ["grep", "run_paper_trading"]
    assert who.type("ps aux | grep '[r]un_paper_trading'").code == 1
    assert who.type("pgrep -f run_paper_trading").code == 1


def test_a_killed_process_is_started_again_by_its_supervisor() -> None:
    who = typist("pkill -f run_bot")
    pid = who.out("pgrep -f run_bot").strip()
    who.out("kill -9 " + pid)
    assert not who.world.trading.up
    who.hands.firm.run(60)
    assert who.world.trading.up
    assert who.out("pgrep -f run_bot").strip() != pid
    failed(who.type("kill 99999"), 1, "No such process")
    assert who.type("pkill -f nothing_like_this").code == 1


def test_a_broad_pattern_ends_more_than_the_bot() -> None:
    who = typist("pkill -f python")
    who.type("pkill -f python")
    assert findings(who) == ["broad_kill"]


def test_names_ports_and_paths() -> None:
    who = typist("ping api.broker.com")
    assert "0% packet loss" in who.out("ping -c 2 api.broker.com")
    assert "succeeded" in who.type("nc -zv postgres 5432").err
    assert who.out("dig +short redis").startswith("10.43.")
    assert ":5432" in who.out("ss -tlnp")
    who.hands.firm.rule(Verdict(hang=True))
    assert who.type("ping -c 2 api.broker.com").code == 1
    assert "* * *" in who.out("traceroute api.broker.com")
    failed(who.type("nc -zv -w 3 api.broker.com 443"), 1, "timed out")
    who.hands.firm.soon(lambda: who.world.cluster.stop("postgres"))
    who.hands.firm.run(3)
    failed(who.type("nc -zv postgres 5432"), 1, "Connection refused")
    assert who.type("ping -c1 nobody.acme.io").not_here


@pytest.mark.parametrize(
    "text", ["docker run -it x", "terraform apply", "aws ec2 reboot-instances", "systemctl edit trader"]
)
def test_what_is_outside_of_the_firm_is_not_here(text: str) -> None:
    assert typist("systemctl status trader").type(text).not_here
