"""The drawings: lanes and marks are there, text stays text, colours follow the page, bytes repeat."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree

from results.plots import LANES, series_plot, timeline_plot
from results.record import ClockRecord, Series, TimelineEvent
from tests.results.builders import T0, lead_case, missed_case


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]


def test_the_timeline_shows_every_lane_and_every_instant() -> None:
    drawn = texts(timeline_plot(lead_case()).svg)
    assert {"fault", "market", "alerts", "human", "code", "broker"} == set(LANES) <= set(drawn)
    assert {f"t{i}" for i in range(9)} <= set(drawn)
    assert {"impact", "restored", "closed", "objective", "4 min 24 s", "reports: flat"} <= set(drawn)


def test_an_instant_that_never_came_has_no_mark() -> None:
    drawn = texts(timeline_plot(missed_case()).svg)
    assert {"t6", "t7", "t8"}.isdisjoint(drawn)
    assert "not restored" in drawn


def test_labels_of_the_instants_do_not_overlap_even_when_all_come_at_once() -> None:
    at_once = ClockRecord(**{f"t{i}": T0 + 0.001 * i for i in range(8)}, t8=T0 + 86_400 * 3)
    root = ElementTree.fromstring(timeline_plot(lead_case(clock=at_once)).svg)
    places = sorted(_x_of(e) for e in root.iter("text") if re.fullmatch(r"t\d", e.text or ""))
    assert len(places) == 9
    assert all(b - a > 25 for a, b in pairwise(places))


def test_equal_events_are_labelled_once_and_counted() -> None:
    beats = [TimelineEvent(t_s=T0 + i, lane="alerts", text="heartbeat lost", level="warning") for i in range(30)]
    timeline = timeline_plot(lead_case(timeline=beats))
    assert [text for text in texts(timeline.svg) if "heartbeat" in text] == ["heartbeat lost ×30"]
    assert timeline.unlabelled == 0


def test_events_without_room_are_counted_not_dropped_silently() -> None:
    crowd = [TimelineEvent(t_s=T0 + 60, lane="broker", text=f"order o-{i} cancelled") for i in range(50)]
    timeline = timeline_plot(lead_case(timeline=crowd))
    labelled = [text for text in texts(timeline.svg) if "cancelled" in text]
    assert len(labelled) + timeline.unlabelled == 50
    assert 0 < len(labelled) < 10


def test_a_bad_event_gets_its_label_before_an_indifferent_one() -> None:
    crowd = [TimelineEvent(t_s=T0 + 60, lane="broker", text=f"order o-{i} sent") for i in range(9)]
    crowd.append(TimelineEvent(t_s=T0 + 60, lane="broker", text="sold twice", level="bad"))
    assert "sold twice" in texts(timeline_plot(lead_case(timeline=crowd)).svg)


def test_colours_are_the_pages_and_nothing_is_named_twice() -> None:
    svg = timeline_plot(lead_case()).svg
    assert set(re.findall(r"#0[0-9](?:0[0-9]){2}\b", svg)) == set()
    assert "var(--bad, " in svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) == set(ids)
    assert set(ids).isdisjoint(re.findall(r' id="([^"]+)"', timeline_plot(missed_case()).svg))


def test_a_users_words_that_look_like_our_markup_stay_words() -> None:
    said = """#040404 id="plain" href="#x" d="M 1.23456" """.strip()
    events = [TimelineEvent(t_s=T0 + 60, lane="code", text=said)]
    assert said in texts(timeline_plot(lead_case(timeline=events)).svg)


def test_equity_and_exposure_share_the_timelines_axis_under_the_faults_shade() -> None:
    svg = series_plot(lead_case())
    assert svg is not None
    assert {"Equity, USD", "Exposure, USD", "t1", "t6", "98,000"} <= set(texts(svg))
    assert "var(--fault, " in svg


def test_a_series_with_holes_or_only_holes_or_outside_the_window_is_no_trouble() -> None:
    times = [T0 + i for i in range(10)]
    holes = Series(t_s=times, values=[1.0, None, 3.0, None, None, 4.0, 4.0, None, 2.0, None])
    nothing = Series(t_s=times, values=[None] * 10)
    elsewhere = Series(t_s=[T0 - 1e6], values=[1.0])
    svg = series_plot(lead_case(series={"equity": holes, "latency": nothing, "memory": elsewhere}))
    assert svg is not None
    assert "nan" not in svg
    assert {"Latency", "Memory"}.isdisjoint(texts(svg))
    assert series_plot(lead_case(series={"equity": nothing})) is None
    assert series_plot(lead_case(series={})) is None


def test_a_constant_a_negative_and_a_tiny_series_have_sensible_axes() -> None:
    times = [T0 + i for i in range(10)]
    series = {
        "flat": Series(t_s=times, values=[0.0] * 10),
        "debt": Series(t_s=times, values=[-1e6 + i for i in range(10)]),
        "share": Series(t_s=times, values=[1e-4 * i for i in range(10)]),
    }
    svg = series_plot(lead_case(series=series))
    assert svg is not None
    assert "−0" not in [text.rstrip(".0") for text in texts(svg)]
    assert "0.00050" in texts(svg)


def test_large_values_are_written_in_millions() -> None:
    bytes_used = Series(t_s=[T0, T0 + 10], values=[0.0, 3e9], unit="B")
    svg = series_plot(lead_case(series={"memory": bytes_used}))
    assert svg is not None
    assert {"0", "1,000 M", "3,000 M"} <= set(texts(svg))


def test_a_day_of_seconds_is_thinned_and_keeps_its_lowest_point() -> None:
    times = [T0 + i for i in range(23_400)]
    values = [100_000.0] * 23_400
    values[11_111] = 1.0
    closed = lead_case().clock.model_copy(update={"t8": T0 + 23_400})
    svg = series_plot(lead_case(clock=closed, series={"equity": Series(t_s=times, values=values)}))
    assert svg is not None
    assert len(svg) < 60_000
    line = max(re.findall(r' d="([^"]+)"', svg), key=len)
    heights = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", line)]
    assert max(heights) - min(heights) > 70


def test_the_drawing_repeats_in_another_process() -> None:
    code = (
        "import hashlib; from results.plots import timeline_plot; from tests.results.builders import lead_case;"
        "print(hashlib.sha256(timeline_plot(lead_case()).svg.encode()).hexdigest())"
    )
    environments = [{"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)} for seed in ("1", "2")]
    outputs = {
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        for env in environments
    }
    assert len(outputs) == 1


def _x_of(element: ElementTree.Element) -> float:
    if element.get("x") is not None:
        return float(element.get("x") or 0)
    found = re.search(r"translate\(([\d.]+)", element.get("transform") or "")
    assert found, ElementTree.tostring(element)
    return float(found.group(1))
