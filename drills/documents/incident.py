"""The facts of one case, as somebody writing them down afterwards needs them.

They are read from the record and the History alone, so that a stored run gives the same papers as a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from drills.runbook.model import Procedure, Runbook, SeverityLevel
from results import wording
from results.record import CaseRecord, RunRecord, TimelineEvent
from sim.clock import SECOND, VirtualTime
from sim.history import Event, History
from sim.holdings import book_holdings, ledger_holdings
from sim.reading import broker_orders

_MOST_LISTED = 8

Moment = Literal["alert", "update", "end"]
"""When somebody writes: at the acknowledgement, once risk is contained, or when all is over."""


@dataclass(frozen=True)
class Incident:
    """One case of a run, with the text that was followed."""

    record: RunRecord
    case: CaseRecord
    history: History
    runbook: Runbook
    procedure: Procedure | None
    moment: Moment = "end"
    """As of when it is told: the first message knows less than the last."""

    # When.

    def at(self, seconds: float | None) -> datetime | None:
        """An instant of the run as a time in UTC."""
        if seconds is None:
            return None
        return datetime.fromisoformat(self.case.epoch).astimezone(UTC) + timedelta(seconds=seconds)

    def utc(self, seconds: float | None) -> str | None:
        """`2026-03-10 14:12 UTC`, or None for what never came."""
        moment = self.at(seconds)
        return None if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"

    def clock_time(self, seconds: float | None) -> str | None:
        """`14:12:05`, in UTC."""
        moment = self.at(seconds)
        return None if moment is None else f"{moment:%H:%M:%S}"

    @property
    def started_s(self) -> float | None:
        """When trading was first broken, or the fault struck when nothing broke."""
        return self.case.clock.t0 if self.case.clock.t1 is None else self.case.clock.t1

    @property
    def ended_s(self) -> float | None:
        """When it was restored; None when it was not, or is not yet."""
        return self.case.clock.t6 if self.moment == "end" else None

    @property
    def duration(self) -> str | None:
        """How long trading was broken: the RTO; None when it was not restored."""
        over = self.case.rto_s is not None and self.moment == "end"
        return wording.duration(self.case.rto_s) if over else None

    # What.

    @property
    def level(self) -> SeverityLevel | None:
        """The level of the runbook's own scale."""
        return next((level for level in self.runbook.severities if level.id == self.case.severity), None)

    @property
    def state(self) -> str:
        """`resolved`, `mitigated` or `investigating`: as far as it got."""
        clock = self.case.clock
        if self.moment == "alert":
            return "investigating"
        if self.moment == "end" and (clock.t6 is not None or clock.t1 is None):
            return "resolved"
        return "mitigated" if clock.t5 is not None else "investigating"

    @cached_property
    def halted(self) -> str | None:
        """Why trading is halted at the end; None when it is not."""
        last = self._last("system.halted", "system.resumed")
        return str(last.data["reason"]) if last is not None and last.kind == "system.halted" else None

    @cached_property
    def halt_reason(self) -> str | None:
        """Why trading was halted last, whether or not it still is."""
        last = self._last("system.halted")
        return None if last is None else str(last.data["reason"])

    @cached_property
    def positions(self) -> dict[str, float]:
        """What the broker holds for the firm at the end."""
        return ledger_holdings(self.history).last()

    @cached_property
    def book(self) -> dict[str, float]:
        """What the system believes it holds at the end."""
        return book_holdings(self.history).last()

    @cached_property
    def live_orders(self) -> list[str]:
        """Orders that the broker still works at the end."""
        return [order.id for order in broker_orders(self.history) if not order.end]

    @property
    def cause(self) -> str:
        """What was injected: the cause is known, because the drill made it."""
        return "; ".join(self.case.faults) or "nothing was injected"

    @property
    def impact(self) -> list[str]:
        """What it did to trading, in sentences."""
        if self.moment != "end":
            return [f"{self.case.title}; trading is affected since {self.clock_time(self.started_s)} UTC."]
        said = [wording.rto_sentence(self.case)]
        worst = self._worst_equity()
        if worst:
            said.append(worst)
        lost = wording.loss(self.case.rpo)
        said.append(f"Lost or unaccounted: {lost}.")
        return said

    def _worst_equity(self) -> str:
        series = self.case.series.get("equity")
        values = [value for value in series.values if value is not None] if series is not None else []
        if not values:
            return ""
        peak, fall = values[0], 0.0
        for value in values:
            peak = max(peak, value)
            fall = max(fall, peak - value)
        return f"Equity fell by up to {fall:,.0f} USD from its peak within the run."

    # Who did what.

    @cached_property
    def timeline(self) -> list[TimelineEvent]:
        """What happened, from the first alert on, in order."""
        return sorted(self.case.timeline, key=lambda event: event.t_s)

    def done(self, *actions: str) -> Event | None:
        """The last time that somebody did one of these actions and it went well."""
        found = [
            event
            for event in self.history.of("responder.action", "responder.by_hand", "responder.typed")
            if _performed(event, actions)
        ]
        found += self.history.of(*(f"responder.{action}" for action in actions))
        if "approve" in actions:
            found += self.history.of("responder.approval")
        return max(found, key=lambda event: event.seq, default=None)

    @cached_property
    def actions_taken(self) -> list[str]:
        """What the responder did, each with its time; what failed or could not be done is not among it."""
        lines = []
        until_s = {"alert": self.case.clock.t3, "update": self.case.clock.t5, "end": None}[self.moment]
        for event in self.history.of("responder.done"):
            if event.data.get("ok", True) and (until_s is None or event.t_us / SECOND <= until_s):
                lines.append(f"{self.clock_time(event.t_us / SECOND)} {event.data['title']}")
        return lines

    @cached_property
    def responders(self) -> list[str]:
        """Roles that answered a page, in order."""
        return list(dict.fromkeys(str(e.data["role"]) for e in self.history.of("responder.acknowledged")))

    @cached_property
    def approved_by(self) -> Event | None:
        """The last approval."""
        return self._last("responder.approval")

    @property
    def to_mend(self) -> list[str]:
        """What the run found, gravest first: the action items of a post-mortem."""
        found = [finding for finding, _ in wording.by_severity(self.case.findings) if finding.severity != "info"]
        return [
            f"{finding.title}{f' (runbook line {finding.runbook_line})' if finding.runbook_line else ''}"
            for finding in found[:_MOST_LISTED]
        ]

    def _last(self, *kinds: str) -> Event | None:
        found = self.history.of(*kinds)
        return found[-1] if found else None


def _performed(event: Event, actions: Sequence[str]) -> bool:
    if event.kind == "responder.typed":
        return event.data["outcome"] == "ok" and bool(set(event.data.get("binds_to", ())) & set(actions))
    action = event.data.get("action") if event.kind == "responder.by_hand" else event.subject
    return action in actions and bool(event.data.get("ok", True))


def incident_of(record: RunRecord, case: CaseRecord, events: History | Iterable[Event], runbook: Runbook) -> Incident:
    """The facts of `case`; `events` are its History, fresh or as they were stored."""
    history = events if isinstance(events, History) else _history(events)
    procedure = next((p for p in runbook.procedures if p.id == record.runbook.procedure), None)
    return Incident(record, case, history, runbook, procedure)


def _history(events: Iterable[Event]) -> History:
    history = History(VirtualTime())
    history.rows = [(event.t_us, event.kind, event.subject, event.data) for event in events]
    return history


def listed(held: dict[str, float]) -> str:
    """`AAPL 10, SPY -5`."""
    return ", ".join(f"{symbol} {qty:,}" for symbol, qty in sorted(held.items()))
