"""The History of a drill as a trace: what the on-call recorded, in JSON, line by line or Parquet.

A live drill writes one event a line with `t_us` (or `t_s`), `kind`, `subject` and `data`. Of it a score needs
the alert, the steps done (`responder.done`), the slips, and orders that left under a halt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drills.score.entries import Written
from sim.clock import SECOND
from sim.errors import BadInput
from sim.history import Event

_MEND = 'give one event a line: {"t_us": 95000000, "kind": "responder.done", "subject": "stop-orders"}'


@dataclass(frozen=True, slots=True)
class Plain:
    """JSON that is no History: the same fields as a trace in YAML."""

    data: Any
    lines: Mapping[tuple[str | int, ...], int]


def from_json(text: str, file: str) -> Written | Plain:
    """A trace from a JSON document, or from one JSON object a line."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as whole:
        rows = list(_rows(text, file, whole))
        lines: dict[tuple[str | int, ...], int] = {(number,): line for number, (line, _) in enumerate(rows)}
        data = [row for _, row in rows]
    except RecursionError:
        raise BadInput("is nested too deeply", mend=_MEND, file=file) from None
    else:
        lines = {}
    if isinstance(data, dict) and "kind" in data:
        data = [data]
    events = data.get("history", data.get("events", data)) if isinstance(data, dict) else data
    if isinstance(events, list) and events and all(isinstance(row, dict) and "kind" in row for row in events):
        return from_events((_event(n, row, lines.get((n,), n + 1), file) for n, row in enumerate(events)), file)
    return Plain(data, lines)


def _rows(text: str, file: str, whole: json.JSONDecodeError) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (json.JSONDecodeError, RecursionError):
                at = number if number > 1 else whole.lineno
                raise BadInput("is not JSON", mend=_MEND, file=file, line=at, value=line.strip()[:60]) from None


def _event(number: int, row: Mapping[str, Any], line: int, file: str) -> Event:
    time = row.get("t_us", row.get("t_s"))
    if isinstance(time, bool) or not isinstance(time, int | float) or not abs(time) < 1e18:
        raise BadInput("an event without a time", mend=_MEND, file=file, line=line, field="t_us", value=time)
    t_us = round(time if "t_us" in row else time * SECOND)
    data = row.get("data")
    return Event(number, t_us, str(row["kind"]), str(row.get("subject", "")), data if isinstance(data, dict) else {})


def from_events(events: Iterable[Event], file: str) -> Written:
    """The trace of a recorded drill, which `drills.score.recorded` scores as its run was scored."""
    rows = tuple(events)
    if not any(event.kind in {"responder.started", "responder.done"} for event in rows):
        mend = "give the History of a drill that somebody responded to, or a list of times and steps"
        raise BadInput("records no step that anybody did", mend=mend, file=file)
    return Written(file, (), history=rows)
