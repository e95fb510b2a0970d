"""What `firedrill init` writes: settings, an adapter where there is something to wire, and a first CI file.

Nothing that is already there is overwritten unless that is asked for, and nothing is written half: all texts
are made first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drills.project.installing import installs, python_version
from drills.project.programs import Program
from drills.project.rendering import render
from drills.project.settings import NAME
from drills.project.survey import Candidate, Survey
from drills.project.tested import open_lines
from drills.project.wiring import adapter, chosen
from sim.errors import BadInput

ADAPTER = "firedrill_adapter.py"
QUARTERLY = ("q1", "q2", "q3", "q4")
_INSTALL = 'pip install "$FIREDRILL"'


@dataclass(frozen=True, slots=True)
class Plan:
    """The files to write, with the reason for each choice."""

    wired: tuple[Candidate, ...]
    runbook: str | None
    code: str | None
    exec: str | None
    files: dict[str, str]
    """Path from the repository's root -> text."""
    program: Program | None = None
    """The program that is drilled as it is, if it is one."""

    @property
    def open_places(self) -> int:
        """How many places of the adapter only somebody who knows the code can fill."""
        return len(open_lines(self.files.get(ADAPTER, "")))


def plan(found: Survey, runbook: str | None) -> Plan:
    """Decide what to wire and make the texts; `runbook` is the one to follow, if any."""
    wired = chosen(found.candidates, found.classes)
    adapted = f"{ADAPTER.removesuffix('.py')}:build" if wired else None
    whole = _as_it_is(found, wired)
    program = whole or (None if adapted or found.emergency else next(iter(found.programs), None))
    code = program.code if program is not None else adapted
    script = None if code is not None else next((_command(found.root, file) for file in found.emergency), None)
    project = program.root if program is not None and program.root not in ("", "src") else ""
    settings = render(
        "firedrill.yaml.j2", drills=QUARTERLY, runbook=runbook, code=code, exec=script,
        project=project if ".py" not in (code or "") else "",
        other=adapted if adapted != code else None,
    )  # fmt: skip
    files = {NAME: settings}
    if wired:
        files[ADAPTER] = adapter(wired, found.classes)
    name, text = _ci(found.root, runbook)
    files[name] = text
    return Plan(tuple(wired), runbook, code, script, files, program)


def _as_it_is(found: Survey, wired: list[Candidate]) -> Program | None:
    """The program that needs no wiring: it holds what would be wired, goes on by itself, and its broker answers."""
    needed = {each.file for each in wired}
    return next((each for each in found.programs if each.whole and needed <= each.reads), None)


def _command(root: Path, file: str) -> str:
    if file.endswith(".py"):
        return f"python {file}"
    return f"./{file}" if os.access(root / file, os.X_OK) else f"bash {file}"


def _ci(root: Path, runbook: str | None) -> tuple[str, str]:
    lint = None if runbook is None else runbook.partition("#")[0]
    needed, python = [*installs(root), _INSTALL], python_version(root)
    if (root / ".gitlab-ci.yml").is_file():
        return "firedrill.gitlab-ci.yml", render("gitlab.yml.j2", installs=needed, lint=lint, python=python)
    return ".github/workflows/firedrill.yml", render("github.yml.j2", installs=needed, lint=lint, python=python)


def unchanged(root: Path, files: dict[str, str]) -> bool:
    """Whether all of them are there already, as they would be written."""
    there = {name: (root / name).read_text("utf-8", "replace") for name in files if (root / name).is_file()}
    return there == files


def check_free(root: Path, files: Iterable[str]) -> None:
    """BadInput when one of `files` is there already."""
    there = [name for name in files if (root / name).exists()]
    if there:
        one = len(there) == 1
        problem = f"{', '.join(there)} {'exists' if one else 'exist'} already; nothing was written"
        raise BadInput(problem, mend=f"move {'it' if one else 'them'} away, or overwrite with --force", file=root)


def write(root: Path, files: dict[str, str], overwrite: bool = False) -> None:
    """Write all of them; BadInput, and nothing written, when one is there already or cannot be."""
    if not overwrite:
        check_free(root, files)
    fresh: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f".{path.name}.new")
            new.write_text(text, encoding="utf-8")
            fresh.append((new, path))
        for new, path in fresh:
            new.replace(path)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror or error}", mend="make it writable", file=root) from error
    finally:
        for new, _ in fresh:
            new.unlink(missing_ok=True)
