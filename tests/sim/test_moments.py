"""The instants of the RTO clock, read off incidents told line by line."""

from __future__ import annotations

from typing import Any

from sim.moments import Moments, moments
from tests.sim.chronicle import Chronicle, demands


def read(story: Chronicle, **changes: Any) -> dict[str, float | None]:
    """The moments in seconds of the story."""
    seen = moments(story.history, demands(**changes))
    return {
        name.removesuffix("_us"): None if (t := getattr(seen, name)) is None else t / 1e6
        for name in Moments.__dataclass_fields__
    }


def test_an_outage_from_the_first_refusal_to_the_last_word() -> None:
    story = Chronicle(SPY=100).at(601).fault("broker_refused", blocks=True).lost().at(602).note("link.connect_failed")
    story.at(631).alert("BrokerDisconnected").at(700).note("page.acknowledged", "p1", by="primary")
    story.at(900).healed("broker_refused").at(905).restored().at(930).order("o1", 1, 5)
    assert read(story) == {
        "t0": 601,
        "impact": 601,
        "detected": 631,
        "acknowledged": 700,
        "mitigated": 602,
        "contained": 601,
        "healed": 900,
    }


def test_without_faults_there_is_nothing_to_time() -> None:
    assert set(read(Chronicle(SPY=100)).values()) == {None}


def test_an_alarm_that_was_up_before_the_impact_counts_from_the_impact() -> None:
    story = Chronicle(SPY=100).at(610).fault("memory_leak").at(640).alert("WorkloadMemoryHigh", "warning")
    story.at(700).stopped().at(720).started().at(800).alert("WorkloadRestarting")
    assert read(story)["detected"] == 700


def test_an_alarm_that_was_taken_back_before_the_impact_detected_nothing() -> None:
    story = Chronicle(SPY=100).at(610).fault("memory_leak").at(620).alert("DatabaseSlow")
    story.at(650).alert("DatabaseSlow", state="resolved").at(700).stopped().at(730).alert("TradingDown")
    assert read(story)["detected"] == 730


def test_an_alarm_for_information_wakes_nobody_and_a_trader_who_notices_is_one() -> None:
    story = Chronicle(SPY=100).at(610).fault("oom").stopped().at(620).alert("PodRestarted", "info")
    assert read(story)["detected"] is None
    story.at(900).note("responder.noticed", text="missed fills")
    assert read(story)["detected"] == 900


def test_contained_waits_for_the_order_that_was_never_acknowledged() -> None:
    story = Chronicle(SPY=100).at(600).fault("order_rejects").at(605).sent("o1", 1, 10).taken("o1")
    story.at(640).halted().at(675).canceled("o1")
    assert read(story, halt="required")["contained"] == 675


def test_a_resting_entry_keeps_a_disconnected_firm_exposed() -> None:
    story = Chronicle(SPY=100).at(601).order("o1", 1, 10).at(610).fault("broker_refused").lost()
    assert read(story)["contained"] is None


def test_bad_data_in_one_symbol_is_contained_when_that_symbol_is_refused() -> None:
    story = Chronicle(SPY=100, QQQ=50).at(601).order("q1", 1, 5, "QQQ").at(605).fault("bad_bars", "feed")
    story.bad_data("SPY", "spike").at(640).denied("s1", "data guard: price jumped")
    assert read(story)["contained"] == 640


def test_the_platforms_own_refusal_is_no_mitigation_but_the_guards_is() -> None:
    story = Chronicle(SPY=100).at(605).fault("broker_refused").lost().at(610).denied("o1", "no broker session")
    assert read(story)["mitigated"] is None
    story.at(650).denied("o2", "positions not confirmed")
    assert read(story)["mitigated"] == 650


def test_a_fault_that_is_still_there_is_not_healed() -> None:
    story = Chronicle(SPY=100).at(605).fault("broker_refused").fault("slippage").at(700).healed("slippage")
    assert read(story)["healed"] is None
