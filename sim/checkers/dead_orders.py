"""An order that should be dead is dead: what adds risk is gone from the broker a minute after the halt.

The order that was never acknowledged is the one that matters: it is live although the firm's own list may
not show it. Time in which no cancel can reach the broker does not count.
"""

from __future__ import annotations

from sim.checkers.base import Evidence, seconds
from sim.clock import SECOND
from sim.demands import Demands
from sim.history import History
from sim.reading import broker_orders, disconnected, down, halts
from sim.spans import FOREVER, Span, deadline, minus, union

DEAD_WITHIN_US = 60 * SECOND

_CUT_OFF = (
    "broker_refused", "broker_black_hole", "broker_half_open", "broker_flapping", "broker_auth_expired",
    "broker_rate_limited", "broker_html_502",
)  # fmt: skip
"""Faults under which a cancel may never arrive."""


def cancelled_in_time(history: History, demands: Demands) -> list[Evidence]:
    """No risk-adding order works at the broker for more than a minute under a halt."""
    reachable = minus([(0, FOREVER)], union(disconnected(history), down(history), unreachable(history)))
    acknowledged = {event.subject for event in history.of("order.acked")}
    found = []
    for halt in halts(history):
        for order in broker_orders(history):
            if not order.adds_risk or order.ended_us <= halt.start_us or order.accepted_us >= halt.end_us:
                continue
            due_us = deadline(reachable, max(halt.start_us, order.accepted_us), DEAD_WITHIN_US)
            if min(order.ended_us, halt.end_us) <= due_us or due_us >= demands.horizon_us:
                continue
            silent = "" if order.id in acknowledged else ", never acknowledged"
            side = "buy" if order.side > 0 else "sell"
            how = "still live" if order.ended_us > demands.horizon_us else f"{order.end} after"
            lived = min(order.ended_us, demands.horizon_us) - halt.start_us
            found.append(
                Evidence(
                    due_us, f"{order.id} live after the halt",
                    f"{side} {order.qty} {order.symbol} ({order.source}{silent}) {how} {seconds(lived)}",
                    truth=f"{order.qty - order.filled} of {order.qty} shares could still fill",
                )
            )  # fmt: skip
    return found


def unreachable(history: History) -> list[Span]:
    """When a fault kept cancels from the broker."""
    since: dict[str, int] = {}
    spans: list[Span] = []
    for event in history.of("fault.injected", "fault.healed"):
        if event.kind == "fault.injected":
            endpoints = event.get("targets", []) if event.get("fault") == "broker_endpoint_down" else []
            if event.get("fault") in _CUT_OFF or "cancel" in endpoints:
                since[event.subject] = event.t_us
        elif event.subject in since:
            spans.append((since.pop(event.subject), event.t_us))
    return union(spans, [(start, FOREVER) for start in since.values()])
