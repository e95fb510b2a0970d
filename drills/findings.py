"""What a case showed, one finding for each thing that somebody should mend: the code, the text, the response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drills.blame import Blame, Culprit
from drills.measuring import Compared, Measured
from drills.plan import Plan
from drills.rto import response
from results.evidence import Finding
from sim.checkers.base import CheckResult
from sim.clock import SECOND, format_us


def findings(compared: Compared, wrong: Iterable[Blame], plan: Plan | None, called: bool) -> Iterator[Finding]:
    """Everything there is to say about one case; `called` tells whether somebody responded."""
    measured = compared.measured
    for reason in measured.unsettled:
        yield Finding(id="not-judged", severity="warning", title=reason, detail="The run cannot be judged.")
    yield from _about_checks(compared, wrong)
    yield from _about_recovery(compared)
    if plan is not None:
        yield from _about_text(plan, compared.literal)
    if plan is not None and called:
        yield from _about_response(measured, plan)
    yield from _about_losses(compared)


def _about_checks(compared: Compared, wrong: Iterable[Blame]) -> Iterator[Finding]:
    for check in compared.measured.checks:
        if check.verdict == "inconclusive":
            title = f"{check.name}: could not be told"
            yield Finding(id=check.name, severity="warning", title=title, detail=check.reason)
        elif check.verdict == "pass":  # worth knowing, and no failure
            yield from (finding for finding in _told(check, "") if finding.severity == "warning")
    for check, culprit, unattended in wrong:
        if unattended:
            yield from _told(check, "With nobody responding: ")
        elif culprit is Culprit.RUNBOOK:
            yield from _told(check, "So it goes when the text is followed: ")
        else:
            yield from _told(check, "The on-call brought it about: " if culprit is Culprit.RESPONDER else "")


def _told(check: CheckResult, whose: str) -> Iterator[Finding]:
    for evidence in check.evidence:
        yield Finding(
            id=check.name, severity=evidence.severity, title=evidence.title, detail=f"{whose}{evidence.detail}",
            at_s=evidence.t_us / SECOND, claim=evidence.claim, truth=evidence.truth,
            source=evidence.source, checker=check.name,
        )  # fmt: skip


def _about_recovery(compared: Compared) -> Iterator[Finding]:
    measured, alone = compared.measured, compared.needs_a_person
    if not measured.in_time:
        clock = measured.clock
        names = clock.broken_at_end if clock.censored else clock.broken
        broken = ", ".join(names).replace("_", " ") or "nothing that was watched"
        yield Finding(
            id="rto-missed", severity="info" if alone else "critical",
            title=f"{measured.missed}; it takes a person" if alone else measured.missed,
            detail=f"Not restored: {broken}." if clock.censored else f"Broken meanwhile: {broken}.",
        )  # fmt: skip


def _about_losses(compared: Compared) -> Iterator[Finding]:
    measured = compared.measured
    if measured.rpo_missed:
        allowed = measured.run.scenario.objectives.rpo_count
        yield Finding(
            id="rpo-missed", severity="info" if compared.needs_a_person else "critical", title=measured.lost,
            detail=f"Notional {measured.rpo.notional:,.0f} USD; the objective allows {allowed}.",
        )  # fmt: skip


def _about_text(plan: Plan, literal: Measured) -> Iterator[Finding]:
    """What following the text to the letter showed."""
    if plan.note is not None:
        title = "the runbook does not name this incident"
        yield Finding(id="procedure-assumed", severity="info", title=title, detail=plan.note)
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
    if not literal.unsettled and not literal.in_time and literal.run.scenario.faults:
        left = literal.clock.broken_at_end if literal.clock.censored else literal.clock.broken
        yield Finding(
            id="runbook-does-not-recover", severity="critical",
            title="followed to the letter, it does not lead to recovery",
            detail=f"{literal.missed}; {'still broken' if literal.clock.censored else 'broken meanwhile'}: "
            f"{', '.join(left).replace('_', ' ')}.", runbook_line=plan.line,
        )  # fmt: skip


def _about_response(measured: Measured, plan: Plan) -> Iterator[Finding]:
    """The severity table's response time is checked on its own; it is not the RTO."""
    if plan.response_s is None:
        return
    limit_us = round(plan.response_s * SECOND)
    answer = response(measured.clock, limit_us, "acknowledged")
    if answer.met is False:
        when = "never acknowledged"
        if answer.taken_us is not None:
            when = f"acknowledged after {format_us(answer.taken_us)}"
        yield Finding(
            id="response-time", severity="warning", title=f"{when}, {plan.severity} asks for {format_us(limit_us)}",
            detail="From the alert to the acknowledgement, as the severity table has it.",
        )  # fmt: skip
