"""What a user may name to be drilled: a stock drill, `all`, a stock scenario, or a YAML file of either."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from drills.drill import QUARTERS, Drill, drills, read_drill
from scenarios.loader import library, load_scenario, looks_like_a_path, unknown_name
from scenarios.scenario import Scenario
from scenarios.yaml_lines import read_document
from sim.errors import BadInput


class Target(NamedTuple):
    """A drill to run, and what it was named by when that is not its own name."""

    drill: Drill
    named: str | None


def targets(words: Sequence[str], runbook: str | None = None) -> list[Target]:
    """The drills that `words` name, in order, none twice; a lone scenario of a new topic needs a `runbook`."""
    names = [name for word in words for name in (QUARTERS if word == "all" else (word,))]
    return [_target(name, runbook) for name in dict.fromkeys(names)]


def check_cases(drill: Drill, cases: Sequence[str] | None) -> None:
    """BadInput when the drill lacks one of `cases`."""
    for case in cases or ():
        if case not in drill.cases:
            error = unknown_name("case", case, list(drill.cases))
            problem = f"drill {drill.name} has no such case"
            raise BadInput(
                problem, mend=error.mend.removesuffix(", or a path to a YAML file"), field="--case", value=case
            )


def _target(name: str, runbook: str | None) -> Target:
    if name in drills():
        return Target(drills()[name], None)
    if name in library():
        return Target(_drill_of(library()[name], name, None, runbook), name)
    if not looks_like_a_path(name):
        near = get_close_matches(name, [*drills(), "all", *library()], n=1)
        mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(drills())}, all, or see firedrill list"
        raise BadInput("there is no drill of this name", mend=mend, field="drill", value=name)
    data = read_document(name).data
    if isinstance(data, dict) and "cases" not in data and not {"runbook", "pass_mark"} & set(data):
        return Target(_drill_of(load_scenario(name), Path(name).name, Path(name).parent, runbook), name)
    return Target(read_drill(name), name)


def _drill_of(scenario: Scenario, case: str, folder: Path | None, runbook: str | None) -> Drill:
    """A drill of one case, by the runbook that the stock drills use for its topic."""
    like = _like(scenario)
    if like is None and runbook is None:
        raise BadInput(
            f"no stock drill has the topic {scenario.topic}, so there is no runbook for it",
            mend="name one with --runbook",
            field="drill",
            value=scenario.name,
        )
    like = like or drills()["q4"]
    drill = Drill(
        name=scenario.name, title=scenario.title, topic=scenario.topic, runbook=like.runbook, cases=(case,),
        objectives=like.objectives, pass_mark=like.pass_mark,
    )  # fmt: skip
    if folder is not None:
        drill._folder = folder
    return drill


def _like(scenario: Scenario) -> Drill | None:
    """The drill of the scenario's own topic, before one that borrows it as a case."""
    known = list(drills().values())
    of_topic = [drill for drill in known if drill.topic == scenario.topic]
    holding = [drill for drill in known if scenario.name in drill.cases]
    both = [drill for drill in of_topic if drill in holding]
    return next(iter(both or of_topic or holding), None)
