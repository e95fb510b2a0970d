"""Somebody else's add-on, unmodified: sound as it is, and found out with any of these defects in it.

It starts threads, keeps its state in files, calls its broker with requests, retries with tenacity and runs jobs
with schedule; nothing of it knows Firedrill but the adapter of its user.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.case_run import run_case
from drills.code import load_mitigation
from drills.human import PRESETS
from drills.measuring import Measured, measure_run
from scenarios.loader import library
from scenarios.scenario import Scenario
from tests.drills.plans import plan_of_drill
from tests.drills.planted import ADD_ON, PLANTED, TARGET, Planted, plant

ROLLOVER = Scenario.model_validate(
    {
        "name": "rollover", "title": "The account cannot be read at midnight", "topic": "kill-switch",
        "story": "Crypto never closes. At midnight the account endpoint was down; then the market fell.",
        "world": {"epoch": "2026-03-10 23:45", "exchange": "24/7"},
        "faults": [
            {"kind": "broker_endpoint_down", "at": "0s", "for": "8m", "endpoints": ["account"], "status": 503},
            {"kind": "adverse_move", "at": "10m", "loss_pct": 4, "ramp": "3m"},
        ],
        "horizon": "40m",
        "truth": {"severity": "critical", "causes": ["daily_loss"]},
        "expect": {"halt": "required", "flatten": "required", "resume": False},
        "objectives": {"rto": "30m", "detect": "15m"},
    }
)  # fmt: skip
LUNCH = Scenario.model_validate(
    {
        "name": "lunch", "title": "Tokyo breaks for lunch", "topic": "data-corruption",
        "story": "Nothing went wrong. From 11:30 to 12:30 there is no market.",
        "world": {"epoch": "2026-03-10 11:15", "exchange": "XTKS", "zone": "Asia/Tokyo"},
        "horizon": "70m",
        "truth": {"severity": "none"},
        "expect": {"halt": "forbidden", "flatten": "forbidden", "alarm": "forbidden"},
    }
)  # fmt: skip
OWN = {scenario.name: scenario for scenario in (ROLLOVER, LUNCH)}
CASES = tuple(dict.fromkeys(defect.case for defect in PLANTED))


def measured(folder: Path, case: str, responder: str = "none", seed: int = 7) -> Measured:
    scenario = OWN.get(case) or library()[case]
    mitigation = load_mitigation(TARGET, folder)
    if responder == "none":
        return measure_run(run_case(scenario, seed, mitigation, None, None), None, automation_only=True)
    plan = plan_of_drill(case)
    return measure_run(run_case(scenario, seed, mitigation, plan, PRESETS[responder]), plan, automation_only=False)


def failed(seen: Measured) -> dict[str, str]:
    return {check.name: check.evidence[0].title for check in seen.checks if check.verdict == "fail"}


@pytest.mark.parametrize("case", CASES)
def test_the_sound_add_on_fails_no_check(case: str) -> None:
    seen = measured(ADD_ON, case)
    assert (failed(seen), seen.unsettled) == ({}, ())


@pytest.mark.parametrize("defect", PLANTED, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found(defect: Planted, tmp_path: Path) -> None:
    found = failed(measured(plant(defect, tmp_path), defect.case, defect.responder))
    assert defect.check in found, found
