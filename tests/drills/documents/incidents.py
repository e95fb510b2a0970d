"""An incident with known times, and a runbook in a few lines: what the papers are filled from."""

from __future__ import annotations

import textwrap
from typing import Any

from drills.documents.incident import Incident, incident_of
from drills.runbook.model import Runbook
from drills.runbook.reader import read_text
from results.evidence import ClockRecord
from sim.clock import SECOND, VirtualTime
from sim.history import History
from tests.results.builders import lead_case, run_of

EPOCH = "2026-03-10T10:00:00-04:00"
"""14:00 UTC."""
AT = {"t0": 600.0, "t1": 660.0, "t2": 690.0, "t3": 810.0, "t4": 900.0, "t5": 960.0, "t6": 2460.0, "t7": 2520.0}
"""Impact at 14:11, alert at 14:11:30, acknowledged two minutes later, restored after half an hour, at 14:41."""


def book(markdown: str) -> Runbook:
    """A runbook from indented Markdown."""
    return read_text(textwrap.dedent(markdown).lstrip("\n"), "book.md")


def history_of(*events: tuple[float, str, str, dict[str, Any]]) -> History:
    """A History of (second, kind, subject, data)."""
    history = History(VirtualTime())
    history.rows = [(round(t_s * SECOND), kind, subject, data) for t_s, kind, subject, data in events]
    return history


USUAL = (
    (0.0, "ledger.fill", "open-1", {"fill": "f-1", "symbol": "SPY", "side": 1, "qty": 190, "position": 190,
                                    "price": 590.0, "source": "opening"}),
    (660.0, "system.halted", "", {"reason": "daily loss 3.1 %", "by": "code", "flag": True}),
    (810.0, "page.acknowledged", "page-1", {"by": "primary", "alert": "KillSwitchFired", "to": "primary"}),
    (810.0, "responder.acknowledged", "page-1", {"role": "primary", "alert": "KillSwitchFired"}),
    (900.0, "responder.done", "k/look", {"title": "Check the log", "ok": True, "line": 3, "text": "", "late": False}),
    (2000.0, "responder.approval", "k/approve", {"by": "risk officer", "line": 5}),
    (2400.0, "responder.done", "k/reset", {"title": "Reset", "ok": True, "line": 7, "text": "", "late": False}),
    (2450.0, "system.resumed", "", {"by": "on-call"}),
    (5000.0, "market.open", "", {}),
)  # fmt: skip
"""A kill switch that fired and was released."""


def incident(
    runbook: Runbook, *more: tuple[float, str, str, dict[str, Any]], at: dict[str, float] | None = None, **case: Any
) -> Incident:
    """That incident under `runbook`; `more` events are put in their place."""
    times = AT if at is None else at
    plain: dict[str, Any] = {
        "title": "Daily loss limit is broken", "severity": "P1", "clock": ClockRecord(**times), "epoch": EPOCH,
        "series": {},
        "rto_s": times["t6"] - times["t1"] if "t6" in times else None, "rto_objective_s": 2700.0, "timeline": [],
        "faults": ["the book loses 4 % within 3 min"], "findings": [], "steps": [], "checks": [], "name": "daily-loss",
    }  # fmt: skip
    record = lead_case(**{**plain, **case})
    events = sorted((*USUAL, *more), key=lambda event: event[0])
    return incident_of(run_of(record), record, history_of(*events), runbook)
