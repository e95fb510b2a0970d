"""Planted defects: one line each, of a bot that is otherwise the reference, loaded beside it and gone afterwards."""

from __future__ import annotations

import difflib
import sys

import pytest

from drills.drill import drills
from drills.reference.defects import DEFECTS, HERE, MODULES, Defect, planted, source_of
from tests.drills.reference.desks import Desk

BY_NAME = {defect.name: defect for defect in DEFECTS}


def test_there_are_at_least_fifteen_and_each_has_a_name_of_its_own() -> None:
    assert len(DEFECTS) >= 15
    assert len(BY_NAME) == len(DEFECTS)
    assert {defect.drill for defect in DEFECTS} == {"q1", "q2", "q3", "q4"}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_one_place_of_one_module(defect: Defect) -> None:
    assert defect.module in MODULES
    assert defect.drill in drills()
    good = (HERE / f"{defect.module}.py").read_text(encoding="utf-8").splitlines()
    bad = source_of(defect.module, defect).splitlines()
    edits = difflib.SequenceMatcher(None, good, bad, autojunk=False).get_opcodes()
    changes = [edit for edit in edits if edit[0] != "equal"]
    assert len(changes) == 1
    _, was, until, now, end = changes[0]
    assert max(until - was, end - now) <= 3, "small enough to be overlooked in a review"
    for other in MODULES:
        if other != defect.module:
            assert source_of(other, defect) == source_of(other, None)


@pytest.mark.parametrize("defect", [None, *DEFECTS], ids=lambda defect: defect.name if defect else "clean")
def test_a_planted_bot_can_be_built_and_leaves_nothing_behind(defect: Defect | None) -> None:
    before = set(sys.modules)
    with planted(defect) as mitigation:
        made = mitigation.build(Desk(SPY=100))
        assert {1, 5, 10, 30} == set(made.every)
        ours = {name for name in sys.modules if name.startswith("reference_")}
        assert len(ours) == len(MODULES)
        assert type(made.kill).__module__ in ours
    assert set(sys.modules) == before


def test_two_defects_side_by_side_do_not_mix() -> None:
    with planted(BY_NAME["reconnect-gives-up"]) as one, planted(BY_NAME["empty-is-reconciled"]) as other:
        first, second = one.build(Desk()), other.build(Desk())
        assert type(first.reconnector) is not type(second.reconnector)
        assert type(first.reconnector).__module__ == "reference_reconnect_gives_up.reconnector"


def test_a_line_that_is_gone_is_noticed() -> None:
    lost = Defect("lost", "a line that was rewritten", "bot", "no such line", "", "q1")
    with pytest.raises(AssertionError, match="the line to replace occurs 0 times"):
        source_of("bot", lost)
    twice = Defect("twice", "a line that is there twice", "bot", "return True", "", "q1")
    with pytest.raises(AssertionError, match="occurs 3 times"):
        source_of("bot", twice)
