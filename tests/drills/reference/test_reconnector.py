"""Reconnecting backs off up to a cap, never gives up, and reconciles before it is content."""

from __future__ import annotations

import itertools
from typing import Any

from drills.reference.reconnector import LONGEST_DELAY_S, Reconnector
from tests.drills.reference.desks import Desk, run


class Reconciler:
    def __init__(self) -> None:
        self.looks: list[Any] = []

    def check_now(self, adopt_at_once: bool = False) -> bool:
        self.looks.append(adopt_at_once)
        return True


def lost() -> tuple[Desk, Reconnector, Reconciler]:
    desk, reconciler = Desk(), Reconciler()
    reconnector = Reconnector(desk, reconciler)
    desk.broker.connected = False
    desk.broker.fail()
    reconnector.begin("reset by peer")
    return desk, reconnector, reconciler


def test_attempts_come_at_growing_distances_up_to_a_cap() -> None:
    desk, reconnector, _ = lost()
    tried: list[float] = []

    def step() -> None:
        before = len(desk.broker.calls)
        reconnector.step()
        if len(desk.broker.calls) > before:
            tried.append(desk.now)

    run(desk, step, 300)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert gaps[:5] == [2, 4, 8, 16, LONGEST_DELAY_S]
    assert set(gaps[5:]) == {LONGEST_DELAY_S}


def test_it_never_gives_up_and_says_so_from_time_to_time() -> None:
    desk, reconnector, reconciler = lost()
    run(desk, reconnector.step, 3 * 24 * 3600)
    assert reconnector.attempts > 8000
    assert desk.pages[0].startswith("broker unreachable after 5 attempts, still trying")
    assert 300 < len(desk.pages) < 500
    assert reconciler.looks == []
    desk.broker.failing.clear()
    run(desk, reconnector.step, LONGEST_DELAY_S + 1)
    assert desk.broker.connected
    assert reconciler.looks == [False]


def test_the_next_outage_begins_anew() -> None:
    desk, reconnector, _ = lost()
    run(desk, reconnector.step, 600)
    desk.broker.failing.clear()
    run(desk, reconnector.step, 60)
    assert (desk.broker.connected, reconnector.next_attempt) == (True, None)
    desk.broker.connected = False
    desk.broker.fail()
    reconnector.begin("again")
    assert (reconnector.attempts, reconnector.delay) == (0, 1)
    calls = len(desk.broker.calls)
    run(desk, reconnector.step, 4)
    assert len(desk.broker.calls) == calls + 2


def test_a_session_lost_without_a_word_is_noticed() -> None:
    desk = Desk()
    reconnector = Reconnector(desk, Reconciler())
    desk.broker.connected = False
    run(desk, reconnector.step, 2)
    assert desk.broker.connected


def test_a_person_may_ask_for_an_attempt_at_once() -> None:
    desk, reconnector, _ = lost()
    run(desk, reconnector.step, 600)
    assert reconnector.now() == "still down, trying on"
    desk.broker.failing.clear()
    assert reconnector.now() == "session is up"


def test_while_connected_nothing_is_tried() -> None:
    desk = Desk()
    run(desk, Reconnector(desk, Reconciler()).step, 600)
    assert desk.broker.calls == []
