"""The instants of the RTO clock that are read from events: noticed, acknowledged, acted upon, contained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.demands import Demands
from sim.history import Event, History
from sim.predicates import Recovery, recovery
from sim.reading import (
    bad_feed,
    broker_orders,
    denied_by_code,
    disconnected,
    down,
    halts,
    safe_mode,
    strategy_entries,
)
from sim.spans import FOREVER, Span, at_least, both, minus, union

_ALARMS = ("alert.firing", "page.sent", "code.page", "system.halted", "system.safe_mode", "responder.noticed")
_ACTIONS = (
    "system.halted", "system.safe_mode", "code.cancelled", "link.connect_failed", "link.restored", "order.sent",
    "order.denied", "book.position", "workload.restarted", "workload.rolled_back", "workload.limit_set",
    "workload.scaled", "code.command", "code.endpoint", "responder.action",
)  # fmt: skip
QUIET = ("info",)
"""Severities that reach nobody."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When the steps of an incident were reached; None for one that never was."""

    t0_us: int | None
    """First fault injected."""
    impact_us: int | None
    """First predicate broken."""
    detected_us: int | None
    """An alarm, or the code acted, at the impact or after it; or the alarm was already up by then."""
    acknowledged_us: int | None
    mitigated_us: int | None
    """First mitigating action of code or people."""
    contained_us: int | None
    """New risk is blocked and no order that adds risk is live."""
    healed_us: int | None
    """The last fault was gone; None while one is still there."""


def moments(history: History, demands: Demands, predicates: Sequence[Recovery] | None = None) -> Moments:
    """Read them; `predicates` saves computing `recovery` again."""
    broken = recovery(history, demands) if predicates is None else predicates
    impact_us = min((start for predicate in broken for start, _ in predicate.bad), default=None)
    first_fault = history.first("fault.injected", since_us=demands.zero_us)
    since_us = demands.zero_us if first_fault is None else first_fault.t_us
    return Moments(
        t0_us=None if first_fault is None else first_fault.t_us,
        impact_us=impact_us,
        detected_us=detected_us(history, since_us, impact_us),
        acknowledged_us=_first(history, since_us, "page.acknowledged", "responder.acknowledged"),
        mitigated_us=_mitigated_us(history, since_us if impact_us is None else impact_us),
        contained_us=None if impact_us is None else _contained_us(history, demands, impact_us),
        healed_us=_healed_us(history),
    )


def detected_us(history: History, since_us: int, impact_us: int | None) -> int | None:
    """The first alarm after `since_us`; one that came before the impact and was not taken back counts from it."""
    resolved = {(e.subject, e.get("series")): e.t_us for e in reversed(history.of("alert.resolved"))}
    for event in history.of(*_ALARMS):
        if event.t_us < since_us or not _is_alarm(event):
            continue
        if impact_us is None or event.t_us >= impact_us:
            return event.t_us
        over_us = resolved.get((event.subject, event.get("series")), FOREVER)
        if event.kind != "page.sent" and over_us > impact_us:
            return impact_us
    return None


def _is_alarm(event: Event) -> bool:
    if event.kind == "system.safe_mode":
        return bool(event.get("on"))
    return str(event.get("severity", "")) not in QUIET


def _first(history: History, since_us: int, *kinds: str) -> int | None:
    return next((event.t_us for event in history.of(*kinds) if event.t_us >= since_us), None)


def _mitigated_us(history: History, since_us: int) -> int | None:
    return next((e.t_us for e in history.of(*_ACTIONS) if e.t_us >= since_us and _mitigates(e)), None)


def _mitigates(event: Event) -> bool:
    """Whether an event of an acting kind really is an action against the incident."""
    if event.kind == "order.sent":
        return str(event.get("source", "")) != "strategy"
    if event.kind == "order.denied":
        return denied_by_code(event)
    if event.kind == "system.safe_mode":
        return bool(event.get("on"))
    if event.kind == "book.position":
        return str(event.get("why", "")) != "loaded from disk"
    if event.kind == "responder.action":
        return str(event.get("effect", "")) == "mutate"
    return True


def _contained_us(history: History, demands: Demands, impact_us: int) -> int | None:
    """The start of the first stretch in which new risk is blocked and none of it is live."""
    stops = union(safe_mode(history), disconnected(history), down(history), *([h.span] for h in halts(history)))
    struck = _struck_symbols(history, demands)
    blocked = union(stops, _refusing(history, struck))
    live = union(o.life for o in broker_orders(history) if o.adds_risk and (not struck or o.symbol in struck))
    quiet = at_least(minus(both(blocked, [(impact_us, demands.horizon_us)]), live), demands.settle_us)
    return quiet[0][0] if quiet else None


def _struck_symbols(history: History, demands: Demands) -> list[str]:
    """The symbols whose data went bad; containment is about these alone when nothing else was struck."""
    if any(e.get("component") != "feed" for e in history.of("fault.injected")):
        return []
    return [symbol for symbol, spans in bad_feed(history).items() if any(end > demands.zero_us for _, end in spans)]


def _refusing(history: History, symbols: list[str]) -> list[Span]:
    """When the mitigation refused risk: for as long as no strategy's order (in `symbols`) was let through."""
    entries = strategy_entries(history)
    spans: list[Span] = []
    since: int | None = None
    for event in history.of("order.sent", "order.denied"):
        if symbols and event.data["symbol"] not in symbols:
            continue
        if event.kind == "order.denied" and denied_by_code(event) and not event.data["reducing"]:
            since = event.t_us if since is None else since
        elif event.subject in entries and since is not None:
            spans.append((since, event.t_us))
            since = None
    return spans if since is None else [*spans, (since, FOREVER)]


def _healed_us(history: History) -> int | None:
    injected = {e.subject for e in history.of("fault.injected")}
    healed = {e.subject: e.t_us for e in history.of("fault.healed")}
    return max(healed.values()) if injected and injected == set(healed) else None
