"""A lane of the timeline: which spans and events are labelled, where, and what has to do without a label.

Labels never overlap. The important events get theirs first; equal events share one and a count; whatever
finds no room is drawn as a bare mark and counted, so that a report can say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from results.drawing import (
    ACCENT,
    BAD,
    FAULT,
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
    width_of,
    x_of,
)
from results.layout import Rows, TimeScale
from results.record import CaseRecord, Span, TimelineEvent
from results.wording import one_line

_ROW = 17.0
_SPAN_ROWS, _EVENT_ROWS = 3, 4
_BARE_ROW, _BARE_GAP = 10.0, 4.0
_IMPORTANCE = list(LEVELS)


class Lane:
    """One row of the timeline: its spans and events, each given a place."""

    def __init__(self, name: str, scale: TimeScale) -> None:
        """An empty lane."""
        self.name, self.scale = name, scale
        self.spans: list[tuple[int, float, float, Span]] = []
        self.labelled: list[tuple[int, float, bool, str, TimelineEvent]] = []
        self.bare: dict[int, str] = {}
        """Level of the marks without text, by place."""
        self.span_rows, self.event_rows = Rows(_SPAN_ROWS), Rows(_EVENT_ROWS)
        self.unlabelled = 0

    @classmethod
    def of(cls, case: CaseRecord, name: str, scale: TimeScale) -> Lane:
        """The lane `name` of a case, everything placed."""
        lane = cls(name, scale)
        for span in (span for span in case.spans if span.lane == name):
            lane._add_span(span)
        for events in _alike([event for event in case.timeline if event.lane == name]):
            lane._add_events(events)
        return lane

    @property
    def height(self) -> float:
        """Pixels from its upper rule to the next."""
        bare = _BARE_ROW if self.bare else 0.0
        return max(1, len(self.span_rows) + len(self.event_rows)) * _ROW + bare + 12

    def _add_span(self, span: Span) -> None:
        end = self.scale.end_s if span.end_s is None else span.end_s
        left, right = x_of(self.scale, self.scale.clip(span.start_s)), x_of(self.scale, self.scale.clip(end))
        right = max(right, left + 2)
        row = self.span_rows.put(left, max(right, left + 8 + width_of(one_line(span.text, 60), SMALL)))
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
        x, length = x_of(self.scale, first.t_s), width_of(text) + 14
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
            self.bare.setdefault(round(x_of(self.scale, event.t_s) / _BARE_GAP), event.level)

    def draw(self, canvas: Canvas, top: float) -> None:
        """Draw it with its upper rule at `top`."""
        canvas.line([0, WIDTH], [top, top], RULE)
        canvas.text(0, top + 6 + _ROW / 2, self.name, MUTED, fontweight="bold")
        for row, left, right, span in self.spans:
            y = top + 6 + row * _ROW
            colour = FAULT if self.name == "fault" else ACCENT
            canvas.box(left, y + 1, right - left, _ROW - 3, colour, 0.16)
            canvas.line([left, left], [y + 1, y + _ROW - 2], colour, 1.5)
            if span.end_s is not None and self.scale.holds(span.end_s):
                canvas.line([right, right], [y + 1, y + _ROW - 2], colour, 1.5)
            canvas.text(left + 6, y + _ROW / 2, one_line(span.text, 60), INK, SMALL, gid=PLAIN)
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
    return sorted(groups.values(), key=lambda group: (_IMPORTANCE.index(group[0].level), group[0].t_s))
