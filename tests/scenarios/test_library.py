"""The stock scenarios: all of them load, say what they do, and cover what the quarters promise."""

from __future__ import annotations

import pytest

from scenarios.expectations import CONDITIONS, Need
from scenarios.faults import FaultBase
from scenarios.loader import LIBRARY, dump_yaml, library, load_scenario, parse_yaml_model
from scenarios.scenario import Scenario
from sim.clock import HOUR, MINUTE
from sim.errors import BadInput

NAMES = list(library())


def faults_of(prefix: str) -> list[FaultBase]:
    return [fault for name in NAMES if name.startswith(prefix) for fault in library()[name].faults]


def test_all_four_quarters_are_there_and_the_procedures_beside_them() -> None:
    begin = ("q1", "q2", "q3", "q4", "memory", "position", "data", "unavailable", "down", "deploy", "execution")
    counts = {prefix: sum(name.startswith(f"{prefix}-") for name in NAMES) for prefix in begin}
    assert counts == {
        "q1": 10, "q2": 15, "q3": 17, "q4": 4, "memory": 2, "position": 3, "data": 1, "unavailable": 3, "down": 2,
        "deploy": 1, "execution": 2,
    }  # fmt: skip
    rest = ("latency", "calibration", "fills", "mode")
    counts = {prefix: sum(name.startswith(f"{prefix}-") for name in NAMES) for prefix in rest}
    assert counts == {"latency": 3, "calibration": 3, "fills": 3, "mode": 1}


def test_what_is_no_quarterly_case_is_over_within_five_hours() -> None:
    for name in NAMES:
        if not name.startswith(("q1", "q2", "q3", "q4")):
            assert library()[name].horizon_us <= 5 * HOUR, name


def test_degraded_fills_climb_from_the_expected_five_to_beyond_the_switch() -> None:
    means = {name: [f.mean_bps for f in library()[name].faults if f.kind == "slippage"] for name in NAMES}
    assert [means[f"fills-{bps}-bps"] for bps in (8, 12, 20)] == [[8], [12], [20]]
    assert library()["fills-8-bps"].expect.halt is library()["fills-12-bps"].expect.halt is Need.FORBIDDEN
    assert library()["fills-20-bps"].expect.halt is Need.REQUIRED


@pytest.mark.parametrize("name", NAMES)
def test_a_stock_scenario_is_complete(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert 1 <= scenario.story.count(". ") + 1 <= 4
    assert all(condition in CONDITIONS for condition in scenario.truth.conditions)
    assert bool(scenario.faults) == bool(scenario.truth.causes) == (scenario.truth.severity != "none")
    assert scenario.describe().startswith(f"{name}: ")
    assert (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", NAMES)
def test_a_stock_scenario_reads_back_from_its_own_text(name: str) -> None:
    scenario = library()[name]
    assert parse_yaml_model(dump_yaml(scenario), Scenario) == scenario


def test_every_kill_switch_case_has_orders_in_flight() -> None:
    for name in NAMES:
        if name.startswith("q1"):
            assert library()[name].world.in_flight, name


def test_the_broker_is_gone_for_five_seconds_to_a_weekend() -> None:
    lengths = [fault.for_us for fault in faults_of("q2") if fault.for_us is not None]
    assert min(lengths) == 5_000_000
    assert max(lengths) > 48 * HOUR
    assert {fault.kind for fault in faults_of("q2")} >= {
        "broker_refused", "broker_black_hole", "broker_half_open", "broker_auth_expired", "broker_endpoint_down",
        "broker_rate_limited", "broker_html_502", "broker_ack_lost", "broker_late_fills", "broker_flapping",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "local_end", "zone_end"),
    [
        ("q2-overnight", "2026-03-11 10:00", "-04:00"),
        ("q2-weekend", "2026-03-16 10:00", "-04:00"),
        ("q3-clean-weekend", "2026-03-09 10:30", "-04:00"),
        ("q1-rollover-outage", "2026-03-11 09:50", "-04:00"),
    ],
)
def test_outages_end_in_the_session_that_they_are_meant_to_cross_into(name: str, local_end: str, zone_end: str) -> None:
    from datetime import timedelta

    scenario = library()[name]
    healed_us = scenario.healed_at_us(scenario.faults[0]) if scenario.faults else scenario.horizon_us
    assert healed_us is not None
    end = scenario.world.start + timedelta(microseconds=scenario.warm_up_us + healed_us)
    local = end.astimezone(scenario.world.local_start.tzinfo)
    assert f"{local:%Y-%m-%d %H:%M}" == local_end
    assert f"{local.isoformat()[-6:]}" == zone_end


def test_the_clean_weekend_crosses_a_change_of_clocks() -> None:
    assert library()["q3-clean-weekend"].world.local_start.isoformat() == "2026-03-06T15:20:00-05:00"


def test_clean_data_must_not_alarm() -> None:
    for name in ("q3-clean-night", "q3-clean-weekend"):
        scenario = library()[name]
        assert not scenario.faults
        assert scenario.expect.alarm is scenario.expect.halt is scenario.expect.flatten is Need.FORBIDDEN


def test_recovery_has_twenty_minutes_after_the_broker_is_back() -> None:
    for name in NAMES:
        if not name.startswith("q2"):
            continue
        scenario = library()[name]
        blocked = [f.end_us for f in scenario.faults if f.blocks_recovery and f.end_us is not None]
        if blocked and name not in ("q2-blip-5s", "q2-late-fills"):
            assert scenario.objectives.rto_us == max(blocked) + 20 * MINUTE, name


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(BadInput, match="did you mean q2-refused") as caught:
        load_scenario("q2-refussed")
    assert caught.value.value == "q2-refussed"
