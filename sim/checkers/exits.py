"""Exits stay possible while entries are blocked: a guard that blocks the way out turns a halt into a trap."""

from __future__ import annotations

from sim.checkers.base import Evidence, order_text
from sim.clock import MINUTE
from sim.demands import Demands
from sim.history import History
from sim.reading import bad_feed
from sim.spans import holds

TRUST_AGAIN_US = 5 * MINUTE
"""A guard may want to see a few good bars before it trusts a symbol again."""

_NO_WAY_TO_SEND = ("no broker session", "lab mode")


def exits_allowed(history: History, demands: Demands) -> list[Evidence]:
    """No order that only reduces is denied, but for want of a session, or of any broker at all.

    A strategy's own order on data that is bad, or was until a moment ago, is no exit: its size comes from a
    price that nobody trusts yet.
    """
    bad = bad_feed(history)
    found = []
    for event in history.of("order.denied"):
        d = event.data
        if not d["reducing"] or d["reason"].startswith(_NO_WAY_TO_SEND):
            continue
        lately_bad = [(start, end + TRUST_AGAIN_US) for start, end in bad.get(d["symbol"], [])]
        misled = d["source"] == "strategy" and holds(lately_bad, event.t_us)
        found.append(
            Evidence(
                event.t_us, "strategy's order on bad data refused" if misled else "exit blocked",
                f"{event.subject} ({order_text(event)}, {d['source']}) was denied: {d['reason']}",
                "info" if misled else "critical",
            )
        )  # fmt: skip
    return found
