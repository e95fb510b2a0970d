"""When trading was impaired: disrupted and not yet seen to work again, refused by the mitigation, or failing.

Judged with hindsight. A disruption ends with the first new risk that the broker acknowledges after it. A
symbol that the mitigation refuses is impaired from the first refusal of a row to the first acknowledgement
after the last one; a row that no acknowledged order of that symbol follows has not ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.reading import bad_feed, denied_by_code, disconnected, down, halts, safe_mode, strategy_entries
from sim.spans import FOREVER, Span, union

FAILING_SHARE = 0.2
FAILING_WINDOW_US = 2 * MINUTE
FAILING_ORDERS = 4
"""Fewer orders than these in the window say nothing about a share."""


def impaired(history: History, demands: Demands) -> list[Span]:
    """When new risk could not be taken as usual, whether or not the market was open."""
    entries = strategy_entries(history)
    accepted = [(e.t_us, entries[e.subject]) for e in history.of("order.acked") if e.subject in entries]
    return union(
        _disrupted(history, demands, [t_us for t_us, _ in accepted]), _refused(history, accepted), failing(history)
    )


def disruptions(history: History) -> list[Span]:
    """When the firm as a whole could not trade, or the data of some symbol was bad."""
    stops = union(halt.span for halt in halts(history))
    return union(stops, safe_mode(history), disconnected(history), down(history), *bad_feed(history).values())


def _disrupted(history: History, demands: Demands, accepted_us: list[int]) -> list[Span]:
    # What was over before fault zero (the start of the process) is no part of the incident.
    spans = [(start, end) for start, end in disruptions(history) if end > demands.zero_us]
    return [(start, _first_from(accepted_us, end)) for start, end in spans]


def _refused(history: History, accepted: list[tuple[int, str]]) -> list[Span]:
    """Per symbol, rows of risk-adding strategy orders that the mitigation denied."""
    accepted_us = [t_us for t_us, _ in accepted]
    denials: dict[str, list[int]] = {}
    for event in history.of("order.denied"):
        d = event.data
        if d["source"] == "strategy" and not d["reducing"] and denied_by_code(event):
            denials.setdefault(d["symbol"], []).append(event.t_us)
    spans = []
    for symbol, refused_us in denials.items():
        own_us = [t_us for t_us, name in accepted if name == symbol]
        while refused_us:
            next_own = _first_from(own_us, refused_us[0])
            row = [t_us for t_us in refused_us if t_us <= next_own]
            end = FOREVER if next_own == FOREVER else _first_from(accepted_us, row[-1])
            spans.append((row[0], end))
            refused_us = refused_us[len(row) :]
    return spans


def failing(history: History) -> list[Span]:
    """When too large a share of the orders answered in the last minutes had failed."""
    window: deque[tuple[int, bool]] = deque()
    outcomes = [(e.t_us, e.kind == "order.acked") for e in history.of("order.acked", "order.rejected", "order.unacked")]
    checks = sorted({t_us for t_us, _ in outcomes} | {t_us + FAILING_WINDOW_US for t_us, _ in outcomes})
    spans: list[Span] = []
    since: int | None = None
    at = 0
    for t_us in checks:
        while at < len(outcomes) and outcomes[at][0] <= t_us:
            window.append(outcomes[at])
            at += 1
        while window and window[0][0] <= t_us - FAILING_WINDOW_US:
            window.popleft()
        failed = sum(not ok for _, ok in window)
        bad = len(window) >= FAILING_ORDERS and failed > FAILING_SHARE * len(window)
        if bad and since is None:
            since = t_us
        elif not bad and since is not None:
            spans.append((since, t_us))
            since = None
    return spans if since is None else [*spans, (since, FOREVER)]


def _first_from(times_us: list[int], t_us: int) -> int:
    """The first of the sorted times at or after `t_us`; FOREVER when there is none."""
    i = bisect_left(times_us, t_us)
    return times_us[i] if i < len(times_us) else FOREVER
