"""Where things go on a time axis, so that marks stay apart and labels do not overlap.

Pure arithmetic, no drawing: `results.plots` draws what is decided here. An incident puts its first five
marks into seconds and its last into hours; `TimeScale` therefore compresses late times when a linear axis
would print the early ones on top of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from results.record import CaseRecord
from results.wording import instants, origin_s

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_NICE_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(m * _MINUTE for m in (1, 2, 5, 10, 20, 30)),
    *(h * _HOUR for h in (1, 2, 4, 8, 12)),
    *(d * _DAY for d in (1, 2, 4, 7, 14, 28, 91, 182, 365)),
)
_CROWDED = 0.015
"""Two marks nearer than this share of the axis cannot be told apart."""
_TICK_GAP = 0.075
"""Ticks nearer than this share of the axis would run into each other."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Seconds of a run to a place between 0 (left) and 1 (right)."""

    origin_s: float
    """The fault: where the axis reads 0."""
    start_s: float
    end_s: float
    bend_s: float | None = None
    """Time from the origin up to which the axis is nearly linear; None when all of it is."""

    @property
    def compressed(self) -> bool:
        """Whether late times are drawn closer together than early ones."""
        return self.bend_s is not None

    def place(self, seconds: float) -> float:
        """Where `seconds` lies; outside 0..1 when it is not on the axis."""
        low, high = self._bent(self.start_s), self._bent(self.end_s)
        return (self._bent(seconds) - low) / (high - low)

    def holds(self, seconds: float) -> bool:
        """Whether `seconds` is on the axis."""
        return self.start_s <= seconds <= self.end_s

    def clip(self, seconds: float) -> float:
        """`seconds`, or the end of the axis it lies beyond."""
        return min(max(seconds, self.start_s), self.end_s)

    def ticks(self) -> list[tuple[float, str]]:
        """Place and label of each tick, at round times from the origin."""
        return self._bent_ticks() if self.compressed else self._even_ticks()

    def _bent(self, seconds: float) -> float:
        since = seconds - self.origin_s
        return since if self.bend_s is None else math.asinh(since / self.bend_s)

    def _even_ticks(self) -> list[tuple[float, str]]:
        span = self.end_s - self.start_s
        step = next((nice for nice in _NICE_S if nice >= span / 9), span)
        first = math.ceil((self.start_s - self.origin_s) / step)
        last = math.floor((self.end_s - self.origin_s) / step)
        return [(self.place(self.origin_s + i * step), tick_label(i * step)) for i in range(first, last + 1)]

    def _bent_ticks(self) -> list[tuple[float, str]]:
        chosen = [(self.place(self.origin_s), "0")]
        for since in _NICE_S:
            place = self.place(self.origin_s + since)
            if place > 1:
                break
            if place - chosen[-1][0] >= _TICK_GAP:
                chosen.append((place, tick_label(since)))
        return chosen


def scale_of(case: CaseRecord) -> TimeScale:
    """The axis of a case: from just before the fault to the last thing that happened."""
    origin = origin_s(case)
    marks = [t for *_, t in instants(case.clock) if t is not None]
    ends = [span.end_s for span in case.spans if span.end_s is not None]
    last = max([*marks, *ends, *(event.t_s for event in case.timeline)], default=origin)
    length = max(last - origin, 1e-3)
    end = last + 0.02 * length
    linear = TimeScale(origin, origin - 0.06 * length, end)
    if _crowds(linear, marks) < 2:
        return linear
    since = sorted(t - origin for t in marks if t > origin)
    bends = sorted({max(since[len(since) // 2] / part, length / 1e7) for part in (5, 15, 50, 150, 500)}, reverse=True)
    scales = [TimeScale(origin, origin - 0.3 * bend, origin + 1.03 * length, bend) for bend in bends]
    return min(scales, key=lambda scale: _crowds(scale, marks))


def _crowds(scale: TimeScale, marks: Sequence[float]) -> int:
    """How many neighbours cannot be told apart."""
    places = sorted(scale.place(mark) for mark in set(marks))
    return sum(b - a < _CROWDED for a, b in pairwise(places))


def tick_label(since_s: float) -> str:
    """`0`, `+30 s`, `+5 min`, `−1 h`: a round time from the origin, as short as it can be."""
    sign = "" if since_s == 0 else "+" if since_s > 0 else "−"
    size = abs(since_s)
    for unit_s, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1.0, "s")):
        if size >= unit_s:
            return f"{sign}{size / unit_s:g} {unit}"
    return f"{sign}{size * 1000:g} ms" if size else "0"


def spread(centres: Sequence[float], widths: Sequence[float], low: float, high: float) -> list[float]:
    """Move `centres` (rising) as little as can be, so that boxes of `widths` do not overlap in `low..high`.

    Boxes that touch form a cluster, which sits where its members would like to be on average. When there
    is not enough room the boxes are set side by side from `low`.
    """
    clusters: list[_Cluster] = []
    for centre, width in zip(centres, widths, strict=True):
        clusters.append(_Cluster([width], wish=centre - width / 2))
        while len(clusters) > 1 and clusters[-2].right(low, high) > clusters[-1].left(low, high):
            last = clusters.pop()
            clusters[-1].take(last)
    return [centre for cluster in clusters for centre in cluster.centres(low, high)]


@dataclass(slots=True)
class _Cluster:
    """Boxes set side by side; `wish` is where its left edge would like to be."""

    widths: list[float]
    wish: float
    members: int = field(default=1)

    @property
    def width(self) -> float:
        return sum(self.widths)

    def left(self, low: float, high: float) -> float:
        return max(min(self.wish, high - self.width), low)

    def right(self, low: float, high: float) -> float:
        return self.left(low, high) + self.width

    def take(self, other: _Cluster) -> None:
        """Join `other` on the right; its wish counts for each of its members."""
        wish_here = other.wish - self.width
        together = self.members + other.members
        self.wish = (self.wish * self.members + wish_here * other.members) / together
        self.widths += other.widths
        self.members = together

    def centres(self, low: float, high: float) -> list[float]:
        edge, placed = self.left(low, high), []
        for width in self.widths:
            placed.append(edge + width / 2)
            edge += width
        return placed


class Rows:
    """A few rows of a lane, filled from the left and from the top, without overlap."""

    def __init__(self, limit: int) -> None:
        """At most `limit` rows."""
        self._limit = limit
        self._taken: list[list[tuple[float, float]]] = []

    def __len__(self) -> int:
        """Rows in use."""
        return len(self._taken)

    def put(self, left: float, right: float) -> int | None:
        """The first row with room between `left` and `right`, which is then taken; None when all are full."""
        for row, taken in enumerate(self._taken):
            if all(right <= a or left >= b for a, b in taken):
                taken.append((left, right))
                return row
        if len(self._taken) >= self._limit:
            return None
        self._taken.append([(left, right)])
        return len(self._taken) - 1
