"""A firm in which nothing happens by itself, and a program that runs in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.lockstep.user_code import OwnProgram
from sim.strategies import StrategyConfig
from sim.world import World


def quiet_world(seed: int = 7, **config: Any) -> World:
    return World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False, **config), seed)


def run(
    world: World, folder: Path, target: str, until_s: float, environ: dict[str, str] | None = None,
    python: Path | None = None,
) -> list[str]:  # fmt: skip
    """Run a program in `world`, by an interpreter of its own if one is given; what it printed."""
    program: UserProgram | OwnProgram
    if python is None:
        program = UserProgram(target, (), folder, environ or {}, copy_files=False)
    else:
        program = OwnProgram(target, (), folder, environ or {}, python=python)
    with virtual_time(world):
        process = Process(world.env, world.hub, world.history, "bot")
        world.env.call_later(0, program.start, world, process)
        world.run(round(until_s * SECOND))
    return [event.get("text") for event in world.history.of("code.output") if event.get("stream") == "stdout"]
