"""The runbook's own severity table held against the clock: which level it was, and whether it was answered in time.

"Response time" is from the alert to the acknowledgement; it is no recovery time, so both are told.
"""

from __future__ import annotations

from typing import NamedTuple

from drills.documents.incident import Incident
from drills.runbook.model import Objective
from results import wording


class Measure(NamedTuple):
    """One line of the table of targets: `met` is None where nothing was asked or nothing could be measured."""

    name: str
    target_s: float | None
    actual_s: float | None
    met: bool | None
    source: str

    @property
    def target(self) -> str:
        """The target in words."""
        return "none stated" if self.target_s is None else wording.duration(self.target_s)

    @property
    def actual(self) -> str:
        """The actual time in words."""
        return "never" if self.actual_s is None else wording.duration(self.actual_s)

    @property
    def word(self) -> str:
        """Whether it was met, in a word."""
        return "–" if self.met is None else "met" if self.met else "missed"


def response_time(incident: Incident) -> Measure:
    """The severity's response time: from the alert to the acknowledgement."""
    clock, level = incident.case.clock, incident.level
    limit_s = None if level is None or level.response is None else level.response.hi_s
    taken_s = None if clock.t2 is None or clock.t3 is None else max(0.0, clock.t3 - clock.t2)
    source = "the severity table gives none" if limit_s is None else _line(level.line if level is not None else 0)
    return _measure("Response time", limit_s, taken_s, source, asked=clock.t2 is not None)


def measures(incident: Incident) -> list[Measure]:
    """Every target with what was measured: recovery first, then response, detection and containment."""
    case, clock = incident.case, incident.case.clock
    stated = [
        _measure(f"{each.name} (the runbook)", each.seconds, _actual(incident, each.name), _line(each.line))
        for each in _objectives(incident)
        if each.name != "RPO"
    ]
    own = _measure("RTO (the drill)", case.rto_objective_s, case.rto_s, f"scenario {case.name}")
    impact_to = [
        Measure("Time to detect", None, _between(clock.t1, clock.t2), None, "from impact to the first alert"),
        Measure("Time to contain", None, _between(clock.t1, clock.t5), None, "from impact until no risk can be added"),
    ]
    return [*stated, own, response_time(incident), *impact_to]


def _objectives(incident: Incident) -> list[Objective]:
    own = () if incident.procedure is None else incident.procedure.objectives
    return list(dict.fromkeys([*own, *incident.runbook.objectives]))


def _actual(incident: Incident, name: str) -> float | None:
    clock = incident.case.clock
    if name == "MTTA":
        return _between(clock.t2, clock.t3)
    return incident.case.rto_s


def _measure(name: str, target_s: float | None, actual_s: float | None, source: str, asked: bool = True) -> Measure:
    met = None if target_s is None or not asked else actual_s is not None and actual_s <= target_s
    return Measure(name, target_s, actual_s, met, source)


def _between(start_s: float | None, end_s: float | None) -> float | None:
    return None if start_s is None or end_s is None else max(0.0, end_s - start_s)


def _line(line: int) -> str:
    return f"runbook line {line}"
