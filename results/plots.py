"""The plots of a report, as SVG text: the timeline of a case, and its series (equity, exposure).

Matplotlib draws them through `Figure` and the SVG backend, without pyplot's global state. Coordinates are
pixels of a page 1000 wide. Colours become CSS variables, so that one drawing serves light, dark and paper;
text stays text, so that it is searchable and takes the page's font. The same record gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

from results.layout import Rows, TimeScale, scale_of, spread
from results.record import CaseRecord, Series, Span, TimelineEvent
from results.wording import duration, instants, number, one_line

WIDTH = 1000.0
GUTTER = 68.0
MARGIN = 14.0
LANES: tuple[str, ...] = get_args(TimelineEvent.model_fields["lane"].annotation)
_ROW = 17.0
_ROWS_PER_LANE = 4
_RTO_LANE = 26.0
_BARE_ROW, _BARE_GAP = 10.0, 4.0
_PLAIN = "plain"
"""Group of texts on a filled bar, which need no halo."""
_TEXT = 10.5
_SMALL = 9.5

# Colours that mean something; each is drawn as a made-up hex value and replaced by its CSS variable.
_COLOURS = {
    "ink": ("#010101", "#1c2024"),
    "muted": ("#020202", "#6b7280"),
    "rule": ("#030303", "#e3e5e8"),
    "good": ("#040404", "#1a7f4b"),
    "warning": ("#050505", "#b36b00"),
    "bad": ("#060606", "#c0362c"),
    "accent": ("#070707", "#3b5b92"),
    "fault": ("#080808", "#c0362c"),
}
INK, MUTED, RULE, GOOD, WARNING, BAD, ACCENT, FAULT = (mark for mark, _ in _COLOURS.values())
_LEVELS = {
    "bad": (BAD, "D", 5.0),
    "warning": (WARNING, "^", 6.0),
    "good": (GOOD, "o", 5.5),
    "info": (MUTED, "o", 4.5),
}
_IMPORTANCE = {"bad": 0, "warning": 1, "good": 2, "info": 3}


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
    with _drawing():
        lanes = [_Lane.of(case, lane, scale) for lane in LANES]
        top = 46.0
        bottom = top + _RTO_LANE + sum(lane.height for lane in lanes)
        canvas = _Canvas(bottom + 40)
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
    with _drawing():
        panel, gap, top = 118.0, 36.0, 60.0
        bottom = top + len(shown) * (panel + gap) - gap
        canvas = _Canvas(bottom + 24)
        _shade_faults(canvas, case, scale, top, bottom)
        _draw_instants(canvas, case, scale, top - 20, bottom, only=("t0", "t1", "t5", "t6"))
        for row, (name, points) in enumerate(shown):
            _draw_series(canvas, name, case.series[name].unit, points, top + row * (panel + gap), panel)
        _draw_axis(canvas, scale, bottom)
        return canvas.svg(f"series-{case.name}", f"{', '.join(name for name, _ in shown)} of {case.title}")


@contextmanager
def _drawing() -> Iterator[None]:
    """Settings for the drawing only: reproducible ids, text as text, silence about foreign scripts."""
    import matplotlib as mpl

    settings: Any = {
        "svg.hashsalt": "firedrill",
        "svg.fonttype": "none",
        "font.family": "DejaVu Sans",
        "path.simplify": True,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph our font lacks; the browser's will have it
        yield


class _Canvas:
    """A figure in pixels, y downwards."""

    def __init__(self, height: float) -> None:
        from matplotlib.figure import Figure

        self.height = height
        self.figure: Any = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        self.figure.patch.set_visible(False)
        self.axes: Any = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.axis("off")

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 1.0, **style: Any) -> None:
        self.axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", **style)

    def box(self, left: float, top: float, width: float, height: float, colour: str, alpha: float) -> None:
        from matplotlib.patches import Rectangle

        self.axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, edgecolor="none", alpha=alpha))

    def text(self, x: float, y: float, text: str, colour: str = INK, size: float = _TEXT, **style: Any) -> None:
        style = {"va": "center", "ha": "left", "parse_math": False} | style
        self.axes.text(x, y, text, color=colour, fontsize=size, **style)

    def mark(self, x: float, y: float, level: str, scale: float = 1.0) -> None:
        colour, marker, size = _LEVELS[level]
        filled = colour if level != "info" else "none"
        self.axes.plot(
            [x], [y], marker, color=colour, markersize=size * scale, markerfacecolor=filled, markeredgewidth=1.2
        )

    def svg(self, name: str, label: str) -> str:
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        out = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        canvas: Any = FigureCanvasSVG(self.figure)
        canvas.print_svg(out, metadata=metadata)
        return _inline(out.getvalue(), name, label, self.height)


class _Lane:
    """One row of the timeline: its spans and events, each given a place."""

    def __init__(self, name: str, scale: TimeScale) -> None:
        self.name, self.scale = name, scale
        self.spans: list[tuple[int, float, float, Span]] = []
        self.labelled: list[tuple[int, float, bool, str, TimelineEvent]] = []
        self.bare: dict[int, str] = {}
        """Level of the marks without text, by place."""
        self.span_rows, self.event_rows = Rows(3), Rows(_ROWS_PER_LANE)
        self.unlabelled = 0

    @classmethod
    def of(cls, case: CaseRecord, name: str, scale: TimeScale) -> _Lane:
        lane = cls(name, scale)
        for span in (span for span in case.spans if span.lane == name):
            lane._add_span(span)
        for events in _alike([event for event in case.timeline if event.lane == name]):
            lane._add_events(events)
        return lane

    @property
    def height(self) -> float:
        bare = _BARE_ROW if self.bare else 0.0
        return max(1, len(self.span_rows) + len(self.event_rows)) * _ROW + bare + 12

    def _add_span(self, span: Span) -> None:
        end = self.scale.end_s if span.end_s is None else span.end_s
        left, right = _x(self.scale, self.scale.clip(span.start_s)), _x(self.scale, self.scale.clip(end))
        right = max(right, left + 2)
        row = self.span_rows.put(left, max(right, left + 8 + _width(one_line(span.text, 60), _SMALL)))
        if row is None:
            self.unlabelled += 1
        else:
            self.spans.append((row, left, right, span))

    def _add_events(self, events: Sequence[TimelineEvent]) -> None:
        """Equal events: a label at the first, a bare mark for each of the rest."""
        seen = [event for event in events if self.scale.holds(event.t_s)]
        self.unlabelled += len(events) - len(seen)
        if not seen:
            return
        first, rest = seen[0], seen[1:]
        text = one_line(first.text, 60) + (f" ×{len(seen)}" if rest else "")
        x, length = _x(self.scale, first.t_s), _width(text) + 14
        flipped = x + length > WIDTH - MARGIN / 2 and x - length > GUTTER
        row = self.event_rows.put(x - length, x + 6) if flipped else self.event_rows.put(x - 6, x + length)
        if row is None:
            self.unlabelled += len(seen)
            self._add_bare(seen)
        else:
            self.labelled.append((row, x, flipped, text, first))
            self._add_bare(rest)

    def _add_bare(self, events: Sequence[TimelineEvent]) -> None:
        for event in events:
            self.bare.setdefault(round(_x(self.scale, event.t_s) / _BARE_GAP), event.level)

    def draw(self, canvas: _Canvas, top: float) -> None:
        canvas.line([0, WIDTH], [top, top], RULE)
        canvas.text(0, top + 6 + _ROW / 2, self.name, MUTED, fontweight="bold")
        for row, left, right, span in self.spans:
            y = top + 6 + row * _ROW
            colour = FAULT if self.name == "fault" else ACCENT
            canvas.box(left, y + 1, right - left, _ROW - 3, colour, 0.16)
            canvas.line([left, left], [y + 1, y + _ROW - 2], colour, 1.5)
            if span.end_s is not None and self.scale.holds(span.end_s):
                canvas.line([right, right], [y + 1, y + _ROW - 2], colour, 1.5)
            canvas.text(left + 6, y + _ROW / 2, one_line(span.text, 60), INK, _SMALL, gid=_PLAIN)
        below = top + 6 + len(self.span_rows) * _ROW + _ROW / 2
        for place, level in self.bare.items():
            canvas.mark(place * _BARE_GAP, below + len(self.event_rows) * _ROW - 3, level, 0.7)
        for row, x, flipped, text, event in self.labelled:
            y = below + row * _ROW
            canvas.mark(x, y, event.level)
            colour = BAD if event.level == "bad" else INK
            canvas.text(x - 8 if flipped else x + 8, y, text, colour, ha="right" if flipped else "left")


def _alike(events: Sequence[TimelineEvent]) -> list[list[TimelineEvent]]:
    """Events of equal words together, oldest first; the important groups first."""
    groups: dict[tuple[str, str], list[TimelineEvent]] = {}
    for event in sorted(events, key=lambda event: event.t_s):
        groups.setdefault((event.text, event.level), []).append(event)
    return sorted(groups.values(), key=lambda group: (_IMPORTANCE[group[0].level], group[0].t_s))


def _draw_instants(
    canvas: _Canvas,
    case: CaseRecord,
    scale: TimeScale,
    top: float,
    bottom: float,
    only: Sequence[str] | None = None,
) -> None:
    """A line for each instant of the clock, its label above, moved aside where two would overlap."""
    known = [(f, name, t) for f, name, _, t in instants(case.clock) if t is not None and (only is None or f in only)]
    known.sort(key=lambda instant: instant[2])
    xs = [_x(scale, t) for *_, t in known]
    widths = [max(_width(name, _SMALL), _width(f)) + 12 for f, name, _ in known]
    placed = spread(xs, widths, GUTTER - 8, WIDTH)
    for (f, name, _), x, label_x in zip(known, xs, placed, strict=True):
        canvas.text(label_x, 8, f, INK, ha="center", fontweight="bold")
        canvas.text(label_x, 21, name, MUTED, _SMALL, ha="center")
        canvas.line([label_x, label_x, x, x], [28, 30, top - 4, bottom], MUTED, 0.8, alpha=0.55)


def _draw_rto(canvas: _Canvas, case: CaseRecord, scale: TimeScale, top: float) -> None:
    """A bar from impact to restoration, red from where the objective ended."""
    canvas.line([0, WIDTH], [top, top], RULE)
    canvas.text(0, top + _RTO_LANE / 2, "RTO", MUTED, fontweight="bold")
    if case.clock.t1 is None:
        return
    end = case.clock.t6 if case.clock.t6 is not None else scale.end_s
    limit = case.clock.t1 + case.rto_objective_s
    left, right, edge = (_x(scale, scale.clip(t)) for t in (case.clock.t1, end, limit))
    canvas.box(left, top + 6, min(right, edge) - left, _RTO_LANE - 12, GOOD, 0.28)
    if right > edge:
        canvas.box(edge, top + 6, right - edge, _RTO_LANE - 12, BAD, 0.28)
    said = duration(case.rto_s) if case.rto_s is not None else "not restored"
    if _width(said, _SMALL) + 12 < right - left:
        canvas.text(left + 6, top + _RTO_LANE / 2, said, INK, _SMALL, gid=_PLAIN)
    if scale.holds(limit):
        canvas.line([edge, edge], [top + 3, top + _RTO_LANE - 3], BAD, 2)
        where = {"x": edge + 5} if edge < WIDTH - 80 else {"x": edge - 5, "ha": "right"}
        canvas.text(y=top + _RTO_LANE / 2, text="objective", colour=BAD, size=_SMALL, gid=_PLAIN, **where)


def _shade_faults(canvas: _Canvas, case: CaseRecord, scale: TimeScale, top: float, bottom: float) -> None:
    for span in case.spans:
        if span.lane == "fault":
            left = _x(scale, scale.clip(span.start_s))
            right = _x(scale, scale.clip(scale.end_s if span.end_s is None else span.end_s))
            canvas.box(left, top, max(right - left, 1), bottom - top, FAULT, 0.09)


def _points(series: Series, scale: TimeScale) -> list[tuple[float, float | None]]:
    """The part of a series that is on the axis, in pixels by value; empty when it has no value there."""
    points = [(_x(scale, t), v) for t, v in zip(series.t_s, series.values, strict=False) if scale.holds(t)]
    return points if any(value is not None for _, value in points) else []


def _draw_series(
    canvas: _Canvas, name: str, unit: str, points: Sequence[tuple[float, float | None]], top: float, height: float
) -> None:
    title = name.replace("_", " ").capitalize() + (f", {unit}" if unit else "")
    canvas.text(GUTTER + 2, top - 9, one_line(title, 60), INK, fontweight="bold")
    values = [value for _, value in points if value is not None]
    ticks, low, high = _value_axis(min(values), max(values))

    def y(value: float) -> float:
        return top + height * (high - value) / (high - low)

    for tick in ticks:
        canvas.line([GUTTER, WIDTH - MARGIN], [y(tick), y(tick)], RULE)
        canvas.text(GUTTER - 6, y(tick), _tick_text(tick, ticks), MUTED, _SMALL, ha="right")
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


def _draw_axis(canvas: _Canvas, scale: TimeScale, y: float) -> None:
    canvas.line([0, WIDTH], [y, y], RULE)
    for place, label in scale.ticks():
        x = GUTTER + place * (WIDTH - GUTTER - MARGIN)
        canvas.line([x, x], [y, y + 4], MUTED)
        canvas.text(x, y + 13, label, MUTED, _SMALL, ha="center")


def _draw_legend(canvas: _Canvas, y: float) -> None:
    x = GUTTER
    for level in ("info", "good", "warning", "bad"):
        canvas.mark(x + 4, y, level)
        canvas.text(x + 13, y, level, MUTED, _SMALL)
        x += 32 + _width(level, _SMALL)


def _x(scale: TimeScale, seconds: float) -> float:
    return GUTTER + scale.place(seconds) * (WIDTH - GUTTER - MARGIN)


def _width(text: str, size: float = _TEXT) -> float:
    """Width of `text` in pixels, in a font at least as wide as the page's."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0])


def _inline(svg: str, name: str, label: str, height: float) -> str:
    """What matplotlib wrote, fit for a page: no prolog, ids of its own, CSS colours, short numbers."""
    from html import escape

    body = svg[svg.index("<defs>") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d.group(0).replace("\n", " ")), body)
    body = body.replace("xlink:href", "href").replace(f'id="{_PLAIN}"', f'class="{_PLAIN}"')
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda i: f' id="{slug}-{i.group(1)}"' if i.group(1) in used else "", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{slug}-", body)
    for variable, (mark, fallback) in _COLOURS.items():
        body = body.replace(mark, f"var(--{variable}, {fallback})")
    spoken = escape(one_line(label))
    head = f'<svg class="plot" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{spoken}">'
    return head + re.sub(r"\n\s*", "\n", body).strip()
