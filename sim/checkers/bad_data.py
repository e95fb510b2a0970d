"""Bad data never trades: once it could be known to be bad, no strategy takes risk on it.

Some defects show in the first price (a NaN, a spike). Silence and repetition show only after a while, and
defects of bars only with the bar; until then nobody can be blamed, so each kind has its allowance. Exits stay
allowed, but a strategy that sells nearly all it holds because the price reads ten times too high is no exit.
"""

from __future__ import annotations

import math

from sim.checkers.base import Evidence, order_text, seconds
from sim.clock import MINUTE, SECOND
from sim.demands import Demands
from sim.history import Event, History
from sim.holdings import ledger_holdings
from sim.spans import FOREVER

REACTION_US = 2 * SECOND
"""An order may leave in the second in which the first bad price arrives."""

WRONG_PRICES = ("nan", "zero", "negative", "spike", "decimal_shift")
"""Kinds whose every price is visibly wrong."""

LOOK_US = 10 * SECOND
"""How often a careful guard looks at what did not come."""

UNCHANGED_US = 3 * MINUTE
"""A liquid symbol that does not move for so long is frozen; much less happens on a quiet day."""

MOST_OF_IT = 0.5
"""An exit of a strategy that takes off more than this share, while prices are absurd, follows from the price."""

LONGEST_BAR_US = 5 * MINUTE
"""Wrong ticks stay in the longest bar until it is published: the feed is called bad for so long after them."""


def never_trades(history: History, demands: Demands) -> list[Evidence]:
    """No order of a strategy adds risk, or dumps the position, in a symbol whose data is known to be bad."""
    bad: dict[str, Event] = {}
    ended, held = _ends(history), ledger_holdings(history)
    true_price: dict[str, float] = {}
    found = []
    for event in history.of("feed.bad", "feed.good", "feed.corrupted", "ledger.fill", "order.sent"):
        if event.kind == "feed.bad":
            bad[event.subject] = event
        elif event.kind == "feed.good":
            bad.pop(event.subject, None)
        elif event.kind == "ledger.fill":
            true_price[event.data["symbol"]] = event.data["price"]
        elif event.kind == "feed.corrupted":
            true_price[event.subject] = event.get("true_price") or true_price.get(event.subject, 0.0)
        elif event.data["source"] == "strategy" and (since := bad.get(event.data["symbol"])) is not None:
            symbol = event.data["symbol"]
            why = _objection(event, since, ended, true_price.get(symbol, 0.0), held.at(symbol, event.seq), demands)
            if why:
                text = f"{event.subject} ({order_text(event)}) sent {why}"
                found.append(Evidence(event.t_us, f"traded on bad data: {event.data['symbol']}", text))
    return found


def _objection(
    order: Event, since: Event, ended: dict[int, int], true_price: float, held: float, demands: Demands
) -> str:
    """Why this order should not have left; empty when nobody can be blamed."""
    kind = str(since.get("fault", ""))
    age_us = order.t_us - since.t_us
    price = order.get("price")
    if kind in WRONG_PRICES and price is not None:
        # The price it was sized by is known, so the order itself is judged, an exit in name included.
        wrong = not _plausible(float(price), true_price, demands)
        return f"at a price of {price}, true {true_price:g}" if wrong and age_us > REACTION_US else ""
    if age_us <= allowance_us(kind, demands):
        return ""
    if order.data["reducing"] and not (kind in WRONG_PRICES and order.data["qty"] > MOST_OF_IT * abs(held)):
        return ""
    if order.t_us >= _last_wrong_us(since, ended):
        return ""
    return f"{seconds(age_us)} after the data went bad ({kind})"


def allowance_us(kind: str, demands: Demands) -> int:
    """How long a defect of this kind can go unnoticed by a careful guard."""
    silence_us = round(demands.limits.get("feed_age_s", 60.0) * SECOND)
    if kind in ("gap", "stale"):
        return silence_us + LOOK_US + REACTION_US
    if kind == "frozen":
        return UNCHANGED_US + LOOK_US
    if kind in ("duplicate_timestamp", "out_of_order"):
        return demands.detect_us  # it shows in some later bar: when, the scenario must say
    return REACTION_US


def _ends(history: History) -> dict[int, int]:
    """For each event number of a feed fault's injection, when the nemesis healed it."""
    injected = {e.subject: e for e in history.of("fault.injected") if e.get("component") == "feed"}
    healed = {e.subject: e.t_us for e in history.of("fault.healed")}
    return {e.seq: healed[fault_id] for fault_id, e in injected.items() if healed.get(fault_id, -1) > e.t_us}


def _last_wrong_us(since: Event, ended: dict[int, int]) -> int:
    """When the last wrong item came, as far as the events tell; bars publish it later."""
    ends = [end_us for seq, end_us in ended.items() if seq < since.seq]
    if ends:
        return max(ends)
    return since.t_us + MINUTE if since.get("fault") in (*WRONG_PRICES, "high_below_low", "zero_volume") else FOREVER


def _plausible(price: float, true_price: float, demands: Demands) -> bool:
    if not math.isfinite(price) or price <= 0:
        return False
    jump = demands.limits.get("bar_jump_pct", 20.0) / 100
    return true_price <= 0 or abs(price / true_price - 1) <= jump
