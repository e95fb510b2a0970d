"""Scenarios that no run could satisfy, refused before the run, each with the mend.

One function per rule. A scenario that contradicts itself would otherwise end as a failure of the
mitigation code, and somebody would look for the bug there.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING

from scenarios.expectations import Need
from scenarios.faults import Ends, FaultBase
from scenarios.spec import Mended, duration_text

if TYPE_CHECKING:
    from scenarios.scenario import Scenario


def check(scenario: Scenario) -> None:
    """Raise `Mended` for the first contradiction."""
    for rule in RULES:
        rule(scenario)


def _expectations_agree(scenario: Scenario) -> None:
    expect = scenario.expect
    if expect.halt is Need.REQUIRED and expect.resume and expect.halt_release == "never":
        raise Mended(
            "trading must resume but the required halt is never released",
            "set halt_release: approval, or resume: false",
            "expect",
            "halt_release",
        )
    if expect.halt is Need.REQUIRED and expect.alarm is Need.FORBIDDEN:
        raise Mended(
            "a halt is required but no alarm may be raised",
            "set alarm: required, or halt: forbidden",
            "expect",
            "alarm",
        )
    if expect.halt is Need.REQUIRED and expect.may_trade_during:
        raise Mended(
            "a halt is required but new risk may be taken during the incident",
            "set may_trade_during: false",
            "expect",
            "may_trade_during",
        )


def _something_to_expect(scenario: Scenario) -> None:
    if scenario.faults:
        return
    for name in ("halt", "flatten", "alarm"):
        if getattr(scenario.expect, name) is Need.REQUIRED:
            raise Mended(
                f"{name} is required but there is no fault that it could answer",
                f"add a fault, or set {name}: forbidden",
                "expect",
                name,
            )


def _objectives_agree(scenario: Scenario) -> None:
    objectives = scenario.objectives
    for name, value in (("detect", objectives.detect_us), ("contain", objectives.contain_us)):
        if value is not None and value > objectives.rto_us:
            raise Mended(
                f"{name} {duration_text(value)} is longer than rto {duration_text(objectives.rto_us)}",
                f"shorten {name} or lengthen rto",
                "objectives",
                name,
            )
    if not objectives.rto_us:
        raise Mended("nothing is restored within 0s", "give a time such as 20m", "objectives", "rto")
    if scenario.horizon_us < objectives.rto_us:
        raise Mended(
            f"the run ends after {duration_text(scenario.horizon_us)}, before rto {duration_text(objectives.rto_us)}",
            "lengthen horizon to about four times rto",
            "horizon",
        )


def _faults_fit_the_horizon(scenario: Scenario) -> None:
    horizon = scenario.horizon_us
    for index, fault in enumerate(scenario.faults):
        if fault.at_us >= horizon:
            raise Mended(
                f"{fault.kind} strikes after the run has ended ({duration_text(horizon)})",
                "lengthen horizon or let it strike earlier",
                "faults",
                index,
                "at",
            )
        if fault.end_us is not None and fault.end_us > horizon:
            raise Mended(
                f"{fault.kind} lasts until {duration_text(fault.end_us)}, beyond the horizon {duration_text(horizon)}",
                "lengthen horizon or shorten the fault",
                "faults",
                index,
                "ramp" if fault.ends is Ends.ITSELF else "for",
            )
        if fault.end_us is None and scenario.heal_all_us is not None and fault.at_us >= scenario.heal_all_us:
            raise Mended(
                f"{fault.kind} strikes after heal_all ({duration_text(scenario.heal_all_us)})",
                "let it strike earlier, move heal_all, or give it `for`",
                "faults",
                index,
                "at",
            )
    if scenario.heal_all_us is not None and scenario.heal_all_us > horizon:
        raise Mended("heal_all lies beyond the horizon", "lengthen horizon or heal earlier", "heal_all")


def _recovery_is_possible(scenario: Scenario) -> None:
    """A fault that nobody can mitigate must heal, and in time, where trading must resume."""
    if not scenario.expect.resume or not scenario.faults:
        return
    first_us = min(fault.at_us for fault in scenario.faults)
    rto_us = scenario.objectives.rto_us
    for index, fault in enumerate(scenario.faults):
        healed_us = scenario.healed_at_us(fault)
        if healed_us is None and not fault.may_end_unhealed:
            raise Mended(
                f"trading must resume but {fault.kind} never heals",
                "give it `for`, or the scenario heal_all",
                "faults",
                index,
            )
        if fault.blocks_recovery and healed_us is not None and healed_us - first_us >= rto_us:
            raise Mended(
                f"rto {duration_text(rto_us)} is over before {fault.kind} heals, "
                f"{duration_text(healed_us - first_us)} after the first fault",
                "lengthen rto or shorten the fault",
                "objectives",
                "rto",
            )


def _names_are_known(scenario: Scenario) -> None:
    world = scenario.world
    for index, fault in enumerate(scenario.faults):
        for field, known in (("symbols", world.symbol_names), ("workload", world.workloads)):
            given = getattr(fault, field, ())
            for name in (given,) if isinstance(given, str) else given:
                _known(name, known, field, ("faults", index, field))
        symbol = getattr(fault, "symbol", None)
        if symbol is not None:
            _known(symbol, world.symbol_names, "symbol", ("faults", index, "symbol"))


def _known(name: str, known: tuple[str, ...], field: str, path: tuple[str | int, ...]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    place = "workloads" if field == "workload" else "symbols"
    raise Mended(f"the world has no {field.removesuffix('s')} {name}", f"{mend} (see world.{place})", *path)


def _faults_can_be_told_apart(scenario: Scenario) -> None:
    spans = [_span(scenario, fault) for fault in scenario.faults]
    for (i, one), (j, other) in combinations(enumerate(scenario.faults), 2):
        if one.identity != other.identity or not _share_a_target(one, other):
            continue
        if spans[i][0] < spans[j][1] and spans[j][0] < spans[i][1]:
            raise Mended(
                f"{other.kind} overlaps faults[{i}], the same fault on the same target",
                "make them one fault, or let the second strike after the first has ended",
                "faults",
                j,
            )


def _span(scenario: Scenario, fault: FaultBase) -> tuple[int, int]:
    """From, and up to but not including; an instant is one microsecond long."""
    end = scenario.healed_at_us(fault)
    return fault.at_us, max(fault.at_us + 1, scenario.horizon_us if end is None else end)


def _share_a_target(one: FaultBase, other: FaultBase) -> bool:
    if not one.targets or not other.targets:
        return True
    return any(target in other.targets for target in one.targets)


def _warm_up_is_long_enough(scenario: Scenario) -> None:
    needed = max(scenario.steady_state.hold_us, 2 * scenario.world.scrape_us)
    if scenario.warm_up_us < needed:
        raise Mended(
            f"the steady state cannot be judged within {duration_text(scenario.warm_up_us)}",
            f"warm up for {duration_text(needed)} or more",
            "warm_up",
        )


def _window_shows_enough(scenario: Scenario) -> None:
    window = scenario.window
    if window is None:
        return
    limits: tuple[tuple[str, bool, str, str], ...] = (
        (
            "before",
            window.before_us > scenario.warm_up_us,
            "starts before the run",
            "shorten before or lengthen warm_up",
        ),
        (
            "before",
            window.before_us < scenario.steady_state.hold_us,
            "cannot show the steady state",
            "lengthen before to steady_state.hold or more",
        ),
        (
            "after",
            window.after_us > scenario.horizon_us,
            "ends after the horizon",
            "shorten after or lengthen horizon",
        ),
        (
            "after",
            window.after_us < scenario.objectives.rto_us,
            "ends before the rto does",
            "lengthen after to rto or more",
        ),
    )
    for field, broken, problem, mend in limits:
        if broken:
            raise Mended(f"the window {problem}", mend, "window", field)


RULES: tuple[Callable[[Scenario], None], ...] = (
    _expectations_agree,
    _something_to_expect,
    _objectives_agree,
    _faults_fit_the_horizon,
    _recovery_is_possible,
    _names_are_known,
    _faults_can_be_told_apart,
    _warm_up_is_long_enough,
    _window_shows_enough,
)
