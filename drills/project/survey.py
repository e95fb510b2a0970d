"""What a repository holds that a drill could use, found by parsing alone: nothing of it is imported or run.

Classes with methods like `halt` or `reset`, functions of the same kind, scripts with a `main` part, emergency
scripts, and the runbooks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from drills.lint.repository import Repository
from drills.project.candidates import Candidate, Method, Parameter
from drills.project.classes import Classes
from drills.project.mitigation import candidates
from drills.project.programs import Program, programs

__all__ = ["Candidate", "Method", "Parameter", "Survey", "survey"]

_TESTS = re.compile(
    r"(^|/)(tests?|testing|testdata|examples?|samples?|demos?|docs?|migrations|alembic|notebooks?|backtest\w*|legacy"
    r"|archive\w*|old|vendor|third_party)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest|setup|noxfile|fabfile|tasks)\.py$",
    re.I,
)
"""Files that hold no code that runs in production."""
_EMERGENCY = re.compile(r"kill|stop|halt|flatten|emergenc|close|panic|notaus|reconnect|failover|liquidat|unwind", re.I)
_NO_EMERGENCY = re.compile(
    r"stop_?loss|trailing|stop-loss|fullstop|closed_|(market|on|at)_close|reconnecting|install|server|service|daemon|watch|monitor"
    r"|_config$|_test", re.I
)  # fmt: skip
_RUNBOOK = re.compile(r"runbook|incident|playbook|emergenc|notfall|störung|incidente|ops|on-?call|disaster|drill", re.I)


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that was found."""

    root: Path
    candidates: tuple[Candidate, ...] = ()
    """The likeliest first."""
    programs: tuple[Program, ...] = ()
    """What runs by itself and talks to a broker; what is made for a desk first."""
    emergency: tuple[str, ...] = ()
    """Scripts, in shell or Python, that sound like an emergency."""
    runbooks: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = field(default=())
    """Python files that do not parse."""
    classes: Classes = field(default_factory=Classes, compare=False, repr=False)
    """Every class of the repository, to make arguments of."""


def survey(root: Path) -> Survey:
    """Look through `root`; BadInput when it is no folder."""
    repository = Repository(root)
    files = sorted(repository.files)
    python = [file for file in files if file.endswith(".py") and not _TESTS.search(file) and not _ours(file)]
    alpaca = any("TradingClient" in repository.text(file) for file in python)
    classes = Classes.of(repository, python)
    found = [candidate for file in python for candidate in candidates(repository, file, classes, alpaca)]
    started = list(programs(repository, python))
    tools = {program.file for program in started if _is_emergency(program.file) and not program.whole}
    return Survey(
        root,
        tuple(sorted(found, key=lambda each: (-each.weight, each.file, each.line))),
        tuple(program for program in started if program.talks and program.file not in tools),
        tuple(file for file in files if file in tools or (file.endswith((".sh", ".bash")) and _is_emergency(file))),
        tuple(file for file in files if file.lower().endswith(".md") and _is_runbook(file, repository)),
        tuple(file for file in python if repository.tree(file) is None),
        classes,
    )


def _is_emergency(file: str) -> bool:
    name = PurePosixPath(file).stem
    return bool(_EMERGENCY.search(name)) and not _NO_EMERGENCY.search(name)


def _ours(file: str) -> bool:
    return PurePosixPath(file).name.startswith("firedrill_")


def _is_runbook(file: str, repository: Repository) -> bool:
    if PurePosixPath(file).name.lower() in {"readme.md", "changelog.md", "contributing.md", "license.md"}:
        return False
    headed = re.search(r"^#.*\b(runbook|incident)", repository.text(file), re.I | re.M)
    return bool(_RUNBOOK.search(file)) or headed is not None
