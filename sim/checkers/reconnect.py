"""Reconnecting is never given up: once the far end is back, the session is back within minutes."""

from __future__ import annotations

from sim.checkers.base import Evidence, seconds
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.reading import active_faults, disconnected, down
from sim.spans import both, deadline, length, minus, union

BACK_WITHIN_US = 5 * MINUTE
"""Of trading time with the process up: far above any sensible cap of a backoff."""


def reconnects(history: History, demands: Demands) -> list[Evidence]:
    """While the path is healthy and the process runs, the firm is not without a session for long."""
    broken = union(active_faults(history, component="broker"), down(history))
    able = both(minus([(0, demands.horizon_us)], broken), demands.open_spans())
    attempts = [event.t_us for event in history.of("link.connect_failed", "link.restored")]
    found = []
    for start, end in disconnected(history):
        end_us = min(end, demands.horizon_us)
        wasted_us = length(able, start, end_us)
        if wasted_us <= BACK_WITHIN_US:
            continue
        last = max((t_us for t_us in attempts if start <= t_us < end_us), default=None)
        tried = "nobody tried" if last is None else f"last attempt {seconds(end_us - last)} before that"
        text = f"no session for {seconds(end_us - start)}, {seconds(wasted_us)} of it on a healthy path; {tried}"
        found.append(Evidence(deadline(able, start, BACK_WITHIN_US), "gave up reconnecting", text))
    return found
