"""The machines of the firm, and what is the same on all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import greenlet

from drills.shell.files import Files, Layer
from drills.shell.layers import Constants, Repository, RunningFiles
from drills.shell.meanings import Meanings
from drills.shell.tool import NotHere, Tool
from drills.shell.tools import all_tools
from scenarios.nemesis import Nemesis
from sim.actors.hub import Killed
from sim.actors.process import Process
from sim.world import World

T = TypeVar("T")


@contextmanager
def time_of(world: World) -> Iterator[None]:
    """While this lasts, Python programs that somebody starts in a shell live in the time of `world`.

    The hosts of brokers exist in it. Where the mitigation code already runs as it is, nothing is added.
    """
    from sim.actors.runtime import lives_in_virtual_time, virtual_time

    if lives_in_virtual_time(world):
        yield
        return
    from fakes import rest_broker
    from fakes.alpaca.core import register

    register(world)
    rest_broker.register(world)
    with virtual_time(world):
        yield


def project_in(texts: Iterable[str]) -> str | None:
    """The folder that a runbook itself names as the trading system's: the first absolute one that it changes into."""
    for text in texts:
        match = re.search(r"^\s*cd\s+[\"']?(/[\w./-]+)", text, re.MULTILINE)
        if match is not None and not match.group(1).startswith(("/tmp", "/etc", "/var/log")):
            return match.group(1).rstrip("/")
    return None


WORKSTATION = "workstation"
PROJECT = "/srv/trading"
"""Where the trading system's folder stands on its machines when nothing else is said."""
_FIRST_PID = 20_000


class Machine:
    """One machine: its name, its user and its files."""

    def __init__(self, firm: Firm, name: str, services: tuple[str, ...] = ()) -> None:
        """A machine as it was before anybody typed anything into it."""
        self.name, self.services = name, services
        self.user = "oncall" if name == WORKSTATION else "root"
        self.project = firm.project
        self._meanings = Meanings(firm.world)
        layers: list[Layer] = [RunningFiles(firm.world, firm.project)]
        if firm.repo is not None:
            layers.append(Repository(firm.repo, firm.project))
        layers += [Constants(name, self.user, firm.project), self._meanings]
        self.files = Files(
            tuple(layers), lambda: firm.world.env.now, firm.world.disk, firm.project, self._meanings.kept_as
        )

    def environment(self) -> dict[str, str]:
        """The variables of a fresh login."""
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        return {
            "HOME": home, "HOSTNAME": self.name, "LANG": "C.UTF-8", "LOGNAME": self.user,
            "PATH": "/usr/local/bin:/usr/bin:/bin", "PWD": self.project, "SHELL": "/bin/bash", "TERM": "dumb",
            "USER": self.user,
        }  # fmt: skip

    def read(self, path: str) -> tuple[str, str | None]:
        """The text of a file, and what it stands for when it was found by its meaning."""
        text = self.files.read(path)
        return text, self._meanings.stands_for(path) if self.files.layer_of(path) is self._meanings else None


class Firm:
    """What all terminals of one World share."""

    def __init__(
        self, world: World, nemesis: Nemesis, *, repo: Path | None = None, project: str = PROJECT,
        environment: Mapping[str, str] | None = None, tools: Mapping[str, Tool] | None = None,
    ) -> None:  # fmt: skip
        """`repo` is the user's repository, shown at `project`; `environment` is set in every terminal."""
        self.world, self.nemesis = world, nemesis
        self.repo = None if repo is None else Path(repo).resolve()
        self.project = project.rstrip("/") or PROJECT
        self.environment = dict(environment or {})
        self.tools: Mapping[str, Tool] = all_tools() if tools is None else tools
        self.process: Process = world.visitor("shell")
        self._machines: dict[str, Machine] = {}
        self._kept: dict[type, Any] = {}
        self._pids = _FIRST_PID

    def machine(self, name: str, services: tuple[str, ...] = ()) -> Machine:
        """A machine by its name; the same one each time."""
        if name not in self._machines:
            self._machines[name] = Machine(self, name, services)
        return self._machines[name]

    def host_names(self) -> list[str]:
        """The machines that can be reached by name: the workstation, the trading host and its services."""
        names = [WORKSTATION, "localhost", *(workload.name for workload in self.world.config.workloads)]
        return [*names, *(name for name in self._machines if name not in names)]

    def next_pid(self) -> int:
        """A process id."""
        self._pids += 1
        return self._pids

    def keep(self, kind: type[T], make: Callable[[], T]) -> T:
        """What a program remembers from call to call."""
        if kind not in self._kept:
            self._kept[kind] = make()
        return cast(T, self._kept[kind])

    def start(self, body: Callable[[], object], what: str) -> Callable[[], None]:
        """Run something in virtual time beside everything else; what is given back ends it.

        Our own bugs pass on, as errors of the simulator.
        """
        bodies: list[greenlet.greenlet] = []

        def guarded() -> None:
            try:
                body()
            except Killed:  # the run is over
                pass
            except NotHere as finding:
                self.world.history.emit("shell.not_here", what, why=str(finding))
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
                raise AssertionError(f"in the simulated shell, running {what!r}: {found}") from error

        def born(running: greenlet.greenlet) -> None:
            bodies.append(running)
            self.process.adopt(running)

        self.world.hub.call(guarded, born)
        return lambda: self.world.hub.kill(bodies[0])
