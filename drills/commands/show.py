"""`firedrill show`: a stored run once more, in the form that is wanted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from drills.commands.output import console
from results.record import CaseRecord, RunRecord
from results.store import HTML, Store
from results.terminal import print_run
from sim.clock import SECOND
from sim.errors import BadInput


def show_command(folder: Path, run: str, form: str, case: str | None) -> int:
    """Print the run; returns 0, whatever its verdict was."""
    forms: dict[str, Callable[[Store, str, str | None], None]] = {
        "terminal": _terminal,
        "markdown": _markdown,
        "json": _json,
        "history": _history,
    }
    if form not in forms:
        near = get_close_matches(form, forms, n=1)
        mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(forms)}"
        raise BadInput("there is no such format", mend=mend, field="--format", value=form)
    forms[form](Store(folder), run, case)
    return 0


def case_of(record: RunRecord, case: str | None) -> CaseRecord:
    """The case of that name, or the deciding one."""
    if case is None:
        return record.deciding
    found = next((c for c in record.cases if c.name == case), None)
    if found is None:
        names = [c.name for c in record.cases]
        near = get_close_matches(case, names, n=1)
        mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"
        raise BadInput(f"run {record.run_id} has no such case", mend=mend, field="--case", value=case)
    return found


def _only(record: RunRecord, name: str | None) -> RunRecord:
    """The record as if it had been run with this case alone."""
    if name is None:
        return record
    case = case_of(record, name)
    fields = ("verdict", "verdicts", "rto_s", "rto_objective_s", "rpo", "adherence", "shown_score", "fitness", "gates")
    shared = {field: getattr(case, field) for field in (*fields, "findings", "clock")}
    return record.model_copy(update={**shared, "title": case.title, "case": case.name, "cases": [case]})


def _terminal(store: Store, run: str, case: str | None) -> None:
    report = store.find(run) / HTML
    print_run(console(), _only(store.load(run), case), report if report.is_file() else None)


def _markdown(store: Store, run: str, case: str | None) -> None:
    from results.markdown import markdown_report

    sys.stdout.write(markdown_report(_only(store.load(run), case)).rstrip() + "\n")


def _json(store: Store, run: str, case: str | None) -> None:
    record = store.load(run)
    shown = record if case is None else case_of(record, case)
    sys.stdout.write(shown.model_dump_json(indent=1) + "\n")


def _history(store: Store, run: str, case: str | None) -> None:
    """One event a line: number, seconds, kind, subject, data as JSON."""
    name = case_of(store.load(run), case).name
    for event in store.history(run, name):
        data = json.dumps(event.data) if event.data else ""
        line = f"{event.seq:>6} {event.t_us / SECOND:>14.6f}  {event.kind:<22} {event.subject:<20} {data}"
        sys.stdout.write(line.rstrip() + "\n")
