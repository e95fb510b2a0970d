"""What the code says against what the Ledger shows."""

from __future__ import annotations

import pytest

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

NAME = "claims-true"


def test_flattened_with_shares_open_is_the_finding_it_was_written_for() -> None:
    story = Chronicle(SPY=150, QQQ=-40).at(700).halted().claim("flat", "all positions closed")
    [evidence] = check(NAME, story).evidence
    assert evidence.title == "reported flat, 190 open"
    assert evidence.truth == "+150 SPY, -40 QQQ"
    assert evidence.claim == "all positions closed"
    assert evidence.source == "bot.py:12"


def test_a_claim_about_one_symbol_is_held_against_that_symbol() -> None:
    story = (
        Chronicle(SPY=100, QQQ=-40)
        .at(700)
        .order("x", -1, 100, reducing=True)
        .filled("x")
        .claim("flat", "SPY flattened")
    )
    assert failures(NAME, story) == []
    assert failures(NAME, story.claim("flat", "QQQ flattened")) == ["reported flat, 40 open"]


def test_no_live_orders_with_an_unacknowledged_one_live_is_false() -> None:
    story = Chronicle(SPY=100).at(690).sent("o1", 1, 10).taken("o1").at(700).halted()
    assert failures(NAME, story.claim("no_live_orders", "all orders cancelled", live=("o1",))) == [
        "reported no live orders, 1 live"
    ]


def test_an_order_on_its_way_to_the_broker_is_live_too() -> None:
    story = (
        Chronicle(SPY=100).at(699).sent("o1", 1, 10).at(700).halted().claim("no_live_orders", "all orders cancelled")
    )
    assert failures(NAME, story.at(701).taken("o1")) == ["reported no live orders, 1 live"]


def test_closing_orders_and_orders_of_the_last_seconds_do_not_make_it_false() -> None:
    story = Chronicle(SPY=100).at(690).order("x", -1, 100, source="mitigation", reducing=True).at(697)
    story.order("o1", -1, 5, reducing=True).at(700).claim("no_live_orders", "no open orders", live=("x", "o1"))
    assert failures(NAME, story) == []


def test_an_empty_answer_taken_for_agreement_is_false() -> None:
    story = Chronicle(SPY=100).at(700).adopted("SPY", 0).claim("reconciled", "positions reconciled")
    assert failures(NAME, story) == ["reported reconciled, 100 shares apart"]


def test_a_fill_on_its_way_does_not_make_reconciled_false() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False)
    story.claim("reconciled", "books match").at(700.05).booked("o1")
    assert failures(NAME, story) == []


@pytest.mark.parametrize(
    ("claim", "halted", "connected", "title"),
    [
        ("halted", False, True, "reported halted, not halted"),
        ("resumed", True, True, "reported resumed, still halted"),
        ("connected", False, False, "reported connected, no session"),
    ],
)
def test_flags_are_compared_with_the_running_system(claim: str, halted: bool, connected: bool, title: str) -> None:
    told = Chronicle().at(700).claim(claim, "so it is", halted=halted, connected=connected)
    assert failures(NAME, told) == [title]
    true = Chronicle().at(700).claim(claim, "so it is", halted=claim == "halted", connected=True)
    assert failures(NAME, true) == []


def test_a_line_just_before_the_flag_is_set_is_no_lie() -> None:
    story = Chronicle().at(700).claim("halted", "kill switch triggered", halted=False, connected=True)
    assert failures(NAME, story.at(700.5).halted("loss")) == []
    late = Chronicle().at(700).claim("halted", "kill switch triggered", halted=False, connected=True)
    assert failures(NAME, late.at(702).halted("loss")) == ["reported halted, not halted"]


def test_a_claim_of_a_kind_that_nobody_can_check_is_left_alone() -> None:
    assert failures(NAME, Chronicle().at(700).claim("happy", "all is well")) == []
