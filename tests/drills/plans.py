"""Plans for tests: a runbook written in the test itself, resolved for one stock incident."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drills.drill import drills
from drills.plan import Plan, PlannedStep
from drills.planning import find, make_plan
from scenarios.expectations import GroundTruth
from scenarios.loader import library
from scenarios.scenario import Scenario

SHARED = Path(__file__).resolve().parents[3] / "shared" / "runbooks"
LEADS = {drills()[name].lead: name for name in ("q1", "q2", "q3", "q4")}


def truth_of(scenario: Scenario, **facts: Any) -> Scenario:
    """The scenario with another ground truth."""
    truth = GroundTruth.model_validate({**scenario.truth.model_dump(), **facts})
    return scenario.model_copy(update={"truth": truth})


def plan_of_text(text: str, folder: Path, case: str = "q1-daily-loss", *, topic: str = "", **facts: Any) -> Plan:
    """The first procedure of a runbook in Markdown, for a stock case whose truth is changed by `facts`."""
    path = folder / "book.md"
    path.write_text(text, encoding="utf-8")
    scenario = library()[case]
    runbook, procedure, note = find(path, None, topic or scenario.topic)
    return make_plan(runbook, procedure, truth_of(scenario, **facts) if facts else scenario, note)


def plan_of_drill(case: str, runbook: str | None = None) -> Plan:
    """The drill's own procedure for its case, or that of a shared runbook by its file's stem."""
    drill = drills()[next(name for name in drills() if case in drills()[name].cases)]
    path, fragment = drill.runbook_path(), drill.procedure
    if runbook is not None:
        path, fragment = SHARED / f"{runbook}.md", None
    found, procedure, note = find(path, fragment, drill.topic)
    return make_plan(found, procedure, drill.scenario(case), note)


def short(step_id: str, procedure: str) -> str:
    """A step's id without the procedure it is in."""
    return step_id.removeprefix(f"{procedure}/")


def named(plan: Plan) -> dict[str, PlannedStep]:
    """The steps of a plan by their short ids."""
    return {short(step.id, plan.procedure): step for step in plan.steps}


def actions(plan: Plan) -> list[str]:
    """What is done in all, in the order of the text."""
    return [action for step in plan.steps for action in step.actions]


def before(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """What each step waits for, by short ids."""
    return {
        short(step.id, plan.procedure): tuple(short(pred, plan.procedure) for pred in step.preds) for step in plan.steps
    }
