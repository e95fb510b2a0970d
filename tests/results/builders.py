"""A run record as the Q1 kill-switch drill would leave it, made by hand: nothing here is simulated.

The lead case is restored in time but the code lies about it ("reported flat, 190 open"); one case is missed
for good, one is inconclusive, the rest pass. Tests change single fields with `model_copy(update=...)`.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

from results.record import (
    CaseRecord,
    CheckRecord,
    ClockRecord,
    CodeRecord,
    DeviationRecord,
    Environment,
    Exhibit,
    Finding,
    Gate,
    Rpo,
    RunbookRecord,
    RunRecord,
    Series,
    Span,
    StepRecord,
    TimelineEvent,
    Verdict,
    Verdicts,
)

T0 = 1800.0
"""The fault: half an hour after the open."""


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def clock(**times: float | None) -> ClockRecord:
    known: dict[str, float | None] = {
        "t0": T0,
        "t1": T0 + 4,
        "t2": T0 + 15,
        "t3": T0 + 73,
        "t4": T0 + 101,
        "t5": T0 + 164.2,
        "t6": T0 + 268,
        "t7": T0 + 328,
        "t8": T0 + 1320,
    }
    return ClockRecord(**(known | times))


def split_of(at: ClockRecord) -> dict[str, float | None]:
    pairs = {
        "detect": (at.t1, at.t2),
        "acknowledge": (at.t2, at.t3),
        "mitigate": (at.t3, at.t4),
        "contain": (at.t1, at.t5),
        "repair": (at.t4, at.t6),
        "verify": (at.t6, at.t7),
    }
    return {name: None if a is None or b is None else b - a for name, (a, b) in pairs.items()}


def timeline() -> list[TimelineEvent]:
    rows = [
        (-240, "market", "opening volatility fades", "info"),
        (0, "fault", "daily loss −2.4 %", "bad"),
        (2, "market", "SPY −1.1 % in 40 s", "warning"),
        (4, "code", "kill switch fires: daily loss", "good"),
        (4.1, "code", "entries blocked", "good"),
        (4.3, "broker", "3 orders un-acknowledged", "warning"),
        (6, "code", "cancel sent for 5 orders", "info"),
        (8.5, "broker", "4 cancels acknowledged", "good"),
        (9, "broker", "SPY buy 190 filled late", "bad"),
        (12, "code", "reports: flat", "bad"),
        (15, "alerts", "KillSwitchTriggered fires", "warning"),
        (16, "alerts", "page to primary on-call", "info"),
        (73, "human", "acknowledges", "good"),
        (101, "human", "verifies why the switch fired", "info"),
        (128, "human", "compares portfolio with the broker", "info"),
        (131, "human", "sees 190 SPY at the broker", "warning"),
        (150, "human", "escalates as P0", "good"),
        (164.2, "broker", "sell 190 SPY accepted", "info"),
        (166, "broker", "sell 190 SPY filled", "good"),
        (180, "alerts", "PositionMismatch fires", "warning"),
        (210, "alerts", "PositionMismatch resolved", "good"),
        (240, "fault", "healed: losses stop", "good"),
        (268, "market", "quotes fresh, spread normal", "info"),
        (900, "human", "root cause written down", "info"),
        (1290, "human", "approval by risk", "good"),
        (1320, "human", "resets the kill switch", "good"),
    ]
    return [TimelineEvent(t_s=T0 + t, lane=lane, text=text, level=level) for t, lane, text, level in rows]  # type: ignore[arg-type]


def series() -> dict[str, Series]:
    times = [T0 - 300 + 5 * i for i in range(360)]
    equity = [100_000 + 220 * math.sin(t / 97) - 2400 / (1 + math.exp(-(t - T0 - 60) / 30)) for t in times]
    exposure = [
        22_000.0 + 900 * math.sin(t / 40) if t < T0 + 5 else 9_120.0 if T0 + 9 <= t < T0 + 166 else 0.0 for t in times
    ]
    return {
        "equity": Series(t_s=times, values=equity, unit="USD"),
        "exposure": Series(t_s=times, values=exposure, unit="USD"),
    }


def steps() -> list[StepRecord]:
    return [
        StepRecord(
            id="kill-switch/verify-reason",
            title="Verify why the kill switch triggered",
            line=62,
            started_s=T0 + 75,
            done_s=T0 + 101,
            outcome="done",
            actions=["look_logs"],
        ),
        StepRecord(
            id="kill-switch/check-portfolio",
            title="Check portfolio state at the broker",
            line=66,
            started_s=T0 + 101,
            done_s=T0 + 131,
            outcome="done",
            actions=["look_positions", "look_account"],
        ),
        StepRecord(
            id="kill-switch/escalate",
            title="Escalate as P0 if loss exceeds limits",
            line=70,
            planned_s=T0 + 120,
            started_s=T0 + 131,
            done_s=T0 + 150,
            outcome="late",
            actions=["escalate"],
        ),
        StepRecord(
            id="kill-switch/flatten",
            title="Close what is still open and verify",
            line=74,
            planned_s=T0 + 300,
            started_s=T0 + 150,
            done_s=T0 + 176,
            outcome="done",
            actions=["flatten", "verify_flat"],
        ),
        StepRecord(
            id="kill-switch/rca",
            title="Root cause analysis",
            line=79,
            started_s=T0 + 200,
            done_s=T0 + 900,
            outcome="done",
            actions=["root_cause"],
        ),
        StepRecord(
            id="kill-switch/notify",
            title="Send the incident notice to stakeholders",
            line=83,
            planned_s=T0 + 600,
            outcome="skipped",
            actions=["notify"],
        ),
        StepRecord(
            id="kill-switch/approval",
            title="Only reset after approval",
            line=88,
            started_s=T0 + 900,
            done_s=T0 + 1290,
            outcome="done",
            actions=["approve"],
        ),
        StepRecord(
            id="kill-switch/reset",
            title="Reset kill switch: # TODO command",
            line=90,
            outcome="not_executable",
            actions=["reset_kill_switch"],
        ),
    ]


def findings() -> list[Finding]:
    return [
        Finding(
            id="reported-flat-while-open",
            severity="critical",
            title="reported flat, 190 open",
            at_s=T0 + 12,
            detail="flatten() returned as soon as the closing order was created; an order that was still "
            "un-acknowledged filled three seconds earlier, and nobody asked the broker again.",
            claim="flat",
            truth="190 SPY long at the broker until 10:02:46",
            source="bot/kill_switch.py:88",
            checker="reported_state_equals_ledger",
        ),
        Finding(
            id="step-not-executable",
            severity="warning",
            title="reset step has no command",
            at_s=T0 + 1320,
            detail="The step reads TODO: a responder who follows the text cannot reset the switch.",
            runbook_line=90,
            checker="runbook_executable",
        ),
        Finding(
            id="alert-after-human",
            severity="info",
            title="PositionMismatch fired 11 s after it was mended",
            detail="The rule waits 30 s; the scrape interval is 15 s.",
            at_s=T0 + 180,
        ),
    ]


def exhibit() -> Exhibit:
    return Exhibit(
        checker="reported_state_equals_ledger",
        case="daily-loss-unacked",
        text="one fault; 4 min, with nobody responding",
        scenario="name: short\nhorizon: 4m\n",
        file="shortest-ledger.yaml",
        command="firedrill run '{folder}/shortest-ledger.yaml' --seed 7 --responder none",
    )


def lead_case(**update: Any) -> CaseRecord:
    at = clock()
    case = CaseRecord(
        name="daily-loss-unacked",
        title="Daily loss limit broken with three orders un-acknowledged",
        lead=True,
        verdict=Verdict.FAIL,
        verdicts=Verdicts(runbook=Verdict.FAIL, code=Verdict.FAIL, responder=Verdict.PASS),
        rto_s=264.0,
        rto_objective_s=300.0,
        rto_from_fault_s=268.0,
        rto_from_alert_s=253.0,
        split=split_of(at),
        clock=at,
        rpo=Rpo(fills_unaccounted=1, positions_unaccounted=1, notional=91_204.6),
        adherence=86.4,
        shown_score=49.0,
        fitness=0.909,
        gates=[Gate(id="code-reported-false-state", text="The code reported flat while 190 SPY were open.")],
        findings=findings(),
        deviations=[
            DeviationRecord(
                points=5.9,
                step="kill-switch/notify",
                line=83,
                kind="skipped",
                text="no notice to stakeholders",
            ),
            DeviationRecord(points=4.4, step="kill-switch/escalate", line=70, kind="late", text="escalated 30 s late"),
            DeviationRecord(
                points=3.3,
                step="restart_service",
                line=None,
                kind="extra",
                text="restarted the gateway; no step asks for it",
            ),
        ],
        checks=[
            CheckRecord(
                name="no order sent after the halt",
                verdict=Verdict.PASS,
                evidence=["halt 10:00:04.0; last order 10:00:03.8"],
            ),
            CheckRecord(
                name="reported state equals the Ledger",
                verdict=Verdict.FAIL,
                evidence=[
                    "10:00:12.0 code.report flat=True",
                    "10:00:12.0 ledger SPY +190",
                    "10:02:46.0 ledger SPY 0",
                ],
            ),
            CheckRecord(
                name="no fill after kill unaccounted",
                verdict=Verdict.FAIL,
                evidence=["fill f-77 SPY +190 @ 480.02 not in the system's book"],
            ),
            CheckRecord(name="flatten never flips a position", verdict=Verdict.PASS),
            CheckRecord(
                name="detection without false alarm",
                verdict=Verdict.INCONCLUSIVE,
                evidence=["no scrape between 10:00:30 and 10:01:00"],
            ),
        ],
        steps=steps(),
        timeline=timeline(),
        spans=[
            Span(lane="fault", start_s=T0, end_s=T0 + 240, text="daily loss beyond limit"),
            Span(lane="code", start_s=T0 + 4, end_s=T0 + 1320, text="entries blocked"),
            Span(lane="alerts", start_s=T0 + 15, end_s=T0 + 1320, text="KillSwitchTriggered"),
        ],
        series=series(),
        faults=[
            "daily loss reaches −2.4 % of equity at 10:00:00 (limit −2.0 %)",
            "3 of 5 orders un-acknowledged for 5 s",
        ],
        digest=digest_of("lead"),
        history_events=18_204,
        severity="P0",
        epoch="2026-01-05T09:30:00-05:00",
    )
    return case.model_copy(update=update)


def missed_case(**update: Any) -> CaseRecord:
    at = clock(t6=None, t7=None, t8=None)
    return lead_case().model_copy(
        update={
            "name": "api-errors-outage",
            "title": "Consecutive API errors while equity reads 0",
            "lead": False,
            "verdict": Verdict.FAIL,
            "verdicts": Verdicts(runbook=Verdict.PASS, code=Verdict.FAIL, responder=Verdict.PASS),
            "rto_s": None,
            "rto_from_fault_s": None,
            "rto_from_alert_s": None,
            "clock": at,
            "split": split_of(at),
            "gates": [Gate(id="rto", text="Not restored before the end of the run.", runbook_line=58)],
            "findings": [
                Finding(
                    id="switch-unreachable",
                    severity="critical",
                    title="API-error switch never fired",
                    detail="Equity reads 0 during the outage and the guard returns early.",
                    source="bot/kill_switch.py:41",
                )
            ],
            "digest": digest_of("missed"),
        }
        | update
    )


def passed_case(name: str = "manual", **update: Any) -> CaseRecord:
    return lead_case().model_copy(
        update={
            "name": name,
            "title": "Pulled by hand",
            "lead": False,
            "verdict": Verdict.PASS,
            "verdicts": Verdicts(runbook=Verdict.PASS, code=Verdict.PASS, responder=Verdict.PASS),
            "rto_s": 41.5,
            "adherence": 100.0,
            "shown_score": 100.0,
            "fitness": 1.0,
            "gates": [],
            "findings": [],
            "deviations": [],
            "rpo": Rpo(),
            "digest": digest_of(name),
        }
        | update
    )


def inconclusive_case(**update: Any) -> CaseRecord:
    return passed_case(
        "slippage",
        **{
            "title": "Slippage above 25 bps",
            "verdict": Verdict.INCONCLUSIVE,
            "verdicts": Verdicts(runbook=Verdict.PASS, code=Verdict.INCONCLUSIVE, responder=None),
            "adherence": None,
            "shown_score": None,
            "fitness": None,
            "findings": [
                Finding(
                    id="fault-did-not-land",
                    severity="warning",
                    title="the fault did not land",
                    detail="No order was filled while slippage was raised.",
                )
            ],
        }
        | update,
    )


def run_of(*cases: CaseRecord, **update: Any) -> RunRecord:
    record = RunRecord.of_cases(
        cases,
        drill="q1",
        title="Kill switch fires with orders in flight",
        seed=7,
        runbook=RunbookRecord(
            file="drills/runbooks/kill-switch.md",
            procedure="kill-switch-triggered",
            title="Kill switch triggered",
            line=58,
            sha256=digest_of("runbook"),
        ),
        code=CodeRecord(spec="drills.reference.bot:build", sha256=digest_of("code")),
        responder="default",
        options={"horizon": "40m", "step_times": "default"},
        environment=Environment(
            firedrill="0.1.0",
            python="3.11.9",
            platform="Linux x86_64",
            packages={"numpy": "2.4.6", "simpy": "4.1.2"},
        ),
        replay="firedrill run q1 --seed 7 --responder default --code drills.reference.bot:build",
        started_at="2026-01-30T14:05:09+00:00",
        duration_s=3.2,
    )
    return record.model_copy(update=update)


def q1_run(**update: Any) -> RunRecord:
    return run_of(
        lead_case(),
        missed_case(),
        passed_case(),
        inconclusive_case(),
        passed_case("drawdown-20", title="Drawdown of 20 %"),
        **update,
    )


def passing_run(**update: Any) -> RunRecord:
    return run_of(passed_case(lead=True), passed_case("drawdown-20", title="Drawdown of 20 %"), **update)
