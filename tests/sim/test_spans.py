"""Stretches of time, against a clock that looks at every instant."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sim.spans import FOREVER, both, deadline, holds, length, minus, open_ended, toggled, union

HORIZON = 40

spans = st.lists(
    st.tuples(st.integers(0, HORIZON), st.integers(0, HORIZON)).map(lambda pair: (min(pair), max(pair))), max_size=6
)


def instants(stretches: list[tuple[int, int]]) -> set[int]:
    """Every instant they cover."""
    return {t for start, end in stretches for t in range(start, end)}


@given(spans, spans)
def test_arithmetic_is_that_of_sets_of_instants(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    assert instants(union(first, second)) == instants(first) | instants(second)
    assert instants(both(first, second)) == instants(first) & instants(second)
    assert instants(minus(first, second)) == instants(first) - instants(second)
    assert length(union(first), 10, 30) == len(instants(first) & set(range(10, 30)))


@given(spans)
def test_a_result_is_sorted_and_disjoint(stretches: list[tuple[int, int]]) -> None:
    merged = union(stretches)
    assert all(start < end for start, end in merged)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(merged))


@given(spans, st.integers(0, HORIZON), st.integers(1, HORIZON))
def test_a_deadline_has_seen_just_its_budget(stretches: list[tuple[int, int]], start: int, budget: int) -> None:
    due = deadline(stretches, start, budget)
    seen = {t for t in instants(stretches) if t >= start}
    if due == FOREVER:
        assert len(seen) < budget
    else:
        assert len({t for t in seen if t < due}) == budget
        assert due - 1 in seen


def test_a_state_set_twice_is_set_once_and_one_never_cleared_stays_open() -> None:
    assert toggled([(1, True), (2, True), (4, False), (5, False), (7, True)]) == [(1, 4), (7, FOREVER)]
    assert open_ended([(1, 4), (7, FOREVER), (50, 60)], 40) == ((1, 4), (7, None))
    assert holds([(1, 4)], 1)
    assert not holds([(1, 4)], 4)


def test_a_state_that_lasted_no_time_did_not_hold() -> None:
    assert toggled([(3, True), (3, False)]) == []
