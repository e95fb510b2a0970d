"""The mitigation under test, from what the user typed after `--code` to something a World can start.

    package.module:build     a function or class that takes the desk and returns the hooks
    path/to/file.py:Class    the same, by file
    package.module           its `build`, or else its `run(desk)`
    path/to/bot.py           the same when it has one of them for the desk, else a script
    -m package.bot           a module, run as `python -m` would
    package.module:run       a program (`run` or `main`, blocking or async), given the desk when it takes one

All of it runs as it is: its clocks, sleeps, threads and sockets are the World's, an unknown host is refused, and
nothing it does leaves the machine. It is imported from the project folder (`--project`, by default the working
directory), anew at each start of a process, because a restarted bot has forgotten everything. What does not
load is the user's to mend, so it is told with the user's own file and line (`drills.code_complaints`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from drills.missing_packages import check_packages
from drills.user_code import REFERENCE, UserCode
from drills.world_time import time_of
from sim.actors.user_hooks import UserHooks
from sim.actors.user_program import UserProgram
from sim.config import WorldConfig
from sim.errors import BadInput
from sim.lockstep.interpreter import interpreter
from sim.lockstep.user_code import OwnHooks, OwnProgram
from sim.world import Mitigation, World

_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))


def load_mitigation(spec: str | None, project: Path | None = None, python: Path | None = None) -> Mitigation:
    """The mitigation that `spec` names (None: the reference bot), tried once so that complaints come early.

    With `python` it runs in that interpreter, in processes of its own.
    """
    if spec is None and python is not None:
        raise BadInput("no code to run in it", field="--python", mend="name it with --code")
    own = None if python is None else interpreter(str(python)).path
    if spec is not None and spec.startswith("-m "):
        return _program(spec, project, own, spec)
    code = UserCode(spec, project)
    if code.is_ours and own is None:
        return Mitigation(code.build, code.spec)
    shape = code.shape(ours=own is None)
    if shape != "hooks":
        return _program(code.target if shape == "program" else f"{code.target}:run", code.project, own, code.spec)
    target = code.target if code.name else f"{code.target}:build"
    if own is not None:
        return Mitigation(OwnHooks(target, code.project, python=own).build, code.spec, unmodified=True)
    hooks = UserHooks(target, code.project, find=code.found, roots=code.homes())
    mitigation = Mitigation(hooks.build, code.spec, unmodified=True)
    _try(mitigation)
    return mitigation


def _program(target: str, project: Path | None, own: Path | None, spec: str) -> Mitigation:
    """Code that runs by itself; it is not tried, since starting it is all that it does."""
    folder = (project or Path()).resolve()
    program = UserProgram(target, project=folder) if own is None else OwnProgram(target, project=folder, python=own)
    program.check()
    if own is None:
        check_packages(target, folder, program.search_path)
    return Mitigation(program.build, spec, unmodified=True)


def _try(mitigation: Mitigation) -> None:
    """Build it once, in a small firm of its own."""
    world = World(WorldConfig(monitored=False), 0, mitigation=mitigation)
    with time_of(world):
        world.run(0)
        world.finish()


def code_sha256(spec: str | None, project: Path | None = None) -> str:
    """One digest of the user's source: every Python file of the project, and of an installed package that is named.

    Of Firedrill's own bots: the package that holds it.
    """
    if spec is not None and spec.startswith("-m "):
        return _sha256((project or Path()).resolve())
    code = UserCode(spec, project)
    return _sha256(code.folder()) if code.is_ours else _sha256(code.project, *code.homes())


def _sha256(*folders: Path) -> str:
    sha = hashlib.sha256()
    for folder in folders:
        for name, file in sorted((file.relative_to(folder).as_posix(), file) for file in _python_files(folder)):
            sha.update(f"{name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return sha.hexdigest()


def _python_files(folder: Path) -> Iterator[Path]:
    for place, names, files in os.walk(folder):
        names[:] = [name for name in names if not _is_apart(Path(place) / name)]
        yield from (Path(place) / file for file in files if file.endswith(".py"))


def _is_apart(folder: Path) -> bool:
    """Whether a folder of a project is none of its source: an environment, what is installed, another repository."""
    return (
        folder.name.startswith(".") or folder.name in _SKIPPED
        or (folder / "pyvenv.cfg").exists() or (folder / ".git").is_dir()
    )  # fmt: skip


__all__ = ["REFERENCE", "code_sha256", "load_mitigation"]
