"""What a script pays for a command of the World: `sleep` in lock-step over a plain process start."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from drills.benchmarks.ratios import Ratio, by_turns, seconds
from drills.executable import Executable
from sim.clock import HOUR
from sim.config import WorldConfig
from sim.strategies import StrategyConfig
from sim.world import World

CALLS = 40
_LOOP = "i=0; while [ $i -lt {count} ]; do {command}; i=$((i + 1)); done"


def shim_call(seeds: range) -> Ratio:
    """One call of the shim `sleep`, with all that the World does about it, over one start of `true` by a shell."""
    with tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder:
        ratio = by_turns(
            lambda seed: _in_lock_step(Path(folder), seed, CALLS) - _in_lock_step(Path(folder), seed, 0),
            lambda seed: _plain(CALLS) - _plain(0),
            seeds,
        )
    return Ratio("shim-call", ratio, 8.0)


def _in_lock_step(folder: Path, seed: int, count: int) -> float:
    (folder / "loop.sh").write_text(f"#!/bin/sh\n{_LOOP.format(count=count, command='sleep 1')}\n")
    (folder / "loop.sh").chmod(0o755)
    mitigation = Executable.of("./loop.sh", folder, "start", "auto").mitigation
    config = WorldConfig(monitored=False, strategies=StrategyConfig(orders_per_hour=0.0))
    world = World(config, seed, mitigation=mitigation)
    assert mitigation.around is not None
    with mitigation.around(world):
        return seconds(lambda: world.run(HOUR))


def _plain(count: int) -> float:
    return seconds(
        lambda: subprocess.run(["sh", "-c", _LOOP.format(count=count, command="/bin/true")], check=True)
    )
