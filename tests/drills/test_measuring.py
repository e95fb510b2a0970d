"""What is read off a run: how long it took to the last recovery, what was lost, and whether it can be judged."""

from __future__ import annotations

from typing import Any

import pytest

from drills.case_run import CaseRun
from drills.measuring import Compared, Measured, demands_of, measure_run
from results.evidence import Rpo
from scenarios.loader import library
from scenarios.scenario import Scenario
from sim.clock import MINUTE, SECOND
from tests.drills.hands import scenario_of
from tests.drills.on_call import plan_of, step
from tests.sim.chronicle import END_S, ZERO_S, Chronicle, us

LOSS = scenario_of(
    {"kind": "broker_refused", "at": "0s", "for": "5m"}, objectives={"rto": "20m"}, warm_up="10m", horizon="1h"
)


def warm() -> Chronicle:
    """A firm that trades, up to fault zero."""
    story = Chronicle(SPY=100).at(0).note("market.open")
    for n in range(10):
        story.at(50 * n + 10).order(f"w{n}", 1, 1).filled(f"w{n}")
    return story.equity((0, 1_000_000.0))


def run_of(story: Chronicle, scenario: Scenario = LOSS, end_s: float = END_S) -> CaseRun:
    """The run that left `story` behind."""
    return CaseRun(
        scenario=scenario, history=story.history, zero_us=us(ZERO_S), end_us=us(end_s), horizon_us=us(END_S),
        sessions=((0, us(86_400)),), epoch=scenario.start, zone="America/New_York", scrape_us=15 * SECOND, bars_lost=0,
    )  # fmt: skip


def measured(story: Chronicle, **more: Any) -> Measured:
    return measure_run(run_of(story, **more), None, automation_only=False)


def outage(story: Chronicle, from_s: float, to_s: float) -> Chronicle:
    """The broker session is gone for a while, and orders go again afterwards."""
    story.at(from_s).lost().at(to_s).restored().at(to_s + 1).order(f"o{from_s}", 1, 1).filled(f"o{from_s}")
    return story


def struck(story: Chronicle) -> Chronicle:
    return story.at(ZERO_S).fault("broker_refused", blocks=True).at(900).healed("broker_refused")


class TestRto:
    def test_it_runs_from_the_impact_to_the_recovery(self) -> None:
        found = measured(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 700))
        assert found.clock.rto_us == pytest.approx(100 * SECOND, abs=2 * SECOND)
        assert found.in_time
        assert found.unsettled == ()

    def test_an_incident_that_strikes_twice_is_over_after_the_second_blow(self) -> None:
        story = outage(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 700), 1500, 1600)
        found = measured(story)
        assert found.clock.rto_us == pytest.approx(1000 * SECOND, abs=2 * SECOND)
        assert found.clock.broken_again_us is None
        assert "incident" not in found.clock.broken
        assert "connected" in found.clock.broken

    def test_three_blows_are_one_incident_too(self) -> None:
        story = warm().at(ZERO_S).fault("broker_refused")
        for start in (601, 1200, 2400):
            outage(story, start, start + 60)
        assert measured(story).clock.rto_us == pytest.approx(1860 * SECOND, abs=2 * SECOND)

    def test_what_is_never_restored_misses_every_objective(self) -> None:
        found = measured(warm().at(ZERO_S).fault("broker_refused").at(601).lost())
        assert found.clock.censored
        assert not found.in_time
        assert found.missed == "not restored by the end of the run, objective 20 min 00 s"

    def test_by_how_much_it_was_missed_is_said(self) -> None:
        found = measured(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 1900))
        assert not found.in_time
        assert found.missed == "restored after 21 min 40 s, objective 20 min 00 s"

    def test_a_window_that_the_plan_states_is_kept(self) -> None:
        story = outage(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 700), 900, 960)
        plain = plan_of(step("look", "look_status"))
        long = plan_of(step("look", "look_status"), window_s=600.0)
        clocks = [measure_run(run_of(story), plan, automation_only=False).clock for plan in (plain, long)]
        assert [clock.window_us for clock in clocks] == [60 * SECOND, 600 * SECOND]


class TestUnsettled:
    def test_a_fault_that_nobody_felt(self) -> None:
        story = warm().at(ZERO_S).note(
            "fault.injected", "1-feed_gap", fault="feed_gap", component="feed", targets=["SPY"],
            blocks=False, identity="feed_gap/SPY",
        )  # fmt: skip
        assert measured(story).unsettled == ("1-feed_gap never landed",)

    def test_a_firm_that_was_halted_before(self) -> None:
        story = warm().at(500).halted().at(ZERO_S).fault("broker_refused")
        assert measured(story).unsettled == ("kill_state did not hold in the minute before the fault",)

    def test_books_that_differed_before(self) -> None:
        story = warm().at(500).by_hand("SPY", 7).at(ZERO_S).fault("broker_refused")
        assert "books_match did not hold in the minute before the fault" in measured(story).unsettled


class TestLosses:
    def test_what_fills_in_the_last_seconds_is_on_its_way(self) -> None:
        story = warm().at(ZERO_S).fault("broker_refused").at(601).lost()
        story.at(END_S - 3).order("late", 1, 5).filled("late", booked=False)
        assert not measured(story).rpo_missed
        story = warm().at(ZERO_S).fault("broker_refused").at(601).lost()
        story.at(END_S - 30).order("late", 1, 5).filled("late", booked=False)
        assert measured(story).rpo_missed

    @pytest.mark.parametrize(
        ("rpo", "missed", "text"),
        [
            (Rpo(), False, "nothing lost"),
            (Rpo(bars_lost=9), False, "nothing lost"),
            (Rpo(orders_lost=2), True, "2 orders lost"),
            (Rpo(orders_duplicated=1, fills_unaccounted=3), True, "1 orders duplicated, 3 fills unaccounted for"),
        ],
    )
    def test_what_was_lost_is_held_against_the_objective(self, rpo: Rpo, missed: bool, text: str) -> None:
        from dataclasses import replace

        found = replace(measured(warm()), rpo=rpo)
        assert (found.rpo_missed, found.lost) == (missed, text)


class TestDemands:
    def test_the_scenario_speaks_in_the_words_of_the_checkers(self) -> None:
        scenario = library()["q1-drawdown-20"]
        demands = demands_of(run_of(warm(), scenario), automation_only=True)
        assert (demands.halt, demands.flatten, demands.resume, demands.resumes) == (
            "required",
            "required",
            False,
            False,
        )
        assert demands.limits["daily_loss_pct"] == 12
        assert demands.limits["drawdown_flatten_pct"] == 20
        assert demands.peak_equity == pytest.approx(1_000_000 / (1 - 0.142))
        assert demands.contain_us == MINUTE
        assert not demands.monitoring

    def test_monitoring_must_see_again_where_it_was_struck(self) -> None:
        assert demands_of(run_of(warm(), library()["q4-total"]), automation_only=False).monitoring


def test_a_person_is_needed_where_nobody_was_and_somebody_would_have_done() -> None:
    late = measured(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 1900))
    good = measured(outage(warm().at(ZERO_S).fault("broker_refused"), 601, 700))
    assert Compared(late, good, alone=late, ideal=late).needs_a_person
    assert not Compared(late, late, alone=late, ideal=late).needs_a_person, "the text does not help either"
    assert not Compared(late, good, alone=good, ideal=late).needs_a_person, "there was somebody"
    assert not Compared(good, good, alone=good, ideal=good).needs_a_person, "it went well"
