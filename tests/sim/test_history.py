"""The record of a run: append-only, ordered, and with a fingerprint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import VirtualTime
from sim.history import Event, History


def recorded() -> History:
    env = VirtualTime()
    history = History(env)
    history.emit("order.sent", "o1", qty=5)
    history.emit("order.acked", "o1")
    env.set_now(10)
    history.emit("orders.other", "x")
    history.emit("order.sent", "o2", qty=7)
    history.emit("fault.landed", "1-gap", proof="missing")
    return history


def test_events_are_numbered_stamped_and_kept_in_order() -> None:
    history = recorded()
    assert len(history) == 5
    assert [(e.seq, e.t_us, e.subject) for e in history] == [
        (0, 0, "o1"), (1, 0, "o1"), (2, 10, "x"), (3, 10, "o2"), (4, 10, "1-gap"),
    ]  # fmt: skip
    assert list(history)[3] == Event(3, 10, "order.sent", "o2", {"qty": 7})


def test_kinds_select_exactly_and_lanes_by_their_dot() -> None:
    history = recorded()
    assert [e.subject for e in history.of("order.sent")] == ["o1", "o2"]
    assert [e.seq for e in history.of("order.")] == [0, 1, 3]
    assert [e.seq for e in history.of("fault.", "order.acked")] == [1, 4]
    assert history.of("order") == []
    assert history.of() == []


def test_the_first_of_a_kind_by_subject_and_time() -> None:
    history = recorded()
    found = history.first("order.sent", since_us=1)
    assert found is not None
    assert (found.seq, found.get("qty"), found.get("price", 9.5)) == (3, 7, 9.5)
    assert history.first("order.sent", "o1", since_us=1) is None
    assert history.first("order.filled") is None


KINDS = st.sampled_from(["order.sent", "order.acked", "fault.landed", "code.log"])
QUESTIONS = st.lists(st.sampled_from(["order.", "order.sent", "fault.landed", "code.", "code"]), max_size=3)


@given(st.lists(st.one_of(KINDS, QUESTIONS), max_size=40))
def test_asking_in_the_middle_of_a_run_finds_what_a_look_at_every_row_would(acts: list[str | list[str]]) -> None:
    history = History(VirtualTime())
    for act in acts:
        if isinstance(act, str):
            history.emit(act, act)
            continue
        found = [e for e in history if any(e.kind == k or (k.endswith(".") and e.kind.startswith(k)) for k in act)]
        assert history.of(*act) == found
        assert all(history.first(kind) == next((e for e in history if e.kind == kind), None) for kind in act)


def test_rows_that_are_put_in_place_of_others_are_found() -> None:
    history = recorded()
    history.of("order.")
    history.rows = [(1, "code.log", "a", {}), *history.rows[1:], (2, "order.sent", "z", {})]
    assert [e.seq for e in history.of("order.")] == [1, 3, 5]
    history.rows = []
    assert history.of("order.") == []


def test_a_field_may_be_called_like_the_arguments_of_emit() -> None:
    history = History(VirtualTime())
    history.emit("fault.injected", "1", kind="gap", subject="SPY", self=1)
    assert next(iter(history)).data == {"kind": "gap", "subject": "SPY", "self": 1}


def test_equal_histories_have_one_digest() -> None:
    assert recorded().digest() == recorded().digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.emit("order.sent", "o3"),
        lambda h: h.rows.pop(),
        lambda h: h.rows.reverse(),
        lambda h: h.rows[0][3].update(qty=6),
        lambda h: h.record_series("equity", np.array([0]), np.array([1.0])),
    ],
)
def test_whatever_differs_changes_the_digest(change: object) -> None:
    history = recorded()
    change(history)  # type: ignore[operator]
    assert history.digest() != recorded().digest()


def test_series_count_whatever_order_they_were_recorded_in() -> None:
    t_us, values = np.array([0, 5]), np.array([1.0, 2.0])
    one, other = recorded(), recorded()
    one.record_series("equity", t_us, values)
    one.record_series("exposure", t_us, values * 2)
    other.record_series("exposure", t_us, values * 2)
    other.record_series("equity", t_us, values)
    assert one.digest() == other.digest()
    other.record_series("equity", t_us, values + 1e-9)
    assert one.digest() != other.digest()


def test_a_series_is_kept_as_integers_and_floats() -> None:
    history = recorded()
    history.record_series("equity", np.array([0.0, 1.0]), np.array([3, 4]))
    t_us, values = history.series["equity"]
    assert (t_us.dtype, values.dtype) == (np.int64, np.float64)


def test_a_series_needs_a_value_for_each_instant() -> None:
    with pytest.raises(AssertionError):
        recorded().record_series("equity", np.array([0, 1]), np.array([1.0]))
