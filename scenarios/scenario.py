"""A scenario: a firm, an incident that befalls it on a schedule, and what would be a good outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from scenarios.contradictions import check
from scenarios.expectations import Expectation, GroundTruth, Objectives, SteadyState, Window
from scenarios.faults import Ends, Fault, FaultBase
from scenarios.spec import Duration, Name, Spec, Text, duration_words
from scenarios.world_options import WorldOptions
from sim.clock import HOUR, MINUTE


class Scenario(Spec):
    """World configuration, fault schedule, steady state, ground truth, objectives and horizon.

    Times of faults count from fault zero, the end of the warm-up; so do `heal_all` and `horizon`.
    """

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=120)]
    story: Text
    """The incident in one to four sentences, as somebody would tell it afterwards."""
    topic: Name = "incident"
    """The kind of drill that it belongs to, such as kill-switch; a runbook's procedure is matched with it."""
    world: WorldOptions = WorldOptions()
    warm_up_us: Duration = 10 * MINUTE
    faults: Annotated[tuple[Fault, ...], Field(max_length=100)] = ()
    heal_all_us: Duration | None = None
    """When every fault that is still there, and can be healed, is healed."""
    horizon_us: Duration = HOUR
    """When the run ends; what is not restored by then counts as never."""
    truth: GroundTruth = GroundTruth()
    expect: Expectation = Expectation()
    objectives: Objectives = Objectives()
    steady_state: SteadyState = SteadyState()
    window: Window | None = None
    """Simulate only this part of warm-up and horizon; None simulates all of it."""

    @model_validator(mode="after")
    def _without_contradiction(self) -> Scenario:
        check(self)
        return self

    def yaml_data(self, brief: bool = False) -> dict[str, Any]:
        """As for any spec; the kind of a fault is its name and is no default to be left out."""
        data = super().yaml_data(brief)
        if self.faults:
            data["faults"] = [{"kind": fault.kind, **fault.yaml_data(brief)} for fault in self.faults]
        return data

    def healed_at_us(self, fault: FaultBase) -> int | None:
        """When the nemesis heals `fault`, after fault zero, or None when it never does.

        A fault that ends by itself has nothing to heal: its own end is given.
        """
        if fault.ends is Ends.ITSELF:
            return fault.end_us
        ends = [t for t in (fault.end_us, self.heal_all_us) if t is not None and t > fault.at_us]
        return min(ends, default=None)

    @property
    def fault_zero_us(self) -> int:
        """Fault zero in run time: how long the World runs before the schedule begins."""
        return self.warm_up_us if self.window is None else self.window.before_us

    @property
    def length_us(self) -> int:
        """Virtual length of the run, from its start to its horizon, after the window is applied."""
        return self.fault_zero_us + (self.horizon_us if self.window is None else self.window.after_us)

    @property
    def start(self) -> datetime:
        """The instant of virtual 0 in UTC: the epoch, or later where the window cuts the warm-up."""
        return self.world.start + timedelta(microseconds=self.warm_up_us - self.fault_zero_us)

    def describe(self) -> str:
        """Title and schedule for people, one line per fault."""
        lines = [f"{self.name}: {self.title}"]
        for fault in self.faults:
            lines.append(f"  +{duration_words(fault.at_us)}: {fault.describe()}")
        if not self.faults:
            lines.append("  nothing goes wrong")
        if self.heal_all_us is not None:
            lines.append(f"  +{duration_words(self.heal_all_us)}: whatever is left is healed")
        return "\n".join(lines)
