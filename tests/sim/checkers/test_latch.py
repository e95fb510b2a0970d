"""The kill switch: fires when it must, stays, is released by who may."""

from __future__ import annotations

from tests.sim.checkers.kit import failures
from tests.sim.chronicle import Chronicle, us

DEMANDED, LATCHED, RELEASED = "halt-as-demanded", "halt-latched", "halt-released-by-approval"


def loss() -> Chronicle:
    """A loss over the limit at 700 s."""
    return Chronicle(SPY=100).equity((0, 1_000_000), (700, 960_000)).at(640).fault("adverse_move", "market")


def test_a_kill_switch_that_never_fires_is_found() -> None:
    assert failures(DEMANDED, loss(), halt="required") == ["kill switch did not fire"]
    assert failures(DEMANDED, loss(), halt="either") == []


def test_late_is_counted_from_the_limit_not_from_the_fault() -> None:
    assert failures(DEMANDED, loss().at(755).halted(), halt="required", contain_us=us(60)) == []
    assert failures(DEMANDED, loss().at(780).halted(), halt="required", contain_us=us(60)) == ["halted 80.0 s late"]


def test_a_switch_with_a_tighter_limit_of_its_own_is_early_and_not_late() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 979_000)).at(600).fault("fill_delay")
    story.at(640).fault("adverse_move", "market").at(742).halted("daily loss 2.1 %")
    assert failures(DEMANDED, story, halt="required", contain_us=us(60)) == []
    assert failures("detected", story, halt="required", alarm="required", detect_us=us(60)) == []


def test_a_loss_that_was_closed_out_below_the_limit_still_asks_for_the_halt() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (700, 979_000)).at(640).fault("adverse_move", "market")
    assert failures(DEMANDED, story.at(820).healed("adverse_move"), halt="required") == ["kill switch did not fire"]


def test_a_halt_that_was_released_before_the_loss_is_none() -> None:
    story = Chronicle(SPY=100).equity((0, 1_000_000), (3000, 960_000)).at(640).fault("adverse_move", "market")
    story.at(700).halted("api errors").at(1500).approved().resumed()
    assert failures(DEMANDED, story, halt="required") == ["kill switch did not fire"]


def test_a_forbidden_halt_is_found_unless_chance_brought_a_real_loss() -> None:
    assert failures(DEMANDED, Chronicle(SPY=100).at(700).halted(), halt="forbidden") == ["halted for nothing"]
    assert failures(DEMANDED, loss().at(701).halted(), halt="forbidden") == []


def test_a_halt_held_in_memory_is_lost_on_restart() -> None:
    story = loss().at(701).halted().at(800).stopped().at(820).started()
    assert failures(LATCHED, story) == ["halt lost on restart"]


def test_a_halt_found_again_at_the_start_is_kept() -> None:
    story = loss().at(701).halted().at(800).stopped().at(820).started().at(821).halted()
    assert failures(LATCHED, story) == []
    twice = story.at(900).stopped().at(920).started().at(921).halted()
    assert failures(LATCHED, twice) == []


def test_a_restart_after_an_approved_release_may_trade() -> None:
    story = loss().at(701).halted().at(800).approved().at(810).stopped().at(830).started()
    assert failures(LATCHED, story) == []


def test_a_halt_that_lets_itself_go_was_not_approved() -> None:
    story = loss().at(701).halted().at(900).resumed()
    assert failures(RELEASED, story, halt="required") == ["halt released without approval"]
    assert failures(RELEASED, story, halt="either") == []


def test_an_approval_before_the_halt_approves_nothing() -> None:
    story = loss().at(690).approved().at(701).halted().at(900).resumed()
    assert failures(RELEASED, story, halt="required") == ["halt released without approval"]


def test_who_has_the_approval_may_release_unless_nothing_may() -> None:
    story = loss().at(701).halted().at(900).approved().at(910).resumed()
    assert failures(RELEASED, story, halt="required") == []
    assert failures(RELEASED, story, halt="required", halt_release="never") == ["halt released without approval"]


def test_the_next_session_releases_where_that_is_the_rule() -> None:
    story = loss().at(701).halted().at(2000).resumed()
    sessions = ((0, us(1000)), (us(1900), us(9000)))
    assert failures(RELEASED, story, halt="required", halt_release="next_session", sessions=sessions) == []
    assert failures(RELEASED, story, halt="required", halt_release="next_session") == ["halt released without approval"]
