"""Virtual time for a World: the patches in place, the programs that run, what is cleaned up afterwards.

    with virtual_time(world) as runtime:
        ...start programs...
        world.run(until_us)

Inside, code of programs lives in the World's time and everybody else in real time; afterwards nothing is
left of it. The patches are shared by all Worlds of the process, since each call finds its own World by the
strand that makes it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import greenlet

from sim.actors import (
    aio,
    environment,
    files,
    guards,
    headers,
    libraries,
    modules,
    names,
    output,
    past_python,
    selecting,
    signals,
    sockets,
    threads,
    tls,
    vtime,
)
from sim.actors.modules import Interpreter, Loaded
from sim.actors.patching import Patches
from sim.actors.program import Program
from sim.actors.strand import Strand
from sim.actors.watchdog import Watchdog
from sim.claims import claims_in

PATCHES = Patches()
for _part in (
    vtime, threads, signals, names, sockets, selecting, tls, headers, aio, environment, output, files, guards, modules,
    libraries, past_python,
):  # fmt: skip
    _part.add_patches(PATCHES)

_FIRST_PID = 4200


class Runtime:
    """What one World needs to run programs."""

    def __init__(self, world: Any, busy_limit_s: float = 5.0) -> None:
        """Ready for programs; a strand that computes for `busy_limit_s` real seconds is taken for a busy loop."""
        self.world = world
        self.directory = Path(tempfile.mkdtemp(prefix="firedrill-")).resolve()
        """The working directory of the run: every program starts in it, and finds there what others left."""
        self.shadow = files.Shadow(self)
        """What programs write outside of it."""
        self.programs: list[Program] = []
        self.active: Program | None = None
        self.interrupted = False
        self.on_close: list[Callable[[], object]] = []
        """Called when every program has ended."""
        self._interpreters: dict[int, Interpreter] = {}
        self._projects: dict[str, bool] = {}
        self._roots: tuple[str, ...] = ()
        self.loaded = Loaded(self.is_project)
        """Which modules belong to the programs and not to everybody."""
        self._pids = 0
        self.watchdog = Watchdog(self, busy_limit_s)

    # Waits: what is kept per thread of the machine must follow the strand.

    def leave(self) -> object:
        """A strand begins to wait."""
        loop = aio.running_loop[0]()
        if loop is not None:
            aio.running_loop[1](None)
        self.watchdog.beat += 1
        return loop

    def back(self, me: greenlet.greenlet, loop: Any) -> None:
        """It goes on."""
        if loop is not None:
            aio.running_loop[1](loop)
        self.watchdog.beat += 1
        if type(me) is Strand and me.program is not self.active and not me.program.dead:
            self.activate(me.program)

    # Programs.

    def add(self, program: Program, interpreter: Interpreter) -> None:
        """A program that is about to start, with its fresh interpreter state."""
        self._part_with_libraries()
        self._interpreters[id(program)] = interpreter

    def activate(self, program: Program | None) -> None:
        """Put the interpreter's global state of `program` in place."""
        if program is self.active:
            return
        if self.active is not None and id(self.active) in self._interpreters:
            self._interpreters[id(self.active)].leave()
        self.active = program
        if program is not None and id(program) in self._interpreters:
            self._interpreters[id(program)].enter()

    def ended(self, program: Program) -> None:
        """A program has ended: its modules are forgotten."""
        if self.active is program:
            self.activate(None)
        interpreter = self._interpreters.pop(id(program), None)
        if interpreter is not None:
            interpreter.close()

    def _part_with_libraries(self) -> None:
        """A library that has changed is from now on each program's own; those that run keep what they have."""
        if not libraries.changed(self.is_project):
            return
        self.loaded.forget()
        private = self.loaded.private()
        for interpreter in self._interpreters.values():
            interpreter.share(private)
        if self.active is None:
            for name in private:
                del sys.modules[name]

    def next_pid(self) -> int:
        """A process id, the same in each run."""
        self._pids += 1
        return _FIRST_PID + 10 * self._pids

    def add_root(self, root: str) -> None:
        """Files under `root` are the user's project."""
        if root not in self._roots:
            self._roots = (*self._roots, root)
            self._projects.clear()
            self.loaded.forget()

    def is_project(self, filename: str) -> bool:
        """Whether a source file belongs to the user's project (and not to a library inside it)."""
        known = self._projects.get(filename)
        if known is None:
            known = any(_is_under(root, filename) for root in self._roots)
            self._projects[filename] = known
        return known

    def note_answer(self, program: Program, answer: object) -> None:
        """What a program's function returned may be a claim too."""
        if isinstance(answer, str):
            for claim in claims_in(answer):
                self.world.note_claim(claim, answer, program.name, "")

    # Slices.

    @contextmanager
    def around(self) -> Generator[None, None, None]:
        """Around each slice in which the World runs."""
        here = os.getcwd()
        before = None
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            with vtime.Zone(self.world.clock.zone.key), self.watchdog.watching():
                yield
        finally:
            self.activate(None)
            if before is not None:
                signal.signal(signal.SIGINT, before)
            os.chdir(here)

    def _interrupt(self, number: int, frame: Any) -> None:
        self.interrupted = True
        raise KeyboardInterrupt

    def close(self) -> None:
        """End every program and remove the working directory."""
        for program in list(self.programs):
            program.kill(-int(signal.SIGKILL))
        self.programs.clear()
        self.activate(None)
        self.watchdog.close()
        for ended in self.on_close:
            ended()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.shadow.close()


def _is_under(root: str, filename: str) -> bool:
    """Whether a file is `root`, or below it and not in a library that is installed there."""
    if not filename.startswith(root):
        return False
    below = filename[len(root) :]
    return not below or (below.startswith(os.sep) and f"{os.sep}site-packages{os.sep}" not in below)


_runtimes: WeakKeyDictionary[Any, Runtime] = WeakKeyDictionary()


def runtime_of(world: Any) -> Runtime:
    """The runtime of a World inside `virtual_time`."""
    runtime = _runtimes.get(world)
    assert runtime is not None, "start programs inside `with virtual_time(world)`"
    return runtime


def lives_in_virtual_time(world: Any) -> bool:
    """Whether programs can be started in a World."""
    return world in _runtimes


@contextmanager
def virtual_time(world: Any, busy_limit_s: float = 5.0) -> Iterator[Runtime]:
    """Let programs run in `world` until the block ends."""
    PATCHES.install()
    try:
        runtime = Runtime(world, busy_limit_s)
        _runtimes[world] = runtime
        world.hub.guest = runtime
        world.hub.around.append(runtime.around)
        try:
            yield runtime
        finally:
            world.hub.around.remove(runtime.around)
            runtime.close()
            world.hub.guest = None
            del _runtimes[world]
    finally:
        PATCHES.remove()
    sys.stdout.flush()
