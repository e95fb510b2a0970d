"""From what was recorded to what it means: three verdicts, the RTO clock, the findings of one case.

Only the History is read (and the plan and scenario that the run was made from). The three verdicts are kept
apart: the *code* did what it claimed within the limits, the *runbook* followed to the letter leads back to
trading, the *responder* followed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from drills.adherence import Adherence
from drills.case_run import CaseRun
from drills.following import adherence_of, step_records
from drills.plan import Plan
from drills.rpo import measure_rpo
from drills.rto import Predicate, RtoClock, measure, response, window_us
from drills.steady import unsteady
from drills.storyline import series, spans, timeline
from results.evidence import (
    CheckRecord,
    ClockRecord,
    DeviationRecord,
    Finding,
    Gate,
    Rpo,
    Verdict,
    Verdicts,
)
from results.record import CaseRecord
from scenarios.nemesis import landed
from scenarios.scenario import Scenario
from sim.checkers.base import CheckResult
from sim.checkers.suite import run_checks
from sim.clock import SECOND, format_us
from sim.config import LIMITS
from sim.demands import Demands
from sim.moments import Moments, moments
from sim.predicates import recovery

PASS_MARK = 85.0


@dataclass(frozen=True)
class Measured:
    """What was read off one run, before anybody is praised or blamed."""

    run: CaseRun
    demands: Demands
    clock: RtoClock
    moments: Moments
    checks: tuple[CheckResult, ...]
    unsettled: tuple[str, ...]
    """Why the run cannot be judged; empty when it can."""
    rpo: Rpo

    @property
    def objective_us(self) -> int:
        """The recovery time objective."""
        return self.run.scenario.objectives.rto_us

    @property
    def in_time(self) -> bool:
        """Whether trading was restored within the objective."""
        rto_us = self.clock.rto_us
        return rto_us is not None and rto_us <= self.objective_us


def demands_of(run: CaseRun, automation_only: bool) -> Demands:
    """The scenario's expectations in the words of the checkers."""
    scenario = run.scenario
    expect, objectives = scenario.expect, scenario.objectives
    return Demands(
        zero_us=run.zero_us, horizon_us=run.end_us, halt=expect.halt.value, flatten=expect.flatten.value,
        alarm=expect.alarm.value, halt_release=expect.halt_release, resume=expect.resume,
        may_trade_during=expect.may_trade_during, detect_us=objectives.detect_us, contain_us=objectives.contain_us,
        limits={**LIMITS, **scenario.world.limits}, automation_only=automation_only, sessions=run.sessions,
        day_start_equity=scenario.world.equity_usd,
        peak_equity=scenario.world.equity_usd / (1 - scenario.world.start_drawdown_pct / 100),
        monitoring=any(fault.component == "monitoring" for fault in scenario.faults),
    )  # fmt: skip


def measure_run(run: CaseRun, plan: Plan | None, automation_only: bool) -> Measured:
    """Read predicates, clock, checks and losses off `run`."""
    demands = demands_of(run, automation_only)
    broken = recovery(run.history, demands)
    predicates = [Predicate(each.name, each.bad) for each in broken]
    seen = moments(run.history, demands, broken)
    stated = None if plan is None or plan.window_s is None else round(plan.window_s * SECOND)
    closed = run.history.first("responder.closed")
    clock = _until_the_last(
        predicates, t0_us=run.zero_us if seen.t0_us is None else seen.t0_us, detected_us=seen.detected_us,
        acknowledged_us=seen.acknowledged_us, mitigated_us=seen.mitigated_us, contained_us=seen.contained_us,
        closed_us=None if closed is None else closed.t_us, horizon_us=run.end_us,
        window_us=window_us(run.scrape_us, stated), healed_us=seen.healed_us,
    )  # fmt: skip
    unsettled = tuple(
        f"{fault} never landed" for fault, proof in landed(run.history).items() if proof is None
    ) + tuple(unsteady(run.history, run.scenario, _everything(run, demands), run.zero_us))
    # What filled in the last seconds of the run is on its way, not lost.
    until_us = run.end_us - demands.settle_us if clock.t6_us is None else clock.t6_us
    rpo = measure_rpo(run.history, run.zero_us if clock.t1_us is None else clock.t1_us, until_us, run.bars_lost)
    return Measured(run, demands, clock, seen, run_checks(run.history, demands), unsettled, rpo)


def _until_the_last(predicates: list[Predicate], **instants: Any) -> RtoClock:
    """The clock of the whole incident: a firm that breaks again before the run is over was not restored yet.

    A drill strikes several times; calm between two blows is no recovery from the second.
    """
    clock = measure(predicates, **instants)
    while clock.broken_again_us is not None and clock.t1_us is not None:
        still = Predicate("incident", ((clock.t1_us, clock.broken_again_us),))
        clock = measure([*predicates, still], **instants)
    return replace(clock, broken=tuple(name for name in clock.broken if name != "incident"))


def _everything(run: CaseRun, demands: Demands) -> list[Predicate]:
    """The predicates from the start of the run on, for the steady state."""
    whole = recovery(run.history, replace(demands, zero_us=0, halt="either", flatten="either", alarm="either"))
    return [Predicate(each.name, each.bad) for each in whole if each.name not in ("trading", "monitoring")]


@dataclass(frozen=True)
class Compared:
    """One case, run in up to four ways on one seed; where two ways are one, the object is the same."""

    measured: Measured
    """As asked: the user's code, the chosen responder."""
    literal: Measured
    """The reference bot, and the text followed without a mistake: what the runbook is judged by."""
    alone: Measured
    """The user's code with nobody responding."""
    ideal: Measured
    """The user's code, and the text followed without a mistake: whose fault a missed objective is."""


def judge(
    compared: Compared, plan: Plan | None, *, responder: str, lead: bool, pass_mark: float = PASS_MARK
) -> CaseRecord:
    """The record of one case."""
    measured, literal, alone = compared.measured, compared.literal, compared.alone
    run = measured.run
    called = responder != "none" and run.history.first("responder.started") is not None
    # Late although the same code and text are in time when nobody errs or dawdles: that is the person's.
    slow = called and not measured.in_time and compared.ideal.in_time
    followed = _follow(measured, plan, slow) if called and plan is not None else None
    runbook = _runbook_verdict(literal, plan)
    person = None if followed is None else Verdict.PASS if followed.passed(pass_mark) else Verdict.FAIL
    code = _code_verdict(compared, runbook, responder)
    if measured.unsettled:
        code = Verdict.worst(Verdict.INCONCLUSIVE, code)
    verdict = Verdict.worst(runbook, code, person)
    findings = list(_findings(compared, plan, runbook, called, responder))
    return CaseRecord(
        name=run.scenario.name, title=run.scenario.title, lead=lead, verdict=verdict,
        verdicts=Verdicts(runbook=runbook, code=code, responder=person),
        rto_s=_s(measured.clock.rto_us), rto_objective_s=measured.objective_us / SECOND,
        rto_from_fault_s=_s(measured.clock.rto_from_fault_us), rto_from_alert_s=_s(measured.clock.rto_from_alert_us),
        split=_split(measured.clock), clock=_clock(measured.clock), rpo=measured.rpo,
        adherence=None if followed is None else followed.score,
        shown_score=None if followed is None else followed.shown_score,
        fitness=None if followed is None else followed.fitness,
        gates=_gates(compared, followed, responder),
        findings=findings,
        deviations=[] if followed is None else [
            DeviationRecord(points=d.points, step=d.step, line=d.line or None, kind=d.kind, text=d.text)
            for d in followed.ledger
        ],
        checks=[
            CheckRecord(
                name=f"{c.name} (code alone)" if unattended else c.name, verdict=Verdict(c.verdict),
                evidence=[_evidence(e) for e in c.evidence[:10]],
            )
            for c, unattended in [*((c, False) for c in measured.checks), *(p for p in _failed(measured, alone) if p[1])]
        ],  # fmt: skip
        steps=[] if plan is None or not called else step_records(plan, run.history, measured.moments.detected_us),
        timeline=timeline(run.history, run.zero_us), spans=spans(run.history), series=series(run.history),
        faults=[fault.describe() for fault in run.scenario.faults], digest=run.history.digest(),
        history_events=len(run.history), severity=None if plan is None else plan.severity,
        epoch=run.epoch.isoformat(), zone=run.zone,
    )  # fmt: skip


def _follow(measured: Measured, plan: Plan, slow: bool) -> Adherence:
    detected_us = measured.moments.detected_us
    if detected_us is None:
        detected_us = measured.run.zero_us
    forbidden = [
        (evidence.t_us, evidence.title)
        for check in measured.checks if check.name == "no-order-after-halt" for evidence in check.evidence[:5]
    ]  # fmt: skip
    return adherence_of(plan, measured.run.history, detected_us, forbidden, _missed(measured) if slow else None)


def _runbook_verdict(literal: Measured, plan: Plan | None) -> Verdict:
    """Pass when the text, followed to the letter beside code that works, leads back to trading in time."""
    if literal.unsettled:
        return Verdict.INCONCLUSIVE
    if not literal.run.scenario.faults or plan is None:
        return Verdict.PASS
    needed = [s for s in plan.steps if s.critical and not s.executable]
    return Verdict.PASS if literal.in_time and not needed else Verdict.FAIL


def _code_verdict(compared: Compared, runbook: Verdict, responder: str) -> Verdict:
    """The worst check, attended or alone; and a missed objective that neither text nor person explains."""
    checks = [Verdict(check.verdict) for check in compared.measured.checks]
    if Verdict.FAIL in checks or any(check.verdict == "fail" for check in compared.alone.checks):
        return Verdict.FAIL
    if _needs_a_person(compared, responder):
        return Verdict.PASS  # it did what code can do; what stays open at the end is not its to close
    late = runbook is Verdict.PASS and not compared.ideal.in_time
    return Verdict.FAIL if late or _rpo_missed(compared.ideal) else Verdict.worst(*checks)


def _rpo_missed(measured: Measured) -> bool:
    """Whether more orders, fills or positions were lost or doubled than the objective allows."""
    rpo = measured.rpo
    count = rpo.orders_lost + rpo.orders_duplicated + rpo.fills_unaccounted
    return count > measured.run.scenario.objectives.rpo_count


def _needs_a_person(compared: Compared, responder: str) -> bool:
    """Nobody responded, and with somebody who follows the text the firm is restored in time."""
    return responder == "none" and not compared.measured.in_time and compared.literal.in_time


def _failed(measured: Measured, alone: Measured) -> Iterator[tuple[CheckResult, bool]]:
    """Checks that did not pass, each with whether it did so only when nobody responded."""
    seen = set()
    for check in measured.checks:
        if check.verdict != "pass":
            seen.add(check.name)
            yield check, False
    for check in () if alone is measured else alone.checks:
        # Alone, what needs a person stays open, and then a check may have nothing to look at.
        if check.verdict == "fail" and check.name not in seen:
            yield check, True


def _gates(compared: Compared, followed: Adherence | None, responder: str) -> list[Gate]:
    measured, alone = compared.measured, compared.alone
    gates = [] if followed is None else [Gate(id=g.kind, text=g.text, runbook_line=g.line or None) for g in followed.gates]
    late = not measured.in_time and not _needs_a_person(compared, responder)
    if late and all(gate.id != "rto_missed" for gate in gates):
        gates.append(Gate(id="rto_missed", text=_missed(measured)))
    if _rpo_missed(measured) and not _needs_a_person(compared, responder):
        gates.append(Gate(id="rpo_missed", text=_lost(measured)))
    gates += [
        Gate(id=check.name, text=check.evidence[0].title if check.evidence else check.name)
        for check, _ in _failed(measured, alone)
        if check.verdict == "fail"
    ]
    return gates


def _missed(measured: Measured) -> str:
    took = measured.clock.rto_us
    limit = format_us(measured.objective_us)
    return f"not restored by the end of the run, objective {limit}" if took is None else (
        f"restored after {format_us(took)}, objective {limit}"
    )  # fmt: skip


def _findings(
    compared: Compared, plan: Plan | None, runbook: Verdict, called: bool, responder: str
) -> Iterator[Finding]:
    measured, literal, alone = compared.measured, compared.literal, compared.alone
    for reason in measured.unsettled:
        yield Finding(id="not-judged", severity="warning", title=reason, detail="The run cannot be judged.")
    for check, unattended in _failed(measured, alone):
        for evidence in check.evidence:
            yield Finding(
                id=check.name.replace("_", "-"), severity=evidence.severity, title=evidence.title,
                detail=f"With nobody responding: {evidence.detail}" if unattended else evidence.detail,
                at_s=evidence.t_us / SECOND, claim=evidence.claim, truth=evidence.truth,
                source=evidence.source, checker=check.name,
            )  # fmt: skip
    if not measured.in_time:
        broken = ", ".join(measured.clock.broken) or "nothing that was watched"
        yield Finding(
            id="rto-missed", severity="info" if _needs_a_person(compared, responder) else "critical",
            title=f"{_missed(measured)}; it takes a person" if _needs_a_person(compared, responder) else _missed(measured),
            detail=f"Not restored: {broken}." if measured.clock.rto_us is None else f"Broken meanwhile: {broken}.",
        )  # fmt: skip
    if plan is not None:
        yield from _about_text(plan, literal, measured.run.scenario, runbook)
    if plan is not None and called:
        yield from _about_response(measured, plan)
    if _rpo_missed(measured):
        yield Finding(
            id="rpo-missed", severity="info" if _needs_a_person(compared, responder) else "critical",
            title=_lost(measured),
            detail=f"Notional {measured.rpo.notional:,.0f} USD; "
            f"the objective allows {measured.run.scenario.objectives.rpo_count}.",
        )  # fmt: skip


def _lost(measured: Measured) -> str:
    rpo = measured.rpo
    return f"{rpo.orders_lost} orders lost, {rpo.fills_unaccounted} fills unaccounted for"


def _about_text(plan: Plan, literal: Measured, scenario: Scenario, runbook: Verdict) -> Iterator[Finding]:
    """What following the text to the letter showed."""
    if plan.note is not None:
        yield Finding(id="procedure-assumed", severity="info", title="the runbook does not name this incident", detail=plan.note)
    for step in plan.steps:
        if not step.actions and step.kind != "info":
            yield Finding(
                id="step-not-bound", severity="info", title=f"step not bound, not counted: {step.title}",
                detail=step.why, runbook_line=step.line,
            )  # fmt: skip
        elif not step.executable:
            yield Finding(
                id="step-not-executable", severity="critical" if step.critical else "warning",
                title=f"step cannot be carried out: {step.title}", detail=step.why, runbook_line=step.line,
            )  # fmt: skip
    if runbook is Verdict.FAIL and not literal.in_time and scenario.faults:
        yield Finding(
            id="runbook-does-not-recover", severity="critical", title="followed to the letter, it does not lead to recovery",
            detail=f"{_missed(literal)}; still broken: {', '.join(literal.clock.broken)}.", runbook_line=plan.line,
        )  # fmt: skip


def _about_response(measured: Measured, plan: Plan) -> Iterator[Finding]:
    """The severity table's response time is checked on its own; it is not the RTO."""
    if plan.response_s is not None:
        limit_us = round(plan.response_s * SECOND)
        answer = response(measured.clock, limit_us, "acknowledged")
        if answer.met is False:
            yield Finding(
                id="response-time", severity="warning",
                title=f"acknowledged after {format_us(answer.taken_us)}, {plan.severity} asks for {format_us(limit_us)}",
                detail="From the alert to the acknowledgement, as the severity table has it.",
            )  # fmt: skip


def _evidence(evidence: object) -> str:
    at = format_us(getattr(evidence, "t_us", 0))
    detail = getattr(evidence, "detail", "")
    return f"{at}: {getattr(evidence, 'title', '')}" + (f" ({detail})" if detail else "")


def _clock(clock: RtoClock) -> ClockRecord:
    return ClockRecord(**{f"t{n}": _s(getattr(clock, f"t{n}_us")) for n in range(9)})


def _split(clock: RtoClock) -> dict[str, float | None]:
    split = clock.split
    return {name: _s(getattr(split, f"{name}_us")) for name in ("detect", "acknowledge", "mitigate", "contain", "repair", "verify")}


def _s(t_us: int | None) -> float | None:
    return None if t_us is None else t_us / SECOND
