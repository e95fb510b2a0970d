"""What was read off a run: the RTO clock, the checks, the losses, and whether the run can be judged at all.

Only the History is read, and the plan and scenario that the run was made from. A case is run in up to four
ways on one seed, and `Compared` holds them side by side: who is to blame shows in what differs between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from drills.case_run import CaseRun
from drills.plan import Plan
from drills.rpo import measure_rpo
from drills.rto import Predicate, RtoClock, measure, window_us
from drills.steady import unsteady
from results.evidence import Rpo
from scenarios.nemesis import landed
from sim.checkers.base import CheckResult
from sim.checkers.suite import run_checks
from sim.clock import SECOND, format_us
from sim.config import LIMITS
from sim.demands import Demands
from sim.moments import Moments, moments
from sim.predicates import recovery


@dataclass(frozen=True)
class Measured:
    """What was read off one run, before anybody is praised or blamed."""

    run: CaseRun
    demands: Demands
    clock: RtoClock
    moments: Moments
    checks: tuple[CheckResult, ...]
    unsettled: tuple[str, ...]
    """Why the run cannot be judged; empty when it can."""
    rpo: Rpo

    @property
    def objective_us(self) -> int:
        """The recovery time objective."""
        return self.run.scenario.objectives.rto_us

    @property
    def in_time(self) -> bool:
        """Whether trading was restored within the objective."""
        return self.clock.meets(self.objective_us)

    @property
    def missed(self) -> str:
        """By how much the objective was missed, in words."""
        limit = format_us(self.objective_us)
        if self.clock.rto_us is None:
            return f"not restored by the end of the run, objective {limit}"
        return f"restored after {format_us(self.clock.rto_us)}, objective {limit}"

    @property
    def rpo_missed(self) -> bool:
        """Whether more orders or fills were lost or doubled than the objective allows."""
        count = self.rpo.orders_lost + self.rpo.orders_duplicated + self.rpo.fills_unaccounted
        return count > self.run.scenario.objectives.rpo_count

    @property
    def lost(self) -> str:
        """What was lost, in words."""
        counts = (
            (self.rpo.orders_lost, "orders lost"),
            (self.rpo.orders_duplicated, "orders duplicated"),
            (self.rpo.fills_unaccounted, "fills unaccounted for"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing lost"


def demands_of(run: CaseRun, automation_only: bool) -> Demands:
    """The scenario's expectations in the words of the checkers."""
    scenario = run.scenario
    expect, objectives = scenario.expect, scenario.objectives
    return Demands(
        zero_us=run.zero_us, horizon_us=run.end_us, halt=expect.halt.value, flatten=expect.flatten.value,
        alarm=expect.alarm.value, halt_release=expect.halt_release, resume=expect.resume,
        may_trade_during=expect.may_trade_during, detect_us=objectives.detect_us, contain_us=objectives.contain_us,
        limits={**LIMITS, **scenario.world.limits}, automation_only=automation_only, sessions=run.sessions,
        day_start_equity=scenario.world.equity_usd,
        peak_equity=scenario.world.equity_usd / (1 - scenario.world.start_drawdown_pct / 100),
        monitoring=any(fault.component == "monitoring" for fault in scenario.faults),
        levels=frozenset(fault.service_level for fault in scenario.faults if fault.service_level)
        | frozenset(expect.service_levels),
    )  # fmt: skip


def measure_run(run: CaseRun, plan: Plan | None, automation_only: bool) -> Measured:
    """Read predicates, clock, checks and losses off `run`."""
    demands = demands_of(run, automation_only)
    broken = recovery(run.history, demands)
    predicates = [Predicate(each.name, each.bad) for each in broken]
    seen = moments(run.history, demands, broken)
    stated = None if plan is None or plan.window_s is None else round(plan.window_s * SECOND)
    closed = run.history.first("responder.closed")
    clock = _until_the_last(
        predicates, t0_us=run.zero_us if seen.t0_us is None else seen.t0_us, detected_us=seen.detected_us,
        acknowledged_us=seen.acknowledged_us, mitigated_us=seen.mitigated_us, contained_us=seen.contained_us,
        closed_us=None if closed is None else closed.t_us, horizon_us=run.end_us,
        window_us=window_us(run.scrape_us, stated), healed_us=seen.healed_us,
    )  # fmt: skip
    unsettled = tuple(f"{fault} never landed" for fault, proof in landed(run.history).items() if proof is None) + tuple(
        unsteady(run.history, run.scenario, _everything(run, demands), run.zero_us)
    )
    # What filled in the last seconds of the run is on its way, not lost.
    until_us = run.end_us - demands.settle_us if clock.t6_us is None else clock.t6_us
    rpo = measure_rpo(run.history, run.zero_us if clock.t1_us is None else clock.t1_us, until_us, run.bars_lost)
    return Measured(run, demands, clock, seen, run_checks(run.history, demands), unsettled, rpo)


def _until_the_last(predicates: list[Predicate], **instants: Any) -> RtoClock:
    """The clock of the whole incident: a firm that breaks again before the run is over was not restored yet.

    A drill strikes several times; calm between two blows is no recovery from the second.
    """
    clock = measure(predicates, **instants)
    while clock.broken_again_us is not None and clock.t1_us is not None:
        still = Predicate("incident", ((clock.t1_us, clock.broken_again_us),))
        clock = measure([*predicates, still], **instants)
    return replace(clock, broken=_real(clock.broken), broken_at_end=_real(clock.broken_at_end))


def _real(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "incident")


def _everything(run: CaseRun, demands: Demands) -> list[Predicate]:
    """The predicates from the start of the run on, for the steady state, in which nothing is halted."""
    whole = recovery(run.history, replace(demands, zero_us=0, halt="forbidden", flatten="either", alarm="either"))
    return [Predicate(each.name, each.bad) for each in whole if each.name not in ("trading", "monitoring")]


@dataclass(frozen=True)
class Compared:
    """One case, run in up to four ways on one seed; where two ways are one, the object is the same."""

    measured: Measured
    """As asked: the user's code, the chosen responder."""
    literal: Measured
    """The reference bot, and the text followed without a mistake: what the runbook is judged by."""
    alone: Measured
    """The user's code with nobody responding."""
    ideal: Measured
    """The user's code, and the text followed without a mistake: whose fault a missed objective is."""

    @property
    def needs_a_person(self) -> bool:
        """Nobody responded, and with somebody who follows the text the firm is restored in time."""
        return self.measured is self.alone and not self.measured.in_time and self.literal.in_time
