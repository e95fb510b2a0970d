"""A rehearsal as a record: the same form as every run, so that it is stored, shown, reported and replayed alike."""

from __future__ import annotations

from drills.blame import Culprit, blames
from drills.judging import judge
from drills.rehearsal.findings import rehearsal_findings
from drills.rehearsal.rehearse import Rehearsed
from drills.rehearsal.still_broken import still_broken
from drills.rehearsal.verdict import compared, impossible, text_helped, verdict_of
from results.evidence import Finding, Gate, Verdict, Verdicts
from results.record import CaseRecord
from results.rehearsed import Rehearsal, RehearsedStep
from sim.clock import format_us
from sim.history import History

_TOLD_BETTER = frozenset(
    {"step-not-bound", "step-not-executable", "runbook-does-not-recover", "rto-missed", "procedure-assumed"}
)
"""What a drill says about its text from the plan alone; here it has been tried."""


def case_record(shown: Rehearsed) -> CaseRecord:
    """The record of the rehearsal's one case; its verdict is the runbook's, the code's is told beside it."""
    verdict = verdict_of(shown)
    both = compared(shown)
    record = judge(both, shown.plan, responder="perfect", lead=True)
    code = Verdict.FAIL if any(b.culprit is Culprit.CODE for b in blames(both)) else Verdict.PASS
    if shown.measured.unsettled:
        code = Verdict.INCONCLUSIVE
    return record.model_copy(
        update={
            "verdict": verdict, "verdicts": Verdicts(runbook=verdict, code=code, responder=None),
            "adherence": None, "shown_score": None, "fitness": None, "deviations": [], "steps": [],
            "gates": _gates(shown), "findings": _findings(shown, record), "rehearsal": rehearsal_of(shown),
        }
    )  # fmt: skip


def _findings(shown: Rehearsed, record: CaseRecord) -> list[Finding]:
    return [*rehearsal_findings(shown), *(f for f in record.findings if f.id not in _TOLD_BETTER)]


def _gates(shown: Rehearsed) -> list[Gate]:
    """What the verdict rests on."""
    gates = [
        Gate(id="step-not-executable", text=f"{step.title}: {_why(step)}", runbook_line=step.line)
        for step in impossible(shown)
    ]
    if not shown.measured.in_time and shown.measured.run.scenario.faults:
        gates.append(Gate(id="rto_missed", text=shown.measured.missed))
    return gates


def _why(step: RehearsedStep) -> str:
    return step.why or "; ".join(promise.partition(": ")[2] for promise in step.broken_promises)


def rehearsal_of(shown: Rehearsed) -> Rehearsal:
    """The step-by-step part of the record."""
    history = shown.measured.run.history
    return Rehearsal(
        steps=list(shown.steps), assumptions=_assumptions(shown, history), options=list(_options(history)),
        still_broken=still_broken(shown.measured), unaided=_unaided(shown),
        helped=text_helped(shown), without_code=_without_code(shown),
        severity=shown.plan.severity,
    )  # fmt: skip


def _assumptions(shown: Rehearsed, history: History) -> list[str]:
    said = [] if shown.plan.note is None else [shown.plan.note]
    for event in history.of("responder.assumed"):
        text = event.data["text"]
        placed = not event.data["line"] or text.startswith("line ")
        said.append(text if placed else f"line {event.data['line']}: {text}")
    return list(dict.fromkeys(said))


def _options(history: History) -> list[str]:
    tried = history.of("responder.option")
    return [
        f"line {event.data['line']}: option {event.subject or '?'} of {event.data['title']!r} "
        + ("was taken" if event.data["taken"] else "could not be carried out")
        for event in tried
    ]


def _unaided(shown: Rehearsed) -> str:
    """What becomes of the firm when nobody does anything."""
    clock = shown.unaided
    if clock.t1_us is None:
        return "With nobody responding, nothing breaks."
    if clock.rto_us is None:
        return "With nobody responding, the firm is not restored."
    return f"With nobody responding, the code restores the firm after {format_us(clock.rto_us)}."


def _without_code(shown: Rehearsed) -> str:
    """What the text brings about on its own."""
    clock = shown.bare.clock
    if clock.t1_us is None:
        return "Without code beside the text, nothing breaks."
    if clock.rto_us is not None:
        return f"Without code beside it, the text restores the firm after {format_us(clock.rto_us)}."
    broken = "; ".join(still_broken(shown.bare)) or "it broke again before the end"
    return f"Without code beside it, the text does not restore the firm: {broken}."
