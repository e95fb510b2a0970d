"""The severity scale and its times: stated, without overlap, and possible to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from drills.lint.page import Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.runbook.bindings import bind
from drills.runbook.durations import read_duration
from drills.runbook.model import Procedure, SeverityLevel, Step

_LEAVES_TOO_LITTLE = 0.5
_FOR = re.compile(r"^\s*for:\s*(?P<time>\d+\s*(?:s|m|h))\s*$")
_PREPARES = frozenset(
    ["acknowledge", "declare_severity", "notify", "escalate", "decide", "document", "monitor", "root_cause", "approve"]
)  # fmt: skip


@rule("RB201", Severity.WARNING, "severity without a response time")
def no_response_time(page: Page) -> Iterator[Hit]:
    """Nobody can be late when no time is stated, and no drill can judge it.

    Give every level a number: "SEV1: 5 minutes, day and night".
    """
    mildest = max((level.rank for level in page.runbook.severities), default=0)
    for level in page.runbook.severities:
        if level.response is not None and level.response.kind == "varies" and level.rank == mildest:
            continue  # "best effort" is all that the mildest level needs
        if level.response is None or level.response.kind == "varies":
            yield page.in_line(
                level.line, level.id, f"{level.id} has no response time", "state one, as a number with its unit"
            )


@rule("RB202", Severity.WARNING, "levels that overlap")
def overlapping_bands(page: Page) -> Iterator[Hit]:
    """A value belongs to two levels, so two people classify the same incident differently.

    "8-15 %" and "15-20 %" both hold 15. Write one bound as strict: "8 to below 15 %".
    """
    levels = sorted((lv for lv in page.runbook.severities if lv.threshold), key=_lower)
    for low, high in pairwise(levels):
        shared = _shared(low, high)
        if shared is not None:
            yield page.in_line(
                high.line, _percent(page.line(high.line)), f"{shared} belongs to {low.id} and to {high.id}",
                "make one of the two bounds strict",
            )  # fmt: skip


@rule("RB203", Severity.WARNING, "steps that use up the response time")
def budgets_exceed(page: Page) -> Iterator[Hit]:
    """The steps before the first one that mitigates take most of the severity's response time, or more.

        Whoever keeps to every single time is late all the same.

    Shorten the steps, let them run side by side, or promise a longer time.
    """
    for procedure in page.runbook.procedures:
        level = _worst(page, procedure)
        before, mitigating = _before_mitigation(procedure)
        if level is None or level.response is None or mitigating is None or not before or _are_marks(procedure, before):
            continue
        allowed = level.response.hi_s or 0.0
        used = sum(step.deadline.hi_s or 0.0 for step in before if step.deadline)
        if allowed and used >= _LEAVES_TOO_LITTLE * allowed:
            left = f"{_spoken(allowed - used)} are left" if used < allowed else "nothing is left"
            last = before[-1]
            yield page.in_line(
                last.line, last.deadline.raw if last.deadline else "",
                f"{_spoken(used)} of {level.id}'s {_spoken(allowed)} go by before {mitigating.title!r}: {left}",
                "mitigate first, or plan these steps beside it",
            )  # fmt: skip


@rule("RB212", Severity.WARNING, "alert that fires later than the response time")
def alert_too_late(page: Page) -> Iterator[Hit]:
    """An alert rule in the runbook waits (`for: 5m`) longer than the fastest response time of the severity table.

    Detection alone then takes more than the whole time promised.

    Shorten `for:`, or add a second rule without it for the worst level.
    """
    times = [lv.response.hi_s for lv in page.runbook.severities if lv.response and lv.response.hi_s]
    worst = min(
        (lv for lv in page.runbook.severities if lv.response and lv.response.hi_s), key=lambda v: v.rank, default=None
    )
    if worst is None or not times:
        return
    for fence in page.fences:
        if "alert:" in fence.text and "expr:" in fence.text:
            for number in range(fence.first, fence.end):
                match = _FOR.match(page.line(number))
                waited = read_duration(match.group("time")) if match else None
                if match and waited and (waited.hi_s or 0.0) > min(times):
                    yield page.in_line(
                        number, match.group("time"),
                        f"the alert waits {match.group('time')}, {worst.id} wants a response in {_spoken(min(times))}",
                        "shorten it, or alert at once on the worst level",
                    )  # fmt: skip


@rule("RB215", Severity.WARNING, "first phase over before the response is due")
def phase_before_response(page: Page) -> Iterator[Hit]:
    """The first phase of the procedure ends earlier than the severity's response time.

    It says "First 5 Minutes", say, while the table gives 15 minutes to respond at all. Both
    cannot be counted from the alert.

    Say what the phase is counted from, or let the two times agree.
    """
    for procedure in page.runbook.procedures:
        level = _worst(page, procedure) if procedure.severity else None
        phase = next((p for p in procedure.phases if p.deadline is not None and p.deadline.kind == "window"), None)
        if level is None or level.response is None or phase is None or phase.deadline is None or phase.deadline.lo_s:
            continue
        due, over = level.response.hi_s, phase.deadline.hi_s
        if due and over and level.response.kind != "immediate" and over < due:
            yield page.in_line(
                phase.line, phase.deadline.raw,
                f"this phase is over after {_spoken(over)}, {level.id} allows {_spoken(due)} to respond at all",
                "say what the minutes are counted from, or let the times agree",
            )  # fmt: skip


def _lower(level: SeverityLevel) -> float:
    low = level.threshold[0] if level.threshold else None
    return low if low is not None else float("-inf")


def _shared(low: SeverityLevel, high: SeverityLevel) -> str | None:
    """What both levels hold, in words; a bound written as `>` or `<` is not held."""
    assert low.threshold is not None
    assert high.threshold is not None
    top, bottom = low.threshold[1], high.threshold[0]
    if bottom is None or low.threshold[0] is None:
        return None
    if top is None:
        return f"everything above {bottom:g} %" if bottom >= low.threshold[0] and low.threshold[0] != bottom else None
    if top == bottom and high.threshold[1] is not None:
        return f"{top:g} %"
    return f"{bottom:g} to {top:g} %" if bottom < top else None


def _percent(text: str) -> str:
    match = re.search(r"\d[\d.]*\s*(?:-|–|to|bis|a)?\s*\d*[\d.]*\s*%", text)
    return match.group(0) if match else ""


def _worst(page: Page, procedure: Procedure) -> SeverityLevel | None:
    levels = [lv for lv in page.runbook.severities if lv.id in procedure.severity] or list(page.runbook.severities)
    return min((lv for lv in levels if lv.response and lv.response.hi_s), key=lambda level: level.rank, default=None)


def _before_mitigation(procedure: Procedure) -> tuple[list[Step], Step | None]:
    """The steps with a time of their own before the first that mitigates, and that one."""
    before: list[Step] = []
    for step in procedure.steps:
        if any(_mitigates(inner) for inner in step.walk()):
            return before, step
        if bind(step).actions == ("acknowledge",):
            continue  # acknowledging is the response: its time is the promise itself
        if step.deadline is not None and step.deadline.kind == "budget" and step.deadline.origin == "heading":
            before.append(step)
    return before, None


def _mitigates(step: Step) -> bool:
    actions = set(bind(step).actions) - _PREPARES
    return any(not action.startswith(("look_", "verify_")) for action in actions)


def _are_marks(procedure: Procedure, before: list[Step]) -> bool:
    """Whether the times are marks on one clock (5, 10, 20 min) and not spans: they rise, and a window holds them."""
    times = [s.deadline.hi_s or 0.0 for s in procedure.steps if s.deadline and s.deadline.kind == "budget"]
    rising = len(times) > 1 and all(a < b for a, b in pairwise(times))
    windows = [p.deadline.hi_s for p in procedure.phases if p.deadline is not None and p.deadline.hi_s]
    return rising and (any(sum(times) > window for window in windows) or len(times) > len(before) + 1)


def _spoken(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
