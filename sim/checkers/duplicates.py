"""Nothing executes twice: not one client order id, and not one intention under two ids."""

from __future__ import annotations

from sim.checkers.base import Evidence
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.reading import BrokerOrder, broker_orders

RESENT_WITHIN_US = 2 * MINUTE


def no_duplicates(history: History, demands: Demands) -> list[Evidence]:
    """Each id is accepted once and filled for no more than its size; an unanswered order is not sent anew."""
    orders = broker_orders(history)
    return [*_taken_twice(orders), *_overfilled(orders), *_resent(history, orders), *_refused(history)]


def _taken_twice(orders: list[BrokerOrder]) -> list[Evidence]:
    seen: set[str] = set()
    found = []
    for order in orders:
        if order.id in seen:
            text = f"{order.qty} {order.symbol} accepted once more under an id that was used"
            found.append(Evidence(order.accepted_us, f"{order.id} executed twice", text))
        seen.add(order.id)
    return found


def _overfilled(orders: list[BrokerOrder]) -> list[Evidence]:
    return [
        Evidence(
            order.fills[-1].t_us, f"{order.id} filled beyond its size",
            f"{order.filled} of {order.qty} {order.symbol} filled",
        )
        for order in orders
        if order.filled > order.qty
    ]  # fmt: skip


def _resent(history: History, orders: list[BrokerOrder]) -> list[Evidence]:
    """The mitigation sent the same again after a timeout, and both were filled."""
    unanswered = {event.subject: event.t_us for event in history.of("order.unacked")}
    sent_us = {event.subject: event.t_us for event in history.of("order.sent")}
    found = []
    for first in orders:
        timed_out_us = unanswered.get(first.id)
        if timed_out_us is None or first.source == "strategy" or not first.fills:
            continue
        for second in orders:
            same = (second.symbol, second.side, second.qty, second.source) == (
                first.symbol, first.side, first.qty, first.source,
            )  # fmt: skip
            after_us = sent_us.get(second.id, second.accepted_us) - timed_out_us
            if second.id != first.id and same and second.fills and 0 <= after_us <= RESENT_WITHIN_US:
                text = f"{second.id} repeats {first.id} ({first.qty} {first.symbol}), which timed out and was live"
                found.append(Evidence(second.accepted_us, "order sent again under a new id, both filled", text))
    return found


def _refused(history: History) -> list[Evidence]:
    return [
        Evidence(event.t_us, f"{event.subject} sent again, refused", "the broker keeps ids unique", "info")
        for event in history.of("ledger.duplicate_refused")
    ]
