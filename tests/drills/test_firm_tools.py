"""A script that acts on the firm by its own programs: containers, units, pods, processes; and tells people."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.executable import Executable
from sim.clock import MINUTE
from sim.config import WorldConfig
from sim.history import History
from sim.world import World
from tests.sim.lockstep.exec_kit import script
from tests.sim.worlds import QUIET

START_S = 60


def ran(project: Path, source: str, isolation: str = "auto", until_us: int = 20 * MINUTE) -> tuple[World, History]:
    """A World in which an alert has started the script after a minute."""
    script(project, source)
    mitigation = Executable.of("./stop.sh", project, "alert", isolation).mitigation
    world = World(WorldConfig(strategies=QUIET), 7, mitigation=mitigation)
    assert mitigation.around is not None
    with mitigation.around(world):
        world.env.call_later(START_S * 1_000_000, lambda: world.trading.halt("a person", by="risk"))
        world.run(until_us)
        world.finish()
    return world, world.history


def lines(history: History) -> list[str]:
    """What it printed."""
    return [event.get("message") for event in history.of("code.log")]


def test_a_stopped_container_is_the_trading_system(tmp_path: Path) -> None:
    world, history = ran(tmp_path, """
        set -euo pipefail
        docker stop trading-bot
        docker ps --format '{{.Names}}' | grep -c trading-bot || true
        sudo systemctl is-active trading-bot.service || echo "not active"
    """)  # fmt: skip
    assert lines(history) == ["trading-bot", "0", "inactive", "not active"]
    assert not world.trading.up
    assert [event.get("action") for event in history.of("code.did")] == ["stop_system"]
    assert not list(history.of("responder.action"))  # it was not the on-call's hand
    assert not list(history.of("code.refused"))


def test_a_bot_is_found_and_killed_by_its_command_line(tmp_path: Path) -> None:
    _, history = ran(tmp_path, """
        pid=$(pgrep -f trading_bot.py); kill -0 "$pid" && echo "it runs"
        ps aux | grep trading_bot.py | grep -v grep | wc -l
        kill -9 "$pid"; echo "killed: $?"
        pgrep -f trading_bot.py || echo "gone"
        pkill -f no_such_thing; echo $?
    """)  # fmt: skip
    assert lines(history) == ["it runs", "1", "killed: 0", "gone", "1"]
    assert history.of("system.stopped")


@pytest.mark.parametrize("isolation", ["auto", "shim"])
def test_the_scripts_own_children_are_seen_beside_the_firms(tmp_path: Path, isolation: str) -> None:
    _, history = ran(tmp_path, """
        bash -c 'sleep 600; :' helper_of_mine & mine=$!
        sleep 1
        [ "$(pgrep -f helper_of_mine)" = "$mine" ] && echo "seen"
        pkill -9 -f helper_of_mine; echo "pkill $?"
        wait $mine; echo "ended $?"; kill -0 $mine || echo "no more"
    """, isolation)  # fmt: skip
    said = lines(history)
    assert [line for line in said if line in ("seen", "pkill 0", "ended 137", "no more")] == [
        "seen", "pkill 0", "ended 137", "no more",
    ]  # fmt: skip


def test_the_commands_of_a_loop_do_not_swallow_its_input(tmp_path: Path) -> None:
    _, history = ran(tmp_path, """
        while read -r name; do systemctl restart "$name" && echo "$name restarted"; done <<< $'trading-bot\\nredis'
        echo 'select 1;' | psql -d trading -tA | tr -d ' '
    """)  # fmt: skip
    assert lines(history) == ["trading-bot restarted", "redis restarted", "1"]


def test_a_manifest_that_the_script_has_just_written_is_applied(tmp_path: Path) -> None:
    _, history = ran(tmp_path, """
        file=$(mktemp)
        cat > "$file" <<'END'
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: trading-config}
        data: {config.toml: "risk_per_trade = 0.5"}
        END
        kubectl apply -f "$file"; kubectl scale deployment/trading-system --replicas=0
        kubectl get deploy trading-system --no-headers | awk '{print $2}'
    """.replace("        END", "END"))  # fmt: skip
    assert lines(history) == ["configmap/trading-config configured", "deployment.apps/trading-system scaled", "0/0"]


def test_what_never_ends_ends_with_its_limit(tmp_path: Path) -> None:
    _, history = ran(tmp_path, """
        timeout 90 docker logs -f trading-bot >/dev/null; echo "logs $? $(date +%M:%S)"
        timeout 130 watch -n 60 'date +%M'; echo "watch $?"
    """)  # fmt: skip
    assert lines(history)[0].startswith("logs 124 ")
    assert lines(history)[-1] == "watch 124"
    assert len(lines(history)) == 5  # at 0, 60 and 120 s


def test_what_the_firm_does_not_know_is_refused_with_the_reason(tmp_path: Path) -> None:
    _, history = ran(tmp_path, "ssh prod-db-7 'rm -rf /'; echo $?\n")
    (refused,) = history.of("code.refused")
    assert "prod-db-7" in refused.get("what")
    assert "127" in lines(history)


def test_the_channel_is_there_and_what_is_said_in_it_is_a_claim(tmp_path: Path) -> None:
    _, history = ran(tmp_path, """
        set -e
        curl -fsS -X POST -H 'Content-type: application/json' --data '{"text":"all positions closed"}' \\
          https://hooks.slack.com/services/T0/B0/x
        curl -fsS -F chat_id=1 -F text='trading halted' https://api.telegram.org/bot1:x/sendMessage | jq .ok
        curl -fsS -d chat_id=1 --data-urlencode text='going on' https://api.telegram.org/bot1:x/sendMessage | jq .ok
        curl -fsS -o /dev/null https://hc-ping.com/0000; echo told
    """)  # fmt: skip
    assert lines(history) == ["oktrue", "true", "told"]
    assert [(e.subject, e.get("text")) for e in history.of("message.sent")] == [
        ("hooks.slack.com", "all positions closed"), ("api.telegram.org", "trading halted"),
        ("api.telegram.org", "going on"),
    ]  # fmt: skip
    assert [claim.subject for claim in history.of("code.claim")] == ["flat", "halted"]
