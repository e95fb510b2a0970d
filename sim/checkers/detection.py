"""Somebody is told when something is wrong, soon, and nobody is told when nothing is."""

from __future__ import annotations

from sim.checkers.base import Evidence, order_text, seconds
from sim.demands import Demands
from sim.history import Event, History
from sim.impact import excused, landings, warning_due_us
from sim.moments import QUIET, detected_us, moments
from sim.reading import denied_by_code


def detected_in_time(history: History, demands: Demands) -> list[Evidence]:
    """An alarm, a page, or the code's own halt within the time allowed from the impact."""
    if demands.alarm != "required" or not landings(history, demands.zero_us):
        return []
    seen = moments(history, demands)
    due_us = warning_due_us(history, demands) if seen.impact_us is None else seen.impact_us
    noticed_us = detected_us(history, seen.t0_us or demands.zero_us, due_us)
    if noticed_us is None:
        return [Evidence(due_us, "nobody was alarmed", "no alert, no page, no halt after the impact")]
    if noticed_us - due_us <= demands.detect_us:
        return []
    late = f"detected {seconds(noticed_us - due_us)} after the impact"
    return [Evidence(noticed_us, late, f"allowed are {seconds(demands.detect_us)}")]


def no_false_alarm(history: History, demands: Demands) -> list[Evidence]:
    """Where nothing is wrong no alert fires, no page goes out and no order is refused."""
    if demands.alarm != "forbidden":
        return []
    return [
        Evidence(event.t_us, title, text)
        for event in history.of("alert.firing", "code.page", "order.denied")
        if not excused(history, demands, event.t_us)
        for title, text in [_alarm(event)]
        if title
    ]


def _alarm(event: Event) -> tuple[str, str]:
    """Title and detail when `event` is an alarm or a refusal by the mitigation; empty otherwise."""
    if event.kind == "order.denied":
        if not denied_by_code(event):
            return "", ""
        return "order refused on clean data", f"{event.subject} ({order_text(event)}): {event.get('reason')}"
    if event.get("severity") in QUIET:
        return "", ""
    if event.kind == "code.page":
        return "paged for nothing", f"{event.subject}: {event.get('message', '')}"
    return f"false alarm: {event.subject}", f"{event.get('summary', '')}, value {event.get('value')}"
