"""Service levels beside trading: each on the incident that breaks it, and only where it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from sim.levels import FILLS_WINDOW_US, LEVELS
from sim.predicates import PREDICATES, recovery
from tests.sim.chronicle import END_S, Chronicle, demands

Bad = list[tuple[float, float | None]]


def bad(level: str, story: Chronicle, **changes: Any) -> Bad:
    """When the level did not hold, in seconds of the story."""
    asked = demands(levels=frozenset({level}), **changes)
    (found,) = [each for each in recovery(story.history, asked) if each.name == LEVELS[level].__name__]
    return [(start / 1e6, None if end is None else end / 1e6) for start, end in found.bad]


def test_they_are_asked_only_of_an_incident_that_is_about_them() -> None:
    story = Chronicle(SPY=100).at(700).note("api.slow").note("calibration.degraded").note("mode.unreleased", "paper")
    assert [each.name for each in recovery(story.history, demands())] == list(PREDICATES)
    assert all(not each.bad for each in recovery(story.history, demands()))
    everything = recovery(story.history, demands(levels=frozenset(LEVELS)))
    assert [each.name for each in everything if each.bad] == ["responsive", "calibrated", "mode_released"]


@pytest.mark.parametrize(
    ("level", "begins", "ends"),
    [("latency", "api.slow", "api.fast"), ("calibration", "calibration.degraded", "calibration.recovered")],
)
def test_a_level_is_broken_from_one_event_to_the_other(level: str, begins: str, ends: str) -> None:
    story = Chronicle().at(700).note(begins).at(900).note(ends).at(1_000).note(begins)
    assert bad(level, story) == [(700, 900), (1_000, None)]


def fills(story: Chronicle, start_s: int, count: int, bps: float, every_s: int = 20, kind: str = "market") -> None:
    """So many buys at 100 dollars that fill so much worse."""
    for number in range(count):
        order = f"o{start_s + number}"
        story.at(start_s + number * every_s).note(
            "order.sent", order, symbol="SPY", side=1, qty=10, source="strategy", reducing=False, order_kind=kind,
            price=100.0,
        ).note(
            "order.filled", order, fill=f"f-{order}", symbol="SPY", side=1, qty=10, price=100 * (1 + bps / 1e4),
            position=10,
        )  # fmt: skip


def test_fills_are_dear_while_the_mean_of_five_minutes_is_over_ten_basis_points() -> None:
    story = Chronicle()
    fills(story, 610, 15, 5)
    assert bad("fills", story) == []
    fills(story, 1_200, 15, 12)
    last_s = 1_200 + 14 * 20
    (begun, ended) = bad("fills", story)[0]
    assert begun == 1_200 + 5 * 20, "with the sixth order in the window"
    # The window drains until five are left: those of the last hundred seconds.
    assert ended == last_s - 5 * 20 + FILLS_WINDOW_US / 1e6


def test_a_few_fills_and_orders_that_rest_in_the_book_say_nothing() -> None:
    story = Chronicle()
    fills(story, 700, 5, 80)
    fills(story, 1_500, 30, 80, kind="limit")
    assert bad("fills", story) == []


def test_before_the_kill_switch_is_due_dear_fills_are_the_cause_and_not_the_incident() -> None:
    story = Chronicle()
    fills(story, 700, 15, 30)
    story.at(1_100).fault("slippage")
    assert bad("fills", story, halt="forbidden")
    assert all(start >= 1_100 for start, _ in bad("fills", story, halt="required"))


def test_a_mode_without_a_release_ends_in_the_lab_or_with_the_release() -> None:
    story = Chronicle(SPY=100).at(700).note("mode.unreleased", "paper").at(800).note("mode.released", "paper")
    assert bad("mode", story) == [(700, 800)]
    story.at(900).note("mode.unreleased", "paper").at(1_000).note("system.mode", "lab")
    assert bad("mode", story) == [(700, 800), (900, 1_000)]


def test_in_the_lab_no_order_that_adds_risk_may_be_left_at_the_broker() -> None:
    story = Chronicle(SPY=100).at(700).note("mode.unreleased", "paper").order("o1", 1, 10)
    story.at(800).note("system.mode", "lab")
    assert bad("mode", story) == [(700, None)]
    story.at(950).canceled("o1")
    assert bad("mode", story) == [(700, 950)]


def test_in_the_lab_no_session_and_no_trading_are_missed() -> None:
    story = Chronicle(SPY=100).at(700).note("system.mode", "lab").note("link.lost", reason="process ended")
    found = {each.name: each.bad for each in recovery(story.history, demands())}
    assert found["connected"] == found["trading"] == ()
    story.at(1_000).note("system.mode", "paper")
    found = {each.name: each.bad for each in recovery(story.history, demands())}
    assert found["connected"] == ((1_000_000_000, None),)
    assert END_S > 1_000
