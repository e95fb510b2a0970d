"""The firm's own book: it moves by what it hears, and may be wrong."""

from __future__ import annotations

from sim.book import Book
from sim.clock import VirtualTime
from sim.history import History


def book() -> Book:
    return Book(History(VirtualTime()), 10_000.0, {"SPY": 10, "QQQ": -5})


def test_a_fill_moves_shares_and_cash() -> None:
    own = book()
    assert own.apply_fill("f1", "SPY", -1, 4, 600.0)
    assert own.positions["SPY"] == 6
    assert own.cash == 12_400.0
    assert own.equity({"SPY": 600.0, "QQQ": 500.0}) == 12_400 + 3_600 - 2_500


def test_a_fill_that_is_heard_twice_is_booked_once() -> None:
    own = book()
    assert own.apply_fill("f1", "SPY", 1, 4, 600.0)
    assert not own.apply_fill("f1", "SPY", 1, 4, 600.0)
    assert own.positions["SPY"] == 14


def test_adopting_the_brokers_word_writes_down_each_symbol_that_changed() -> None:
    history = History(VirtualTime())
    own = Book(history, 10_000.0, {"SPY": 10, "QQQ": -5, "IWM": 3})
    own.adopt({"SPY": 12, "AAPL": 7, "IWM": 3}, None, "reconciled")
    assert own.held() == {"SPY": 12, "AAPL": 7, "IWM": 3}
    assert [(e.subject, e.data["position"], e.data["why"]) for e in history.of("book.position")] == [
        ("AAPL", 7, "reconciled"), ("QQQ", 0, "reconciled"), ("SPY", 12, "reconciled"),
    ]  # fmt: skip
    assert own.cash == 10_000.0


def test_adopting_cash_as_well() -> None:
    own = book()
    own.adopt(own.positions, 77.0, "loaded from disk")
    assert own.cash == 77.0


def test_what_is_not_held_needs_no_price() -> None:
    own = book()
    own.adopt({"SPY": 10}, None, "reconciled")
    assert own.equity({"SPY": 600.0}) == 16_000.0


def test_it_starts_with_a_copy_of_what_it_was_given() -> None:
    given = {"SPY": 10}
    own = Book(History(VirtualTime()), 0.0, given)
    own.apply_fill("f1", "SPY", 1, 1, 600.0)
    assert given == {"SPY": 10}
