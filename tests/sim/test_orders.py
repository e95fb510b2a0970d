"""The life of an order: which states may follow which, on either side of the link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.orders import DONE, TRANSITIONS, Order, Status


def order(qty: int = 100, status: Status = Status.PENDING_NEW) -> Order:
    made = Order("o1", "SPY", 1, qty)
    made.status = status
    return made


def test_an_order_that_was_only_sent_may_be_live() -> None:
    sent = order()
    assert sent.live
    assert not sent.acknowledged


def test_the_ordinary_life() -> None:
    o = order()
    assert o.move(Status.ACCEPTED, 5)
    assert o.acknowledged
    o.fill(40, 10.0, 6)
    assert (o.status, o.remaining, o.average_price) == (Status.PARTIALLY_FILLED, 60, 10.0)
    o.fill(60, 11.0, 7)
    assert (o.status, o.remaining, o.average_price) == (Status.FILLED, 0, pytest.approx(10.6))
    assert not o.live
    assert o.updated_us == 7


def test_a_fill_may_come_before_its_acknowledgement() -> None:
    o = order()
    o.fill(100, 10.0, 3)
    assert o.status is Status.FILLED
    assert not o.move(Status.ACCEPTED, 4), "the late acknowledgement is ignored"
    assert o.status is Status.FILLED


def test_a_cancel_may_be_too_late() -> None:
    o = order(status=Status.ACCEPTED)
    assert o.move(Status.PENDING_CANCEL, 1)
    o.fill(100, 10.0, 2)
    assert o.status is Status.FILLED
    assert not o.move(Status.CANCELED, 3)


def test_a_part_filled_after_the_cancel_was_sent_leaves_the_order_live() -> None:
    o = order(status=Status.PENDING_CANCEL)
    o.fill(10, 10.0, 2)
    assert o.live
    assert o.move(Status.CANCELED, 3)


@pytest.mark.parametrize("before", [status for status in Status if status not in DONE])
def test_an_order_may_be_replaced_whatever_the_firm_knows_of_it(before: Status) -> None:
    assert order(status=before).move(Status.REPLACED, 1)


@pytest.mark.parametrize("done", sorted(DONE))
def test_nothing_follows_an_end(done: Status) -> None:
    for status in Status:
        o = order(status=done)
        assert not o.move(status, 1)
        assert o.status is done


def test_every_state_is_in_the_table_and_the_ends_are_the_five() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert {str(s) for s in DONE} == {"filled", "canceled", "replaced", "rejected", "expired"}


def test_an_accepted_order_is_not_rejected_afterwards() -> None:
    assert not order(status=Status.ACCEPTED).move(Status.REJECTED, 1)


@pytest.mark.parametrize("qty", [0, -1, 101])
def test_filling_more_than_there_is_is_a_bug_of_ours(qty: int) -> None:
    with pytest.raises(AssertionError):
        order().fill(qty, 10.0, 1)


@given(st.lists(st.sampled_from(list(Status)) | st.integers(1, 60), max_size=12))
def test_any_row_of_messages_keeps_an_order_within_its_states(messages: list[Status | int]) -> None:
    o = order()
    for message in messages:
        before = o.status
        if isinstance(message, Status):
            moved = o.move(message, 1)
            assert (o.status is message) if moved else (o.status is before)
        elif o.remaining >= message:
            o.fill(message, 10.0, 1)
        assert o.status is before or o.status in TRANSITIONS[before]
        assert 0 <= o.filled_qty <= o.qty
        assert o.live == (o.status not in DONE)


def test_its_name_for_people() -> None:
    assert repr(Order("o1", "SPY", -1, 5)) == "<o1 sell 5 SPY pending_new>"
