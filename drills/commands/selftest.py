"""`firedrill selftest`: are the drills worth anything? Planted defects are caught, the unharmed bot passes."""

from __future__ import annotations

import os

import typer

from drills.drill import QUARTERS
from drills.progress import ProgressLine
from drills.reference.defects import DEFECTS
from scenarios.loader import unknown_name


def selftest_command(seeds: int, jobs: int, only: tuple[str, ...], *, list_only: bool) -> int:
    """Run the drills against every planted defect; 0 when all were caught and nothing else failed."""
    for name in only:
        if name not in QUARTERS:
            raise unknown_name("drill", name, list(QUARTERS))
    if list_only:
        for defect in DEFECTS:
            if not only or defect.drill in only:
                typer.echo(f"{defect.drill:<4}{defect.name:<28}{defect.story}")
        return 0
    from drills.selftest import selftest

    with ProgressLine() as progress:
        report = selftest(seeds, jobs or os.cpu_count() or 1, only, progress)
    for line in report.lines():
        typer.echo(line)
    typer.echo(report.summary())
    return 0 if report.passed else 1
