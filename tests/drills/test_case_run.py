"""One case, recorded: it stops when the firm trades as on any day, and leaves everything to the History."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from drills.case_run import CaseRun, run_case
from drills.code import load_mitigation
from drills.human import PRESETS
from drills.plan import Plan
from scenarios.loader import library
from scenarios.scenario import Scenario
from sim.clock import HOUR, MINUTE
from sim.errors import BadInput
from sim.world import Mitigation
from tests.drills.on_call import plan_of, step
from tests.drills.plans import plan_of_drill

REFERENCE = load_mitigation(None)
RELEASE = plan_of(step("ask", "approve"), step("release", "resume", "verify_trading"))


def run(case: str | Scenario, *, plan: Plan | None = None, code: Mitigation | None = REFERENCE) -> CaseRun:
    scenario = library()[case] if isinstance(case, str) else case
    return run_case(scenario, 7, code, plan, PRESETS["perfect"] if plan else None)


def test_a_run_ends_when_the_schedule_is_over_and_the_firm_is_calm_again() -> None:
    made = run("q2-refused")
    assert made.zero_us == library()["q2-refused"].fault_zero_us
    assert made.zero_us + 10 * MINUTE < made.end_us <= made.zero_us + 30 * MINUTE < made.horizon_us
    assert made.history.of("link.restored")


def test_nobody_is_waited_for_where_nobody_responds() -> None:
    made = run("q1-manual")
    assert made.end_us - made.zero_us <= 20 * MINUTE
    assert made.history.of("system.halted")
    assert not made.history.of("system.resumed", "responder.started")


def test_the_on_call_is_waited_for() -> None:
    made = run("q1-manual", plan=plan_of_drill("q1-manual"))
    closed = made.history.first("responder.closed")
    assert closed is not None
    assert closed.t_us <= made.end_us <= closed.t_us + 15 * MINUTE
    assert made.end_us < made.horizon_us


def test_a_halt_that_nobody_releases_lasts_to_the_horizon_when_somebody_is_there_to_release_it() -> None:
    made = run("q1-manual", plan=plan_of(step("look", "look_status")))
    assert made.end_us == made.horizon_us


def test_without_faults_the_whole_horizon_is_watched() -> None:
    data: dict[str, Any] = library()["q3-clean-night"].yaml_data()
    data["horizon"], data["warm_up"] = "20m", "10m"
    made = run(Scenario.model_validate(data))
    assert made.end_us == made.horizon_us == 30 * MINUTE


def test_code_that_is_none_is_a_firm_without_a_net() -> None:
    made = run("q1-manual", code=None)
    assert [event.data["by"] for event in made.history.of("system.halted")] == ["risk officer"]


def test_what_surrounds_a_run_is_told_with_it() -> None:
    made = run("q2-blip-5s", plan=RELEASE)
    scenario = library()["q2-blip-5s"]
    assert (made.epoch, made.zone, made.scenario) == (scenario.start, scenario.world.zone, scenario)
    opened, closes = next(session for session in made.sessions if session[1] > made.zero_us)
    assert opened < made.zero_us < closes
    assert closes - opened == 6.5 * HOUR
    assert made.bars_lost == 0


def test_code_that_cannot_be_built_is_the_users_to_mend_and_leaves_the_collector_as_it_was() -> None:
    def explode(desk: Any) -> Any:
        raise ZeroDivisionError

    assert gc.isenabled()
    with pytest.raises(BadInput, match=r"tests:explode: build\(desk\) failed: ZeroDivisionError"):
        run("q2-blip-5s", code=Mitigation(explode, "tests:explode"))
    assert gc.isenabled()


@pytest.mark.parametrize("case", ["q1-manual", "q4-total"])
def test_the_same_seed_makes_the_same_history(case: str) -> None:
    plan = plan_of_drill(case)
    assert run(case, plan=plan).history.digest() == run(case, plan=plan).history.digest()
    assert run(case, plan=plan).history.digest() != run(case).history.digest()
