"""The plots of a report, as SVG text: the timeline of a case, and its series (equity, exposure).

Both share one time axis, so that a step in the exposure can be read against what happened at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from results.drawing import (
    ACCENT,
    BAD,
    FAULT,
    GOOD,
    GUTTER,
    INK,
    LEVELS,
    MARGIN,
    MUTED,
    PLAIN,
    RULE,
    SMALL,
    WIDTH,
    Canvas,
    drawing,
    width_of,
    x_of,
)
from results.lanes import Lane
from results.layout import TimeScale, scale_of, spread
from results.record import CaseRecord, Series, TimelineEvent
from results.wording import duration, instants, number, one_line

LANES: tuple[str, ...] = get_args(TimelineEvent.model_fields["lane"].annotation)
_RTO_LANE = 26.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawn timeline."""

    svg: str
    unlabelled: int
    """Events that are off the axis or had no room for their text."""
    compressed: bool
    """Whether late times are drawn closer together."""


def timeline_plot(case: CaseRecord) -> Timeline:
    """Lanes fault, market, alerts, human, code and broker over time, with t0 to t8 marked."""
    scale = scale_of(case)
    with drawing():
        lanes = [Lane.of(case, lane, scale) for lane in LANES]
        top = 46.0
        bottom = top + _RTO_LANE + sum(lane.height for lane in lanes)
        canvas = Canvas(bottom + 40)
        _draw_instants(canvas, case, scale, top, bottom)
        _draw_rto(canvas, case, scale, top)
        y = top + _RTO_LANE
        for lane in lanes:
            lane.draw(canvas, y)
            y += lane.height
        _draw_axis(canvas, scale, bottom)
        _draw_legend(canvas, bottom + 31)
        svg = canvas.svg(f"timeline-{case.name}", f"Timeline of {case.title}")
    return Timeline(svg, sum(lane.unlabelled for lane in lanes), scale.compressed)


def series_plot(case: CaseRecord, panels: int = 4) -> str | None:
    """Equity, exposure and up to two more series over the timeline's axis; None when there is no series."""
    names: list[str] = [n for n in ("equity", "exposure") if n in case.series]
    names += [n for n in case.series if n not in names]
    scale = scale_of(case)
    shown = [(name, points) for name in names if (points := _points(case.series[name], scale))][:panels]
    if not shown:
        return None
    with drawing():
        panel, gap, top = 118.0, 36.0, 60.0
        bottom = top + len(shown) * (panel + gap) - gap
        canvas = Canvas(bottom + 24)
        _shade_faults(canvas, case, scale, top, bottom)
        _draw_instants(canvas, case, scale, top - 20, bottom, only=("t0", "t1", "t5", "t6"))
        for row, (name, points) in enumerate(shown):
            _draw_series(canvas, name, case.series[name].unit, points, top + row * (panel + gap), panel)
        _draw_axis(canvas, scale, bottom)
        return canvas.svg(f"series-{case.name}", f"{', '.join(name for name, _ in shown)} of {case.title}")


def _draw_instants(
    canvas: Canvas,
    case: CaseRecord,
    scale: TimeScale,
    top: float,
    bottom: float,
    only: Sequence[str] | None = None,
) -> None:
    """A line for each instant of the clock, its label above, moved aside where two would overlap."""
    known = [(f, name, t) for f, name, _, t in instants(case.clock) if t is not None and (only is None or f in only)]
    known.sort(key=lambda instant: instant[2])
    xs = [x_of(scale, t) for *_, t in known]
    widths = [max(width_of(name, SMALL), width_of(f)) + 12 for f, name, _ in known]
    placed = spread(xs, widths, GUTTER - 8, WIDTH)
    for (f, name, _), x, label_x in zip(known, xs, placed, strict=True):
        canvas.text(label_x, 8, f, INK, ha="center", fontweight="bold")
        canvas.text(label_x, 21, name, MUTED, SMALL, ha="center")
        canvas.line([label_x, label_x, x, x], [28, 30, top - 4, bottom], MUTED, 0.8, alpha=0.55)


def _draw_rto(canvas: Canvas, case: CaseRecord, scale: TimeScale, top: float) -> None:
    """A bar from impact to restoration, red from where the objective ended."""
    canvas.line([0, WIDTH], [top, top], RULE)
    canvas.text(0, top + _RTO_LANE / 2, "RTO", MUTED, fontweight="bold")
    if case.clock.t1 is None:
        return
    end = case.clock.t6 if case.clock.t6 is not None else scale.end_s
    limit = case.clock.t1 + case.rto_objective_s
    left, right, edge = (x_of(scale, scale.clip(t)) for t in (case.clock.t1, end, limit))
    canvas.box(left, top + 6, min(right, edge) - left, _RTO_LANE - 12, GOOD, 0.28)
    if right > edge:
        canvas.box(edge, top + 6, right - edge, _RTO_LANE - 12, BAD, 0.28)
    said = duration(case.rto_s) if case.rto_s is not None else "not restored"
    if width_of(said, SMALL) + 12 < right - left:
        canvas.text(left + 6, top + _RTO_LANE / 2, said, INK, SMALL, gid=PLAIN)
    if scale.holds(limit):
        canvas.line([edge, edge], [top + 3, top + _RTO_LANE - 3], BAD, 2)
        where = {"x": edge + 5} if edge < WIDTH - 80 else {"x": edge - 5, "ha": "right"}
        canvas.text(y=top + _RTO_LANE / 2, text="objective", colour=BAD, size=SMALL, gid=PLAIN, **where)


def _shade_faults(canvas: Canvas, case: CaseRecord, scale: TimeScale, top: float, bottom: float) -> None:
    for span in case.spans:
        if span.lane == "fault":
            left = x_of(scale, scale.clip(span.start_s))
            right = x_of(scale, scale.clip(scale.end_s if span.end_s is None else span.end_s))
            canvas.box(left, top, max(right - left, 1), bottom - top, FAULT, 0.09)


def _points(series: Series, scale: TimeScale) -> list[tuple[float, float | None]]:
    """The part of a series that is on the axis, in pixels by value; empty when it has no value there."""
    points = [(x_of(scale, t), v) for t, v in zip(series.t_s, series.values, strict=False) if scale.holds(t)]
    return points if any(value is not None for _, value in points) else []


def _draw_series(
    canvas: Canvas, name: str, unit: str, points: Sequence[tuple[float, float | None]], top: float, height: float
) -> None:
    title = name.replace("_", " ").capitalize() + (f", {unit}" if unit else "")
    canvas.text(GUTTER + 2, top - 9, one_line(title, 60), INK, fontweight="bold")
    values = [value for _, value in points if value is not None]
    ticks, low, high = _value_axis(min(values), max(values))

    def y(value: float) -> float:
        return top + height * (high - value) / (high - low)

    for tick in ticks:
        canvas.line([GUTTER, WIDTH - MARGIN], [y(tick), y(tick)], RULE)
        canvas.text(GUTTER - 6, y(tick), _tick_text(tick, ticks), MUTED, SMALL, ha="right")
    xs, ys = _thinned(points)
    style = {} if name == "equity" else {"drawstyle": "steps-post"}
    canvas.line(xs, [y(v) for v in ys], ACCENT, 1.5, **style)


def _value_axis(low: float, high: float) -> tuple[list[float], float, float]:
    """Round ticks and the limits around them."""
    from matplotlib.ticker import MaxNLocator

    pad = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    bottom = low - pad if low < 0 else max(0.0, low - pad)
    top = high + pad if high > 0 else min(0.0, high + pad) or pad
    ticks = [float(t) for t in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(bottom, top)]
    return ticks, ticks[0], ticks[-1]


def _tick_text(tick: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[1] - ticks[0])
    if step >= 1e6:
        return f"{number(tick / 1e6, 0 if step % 1e6 == 0 else 1)} M".replace("-", "−") if tick else "0"
    decimals = next((d for d in range(7) if abs(step * 10**d - round(step * 10**d)) < 1e-6 * 10**d * step), 6)
    return number(tick, decimals).replace("-", "−")


def _thinned(points: Sequence[tuple[float, float | None]], width: float = 1.5) -> tuple[list[float], list[float]]:
    """At most the lowest and highest point of every `width` pixels; a missing value breaks the line."""
    kept: list[tuple[float, float]] = []
    bucket: list[tuple[float, float]] = []
    for x, value in [*points, (float("inf"), None)]:
        if bucket and (value is None or x - bucket[0][0] > width):
            ends = {0, len(bucket) - 1}
            ends |= {
                min(range(len(bucket)), key=lambda i: bucket[i][1]),
                max(range(len(bucket)), key=lambda i: bucket[i][1]),
            }
            kept += [bucket[i] for i in sorted(ends)]
            bucket = []
        if value is None:
            kept.append((kept[-1][0] if kept else GUTTER, float("nan")))
        else:
            bucket.append((x, value))
    return [x for x, _ in kept[:-1]], [v for _, v in kept[:-1]]


def _draw_axis(canvas: Canvas, scale: TimeScale, y: float) -> None:
    canvas.line([0, WIDTH], [y, y], RULE)
    for place, label in scale.ticks():
        x = GUTTER + place * (WIDTH - GUTTER - MARGIN)
        canvas.line([x, x], [y, y + 4], MUTED)
        canvas.text(x, y + 13, label, MUTED, SMALL, ha="center")


def _draw_legend(canvas: Canvas, y: float) -> None:
    x = GUTTER
    for level in reversed(LEVELS):
        canvas.mark(x + 4, y, level)
        canvas.text(x + 13, y, level, MUTED, SMALL)
        x += 32 + width_of(level, SMALL)
