"""A program in an interpreter of its own, in a World of the least that it needs."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.clock import HOUR, SECOND
from sim.lockstep.user_code import OwnProgram
from tests.sim.actors.kit import BareWorld, Outage, write

HERE = Path(sys.executable)


def run(
    folder: Path, source: str | None, *, until_s: float = HOUR / SECOND, outages: Sequence[Outage] = (), seed: int = 1,
    target: str = "bot.py", argv: tuple[str, ...] = (), environ: dict[str, str] | None = None, python: Path = HERE,
    prepare: Callable[[BareWorld, Process], object] = lambda world, process: None, busy_limit_s: float = 5.0,
) -> BareWorld:  # fmt: skip
    """Write `source` as the user's project, run it by `python` until `until_s`, and return the World."""
    if source is not None:
        write(folder, textwrap.dedent(source))
    world = BareWorld(seed)
    world.strike(outages)
    program = OwnProgram(target, argv, folder, environ or {}, python=python)
    with virtual_time(world, busy_limit_s):
        process = Process(world.env, world.hub, world.history, "bot")
        prepare(world, process)
        world.env.call_later(0, program.start, world, process)
        world.marks.run(round(until_s * SECOND))
    return world
