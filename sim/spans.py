"""Arithmetic with stretches of time: half-open intervals of whole microseconds, sorted and disjoint.

An open end is `FOREVER`, so that every stretch has two numbers and comparisons need no special case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]

FOREVER = 1 << 62


def union(*many: Iterable[Span]) -> list[Span]:
    """When any of `many` holds; touching stretches become one."""
    merged: list[Span] = []
    for start, end in sorted(span for spans in many for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def both(first: Iterable[Span], second: Iterable[Span]) -> list[Span]:
    """When `first` and `second` hold."""
    right = union(second)
    found = []
    for start, end in union(first):
        for other_start, other_end in right:
            if other_start >= end:
                break
            if other_end > start:
                found.append((max(start, other_start), min(end, other_end)))
    return found


def minus(spans: Iterable[Span], removed: Iterable[Span]) -> list[Span]:
    """When `spans` hold and `removed` do not."""
    holes = union(removed)
    left = []
    for start, end in union(spans):
        at = start
        for hole_start, hole_end in holes:
            if hole_end <= at:
                continue
            if hole_start >= end:
                break
            if hole_start > at:
                left.append((at, hole_start))
            at = max(at, hole_end)
        if at < end:
            left.append((at, end))
    return left


def at_least(spans: Iterable[Span], length_us: int) -> list[Span]:
    """Those that last `length_us` or longer."""
    return [(start, end) for start, end in spans if end - start >= length_us]


def holds(spans: Sequence[Span], t_us: int) -> bool:
    """Whether `t_us` lies in one of them."""
    return any(start <= t_us < end for start, end in spans)


def length(spans: Iterable[Span], start_us: int, end_us: int) -> int:
    """How much of [start, end) they cover."""
    return sum(end - start for start, end in both(spans, [(start_us, end_us)]))


def deadline(spans: Iterable[Span], start_us: int, budget_us: int) -> int:
    """When `budget_us` of time within `spans` has passed since `start_us`; FOREVER when it never does."""
    for start, end in union(spans):
        if end <= start_us:
            continue
        begin = max(start, start_us)
        if end - begin >= budget_us:
            return begin + budget_us
        budget_us -= end - begin
    return FOREVER


def toggled(changes: Iterable[tuple[int, bool]]) -> list[Span]:
    """Stretches from (time, on) pairs in order; a repeated state changes nothing."""
    found, since = [], None
    for t_us, on in changes:
        if on and since is None:
            since = t_us
        elif not on and since is not None:
            found.append((since, t_us))
            since = None
    if since is not None:
        found.append((since, FOREVER))
    return union(found)


def open_ended(spans: Iterable[Span], horizon_us: int) -> tuple[tuple[int, int | None], ...]:
    """The same with None for an end that never came by `horizon_us`."""
    return tuple((start, None if end >= horizon_us else end) for start, end in spans if start < horizon_us)
