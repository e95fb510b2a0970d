"""The two books: the Ledger, and what the firm believes."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

LEDGER, BOOKED, END, SIZE = "ledger-balanced", "fills-booked", "books-agree-at-end", "position-size"


def test_a_ledger_that_does_not_add_up() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10)
    assert failures(LEDGER, story.filled("o1")) == []
    story.note(
        "ledger.fill", "o1", fill="fill-9", symbol="SPY", side=1, qty=5, price=1.0, position=200, source="strategy"
    )
    assert failures(LEDGER, story) == ["the Ledger does not add up"]


def test_a_fill_booked_twice_and_one_that_never_was() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1")
    assert failures(BOOKED, story) == []
    assert failures(BOOKED, story.booked("o1")) == ["a fill was booked twice"]
    ghost = {"symbol": "SPY", "side": 1, "qty": 5, "price": 1.0, "position": 105, "known": True}
    assert failures(BOOKED, Chronicle(SPY=100).at(700).note("order.filled", "o1", fill="f-404", **ghost)) == [
        "a fill was booked that never was"
    ]


def test_a_fill_booked_with_another_size() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False).booked("o1", 7)
    assert failures(BOOKED, story) == ["fill-2 was booked wrong"]


def test_books_that_differ_at_the_end_say_by_how_much() -> None:
    story = Chronicle(SPY=100).at(700).by_hand("SPY", 150)
    assert failures(END, story) == ["books 150 shares apart"]
    assert failures(END, story.at(800).adopted("SPY", 250)) == []


def test_a_fill_in_the_last_second_and_a_firm_that_is_cut_off_do_not_count() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).at(4_199).filled("o1", booked=False)
    assert failures(END, story) == []
    assert check(END, Chronicle(SPY=100).at(700).lost().by_hand("SPY", 10)).verdict == "inconclusive"
    assert check(END, Chronicle(SPY=100).at(700).stopped().by_hand("SPY", 10)).verdict == "inconclusive"


def test_an_empty_book_that_buys_everything_again_doubles_the_position() -> None:
    story = Chronicle(SPY=100).at(700).adopted("SPY", 0).order("o1", 1, 60).filled("o1").order("o2", 1, 60).filled("o2")
    assert failures(SIZE, story) == ["SPY grew to 220"]


def test_what_a_colleague_traded_by_hand_is_nobodys_doubling() -> None:
    assert failures(SIZE, Chronicle(SPY=100).at(700).by_hand("SPY", 150)) == []


def test_in_the_lab_there_is_no_brokers_book_to_agree_with() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False)
    assert failures("books-agree-at-end", story)
    assert failures("books-agree-at-end", story.at(800).note("system.mode", "lab")) == []
