"""Monitoring as a newcomer would write it: one metric after another, one rule after another."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.alerts import AlertRule, trading_rules
from sim.clock import MINUTE, SECOND

if TYPE_CHECKING:
    from drills.benchmarks.naive import NaiveFirm

_COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class NaiveMonitoring:
    """Scrapes the metrics of a `NaiveFirm` and evaluates the firm's usual rules."""

    def __init__(self, firm: NaiveFirm) -> None:
        """Nothing scraped yet."""
        self.firm = firm
        self.equity = self.day_start = self.peak = firm.config.equity
        self.metrics, self.rules = self._metrics(), trading_rules()
        self.rows: list[dict[str, float]] = []
        self.breached_since: dict[str, int] = {}
        self.alerts: list[tuple[int, str]] = []

    def scrape(self) -> None:
        """Read everything, remember it, evaluate the rules."""
        values = {name: read() for name, read in self.metrics.items()}
        self.rows.append(values)
        for rule in self.rules:
            self._evaluate(rule, values)

    def _evaluate(self, rule: AlertRule, values: dict[str, float]) -> None:
        if rule.metric not in values or rule.change != "value":
            return
        if not _COMPARE[rule.op](values[rule.metric], rule.threshold):
            self.breached_since.pop(rule.name, None)
            return
        now = self.firm.now_us
        if now - self.breached_since.setdefault(rule.name, now) == rule.for_us:
            self.alerts.append((now, rule.name))

    def _metrics(self) -> dict[str, Callable[[], float]]:
        read: dict[str, Callable[[], float]] = {
            "trading_up": lambda: 1.0,
            "trading_equity": self._refresh_equity,
            "trading_daily_loss_pct": lambda: 100 * (1 - self.equity / self.day_start),
            "trading_drawdown_pct": lambda: 100 * (1 - self.equity / self.peak),
            "trading_halted": lambda: 0.0,
            "kill_switch_fired": lambda: 0.0,
            "trading_safe_mode": lambda: 0.0,
            "trading_order_error_rate": self._error_rate,
            "unacked_orders_age_s": self._unacknowledged_s,
            "broker_connected": lambda: 1.0,
            "broker_heartbeat_age_s": lambda: self.firm.now_us % (10 * SECOND) / SECOND,
            "position_mismatch_count": self._mismatches,
            "feed_age_s": lambda: self.firm.now_us % SECOND / SECOND,
            "feed_bad_symbols": lambda: 0.0,
        }
        for workload in self.firm.config.workloads:
            for name in ("workload_ready", "workload_restarts", "workload_memory_ratio"):
                read[f"{name}/{workload.name}"] = lambda: 0.0
        return read

    def _refresh_equity(self) -> float:
        firm = self.firm
        self.equity = firm.broker.cash + sum(firm.held[s] * firm.price[s] for s in firm.symbols)
        self.peak = max(self.peak, self.equity)
        return self.equity

    def _error_rate(self) -> float:
        firm = self.firm
        firm.answers = [answer for answer in firm.answers if answer[0] >= firm.now_us - MINUTE]
        accepted = [accepted for _, accepted in firm.answers]
        return accepted.count(False) / len(accepted) if accepted else 0.0

    def _unacknowledged_s(self) -> float:
        since_us = [order.sent_us for order in self.firm.live.values() if not order.acknowledged]
        return (self.firm.now_us - min(since_us)) / SECOND if since_us else 0.0

    def _mismatches(self) -> float:
        firm = self.firm
        return float(sum(firm.held[symbol] != firm.broker.positions[symbol] for symbol in firm.symbols))
