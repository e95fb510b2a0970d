"""Whoever reads the audit trail afterwards finds every action that mattered."""

from __future__ import annotations

from tests.sim.checkers.kit import failures
from tests.sim.chronicle import Chronicle

NAME = "audit-trail"


def test_a_halt_that_left_no_line() -> None:
    assert failures(NAME, Chronicle().at(700).note("system.halted", reason="loss", by="bot")) == [
        "halt is not in the audit trail"
    ]
    assert failures(NAME, Chronicle().at(700).halted()) == []


def test_a_silent_flatten_and_one_that_says_so() -> None:
    story = Chronicle(SPY=100).at(700).order("x", -1, 100, source="mitigation", reducing=True).filled("x")
    assert failures(NAME, story) == ["flatten is not in the audit trail"]
    assert failures(NAME, story.at(730).log("all positions closed")) == []


def test_what_a_person_closes_by_hand_is_no_silence_of_the_code() -> None:
    story = Chronicle(SPY=100).at(700).order("x", -1, 100, source="operator", reducing=True).filled("x")
    assert failures(NAME, story) == []


def test_what_a_program_prints_is_its_log() -> None:
    story = Chronicle(SPY=100).at(700).order("x", -1, 100, source="mitigation", reducing=True).filled("x")
    story.note("code.output", "trading-system", stream="stderr", text="CRITICAL | Drawdown -2.2%, liquidating")
    assert failures(NAME, story) == []


def test_an_order_at_the_broker_that_the_firm_never_sent() -> None:
    story = Chronicle().at(700)
    story.note(
        "ledger.order", "ghost", status="accepted", symbol="SPY", side=1, qty=5, source="strategy", reducing=False
    )
    assert failures(NAME, story) == ["ghost is unknown to the firm"]


def test_a_replaced_order_is_known_by_its_first_name() -> None:
    story = Chronicle().at(700).order("o1", 1, 5).note("ledger.order", "o1", status="replaced")
    story.note(
        "ledger.order", "o1-r", status="accepted", symbol="SPY", side=1, qty=4, source="strategy", reducing=False
    )
    assert failures(NAME, story) == []
