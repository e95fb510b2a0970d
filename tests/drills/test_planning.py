"""A plan is the text, resolved for one incident: what applies stays, in the order that the text asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.planning import TOPIC_WORDS
from drills.runner import chosen_cases
from tests.drills.plans import LEADS, SHARED, actions, before, named, plan_of_drill, plan_of_text, short

BOOK = """\
# Desk runbook

## Severity levels

| Level | When | Response time |
|-------|------|---------------|
| SEV1 | Critical: loss limit broken | 5 minutes |
| SEV2 | High: no limit broken | 15 minutes |

## Kill switch triggered

**RTO:** 40 minutes

### 1. Look at the account

### 2. Escalate (SEV1)

<!-- bind=escalate -->

### 3. Cancel what is open

Never restart the trading system while orders are open.

```bash
deskctl orders cancel --all
```

### 4. Close positions

**For a daily loss trigger:**

```bash
deskctl flatten
```

**For slippage:**

```bash
deskctl positions
```

### 5. Restart the bot

```bash
# TODO: Implement restart command
```

### 6. Get the risk officer's approval

<!-- bind=approve critical -->

### 7. Reset the kill switch

Reset only after approval.

```bash
deskctl reset
```

### 8. Watch it

Monitor positions for 10 minutes.

<!-- bind=monitor -->

## Escalation

| Time | Action |
|------|--------|
| 0-15 min | On-call engineer works |
| 15-30 min | Escalate to the risk officer |
"""


def test_steps_of_another_severity_and_another_cause_fall_away(tmp_path: Path) -> None:
    grave = named(plan_of_text(BOOK, tmp_path))
    assert "escalate" in grave
    assert "close-positions/for-a-daily-loss-trigger" in grave
    assert "close-positions/for-slippage" not in grave

    mild = named(plan_of_text(BOOK, tmp_path, severity="high", causes=("slippage",)))
    assert "escalate" not in mild
    assert "close-positions/for-a-daily-loss-trigger" not in mild
    assert mild["close-positions/for-slippage"].actions == ("look_positions",)


def test_what_waited_for_a_step_that_does_not_apply_waits_for_what_that_one_waited_for(tmp_path: Path) -> None:
    grave, mild = before(plan_of_text(BOOK, tmp_path)), before(plan_of_text(BOOK, tmp_path, severity="high"))
    assert grave["cancel-what-is-open"] == ("look-at-the-account", "escalate")
    assert mild["cancel-what-is-open"] == ("look-at-the-account",)


def test_a_todo_says_what_is_meant_but_cannot_be_carried_out(tmp_path: Path) -> None:
    step = named(plan_of_text(BOOK, tmp_path))["restart-the-bot"]
    assert step.actions == ("restart",)
    assert not step.executable
    assert not step.counts
    assert "TODO" in step.why


def test_the_severity_is_that_of_the_runbooks_own_table(tmp_path: Path) -> None:
    grave, mild = plan_of_text(BOOK, tmp_path), plan_of_text(BOOK, tmp_path, severity="high")
    assert (grave.severity, grave.response_s) == ("SEV1", 300)
    assert (mild.severity, mild.response_s) == ("SEV2", 900)
    assert plan_of_text(BOOK, tmp_path, severity="low").severity == "SEV2", "the mildest there is"


def test_a_drawdown_picks_the_level_by_its_own_number(tmp_path: Path) -> None:
    table = (
        "| Level | Drawdown | Response time |\n|---|---|---|\n"
        "| Level 1 | 8-15% | 30 minutes |\n| Level 2 | 15-20% | 5 minutes |\n| Level 3 | >20% | immediate |\n"
    )
    steps = "1. Look at the account\n2. Stop all trading (Level 2+)\n"
    text = f"# High drawdown\n\n## Severity levels\n\n{table}\n## Response\n\n{steps}"
    plans = {
        drawdown: plan_of_text(text, tmp_path, causes=("drawdown",), measures={"drawdown_pct": drawdown})
        for drawdown in (10.0, 16.0, 25.0)
    }
    assert {drawdown: plan.severity for drawdown, plan in plans.items()} == {
        10.0: "Level 1",
        16.0: "Level 2",
        25.0: "Level 3",
    }
    assert ["halt" in actions(plan) for plan in plans.values()] == [False, True, True]


def test_rto_escalation_and_waits_are_read_from_the_text(tmp_path: Path) -> None:
    plan = plan_of_text(BOOK, tmp_path)
    assert plan.rto_s == 2400
    assert [after for after, _ in plan.escalation] == [0, 900]
    assert named(plan)["watch-it"].wait_s == 600
    assert [step.wait_s for step in plan.steps if "monitor" not in step.actions] == [None] * (len(plan.steps) - 1)


def test_a_wait_among_other_things_cannot_be_timed_from_outside(tmp_path: Path) -> None:
    text = "# Kill switch triggered\n\n1. **Watch**\n{}   - Monitor for 10 minutes\n2. Reset the kill switch\n"
    several = plan_of_text(text.format("   - Look at the account\n"), tmp_path)
    alone = plan_of_text(text.format(""), tmp_path)
    assert [plan.steps[0].actions for plan in (several, alone)] == [("look_account", "monitor"), ("monitor",)]
    assert [rule.kind for rule in several.constraints] == []
    assert [rule.kind for rule in alone.constraints] == ["wait"]
    assert several.steps[0].wait_s == alone.steps[0].wait_s == 600


def test_rules_in_words_bind_to_the_steps_that_they_speak_of(tmp_path: Path) -> None:
    plan = plan_of_text(BOOK, tmp_path)
    rules = {(rule.kind, short(rule.a, plan.procedure), short(rule.b, plan.procedure)) for rule in plan.constraints}
    approval, reset = "get-the-risk-officer-s-approval", "reset-the-kill-switch"
    assert ("precedence", approval, reset) in rules
    assert ("wait", "watch-it", "") in rules


def test_a_rule_about_a_step_that_is_not_in_the_plan_is_dropped(tmp_path: Path) -> None:
    text = BOOK.replace("### 6. Get the risk officer's approval", "### 6. Get approval (SEV2)")
    plan = plan_of_text(text, tmp_path)
    assert "approve" not in actions(plan)
    named_steps = {step.id for step in plan.steps} | {""}
    for rule in plan.constraints:
        assert rule.a in named_steps or rule.kind == "absence", rule
        assert rule.b in named_steps, rule


def test_what_must_not_be_done_stays_even_where_no_step_does_it(tmp_path: Path) -> None:
    text = "# Kill switch triggered\n\nNever stop the process.\n\n1. Look at the account\n2. Reset it\n"
    plan = plan_of_text(text, tmp_path)
    assert [(rule.kind, rule.a) for rule in plan.constraints if rule.kind == "absence"] == [("absence", "stop_system")]


def test_a_rule_that_the_order_of_the_steps_implies_is_marked_so_unless_it_is_critical(tmp_path: Path) -> None:
    text = (
        "# Kill switch triggered\n\nCancel all orders before closing positions.\n{}\n1. Cancel all orders\n"
        "2. Close all positions\n3. Ask for approval\n4. Reset the kill switch\n"
    )
    plan = plan_of_text(text.format(""), tmp_path)
    assert [rule.implied for rule in plan.constraints if rule.kind == "precedence"] == [True]
    approved = plan_of_text(text.format("\nReset the kill switch only after approval.\n"), tmp_path)
    assert [rule.implied for rule in approved.constraints if rule.critical] == [False]


def test_a_decision_is_as_critical_as_what_its_branch_asks_for(tmp_path: Path) -> None:
    text = (
        "# Kill switch triggered\n\n1. Look at the account\n2. **Decide**{}\n"
        "   - If the loss exceeds limits -> escalate to the risk officer\n"
    )
    over = plan_of_text(text.format(""), tmp_path).steps[1]
    assert (over.critical, over.weight) == (True, 3.0)
    under = plan_of_text(text.format(""), tmp_path, conditions={"loss_over_limit": False}).steps[1]
    assert (under.critical, under.weight) == (False, 1.0)
    stated = plan_of_text(text.format(" <!-- critical=false -->"), tmp_path).steps[1]
    assert (stated.critical, stated.weight) == (False, 1.0)


def test_a_guard_that_the_truth_does_not_decide_makes_its_step_optional(tmp_path: Path) -> None:
    text = "# Kill switch triggered\n\n1. Look at the account\n2. Close all positions (if the moon is full)\n3. Reset\n"
    step = next(step for step in plan_of_text(text, tmp_path).steps if "flatten" in step.actions)
    assert (step.weight, step.critical) == (0.0, False)


def test_a_branch_is_taken_by_the_truth(tmp_path: Path) -> None:
    text = (
        "# Kill switch triggered\n\n1. Look at the account\n2. **Decide**\n"
        "   - If the loss exceeds limits -> escalate to the risk officer\n"
        "   - If the loss is within limits -> reset the kill switch\n"
    )
    over = actions(plan_of_text(text, tmp_path))
    under = actions(plan_of_text(text, tmp_path, conditions={"loss_over_limit": False, "within_range": True}))
    assert "escalate" in over
    assert "reset_halt" not in over
    assert "reset_halt" in under
    assert "escalate" not in under


OURS = {
    "q1-daily-loss": (
        "kill-switch-triggered",
        "acknowledge look_status declare_severity halt verify_halted cancel_orders verify_orders decide flatten "
        "verify_flat notify escalate look_logs look_account reconcile verify_reconciled decide decide",
    ),
    "q2-refused": (
        "broker-connection-lost",
        "acknowledge declare_severity look_broker look_network look_logs safe_mode verify_halted notify decide "
        "call_broker look_orders look_positions reconnect verify_connected cancel_orders verify_orders reconcile "
        "verify_reconciled resume verify_trading monitor document",
    ),
    "q3-spike": (
        "data-corruption",
        "acknowledge declare_severity look_data look_orders quarantine_data verify_halted notify decide "
        "refetch_data verify_data reconcile verify_reconciled verify_data resume verify_trading monitor "
        "root_cause document",
    ),
    "q4-total": (
        "full-system-failure",
        "acknowledge declare_severity escalate notify look_status look_resources look_deploys look_positions "
        "look_orders restore_monitoring decide raise_limits verify_health reconnect verify_connected reconcile "
        "verify_reconciled verify_health approve resume verify_trading monitor root_cause document",
    ),
}


@pytest.mark.parametrize("case", OURS)
def test_our_runbooks_say_what_to_do_about_their_own_lead_case(case: str) -> None:
    plan = plan_of_drill(case)
    procedure, wanted = OURS[case]
    assert (plan.procedure, plan.note) == (procedure, None)
    assert " ".join(actions(plan)).startswith(wanted)
    assert all(step.counts for step in plan.steps), "nothing in our own runbooks is out of reach"
    assert plan.response_s is not None
    assert plan.rto_s is not None
    assert plan.escalation


@pytest.mark.parametrize("drill", ["q1", "q2", "q3", "q4"])
def test_our_runbooks_apply_to_every_case_of_their_drill(drill: str) -> None:
    from drills.drill import drills
    from drills.options import RunOptions

    for case in chosen_cases(drills()[drill], RunOptions()):
        plan = plan_of_drill(case)
        done = actions(plan)
        assert done[0] == "acknowledge", case
        assert not set(done).isdisjoint({"verify_trading", "verify_reconciled", "verify_halted"}), case


SHARED_CHOICES = {
    ("high-drawdown", "q1-daily-loss"): ("high-drawdown-incident-response", True),
    ("high-drawdown", "q2-refused"): ("high-drawdown-incident-response", True),
    ("high-drawdown", "q3-spike"): ("high-drawdown-incident-response", True),
    ("high-drawdown", "q4-total"): ("high-drawdown-incident-response", True),
    ("paper-trading", "q1-daily-loss"): ("p1-kill-switch-triggered", False),
    ("paper-trading", "q2-refused"): ("p1-kill-switch-triggered", True),
    ("paper-trading", "q3-spike"): ("p0-system-down", True),
    ("paper-trading", "q4-total"): ("p0-system-down", False),
    ("platform-outage", "q1-daily-loss"): ("p1-execution-failures", True),
    ("platform-outage", "q2-refused"): ("p1-execution-failures", True),
    ("platform-outage", "q3-spike"): ("p2-calibration-failures", True),
    ("platform-outage", "q4-total"): ("p1-system-unavailable", False),
    ("quarterly-drills", "q1-daily-loss"): ("kill-switch-triggered", False),
    ("quarterly-drills", "q2-refused"): ("broker-connection-lost", False),
    ("quarterly-drills", "q3-spike"): ("data-sla-violation", False),
    ("quarterly-drills", "q4-total"): ("rollback-to-stable-version", True),
    ("sev-levels", "q1-daily-loss"): ("kill-switch-triggered", False),
    ("sev-levels", "q2-refused"): ("exchange-connection-lost", False),
    ("sev-levels", "q3-spike"): ("incident-response-steps", True),
    ("sev-levels", "q4-total"): ("incident-response-steps", True),
}
"""(shared runbook, case): the procedure that is followed, and whether that had to be assumed."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared runbooks are not beside this checkout")
class TestSharedRunbooks:
    @pytest.mark.parametrize(("runbook", "case"), SHARED_CHOICES)
    def test_the_procedure_is_chosen_or_the_assumption_said(self, runbook: str, case: str) -> None:
        plan = plan_of_drill(case, runbook)
        assert (plan.procedure, plan.note is not None) == SHARED_CHOICES[runbook, case]
        assert any(step.counts for step in plan.steps)
        there = {step.id for step in plan.steps}
        assert all(pred in there for step in plan.steps for pred in step.preds)
        assert all(rule.b in there | {""} for rule in plan.constraints)

    def test_the_todo_recovery_of_the_quarterly_drills_is_out_of_reach(self) -> None:
        steps = named(plan_of_drill("q1-daily-loss", "quarterly-drills"))
        assert not steps["recovery"].executable
        assert steps["recovery"].critical
        assert steps["recovery"].actions == ("approve", "reset_halt")
        assert [name for name, step in steps.items() if step.executable] == [
            "verify-trigger-reason",
            "check-portfolio-state",
            "decision-point",
            "root-cause-analysis",
        ]

    def test_the_reconnection_that_is_a_todo_keeps_its_three_attempts(self) -> None:
        plan = plan_of_drill("q2-refused", "quarterly-drills")
        steps = named(plan)
        assert not steps["attempt-reconnection"].executable
        assert steps["fallback"].preds == ("broker-connection-lost/attempt-reconnection",)
        assert [(rule.kind, rule.attempts) for rule in plan.constraints] == [("retry_max", 3)]

    def test_a_high_drawdown_shuts_down_at_its_third_level_only(self) -> None:
        grave, mild = plan_of_drill("q4-total", "high-drawdown"), plan_of_drill("q2-refused", "high-drawdown")
        shutdown = "immediate-response-procedures/emergency-shutdown"
        assert (grave.severity, mild.severity) == ("Level 3", "Level 2")
        assert shutdown in named(grave)
        assert shutdown not in named(mild)
        assert before(mild)["investigation-procedures/market-analysis"] == (
            "immediate-response-procedures/enable-safe-mode",
        )
        assert before(grave)["investigation-procedures/market-analysis"] == (shutdown,)

    def test_the_paper_runbooks_daily_loss_waits_for_the_next_day(self) -> None:
        steps = named(plan_of_drill("q1-daily-loss", "paper-trading"))
        assert steps["for-daily-loss-trigger"].wait_s == 24 * 3600
        assert "for-api-error-trigger" not in steps

    def test_memory_picks_the_branch_of_the_outage_runbook(self) -> None:
        steps = named(plan_of_drill("q4-total", "platform-outage"))
        assert [name for name in steps if name.startswith("immediate-mitigation/")] == [
            "immediate-mitigation/if-resource-exhaustion"
        ]


def test_every_topic_of_a_stock_drill_has_words_to_look_for() -> None:
    from drills.drill import drills

    assert {drills()[name].topic for name in drills()} <= set(TOPIC_WORDS)
    assert set(LEADS) == set(OURS)


def test_if_needed_beside_the_closing_of_positions_is_for_the_incident_to_decide(tmp_path: Path) -> None:
    text = "# Down\n## System down\n1. Emergency flatten (if needed)\n2. Restart the system\n"
    done = {case: actions(plan_of_text(text, tmp_path, case)) for case in ("down-falling-market", "down-calm-market")}
    assert "flatten" in done["down-falling-market"]
    assert "flatten" not in done["down-calm-market"]
    either = plan_of_text(text, tmp_path, "q1-slippage")
    assert [step.weight for step in either.steps if "flatten" in step.actions] == [0.0]


def test_each_cause_of_slow_answers_takes_its_own_branch() -> None:
    def fixes(case: str) -> set[str]:
        return set(actions(plan_of_drill(case))) & {"kill_query", "restart_service", "scale_up"}

    assert fixes("latency-slow-queries") == {"kill_query"}
    assert fixes("latency-pool-exhausted") == {"restart_service"}
    assert fixes("latency-memory-pressure") == {"scale_up"}


def test_a_calibration_that_is_stale_does_not_diverge_and_one_without_data_is_neither() -> None:
    def fixes(case: str) -> set[str]:
        return set(actions(plan_of_drill(case))) & {"relax_fit", "restart_service", "refetch_data"}

    assert fixes("calibration-stale") == {"restart_service"}
    assert fixes("calibration-diverging") == {"relax_fit"}
    assert fixes("calibration-no-data") == {"refetch_data"}
