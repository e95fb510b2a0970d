"""A bare World, one program in it, and what its History says: the stage for tests of programs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, PlainCore, Request, Response
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import HOUR, SECOND, Clock, VirtualTime
from sim.history import History
from sim.marks import Marks
from sim.network import Link, Verdict
from sim.rng import Streams

START = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
Outage = tuple[float, float, Verdict]
"""From and until, in seconds, and what happens to every request between."""


class BareWorld:
    """Time, chance, a History and a path to one host, `api.test`; no market and no broker."""

    def __init__(self, seed: int = 1, zone: str = "America/New_York") -> None:
        self.env = VirtualTime()
        self.clock = Clock(self.env, START, zone)
        self.streams = Streams(seed)
        self.history = History(self.env)
        self.marks = Marks(self.env)
        self.hub = self.marks.hub
        self.link = Link(self.env, self.history, self.streams)
        self.served: list[Request] = []
        hosts_of(self).add("api.test", HttpService(PlainCore(self.serve)), link=self.link)

    def serve(self, request: Request) -> Response:
        self.served.append(request)
        if request.path.startswith("/slow"):
            return Response(200, b"x" * 1000, slow_us=10 * SECOND)
        return Response.of_json({"method": request.method, "path": request.path, "body": request.body.decode()})

    def note_claim(self, claim: str, text: str, by: str, at: str) -> None:
        self.history.emit("code.claim", claim, text=text, by=by, at=at)

    def strike(self, outages: Sequence[Outage]) -> None:
        for from_s, until_s, verdict in outages:
            self.env.call_at(round(from_s * SECOND), self._strike, round(until_s * SECOND), verdict)

    def _strike(self, until_us: int, verdict: Verdict) -> None:
        self.env.call_at(until_us, self.link.add(lambda _: verdict))

    def lines(self) -> list[str]:
        """What programs printed."""
        return [event.get("text") for event in self.history.of("code.output")]

    def only(self, kind: str) -> dict[str, Any]:
        """The data of the one event of this kind."""
        (event,) = self.history.of(kind)
        return event.data


def write(folder: Path, source: str, name: str = "bot.py") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(source))
    return file


def run(
    folder: Path, source: str | None, *, until_s: float = HOUR / SECOND, outages: Sequence[Outage] = (), seed: int = 1,
    target: str = "bot.py", argv: tuple[str, ...] = (), environ: dict[str, str] | None = None, zone: str | None = None,
    prepare: Callable[[BareWorld, Process], object] = lambda world, process: None, busy_limit_s: float = 5.0,
) -> BareWorld:  # fmt: skip
    """Write `source` as the user's project, run it as a program until `until_s`, and return the World."""
    if source is not None:
        write(folder, source)
    world = BareWorld(seed, zone or "America/New_York")
    world.strike(outages)
    program = UserProgram(target, argv, folder, environ or {})
    with virtual_time(world, busy_limit_s):
        process = Process(world.env, world.hub, world.history, "bot")
        prepare(world, process)
        world.env.call_later(0, program.start, world, process)
        world.marks.run(round(until_s * SECOND))
    return world
