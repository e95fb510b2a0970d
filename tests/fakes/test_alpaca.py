"""Alpaca's core passes one contract suite twice: for programs in virtual time, and over a real loopback socket."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from fakes.alpaca.core import AlpacaCore, register
from fakes.server import CoreServer
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.network import BrokerBadGateway, BrokerUnavailable, BrokerUnreachable, Verdict
from sim.strategies import StrategyConfig
from sim.world import World
from tests.fakes.alpaca_contract import CHECKS, Arm

SPEED = 60.0


def quiet_world(seed: int = 7) -> World:
    return World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), seed)


def run(world: World, folder: Path, target: str, until_s: float, environ: dict[str, str] | None = None) -> list[str]:
    """Run a program in `world`; what it printed."""
    program = UserProgram(target, (), folder, environ or {}, copy_files=False)
    with virtual_time(world):
        process = Process(world.env, world.hub, world.history, "bot")
        world.env.call_later(0, program.start, world, process)
        world.run(round(until_s * SECOND))
    return [event.get("text") for event in world.history.of("code.output") if event.get("stream") == "stdout"]


@pytest.mark.parametrize("check", CHECKS)
def test_in_virtual_time(check: str) -> None:
    world = quiet_world()
    register(world)
    lines = run(world, Path(__file__).parent, "alpaca_contract.py:in_virtual_time", 900, {"CHECK": check})
    errors = [(e.get("error"), e.get("at")) for e in world.history.of("code.error")]
    assert lines[-1:] == ["passed"], errors


@pytest.mark.parametrize("check", CHECKS)
def test_over_a_socket(check: str) -> None:
    world = quiet_world()
    with CoreServer(world, AlpacaCore(world), SPEED, "paper-api.alpaca.markets") as server:
        arm = Arm(server.url, lambda seconds: time.sleep(seconds / SPEED + 0.05))  # noqa: TID251
        try:
            CHECKS[check](arm)
        finally:
            arm.close()


BLOCKING_BOT = """
import time
from alpaca.trading.client import TradingClient
from alpaca.common.exceptions import APIError
client = TradingClient("key", "secret", paper=True)
polls = failures = 0
while time.time() < 1773151200 + 3 * 3600:
    polls += 1
    try: client.get_account()
    except Exception as error: failures += 1; kind = type(error).__name__
    time.sleep(60)
print(polls, failures, kind)
"""


def test_a_two_hour_outage_against_a_blocking_bot(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(BLOCKING_BOT)
    world = quiet_world()
    register(world)
    down = Verdict(BrokerUnreachable("connection refused"))
    world.env.call_at(1800 * SECOND, lambda: world.env.call_later(7200 * SECOND, world.link.add(lambda _: down)))
    assert run(world, tmp_path, "bot.py", 4 * 3600) == ["180 120 ConnectionError"]


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (BrokerUnavailable("unavailable", 503), "APIError 503 after 0 s"),
        (BrokerUnavailable("gateway timeout", 504), "APIError 504 after 9 s"),
        (BrokerBadGateway("<html>502</html>"), "JSONDecodeError after 0 s"),
    ],
)
def test_server_errors_as_alpaca_py_shows_them(tmp_path: Path, error: Any, seen: str) -> None:
    (tmp_path / "bot.py").write_text(
        "import time\nfrom alpaca.trading.client import TradingClient\n"
        "began = time.time()\n"
        "try:\n    try: TradingClient('k', 's').get_all_positions()\n"
        "    except Exception as e: what = f'{type(e).__name__} {e.status_code}'; e.code\n"
        "except Exception as e: what = type(e).__name__\n"
        "print(what, 'after', int(time.time() - began), 's')\n"
    )
    world = quiet_world()
    register(world)
    world.link.add(lambda endpoint: Verdict(error) if endpoint == "positions" else None)
    assert run(world, tmp_path, "bot.py", 60) == [seen]


def test_a_black_hole_without_a_timeout_is_a_hang(tmp_path: Path) -> None:
    (tmp_path / "flatten.py").write_text(
        "from alpaca.trading.client import TradingClient\n"
        "client = TradingClient('k', 's')\nclient.get_account()\nclient.close_all_positions(cancel_orders=True)\n"
    )
    world = quiet_world()
    register(world)
    world.link.add(lambda endpoint: Verdict(hang=True) if endpoint == "submit" else None)
    run(world, tmp_path, "flatten.py", 3600)
    (hang,) = world.history.of("code.hang")
    assert (hang.get("at"), hang.get("endpoint")) == ("flatten.py:4", "submit")
    assert world.ledger.positions(), "nothing was closed"
