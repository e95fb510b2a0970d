"""The books: the Ledger balances, each fill is booked once and as it was, and nobody holds twice what he wanted."""

from __future__ import annotations

from sim.checkers.base import CannotTell, Evidence, gross, shares
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.holdings import book_holdings, differing, ledger_holdings
from sim.orders import kept
from sim.reading import disconnected, down, fills, lab
from sim.spans import holds

BEFORE_US = 15 * MINUTE
TOO_LARGE = 2.0
"""Times the largest position of the quarter of an hour before the fault."""
SMALL = 10
"""Shares that no ratio is formed with."""


def ledger_balanced(history: History, demands: Demands) -> list[Evidence]:
    """Every execution moves its position by its quantity, and no execution appears twice."""
    held: dict[str, float] = {}
    seen: set[str] = set()
    found = []
    for fill in fills(history):
        expected = kept(held.get(fill.symbol, 0) + fill.side * fill.qty)
        if fill.position != expected:
            text = f"{fill.id} leaves {fill.position:+} {fill.symbol}, {expected:+} expected"
            found.append(Evidence(fill.t_us, "the Ledger does not add up", text))
        if fill.id in seen:
            found.append(Evidence(fill.t_us, "one execution in the Ledger twice", f"{fill.id} of {fill.order_id}"))
        held[fill.symbol] = fill.position
        seen.add(fill.id)
    return found


def fills_booked(history: History, demands: Demands) -> list[Evidence]:
    """What the system books is an execution of the Ledger, with its quantity, and booked once."""
    real = {fill.id: fill for fill in fills(history)}
    seen: set[str] = set()
    found = []
    for event in history.of("order.filled"):
        d = event.data
        fill = real.get(d["fill"])
        if fill is None:
            found.append(Evidence(event.t_us, "a fill was booked that never was", f"{d['fill']} of {event.subject}"))
        elif (fill.symbol, fill.side, fill.qty) != (d["symbol"], d["side"], d["qty"]):
            text = f"booked {d['side'] * d['qty']:+} {d['symbol']}, executed {fill.side * fill.qty:+} {fill.symbol}"
            found.append(Evidence(event.t_us, f"{d['fill']} was booked wrong", text))
        if d["fill"] in seen:
            found.append(Evidence(event.t_us, "a fill was booked twice", f"{d['fill']} of {event.subject}"))
        seen.add(d["fill"])
    return found


def agree_at_end(history: History, demands: Demands) -> list[Evidence]:
    """At the end of the run the system's book equals the Ledger; one that is down, or cut off, cannot be asked."""
    if holds(down(history), demands.horizon_us - 1):
        raise CannotTell("the trading system is down at the end of the run")
    if holds(lab(history), demands.horizon_us - 1):
        return []  # it has no broker any more whose book it could agree with
    if holds(disconnected(history), demands.horizon_us - 1):
        raise CannotTell("the firm has no broker session at the end of the run")
    ledger, book = ledger_holdings(history), book_holdings(history)
    stuck = {}
    for symbol, spans in differing(ledger, book).items():
        if spans and spans[-1][1] > demands.horizon_us and spans[-1][0] <= demands.horizon_us - demands.settle_us:
            stuck[symbol] = ledger.last().get(symbol, 0) - book.last().get(symbol, 0)
    if not stuck:
        return []
    text = f"book {shares(book.last())}; missing in it {shares(stuck)}"
    return [Evidence(demands.horizon_us, f"books {gross(stuck)} shares apart", text, truth=shares(ledger.last()))]


def no_doubled_position(history: History, demands: Demands) -> list[Evidence]:
    """No position grows beyond twice what was held before the fault, unless somebody traded by hand."""
    usual: dict[str, float] = {}
    by_hand: dict[str, float] = {}
    reported: set[str] = set()
    found = []
    for fill in fills(history):
        size = abs(fill.position)
        if fill.t_us < demands.zero_us:
            recent = fill.t_us >= demands.zero_us - BEFORE_US
            usual[fill.symbol] = max(usual.get(fill.symbol, 0), size) if recent else size
            continue
        if fill.source == "broker":
            by_hand[fill.symbol] = by_hand.get(fill.symbol, 0) + fill.qty
        most = TOO_LARGE * usual.get(fill.symbol, 0) + by_hand.get(fill.symbol, 0) + SMALL
        if fill.symbol in usual and size > most and fill.symbol not in reported:
            reported.add(fill.symbol)
            text = (
                f"{fill.order_id} took it from {fill.before:+}; before the fault it was {usual[fill.symbol]} at most"
            )
            found.append(
                Evidence(fill.t_us, f"{fill.symbol} grew to {size}", text, truth=f"{fill.position:+} {fill.symbol}")
            )
    return found
