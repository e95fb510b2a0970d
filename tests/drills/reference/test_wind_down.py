"""Winding down: what counts is the broker's list, a sent order is not a closed position, and nothing flips."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drills.reference.wind_down import WindDown
from tests.drills.reference.desks import Desk, order, run

FLAT = "all positions closed, confirmed at the broker"
DEAD = "all open orders cancelled, confirmed at the broker"


class TestCancelling:
    def test_ours_and_the_brokers_are_cancelled_the_unacknowledged_included(self) -> None:
        desk = Desk()
        ours, unknown, theirs = order("a"), order("b", acknowledged=False), order("c")
        desk.orders, desk.broker.open = [ours, unknown], [ours, unknown, theirs]
        it = WindDown(desk)
        it.cancel_orders()
        desk.orders = [unknown, ours]
        run(desk, it.step, 5)
        assert set(desk.broker.cancelled) >= {"a", "b", "c"}
        assert desk.broker.open == []

    def test_done_is_said_when_the_broker_shows_nothing_more(self) -> None:
        desk = Desk()
        ours = order("a")
        desk.orders, desk.broker.open = [ours], [ours]
        desk.broker.fail(None, "cancel")
        it = WindDown(desk)
        it.cancel_orders()
        run(desk, it.step, 60)
        assert it.cancelling
        assert DEAD not in desk.logs
        desk.broker.failing.clear()
        desk.orders = []
        run(desk, it.step, 60)
        assert not it.cancelling
        assert desk.logs[-1] == DEAD

    def test_what_we_know_of_is_cancelled_although_the_list_is_down(self) -> None:
        desk = Desk()
        ours = order("a")
        desk.orders, desk.broker.open = [ours], [ours]
        desk.broker.fail(None, "orders")
        it = WindDown(desk)
        it.cancel_orders()
        run(desk, it.step, 30)
        assert "a" in desk.broker.cancelled
        assert it.cancelling, "nobody has confirmed it"
        assert DEAD not in desk.logs

    def test_exits_are_left_to_work(self) -> None:
        desk = Desk(SPY=10)
        exit_order = order("exit", side=-1, reducing=True, source="mitigation")
        desk.orders, desk.broker.open = [exit_order], [exit_order]
        it = WindDown(desk)
        it.cancel_orders()
        run(desk, it.step, 10)
        assert desk.broker.cancelled == []
        assert not it.cancelling

    def test_an_order_that_cannot_be_cancelled_any_more_is_settled_by_its_end(self) -> None:
        desk = Desk()
        done = order("a", filled_qty=10)
        desk.orders, desk.broker.open = [done], [done]
        desk.broker.fail(ValueError("already filled"), "cancel")
        it = WindDown(desk)
        it.cancel("a")
        assert desk.settled == [("a", done)]
        desk.broker.failing.clear()
        it.cancel("never sent")
        assert desk.settled[-1] == ("never sent", None)


class TestClosing:
    def test_everything_is_closed_once(self) -> None:
        desk = Desk(SPY=10, AAPL=-5)
        desk.broker.fills_at_once = True
        it = WindDown(desk)
        it.close_positions()
        run(desk, it.step, 30)
        assert desk.broker.sent == [("SPY", -1, 10), ("AAPL", 1, 5)]
        assert desk.logs == [FLAT]
        assert not it.closing

    def test_what_is_on_its_way_is_not_sent_again(self) -> None:
        desk = Desk(SPY=10)
        it = WindDown(desk)
        it.close_positions()
        run(desk, it.step, 120)
        assert desk.broker.sent == [("SPY", -1, 10)]
        assert it.closing
        assert FLAT not in desk.logs

    def test_a_part_that_filled_is_counted(self) -> None:
        desk = Desk(SPY=10)
        desk.broker.open = [order("close", side=-1, qty=6, filled_qty=2, source="mitigation")]
        it = WindDown(desk)
        it.close_positions()
        run(desk, it.step, 1)
        assert desk.broker.sent == [("SPY", -1, 6)]

    def test_first_the_orders_then_the_positions(self) -> None:
        desk = Desk(SPY=10)
        ours = order("a", "AAPL")
        desk.orders, desk.broker.open = [ours], [ours]
        desk.broker.fail(None, "cancel")
        it = WindDown(desk)
        it.cancel_orders()
        it.close_positions()
        run(desk, it.step, 30)
        assert desk.broker.sent == []
        desk.broker.failing.clear()
        desk.orders = []
        run(desk, it.step, 60)
        assert desk.broker.sent == [("SPY", -1, 10)]

    def test_a_book_that_differs_gives_way_to_the_brokers(self) -> None:
        desk = Desk(SPY=10)
        desk.positions = {}
        it = WindDown(desk)
        it.close_positions()
        run(desk, it.step, 1)
        assert desk.adopted == [{"SPY": 10}]
        assert desk.broker.sent == [("SPY", -1, 10)]

    def test_it_tries_on_while_the_broker_is_gone_and_calls_for_help(self) -> None:
        desk = Desk(SPY=10)
        desk.broker.fail()
        it = WindDown(desk)
        it.close_positions()
        run(desk, it.step, 900)
        assert it.closing
        assert desk.pages[0] == "orders or positions still open after 20 tries"
        desk.broker.failing.clear()
        desk.broker.fills_at_once = True
        run(desk, it.step, 60)
        assert desk.logs[-1] == FLAT

    def test_standing_down_wants_nothing_more(self) -> None:
        desk = Desk(SPY=10)
        it = WindDown(desk)
        it.cancel_orders()
        it.close_positions()
        it.stand_down()
        run(desk, it.step, 60)
        assert desk.broker.calls == []


@given(
    held=st.dictionaries(st.sampled_from(["SPY", "AAPL"]), st.integers(-500, 500).filter(bool)),
    working=st.lists(
        st.tuples(st.sampled_from(["SPY", "AAPL"]), st.sampled_from([-1, 1]), st.integers(1, 800)), max_size=4
    ),
)
def test_closing_never_trades_through_zero(held: dict[str, int], working: list[tuple[str, int, int]]) -> None:
    desk = Desk(**held)
    desk.broker.open = [order(f"w{n}", *what) for n, what in enumerate(working)]
    it = WindDown(desk)
    it.close_positions()
    run(desk, it.step, 60)
    closing: dict[str, int] = {}
    for symbol, side, qty in desk.broker.sent:
        closing[symbol] = closing.get(symbol, 0) + side * qty
    for symbol, qty in closing.items():
        assert held[symbol] * qty < 0, "it only reduces"
        assert abs(qty) <= abs(held[symbol]), "and never more than there is"
