"""`firedrill list`: the drills with their cases, and the runbooks that come along, within 80 columns."""

from __future__ import annotations

import json
from typing import Any

import typer

from drills.drill import QUARTERS, RUNBOOKS, Drill, drills
from scenarios.scenario import Scenario
from sim.clock import SECOND

WIDTH = 80
GROUPS: dict[str, tuple[str, ...]] = {
    "The four quarters (firedrill run all)": QUARTERS,
    "Risk and positions": ("drawdown", "position-mismatch", "unexpected-position"),
    "Orders and fills": ("execution-failures", "degraded-fills"),
    "Data and models": ("data-sla", "calibration"),
    "Platform": ("system-unavailable", "system-down", "memory", "high-latency", "deployment", "mode-rollback"),
}
"""Heading to drills; what is in none of them is listed last."""
_HOW = """\
Run:  firedrill run q1 --seed 7              one drill, all its cases
      firedrill run all                      the four quarters
      firedrill run q2 --case q2-half-open   one case
      firedrill run q1 --runbook YOURS.md --code your.module:build
      firedrill match YOURS.md               which drill for which procedure"""


def list_command(*, as_json: bool) -> int:
    """Print what there is to run."""
    if as_json:
        typer.echo(json.dumps([_facts(drill) for drill in drills().values()], indent=1))
        return 0
    for group, names in groups().items():
        typer.echo(f"{group.upper()}\n")
        for drill in (drills()[name] for name in names):
            _print_drill(drill)
    books = [path.name for path in sorted(RUNBOOKS.glob("*.md"))]
    typer.echo("Runbooks: " + ("\n          ".join(books) or "none"))
    typer.echo("\n" + _HOW)
    return 0


def groups() -> dict[str, list[str]]:
    """The names of all drills under the headings that people look for them by."""
    grouped = {title: [name for name in names if name in drills()] for title, names in GROUPS.items()}
    named = {name for names in grouped.values() for name in names}
    grouped["Others"] = [name for name in drills() if name not in named]
    return {title: names for title, names in grouped.items() if names}


def _print_drill(drill: Drill) -> None:
    name = f"{drill.name:<6}"
    head = f"{name}  {drill.title}, runbook {drill.runbook.partition('#')[0]}"
    typer.echo(f"{head:<{WIDTH - 3}}RTO")
    for case, scenario in drill.scenarios().items():
        typer.echo(_case_line(case, scenario))
    typer.echo("")


def _case_line(case: str, scenario: Scenario) -> str:
    left = f"  {case:<26}"
    room = WIDTH - len(left) - 8
    title = scenario.title if len(scenario.title) <= room else scenario.title[: room - 1].rstrip() + "…"
    return f"{left}{title:<{room}}{_short(scenario.objectives.rto_us):>8}"


def _short(t_us: int) -> str:
    """A duration in few letters: `45m`, `18h40m`."""
    minutes, seconds = divmod(t_us // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _facts(drill: Drill) -> dict[str, Any]:
    return {
        "name": drill.name,
        "title": drill.title,
        "group": next(group for group, names in groups().items() if drill.name in names),
        "topic": drill.topic,
        "runbook": drill.runbook,
        "pass_mark": drill.pass_mark,
        "cases": [
            {
                "name": case,
                "title": scenario.title,
                "story": scenario.story,
                "objectives": scenario.objectives.model_dump(mode="json"),
                "faults": [fault.describe() for fault in scenario.faults],
            }
            for case, scenario in drill.scenarios().items()
        ],
    }
