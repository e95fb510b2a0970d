"""`firedrill runbook show`: a runbook as Firedrill reads it."""

from __future__ import annotations

from pathlib import Path

import typer

from drills.commands.output import console
from drills.runbook.model import Runbook
from drills.runbook.reader import read_runbook
from drills.runbook.topics import by_fragment


def show_command(file: str, *, as_json: bool) -> int:
    """Print the tree of the runbook, or of one procedure of it."""
    name, _, fragment = file.partition("#")
    runbook = read_runbook(Path(name))
    if fragment:
        runbook = _only(runbook, fragment)
    if as_json:
        typer.echo(runbook.model_dump_json(indent=1))
        return 0
    from drills.runbook.show import render

    render(runbook, console())
    return 0


def _only(runbook: Runbook, fragment: str) -> Runbook:
    """The runbook with the procedure of that name alone; what belongs to all procedures stays."""
    return runbook.model_copy(update={"procedures": (by_fragment(runbook, fragment),)})
