"""What an alert rule says, what an alert is, and the rules that a trading firm runs by default.

A rule compares one metric, or its change over a window, with a threshold, and fires when that has held for
`for_us`. A metric whose source is down has no value at all: a rule stays silent then unless it says
`when_absent`, which is how monitoring goes blind without anybody noticing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from sim.clock import MINUTE, SECOND
from sim.errors import BadInput

Operator = Literal[">", ">=", "<", "<=", "==", "!="]
Severity = Literal["info", "warning", "critical", "emergency"]
Change = Literal["value", "increase", "rate", "delta"]
AlertState = Literal["pending", "cleared", "firing", "resolved"]

OPERATORS = (">", ">=", "<", "<=", "==", "!=")
SEVERITIES = ("info", "warning", "critical", "emergency")
CHANGES = ("value", "increase", "rate", "delta")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule: `change` of `metric`, compared by `op` with `threshold`, for `for_us`."""

    name: str
    metric: str
    """A metric's name (then the rule watches each of its series) or one series, with its labels."""
    op: Operator
    threshold: float
    for_us: int = 0
    severity: Severity = "warning"
    summary: str = ""
    when_absent: bool = False
    """Whether no value counts as a breach."""
    change: Change = "value"
    """`increase` and `rate` (per second) forgive counter resets; `delta` is last minus first."""
    window_us: int = 0

    def __post_init__(self) -> None:
        """Refuse what could never be evaluated."""
        for field, allowed in (("op", OPERATORS), ("severity", SEVERITIES), ("change", CHANGES)):
            value = getattr(self, field)
            if value not in allowed:
                raise BadInput(
                    f"alert rule {self.name} cannot have this {field}",
                    mend=f"use one of {' '.join(allowed)}",
                    field=field,
                    value=value,
                )
        if not math.isfinite(self.threshold):
            raise BadInput(
                f"alert rule {self.name} has no finite threshold", mend="give a number", value=self.threshold
            )
        if self.for_us < 0 or (self.change != "value") != (self.window_us > 0):
            raise BadInput(
                f"alert rule {self.name} has a bad for_us or window_us",
                mend="give for_us from 0 up, and a window exactly when the rule is about a change",
            )


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of state of one rule for one series, as it is told to the pager and to the user's code."""

    name: str
    state: AlertState
    severity: Severity
    summary: str
    series: str
    value: float | None
    """The value compared; None when the metric is absent."""
    threshold: float
    since_us: int
    """When the breach was first seen."""
    evaluated_us: int
    """When the rule came to this state; the History carries the time at which it was published."""

    def data(self) -> dict[str, Any]:
        """What the History keeps of it, beside its name and state."""
        return {
            "severity": self.severity,
            "series": self.series,
            "value": self.value,
            "threshold": self.threshold,
            "since_us": self.since_us,
            "evaluated_us": self.evaluated_us,
            "summary": self.summary,
        }


def trading_rules() -> list[AlertRule]:
    """The default rules, one line each."""
    return [
        # The trading system
        _rule("TradingDown", "trading_up", "<", 1, 30, "critical", "trading system is down", absent=True),
        _rule("TradingHalted", "trading_halted", "==", 1, 0, "critical", "trading is halted"),
        _rule("KillSwitchFired", "kill_switch_fired", "==", 1, 0, "critical", "kill switch fired"),
        _rule("SafeMode", "trading_safe_mode", "==", 1, 0, "warning", "trading system is in safe mode"),
        _rule("DailyLossLimit", "trading_daily_loss_pct", ">=", 3, 0, "critical", "daily loss at 3 %"),
        _rule("DrawdownWarning", "trading_drawdown_pct", ">=", 8, 0, "warning", "drawdown at 8 %"),
        _rule("DrawdownCritical", "trading_drawdown_pct", ">=", 15, 0, "critical", "drawdown at 15 %"),
        _rule("DrawdownEmergency", "trading_drawdown_pct", ">=", 20, 0, "emergency", "drawdown at 20 %"),
        _rule("OrderErrors", "trading_order_error_rate", ">", 0.10, 30, "critical", "over 10 % of orders fail"),
        _rule("Slippage", "trading_slippage_bps", ">", 10, 60, "warning", "slippage over 10 bps, 5 expected"),
        # In-flight fills make the two books differ for a moment; a real mismatch stays.
        _rule("PositionMismatch", "position_mismatch_count", ">", 0, 30, "critical", "positions differ"),
        _rule("OrdersUnacknowledged", "unacked_orders_age_s", ">", 60, 0, "warning", "orders unacknowledged"),
        # Broker and market data
        _rule("BrokerDisconnected", "broker_connected", "<", 1, 15, "critical", "broker is not connected"),
        _rule("BrokerSilent", "broker_heartbeat_age_s", ">", 60, 0, "warning", "no broker heartbeat for 60 s"),
        _rule("FeedStale", "feed_age_s", ">", 60, 30, "critical", "no market data for 60 s"),
        _rule("FeedBadData", "feed_bad_symbols", ">", 0, 0, "critical", "market data fails validation"),
        # The mode that it runs in, and the models that it trades by
        _rule("ModeNotReleased", "trading_mode_released", "<", 1, 0, "critical", "mode is not released"),
        _rule("CalibrationStale", "calibration_age_s", ">=", 86_400, 0, "warning", "parameters are over 24 h old"),
        _rule("CalibrationFailing", "calibration_ok", "<", 1, 0, "warning", "the last calibration failed"),
        # Infrastructure
        _rule("JobDown", "up", "<", 1, 30, "critical", "a scrape target is down"),
        _rule("WorkloadNotReady", "workload_ready", "<", 1, 30, "critical", "a workload is not ready"),
        _rule("WorkloadMemoryHigh", "workload_memory_ratio", ">", 0.85, 60, "warning", "memory at 85 %"),
        AlertRule(
            "WorkloadRestarting",
            "workload_restarts",
            ">=",
            3,
            severity="critical",
            summary="a workload restarted 3 times in 10 minutes",
            change="increase",
            window_us=10 * MINUTE,
        ),
        _rule("DatabasePoolExhausted", "db_pool_waiting", ">", 0, 30, "critical", "queries wait for the pool"),
        _rule("DatabaseSlow", "db_query_p99_s", ">", 0.5, 60, "warning", "99 % of queries take over 0.5 s"),
        _rule("ApiSlow", "api_latency_p99_s", ">", 1.0, 60, "warning", "99 % of API calls take over 1 s"),
    ]


def _rule(
    name: str,
    metric: str,
    op: Operator,
    threshold: float,
    for_s: int,
    severity: Severity,
    summary: str,
    absent: bool = False,
) -> AlertRule:
    return AlertRule(name, metric, op, float(threshold), for_s * SECOND, severity, summary, absent)
