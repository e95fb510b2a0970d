"""After a halt nothing adds risk: no order is sent that does, and every late fill is one that had to be expected."""

from __future__ import annotations

from sim.checkers.base import Evidence, order_text, seconds
from sim.demands import Demands
from sim.history import History
from sim.holdings import book_holdings, ledger_holdings
from sim.reading import broker_orders, halts, reduces

BOOKED_WITHIN_US = 60_000_000
"""A fill this close to the end of the run may still be on its way into the book."""


def no_risk_sent(history: History, demands: Demands) -> list[Evidence]:
    """No order that adds risk leaves between a halt and its release, a restart in between or not."""
    latched = halts(history)
    held = ledger_holdings(history)
    found = []
    for event in history.of("order.sent"):
        d = event.data
        halt = next((halt for halt in latched if halt.covers(event)), None)
        exits = d["reducing"] or reduces(held.at(d["symbol"], event.seq), d["side"], d["qty"])
        if halt is None or exits:
            continue
        found.append(
            Evidence(
                event.t_us, f"order sent {seconds(event.t_us - halt.start_us)} after the halt",
                f"{event.subject} ({order_text(event)}, {d['source']}) left although trading was halted: {halt.reason}",
            )
        )  # fmt: skip
    return found


def fills_accounted(history: History, demands: Demands) -> list[Evidence]:
    """A risk-adding fill under a halt belongs to an order that was sent before it, and reaches the book."""
    latched = halts(history)
    sent = {event.subject: event.seq for event in reversed(history.of("order.sent"))}
    booked = {event.data["fill"] for event in history.of("order.filled")}
    ledger, book = ledger_holdings(history), book_holdings(history)
    found = []
    for order in broker_orders(history):
        for fill in order.fills if order.adds_risk else ():
            halt = next((h for h in latched if h.start_seq < fill.seq < h.end_seq), None)
            if halt is None:
                continue
            what = f"{fill.qty} {fill.symbol} of {fill.order_id} filled {seconds(fill.t_us - halt.start_us)} after it"
            if sent.get(fill.order_id, order.accepted_seq) > halt.start_seq:
                found.append(Evidence(fill.t_us, "fill of an order sent after the halt", what))
            agrees = ledger.last().get(fill.symbol, 0) == book.last().get(fill.symbol, 0)
            if fill.id not in booked and not agrees and fill.t_us < demands.horizon_us - BOOKED_WITHIN_US:
                found.append(Evidence(fill.t_us, "fill after the halt is in no book", what))
    return found
