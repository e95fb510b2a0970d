"""A program as the trading system of a whole firm: started with its pod, killed with it, started again."""

from __future__ import annotations

from pathlib import Path

from fakes.alpaca.core import register
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import MINUTE
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.world import Mitigation, World
from tests.sim.actors.kit import write

BOT = """
    import json, os, time
    from alpaca.trading.client import TradingClient
    client, beats = TradingClient("k", "s", paper=True), 0
    def run(desk):
        global beats
        print("start, files:", sorted(os.listdir(".")))
        while True:
            beats += 1
            held = len(client.get_all_positions())
            with open("beats.json", "w") as file: json.dump({"beats": beats, "held": held}, file)
            if desk.now > 300 and not desk.halted: desk.halt("five minutes are enough")
            time.sleep(10)
    """


def play(folder: Path, seed: int = 3) -> World:
    write(folder, BOT)
    program = UserProgram("bot.py:run", (), folder)
    world = World(WorldConfig(), seed, mitigation=Mitigation(program.build, program.target))
    register(world)
    with virtual_time(world):
        world.run(2 * MINUTE)
        world.cluster.kill(TRADING_SYSTEM)
        world.run(6 * MINUTE)
        world.finish()
    return world


def test_a_restarted_pod_runs_the_program_afresh(tmp_path: Path) -> None:
    world = play(tmp_path)
    lines = [event.get("text") for event in world.history.of("code.output")]
    assert lines == ["start, files: []", "start, files: ['beats.json']"]
    assert not world.history.of("code.error")
    (halt,) = world.history.of("system.halted")
    assert 300e6 < halt.t_us < 330e6


def test_it_is_the_same_in_every_run(tmp_path: Path) -> None:
    assert play(tmp_path).history.digest() == play(tmp_path).history.digest()
