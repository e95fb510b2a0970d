"""What it costs to run code in a process of its own: one crossing, as a program that sleeps makes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from drills.benchmarks.ratios import Ratio, by_turns, seconds
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.lockstep.user_code import OwnProgram
from sim.strategies import StrategyConfig
from sim.world import World

SLEEPS = 2_000
_PROGRAM = "import time\nwhile True: time.sleep(1)\n"
_ECHO = "import os\nwhile True:\n    data = os.read(0, 4096)\n    if not data: break\n    os.write(1, data)\n"


def against_pipe(seeds: range, sleeps: int = SLEEPS) -> Ratio:
    """A sleep of a program in its own process over the bare round trip of a line through a pair of pipes."""
    ratio = by_turns(lambda seed: _sleeps_s(seed, sleeps, own=True), lambda _: _round_trips_s(sleeps), seeds)
    return Ratio("crossing-over-pipe", ratio, 10.0)


def against_ours(seeds: range, sleeps: int = SLEEPS) -> Ratio:
    """The same sleep over one of a program in our own process, which crosses nothing."""
    ratio = by_turns(
        lambda seed: _sleeps_s(seed, sleeps, own=True), lambda seed: _sleeps_s(seed, sleeps, own=False), seeds
    )
    return Ratio("crossing-over-ours", ratio, 25.0)


def _sleeps_s(seed: int, sleeps: int, *, own: bool) -> float:
    world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), seed)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sleeper.py").write_text(_PROGRAM)
        project = Path(folder)
        program: UserProgram = UserProgram("sleeper.py", (), project)
        if own:
            program = OwnProgram("sleeper.py", (), project, python=Path(sys.executable))
        with virtual_time(world):
            process = Process(world.env, world.hub, world.history, "sleeper")
            world.env.call_later(0, program.start, world, process)
            world.run(10 * SECOND)
            return seconds(lambda: world.run((10 + sleeps) * SECOND))


def _round_trips_s(count: int) -> float:
    line = b'[1000000,"ok",null]\n'
    with subprocess.Popen([sys.executable, "-c", _ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        to, back = child.stdin, child.stdout

        def round_trip() -> None:
            to.write(line)
            to.flush()
            back.readline()

        round_trip()
        taken_s = seconds(lambda: _repeat(round_trip, count))
        to.close()
        return taken_s


def _repeat(function: Callable[[], None], count: int) -> None:
    for _ in range(count):
        function()
