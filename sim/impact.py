"""When the incident began to matter: from when a halt was due, an alarm was due, trading was impaired.

A schedule of faults often begins with a condition (fills come late) that makes the incident harder and is
not itself the incident. What counts is the instant at which the firm's own limit was passed, or the first
fault that asks for the kill switch by itself.
"""

from __future__ import annotations

from sim.clock import MINUTE, SECOND
from sim.demands import Demands
from sim.history import History
from sim.reading import halts
from sim.risk_limits import CLOSING, HALTING, WARNING, over_limit

EXCUSE_US = 2 * MINUTE
"""How close to a breach an action counts as its answer: the own view and the true equity differ a little."""

STOPPING_FAULTS = ("manual_kill", "api_errors", "order_rejects", "slippage")
"""Faults that call for the kill switch without any loss."""

LOSING_FAULTS = ("adverse_move",)
"""Faults that lead over a limit, if nobody is quicker."""


def landings(history: History, zero_us: int) -> list[tuple[int, str]]:
    """(time, fault kind) of every fault that somebody could have felt, oldest first."""
    kinds: dict[str, str] = {}
    found: list[tuple[int, str]] = []
    seen_feed = False
    for event in history.of("fault.injected", "fault.landed", "feed.corrupted"):
        if event.t_us < zero_us:
            continue
        if event.kind == "fault.injected":
            kinds[event.subject] = str(event.get("fault", ""))
        elif event.kind == "fault.landed":
            found.append((event.t_us, kinds.get(event.subject, "")))
        elif not seen_feed:
            seen_feed = True
            found.append((event.t_us, f"feed_{event.get('fault', '')}"))
    return found


def halt_due_us(history: History, demands: Demands) -> int:
    """From when a required halt was due: a limit passed, or a fault that asks for it."""
    asked = [span[0] for span in over_limit(history, demands)[:1]]
    felt = landings(history, demands.zero_us)
    asked += [t_us for t_us, kind in felt if kind in STOPPING_FAULTS][:1]
    if asked:
        return min(asked)
    began_us = loss_began_us(history, demands)
    if began_us is not None:
        return _due_below_the_limit_us(history, began_us)
    return felt[0][0] if felt else demands.zero_us


def _due_below_the_limit_us(history: History, since_us: int) -> int:
    """A loss that somebody stopped below the firm's limit: the halt that did it, else the end of the market's move."""
    halted = [halt.start_us for halt in halts(history) if halt.end_us > since_us][:1]
    kinds = {event.subject: event.get("fault") for event in history.of("fault.injected")}
    healed = [e.t_us for e in history.of("fault.healed") if kinds.get(e.subject) in LOSING_FAULTS and e.t_us > since_us]
    return max(since_us, min(halted + healed[-1:], default=since_us))


def loss_began_us(history: History, demands: Demands) -> int | None:
    """From when the market moved against the book; None when it did not."""
    return next((t_us for t_us, kind in landings(history, demands.zero_us) if kind in LOSING_FAULTS), None)


def flatten_due_us(history: History, demands: Demands) -> int:
    """From when positions had to be closed: a limit passed that asks for it, else when the halt was due."""
    passed = over_limit(history, demands, CLOSING)
    return passed[0][0] if passed else halt_due_us(history, demands)


def warning_due_us(history: History, demands: Demands) -> int:
    """From when somebody should have been told, where nothing broke.

    A limit passed (the code may have halted just before), else a warning level passed that was not passed
    before the fault, else the last fault that anybody could have felt.
    """
    for limits in (HALTING, WARNING):
        passed = [start for start, _ in over_limit(history, demands, limits) if start > demands.zero_us + SECOND]
        if passed:
            return passed[0]
    felt = landings(history, demands.zero_us)
    return felt[-1][0] if felt else demands.zero_us


def excused(history: History, demands: Demands, t_us: int) -> bool:
    """Whether the firm really was over a limit about then: chance may bring a loss that no scenario planned."""
    return any(start - EXCUSE_US <= t_us <= end + EXCUSE_US for start, end in over_limit(history, demands))
