"""The firm's order manager: what it knows of its orders, and what it cannot know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import SECOND
from sim.network import BrokerUnavailable, BrokerUnreachable, UnknownOrder, Verdict
from sim.orders import DONE, Order, Status
from sim.venue import BrokerConfig, Update
from tests.sim.worlds import Firm

WHOLE = BrokerConfig(partial_share=0.0)


class Orders(Firm):
    """A firm, seen from its order manager."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**({"broker": WHOLE} | config))
        self.manager = self.world.orders

    def send(self, seconds: float = 3, **order: Any) -> Order:
        """Create an order now and let time pass."""
        sent: list[Order] = []
        fields = {"symbol": "SPY", "side": 1, "qty": 10} | order
        self.soon(lambda: sent.append(self.manager.create(**fields)))
        self.run(seconds)
        return sent[0]

    def rest(self, seconds: float = 3, **order: Any) -> Order:
        """The same with a limit far from the market."""
        return self.send(seconds, kind="limit", limit_price=1.0, **order)

    def cancel(self, order: Order, seconds: float = 8) -> list[Any]:
        """Ask for a cancel and let time pass; the answer, or nothing yet."""
        answers: list[Any] = []
        self.soon(lambda: self.manager.cancel(order, answers.append))
        self.run(seconds)
        return answers

    def story(self, order: Order) -> list[str]:
        """What the History tells of one order, in the firm's lane."""
        return [event.kind for event in self.history.of("order.") if event.subject == order.id]


def test_the_ordinary_life_of_an_order() -> None:
    firm = Orders()
    order = firm.send()
    assert order.status is Status.FILLED
    assert firm.story(order) == ["order.sent", "order.acked", "order.filled"]
    assert firm.manager.live() == []
    assert firm.books_agree()


def test_a_limit_order_is_live_until_it_expires_at_the_close() -> None:
    firm = Orders()
    order = firm.rest()
    assert firm.manager.live() == [order]
    firm.run_to((2026, 3, 10, 16, 0, 1))
    assert order.status is Status.EXPIRED
    assert firm.manager.live() == []
    assert firm.story(order)[-1] == "order.closed"


class TestUnknownFate:
    """An order may be live although nobody here has heard so."""

    def test_a_lost_acknowledgement_leaves_the_order_live_and_its_fill_is_booked_all_the_same(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(lose_reply=True), "submit")
        order = firm.send(seconds=0.01)
        assert not order.acknowledged
        assert firm.manager.live() == [order]
        firm.run(8)
        assert firm.story(order) == ["order.sent", "order.filled", "order.unacked"]
        assert order.status is Status.FILLED
        assert firm.books_agree()
        heal()

    def test_a_resting_order_whose_acknowledgement_was_lost_stays_live_until_somebody_asks(self) -> None:
        firm = Orders()
        firm.rule(Verdict(lose_reply=True), "submit")
        order = firm.rest(seconds=600)
        assert order.status is Status.PENDING_NEW
        assert firm.manager.live() == [order]
        firm.manager.settle(order.id, Status.ACCEPTED, 0)
        assert order.acknowledged

    def test_an_order_into_a_black_hole_is_unknown_too_until_the_broker_denies_it(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(hang=True))
        order = firm.send(seconds=10)
        assert firm.story(order) == ["order.sent", "order.unacked"]
        assert order.live
        heal()
        (error,) = firm.cancel(order)
        assert isinstance(error, UnknownOrder)
        assert order.status is Status.REJECTED
        assert firm.manager.live() == []

    def test_a_late_reply_is_no_acknowledgement_but_the_stream_tells_of_the_fill(self) -> None:
        firm = Orders()
        firm.rule(Verdict(delay_us=20 * SECOND), "submit")
        order = firm.send(seconds=9)
        assert firm.story(order) == ["order.sent", "order.unacked"]
        firm.run(5)
        assert order.status is Status.FILLED
        assert "order.acked" not in firm.story(order)
        assert firm.books_agree()

    def test_an_unknown_fate_counts_neither_as_success_nor_as_error(self) -> None:
        firm = Orders()
        firm.rule(Verdict(hang=True))
        firm.send(seconds=10)
        assert firm.manager.answered(60 * SECOND) == []
        assert firm.manager.error_rate(60 * SECOND) == 0.0


class TestRefusals:
    """The answer was no."""

    def test_a_refused_connection_rejects_the_order_here(self) -> None:
        firm = Orders()
        firm.rule(Verdict(BrokerUnavailable("submit: HTTP 503")), "submit")
        order = firm.send()
        assert order.status is Status.REJECTED
        (event,) = firm.events("order.rejected")
        assert (event.data["by"], event.data["status"]) == ("link", 503)

    def test_the_broker_may_reject_it(self) -> None:
        firm = Orders()
        order = firm.send(qty=1_000_000)
        assert order.status is Status.REJECTED
        (event,) = firm.events("order.rejected")
        assert (event.data["by"], event.data["status"]) == ("broker", 403)

    def test_the_error_rate_is_the_share_of_the_last_while(self) -> None:
        firm = Orders()
        firm.send(qty=1_000_000)
        firm.send()
        firm.run(60)
        firm.send()
        firm.send()
        firm.send(qty=1_000_000)
        assert firm.manager.error_rate(60 * SECOND) == pytest.approx(1 / 3)
        assert firm.manager.error_rate(600 * SECOND) == pytest.approx(2 / 5)
        assert firm.manager.answered(60 * SECOND) == [True, True, False]

    def test_a_gate_denies_before_anything_is_sent(self) -> None:
        firm = Orders()
        firm.manager.gates.append(lambda order: "too early" if order.side > 0 else None)
        order = firm.send()
        assert order.status is Status.REJECTED
        assert firm.story(order) == ["order.denied"]
        assert firm.manager.answered(60 * SECOND) == []
        assert firm.broker.list_orders(open_only=False) == []
        assert firm.send(side=-1).status is Status.FILLED

    def test_the_second_use_of_a_client_order_id_is_refused_and_the_first_order_is_untouched(self) -> None:
        firm = Orders()
        first = firm.rest(order_id="mine")
        second = firm.send(order_id="mine")
        assert second.status is Status.REJECTED
        assert first.live
        assert firm.manager.live() == [first]
        assert [o.id for o in firm.broker.working()] == ["mine"]
        firm.broker.reprice()
        firm.soon(lambda: firm.world.market.shock(None, 0.001))
        firm.soon(firm.broker.reprice)
        firm.run(5)
        assert first.status is Status.FILLED, "its fill finds the order that it belongs to"
        assert firm.books_agree()


    def test_a_second_try_under_the_id_of_a_refused_order_is_a_new_order(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(BrokerUnavailable("HTTP 503")), "submit")
        first = firm.rest(order_id="mine")
        heal()
        second = firm.rest(order_id="mine")
        assert (first.status, second.status) == (Status.REJECTED, Status.ACCEPTED)
        assert firm.manager.live() == [second]

    def test_a_second_try_under_one_id_takes_the_place_of_the_first_that_never_arrived(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(hang=True))
        first = firm.rest(order_id="mine", seconds=6)
        heal()
        second = firm.rest(order_id="mine")
        assert not first.acknowledged
        assert firm.manager.live() == [second]
        assert firm.cancel(second) == [None]
        assert second.status is Status.CANCELED
        assert firm.manager.live() == []


class TestCancelling:
    """A cancel is a request: it may be too late, lost, or early."""

    def test_a_resting_order_is_cancelled(self) -> None:
        firm = Orders()
        order = firm.rest()
        assert firm.cancel(order) == [None]
        assert order.status is Status.CANCELED
        assert firm.story(order) == ["order.sent", "order.acked", "order.cancel_sent", "order.closed"]

    def test_a_fill_that_overtakes_the_cancel_wins_and_is_booked(self) -> None:
        firm = Orders(broker=BrokerConfig(partial_share=0.0, fill_median_us=1000))
        order = firm.send(seconds=0)
        while order.id not in firm.broker.orders:
            firm.run(0.001)
        answers = firm.cancel(order)
        assert [type(answer).__name__ for answer in answers] == ["OrderRejected"]
        assert order.status is Status.FILLED
        assert firm.books_agree()

    def test_a_cancel_that_gets_no_answer_may_have_worked(self) -> None:
        firm = Orders()
        order = firm.rest()
        firm.rule(Verdict(lose_reply=True), "cancel")
        (error,) = firm.cancel(order)
        assert isinstance(error, TimeoutError)
        assert order.status is Status.CANCELED, "the stream told"

    def test_a_cancel_that_never_arrived_leaves_the_order_live_and_can_be_repeated(self) -> None:
        firm = Orders()
        order = firm.rest()
        heal = firm.rule(Verdict(BrokerUnreachable("no route")), "cancel")
        firm.cancel(order)
        assert order.status is Status.PENDING_CANCEL
        assert firm.manager.live() == [order]
        heal()
        firm.cancel(order)
        assert order.status is Status.CANCELED

    def test_an_order_without_acknowledgement_is_cancelled_by_its_client_id(self) -> None:
        firm = Orders()
        firm.rule(Verdict(lose_reply=True), "submit")
        order = firm.rest(seconds=10)
        assert firm.cancel(order) == [None]
        assert order.status is Status.CANCELED
        assert list(firm.broker.working()) == []

    def test_a_cancel_that_overtakes_its_order_does_not_declare_it_dead(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(delay_us=2 * SECOND), "submit")
        order = firm.rest(seconds=0)
        (error,) = firm.cancel(order, seconds=0.5)
        assert isinstance(error, UnknownOrder)
        assert order.live, "it is still on its way"
        firm.run(5)
        assert order.status is Status.ACCEPTED
        heal()
        firm.cancel(order)
        assert order.status is Status.CANCELED

    def test_a_part_that_filled_before_the_cancel_is_heard_in_either_order(self) -> None:
        firm = Orders()
        order = firm.rest()
        before = firm.world.book.positions["SPY"]
        fill = Update("fill", order.id, "f-late", 4, 590.0, "SPY", 1)
        firm.manager.handle(Update("canceled", order.id))
        firm.manager.handle(fill)
        assert (order.status, order.filled_qty) == (Status.CANCELED, 4)
        assert firm.world.book.positions["SPY"] == before + 4
        firm.manager.handle(fill)
        assert firm.world.book.positions["SPY"] == before + 4
        assert firm.story(order)[-1] == "order.fill_repeated"


class TestSettling:
    """The broker's word on an order, got by asking."""

    def test_filled_elsewhere_and_heard_of_later_is_counted_once(self) -> None:
        firm = Orders()
        heal = firm.rule(Verdict(BrokerUnreachable("cut")), "stream")
        firm.world.connection.on_lost = lambda reason: None
        order = firm.rest(seconds=0)
        firm.run(3)
        firm.manager.settle(order.id, Status.FILLED, 10)
        assert (order.status, order.filled_qty) == (Status.FILLED, 10)
        assert firm.manager.live() == []
        firm.manager.handle(Update("fill", order.id, "f1", 10, 590.0, "SPY", 1))
        assert order.filled_qty == 10
        heal()

    def test_an_order_of_nobody_and_one_that_is_done_are_left_alone(self) -> None:
        firm = Orders()
        order = firm.send()
        firm.manager.settle(order.id, Status.REJECTED, 0)
        firm.manager.settle("never", Status.FILLED, 5)
        assert order.status is Status.FILLED

    def test_partly_filled_at_the_broker(self) -> None:
        firm = Orders()
        order = firm.rest()
        firm.manager.settle(order.id, Status.PARTIALLY_FILLED, 4)
        assert (order.status, order.remaining) == (Status.PARTIALLY_FILLED, 6)


class TestMemory:
    """What a restarted process knows of the orders of the one before."""

    def test_a_dead_process_hears_no_answer(self) -> None:
        firm = Orders()
        order = firm.send(seconds=0)
        firm.soon(firm.manager.forget)
        firm.run(5)
        assert "order.acked" not in firm.story(order)
        assert firm.manager.orders == {}

    def test_a_fill_of_an_order_that_was_forgotten_is_booked_and_marked_as_unknown(self) -> None:
        firm = Orders()
        firm.send(seconds=0.05)
        firm.soon(firm.manager.forget)
        firm.run(5)
        (fill,) = firm.events("order.filled")
        assert fill.data["known"] is False
        assert firm.books_agree()

    def test_an_adopted_order_is_tracked_again(self) -> None:
        firm = Orders()
        order = firm.rest()
        firm.manager.forget()
        found = Order(order.id, "SPY", 1, 10, kind="limit", limit_price=1.0)
        found.status = Status.ACCEPTED
        firm.manager.adopt(found)
        firm.manager.adopt(order)
        assert firm.manager.live() == [found]
        done = Order("done", "SPY", 1, 10)
        done.status = Status.FILLED
        firm.manager.adopt(done)
        assert firm.manager.live() == [found]

    def test_a_reply_to_the_dead_process_does_not_reach_the_order_adopted_in_its_place(self) -> None:
        firm = Orders()
        order = firm.rest(seconds=0)
        firm.soon(firm.manager.forget)
        firm.soon(lambda: firm.manager.adopt(Order(order.id, "SPY", 1, 10)))
        firm.run(5)
        assert not firm.manager.orders[order.id].acknowledged


_MESSAGES = st.one_of(
    st.tuples(st.just("fill"), st.integers(0, 3), st.integers(1, 12)),
    st.tuples(st.sampled_from(("canceled", "replaced", "expired", "rejected")), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("settle"), st.integers(0, 3), st.integers(0, 12)),
    st.tuples(st.just("cancel"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_MESSAGES, max_size=12), st.sampled_from([None, Verdict(lose_reply=True), Verdict(hang=True)]))
def test_whatever_is_heard_in_whatever_order_an_order_keeps_to_its_states_and_the_open_ones_are_the_live_ones(
    messages: list[tuple[str, int, int]], verdict: Verdict | None
) -> None:
    firm = Orders()
    if verdict is not None:
        firm.rule(verdict, "submit")
    orders = [firm.rest(seconds=0, order_id=f"o{number}") for number in range(4)]
    for number, (what, which, amount) in enumerate(messages):
        order, before = orders[which % 4], [each.status for each in orders]
        if what == "fill":
            firm.manager.handle(Update("fill", order.id, f"f{number}", amount, 590.0, "SPY", 1))
        elif what == "settle":
            firm.manager.settle(order.id, Status.PARTIALLY_FILLED if 0 < amount < 10 else Status.CANCELED, amount)
        elif what == "cancel":
            firm.cancel(order, seconds=0)
        elif what == "wait":
            firm.run(which)
        elif what == "restart":
            firm.manager.forget()
            for each in orders:
                firm.manager.adopt(each)
        else:
            firm.manager.handle(Update(what, order.id))
        for each, status in zip(orders, before, strict=True):
            assert each.status is status or status not in DONE
            assert 0 <= each.filled_qty <= each.qty
        assert set(map(id, firm.manager.live())) == {id(each) for each in orders if each.live}


class TestExposure:
    """Whether an order reduces what is held."""

    @pytest.mark.parametrize(
        ("held", "side", "qty", "reducing"),
        [(10, -1, 10, True), (10, -1, 11, False), (10, 1, 1, False), (-10, 1, 10, True), (0, -1, 1, False)],
    )
    def test_only_an_order_against_the_position_and_not_beyond_it(
        self, held: int, side: int, qty: int, reducing: bool
    ) -> None:
        firm = Orders()
        firm.world.book.adopt({"SPY": held}, None, "test")
        assert firm.send(side=side, qty=qty).reducing is reducing
