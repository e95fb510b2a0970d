"""The story of a run: the right words in the right lane, stretches with their ends, and curves that keep extremes."""

from __future__ import annotations

import numpy as np

from drills.storyline import series, spans, timeline
from results.evidence import Span
from sim.clock import SECOND
from tests.sim.chronicle import ZERO_S, Chronicle, us


def struck() -> Chronicle:
    story = Chronicle(SPY=100).at(ZERO_S)
    return story.note(
        "fault.injected", "1-broker_refused", fault="broker_refused", component="broker",
        text="the broker refuses", targets=[], blocks=True,
    )  # fmt: skip


def told(story: Chronicle) -> list[tuple[float, str, str, str]]:
    return [(event.t_s, event.lane, event.level, event.text) for event in timeline(story.history, us(ZERO_S))]


def test_each_thing_is_told_in_its_lane() -> None:
    story = struck().at(601).lost().at(620).alert("BrokerDown").at(630)
    story.halted().at(640).claim("flat", "all positions closed").at(700)
    story.note("responder.acknowledged", "page-1", role="primary", alert="BrokerDown")
    story.note("responder.done", "look", title="Look", ok=False, text="", actions=[], effect="read", late=False)
    story.at(900).restored().healed("broker_refused")
    assert told(story) == [
        (600, "fault", "bad", "the broker refuses"),
        (601, "broker", "bad", "session lost: connection refused"),
        (620, "alerts", "bad", "BrokerDown: BrokerDown"),
        (630, "code", "warning", "halted: daily loss 3.1 %"),
        (640, "code", "info", "says: all positions closed"),
        (700, "human", "good", "primary acknowledges"),
        (700, "human", "info", "Look (failed)"),
        (900, "broker", "good", "session restored"),
        (900, "fault", "good", "1-broker_refused over"),
    ]


def test_what_was_long_before_the_fault_is_not_part_of_it() -> None:
    story = Chronicle().at(100).halted().resumed().at(ZERO_S - 30).lost()
    assert [text for _, _, _, text in told(story)] == ["session lost: connection refused"]


def test_long_words_are_cut() -> None:
    ((_, _, _, text),) = told(Chronicle().at(700).lost().at(701).note("link.lost", reason="x" * 200))[1:]
    assert (len(text), text[-1]) == (90, "…")


def test_of_too_many_events_the_plainest_are_dropped() -> None:
    story = struck()
    for n in range(300):
        story.at(700 + n).note("order.unacked", f"o{n}")
    story.at(1100).halted()
    lanes = [lane for _, lane, _, _ in told(story)]
    assert lanes == ["fault", "code"]
    orders_only = Chronicle()
    for n in range(300):
        orders_only.at(700 + n).note("order.unacked", f"o{n}")
    assert len(told(orders_only)) == 160, "with nothing grave among them, the first are told"


def test_faults_outages_halts_and_bad_data_are_stretches_of_time() -> None:
    story = struck().lost().at(700).halted().at(800).bad_data("SPY", "stale").at(850).bad_data("SPY", "gap")
    story.at(900).good_data("SPY").restored().healed("broker_refused").at(950).resumed().at(1000).stopped()
    assert {(span.lane, span.text, span.start_s, span.end_s) for span in spans(story.history)} == {
        ("fault", "the broker refuses", 600, 900),
        ("market", "SPY stale", 800, 900),
        ("broker", "no session", 600, 900),
        ("broker", "no session", 1000, None),
        ("code", "halted", 700, 950),
        ("code", "down", 1000, None),
    }


def test_what_never_ends_has_no_end() -> None:
    story = struck().at(700).bad_data("SPY", "frozen").halted()
    assert {(span.text, span.end_s) for span in spans(story.history)} == {
        ("the broker refuses", None), ("SPY frozen", None), ("halted", None),
    }  # fmt: skip
    assert isinstance(spans(story.history)[0], Span)


class TestSeries:
    def test_a_short_curve_is_kept_as_it_is(self) -> None:
        story = Chronicle()
        story.history.record_series("equity", np.arange(5) * SECOND, np.array([1.0, 2, 3, 2, 1]))
        (curve,) = series(story.history).values()
        assert (curve.t_s, curve.values, curve.unit) == ([0, 1, 2, 3, 4], [1, 2, 3, 2, 1], "USD")

    def test_a_long_curve_is_thinned_and_keeps_its_ends_and_extremes(self) -> None:
        values = np.sin(np.arange(100_000) / 5000)
        values[12_345], values[54_321] = 50.0, -50.0
        story = Chronicle()
        story.history.record_series("equity", np.arange(100_000) * SECOND, values)
        curve = series(story.history)["equity"]
        assert len(curve.values) <= 1202
        assert (max(curve.values), min(curve.values)) == (50.0, -50.0)
        assert (curve.t_s[0], curve.t_s[-1]) == (0, 99_999)
        assert curve.t_s == sorted(curve.t_s)
        assert dict(zip(curve.t_s, curve.values, strict=True))[12_345] == 50.0

    def test_a_run_without_curves_has_none(self) -> None:
        assert series(Chronicle().history) == {}
