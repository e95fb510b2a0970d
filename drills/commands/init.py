"""`firedrill init`: look through a repository, say what was found, and write the files that wire it up."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from drills.project.files import ADAPTER, Plan, check_free, plan, unchanged, write
from drills.project.survey import Candidate, Survey, survey
from drills.runbook.reader import read_runbook
from drills.runbook.topics import find_procedure
from sim.errors import BadInput

_MOST = 6
"""So many lines of each kind are listed."""


def init_command(root: Path, *, yes: bool, force: bool) -> int:
    """Propose and, when agreed to, write; exit code 0, or 2 when files are in the way."""
    found = survey(root)
    proposal = plan(found, _runbook(found))
    if not force:
        if unchanged(root, proposal.files):
            typer.echo(f"All files are there already. Next: firedrill doctor{_at(root)}")
            return 0
        check_free(root, proposal.files)
    _tell(found, proposal)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("nobody is there to be asked", mend="agree beforehand with --yes", field="--yes")
        if not typer.confirm("Write these files?", default=True):
            typer.echo("Nothing was written.")
            return 0
    write(root, proposal.files, overwrite=force)
    typer.echo(f"Written. Next: firedrill doctor{_at(root)}, then firedrill run{_at(root)}")
    return 0


def _at(root: Path) -> str:
    return "" if root == Path() else f" --project {root}"


def _runbook(found: Survey) -> str | None:
    """The runbook that speaks of a kill switch or an outage; else the first that has a procedure."""
    readable: list[str] = []
    for file in found.runbooks:
        try:
            runbook = read_runbook(found.root / file)
        except BadInput:
            continue
        if not runbook.procedures:
            continue
        readable.append(file)
        try:
            _, note = find_procedure(runbook, None, "kill_switch")
        except BadInput:
            continue
        if note is None:
            return file
    return readable[0] if readable else None


def _tell(found: Survey, proposal: Plan) -> None:
    """What was found, what will be wired, what will be written."""
    typer.echo(f"Looked through {found.root.resolve().name} (parsed, nothing was run)")
    _list("Mitigation code", [_line(each, each in proposal.wired) for each in found.candidates])
    _list("Programs", [f"{each.code}{_chosen(each == proposal.program)}" for each in found.programs])
    _list("Emergency scripts (drill one with --exec)", [_script(file, proposal) for file in found.emergency])
    _list("Runbooks", [f"{file}{'  <- followed' if file == proposal.runbook else ''}" for file in found.runbooks])
    _list("Not valid Python, left out", list(found.unreadable))
    if proposal.code is None and proposal.exec is None:
        typer.echo("\nNothing that looks like mitigation code: the reference bot is drilled until you name yours.")
    if proposal.program is not None and not proposal.program.answered:
        name = proposal.program.code
        typer.echo(f"\nNo broker that {name} talks to exists in a drill: what it sends there is refused.")
        typer.echo("To drill what it decides, call its code from build(desk): an adapter as in the README.")
    if proposal.program is not None and proposal.program.wordy:
        typer.echo(f"\n{proposal.program.code} wants words on its command line; a drill gives it none.")
    _list("To be written", [_purpose(name, proposal) for name in proposal.files])


def _chosen(it_is: bool) -> str:
    return "  <- drilled as it is" if it_is else ""


def _script(file: str, proposal: Plan) -> str:
    return f"{file}{_chosen(proposal.exec is not None and proposal.exec.endswith(file))}"


def _line(candidate: Candidate, wired: bool) -> str:
    verbs = ", ".join(sorted(candidate.verbs)) or "a loop of its own"
    return f"{candidate.file}:{candidate.line} {candidate.name or 'functions'}: {verbs}{'  <- wired' if wired else ''}"


def _purpose(name: str, proposal: Plan) -> str:
    if name == ADAPTER:
        yours = _open(proposal.open_places)
        return f"{name}  the hooks of {', '.join(each.name or each.module for each in proposal.wired)}{yours}"
    return f"{name}  {'what firedrill run runs here' if name.endswith('firedrill.yaml') else 'runs the drills in CI'}"


def _open(places: int) -> str:
    return f"; {places} place{'s' if places > 1 else ''} to fill in" if places else ""


def _list(title: str, lines: list[str]) -> None:
    if not lines:
        return
    typer.echo(f"\n{title}")
    for line in lines[:_MOST]:
        typer.echo(f"  {line}")
    if len(lines) > _MOST:
        typer.echo(f"  and {len(lines) - _MOST} more")
