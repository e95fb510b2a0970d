"""The broker's own book: double entry, exact, and the truth for all else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import VirtualTime
from sim.history import History
from sim.ledger import FIRM, MARKET, MICRO, Ledger


def ledger(cash: float = 10_000.0) -> Ledger:
    return Ledger(History(VirtualTime()), cash)


def fill(book: Ledger, symbol: str, signed: int, price: float) -> None:
    book.post_fill(f"f{book.fills}", "o1", symbol, 1 if signed > 0 else -1, abs(signed), price, "strategy")


def test_an_account_opens_with_its_cash_and_nothing_else() -> None:
    book = ledger()
    assert (book.cash, book.positions(), book.position("SPY"), book.fills) == (10_000.0, {}, 0, 0)
    assert book.balanced()


def test_a_purchase_moves_shares_one_way_and_money_the_other() -> None:
    book = ledger()
    fill(book, "SPY", 10, 590.25)
    assert book.positions() == {"SPY": 10}
    assert book.cash == 10_000.0 - 5_902.5
    assert book.shares[MARKET] == {"SPY": -10}
    assert book.money[MARKET] == (-10_000 + 5_902.5) * MICRO
    assert book.equity({"SPY": 600.0}) == pytest.approx(10_000 + 97.5)


def test_a_closed_position_is_not_listed() -> None:
    book = ledger()
    fill(book, "SPY", 10, 590.0)
    fill(book, "SPY", -10, 591.0)
    assert book.positions() == {}
    assert book.cash == 10_010.0
    assert book.cost == {}


def test_average_cost_grows_by_additions_only_and_starts_anew_on_a_flip() -> None:
    book = ledger()
    fill(book, "SPY", 10, 100.0)
    fill(book, "SPY", 10, 110.0)
    assert book.cost["SPY"] == pytest.approx(105.0)
    fill(book, "SPY", -5, 120.0)
    assert book.cost["SPY"] == pytest.approx(105.0), "a sale realises, it does not change the cost of the rest"
    fill(book, "SPY", -25, 130.0)
    assert (book.position("SPY"), book.cost["SPY"]) == (-10, 130.0)
    fill(book, "SPY", -10, 110.0)
    assert book.cost["SPY"] == pytest.approx(120.0)


def test_every_fill_is_in_the_history_with_the_position_after_it() -> None:
    history = History(VirtualTime())
    book = Ledger(history, 10_000.0)
    book.post_fill("f1", "o1", "SPY", -1, 7, 590.1234, "mitigation")
    (event,) = history.of("ledger.fill")
    assert event.subject == "o1"
    assert event.data == {
        "fill": "f1", "symbol": "SPY", "side": -1, "qty": 7, "price": 590.1234, "position": -7, "source": "mitigation",
    }  # fmt: skip


_FILLS = st.lists(
    st.tuples(
        st.sampled_from(("SPY", "QQQ", "AAPL")),
        st.integers(-500, 500).filter(bool),
        st.floats(0.0001, 100_000, allow_nan=False),
    ),
    max_size=60,
)


@given(_FILLS)
def test_it_balances_to_the_last_millionth_whatever_was_traded(fills: list[tuple[str, int, float]]) -> None:
    book = ledger()
    expected: dict[str, int] = {}
    cash_micro = 10_000 * MICRO
    for symbol, signed, price in fills:
        fill(book, symbol, signed, price)
        expected[symbol] = expected.get(symbol, 0) + signed
        cash_micro -= signed * round(price * MICRO)
    assert book.balanced()
    assert book.positions() == {symbol: qty for symbol, qty in expected.items() if qty}
    assert book.money[FIRM] == cash_micro
    assert set(book.cost) == set(book.positions())


@pytest.mark.parametrize("account", [FIRM, MARKET])
def test_a_leg_that_is_missing_is_seen(account: str) -> None:
    book = ledger()
    fill(book, "SPY", 10, 590.0)
    book.shares[account]["SPY"] += 1
    assert not book.balanced()
    book.shares[account]["SPY"] -= 1
    book.money[account] += 1
    assert not book.balanced()
