"""Bots, guards and scripts as people write them, unmodified, on real packages, each through an outage or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import rest_broker
from fakes.alpaca.core import register
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.desk import Desk
from sim.network import BrokerUnavailable, BrokerUnreachable, Verdict
from sim.strategies import StrategyConfig
from sim.world import World

PROGRAMS = Path(__file__).parent / "programs"
REFUSED, HOLE = Verdict(BrokerUnreachable("refused")), Verdict(hang=True)
DOWN = Verdict(BrokerUnavailable("unavailable", 503))
OUTAGE_S = (90, 300)

CASES: dict[str, tuple[Verdict | None, list[str]]] = {
    "kill_switch.py": (REFUSED, ["flat at 303"]),
    "tenacity_retry.py": (REFUSED, ["True 211"]),
    "tenacity_async.py": (REFUSED, ["200 11 200"]),
    "backoff_decorator.py": (Verdict(lose_reply=True), ["accepted 1"]),
    "breaker_pybreaker.py": (REFUSED, ["['closed', 'open', 'closed']"]),
    "breaker_circuitbreaker.py": (REFUSED, ["True True True 40"]),
    "schedule_loop.py": (None, ["18 3 ['10:02']"]),
    "apscheduler_jobs.py": (None, ["20 ['10:00:00', '10:05:00', '10:10:00']"]),
    "apscheduler_async.py": (None, ["5 20.0"]),
    "producer_consumer.py": (None, ["[0, 1, 2, 3, 4, 5, 6, 7] True"]),
    "pool_of_checks.py": (None, ["5 True True"]),
    "watchdog_timer.py": (None, ["[21]"]),
    "alarm_timeout.py": (HOLE, ["gave up 115"]),
    "graceful_exit.py": (None, ["cancelled 1 at 30"]),
    "async_guard.py": (HOLE, ["halted at 123", "3"]),
    "aiohttp_poller.py": (HOLE, ["60 True True"]),
    "websocket_client_app.py": (None, ["['new', 'fill']"]),
    "websockets_async.py": (None, ["connected", "authenticated", "20"]),
    "aiohttp_websocket.py": (None, ["['QQQ', 'QQQ', 'QQQ', 'QQQ', 'QQQ']"]),
    "websockets_sync.py": (None, ["connected", "{'T': 'error', 'code': 402, 'msg': 'auth failed'}"]),
    "reconciler.py": (None, ["mismatch in 4", "reconciled ['positions.json']"]),
    "sqlite_journal.py": (None, ["('2026-03-10T14:01:00+00:00', 'QQQ')"]),
    "log_to_file.py": (None, ["2026-03-10 11:01:01,000 ERROR MainThread trading halted"]),
    "dataclass_bot.py": (None, ["filled True"]),
    "raw_socket.py": (None, ["HTTP/1.1 200 OK", "ConnectionRefusedError", "gaierror"]),
    "retry_session.py": (DOWN, ["200", "True"]),
    "run_desk.py:run": (None, ["65 True"]),
    "ib_watchdog.py": (None, ["True False"]),
    "prometheus_server.py": (None, ["{'beats': 30}"]),
    "-m riskd": (HOLE, ["blind 105", "Alle Positionen geschlossen 307 207", "closed False riskd"]),
}


def play(target: str, verdict: Verdict | None, seed: int = 1) -> World:
    """Run one program on a quiet firm, with an outage of its broker from 90 s to 300 s."""
    world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), seed)
    register(world)
    rest_broker.register(world)
    if verdict is not None:
        start_us, end_us = (second * SECOND for second in OUTAGE_S)
        world.env.call_at(start_us, lambda: world.env.call_at(end_us, world.link.add(lambda _: verdict)))
    with virtual_time(world):
        process = Process(world.env, world.hub, world.history, "bot")
        desk = Desk(world, process, in_system=False)
        world.env.call_later(0, UserProgram(target, (), PROGRAMS, {}).start, world, process, desk)
        world.run(4000 * SECOND)
    return world


def printed(world: World) -> list[str]:
    return [e.get("text") for e in world.history.of("code.output") if e.get("stream") == "stdout"]


@pytest.mark.parametrize("target", CASES)
def test_program(target: str) -> None:
    verdict, expected = CASES[target]
    world = play(target, verdict)
    problems = [(e.kind, e.data) for e in world.history.of("code.error", "code.hang")]
    assert printed(world) == expected, problems
    assert not problems
    assert world.history.of("code.exit")[-1].get("code") == "0"


def test_what_the_kill_switch_says_is_held_against_the_ledger() -> None:
    world = play("kill_switch.py", REFUSED)
    claim = world.history.of("code.claim")[0]
    assert (claim.subject, claim.get("at"), claim.get("ledger")) == ("flat", "kill_switch.py:28", {})


@pytest.mark.parametrize("target", ["kill_switch.py", "aiohttp_poller.py", "producer_consumer.py"])
def test_every_run_of_a_seed_is_the_same(target: str) -> None:
    verdict, _ = CASES[target]
    assert len({play(target, verdict).history.digest() for _ in range(20)}) == 1
