"""The firm's objects arrive in the child as what they are, and come back as themselves."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sim.broker_client import OrderView
from sim.lockstep.agent import values as child
from sim.lockstep.failures import RemoteFailure, described, raised
from sim.lockstep.values import Values
from sim.network import BrokerTimeout, OrderRejected
from sim.orders import Order, Status

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.tuples(st.text(), st.integers())
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=8,
)  # fmt: skip


class Pair(NamedTuple):
    left: Any
    right: int


def sent(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(PLAIN)
def test_plain_data_arrives_unchanged_both_ways(value: Any) -> None:
    assert child.back(sent(Values().out(value))) == value
    assert Values().back(sent(child.out(value))) == value


@given(PLAIN, st.integers())
def test_a_named_tuple_keeps_its_fields_and_comes_back_as_its_own_class(left: Any, right: int) -> None:
    values = Values()
    there = child.back(sent(values.out(Pair(left, right))))
    assert (there.left, there.right, type(there).__name__) == (left, right, "Pair")
    back = values.back(sent(child.out(there)))
    assert back == Pair(left, right)
    assert type(back) is Pair


def test_properties_words_and_instants_are_what_they_are() -> None:
    view = OrderView("a", "SPY", 1, 5, 2, 1.5, "accepted", "limit", 2.0, "bot")
    assert child.back(sent(Values().out(view))).live
    word = child.back(sent(Values().out(Status.FILLED)))
    assert (word, word.value, word.name, f"{word}") == ("filled", "filled", "FILLED", "filled")
    instant = datetime(2026, 3, 10, 9, 30, tzinfo=ZoneInfo("America/New_York"))
    there = child.back(sent(Values().out(instant)))
    assert (there, there.tzinfo) == (instant, instant.tzinfo)


def test_a_live_object_comes_back_as_the_very_same() -> None:
    values, order = Values(), Order("id-1", "SPY", 1, 5)
    there = child.back(sent(values.out(order)))
    assert (there.id, there.status, there.remaining, there.live) == ("id-1", "pending_new", 5, True)
    assert there == child.back(sent(values.out(order)))
    assert values.back(sent(child.out(there))) is order


def test_what_only_the_child_understands_can_be_shown_and_asked_for_its_truth() -> None:
    class Report:
        def __repr__(self) -> str:
            return "<report>"

        def __str__(self) -> str:
            return "all flat"

        def __bool__(self) -> bool:
            return False

    back = Values().back(sent(child.out(Report())))
    assert (repr(back), str(back), bool(back)) == ("<report>", "all flat", False)


def test_an_error_of_the_broker_is_caught_by_what_it_is_caught_by_here() -> None:
    for error, kinds in ((BrokerTimeout("late"), TimeoutError), (OrderRejected("no", 403), ValueError)):
        told = described(error)
        assert kinds.__name__ in told["bases"]
        assert told["fields"].get("status", 0) == error.status
    assert described(ConnectionRefusedError(111, "refused"))["args"] == [111, "refused"]


def test_what_the_user_raised_keeps_its_name_its_place_and_goes_back_as_itself() -> None:
    told = {"class": "LimitBroken", "text": "too much", "at": "bot.py:7", "fields": {}, "token": 4}
    error = raised(told)
    assert isinstance(error, RemoteFailure)
    assert (type(error).__name__, str(error), error.firedrill_at) == ("LimitBroken", "too much", "bot.py:7")
    assert described(error) is told
    leaving = raised({**told, "class": "SystemExit", "fields": {"code": 3}})
    assert isinstance(leaving, SystemExit)
    assert leaving.code == 3
