"""All checkers by name, and the run of them over one History."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from sim.checkers import (
    after_halt,
    audit,
    bad_data,
    books,
    claims,
    code_health,
    dead_orders,
    detection,
    duplicates,
    exits,
    flattening,
    latch,
    reconnect,
)
from sim.checkers.base import AT_MOST, CannotTell, Check, CheckResult, Evidence
from sim.demands import Demands
from sim.history import History

CHECKS: Mapping[str, Check] = {
    "no-risk-after-halt": after_halt.no_risk_sent,
    "fills-after-halt": after_halt.fills_accounted,
    "dead-orders": dead_orders.cancelled_in_time,
    "halt-as-demanded": latch.as_demanded,
    "halt-latched": latch.survives_restart,
    "halt-released-by-approval": latch.released_by_approval,
    "flatten-as-demanded": flattening.as_demanded,
    "flatten-never-flips": flattening.never_flips,
    "exits-allowed": exits.exits_allowed,
    "claims-true": claims.claims_true,
    "no-duplicates": duplicates.no_duplicates,
    "bad-data-never-trades": bad_data.never_trades,
    "detected": detection.detected_in_time,
    "no-false-alarm": detection.no_false_alarm,
    "reconnects": reconnect.reconnects,
    "code-health": code_health.healthy,
    "audit-trail": audit.complete,
    "ledger-balanced": books.ledger_balanced,
    "fills-booked": books.fills_booked,
    "books-agree-at-end": books.agree_at_end,
    "position-size": books.no_doubled_position,
}
"""Name to checker, in the order of reports."""


def run_checks(history: History, demands: Demands, checks: Mapping[str, Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Judge a finished run; a checker that crashes is inconclusive, never a pass."""
    return tuple(_run(name, check, history, demands) for name, check in checks.items())


def _run(name: str, check: Check, history: History, demands: Demands) -> CheckResult:
    try:
        found = sorted(check(history, demands), key=lambda evidence: evidence.t_us)
    except CannotTell as unseen:
        return CheckResult(name, "inconclusive", reason=str(unseen))
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return CheckResult(name, "inconclusive", reason=f"checker crashed at {where}: {type(error).__name__}: {error}")
    failed = any(evidence.severity == "critical" for evidence in found)
    return CheckResult(name, "fail" if failed else "pass", _shortened(found))


def _shortened(found: list[Evidence]) -> tuple[Evidence, ...]:
    """The gravest first when there are too many, and how many were left out."""
    if len(found) <= AT_MOST:
        return tuple(found)
    order = ("critical", "warning", "info")
    kept = sorted(found, key=lambda evidence: (order.index(evidence.severity), evidence.t_us))[:AT_MOST]
    left_out = Evidence(found[-1].t_us, f"and {len(found) - AT_MOST} more", "", "info")
    return (*sorted(kept, key=lambda evidence: evidence.t_us), left_out)
