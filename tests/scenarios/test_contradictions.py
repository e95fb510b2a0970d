"""Scenarios that no run could satisfy are refused with the field and the mend."""

from __future__ import annotations

import pytest
from hypothesis import given

from scenarios.loader import dump_yaml, parse_yaml_model
from scenarios.scenario import Scenario
from sim.clock import HOUR, MINUTE
from sim.errors import BadInput
from tests.scenarios.strategies import scenarios

HEAD = "name: broken\ntitle: Broken\nstory: It cannot be.\n"


def refused(body: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse_yaml_model(HEAD + body, Scenario, "broken.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("body", "line", "field", "problem", "mend"),
    [
        (
            "faults: [{kind: manual_kill}]\nexpect:\n  halt: required\n  halt_release: never\n  resume: true\n",
            7, "expect.halt_release", "trading must resume but the required halt is never released", "resume: false",
        ),
        (
            "faults: [{kind: manual_kill}]\nexpect:\n  halt: required\n  alarm: forbidden\n",
            7, "expect.alarm", "a halt is required but no alarm may be raised", "alarm: required",
        ),
        (
            "faults: [{kind: manual_kill}]\nexpect:\n  may_trade_during: true\n  halt: required\n",
            6, "expect.may_trade_during", "new risk may be taken", "may_trade_during: false",
        ),
        ("expect:\n  alarm: required\n", 5, "expect.alarm", "there is no fault", "add a fault"),
        (
            "expect: {alarm: either}\nobjectives:\n  rto: 5m\n  detect: 6m\n",
            7, "objectives.detect", "detect 6m is longer than rto 5m", "lengthen rto",
        ),
        (
            "expect: {alarm: either}\nobjectives:\n  contain: 1h\n",
            6, "objectives.contain", "longer than rto", "shorten contain",
        ),
        ("expect: {alarm: either}\nobjectives: {rto: 0s, detect: 0s}\n", 5, "objectives.rto", "within 0s", "20m"),
        ("expect: {alarm: either}\nhorizon: 10m\n", 5, "horizon", "before rto 20m", "four times rto"),
        (
            "faults:\n  - kind: manual_kill\n    at: 2h\n",
            6, "faults[0].at", "strikes after the run has ended", "lengthen horizon",
        ),
        (
            "faults:\n  - kind: broker_slow\n    for: 2h\n",
            6, "faults[0].for", "beyond the horizon", "shorten the fault",
        ),
        (
            "faults:\n  - kind: adverse_move\n    loss_pct: 3\n    ramp: 2h\n",
            7, "faults[0].ramp", "beyond the horizon", "shorten the fault",
        ),
        (
            "faults:\n  - kind: broker_slow\n    at: 10m\nheal_all: 5m\n",
            6, "faults[0].at", "strikes after heal_all", "move heal_all",
        ),
        ("faults:\n  - kind: broker_slow\nheal_all: 2h\n", 6, "heal_all", "beyond the horizon", "heal earlier"),
        (
            "faults:\n  - kind: broker_refused\n",
            5, "faults[0]", "trading must resume but broker_refused never heals", "give it `for`",
        ),
        (
            "faults:\n  - kind: broker_refused\n    for: 30m\nobjectives:\n  rto: 30m\n",
            8, "objectives.rto", "rto 30m is over before broker_refused heals, 30m after the first", "lengthen rto",
        ),
        (
            "faults:\n  - kind: feed_gap\n    for: 5m\n    symbols: [SPY, QQQQ]\n",
            7, "faults[0].symbols", "no symbol QQQQ", "did you mean QQQ?",
        ),
        (
            "faults:\n  - kind: position_mismatch\n    symbol: XYZ\n",
            6, "faults[0].symbol", "no symbol XYZ", "use one of SPY",
        ),
        (
            "faults:\n  - kind: process_crash\n    workload: trading-sytem\n",
            6, "faults[0].workload", "no workload", "did you mean trading-system?",
        ),
        (
            "faults:\n  - kind: broker_slow\n    for: 5m\n  - kind: broker_slow\n    at: 4m\n    for: 5m\n",
            7, "faults[1]", "overlaps faults[0]", "make them one fault",
        ),
        ("faults: [{kind: manual_kill}, {kind: manual_kill}]\n", 4, "faults[1]", "overlaps faults[0]", "one fault"),
        (
            "expect: {alarm: either}\nwarm_up: 10s\n",
            5, "warm_up", "steady state cannot be judged within 10s", "1m or more",
        ),
        (
            "expect: {alarm: either}\nwindow:\n  before: 15m\n",
            6, "window.before", "starts before the run", "lengthen warm_up",
        ),
        (
            "expect: {alarm: either}\nwindow:\n  before: 5s\n",
            6, "window.before", "cannot show the steady state", "hold",
        ),
        (
            "expect: {alarm: either}\nwindow:\n  before: 5m\n  after: 2h\n",
            7, "window.after", "ends after the horizon", "shorten",
        ),
        (
            "expect: {alarm: either}\nwindow:\n  before: 5m\n  after: 5m\n",
            7, "window.after", "ends before the rto does", "rto or more",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_where_it_stands(body: str, line: int, field: str, problem: str, mend: str) -> None:
    error = refused(body)
    assert (error.file, error.line, error.field) == ("broken.yaml", line, field)
    assert problem in error.problem
    assert mend in error.mend


@pytest.mark.parametrize(
    "body",
    [
        "faults:\n  - {kind: feed_gap, for: 5m, symbols: [SPY]}\n  - {kind: feed_gap, for: 5m, symbols: [QQQ]}\n",
        "faults:\n  - {kind: broker_slow, for: 5m}\n  - {kind: broker_slow, at: 5m, for: 5m}\n",
        "faults:\n  - {kind: bad_bars, fault: nan}\n  - {kind: bad_bars, fault: zero}\n",
        "faults:\n  - {kind: broker_refused, for: 5m}\n  - {kind: broker_half_open, for: 5m}\n",
        "faults: [{kind: broker_slow}]\nheal_all: 5m\n",
        "faults: [{kind: api_errors, consecutive: 5}]\n",
        "faults: [{kind: bad_deploy}]\n",
        "faults: [{kind: broker_refused}]\nexpect: {resume: false}\n",
    ],
)
def test_faults_that_can_be_told_apart_and_do_end_may_combine(body: str) -> None:
    assert parse_yaml_model(HEAD + body, Scenario).faults


def test_healing_is_the_earlier_of_its_own_end_and_heal_all() -> None:
    scenario = parse_yaml_model(
        HEAD + "faults:\n  - {kind: broker_slow, for: 8m}\n  - {kind: slippage}\n"
        "  - {kind: pages_lost, at: 6m, for: 4m}\n  - {kind: manual_kill, at: 7m}\nheal_all: 5m\n",
        Scenario,
    )  # fmt: skip
    healed = [scenario.healed_at_us(fault) for fault in scenario.faults]
    assert healed == [5 * MINUTE, 5 * MINUTE, 10 * MINUTE, 7 * MINUTE]


def test_a_declared_window_sets_the_length_of_the_run() -> None:
    whole = parse_yaml_model(HEAD + "expect: {alarm: either}\nwarm_up: 3h\nhorizon: 3h30m\n", Scenario)
    window = parse_yaml_model(
        HEAD + "expect: {alarm: either}\nwarm_up: 3h\nhorizon: 3h30m\nwindow: {before: 15m, after: 25m}\n", Scenario
    )
    assert (whole.length_us, window.length_us) == (6 * HOUR + 30 * MINUTE, 40 * MINUTE)


@given(scenarios())
def test_any_schedule_makes_a_scenario_that_reads_back_from_yaml(scenario: Scenario) -> None:
    assert parse_yaml_model(dump_yaml(scenario), Scenario) == scenario
