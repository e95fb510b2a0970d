"""One case, run once: a World, a fault schedule, the mitigation code and, perhaps, somebody who responds.

Only recording happens here. The run stops early once everything scheduled has happened, the responder has
finished and recovery has been confirmed, because what follows is an ordinary trading day.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from drills.human import Preset
from drills.plan import Plan
from drills.responder import Responder
from drills.world_time import time_of
from scenarios.build import world_config
from scenarios.nemesis import Nemesis
from scenarios.scenario import Scenario
from sim.clock import MINUTE
from sim.history import History
from sim.world import Mitigation, World

_SLICE_US = 5 * MINUTE
"""How much time passes between two looks at whether the run is over."""


_CALM_SLICES = 2
"""After so many calm slices in a row a run is over: longer than any confirmation window of a stock drill."""


@dataclass(frozen=True)
class CaseRun:
    """What a run leaves behind."""

    scenario: Scenario
    history: History
    zero_us: int
    """Fault zero: the end of the warm-up."""
    end_us: int
    """When the run was stopped."""
    horizon_us: int
    """When it would have been stopped at the latest."""
    sessions: tuple[tuple[int, int], ...]
    epoch: datetime
    zone: str
    scrape_us: int
    bars_lost: int


Attend = Callable[[World, Nemesis, int], Responder]
"""Puts somebody on call in a World whose faults begin at the given instant."""
During = Callable[[World], AbstractContextManager[None]]


def run_case(
    scenario: Scenario,
    seed: int,
    mitigation: Mitigation | None,
    plan: Plan | None,
    preset: Preset | None,
    attend: Attend | None = None,
    during: During = time_of,
) -> CaseRun:
    """Run `scenario` on `seed`; with `plan` and `preset`, somebody responds, or whoever `attend` puts there.

    `during` is entered with the World while it runs.
    """
    if attend is None and plan is not None and preset is not None:
        attend = partial(_on_call, plan, preset)
    enabled = gc.isenabled()
    gc.disable()  # a run makes few cycles and many tuples: collecting costs a third of a full day
    try:
        return _run(scenario, seed, mitigation, attend, during)
    finally:
        if enabled:
            gc.enable()


def _on_call(plan: Plan, preset: Preset, world: World, nemesis: Nemesis, zero_us: int) -> Responder:
    return Responder(world, nemesis, plan, preset, zero_us)


def _run(
    scenario: Scenario, seed: int, mitigation: Mitigation | None, attend: Attend | None, during: During
) -> CaseRun:
    world = World(world_config(scenario), seed, mitigation=mitigation)
    with during(world):
        return _drive(world, scenario, attend)


def _drive(world: World, scenario: Scenario, attend: Attend | None) -> CaseRun:
    zero_us = scenario.fault_zero_us
    horizon_us = scenario.length_us
    nemesis = Nemesis(world, scenario, zero_us)
    responder = None if attend is None else attend(world, nemesis, zero_us)
    world.run(zero_us)
    earliest_us = nemesis.last_change_us() + _SLICE_US if scenario.faults else horizon_us
    calm_slices = 0
    while world.env.now < horizon_us and calm_slices < _CALM_SLICES:
        world.run(min(horizon_us, world.env.now + _SLICE_US))
        over = world.env.now >= earliest_us and (responder is None or responder.finished or not responder.called)
        calm_slices = calm_slices + 1 if over and _calm(world, attended=responder is not None) else 0
    world.finish()
    return CaseRun(
        scenario=scenario, history=world.history, zero_us=zero_us, end_us=world.env.now, horizon_us=horizon_us,
        sessions=tuple((s.open_us, s.close_us) for s in world.calendar.sessions), epoch=world.clock.epoch,
        zone=scenario.world.zone, scrape_us=world.config.scrape_us, bars_lost=world.feed.bars_lost(),
    )  # fmt: skip


def _calm(world: World, attended: bool) -> bool:
    """Whether the firm trades as on any day; a latched halt is calm only where nobody is there to release it."""
    system = world.trading
    blocked = system.halted is not None or system.paused or system.safe_mode
    held = world.book.held()
    return (
        system.up
        and world.connection.connected
        and all(world.feed.quality(symbol) is None for symbol in world.market.symbols)
        and held == world.ledger.positions()
        and not (blocked and attended)
        and (world.calendar.is_open(world.env.now) or blocked)
    )
