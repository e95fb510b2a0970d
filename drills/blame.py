"""Whose fault a failed check is: what differs between the runs of one case tells.

Most failures are the code's, whoever was there. But to halt, to release a halt and to close positions is also
for people to do: where the code alone keeps the rule and breaks it only when somebody responds, the text asked
for it if the good bot breaks it too, and else the person did it if it does not happen to one who makes no
mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from drills.measuring import Compared, Measured
from sim.checkers.base import CheckResult

FOR_PEOPLE_TOO = frozenset({"halt-as-demanded", "halt-released-by-approval", "flatten-as-demanded"})
"""Checks of what a person can bring about with his own hands."""


class Culprit(StrEnum):
    """Who has to mend it."""

    CODE = "code"
    RUNBOOK = "runbook"
    RESPONDER = "responder"


class Blame(NamedTuple):
    """One failed check and whose it is."""

    check: CheckResult
    culprit: Culprit
    unattended: bool = False
    """It fails only when nobody responds."""


def blames(compared: Compared) -> Iterator[Blame]:
    """Every check that failed: as asked, with nobody responding, or with the text followed to the letter."""
    told = set()
    for check in _failed(compared.measured):
        told.add(check.name)
        yield Blame(check, _culprit(check.name, compared))
    for check in _failed(compared.alone):
        if check.name not in told:
            told.add(check.name)
            yield Blame(check, Culprit.CODE, unattended=True)
    for check in _failed(compared.literal):
        if check.name not in told and check.name in FOR_PEOPLE_TOO:
            yield Blame(check, Culprit.RUNBOOK)


def _culprit(name: str, compared: Compared) -> Culprit:
    if name not in FOR_PEOPLE_TOO or fails(compared.alone, name):
        return Culprit.CODE
    if fails(compared.literal, name):
        return Culprit.RUNBOOK
    return Culprit.CODE if fails(compared.ideal, name) else Culprit.RESPONDER


def fails(measured: Measured, name: str) -> bool:
    """Whether the check of that name failed."""
    return any(check.name == name for check in _failed(measured))


def unexplained(measured: Measured, literal: Measured, alone: Measured) -> bool:
    """Whether something went wrong of which only a run without human error can tell whose it is."""
    return not measured.in_time or any(
        check.name in FOR_PEOPLE_TOO and not fails(alone, check.name) and not fails(literal, check.name)
        for check in _failed(measured)
    )


def _failed(measured: Measured) -> list[CheckResult]:
    return [check for check in measured.checks if check.verdict == "fail"]
