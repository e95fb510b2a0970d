"""Closing positions: done where it must be, not done where it must not, and never through zero."""

from __future__ import annotations

from sim.checkers.base import CannotTell, Evidence, gross, seconds, shares
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.holdings import ledger_holdings
from sim.impact import excused, flatten_due_us, loss_began_us
from sim.reading import OUTSIDE, Fill, broker_orders, down, fills, halts
from sim.spans import FOREVER, deadline, minus

CLOSED_WITHIN_US = 10 * MINUTE
"""Of trading time, from when it was due: what market orders need on a slow day."""


def as_demanded(history: History, demands: Demands) -> list[Evidence]:
    """Required: flat at the broker in time and until the release. Forbidden: the mitigation closes nothing."""
    if demands.flatten == "required":
        return _really_flat(history, demands)
    if demands.flatten == "forbidden":
        return _kept(history, demands)
    return []


def _really_flat(history: History, demands: Demands) -> list[Evidence]:
    due_us = flatten_due_us(history, demands)
    limit_us = max(CLOSED_WITHIN_US, demands.contain_us or 0)
    by_us = deadline(demands.open_spans(), due_us, limit_us)
    released_us = min((halt.end_us for halt in halts(history) if halt.end_us > due_us), default=FOREVER)
    until_us = min(released_us, demands.horizon_us)
    held = ledger_holdings(history)
    began_us = loss_began_us(history, demands)
    since_us = due_us if began_us is None else min(began_us, due_us)  # who was quicker than the limit was flat before
    flat = minus([(since_us, until_us)], held.open_spans())
    if not flat and by_us >= demands.horizon_us:
        raise CannotTell("the run ended before positions had to be closed")
    if not flat and demands.automation_only and not minus([(due_us, until_us)], down(history)):
        text = "the process was dead throughout, and nobody was there to close anything from outside"
        return [Evidence(due_us, "the code could not close: it was not running", text, "info")]
    last = held.last() if released_us == FOREVER else {}
    if not flat:
        truth = shares(last) if last else None  # after a release it holds what it bought since
        return [Evidence(min(by_us, until_us), "never flat", f"within {seconds(limit_us)} of trading", truth=truth)]
    found = []
    if flat[0][0] > by_us:
        found.append(
            Evidence(flat[0][0], f"flat {seconds(flat[0][0] - by_us)} late", f"allowed are {seconds(limit_us)}")
        )
    for start, end in minus([(flat[0][0], until_us)], flat):
        text = f"positions came back for {seconds(end - start)} before the release"
        found.append(Evidence(start, "did not stay flat", text))
    return found


def _kept(history: History, demands: Demands) -> list[Evidence]:
    found = []
    for fill in fills(history):
        closes = abs(fill.position) < abs(fill.before)
        if fill.t_us >= demands.zero_us and _ours(fill) and closes and not excused(history, demands, fill.t_us):
            found.append(
                Evidence(
                    fill.t_us, f"closed {fill.qty} {fill.symbol} that was to be kept",
                    f"{fill.order_id} took {fill.symbol} from {fill.before:+} to {fill.position:+}",
                    truth=f"{fill.position:+} {fill.symbol}",
                )
            )  # fmt: skip
    return found


def never_flips(history: History, demands: Demands) -> list[Evidence]:
    """An order that closes ends at zero: it never goes through, nor on after it."""
    exits = {order.id for order in broker_orders(history) if not order.adds_risk}
    found = []
    for fill in fills(history):
        if not _ours(fill):
            continue
        through = fill.before * fill.position < 0
        beyond = fill.order_id in exits and abs(fill.position) > abs(fill.before)
        if through or beyond:
            wrong = gross({fill.symbol: fill.position if through else fill.qty})
            found.append(
                Evidence(
                    fill.t_us, f"flatten went {wrong} {fill.symbol} too far",
                    f"{fill.order_id} took {fill.symbol} from {fill.before:+} to {fill.position:+}",
                    truth=f"{fill.position:+} {fill.symbol}",
                )
            )  # fmt: skip
    return found


def _ours(fill: Fill) -> bool:
    """Whether the mitigation (or a person) traded it, rather than a strategy or somebody outside."""
    return fill.source != "strategy" and fill.source not in OUTSIDE
