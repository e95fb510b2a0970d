"""Service levels beside trading: fast answers, fair fills, models that can be used, a mode that is released.

They are demanded only of an incident that is about them. A slow database stops no order in this firm, and a
drawdown makes fills cost more; neither would tell anything about the other's recovery.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.impact import halt_due_us
from sim.reading import broker_orders, lab, states, strategy_entries
from sim.spans import FOREVER, Span, at_least, both, minus, toggled, union

FILLS_WINDOW_US = 5 * MINUTE
FILLS_AT_LEAST = 6
"""Fewer market orders than these in the window say nothing about their mean."""


def responsive(history: History, demands: Demands) -> list[Span]:
    """99 % of API calls are answered in time."""
    return states(history, ["api.slow"], ["api.fast"])


def calibrated(history: History, demands: Demands) -> list[Span]:
    """Model parameters are fresh, and the last attempt to fit them succeeded."""
    return states(history, ["calibration.degraded"], ["calibration.recovered"])


def fair_fills(history: History, demands: Demands) -> list[Span]:
    """Market orders of the last minutes fill about as well as the firm expects.

    Where the kill switch is due for it, what fills cost before is the cause of the incident, not the incident.
    """
    bad = _dear(_costs(history), demands.limits.get("slippage_warn_bps", 10.0))
    return both(bad, [(halt_due_us(history, demands), FOREVER)]) if demands.halt == "required" else bad


def mode_released(history: History, demands: Demands) -> list[Span]:
    """The system runs in a mode that it is released for; in lab mode nothing of it is left at the broker."""
    wrong = minus(states(history, ["mode.unreleased"], ["mode.released"]), lab(history))
    risky = union(order.life for order in broker_orders(history) if order.adds_risk)
    return union(wrong, at_least(both(risky, lab(history)), demands.settle_us))


LEVELS: dict[str, Callable[[History, Demands], list[Span]]] = {
    "latency": responsive, "calibration": calibrated, "fills": fair_fills, "mode": mode_released,
}  # fmt: skip
"""Name, as a fault gives it, to the predicate that must hold again."""


def _costs(history: History) -> list[tuple[int, float]]:
    """(time, basis points lost against the price at decision) of each fill of a strategy's market order."""
    hints = {
        event.subject: event.data["price"] for event in history.of("order.sent")
        if event.get("order_kind") == "market" and event.get("price")
    }  # fmt: skip
    entries = strategy_entries(history)
    return [
        (event.t_us, event.data["side"] * (event.data["price"] / hints[event.subject] - 1) * 1e4)
        for event in history.of("order.filled") if event.subject in hints and event.subject in entries
    ]  # fmt: skip


def _dear(costs: list[tuple[int, float]], limit_bps: float) -> list[Span]:
    """When the mean of the fills in the window was above the limit."""
    window: deque[tuple[int, float]] = deque()
    checks = sorted({t_us for t_us, _ in costs} | {t_us + FILLS_WINDOW_US for t_us, _ in costs})
    changes: list[tuple[int, bool]] = []
    at = 0
    for t_us in checks:
        while at < len(costs) and costs[at][0] <= t_us:
            window.append(costs[at])
            at += 1
        while window and window[0][0] <= t_us - FILLS_WINDOW_US:
            window.popleft()
        mean_bps = sum(cost for _, cost in window) / max(len(window), 1)
        changes.append((t_us, len(window) >= FILLS_AT_LEAST and mean_bps > limit_bps))
    return toggled(changes)
