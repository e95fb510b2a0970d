"""RPO: what was lost, duplicated or left unaccounted for between impact and restoration.

A fill counts as accounted for when the system was told of it, or when its symbol was reconciled afterwards;
an order, when somebody found out what became of it.
"""

from __future__ import annotations

from results.evidence import Rpo
from sim.history import Event, History

_ENDS = ("order.acked", "order.rejected", "order.closed", "order.filled", "order.settled", "order.denied")


def measure_rpo(history: History, from_us: int, until_us: int, bars_lost: int) -> Rpo:
    """The losses between `from_us` and `until_us`, in count and in dollars of notional."""
    fills = _unaccounted_fills(history, from_us, until_us)
    lost = _lost_orders(history, from_us, until_us)
    doubled = [e for e in history.of("ledger.duplicate_executed") if from_us <= e.t_us <= until_us]
    return Rpo(
        orders_lost=len(lost), orders_duplicated=len(doubled), fills_unaccounted=len(fills),
        positions_unaccounted=len({event.data["symbol"] for event in fills}), bars_lost=bars_lost,
        notional=round(sum(event.data["qty"] * event.data["price"] for event in fills), 2),
    )  # fmt: skip


def _unaccounted_fills(history: History, from_us: int, until_us: int) -> list[Event]:
    """Fills at the broker that the system neither heard of nor took over by reconciling."""
    heard = {event.data["fill"] for event in history.of("order.filled")}
    adopted: dict[str, int] = {}
    for event in history.of("book.position"):
        adopted[event.subject] = event.t_us
    return [
        event
        for event in history.of("ledger.fill")
        if from_us <= event.t_us <= until_us
        and event.data["source"] != "opening"
        and event.data["fill"] not in heard
        and adopted.get(event.data["symbol"], -1) < event.t_us
    ]


def _lost_orders(history: History, from_us: int, until_us: int) -> list[str]:
    """Orders sent whose fate nobody learned: live at the broker unknown to us, or waited for and never there."""
    known = {event.subject for event in history.of(*_ENDS)} | {e.data["order"] for e in history.of("code.cancelled")}
    over = {event.subject for event in history.of("ledger.order") if event.data["status"] != "accepted"}
    filled = {event.subject for event in history.of("ledger.fill")}
    settled = known | over | filled
    return [
        event.subject
        for event in history.of("order.unacked")
        if from_us <= event.t_us <= until_us and event.subject not in settled
    ]
