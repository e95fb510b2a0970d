"""`firedrill doctor`: what of a user's set-up will work in a drill, and why not.

Each check looks at one thing and says what it saw. A failure means that the drill cannot run as it is set up;
a warning, that it runs and something in it is not as in production.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from drills.lint.repository import Repository
from drills.project import traps
from drills.project.check import Check
from drills.project.installing import installs
from drills.project.settings import NAME, Settings, placed, read_settings
from drills.project.survey import survey
from drills.project.tested import open_places, tested_files
from drills.project.trying import tried
from sim.errors import BadInput

_MOST = 5
"""So many of a kind are named."""


def examine(root: Path) -> Iterator[Check]:
    """Every check of the set-up in `root`, in the order in which a person would mend things."""
    yield Check("ok", "Python", f"{platform.python_version()} on {platform.system()}")
    repository = Repository(root)
    try:
        settings = read_settings(root)
    except BadInput as error:
        yield Check("fail", NAME, error.problem, f"{error.mend} ({error.file}:{error.line})")
        return
    if settings is None:
        yield Check("warn", NAME, "there is none: firedrill run needs all options each time", "firedrill init")
        settings = Settings()
    else:
        yield Check("ok", NAME, f"drills {', '.join(settings.drills) or 'none named'}")
    yield from _about_code(root, repository, settings)
    yield from _about_runbook(root, settings)
    yield from _about_git(root)


def _about_code(root: Path, repository: Repository, settings: Settings) -> Iterator[Check]:
    found = survey(root)
    yield from _about_syntax(repository, found.unreadable)
    if settings.code is None and settings.exec is None:
        said = "none is named: the reference bot is drilled, not your code"
        yield Check("warn", "code", said, "name yours: code: module:build")
        return
    if settings.exec is not None:
        yield _about_exec(root, settings)
    place = root if settings.project is None else Path(placed(root, settings.project))
    project = repository if place == root or not place.is_dir() else Repository(place)
    seen = traps.facts(project, tested_files(project, settings.code))
    missing = [name for name in seen.needed if not traps.installed(name)]
    file, lines = open_places(project, settings.code)
    if missing and settings.python is None:
        where = ", ".join(f"{name} ({seen.packages[name]})" for name in missing[:_MOST]) + _more(missing)
        yield Check("fail", "packages", f"not installed beside Firedrill: {where}", _environment(root))
    elif settings.code is not None:
        yield _with_open_places(tried(root, settings), file, lines)
    if lines:
        said = f"{file} does not call all of your code yet: line {', '.join(map(str, lines[:_MOST]))}{_more(lines)}"
        yield Check("warn", "adapter", said, 'complete the lines that say "fill in"')
    yield from _about_traps(seen)


def _about_syntax(repository: Repository, files: Sequence[str]) -> Iterator[Check]:
    """Why each file that does not parse does not."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    for file in files[:_MOST]:
        why, line = repository.complaint(file)
        said = f"{file}:{line} is not valid Python for {ours}: {why}" if line else f"{file} cannot be parsed: {why}"
        if "Missing parentheses" in why or "exec" in why or "multiple exception types" in why:
            mend = "Python 2 cannot be drilled as code: drill it from outside with --exec"
        else:
            mend = f"correct it, or name the interpreter that it is written for: python: PATH in {NAME}"
        yield Check("warn", "code", said, mend)
    if len(files) > _MOST:
        yield Check("warn", "code", f"{len(files) - _MOST} more files are not valid Python for {ours}")


def _with_open_places(check: Check, file: str, lines: list[int]) -> Check:
    """What does not start may be what has not been filled in."""
    if check.state != "fail" or not lines:
        return check
    return Check(check.state, check.what, check.seen, f'complete {file} first: "fill in" in line {lines[0]}')


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - _MOST} more" if len(items) > _MOST else ""


def _about_exec(root: Path, settings: Settings) -> Check:
    """Whether the program is there and can be started in lock-step on this machine; it is not started."""
    from drills.executable import Executable

    project = root if settings.project is None else Path(placed(root, settings.project))
    assert settings.exec is not None
    try:
        program = Executable.of(settings.exec, project, settings.exec_on, "auto")
    except BadInput as error:
        return Check("fail", "exec", f"{settings.exec}: {error.problem}", error.mend)
    return Check("ok", "exec", f"{settings.exec} can be started ({program.isolation})")


def _environment(root: Path) -> str:
    """How the code's own environment is named, if there is one; else how one is made."""
    for name in (".venv", "venv", "env"):
        for python in (f"{name}/bin/python", f"{name}/Scripts/python.exe"):
            if (root / python).exists():
                return f"run it in its own environment: python: {python} in {NAME}"
    how = next(installs(root), "pip install them")
    return f"{how} where Firedrill is, or name an environment that has them: --python PATH/bin/python"


def _about_traps(seen: traps.Facts) -> Iterator[Check]:
    from fakes import rest_broker
    from fakes.alpaca.core import DATA_HOSTS, TRADING_HOSTS

    known = {*TRADING_HOSTS, *DATA_HOSTS, *rest_broker.HOSTS, "localhost", "127.0.0.1"}
    for name, place in seen.packages.items():
        if name in traps.BELOW_PYTHON:
            mend = f"for a drill, use {traps.BELOW_PYTHON[name]}"
            yield Check("warn", "packages", f"{name} works below Python, out of virtual time ({place})", mend)
        elif name in traps.NO_SUCH_SYSTEM:
            said = f"{name} looks for {traps.NO_SUCH_SYSTEM[name]}, which a drill does not have ({place})"
            yield Check("warn", "packages", said, "its calls are refused by name: reach the broker through the desk")
    strange = {host: place for host, place in seen.hosts.items() if host not in known and "localhost" not in host}
    if strange:
        named = [f"{host} ({place})" for host, place in strange.items()]
        verb = "does not exist" if len(named) == 1 else "do not exist"
        said = f"{', '.join(named[:_MOST])}{_more(named)} {verb} in a drill"
        yield Check("warn", "network", said, "a call there is refused by name, as an outage of it would be")
    else:
        yield Check("ok", "network", "no host that a drill does not have")
    for what, place in seen.processes.items():
        yield Check("warn", "processes", f"{what} is refused in virtual time ({place})", "use threads, or --exec")


def _about_runbook(root: Path, settings: Settings) -> Iterator[Check]:
    from drills.lint.linter import lint
    from drills.lint.problem import Severity
    from drills.lint.registry import all_rules
    from drills.runbook.reader import read_runbook
    from sim.clock import wall_now

    if settings.runbook is None:
        yield Check("warn", "runbook", "none is named: each drill's own is followed", "name yours: runbook: FILE.md")
        return
    path = Path(placed(root, settings.runbook).partition("#")[0])
    try:
        runbook = read_runbook(path)
    except BadInput as error:
        yield Check("fail", "runbook", error.problem, error.mend)
        return
    steps = sum(1 for _ in runbook.walk())
    yield Check("ok", "runbook", f"{settings.runbook}: {len(runbook.procedures)} procedures, {steps} steps")
    errors = lint([path], all_rules(), wall_now().date(), None).count(Severity.ERROR)
    if errors:
        said = f"{errors} lint errors: steps that fail or mislead when followed"
        yield Check("warn", "runbook", said, f"firedrill lint {settings.runbook}")


def _about_git(root: Path) -> Iterator[Check]:
    ignored = root / ".gitignore"
    text = ignored.read_text("utf-8", "replace") if ignored.is_file() else ""
    if (root / ".git").exists() and "results" not in text:
        yield Check("warn", "git", "stored runs would be committed", "add results/runs/ to .gitignore")
