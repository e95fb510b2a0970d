"""Marks on the time axis stay apart, in order and inside it, whatever the incident's pace."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from results.layout import Rows, TimeScale, scale_of, spread, tick_label
from results.record import ClockRecord
from tests.results.builders import lead_case

offsets = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 80)), min_size=1, max_size=9))
def test_spread_labels_never_overlap_and_keep_their_order(boxes: list[tuple[float, float]]) -> None:
    boxes.sort()
    centres, widths = [c for c, _ in boxes], [w for _, w in boxes]
    placed = spread(centres, widths, 0, 1000)
    edges = [(c - w / 2, c + w / 2) for c, w in zip(placed, widths, strict=True)]
    assert all(right <= left + 1e-6 for (_, right), (left, _) in pairwise(edges))
    assert edges[0][0] >= -1e-6
    assert edges[-1][1] <= 1000 + 1e-6


def test_labels_that_have_room_stay_where_they_belong() -> None:
    assert spread([100, 300, 900], [60, 60, 60], 0, 1000) == [100, 300, 900]


def test_two_labels_at_one_instant_share_the_displacement() -> None:
    assert spread([500, 500], [60, 40], 0, 1000) == [475, 525]


def test_five_marks_within_seconds_of_a_twenty_minute_incident_are_told_apart() -> None:
    scale = scale_of(lead_case())
    assert scale.compressed
    clock = lead_case().clock
    places = [scale.place(t) for t in (clock.t0, clock.t1, clock.t2, clock.t3) if t is not None]
    assert all(b - a > 0.015 for a, b in pairwise(places))


def test_an_even_incident_keeps_an_even_axis() -> None:
    even = ClockRecord(t0=0, t1=60, t2=120, t3=180, t4=240, t5=300, t6=360, t7=420, t8=480)
    scale = scale_of(lead_case(clock=even, timeline=[], spans=[]))
    assert not scale.compressed
    assert [label for _, label in scale.ticks()] == ["0", "+1 min", "+2 min", "+3 min", "+4 min", "+5 min",
                                                     "+6 min", "+7 min", "+8 min"]  # fmt: skip


@given(st.lists(offsets, min_size=1, max_size=9), offsets)
def test_every_instant_lies_on_the_axis_in_its_order_and_ticks_do_not_collide(times: list[float], start: float) -> None:
    times = sorted(start + t for t in times)
    clock = ClockRecord(**dict(zip((f"t{i}" for i in range(9)), times, strict=False)))
    scale = scale_of(lead_case(clock=clock, timeline=[], spans=[]))
    places = [scale.place(t) for t in times]
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    assert places == sorted(places)
    ticks = [place for place, _ in scale.ticks()]
    assert all(b - a > 0.05 for a, b in pairwise(ticks))
    assert len(ticks) <= 14


def test_a_run_in_which_nothing_happened_still_has_an_axis() -> None:
    scale = scale_of(lead_case(clock=ClockRecord(), timeline=[], spans=[]))
    assert scale.start_s < scale.end_s


def test_ticks_are_as_short_as_they_can_be() -> None:
    labels = [tick_label(s) for s in (0, 0.2, 30, -60, 300, 7200, 172800)]
    assert labels == ["0", "+200 ms", "+30 s", "−1 min", "+5 min", "+2 h", "+2 d"]


def test_rows_fill_from_the_top_and_say_when_they_are_full() -> None:
    rows = Rows(2)
    assert [rows.put(0, 50), rows.put(60, 90), rows.put(40, 70), rows.put(45, 65)] == [0, 0, 1, None]
    assert len(rows) == 2


def test_clipping_holds_a_fault_that_began_long_before() -> None:
    scale = TimeScale(origin_s=100, start_s=90, end_s=200)
    assert (scale.clip(0), scale.clip(150), scale.clip(1e9)) == (90, 150, 200)
