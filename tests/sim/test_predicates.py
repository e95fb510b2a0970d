"""What counts as restored: each predicate on the incident that breaks it, and on the one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from sim.demands import Demands
from sim.history import History
from sim.predicates import PREDICATES, recovery
from tests.sim.chronicle import END_S, Chronicle, demands, us

Bad = list[tuple[float, float | None]]


def bad(name: str, story: Chronicle, **changes: Any) -> Bad:
    """When a predicate did not hold, in seconds of the story."""
    found = next(each for each in recovery(story.history, demands(**changes)) if each.name == name)
    return [(start / 1e6, None if end is None else end / 1e6) for start, end in found.bad]


def test_a_quiet_hour_breaks_nothing() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).at(700.1).filled("o1")
    assert all(not each.bad for each in recovery(story.history, demands()))
    assert [each.name for each in recovery(story.history, demands())] == list(PREDICATES)


def test_an_unacknowledged_order_that_outlives_the_halt_is_not_clean() -> None:
    story = Chronicle(SPY=100).at(690).sent("o1", 1, 10).taken("o1").at(700).halted().at(730).canceled("o1")
    assert bad("orders_clean", story) == [(700, 730)]


def test_an_exit_may_work_under_a_halt_and_a_cancel_may_take_seconds() -> None:
    story = Chronicle(SPY=100).at(690).order("entry", 1, 10).order("exit", -1, 50, reducing=True).at(700).halted()
    story.at(703).canceled("entry").at(900).filled("exit")
    assert bad("orders_clean", story) == []


def test_an_order_marked_as_entry_that_only_reduces_at_the_broker_is_an_exit() -> None:
    story = Chronicle(SPY=100).at(700).halted().at(710).order("o1", -1, 60, reducing=False).at(800).filled("o1")
    assert bad("orders_clean", story) == []


def test_books_differ_from_the_fill_nobody_heard_of_until_it_is_reconciled() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).at(701).filled("o1", booked=False).at(760).adopted("SPY", 110)
    assert bad("books_match", story) == [(701, 760)]


def test_a_fill_on_its_way_is_no_difference() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False).at(704).booked("o1")
    assert bad("books_match", story) == []


def test_a_fill_counted_twice_makes_the_book_differ() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False).at(703).adopted("SPY", 110)
    story.at(720).booked("o1")
    assert bad("books_match", story) == [(720, None)]


def test_while_the_system_is_down_there_is_no_book_and_then_there_is_the_one_from_disk() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).at(705).stopped().at(710).filled("o1", booked=False)
    story.at(730).started().at(790).adopted("SPY", 110)
    assert bad("books_match", story) == [(730, 790)]
    assert bad("process_up", story) == [(705, 730)]
    assert bad("connected", story) == [(705, 730)]


def test_a_process_whose_code_is_not_built_is_not_up() -> None:
    story = Chronicle().at(700).stopped().at(720).note("system.started", positions={})
    assert bad("process_up", story) == [(700, None)]


def test_bad_data_at_night_hurts_nobody() -> None:
    story = Chronicle().at(700).bad_data("SPY", "gap").at(900).good_data("SPY")
    assert bad("feed_good", story) == [(700, 900)]
    assert bad("feed_good", story, sessions=((0, us(800)),)) == [(700, 800)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"halt": "required"}, [(650, 900)]),
        ({"halt": "required", "automation_only": True}, [(650, 700), (900, None)]),
        ({"halt": "required", "resume": False}, [(650, 700), (900, None)]),
        ({"halt": "forbidden"}, [(700, 900)]),
        ({"halt": "either"}, [(700, 900)]),
        ({"halt": "either", "automation_only": True}, []),
    ],
)
def test_the_kill_state_is_as_demanded(changes: dict[str, Any], expected: Bad) -> None:
    story = Chronicle().at(650).fault("order_rejects").at(700).halted().at(900).resumed()
    assert bad("kill_state", story, **changes) == expected


def test_a_required_halt_that_never_comes_is_never_good() -> None:
    story = Chronicle().at(650).fault("manual_kill", "operator")
    assert bad("kill_state", story, halt="required") == [(650, None)]


def test_a_halt_lost_on_restart_breaks_the_kill_state_where_it_must_stay() -> None:
    story = Chronicle().at(650).fault("manual_kill").halted().at(700).stopped().at(730).started()
    assert bad("kill_state", story, halt="required", resume=False) == [(730, None)]


def test_a_loss_makes_the_halt_due_when_the_limit_is_passed_not_when_the_slide_began() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (720, 969_000)).at(610).fault("fill_delay")
    story.at(660).fault("adverse_move", "market").at(722).halted()
    assert bad("kill_state", story, halt="required", automation_only=True) == [(720, 722)]


def test_flat_means_flat_at_the_broker_until_a_release() -> None:
    story = Chronicle(SPY=100, QQQ=-20).equity((0, 1_000_000), (700, 960_000)).at(702).halted()
    story.order("x1", -1, 100, source="mitigation", reducing=True).at(705).filled("x1")
    story.order("x2", 1, 20, "QQQ", source="mitigation", reducing=True).at(720).filled("x2")
    story.at(2000).approved().resumed().at(2010).order("o9", 1, 50).filled("o9")
    assert bad("flat", story, flatten="required") == [(700, 720)]
    assert bad("flat", story, flatten="either") == []


def test_positions_that_come_back_under_the_halt_are_not_flat() -> None:
    story = Chronicle(SPY=100).at(650).fault("manual_kill").halted().at(660)
    story.order("x1", -1, 100, source="mitigation", reducing=True).filled("x1").at(700).order("o1", 1, 5).filled("o1")
    assert bad("flat", story, flatten="required") == [(650, 660), (700, None)]


def test_trading_is_back_with_the_first_new_risk_that_is_acknowledged() -> None:
    story = Chronicle(SPY=100).at(700).lost().at(760).restored()
    story.at(770).order("exit", -1, 5, reducing=True).at(790).order("entry", 1, 5)
    assert bad("trading", story) == [(700, 790)]


def test_a_disruption_before_fault_zero_is_no_part_of_the_incident() -> None:
    story = Chronicle(SPY=100).at(100).lost().at(160).restored()
    assert bad("trading", story) == []


def test_a_guard_that_never_trusts_a_symbol_again_keeps_trading_broken() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "nan").at(760).good_data("SPY").at(770).order("q", 1, 5, "QQQ")
    for t in (800, 1500, 3000, 4000):
        story.at(t).denied(f"d{t}", "data guard: price nan").at(t + 1).order(f"q{t}", 1, 5, "QQQ")
    assert bad("trading", story) == [(700, 770), (800, None)]


def test_a_guard_that_lifts_has_impaired_trading_only_while_it_refused() -> None:
    story = Chronicle(SPY=100).at(700).denied("d1", "data guard: gap").at(760).denied("d2", "data guard: gap")
    story.at(770).order("q", 1, 5, "QQQ").at(2000).order("s", 1, 5, "SPY")
    assert bad("trading", story) == [(700, 770)]


def test_when_most_orders_fail_trading_is_not_restored_although_some_pass() -> None:
    story = Chronicle(SPY=100)
    for n in range(10):
        story.at(700 + 10 * n).sent(f"o{n}", 1, 5)
        story.acked(f"o{n}") if n % 2 else story.note(
            "order.rejected", f"o{n}", error="HTTP 500", status=500, by="link"
        )
    for n in range(10, 40):
        story.at(700 + 10 * n).order(f"o{n}", 1, 5)
    [(start, end)] = bad("trading", story)
    assert start == 730
    assert end is not None
    assert 800 <= end <= 790 + 120


def test_trading_need_not_resume_where_nobody_may_release_the_halt() -> None:
    story = Chronicle(SPY=100).at(650).fault("order_rejects").at(700).halted()
    assert bad("trading", story, halt="required", resume=False) == []
    assert bad("trading", story, halt="required") == [(700, None)]


def test_a_loss_beyond_the_limit_with_risk_open_and_nothing_blocked_is_a_breach() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 965_000))
    assert bad("within_limits", story) == [(700, None)]
    story.at(730).halted()
    assert bad("within_limits", story) == [(700, 730)]


def test_the_loss_counts_anew_after_an_approved_release() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 965_000)).at(702).halted().at(1500).approved().resumed()
    assert bad("within_limits", story) == []


def test_a_drawdown_counts_from_the_peak_before_the_run() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 985_000))
    assert bad("within_limits", story) == []
    assert bad("within_limits", story, peak_equity=1_160_000.0) == [(700, None)]


def test_without_the_equity_nothing_is_claimed_about_limits() -> None:
    assert bad("within_limits", Chronicle(SPY=100)) == []


def test_blind_monitoring_counts_where_it_is_demanded() -> None:
    story = Chronicle().at(700).note("monitoring.dead").at(900).note("monitoring.dead_healed", scraping=True)
    assert bad("monitoring", story) == []
    assert bad("monitoring", story, monitoring=True) == [(700, 900)]


def test_nothing_before_fault_zero_or_after_the_horizon_is_reported() -> None:
    story = Chronicle().at(100).lost().at(END_S + 10).restored()
    assert bad("connected", story) == [(600, None)]


def test_an_empty_history_has_nothing_to_object_to() -> None:
    from sim.clock import VirtualTime

    empty = History(VirtualTime())
    assert all(not each.bad for each in recovery(empty, Demands(zero_us=0, horizon_us=1)))
