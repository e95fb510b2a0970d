"""What a rehearsal says about the text: pass, fail or inconclusive, and whose limit it was.

Fail when the firm is not restored in time by following the text, or when a step that the recovery hangs on
cannot be carried out as it is written. Inconclusive when we are the limit: the fault did not land, nobody was
called, or a command that matters is not known here.
"""

from __future__ import annotations

from drills.blame import Culprit, blames
from drills.measuring import Compared
from drills.rehearsal.rehearse import Rehearsed
from results.evidence import Verdict
from results.rehearsed import RehearsedCommand, RehearsedStep


def verdict_of(shown: Rehearsed) -> Verdict:
    """The verdict on the runbook alone."""
    measured = shown.measured
    if measured.unsettled or not measured.run.scenario.faults or not was_followed(shown):
        return Verdict.INCONCLUSIVE
    if impossible(shown) or broken_by_the_text(shown):
        return Verdict.FAIL
    if unknown_here(shown):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if measured.in_time else Verdict.FAIL


def was_followed(shown: Rehearsed) -> bool:
    """Whether anybody was called and opened the text."""
    return shown.measured.run.history.first("responder.started") is not None


def impossible(shown: Rehearsed) -> list[RehearsedStep]:
    """Steps that the recovery hangs on and that cannot be carried out as they are written.

    Critical ones always. One that was to change something also when the firm was restored no sooner than
    without any text, for then it was not the text that restored it; it is enough then that its commands went
    well and changed nothing.
    """
    unaided = not text_helped(shown)
    changing = {step.plan.id for step in shown.script.steps if step.changes and step.plan.weight > 0}

    def fails(step: RehearsedStep) -> bool:
        if unaided and step.id in changing:
            return _stuck(step) or (bool(step.broken_promises) and not any(map(_not_known, step.commands)))
        return step.critical and _stuck(step)

    return [step for step in shown.steps if fails(step) and not _replaced(step, shown)]


def broken_by_the_text(shown: Rehearsed) -> list[str]:
    """Rules that hold when nobody responds and are broken by following the text, such as approval before release."""
    return [blame.check.name for blame in blames(compared(shown)) if blame.culprit is Culprit.RUNBOOK]


def unknown_here(shown: Rehearsed) -> list[RehearsedCommand]:
    """Commands that may change something, which the simulated firm does not know, when that decides the outcome."""
    decisive = [step for step in shown.steps if step.critical or not shown.measured.in_time]
    return [command for step in decisive for command in step.commands if _not_known(command)]


def _not_known(command: RehearsedCommand) -> bool:
    """Whether we cannot tell what a command would have changed."""
    return command.outcome == "not_here" and command.effect != "read" and not command.own_process


def compared(shown: Rehearsed) -> Compared:
    """The rehearsal in the form that drills are judged in: the responder made no mistake, so only the text is left."""
    return Compared(shown.measured, shown.measured, shown.alone, shown.measured)


def text_helped(shown: Rehearsed) -> bool:
    """Whether the firm is restored, and sooner than with nobody responding."""
    with_text, alone = shown.measured.clock, shown.unaided
    if with_text.rto_us is None:
        return False
    return alone.rto_us is None or with_text.rto_us < alone.rto_us


def _stuck(step: RehearsedStep) -> bool:
    """Whether something that the step was to change could not be done as written, through no limit of ours."""
    if step.outcome == "not_executable":
        return not any(command.outcome == "not_here" for command in step.commands)
    return step.outcome == "failed" and any(hopeless(command) for command in step.commands)


def hopeless(command: RehearsedCommand) -> bool:
    """Whether what a command was to change cannot be changed by it, whatever we do not know."""
    if command.effect == "read":
        return False
    return command.outcome in ("failed", "not_executable") or (command.outcome == "not_here" and command.own_process)


def _replaced(step: RehearsedStep, shown: Rehearsed) -> bool:
    """Whether another option of the same choice was carried out in its place."""
    planned = shown.plan.step(step.id)
    if planned is None or planned.alternatives is None:
        return False
    others = {s.id for s in shown.plan.steps if s.alternatives == planned.alternatives and s.option != planned.option}
    return any(other.id in others and other.outcome == "done" for other in shown.steps)
