"""What a rehearsal found, one finding for each line of the text that somebody should mend.

RB301 and RB302 are the two lint rules that only a simulation can tell: a step that is impossible in the state
left by the step before, and a recovery that the text never reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from drills.rehearsal.promises import WITHOUT
from drills.rehearsal.rehearse import Rehearsed
from drills.rehearsal.reordering import Earlier
from drills.rehearsal.script import ScriptStep, Type
from drills.rehearsal.still_broken import RESTORED_BY, broken_predicates, still_broken
from drills.rehearsal.verdict import hopeless, impossible, was_followed
from results.evidence import Finding
from results.rehearsed import RehearsedCommand, RehearsedStep
from sim.clock import SECOND, format_us

IMPOSSIBLE_AFTER, NEVER_RECOVERS = "RB301", "RB302"
_CALL_THE_SYSTEM = "Call the running system, or keep the state where both processes read it"
_SHOWN = 72
Severity = Literal["critical", "warning", "info"]


def rehearsal_findings(shown: Rehearsed) -> list[Finding]:
    """Everything that following the text to the letter showed, in the order of the text."""
    decisive = {step.id for step in impossible(shown)} if was_followed(shown) else set()
    scripted = {step.plan.id: step for step in shown.script.steps}
    found = list(_unreached(shown))
    for step in shown.steps:
        found += _about_step(step, scripted[step.id], shown, step.id in decisive)
    found += _about_recovery(shown)
    return found


def _about_step(step: RehearsedStep, script: ScriptStep, shown: Rehearsed, decisive: bool) -> Iterator[Finding]:
    earlier = {each.line: each for each in shown.earlier}
    for command in step.commands:
        if command.outcome == "failed" and command.line in earlier:
            yield _defeated(command, earlier[command.line], script, shown)
        elif command.outcome == "failed":
            yield _failed(command, script, shown, decisive or step.critical)
        elif command.outcome == "not_executable":
            yield _untypable(command, script, shown, decisive or step.critical)
        elif command.outcome == "not_here" and hopeless(command):
            yield _in_vain(command, script, shown)
        elif command.outcome == "not_here":
            yield _unknown(command)
    if step.outcome == "not_executable" and not step.commands:
        yield Finding(
            id="step-not-executable", severity=_severity(decisive or step.critical),
            title=f"cannot be carried out: {step.title}", at_s=step.started_s, runbook_line=step.line,
            detail=_sentences(step.why, _so(None, script, shown), "Say in the text what is to be typed or done."),
        )  # fmt: skip
    if not any(c.outcome in ("failed", "not_executable", "not_here") and c.effect != "read" for c in step.commands):
        yield from _without_effect(step, script, shown)


def _defeated(command: RehearsedCommand, earlier: Earlier, script: ScriptStep, shown: Rehearsed) -> Finding:
    """RB301: impossible in the state left by what was typed before."""
    mended = f"Type line {command.line} before line {earlier.before_line}: there it works"
    if earlier.restored_us is not None and not shown.measured.in_time:
        mended += f", and the firm is restored after {format_us(earlier.restored_us)}"
    return Finding(
        id=IMPOSSIBLE_AFTER, severity="critical", at_s=command.started_s, runbook_line=command.line,
        title=f"line {command.line} cannot work after line {earlier.before_line}",
        detail=_sentences(
            f"{_quoted(command)} {_ended(command)}", f"Line {earlier.before_line} ({_short(earlier.before_text)}) took "
            "away what it needs", _so(command, script, shown), mended,
        ),
    )  # fmt: skip


def _failed(command: RehearsedCommand, script: ScriptStep, shown: Rehearsed, decisive: bool) -> Finding:
    looks = command.effect == "read"
    return Finding(
        id="command-failed", severity="info" if looks else _severity(decisive),
        at_s=command.started_s, runbook_line=command.line,
        title=f"fails: {_short(command.typed or command.text)}",
        detail=_sentences(
            _ended(command), "It tells nothing then" if looks else _so(command, script, shown), _mend(command)
        ),
    )  # fmt: skip


def _untypable(command: RehearsedCommand, script: ScriptStep, shown: Rehearsed, decisive: bool) -> Finding:
    mend = "Write the command down" if "TODO" in command.why else "Say in the text where the value comes from"
    return Finding(
        id="step-not-executable", severity=_severity(decisive), runbook_line=command.line,
        title=f"cannot be carried out: {_short(command.text)}",
        detail=_sentences(command.why, _so(command, script, shown), mend),
    )  # fmt: skip


def _in_vain(command: RehearsedCommand, script: ScriptStep, shown: Rehearsed) -> Finding:
    """A change that stays in the process which makes it, whatever the class does that we have not been given."""
    return Finding(
        id="step-without-effect", severity="critical", at_s=command.started_s, runbook_line=command.line,
        title=f"builds a new object in another process: {_short(command.text)}",
        detail=_sentences(*command.noticed, _so(command, script, shown), _CALL_THE_SYSTEM, command.why),
    )  # fmt: skip


def _unknown(command: RehearsedCommand) -> Finding:
    return Finding(
        id="not-executable-here", severity="info" if command.effect == "read" else "warning",
        at_s=command.started_s, runbook_line=command.line,
        title=f"cannot be executed here: {_short(command.text)}",
        detail=_sentences(command.why, "What it would have done is not known, so nothing was assumed"),
    )  # fmt: skip


def _without_effect(step: RehearsedStep, script: ScriptStep, shown: Rehearsed) -> Iterator[Finding]:
    """Every command went well, and what the step is for has not come about."""
    for broken in step.broken_promises:
        action, _, truth = broken.partition(": ")
        acting = [c for c in step.commands if c.outcome == "ok" and c.effect != "read"] or step.commands
        said = next((line for command in reversed(acting) for line in command.printed), "")
        claim = f"exit code 0{f', {said!r}' if said else ''}"
        yield Finding(
            id="step-without-effect", severity="warning" if shown.measured.in_time else "critical", at_s=step.done_s,
            runbook_line=acting[-1].line if acting else step.line, title=f"reported done, {truth}", claim=claim,
            truth=truth, detail=_sentences(
                f"{step.title!r} ran without an error and did not bring about what it is for",
                _other_process(acting), f"So {WITHOUT[action]}" if action in WITHOUT else "",
            ),
        )  # fmt: skip


def _other_process(acting: list[RehearsedCommand]) -> str:
    """Why a command of one process leaves another as it is."""
    if any(command.own_process for command in acting):
        return f"It builds a new object in a process of its own, and the running system has another. {_CALL_THE_SYSTEM}"
    return ""


def _unreached(shown: Rehearsed) -> Iterator[Finding]:
    if not was_followed(shown):
        yield Finding(
            id="nobody-called", severity="warning", title="nobody was called, so the text was never opened",
            detail="No alert reached anybody, and trading did not stand still for long enough to be noticed.",
        )  # fmt: skip
        return
    missed = [step for step in shown.steps if step.outcome == "not_reached"]
    if missed:
        before = [step for step in shown.steps if step.outcome != "not_reached" or step.started_s is not None]
        last = before[-1] if before else missed[0]
        yield Finding(
            id="steps-not-reached", severity="warning", runbook_line=missed[0].line,
            title=f"{len(missed)} of {len(shown.steps)} steps were not finished when the run ended",
            detail=f"It was still at line {last.line}, {last.title!r}, at the end of the scenario.",
        )  # fmt: skip


def _about_recovery(shown: Rehearsed) -> Iterator[Finding]:
    measured = shown.measured
    if measured.unsettled or not measured.run.scenario.faults or measured.in_time:
        return
    broken = still_broken(measured)
    late = measured.clock.rto_us is not None
    yield Finding(
        id=NEVER_RECOVERS, severity="critical", runbook_line=shown.plan.line,
        title="followed to the letter, it does not lead to recovery" + (" in time" if late else ""),
        detail=_sentences(measured.missed.capitalize(), *(f"Still broken: {words}" for words in broken)),
        at_s=measured.run.end_us / SECOND,
    )  # fmt: skip


def _severity(decisive: bool) -> Severity:
    return "critical" if decisive else "warning"


def _so(command: RehearsedCommand | None, script: ScriptStep, shown: Rehearsed) -> str:
    """What follows from it not being done: in this run, or, where the code did it instead, without the code."""
    meant = _meant(command, script)
    followed = [WITHOUT[action] for action in meant if action in WITHOUT]
    if not followed:
        return ""
    here, bare = broken_predicates(shown.measured), broken_predicates(shown.bare)
    masked = [words for name, words in bare.items() if name not in here and set(RESTORED_BY.get(name, ())) & set(meant)]
    so = f"So {' and '.join(followed[:2])}"
    return f"{so}. Here the code did it instead; without it, {'; '.join(masked)}" if masked else so


def _meant(command: RehearsedCommand | None, script: ScriptStep) -> tuple[str, ...]:
    """What a command was to bring about; all that its step was, where its own words do not say."""
    for part in script.parts if command is not None else ():
        if isinstance(part, Type) and command is not None and part.command.line == command.line:
            return part.command.binds_to or script.meant
    return script.meant


_TELLING = re.compile(
    r"error|exception|no module|not ?found|denied|refused|no such|unauthori|invalid|cannot|failed", re.I
)


def _ended(command: RehearsedCommand) -> str:
    telling = [line for line in command.printed if _TELLING.search(line)]
    said = (telling or command.printed or [""])[-1]
    code = command.why if command.exit_code is None else f"exit code {command.exit_code}"
    return f"ends with {code}" + (f": {_short(said, 160)}" if said else " and prints nothing")


def _quoted(command: RehearsedCommand) -> str:
    return f"`{_short(command.typed or command.text)}`"


_MENDS = (
    (r"IndentationError", "Let the code begin in the first column"),
    (r"No module named|ModuleNotFoundError", "Name a module that is there, or add it"),
    (r"SyntaxError", "Mend the code; it does not compile"),
    (r"command not found", "Install the program, or name one that is there"),
    (r"No such file or directory", "Correct the path, or add the file"),
    (r"\b40[13]\b|unauthori[sz]ed|forbidden", "Say in the text where the credentials come from"),
    (r"not ?found|NotFound|doesn't exist|does not exist", "Use the name that the firm has"),
)


def _mend(command: RehearsedCommand) -> str:
    """What to do about a failed command, by what it printed."""
    said = "\n".join(command.printed)
    found = next((mend for pattern, mend in _MENDS if re.search(pattern, said, re.I)), "")
    return found or ("" if command.effect == "read" else "Make it work on a healthy firm first, then rehearse again")


def _short(text: str, limit: int = _SHOWN) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _sentences(*parts: str) -> str:
    said = (part.strip().rstrip(".") + "." for part in parts if part.strip())
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in said)
