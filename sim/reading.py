"""What a History says about orders, books and states over time: the reading that all judges share.

Nothing is judged here. Each function walks the rows once and gives back plain values, so that a predicate
or a checker is a few lines about the thing it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.history import Event, History
from sim.spans import FOREVER, Span, toggled, union

PLATFORM_DENIALS = ("no broker session", "no execution gateway", "halted", "paused", "safe mode")
"""How the reasons begin which the trading system's own gate gives; any other denial is the mitigation's."""

OUTSIDE = ("opening", "broker")
"""Sources of fills that no order of the firm stands behind."""


class Fill(NamedTuple):
    """An execution in the Ledger."""

    t_us: int
    seq: int
    id: str
    order_id: str
    symbol: str
    side: int
    qty: int
    position: int
    """Shares held after it."""
    source: str

    @property
    def before(self) -> int:
        """Shares held before it."""
        return self.position - self.side * self.qty


@dataclass(slots=True)
class BrokerOrder:
    """An order as the broker knew it, from acceptance to its end."""

    id: str
    symbol: str
    side: int
    qty: int
    source: str
    adds_risk: bool
    accepted_us: int
    accepted_seq: int
    ended_us: int = FOREVER
    end: str = ""
    """`filled`, `canceled`, ...; empty while it works."""
    fills: list[Fill] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """Shares executed."""
        return sum(fill.qty for fill in self.fills)

    @property
    def life(self) -> Span:
        """When it could fill."""
        return self.accepted_us, self.ended_us

    def live_at(self, t_us: int) -> bool:
        """Whether it may still fill after what happened at `t_us`."""
        return self.accepted_us <= t_us < self.ended_us


def fill_of(event: Event) -> Fill:
    """A `ledger.fill` as a value."""
    d = event.data
    return Fill(
        event.t_us, event.seq, d["fill"], event.subject, d["symbol"], d["side"], d["qty"], d["position"], d["source"]
    )


def fills(history: History) -> list[Fill]:
    """Every execution in the Ledger, oldest first."""
    return [fill_of(event) for event in history.of("ledger.fill")]


def reduces(held: int, side: int, qty: int) -> bool:
    """Whether a trade only takes off what is held."""
    return held * side < 0 and qty <= abs(held)


def broker_orders(history: History) -> list[BrokerOrder]:
    """Every order the broker took, oldest first; one per acceptance, so an id taken twice shows twice.

    An order adds risk unless it was marked as an exit or was one by the Ledger's own position.
    """
    orders: list[BrokerOrder] = []
    newest: dict[str, BrokerOrder] = {}
    held: dict[str, int] = {}
    for event in history.of("ledger.order", "ledger.fill"):
        order = newest.get(event.subject)
        if event.kind == "ledger.fill":
            fill = fill_of(event)
            held[fill.symbol] = fill.position
            if order is not None:
                order.fills.append(fill)
                if order.filled >= order.qty and not order.end:
                    order.ended_us, order.end = event.t_us, "filled"
        elif event.data["status"] == "accepted":
            d = event.data
            exits = d["reducing"] or reduces(held.get(d["symbol"], 0), d["side"], d["qty"])
            taken = BrokerOrder(
                event.subject, d["symbol"], d["side"], d["qty"], d["source"], not exits, event.t_us, event.seq
            )
            orders.append(taken)
            newest[taken.id] = taken
        elif order is not None and not order.end:
            order.ended_us, order.end = event.t_us, event.data["status"]
    return orders


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt from when it was set until somebody released it; a restart in between does not release it."""

    start_us: int
    start_seq: int
    reason: str
    by: str
    end_us: int = FOREVER
    end_seq: int = FOREVER

    @property
    def span(self) -> Span:
        """When it was in force, or ought to have been."""
        return self.start_us, self.end_us

    def covers(self, event: Event) -> bool:
        """Whether `event` happened under it."""
        return self.start_seq < event.seq < self.end_seq


def halts(history: History) -> list[Halt]:
    """Every halt, latched: set again under an unreleased one it is the same halt."""
    found: list[Halt] = []
    current: Halt | None = None
    for event in history.of("system.halted", "system.resumed"):
        if event.kind == "system.halted" and current is None:
            current = Halt(event.t_us, event.seq, event.get("reason", ""), event.get("by", ""))
        elif event.kind == "system.resumed" and current is not None:
            found.append(Halt(current.start_us, current.start_seq, current.reason, current.by, event.t_us, event.seq))
            current = None
    return found if current is None else [*found, current]


def states(history: History, on: Iterable[str], off: Iterable[str]) -> list[Span]:
    """When a state held that events of the kinds `on` begin and `off` end."""
    begin, end = frozenset(on), frozenset(off)
    return toggled((event.t_us, event.kind in begin) for event in history.of(*begin, *end))


def flag_halted(history: History) -> list[Span]:
    """When the running system's halt flag was really set: memory, which a restart clears."""
    return states(history, ["system.halted"], ["system.resumed", "system.stopped"])


def safe_mode(history: History) -> list[Span]:
    """When safe mode was on."""
    changes = (
        (event.t_us, event.kind == "system.safe_mode" and bool(event.get("on")))
        for event in history.of("system.safe_mode", "system.stopped")
    )
    return toggled(changes)


def down(history: History) -> list[Span]:
    """When the trading system did not serve: stopped, or started with its code not ready yet."""
    if history.first("code.started") is None and history.first("system.started") is None:
        return []
    return toggled(
        [(0, True)]
        + [(event.t_us, event.kind != "code.started") for event in history.of("system.stopped", "code.started")]
    )


def disconnected(history: History) -> list[Span]:
    """When the firm had no broker session, as far as it knew."""
    return states(history, ["link.lost"], ["link.restored"])


def bad_feed(history: History) -> dict[str, list[Span]]:
    """Per symbol, when its market data was bad."""
    changes: dict[str, list[tuple[int, bool]]] = {}
    for event in history.of("feed.bad", "feed.good"):
        changes.setdefault(event.subject, []).append((event.t_us, event.kind == "feed.bad"))
    return {symbol: toggled(pairs) for symbol, pairs in changes.items()}


def strategy_entries(history: History) -> dict[str, str]:
    """Id to symbol of every risk-adding order that the strategies sent."""
    return {
        event.subject: event.data["symbol"]
        for event in history.of("order.sent")
        if event.data["source"] == "strategy" and not event.data["reducing"]
    }


def denied_by_code(event: Event) -> bool:
    """Whether an `order.denied` came from the mitigation rather than from the platform's own gate."""
    return not str(event.get("reason", "")).startswith(PLATFORM_DENIALS)


def active_faults(history: History, component: str | None = None, blocking: bool = False) -> list[Span]:
    """When a fault (of `component`; that blocks recovery) was there."""
    chosen = {
        event.subject
        for event in history.of("fault.injected")
        if (component is None or event.get("component") == component) and (event.get("blocks") or not blocking)
    }
    spans: list[Span] = []
    since: dict[str, int] = {}
    for event in history.of("fault.injected", "fault.healed"):
        if event.subject in chosen:
            if event.kind == "fault.injected":
                since[event.subject] = event.t_us
            elif event.subject in since:
                spans.append((since.pop(event.subject), event.t_us))
    return union(spans, [(start, FOREVER) for start in since.values()])
