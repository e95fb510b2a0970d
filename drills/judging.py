"""From what was measured to what it means: three verdicts, the gates, the record of one case.

The three verdicts are kept apart: the *code* did what it claimed within the limits, the *runbook* followed to
the letter leads back to trading, the *responder* followed it. What each is read from is in `drills.measuring`.
"""

from __future__ import annotations

from collections.abc import Iterable

from drills.adherence import Adherence
from drills.blame import Blame, Culprit, blames
from drills.findings import findings
from drills.following import adherence_of, step_records
from drills.measuring import Compared, Measured
from drills.plan import Plan
from drills.rto import RtoClock
from drills.storyline import series, spans, timeline
from results.evidence import CheckRecord, ClockRecord, DeviationRecord, Gate, Verdict, Verdicts
from results.record import CaseRecord
from sim.checkers.base import CheckResult, Evidence
from sim.clock import SECOND, format_us

PASS_MARK = 85.0


def judge(
    compared: Compared, plan: Plan | None, *, responder: str, lead: bool, pass_mark: float = PASS_MARK
) -> CaseRecord:
    """The record of one case."""
    measured, run = compared.measured, compared.measured.run
    called = responder != "none" and run.history.first("responder.started") is not None
    # Late although the same code and text are in time when nobody errs or dawdles: that is the person's.
    slow = called and not measured.in_time and compared.ideal.in_time
    followed = _follow(measured, plan, slow) if called and plan is not None else None
    wrong = tuple(blames(compared))
    runbook = Verdict.worst(_runbook_verdict(compared.literal, plan), _blamed(wrong, Culprit.RUNBOOK))
    person = None
    if followed is not None:
        person = Verdict.PASS if followed.passed(pass_mark) else Verdict.FAIL
        person = Verdict.worst(person, _blamed(wrong, Culprit.RESPONDER))
    code = Verdict.worst(_code_verdict(compared, runbook), _blamed(wrong, Culprit.CODE))
    if measured.unsettled:
        code = Verdict.worst(Verdict.INCONCLUSIVE, code)
    clock = measured.clock
    return CaseRecord(
        name=run.scenario.name, title=run.scenario.title, lead=lead, verdict=Verdict.worst(runbook, code, person),
        verdicts=Verdicts(runbook=runbook, code=code, responder=person),
        rto_s=_s(clock.rto_us), rto_objective_s=measured.objective_us / SECOND,
        rto_from_fault_s=_s(clock.rto_from_fault_us), rto_from_alert_s=_s(clock.rto_from_alert_us),
        split=_split(clock), clock=_clock(clock), rpo=measured.rpo,
        adherence=None if followed is None else followed.score,
        shown_score=None if followed is None else followed.shown_score,
        fitness=None if followed is None else followed.fitness,
        gates=_gates(compared, followed, wrong), findings=list(findings(compared, wrong, plan, called)),
        deviations=[] if followed is None else _deviations(followed), checks=_checks(compared, wrong),
        steps=[] if plan is None or not called else step_records(plan, run.history, measured.moments.detected_us),
        timeline=timeline(run.history, run.zero_us), spans=spans(run.history), series=series(run.history),
        faults=[fault.describe() for fault in run.scenario.faults], digest=run.history.digest(),
        history_events=len(run.history), severity=None if plan is None else plan.severity,
        epoch=run.epoch.isoformat(), zone=run.zone,
    )  # fmt: skip


# Verdicts.


def _follow(measured: Measured, plan: Plan, slow: bool) -> Adherence:
    detected_us = measured.moments.detected_us
    if detected_us is None:
        detected_us = measured.run.zero_us
    return adherence_of(plan, measured.run.history, detected_us, (), measured.missed if slow else None)


def _blamed(wrong: Iterable[Blame], culprit: Culprit) -> Verdict:
    return Verdict.FAIL if any(blame.culprit is culprit for blame in wrong) else Verdict.PASS


def _runbook_verdict(literal: Measured, plan: Plan | None) -> Verdict:
    """Pass when the text, followed to the letter beside code that works, leads back to trading in time."""
    if literal.unsettled:
        return Verdict.INCONCLUSIVE
    if not literal.run.scenario.faults or plan is None:
        return Verdict.PASS
    needed = [s for s in plan.steps if s.critical and s.chosen and not s.executable]
    return Verdict.PASS if literal.in_time and not needed else Verdict.FAIL


def _code_verdict(compared: Compared, runbook: Verdict) -> Verdict:
    """Beside its failed checks: those that could not be made, and a missed objective that is nobody else's."""
    if compared.needs_a_person:
        return Verdict.PASS  # it did what code can do; what stays open at the end is not its to close
    # What the good bot loses as well, under a text that leads nowhere, is the text's.
    lost = compared.ideal.rpo_missed and not (runbook is Verdict.FAIL and compared.literal.rpo_missed)
    if (runbook is Verdict.PASS and not compared.ideal.in_time) or lost:
        return Verdict.FAIL
    unmade = any(check.verdict == "inconclusive" for check in compared.measured.checks)
    return Verdict.INCONCLUSIVE if unmade else Verdict.PASS


def _gates(compared: Compared, followed: Adherence | None, wrong: Iterable[Blame]) -> list[Gate]:
    measured = compared.measured
    hits = () if followed is None else followed.gates
    gates = [Gate(id=hit.kind, text=hit.text, runbook_line=hit.line or None) for hit in hits]
    late = not measured.in_time and not compared.needs_a_person
    if late and all(gate.id != "rto_missed" for gate in gates):
        gates.append(Gate(id="rto_missed", text=measured.missed))
    if measured.rpo_missed and not compared.needs_a_person:
        gates.append(Gate(id="rpo_missed", text=measured.lost))
    return gates + [Gate(id=check.name, text=_headline(check)) for check, _, _ in wrong]


def _headline(check: CheckResult) -> str:
    """The gravest thing that a failed check found."""
    return next((e.title for e in check.evidence if e.severity == "critical"), check.name)


# The parts of the record.


def _deviations(followed: Adherence) -> list[DeviationRecord]:
    return [
        DeviationRecord(points=d.points, step=d.step, line=d.line or None, kind=d.kind, text=d.text)
        for d in followed.ledger
    ]


def _checks(compared: Compared, wrong: Iterable[Blame]) -> list[CheckRecord]:
    """Every check as attended, then those that fail only when nobody responds."""
    named = [(check.name, check) for check in compared.measured.checks]
    named += [(f"{blame.check.name} (code alone)", blame.check) for blame in wrong if blame.unattended]
    return [
        CheckRecord(name=name, verdict=Verdict(check.verdict), evidence=[*map(_evidence, check.evidence[:10])])
        if check.verdict != "inconclusive"
        else CheckRecord(name=name, verdict=Verdict.INCONCLUSIVE, evidence=[check.reason])
        for name, check in named
    ]


def _evidence(evidence: Evidence) -> str:
    return f"{format_us(evidence.t_us)}: {evidence.title}" + (f" ({evidence.detail})" if evidence.detail else "")


def _clock(clock: RtoClock) -> ClockRecord:
    return ClockRecord(**{f"t{n}": _s(getattr(clock, f"t{n}_us")) for n in range(9)})


def _split(clock: RtoClock) -> dict[str, float | None]:
    phases = ("detect", "acknowledge", "mitigate", "contain", "repair", "verify")
    return {name: _s(getattr(clock.split, f"{name}_us")) for name in phases}


def _s(t_us: int | None) -> float | None:
    return None if t_us is None else t_us / SECOND
