"""Times as people write them down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.score.times import Instant, read_instant, split_instant


@pytest.mark.parametrize(
    ("text", "clock", "seconds"),
    [
        ("14:32", "wall", 52320),
        ("14:32:10", "wall", 52330),
        ("14:32:10.5", "wall", 52330.5),
        ("[09:05]", "wall", 32700),
        ("14:32 UTC", "wall", 52320),
        ("14:32 Uhr", "wall", 52320),
        ("14.32 Uhr", "since", None),
        ("2:32 pm", "wall", 52320),
        ("12:05 am", "wall", 300),
        ("95", "since", 95),
        ("95.5", "since", 95.5),
        ("95s", "since", 95),
        ("+5m", "since", 300),
        ("T+5m", "since", 300),
        ("+1m30s", "since", 90),
        ("1h 2min", "since", 3720),
        ("+1:30", "since", 90),
        ("T+0:01:30", "since", 90),
        ("-0:30", "since", -30),
        ("2026-03-02T14:32:10Z", "date", 1772461930),
        ("2026-03-02 15:32:10+01:00", "date", 1772461930),
        ("2026-03-02 14:32", "date", 1772461920),
    ],
)
def test_an_instant(text: str, clock: str, seconds: float | None) -> None:
    found = read_instant(text)
    if seconds is None:
        assert found is None
    else:
        assert found is not None
        assert (found.clock, found.seconds) == (clock, seconds)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14:61", "2026-13-01T00:00", "5 parsecs", "13:00 pm", "1e9"])
def test_no_instant(text: str) -> None:
    assert read_instant(text) is None


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("14:32 - halted everything", "halted everything"),
        ("- 14:32:10: halted", "halted"),
        ("[14:32] halted", "halted"),
        ("95, halted", "halted"),
        ("+5m halted", "halted"),
        ("2026-03-02T14:32:10Z  halted", "halted"),
        ("14:32\thalted", "halted"),
    ],
)
def test_a_line_of_notes_begins_with_its_time(line: str, rest: str) -> None:
    found = split_instant(line)
    assert found is not None
    assert found[1] == rest


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_every_time_of_day_is_read(h: int, m: int, s: int) -> None:
    assert read_instant(f"{h:02}:{m:02}:{s:02}") == Instant("wall", float(h * 3600 + m * 60 + s))


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    read_instant(text)
    split_instant(text)
