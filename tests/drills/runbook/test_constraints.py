"""Rules over time in prose: the true ones of the real runbooks, and sentences that only resemble them."""

from __future__ import annotations

import pytest

from drills.runbook.constraints import constraint_in
from drills.runbook.model import Source

HERE = Source(file="test.md", line=1, end=1)


@pytest.mark.parametrize(
    ("text", "template", "a", "b"),
    [
        ("Only reset after approval", "precedence", "approve", "reset_halt"),
        ("Resume only after approval by the risk officer", "precedence", "approve", "resume"),
        ("Fix root cause before restarting", "precedence", "root_cause", "restart"),
        ("Fix data issues before proceeding", "precedence", "refetch_data", "resume"),
        ("Full scale up only after validation", "precedence", "verify_health", "scale_up"),
        ("Stop and assess - don't rush to restart", "absence", "restart", None),
        ("Do not stop the process: it holds the state", "absence", "stop_system", None),
        ("If loss exceeds limits: Keep kill switch active", "not_until", "reset_halt", "approve"),
        ("If reconnection fails after 3 attempts: Manual intervention", "retry_max", "reconnect", None),
        ("Wait for next trading day (auto-reset)", "wait", "monitor", None),
        ("Kill-Switch zurücksetzen erst nach Freigabe", "precedence", "approve", "reset_halt"),
        ("Reanudar solo después de la aprobación", "precedence", "approve", "resume"),
    ],
)
def test_a_rule(text: str, template: str, a: str, b: str | None) -> None:
    rule = constraint_in(text, HERE)
    assert rule is not None
    assert (rule.template, rule.a, rule.b) == (template, a, b)


def test_times_and_counts_are_read() -> None:
    watch = constraint_in("Monitor closely for 1 hour before full operation", HERE)
    late = constraint_in("Schedule the review within 48 hours", HERE)
    tries = constraint_in("Escalate after three failed attempts", HERE)
    assert watch is not None
    assert late is not None
    assert tries is not None
    assert (watch.within_s, late.within_s, tries.count) == (3600, 172800, 3)


def test_approval_is_critical_and_takes_its_object_from_the_step_around_it() -> None:
    rule = constraint_in("Manual approval required from trading operations", HERE, context=("start_system",))
    assert rule is not None
    assert (rule.critical, rule.b) == (True, "start_system")


@pytest.mark.parametrize(
    "text",
    [
        "Verify no new orders are being placed",
        "Check that new positions are blocked",
        "Monitor for reconnection",
        "Reset if API is healthy (see P0 step 4)",
        "No order was sent twice",
        "Orders may be alive that we do not see",
        "Get approval from risk",
        "Review daily metadata",
        "",
    ],
)
def test_no_rule(text: str) -> None:
    assert constraint_in(text, HERE) is None
