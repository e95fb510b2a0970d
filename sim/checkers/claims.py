"""What the code reports is what the Ledger shows: each claim is compared at the instant it was made."""

from __future__ import annotations

import re
from collections.abc import Callable

from sim.checkers.base import Evidence, gross, shares
from sim.clock import SECOND
from sim.demands import Demands
from sim.history import Event, History
from sim.holdings import Holdings, book_holdings, differing, ledger_holdings
from sim.reading import BrokerOrder, broker_orders
from sim.spans import Span

_WORD = re.compile(r"[A-Z][A-Z0-9.]*")


class Truth:
    """What a claim can be compared with."""

    def __init__(self, history: History, demands: Demands) -> None:
        """Read it all once."""
        self.settle_us = demands.settle_us
        self.ledger: Holdings = ledger_holdings(history)
        self.apart: dict[str, list[Span]] = differing(self.ledger, book_holdings(history))
        self.orders: dict[str, BrokerOrder] = {order.id: order for order in broker_orders(history)}
        self.halts_us = [event.t_us for event in history.of("system.halted")]
        self.sent_us: dict[str, int] = {event.subject: event.t_us for event in history.of("order.sent")}


def claims_true(history: History, demands: Demands) -> list[Evidence]:
    """Every claim in logs and answers holds."""
    truth = Truth(history, demands)
    found = []
    for event in history.of("code.claim"):
        judge = _JUDGES.get(event.subject)
        wrong = judge(event, truth) if judge is not None else None
        if wrong is not None:
            title, shown = wrong
            text = str(event.get("text", ""))
            found.append(
                Evidence(
                    event.t_us, title, f"{event.get('by', '')} said: {text}", claim=text, truth=shown,
                    source=event.get("at") or None,
                )
            )  # fmt: skip
    return found


Wrong = tuple[str, str] | None
"""Title and truth of a false claim; None for a true one."""


def _flat(event: Event, truth: Truth) -> Wrong:
    """Closed means closed: shares on their way count as open."""
    held = event.get("ledger", {})
    named = [word for word in _WORD.findall(str(event.get("text", ""))) if word in truth.ledger.steps]
    open_now = {symbol: qty for symbol, qty in held.items() if qty and (not named or symbol in named)}
    return (f"reported flat, {gross(open_now)} open", shares(open_now)) if open_now else None


def _no_live_orders(event: Event, truth: Truth) -> Wrong:
    """Closing orders of the mitigation may work, and what came in the last seconds cannot have been seen."""
    live = [
        order_id for order_id in event.get("live", [])
        if (order := truth.orders.get(order_id)) is None
        or (order.source == "strategy" and order.accepted_us <= event.t_us - truth.settle_us)
    ]  # fmt: skip
    on_its_way = [
        order.id for order in truth.orders.values()
        if event.get("halted") and order.adds_risk and order.accepted_us > event.t_us
        and truth.sent_us.get(order.id, order.accepted_us) < event.t_us
    ]  # fmt: skip
    if not live and not on_its_way:
        return None
    count = len(live) + len(on_its_way)
    return f"reported no live orders, {count} live", ", ".join([*live, *on_its_way])


def _reconciled(event: Event, truth: Truth) -> Wrong:
    """A difference that a fill on its way explains is none."""
    ledger, book = event.get("ledger", {}), event.get("book", {})
    wrong = {}
    for symbol in dict.fromkeys([*ledger, *book]):
        if ledger.get(symbol, 0) == book.get(symbol, 0):
            continue
        around = [span for span in truth.apart.get(symbol, []) if span[0] <= event.t_us <= span[1]]
        if not around or around[0][1] - around[0][0] >= truth.settle_us:
            wrong[symbol] = ledger.get(symbol, 0) - book.get(symbol, 0)
    return (
        (f"reported reconciled, {gross(wrong)} shares apart", f"missing in the book: {shares(wrong)}")
        if wrong
        else None
    )


def _halted(event: Event, truth: Truth) -> Wrong:
    """The line may come just before the flag is set: what is halted within the second was halted."""
    if event.get("halted") or any(event.t_us <= t_us <= event.t_us + SECOND for t_us in truth.halts_us):
        return None
    return "reported halted, not halted", "the running system's halt flag is not set"


def _resumed(event: Event, truth: Truth) -> Wrong:
    return ("reported resumed, still halted", "the running system's halt flag is set") if event.get("halted") else None


def _connected(event: Event, truth: Truth) -> Wrong:
    return None if event.get("connected") else ("reported connected, no session", "the broker session is down")


_JUDGES: dict[str, Callable[[Event, Truth], Wrong]] = {
    "flat": _flat,
    "no_live_orders": _no_live_orders,
    "reconciled": _reconciled,
    "halted": _halted,
    "resumed": _resumed,
    "connected": _connected,
}
