"""Hand-worked incidents on the RTO clock, and the same clock by looking once a second."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.rto import Predicate, ResponseTime, RtoClock, measure, response, window_us

S = 1_000_000


def clock(*bad: tuple[float, float | None], **instants: Any) -> RtoClock:
    """One predicate broken during `bad`; fault at 100 s, horizon 1000 s, window 60 s; all in seconds."""
    return clock_of(
        [Predicate("flat", tuple((round(a * S), None if b is None else round(b * S)) for a, b in bad))], **instants
    )


def clock_of(predicates: list[Predicate], **instants: Any) -> RtoClock:
    names = ("detected", "acknowledged", "mitigated", "contained", "closed", "healed")
    given_us = {f"{name}_us": None if instants.get(name) is None else instants[name] * S for name in names}
    return measure(
        predicates,
        t0_us=instants.get("t0", 100) * S,
        horizon_us=instants.get("horizon", 1000) * S,
        window_us=instants.get("window", 60) * S,
        **given_us,
    )


def test_a_plain_incident() -> None:
    found = clock((110, 400), detected=125, acknowledged=185, mitigated=215, contained=220, healed=350, closed=700)
    assert (found.t1_us, found.t6_us, found.t7_us) == (110 * S, 400 * S, 460 * S)
    assert found.rto_us == 290 * S
    assert found.rto_from_fault_us == 300 * S
    assert found.rto_from_alert_us == 275 * S
    split = found.split
    assert (split.detect_us, split.acknowledge_us, split.mitigate_us) == (15 * S, 60 * S, 30 * S)
    assert (split.repair_us, split.contain_us, split.verify_us) == (185 * S, 110 * S, 300 * S)
    assert found.broken == ("flat",)
    assert not found.censored
    assert found.notes == ()
    assert found.meets(290 * S)
    assert not found.meets(290 * S - 1)


def test_a_relapse_inside_the_window_lets_the_clock_run_on() -> None:
    found = clock((110, 200), (259, 300), healed=150)
    assert found.t6_us == 300 * S
    assert found.relapses_us == ((200 * S, 259 * S),)
    assert found.notes == ("All was well once before, for less than the window.",)


def test_a_relapse_just_after_the_window_is_another_incident() -> None:
    found = clock((110, 200), (260, 300), healed=150)
    assert (found.t6_us, found.t7_us, found.rto_us) == (200 * S, 260 * S, 90 * S)
    assert found.relapses_us == ()
    assert found.broken_again_us == 260 * S
    assert found.notes == ("Broke again after the restoration was confirmed.",)


def test_a_microsecond_short_of_the_window_is_short() -> None:
    assert clock((110, 200), (260 - 1e-6, 300)).t6_us == 300 * S


def test_the_window_must_fit_before_the_horizon() -> None:
    assert clock((110, 940)).t6_us == 940 * S
    late = clock((110, 941), detected=120)
    assert late.t6_us is None
    assert late.censored
    assert late.rto_us is None
    assert late.rto_from_fault_us is None
    assert late.rto_from_alert_us is None
    assert not late.meets(10**15)
    assert late.split.repair_us == 880 * S
    assert late.notes == ("Not restored before the end of the run: the RTO is longer than any limit.",)


def test_never_restored_is_censored() -> None:
    assert clock((110, None)).censored
    assert clock((110, 5000)).censored


def test_what_was_mended_before_the_end_is_not_said_to_be_broken_still() -> None:
    found = clock_of([Predicate("flat", ((110 * S, 115 * S),)), Predicate("halted", ((110 * S, None),))])
    assert found.censored
    assert (found.broken, found.broken_at_end) == (("flat", "halted"), ("halted",))


def test_restored_means_all_predicates_together() -> None:
    found = clock_of(
        [
            Predicate("no live order", ((110 * S, 150 * S),)),
            Predicate("feed fresh", ((130 * S, 200 * S),)),
            Predicate("book equals ledger", ((240 * S, 250 * S),)),
            Predicate("kill state", ()),
        ]
    )
    assert (found.t1_us, found.t6_us) == (110 * S, 250 * S)
    assert found.broken == ("no live order", "feed fresh", "book equals ledger")


def test_spells_that_touch_are_one() -> None:
    found = clock_of([Predicate("a", ((110 * S, 200 * S),)), Predicate("b", ((200 * S, 210 * S),))])
    assert found.t6_us == 210 * S
    assert found.relapses_us == ()


def test_no_impact_is_an_rto_of_zero_and_says_so() -> None:
    found = clock(detected=120)
    assert (found.t1_us, found.t6_us, found.rto_us, found.censored) == (None, None, 0, False)
    assert (found.rto_from_fault_us, found.rto_from_alert_us) == (0, 0)
    assert found.meets(0)
    assert found.notes == ("Nothing broke: the fault had no impact.",)
    assert found.split.detect_us is None


def test_what_was_over_before_the_fault_or_comes_after_the_horizon_is_no_impact() -> None:
    assert clock((10, 100), (1000, 1200)).t1_us is None


def test_broken_already_at_the_fault_counts_from_the_fault() -> None:
    assert clock((90, 200)).t1_us == 100 * S


def test_an_empty_spell_breaks_nothing() -> None:
    assert clock((150, 150)).t1_us is None


def test_code_that_acts_before_anybody_is_paged_leaves_those_phases_at_zero() -> None:
    split = clock((110, 200), mitigated=112, detected=130, acknowledged=190, healed=120).split
    assert (split.detect_us, split.acknowledge_us, split.mitigate_us) == (20 * S, 60 * S, 0)
    assert split.repair_us == 10 * S


def test_the_time_of_a_phase_that_never_ended_belongs_to_the_next() -> None:
    split = clock((110, 200), detected=120, mitigated=150).split
    assert split.acknowledge_us is None
    assert (split.detect_us, split.mitigate_us, split.repair_us) == (10 * S, 30 * S, 50 * S)
    assert split.verify_us is None


def test_notes_on_a_fault_still_present_and_a_hasty_closure() -> None:
    found = clock((110, 200), healed=500, closed=230)
    assert found.notes == (
        "Restored while the fault was still present.",
        "Closed before the restoration was confirmed.",
    )


@pytest.mark.parametrize(
    ("interval", "stated", "expected"),
    [(15, None, 60), (20, None, 60), (21, None, 63), (60, None, 180), (60, 3600, 3600), (15, 10, 10)],
)
def test_the_window_is_three_looks_and_a_minute_at_least_unless_stated(
    interval: int, stated: int | None, expected: int
) -> None:
    assert window_us(interval * S, None if stated is None else stated * S) == expected * S


def test_response_time_is_not_the_rto() -> None:
    found = clock((110, 900), detected=120, acknowledged=180, mitigated=500)
    assert response(found, 60 * S) == ResponseTime(60 * S, 60 * S, True)
    assert response(found, 59 * S).met is False
    assert response(found, 300 * S, until="mitigated") == ResponseTime(380 * S, 300 * S, False)


def test_no_response_breaks_the_promise_unless_there_was_nothing_to_respond_to() -> None:
    assert response(clock((110, 200), detected=120), 60 * S).met is False
    assert response(clock((110, 200)), 60 * S).met is False
    assert response(clock(), 60 * S).met is None


spells = st.lists(st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 60))), max_size=4)
instant = st.one_of(st.none(), st.integers(0, 60))


@settings(deadline=None)
@given(
    st.lists(spells, max_size=3), st.integers(0, 20), st.integers(1, 12), st.integers(20, 50), instant, instant, instant
)
def test_the_clock_agrees_with_looking_once_a_second(
    bad: list[list[tuple[int, int | None]]],
    t0: int,
    window: int,
    horizon: int,
    detected: int | None,
    acknowledged: int | None,
    mitigated: int | None,
) -> None:
    predicates = [
        Predicate(f"p{n}", tuple((a * S, None if b is None else max(a, b) * S) for a, b in intervals))
        for n, intervals in enumerate(bad)
    ]
    found = clock_of(
        predicates,
        t0=t0,
        window=window,
        horizon=horizon,
        detected=detected,
        acknowledged=acknowledged,
        mitigated=mitigated,
    )
    broken = [any(a <= t and (b is None or t < b) for p in bad for a, b in p) for t in range(horizon)]
    t1 = next((t for t in range(t0, horizon) if broken[t]), None)
    t6 = None
    if t1 is not None:
        starts = range(t1, horizon - window + 1)
        t6 = next((t for t in starts if not any(broken[t : t + window])), None)
    assert found.t1_us == (None if t1 is None else t1 * S)
    assert found.t6_us == (None if t6 is None else t6 * S)
    assert found.censored == (t1 is not None and t6 is None)
    if t1 is not None:
        split = found.split
        phases = (split.detect_us, split.acknowledge_us, split.mitigate_us, split.repair_us)
        assert sum(p for p in phases if p is not None) == (horizon if t6 is None else t6) * S - t1 * S
