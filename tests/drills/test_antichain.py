"""The heaviest antichain equals the one found by trying every subset."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from drills.antichain import heaviest_antichain


def test_of_a_chain_the_heaviest_element_is_taken() -> None:
    assert heaviest_antichain([1, 5, 2], [[1], [2], []]) == [1]


def test_incomparable_elements_outweigh_a_heavier_one_below_both() -> None:
    assert heaviest_antichain([5, 3, 3], [[1, 2], [], []]) == [1, 2]


def test_of_nothing_nothing_is_taken() -> None:
    assert heaviest_antichain([], []) == []


@settings(deadline=None)
@given(st.data())
def test_no_subset_of_incomparable_elements_is_heavier(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 7))
    weights = data.draw(st.lists(st.integers(1, 9), min_size=size, max_size=size))
    above = [
        data.draw(st.lists(st.sampled_from(range(v + 1, size)), unique=True)) if v < size - 1 else []
        for v in range(size)
    ]
    greater = [set(ups) for ups in above]
    for v in reversed(range(size)):
        greater[v] |= {w for up in above[v] for w in greater[up]}

    def free(subset: tuple[int, ...]) -> bool:
        return all(b not in greater[a] for a in subset for b in subset)

    best = max(
        sum(weights[v] for v in subset)
        for n in range(size + 1)
        for subset in combinations(range(size), n)
        if free(subset)
    )
    found = heaviest_antichain(weights, above)
    assert free(tuple(found))
    assert sum(weights[v] for v in found) == best
