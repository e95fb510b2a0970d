"""The steady state before the fault: when the firm was not healthy, nothing that follows can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drills.rto import Predicate
from scenarios.scenario import Scenario
from sim.history import History


def unsteady(history: History, scenario: Scenario, predicates: Iterable[Predicate], zero_us: int) -> list[str]:
    """Why the firm was not in its steady state at fault zero; empty when it was."""
    return list(_problems(history, scenario, predicates, zero_us))


def _problems(history: History, scenario: Scenario, predicates: Iterable[Predicate], zero_us: int) -> Iterator[str]:
    wanted = scenario.steady_state
    since_us = zero_us - wanted.hold_us
    for predicate in predicates:
        for start_us, end_us in predicate.bad:
            if start_us < zero_us and (end_us is None or end_us > since_us):
                yield f"{predicate.name} did not hold in the minute before the fault"
                break
    fills = [e for e in history.of("ledger.fill") if e.t_us <= zero_us and e.data["source"] != "opening"]
    if len(fills) < wanted.min_fills and any(e.t_us <= zero_us for e in history.of("market.open")):
        yield f"only {len(fills)} fills during the warm-up, {wanted.min_fills} wanted"
    sent = [e for e in history.of("order.sent") if e.t_us <= zero_us]
    rejected = [e for e in history.of("order.rejected") if e.t_us <= zero_us]
    if sent and len(rejected) / len(sent) > wanted.max_reject_share:
        yield f"{len(rejected)} of {len(sent)} orders were rejected during the warm-up"
    if not history.first("code.started"):
        yield "the mitigation code never started"
