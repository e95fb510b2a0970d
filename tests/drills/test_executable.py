"""A team's emergency script as the mitigation of a drill: what starts it, what it claims, what its status means."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.drill import drills
from drills.executable import ACTIONS, Executable, executable_sha256, starts
from drills.options import RunOptions
from drills.runner import Finished, run_drill
from sim.clock import MINUTE, SECOND
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.errors import BadInput
from sim.history import History
from sim.world import World
from tests.sim.lockstep.exec_kit import script
from tests.sim.worlds import QUIET

CLOSE_ALL = """
    set -u
    api() { curl -sS --fail --max-time 10 -H "APCA-API-KEY-ID: $APCA_API_KEY_ID" \\
      -H "APCA-API-SECRET-KEY: $APCA_API_SECRET_KEY" "$@"; }
    curl -sS --fail --max-time 5 -X POST "$TRADING_SYSTEM_URL/api/halt" -d '{"reason":"emergency stop"}' >/dev/null
    api -X DELETE "$APCA_API_BASE_URL/v2/orders" >/dev/null
    api -X DELETE "$APCA_API_BASE_URL/v2/positions?cancel_orders=true" >/dev/null
"""


def drill(project: Path, case: str = "q1-daily-loss", responder: str = "none", **more: object) -> Finished:
    options = RunOptions(
        seed=3, exec="./stop.sh", project=project, cases=(case,), responder=responder, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return run_drill(drills()[case.partition("-")[0]], options)


def world_with(project: Path, source: str, *, on: str | None = None, until_us: int, strategies=QUIET,
               act=lambda world: None, **config: object) -> tuple[World, History]:  # fmt: skip
    """A World with the script as its mitigation; `act` is called once it stands."""
    script(project, source)
    mitigation = Executable.of("./stop.sh", project, on, "auto").mitigation
    world = World(WorldConfig(strategies=strategies, **config), 7, mitigation=mitigation)  # type: ignore[arg-type]
    assert mitigation.around is not None
    with mitigation.around(world):
        act(world)
        world.run(until_us)
        world.finish()
    return world, world.history


def test_the_first_critical_alert_starts_it_once(tmp_path: Path) -> None:
    script(tmp_path, CLOSE_ALL + '    echo "stopped for $ALERT_NAME ($ALERT_SEVERITY), $FIREDRILL_START"; exit 0\n')
    finished = drill(tmp_path)
    history = finished.histories["q1-daily-loss"]
    (start,) = history.of("code.exec")
    first = next(e for e in history.of("alert.firing") if e.get("severity") in ("critical", "emergency"))
    assert start.t_us == first.t_us
    assert start.data == {"on": "alert", "alert": first.subject}
    assert any(
        e.get("message") == f"stopped for {first.subject} ({first.get('severity')}), alert"
        for e in history.of("code.log")
    )
    halted = next(e for e in history.of("system.halted"))
    assert halted.get("reason") == "emergency stop"
    assert halted.t_us - start.t_us < SECOND


def test_said_flat_too_early_with_its_line(tmp_path: Path) -> None:
    script(tmp_path, CLOSE_ALL + '    echo "all positions flat"\n')
    finished = drill(tmp_path)
    flat = [finding for finding in finished.record.findings if finding.title.startswith("reported flat")]
    assert flat, [finding.title for finding in finished.record.findings]
    assert flat[0].source == "stop.sh:8"
    assert flat[0].claim == "all positions flat"


def test_the_same_seed_gives_the_same_history(tmp_path: Path) -> None:
    script(tmp_path, CLOSE_ALL + """    for try in 1 2 3; do
      left=$(api "$APCA_API_BASE_URL/v2/positions" | jq length)
      [ "$left" = 0 ] && break
      sleep $((20 + RANDOM % 20))
    done
    echo "left: $left"\n""")
    digests = {drill(tmp_path, isolation=how).record.digest for how in ("auto", "shim", "shim")}
    assert len(digests) == 1


def test_the_on_call_is_told_its_exit_status(tmp_path: Path) -> None:
    done: list[tuple[bool, str]] = []

    def act(world: World) -> None:
        for minute, action in ((2, "halt"), (4, "flatten")):
            world.env.call_later(minute * MINUTE, world.run_command, action, lambda ok, text: done.append((ok, text)))

    _, history = world_with(
        tmp_path, 'echo "by $FIREDRILL_START"; sleep 20; [ "$FIREDRILL_START" = halt ] || exit 4\n',
        on="halt,flatten", until_us=10 * MINUTE, act=act,
    )  # fmt: skip
    assert done == [(True, "exit 0"), (False, "exit 4")]
    said = [(event.t_us // SECOND, event.get("message")) for event in history.of("code.log")]
    assert said == [(120, "by halt"), (240, "by flatten")]
    commands = [(event.t_us // SECOND, event.subject, event.get("ok")) for event in history.of("code.command")]
    assert commands == [(140, "halt", True), (260, "flatten", False)]


def test_a_daemon_lives_and_dies_with_the_trading_system(tmp_path: Path) -> None:
    """Its memory is gone at the crash, its files stay."""

    def act(world: World) -> None:
        world.env.call_later(95 * SECOND, world.cluster.kill, TRADING_SYSTEM)

    world, history = world_with(
        tmp_path, """
        count=0; echo x >> starts; echo "start $(wc -l < starts)"
        while :; do sleep 30; count=$((count + 1)); echo "beat $count"; done
        """, on="start", until_us=5 * MINUTE, act=act,
    )  # fmt: skip
    said = [event.get("message") for event in history.of("code.log")]
    assert said[:5] == ["start 1", "beat 1", "beat 2", "start 2", "beat 1"]
    assert world.bot is not None


def test_a_named_alert_starts_it_each_time(tmp_path: Path) -> None:
    def act(world: World) -> None:
        for minute in (2, 8):
            world.env.call_later(minute * MINUTE, world.trading.halt, "drill", "test")
            world.env.call_later((minute + 2) * MINUTE, world.trading.resume, "test")

    _, history = world_with(
        tmp_path, 'echo "$ALERT_NAME"\n', on="alert:TradingHalted", until_us=15 * MINUTE, act=act
    )
    assert [event.get("message") for event in history.of("code.log")] == ["TradingHalted", "TradingHalted"]


def test_a_halt_while_an_alert_has_started_it_waits_for_that_one(tmp_path: Path) -> None:
    done: list[tuple[int, bool, str]] = []

    def act(world: World) -> None:
        def told(ok: bool, text: str) -> None:
            done.append((world.env.now // SECOND, ok, text))

        world.env.call_later(2 * MINUTE, world.trading.halt, "drill", "test")
        world.env.call_later(4 * MINUTE, world.run_command, "halt", told)
        world.env.call_later(12 * MINUTE, world.run_command, "halt", told)

    _, history = world_with(
        tmp_path, 'echo "$FIREDRILL_START"; [ "$FIREDRILL_START" = halt ] || { sleep 300; exit 3; }\n',
        until_us=15 * MINUTE, act=act,
    )  # fmt: skip
    (start,) = [event for event in history.of("code.exec") if event.get("on") == "alert"]
    assert 120 <= start.t_us // SECOND < 180
    assert done == [(start.t_us // SECOND + 300, False, "exit 3"), (12 * 60, True, "exit 0")]
    assert [event.get("message") for event in history.of("code.log")] == ["alert", "halt"]


def test_the_control_api_is_refused_while_the_system_is_down(tmp_path: Path) -> None:
    def act(world: World) -> None:
        world.env.call_later(60 * SECOND, world.cluster.stop, TRADING_SYSTEM)

    _, history = world_with(
        tmp_path, """
        curl -s http://trading-system:8080/api/status | jq -c '[.halted, .broker_connected]'
        curl -s -X POST localhost:8080/api/safe-mode -d '{"enabled": true}'; echo
        curl -s http://trading-system/health | jq -r .checks.broker
        curl -s -o /dev/null -w '%{http_code}\\n' http://trading-system:8080/api/nothing
        sleep 120; curl -s http://trading-system:8080/health; echo $?
        """, on="start", until_us=MINUTE // 2, act=act,
    )  # fmt: skip
    assert [event.get("message") for event in history.of("code.log")] == [
        "[false,true]", '{"status":"ok","action":"safe-mode","detail":"safe mode on"}', "ok", "404",
    ]  # fmt: skip


def test_two_hours_of_outage_in_a_drill(tmp_path: Path) -> None:
    script(tmp_path, """
        until curl -sf -m 10 "$BROKER_URL/health" >/dev/null; do sleep 600; done
        echo "reconnected to the broker"
    """)  # fmt: skip
    finished = drill(tmp_path, "q2-two-hours")
    history = finished.histories["q2-two-hours"]
    (line,) = history.of("code.log")
    (start,) = history.of("code.exec")
    assert line.t_us - start.t_us > 100 * MINUTE


@pytest.mark.parametrize(
    ("text", "problem"),
    [("alarm", "did you mean alert"), ("alert:TradingHalt", "did you mean TradingHalted"), ("", "use start, alert"),
     ("alert:", "did you mean alert"), ("sometimes", "use start, alert, halt")],
)  # fmt: skip
def test_what_nothing_starts_on(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as bad:
        starts(text)
    assert bad.value.field == "--exec-on"


def test_starts_are_kept_in_their_order() -> None:
    assert starts("halt, alert ,halt") == ("halt", "alert")
    assert set(ACTIONS) <= {"halt", "flatten", "reconnect", "reconcile", "reset"}


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot go with --code"):
        RunOptions(exec="./stop.sh", code="bot:build")
    with pytest.raises(BadInput, match="cannot go with --python"):
        RunOptions(exec="./stop.sh", python=Path("python"))
    with pytest.raises(BadInput, match="--exec-on: needs --exec"):
        RunOptions(exec_on="alert")
    with pytest.raises(BadInput, match="--isolation: needs --exec"):
        RunOptions(isolation="shim")
    with pytest.raises(BadInput, match="there is no such folder"):
        Executable.of("./stop.sh", tmp_path / "absent", None, "auto")


def test_options_survive_the_record_and_the_replay_command() -> None:
    chosen = RunOptions(seed=4, exec="./stop.sh --now 'a b'", exec_on="alert:TradingDown,halt", isolation="shim")
    assert RunOptions.from_text(chosen.as_text()) == chosen
    assert chosen.replay_command("q2") == (
        "firedrill run q2 --seed 4 --exec './stop.sh --now '\"'\"'a b'\"'\"'' "
        "--exec-on alert:TradingDown,halt --isolation shim"
    )


def test_the_digest_of_the_source_follows_every_file(tmp_path: Path) -> None:
    script(tmp_path, "echo 1\n")
    before = executable_sha256(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert executable_sha256(tmp_path) == before
    (tmp_path / "limits.conf").write_text("max=5\n")
    assert executable_sha256(tmp_path) != before
