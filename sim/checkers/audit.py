"""The audit trail: who reads the records afterwards finds every action that mattered, and every order."""

from __future__ import annotations

from bisect import bisect_left

from sim.checkers.base import Evidence, shares
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.reading import OUTSIDE, Fill, fills

NEAR_US = MINUTE
"""A log line this close to an action tells of it; what a program prints is its log, whatever prints it."""

_AUDITED = {"system.halted": "halt", "system.resumed": "release of the halt", "system.safe_mode": "safe mode"}


def complete(history: History, demands: Demands) -> list[Evidence]:
    """Every halt, release, safe mode and flatten left a line, and no order at the broker is unknown to the firm."""
    return [*_unwritten(history), *_unknown_orders(history), *_never_heard_of(history, demands)]


def _unwritten(history: History) -> list[Evidence]:
    lines = [event.t_us for event in history.of("system.audit", "code.log", "code.page", "code.output")]
    found = []
    for event in history.of(*_AUDITED):
        if not _near(lines, event.t_us, event.t_us):
            text = f"by {event.get('by', 'somebody')}, and no audit or log line tells of it"
            found.append(Evidence(event.t_us, f"{_AUDITED[event.kind]} is not in the audit trail", text))
    for batch in _closings(history):
        if not _near(lines, batch[0].t_us, batch[-1].t_us):
            closed: dict[str, float] = {}
            for fill in batch:
                closed[fill.symbol] = closed.get(fill.symbol, 0) + fill.side * fill.qty
            text = f"closing trades without a log line near them: {shares(closed)}"
            found.append(Evidence(batch[0].t_us, "flatten is not in the audit trail", text))
    return found


def _closings(history: History) -> list[list[Fill]]:
    """Closing trades of the mitigation, those that follow one another closely as one.

    What a person closes by hand is in the timeline of what people did: no line of the code's is owed for it.
    """
    batches: list[list[Fill]] = []
    for fill in fills(history):
        ours = fill.source not in ("strategy", "operator", *OUTSIDE)
        if ours and abs(fill.position) < abs(fill.before):
            if batches and fill.t_us - batches[-1][-1].t_us <= NEAR_US:
                batches[-1].append(fill)
            else:
                batches.append([fill])
    return batches


def _near(lines: list[int], start_us: int, end_us: int) -> bool:
    i = bisect_left(lines, start_us - NEAR_US)
    return i < len(lines) and lines[i] <= end_us + NEAR_US


def _unknown_orders(history: History) -> list[Evidence]:
    sent = {event.subject for event in history.of("order.sent")}
    return [
        Evidence(
            event.t_us, f"{event.subject} is unknown to the firm",
            f"{event.get('qty')} {event.get('symbol')} works at the broker, and no order manager sent it",
        )
        for event in history.of("ledger.order")
        if event.data["status"] == "accepted" and event.subject not in sent
        and event.subject.removesuffix("-r") not in sent
    ]  # fmt: skip


def _never_heard_of(history: History, demands: Demands) -> list[Evidence]:
    """Orders that the code sent by itself, that work at the broker, and of which it was never told."""
    outside = {event.subject for event in history.of("order.sent") if event.get("via") == "http"}
    heard = {event.subject for event in history.of("order.acked")}
    return [
        Evidence(
            event.t_us, f"{event.subject} was never heard of again",
            f"the code sent {event.get('qty')} {event.get('symbol')}, the answer was lost, and it never asked for it",
        )
        for event in history.of("ledger.order")
        if event.data["status"] == "accepted" and event.subject in outside and event.subject not in heard
        and event.t_us <= demands.horizon_us - MINUTE
    ]  # fmt: skip
