"""A user's repository: setting it up, and looking whether what is set up will work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drills.cli.root import Project, app


@app.command(short_help="Set a repository up: settings, adapter, CI file.")
def init(
    project: Project = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")] = False,
) -> int:
    """Set a repository up: find its mitigation code and runbook, write firedrill.yaml, an adapter and a CI file.

    \b
    Nothing of your code is imported or run; it is parsed. Examples:
      firedrill init
      firedrill init --project ../our-bot --yes
    """
    from drills.commands.init import init_command

    return init_command(project, yes=yes, force=force)


@app.command(short_help="Tell what of your set-up will work, and what to mend.")
def doctor(project: Project = Path()) -> int:
    """Tell what of your set-up will work in a drill, and what to mend where it will not; exit code 2 then.

    \b
    Reads firedrill.yaml, builds your code on a healthy firm, reads your runbook. Examples:
      firedrill doctor
      firedrill doctor --project ../our-bot
    """
    from drills.commands.doctor import doctor_command

    return doctor_command(project)
