"""The shortest scenario that still shows a finding: the incident with everything taken out that does not matter.

A case has several faults and lasts for hours, while a defect as a rule needs one of them and a few minutes. The
schedule is reduced one piece at a time, in the manner of delta debugging (Zeller and Hildebrandt, 2002): a
fault is left out, the rest of the day is cut off, an outage is halved. A reduction is kept when the code still
fails the same check and the reference bot still passes it, so that the cut itself is never the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from scenarios.loader import validate
from scenarios.scenario import Scenario
from scenarios.spec import duration_text
from scenarios.yaml_lines import Document
from sim.clock import HOUR, MINUTE, SECOND
from sim.errors import BadInput

Shows = Callable[[Scenario], int | None]
"""When a scenario shows the finding, in microseconds after fault zero; None when it does not."""

MOST_RUNS = 20
"""So many reductions are tried for one finding."""
MOST_VIRTUAL_US = 48 * HOUR
"""And no more of them once so much virtual time was spent: a weekend is cut in few, large pieces."""
_MARGIN_US = MINUTE
"""What is kept after the instant that shows it, for orders to settle."""
_LEAST_US = 5 * SECOND
"""An outage is not halved below this."""


class Reduced(NamedTuple):
    """What is left of a scenario."""

    scenario: Scenario
    runs: int
    """How many reductions were tried."""


def shortest(scenario: Scenario, shows: Shows) -> Reduced | None:
    """Reduce `scenario` for as long as it `shows` the finding; None when it does not show it to begin with."""
    at_us = shows(scenario)
    if at_us is None:
        return None
    search = _Search(scenario, at_us, shows)
    search.cut_off()
    search.drop_faults()
    search.bring_forward()
    search.shorten_faults()
    search.cut_off()
    return Reduced(search.best, search.runs)


class _Search:
    """The best scenario so far, and what may still be spent."""

    def __init__(self, scenario: Scenario, at_us: int, shows: Shows) -> None:
        """Nothing reduced yet."""
        self.best, self.at_us, self._shows = scenario, at_us, shows
        self.runs = self._spent_us = 0

    def drop_faults(self) -> None:
        """Leave out one fault after the other, the last first, until each that is left is needed."""
        number = len(self.best.faults)
        while number:
            number -= 1
            kept = [fault for index, fault in enumerate(self.best.faults) if index != number]
            self._try({"faults": [fault.yaml_data() for fault in kept]})

    def bring_forward(self) -> None:
        """Let the first fault strike at once."""
        first_us = min((fault.at_us for fault in self.best.faults), default=0)
        if first_us:
            moved = [fault.model_copy(update={"at_us": fault.at_us - first_us}) for fault in self.best.faults]
            self._try({"faults": [fault.yaml_data() for fault in moved]})

    def shorten_faults(self) -> None:
        """Halve each fault's duration for as long as that is enough."""
        for index in range(len(self.best.faults)):
            while (length_us := self.best.faults[index].for_us) is not None and length_us >= 2 * _LEAST_US:
                faults = [fault.yaml_data() for fault in self.best.faults]
                faults[index]["for"] = duration_text(length_us // 2 // SECOND * SECOND)
                if not self._try({"faults": faults}):
                    break

    def cut_off(self) -> None:
        """End the run soon after the instant that shows it."""
        needed_us = -(-(self.at_us + _MARGIN_US) // MINUTE) * MINUTE
        if needed_us < self.best.horizon_us and self.best.window is None:
            self._try(ending_at(self.best, needed_us))

    def _try(self, changes: dict[str, Any]) -> bool:
        """Take the changed scenario for the best one if it is sound and still shows the finding."""
        candidate = changed(self.best, changes)
        if candidate is None or self.runs >= MOST_RUNS or self._spent_us >= MOST_VIRTUAL_US:
            return False
        self.runs += 1
        self._spent_us += candidate.length_us
        at_us = self._shows(candidate)
        if at_us is None:
            return False
        self.best, self.at_us = candidate, at_us
        return True


def changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario | None:
    """`scenario` with other values under their YAML names; None when that is no scenario."""
    try:
        return validate(Document("the reduced scenario", {**scenario.yaml_data(), **changes}), Scenario)
    except BadInput:
        return None


def ending_at(scenario: Scenario, horizon_us: int) -> dict[str, Any]:
    """The values that change when `scenario` ends at `horizon_us`: what lies beyond goes, what reaches it is cut.

    A run that ends before the RTO says nothing about recovery, so it does not ask for any.
    """
    faults = []
    for fault in scenario.faults:
        data = fault.yaml_data()
        if fault.for_us is not None and fault.at_us + fault.for_us > horizon_us:
            data["for"] = duration_text(horizon_us - fault.at_us)
        if fault.at_us < horizon_us:
            faults.append(data)
    changes: dict[str, Any] = {"faults": faults, "horizon": duration_text(horizon_us)}
    if scenario.heal_all_us is not None:
        changes["heal_all"] = duration_text(min(scenario.heal_all_us, horizon_us))
    if horizon_us < scenario.objectives.rto_us:
        changes["objectives"] = {**scenario.objectives.yaml_data(), **dict(_clipped(scenario, horizon_us))}
        changes["expect"] = {**scenario.expect.yaml_data(), "resume": False}
    return changes


def _clipped(scenario: Scenario, horizon_us: int) -> Iterator[tuple[str, str]]:
    """Objectives that lie beyond the horizon, cut to it."""
    wanted = scenario.objectives
    for name, limit_us in (("rto", wanted.rto_us), ("detect", wanted.detect_us), ("contain", wanted.contain_us)):
        if limit_us is not None and limit_us > horizon_us:
            yield name, duration_text(horizon_us)
