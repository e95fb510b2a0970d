"""Times as people write them, in tables, headings and sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.runbook.durations import Span, find_deadline, read_duration
from drills.runbook.model import Source

HERE = Source(file="test.md", line=1, end=1)


@pytest.mark.parametrize(
    ("phrase", "span"),
    [
        ("< 5 min", Span("max", None, 300)),
        ("Immediate", Span("immediate", 0, 60)),
        ("2 min", Span("budget", None, 120)),
        ("varies", Span("varies", None, None)),
        ("First 5 Minutes", Span("window", 0, 300)),
        ("Minutes 5-30", Span("window", 300, 1800)),
        ("0-15 min", Span("window", 0, 900)),
        ("30 s - 2 min", Span("window", 30, 120)),
        ("60+ min", Span("open", 3600, None)),
        ("> 24h", Span("open", 86400, None)),
        ("1,5 Stunden", Span("budget", None, 5400)),
        ("innerhalb von 2 Stunden", Span("max", None, 7200)),
        ("en menos de 15 minutos", Span("max", None, 900)),
        ("sofort", Span("immediate", 0, 60)),
        ("00:45:00", Span("max", None, 2700)),
        ("next business day", Span("max", None, 86400)),
    ],
)
def test_a_stated_time(phrase: str, span: Span) -> None:
    assert read_duration(phrase) == span


@pytest.mark.parametrize(
    "phrase", ["Complete Failure", "8-15% drawdown", "if needed", "Trading impact", "Level 2+", ""]
)
def test_brackets_that_are_no_times(phrase: str) -> None:
    assert read_duration(phrase) is None


def test_a_sentence_needs_a_word_that_makes_the_time_a_deadline() -> None:
    within = find_deadline("Call the desk head within 10 minutes of the page", HERE)
    assert within is not None
    assert (within.kind, within.hi_s) == ("max", 600)
    assert find_deadline("Check the trades of the last 10 minutes", HERE) is None


def test_an_adverb_is_a_deadline_and_an_adjective_is_not() -> None:
    at_once = find_deadline("Stop new orders immediately", HERE)
    assert at_once is not None
    assert at_once.hi_s == 60
    assert find_deadline("Immediate Mitigation", HERE) is None
    assert find_deadline("Sofortmaßnahmen", HERE) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_bounds_are_never_negative(text: str) -> None:
    span = read_duration(text)
    assert span is None or all(bound is None or bound >= 0 for bound in span[1:])
