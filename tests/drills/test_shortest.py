"""Of an incident with everything in it, what is left when all that does not matter is taken out."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drills.shortest import MOST_RUNS, ending_at, shortest
from scenarios.scenario import Scenario
from sim.clock import MINUTE, SECOND

KINDS = ("broker_slow", "broker_refused", "broker_black_hole")


def scenario(*faults: dict[str, Any], horizon: str = "3h", rto: str = "45m") -> Scenario:
    return Scenario.model_validate(
        {
            "name": "x", "title": "x", "story": "x", "faults": list(faults), "horizon": horizon, "heal_all": "2h",
            "objectives": {"rto": rto}, "expect": {"alarm": "either"},
        }
    )  # fmt: skip


SLOW = {"kind": "broker_slow", "at": "5m", "for": "10m", "latency_ms": 900}
REFUSED = {"kind": "broker_refused", "at": "20m", "for": "5m"}
KILL = {"kind": "manual_kill", "at": "30m"}


def needs(kind: str, at_least_us: int, after_us: int) -> Any:
    """It shows `after_us` after a fault of this kind struck, provided that the fault lasts long enough."""

    def shows(given: Scenario) -> int | None:
        for fault in given.faults:
            if fault.kind == kind and (fault.for_us or at_least_us) >= at_least_us:
                at_us = fault.at_us + after_us
                return at_us if at_us <= given.horizon_us else None
        return None

    return shows


def test_one_fault_of_three_and_a_few_minutes_of_three_hours_are_left() -> None:
    reduced = shortest(scenario(SLOW, REFUSED, KILL), needs("broker_refused", 40 * SECOND, 2 * MINUTE))
    assert reduced is not None
    [fault] = reduced.scenario.faults
    assert (fault.kind, fault.at_us) == ("broker_refused", 0)
    assert 40 * SECOND <= (fault.for_us or 0) < 80 * SECOND
    assert reduced.scenario.horizon_us == 3 * MINUTE
    assert not reduced.scenario.expect.resume  # a run that ends before the RTO does not ask for recovery
    assert reduced.runs <= MOST_RUNS


def test_what_does_not_show_it_cannot_be_reduced() -> None:
    assert shortest(scenario(SLOW), needs("broker_refused", 0, 0)) is None


def test_two_faults_that_need_each_other_stay() -> None:
    def shows(given: Scenario) -> int | None:
        kinds = {fault.kind for fault in given.faults}
        return 31 * MINUTE if {"broker_slow", "manual_kill"} <= kinds else None

    reduced = shortest(scenario(SLOW, REFUSED, KILL), shows)
    assert reduced is not None
    assert [fault.kind for fault in reduced.scenario.faults] == ["broker_slow", "manual_kill"]


def test_a_fault_that_outlasts_the_end_is_cut_with_it() -> None:
    changes = ending_at(scenario(SLOW, REFUSED, KILL), 22 * MINUTE)
    assert [fault["kind"] for fault in changes["faults"]] == ["broker_slow", "broker_refused"]
    assert changes["faults"][1]["for"] == "2m"
    assert (changes["heal_all"], changes["objectives"]["rto"]) == ("22m", "22m")


def test_a_scenario_of_which_only_a_window_is_simulated_keeps_its_day() -> None:
    data = {**scenario(SLOW, rto="20m").yaml_data(), "window": {"before": "5m", "after": "25m"}}
    windowed = Scenario.model_validate(data)
    reduced = shortest(windowed, lambda given: MINUTE)
    assert reduced is not None
    assert (reduced.scenario.window, reduced.scenario.horizon_us) == (windowed.window, windowed.horizon_us)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 60), st.integers(10, 2000)), min_size=1, max_size=4),
    st.sampled_from(KINDS), st.integers(5, 300), st.integers(0, 600),
)  # fmt: skip
def test_what_is_left_still_shows_it_and_is_never_longer(
    faults: list[tuple[str, int, int]], kind: str, at_least_s: int, after_s: int
) -> None:
    once = {name: (at, length) for name, at, length in faults}
    full = scenario(
        *({"kind": name, "at": f"{at}m", "for": f"{length}s"} | ({"latency_ms": 900} if name == "broker_slow" else {})
          for name, (at, length) in once.items()), rto="2h"
    )  # fmt: skip
    shows = needs(kind, at_least_s * SECOND, after_s * SECOND)
    reduced = shortest(full, shows)
    assert (reduced is None) == (shows(full) is None)
    if reduced is not None:
        left = reduced.scenario
        assert shows(left) is not None
        assert left.horizon_us <= full.horizon_us
        assert [fault.kind for fault in left.faults] == [kind]
        assert Scenario.model_validate(left.yaml_data(brief=True)) == left
