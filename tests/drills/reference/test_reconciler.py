"""Reconciling: no answer is no answer, an empty one needs a witness, and a difference must last."""

from __future__ import annotations

import pytest

from drills.reference.data_guard import DataGuard
from drills.reference.kill_switch import KillSwitch
from drills.reference.reconciler import Reconciler
from drills.reference.wind_down import WindDown
from tests.drills.reference.desks import Desk, order


def reconciler(desk: Desk) -> Reconciler:
    return Reconciler(desk, KillSwitch(desk, DataGuard(desk), WindDown(desk)))


def test_books_that_agree_are_left_alone() -> None:
    desk = Desk(SPY=10)
    it = reconciler(desk)
    assert it.check_now()
    assert (it.unsure, desk.adopted, desk.logs) == (None, [], [])


def test_no_answer_is_no_empty_book() -> None:
    desk = Desk(SPY=10)
    desk.broker.fail(None, "positions")
    it = reconciler(desk)
    assert not it.check_now()
    assert it.unsure == "the broker does not show positions"
    assert desk.adopted == []
    assert desk.pages == []
    it.check_now()
    it.check_now()
    assert desk.pages == ["the broker does not show positions: no new risk until it does"]
    desk.broker.failing.clear()
    assert it.check_now()
    assert it.unsure is None


def test_an_empty_answer_is_not_believed_against_the_account() -> None:
    desk = Desk(SPY=10)
    held = desk.broker.held
    it = reconciler(desk)

    def nothing(timeout: float) -> dict[str, int]:
        return {}

    desk.broker.positions = nothing  # type: ignore[method-assign]
    assert not it.check_now()
    assert not it.check_now()
    assert it.unsure == "the broker shows no positions, the account says otherwise"
    assert desk.adopted == []
    assert desk.positions == held


def test_an_empty_answer_is_believed_when_the_account_holds_cash_only() -> None:
    desk = Desk(SPY=10)
    desk.broker.held = {}
    it = reconciler(desk)
    it.check_now()
    assert it.check_now()
    assert desk.positions == {}


def test_an_empty_answer_without_an_account_is_not_believed() -> None:
    desk = Desk(SPY=10)
    desk.broker.held = {}
    desk.broker.fail(None, "account")
    it = reconciler(desk)
    it.check_now()
    assert not it.check_now()
    assert desk.positions == {"SPY": 10}


def test_a_difference_that_goes_away_was_a_fill_on_its_way() -> None:
    desk = Desk(SPY=10)
    desk.broker.held = {"SPY": 15}
    it = reconciler(desk)
    assert not it.check_now()
    desk.positions = {"SPY": 15}
    assert it.check_now()
    desk.broker.held = {"SPY": 20}
    assert not it.check_now(), "it is the first look at another difference"
    assert desk.adopted == []


def test_a_difference_that_stays_is_taken_over_with_a_page() -> None:
    desk = Desk(SPY=10)
    desk.broker.held = {"SPY": 15, "AAPL": -3}
    it = reconciler(desk)
    it.check_now()
    assert it.check_now()
    assert desk.positions == {"SPY": 15, "AAPL": -3}
    assert desk.pages == ["positions differed from the broker's, the broker's book was taken"]


def test_at_a_start_the_brokers_book_is_taken_at_once() -> None:
    desk = Desk(SPY=10)
    desk.broker.held = {"SPY": 15}
    it = reconciler(desk)
    it.confirm_at_start()
    assert (it.unsure, desk.positions, desk.pages) == (None, {"SPY": 15}, [])


def test_at_a_start_without_a_broker_no_new_risk_is_taken() -> None:
    desk = Desk(SPY=10)
    desk.broker.fail()
    it = reconciler(desk)
    it.confirm_at_start()
    assert it.unsure is not None


def test_without_a_session_nothing_is_asked() -> None:
    desk = Desk(SPY=10)
    desk.broker.connected = False
    reconciler(desk).check()
    assert desk.broker.calls == []


class TestUnknownOrders:
    def test_what_became_of_an_order_is_asked_after_a_while(self) -> None:
        desk = Desk()
        ours = order("ord-1", acknowledged=False, created_us=0)
        desk.orders, desk.broker.open = [ours], [ours]
        it = reconciler(desk)
        desk.now = 10
        it.check_now()
        assert desk.settled == [], "its answer may still be on the way"
        desk.now = 25
        it.check_now()
        assert desk.settled == [("ord-1", ours)]

    def test_an_order_that_the_broker_does_not_know_never_was(self) -> None:
        desk = Desk()
        desk.orders = [order("ord-1", acknowledged=False)]
        desk.now = 25
        reconciler(desk).check_now()
        assert desk.settled == [("ord-1", None)]

    def test_no_answer_leaves_it_unknown(self) -> None:
        desk = Desk()
        desk.orders = [order("ord-1", acknowledged=False)]
        desk.broker.fail(None, "order")
        desk.now = 25
        reconciler(desk).check_now()
        assert desk.settled == []
        assert desk.logs == ["order ord-1 still unknown: connection refused"]

    @pytest.mark.parametrize(("counts", "pages"), [((1, 1), 0), ((0, 2), 1), ((2, 3, 4), 1), ((2, 1, 2), 2)])
    def test_several_in_ten_minutes_are_worth_a_page(self, counts: tuple[int, ...], pages: int) -> None:
        desk = Desk()
        it = reconciler(desk)
        for desk.unanswered in counts:
            it.check_now()
        assert len(desk.pages) == pages
