"""The story of a run for its report: events and spans in six lanes, equity and exposure to draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from results.evidence import Series, Span, TimelineEvent
from sim.clock import MINUTE, SECOND
from sim.history import Event, History

Lane = Literal["fault", "market", "alerts", "human", "code", "broker"]
Level = Literal["info", "good", "warning", "bad"]

_MOST_POINTS = 1200
_MOST_EVENTS = 160

_EVENTS: dict[str, tuple[Lane, Level, Callable[[Event], str]]] = {
    "fault.injected": ("fault", "bad", lambda e: e.data["text"]),
    "fault.healed": ("fault", "good", lambda e: f"{e.subject} over"),
    "alert.firing": ("alerts", "bad", lambda e: f"{e.subject}: {e.data.get('summary', '')}"),
    "alert.resolved": ("alerts", "good", lambda e: f"{e.subject} resolved"),
    "page.escalated": ("alerts", "warning", lambda e: f"page escalated to {e.data.get('to', '')}"),
    "page.unanswered": ("alerts", "warning", lambda e: f"page unanswered: {e.data.get('alert', '')}"),
    "code.page": ("code", "warning", lambda e: f"pages: {e.data['message']}"),
    "code.claim": ("code", "info", lambda e: f"says: {e.data['text']}"),
    "code.error": ("code", "bad", lambda e: f"{e.data['error']} in {e.data['hook']}"),
    "code.hang": ("code", "bad", lambda e: f"hangs in {e.data['endpoint']}"),
    "code.started": ("code", "good", lambda e: "mitigation code started"),
    "code.command": ("code", "info", lambda e: f"command {e.subject}: {e.data['answer'] or 'done'}"),
    "system.halted": ("code", "warning", lambda e: f"halted: {e.data['reason']}"),
    "system.resumed": ("code", "good", lambda e: f"resumed by {e.data['by']}"),
    "system.stopped": ("code", "bad", lambda e: f"trading system stopped: {e.data['reason']}"),
    "system.started": ("code", "good", lambda e: "trading system started"),
    "system.safe_mode": ("code", "warning", lambda e: f"safe mode {'on' if e.data['on'] else 'off'}"),
    "responder.acknowledged": ("human", "good", lambda e: f"{e.data['role']} acknowledges"),
    "responder.missed_page": ("human", "warning", lambda e: "first page missed"),
    "responder.noticed": ("human", "warning", lambda e: e.data["text"]),
    "responder.done": ("human", "info", lambda e: f"{e.data['title']}{'' if e.data['ok'] else ' (failed)'}"),
    "responder.typed": ("human", "info", lambda e: f"$ {_command(e)}"),
    "responder.left_out": ("human", "bad", lambda e: f"left out: {e.data['title']}"),
    "responder.slipped": ("human", "bad", lambda e: f"slip at {e.data['action']}"),
    "responder.could_not_do": ("human", "bad", lambda e: f"cannot do: {e.data['title']}"),
    "responder.approval": ("human", "good", lambda e: f"approved by {e.data['by']}"),
    "responder.escalated_by_table": ("human", "warning", lambda e: f"escalation due: {e.data['role']}"),
    "responder.closed": ("human", "good", lambda e: "closed"),
    "market.shock": ("market", "warning", lambda e: f"{e.subject} moves {100 * (e.data['factor'] - 1):+.1f} %"),
    "feed.bad": ("market", "bad", lambda e: f"{e.subject}: {e.data['fault']}"),
    "feed.good": ("market", "good", lambda e: f"{e.subject} good again"),
    "link.lost": ("broker", "bad", lambda e: f"session lost: {e.data['reason']}"),
    "link.restored": ("broker", "good", lambda e: "session restored"),
    "link.replayed": ("broker", "info", lambda e: f"{e.data['count']} missed updates replayed"),
    "order.unacked": ("broker", "warning", lambda e: f"{e.subject} not acknowledged"),
    "order.rejected": ("broker", "warning", lambda e: f"{e.subject} rejected: {e.data['error']}"),
    "ledger.duplicate_refused": ("broker", "warning", lambda e: f"duplicate {e.subject} refused"),
}
"""Event kind -> its lane, its level and its words."""

_SPANS: tuple[tuple[str, str, Lane, str], ...] = (
    ("link.lost", "link.restored", "broker", "no session"),
    ("system.halted", "system.resumed", "code", "halted"),
    ("system.stopped", "system.started", "code", "down"),
    ("monitoring.dead", "monitoring.dead_healed", "alerts", "monitoring dead"),
)


def timeline(history: History, zero_us: int) -> list[TimelineEvent]:
    """Events from a minute before fault zero on; when there are too many, the plainest ones are dropped."""
    told = []
    for event in history.of(*_EVENTS):
        if event.t_us < zero_us - MINUTE:
            continue
        lane, level, words = _EVENTS[event.kind]
        told.append(TimelineEvent(t_s=event.t_us / SECOND, lane=lane, text=_short(words(event)), level=level))
    if len(told) > _MOST_EVENTS:
        grave = [event for event in told if event.level != "info" and event.lane != "broker"]
        told = grave[:_MOST_EVENTS] or told[:_MOST_EVENTS]
    return told


def spans(history: History) -> list[Span]:
    """Stretches of time: faults in force, outages, halts, bad data."""
    found = [*_fault_spans(history), *_feed_spans(history)]
    for starts, ends, lane, text in _SPANS:
        found += _between(history, starts, ends, lane, text)
    return found


def _fault_spans(history: History) -> list[Span]:
    healed = {event.subject: event.t_us for event in history.of("fault.healed")}
    return [
        Span(
            lane="fault", start_s=event.t_us / SECOND, text=_short(event.data["text"]),
            end_s=healed[event.subject] / SECOND if event.subject in healed else None,
        )
        for event in history.of("fault.injected")
    ]  # fmt: skip


def _feed_spans(history: History) -> list[Span]:
    open_since: dict[str, Event] = {}
    found = []
    for event in history.of("feed.bad", "feed.good"):
        if event.kind == "feed.bad":
            open_since.setdefault(event.subject, event)
        elif event.subject in open_since:
            found.append(_bad_data(open_since.pop(event.subject), event))
    return found + [_bad_data(start, None) for start in open_since.values()]


def _bad_data(start: Event, end: Event | None) -> Span:
    end_s = None if end is None else end.t_us / SECOND
    return Span(lane="market", start_s=start.t_us / SECOND, end_s=end_s, text=f"{start.subject} {start.data['fault']}")


def _between(history: History, starts: str, ends: str, lane: Lane, text: str) -> list[Span]:
    found: list[Span] = []
    since: int | None = None
    for event in history.of(starts, ends):
        if event.kind == starts:
            since = event.t_us if since is None else since
        elif since is not None:
            found.append(Span(lane=lane, start_s=since / SECOND, end_s=event.t_us / SECOND, text=text))
            since = None
    if since is not None:
        found.append(Span(lane=lane, start_s=since / SECOND, end_s=None, text=text))
    return found


def series(history: History) -> dict[str, Series]:
    """Equity and exposure, thinned to what a plot can show; extremes within each step are kept."""
    return {name: _thin(*history.series[name]) for name in ("equity", "exposure") if name in history.series}


def _thin(t_us: np.ndarray, values: np.ndarray) -> Series:
    keep = np.arange(len(t_us))
    if len(t_us) > _MOST_POINTS:
        size = len(t_us) // (_MOST_POINTS // 2) + 1
        chunks = [keep[i : i + size] for i in range(0, len(keep), size)]
        picked = {int(c[np.argmin(values[c])]) for c in chunks} | {int(c[np.argmax(values[c])]) for c in chunks}
        keep = np.array(sorted(picked | {0, len(t_us) - 1}))
    return Series(t_s=(t_us[keep] / SECOND).tolist(), values=values[keep].tolist(), unit="USD")


def _command(event: Event) -> str:
    """A command that was typed, and how it ended when it did not end well."""
    text, outcome = " ".join(event.data["text"].split()), event.data["outcome"]
    return text if outcome in ("ok", "watched") else f"({outcome.replace('_', ' ')}) {text}"


def _short(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
