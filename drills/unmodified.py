"""User code as it is: its clocks, sleeps, threads, asyncio and HTTP become the World's.

What `--unmodified` and `--python` stand for. Hooks called through the desk need none of it; a bot that sleeps by
itself, reads the time or talks to its broker over HTTP does. An unknown host is refused, so nothing it does
leaves the machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drills.missing_packages import check_packages
from sim.actors.user_hooks import UserHooks
from sim.actors.user_program import UserProgram
from sim.errors import BadInput
from sim.lockstep.interpreter import interpreter
from sim.lockstep.user_code import OwnHooks, OwnProgram
from sim.world import Mitigation, World

_PROGRAMS = ("run", "main")
"""Functions of these names are programs that run by themselves; others are given the desk and return hooks."""
_SKIPPED = {".venv", "venv", "node_modules", "__pycache__", ".git", "site-packages"}


def load_unmodified(spec: str | None, project: Path | None, python: Path | None = None) -> Mitigation:
    """A script, `-m module`, or `module:function` of `project`; BadInput when there is none.

    With `python`, it runs in that interpreter, in processes of its own.
    """
    if spec is None:
        field = "--unmodified" if python is None else "--python"
        raise BadInput("no code to run as it is", field=field, mend="name it with --code")
    own = None if python is None else interpreter(str(python)).path
    folder = (project or Path()).resolve()
    _, _, function = spec.rpartition(":")
    if ":" in spec and function not in _PROGRAMS:
        hooks = UserHooks(spec, folder) if own is None else OwnHooks(spec, folder, python=own)
        return Mitigation(hooks.build, spec, unmodified=True)
    program = UserProgram(spec, project=folder) if own is None else OwnProgram(spec, project=folder, python=own)
    program.check()
    if isinstance(program, UserProgram):
        check_packages(spec, folder, program.search_path)
    return Mitigation(program.build, spec, unmodified=True)


def unmodified_sha256(project: Path | None) -> str:
    """One digest over every Python file of the project: what runs as it is may import any of them."""
    folder = (project or Path()).resolve()
    sha = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        if not _SKIPPED & set(file.relative_to(folder).parts):
            sha.update(f"{file.relative_to(folder).as_posix()}\n".encode() + file.read_bytes())
    return sha.hexdigest()


@contextmanager
def time_of(world: World) -> Iterator[None]:
    """While this lasts, code that runs as it is lives in the time of `world`; brokers' hosts exist in it."""
    if world.mitigation is not None and world.mitigation.around is not None:
        with world.mitigation.around(world):
            yield
        return
    if world.mitigation is None or not world.mitigation.unmodified:
        yield
        return
    from fakes import rest_broker, trading_host
    from fakes.alpaca.core import register
    from sim.actors.runtime import virtual_time

    register(world)
    rest_broker.register(world)
    trading_host.register(world)
    with virtual_time(world):
        yield
