"""A bare World and a script in processes of its own: the stage for tests of `--exec`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.clock import HOUR, SECOND
from sim.lockstep.isolation import chosen
from sim.lockstep.refusals import check_command
from sim.lockstep.room import Room
from sim.lockstep.session import Session
from tests.sim.actors.kit import BareWorld, Outage


def script(folder: Path, source: str, name: str = "stop.sh") -> Path:
    """Write a script of the user's repository, and let it be executed."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    text = textwrap.dedent(source).lstrip("\n")
    file.write_text(text if text.startswith("#!") else f"#!/bin/bash\n{text}")
    file.chmod(0o755)
    return file


class Ran:
    """What came of a script."""

    def __init__(self, world: BareWorld, codes: list[int], ended_us: list[int]) -> None:
        self.world, self.history, self._codes, self._ended_us = world, world.history, codes, ended_us

    @property
    def code(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._codes[0] if self._codes else None

    @property
    def took_s(self) -> float:
        """Virtual seconds from its start to its end."""
        return self._ended_us[0] / SECOND

    @property
    def lines(self) -> list[str]:
        """What it printed."""
        return [event.get("message") for event in self.history.of("code.log")]

    def timed(self) -> list[tuple[float, str]]:
        """What it printed, and when."""
        return [(event.t_us / SECOND, event.get("message")) for event in self.history.of("code.log")]


def run(
    folder: Path, source: str | None, *, command: str = "./stop.sh", until_s: float = 3 * HOUR / SECOND,
    outages: Sequence[Outage] = (), seed: int = 1, isolation: str = "auto", zone: str = "America/New_York",
    variables: dict[str, str] | None = None,
    prepare: Callable[[BareWorld, Process, Room], Any] = lambda world, process, room: None,
) -> Ran:  # fmt: skip
    """Write `source` as ./stop.sh, run `command` in a World until `until_s`."""
    if source is not None:
        script(folder, source)
    world = BareWorld(seed, zone)
    world.strike(outages)
    codes: list[int] = []
    ended_us: list[int] = []

    def ended(code: int) -> None:
        codes.append(code)
        ended_us.append(world.env.now)

    with virtual_time(world):
        room = Room(world, folder, chosen(isolation), variables or {})
        try:
            process = Process(world.env, world.hub, world.history, "script")
            prepare(world, process, room)
            session = Session(room, process, command, check_command(command, folder), {}, ended)
            world.env.call_later(0, session.start)
            world.marks.run(round(until_s * SECOND))
        finally:
            room.close()
    return Ran(world, codes, ended_us)
