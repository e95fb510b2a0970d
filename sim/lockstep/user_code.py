"""The user's code in the user's own interpreter: the same three shapes as in our own process, in one of its own.

    bot.py, -m package.bot, package.bot:run    `OwnProgram`
    package.module:build                       `OwnHooks`

Nothing is installed in that environment: the interpreter is started with the agent's one file. Each start of the
firm's process is a fresh process of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sim.actors.main_calls import MainCalls
from sim.actors.process import HOOKS, TABLES, Hooks, Process
from sim.actors.program import Program
from sim.actors.runtime import Runtime, runtime_of
from sim.actors.user_program import UserProgram
from sim.errors import BadInput
from sim.lockstep.bundle import write_agent
from sim.lockstep.child import Child, outside
from sim.lockstep.desk_calls import DeskCalls
from sim.lockstep.egress import without_network
from sim.lockstep.remote_program import RemoteProgram
from sim.lockstep.server import Server
from sim.lockstep.values import Foreign, Values

PATIENCE = 4
"""A process of its own may be silent for so many times the limit of a busy loop: it has its imports to make."""


@dataclass(frozen=True)
class OwnProgram(UserProgram):
    """A script, module or function, run by `python`."""

    python: Path = field(default_factory=Path)
    """The interpreter."""

    def build(self, desk: Any) -> dict[str, Any]:
        """As a mitigation of a World: the one hook `run`, which starts the program in the desk's process."""
        return {"run": lambda: self.start(desk._world, desk._process, desk)}

    def start(
        self, world: Any, process: Process, desk: Any = None, on_exit: Callable[[int], None] | None = None
    ) -> Program:
        """Start it in `process`, now; `on_exit` is told its exit status."""
        program = self.prepared(world, process, desk)
        if on_exit is not None:
            program.on_exit.append(on_exit)
        program.begin()
        return program

    def prepared(self, world: Any, process: Process, desk: Any) -> RemoteProgram:
        """A process that has been started on the machine and waits to be heard."""
        self.check()
        made: list[RemoteProgram] = []
        outside(lambda: made.append(self._prepare(world, process, desk)))
        return made[0]

    def _prepare(self, world: Any, process: Process, desk: Any) -> RemoteProgram:
        runtime = runtime_of(world)
        runtime.add_root(str(self.root))
        runtime.add_root(os.path.abspath(self.project))
        house = house_of(runtime)
        child = Child(house.server, house.next_key(), runtime.watchdog.limit_s * PATIENCE)
        program = RemoteProgram(runtime, process, self.target, child)
        if self.copy_files:
            self._copy_files(runtime.directory)
        program.desk_calls = DeskCalls(desk)
        program.unusable = self._complaint
        given = self._environ(runtime.directory, world.clock.zone.key)
        environ = {n.decode(): v.decode("utf-8", "surrogateescape") for n, v in given.items()}
        program.settings = {
            "pid": program.pid, "ident": program.first_ident, "epoch_ns": program.epoch_ns,
            "seed": int.from_bytes(program.random_bytes(8), "big"), "host_name": program.host_name,
            "roots": [str(self.root), os.path.abspath(self.project)], "root": str(self.root),
            "directory": str(runtime.directory), "gone": sorted(runtime.shadow._gone), "target": self.target,
            "argv": self._arguments(), "path": self.search_path, "keep": sorted(environ),
            "desk": program.desk_calls.described(), "spawn": False,
        }  # fmt: skip
        own = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "TZ": world.clock.zone.key}
        command = [*without_network(), str(self.python), "-X", "utf8", str(house.agent)]
        child.start(command, {**environ, **own}, runtime.directory)
        return program

    def _complaint(self, said: dict[str, Any]) -> BadInput:
        missing = said["missing"]
        mend = "mend it there, or check the name and --project"
        if missing:
            mend = f"install it ({self.python} -m pip install {missing.partition('.')[0]}), or name another --python"
        return BadInput(
            f"cannot be imported by {self.python}: {said['text']}", file=said["file"] or self.target,
            line=said["line"], mend=mend,
        )  # fmt: skip


@dataclass(frozen=True)
class OwnHooks:
    """`build(desk)` and the hooks it returns, in a process of their own."""

    target: str
    """`package.module:build` or `path/to/file.py:build`, relative to `project`."""
    project: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=dict)
    python: Path = field(default_factory=Path)

    def build(self, desk: Any) -> dict[str, Any]:
        """As a mitigation of a World: start the process, build there, and return hooks that call it."""
        source = OwnProgram(self.target, (), self.project, self.environ, python=self.python)
        program = source.prepared(desk._world, desk._process, desk)
        calls = MainCalls(program)
        said = calls.on_strand(lambda: program.ask("build"))()
        values = program.desk_calls.values
        built: dict[str, Any] = {}
        for name in (*HOOKS, "run"):
            if name in said:
                built[name] = _stub(program, calls, values, name, said[name])
        for table in TABLES:
            rows = said.get(table)
            if isinstance(rows, list):
                built[table] = {
                    values.back(key): _stub(program, calls, values, f"{table}/{number}", callable_)
                    for number, (key, callable_) in enumerate(rows)
                }
            elif rows is not None:
                built[table] = _shown(rows)
        if not built:
            Hooks(_shown(said["shown"]), self.target)
        Hooks(built, self.target)
        return built


def _shown(text: str) -> Foreign:
    return Foreign(text, text, True)


def _stub(program: RemoteProgram, calls: MainCalls, values: Values, key: str, callable_: Any) -> Any:
    """What the World calls in place of a hook; of one that cannot be called, what it is."""
    if callable_ is not True:
        return _shown(callable_)

    def hook(*args: Any) -> Any:
        return values.back(program.hook(key, [values.out(arg) for arg in args]))

    called: Any = calls.on_strand(hook)
    if key == "on_tick":
        called.firedrill_many = _many(calls.on_strand(lambda rows: program.hook(key, rows, what="hooks")), values)
    return called


def _many(some: Callable[[list[Any]], int], values: Values) -> Callable[[list[Any]], None]:
    """Call a hook for each of several values: with as few crossings as there are waits in it."""

    def call(items: list[Any]) -> None:
        rows = [values.out(item) for item in items]
        while rows:
            rows = rows[some(rows) :]

    return call


class House:
    """What the children of one World share: the socket they connect to, and the agent's file."""

    def __init__(self) -> None:
        """Listen, and write the agent."""
        self.server = Server()
        self.agent = write_agent(self.server.folder)
        self._started = 0

    def next_key(self) -> str:
        """The key of the next process."""
        self._started += 1
        return f"p{self._started}"


_houses: WeakKeyDictionary[Runtime, House] = WeakKeyDictionary()


def house_of(runtime: Runtime) -> House:
    """The house of a World's runtime, opened at the first asking and closed with the runtime."""
    house = _houses.get(runtime)
    if house is None:
        house = _houses[runtime] = House()
        runtime.on_close.append(house.server.close)
    return house
