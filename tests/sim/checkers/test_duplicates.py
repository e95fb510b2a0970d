"""Nothing executes twice, under one id or under two."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

NAME = "no-duplicates"


def test_one_id_taken_twice_is_found() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1").at(760).taken("o1").filled("o1")
    assert failures(NAME, story) == ["o1 executed twice"]


def test_a_second_use_that_the_broker_refused_is_only_a_remark() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1").at(760).note("ledger.duplicate_refused", "o1")
    result = check(NAME, story)
    assert result.verdict == "pass"
    assert [evidence.severity for evidence in result.evidence] == ["info"]


def test_filled_beyond_its_size() -> None:
    assert failures(NAME, Chronicle().at(700).order("o1", 1, 10).filled("o1", 6).filled("o1", 6)) == [
        "o1 filled beyond its size"
    ]


def test_a_close_sent_again_under_a_new_id_after_a_timeout_closes_twice() -> None:
    story = Chronicle(SPY=100).at(700).sent("x1", -1, 100, source="mitigation", reducing=True).taken("x1")
    story.at(705).note("order.unacked", "x1", error="timeout").at(706)
    story.order("x2", -1, 100, source="mitigation").filled("x1").filled("x2")
    assert failures(NAME, story) == ["order sent again under a new id, both filled"]


def test_a_second_close_after_the_first_was_cancelled_unfilled_is_right() -> None:
    story = Chronicle(SPY=100).at(700).sent("x1", -1, 100, source="mitigation", reducing=True).taken("x1")
    story.at(705).note("order.unacked", "x1", error="timeout").canceled("x1").at(706)
    assert failures(NAME, story.order("x2", -1, 100, source="mitigation", reducing=True).filled("x2")) == []
