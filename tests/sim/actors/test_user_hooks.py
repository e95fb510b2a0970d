"""Hooks from a user's repository live in virtual time as programs do, and cannot reach a real host."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.alpaca.core import register
from sim.actors.runtime import virtual_time
from sim.actors.user_hooks import UserHooks
from sim.clock import MINUTE
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.errors import BadInput
from sim.strategies import StrategyConfig
from sim.world import Mitigation, World
from tests.sim.actors.kit import write

GUARD = """
    import datetime, logging, time, requests
    from alpaca.trading.client import TradingClient
    logging.basicConfig(level=logging.INFO)
    class Guard:
        def __init__(self, desk):
            self.desk, self.client, self.ticks = desk, TradingClient("k", "s", paper=True), 0
            self.every = {20: self.check}
        def on_tick(self, tick):
            self.ticks += 1
        def check(self):
            began = time.monotonic(); time.sleep(2.5)
            held = len(self.client.get_all_positions())
            now, took = datetime.datetime.now().time(), time.monotonic() - began
            logging.info("%s held %d, %d ticks, %.1f s", now, held, self.ticks, took)
            try: requests.get("https://real.example.com", timeout=1)
            except requests.ConnectionError: logging.info("no way out")
    def build(desk): return Guard(desk)
    """


def play(folder: Path, target: str = "guard:build", monitored: bool = False) -> World:
    write(folder, GUARD, "guard.py")
    hooks = UserHooks(target, folder)
    config = WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=monitored)
    world = World(config, 3, mitigation=Mitigation(hooks.build, hooks.target))
    register(world)
    with virtual_time(world):
        world.run(MINUTE + MINUTE // 2)
        if monitored:
            world.cluster.kill(TRADING_SYSTEM)
        world.run(3 * MINUTE)
        world.finish()
    return world


def test_hooks_sleep_and_call_in_virtual_time(tmp_path: Path) -> None:
    world = play(tmp_path)
    said = [event.get("message") for event in world.history.of("code.log")]
    assert said[0].startswith("10:00:22.5")
    assert "held 5" in said[0]
    assert said[0].endswith("2.6 s")
    assert said[1] == "no way out"
    assert not world.history.of("code.error")
    assert world.history.of("code.refused")[0].get("what") == "real.example.com"


def test_a_restart_builds_them_afresh_and_runs_repeat(tmp_path: Path) -> None:
    world = play(tmp_path, "guard.py:build", monitored=True)
    assert len(world.history.of("code.started")) == 2
    assert not world.history.of("code.error")
    assert world.history.digest() == play(tmp_path, "guard.py:build", monitored=True).history.digest()


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be imported"):
        play(tmp_path, "nothing:build")
