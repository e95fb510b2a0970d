"""`firedrill replay`: the same run again, compared event by event.

A run that cannot be repeated proves nothing, so the comparison is of everything that happened and not of
the scores. What the run was made from must be unchanged, or the answer would say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import typer

from drills.code import code_sha256
from drills.commands.run import finish
from drills.commands.targets import Target, targets
from drills.mitigations import sha256_of
from drills.options import RunOptions
from drills.runner import text_of
from results.record import CaseRecord, RunRecord
from results.store import Store
from sim.clock import SECOND
from sim.errors import BadInput
from sim.history import Event, History, Row


def replay_command(folder: Path, run: str, *, anyway: bool) -> int:
    """Run it again; 0 when every case is identical, 1 when one differs."""
    store = Store(folder)
    record = store.load(run)
    if "rehearse" in record.options:
        return _replay_rehearsal(store, run, record, anyway)
    options = RunOptions.from_text(record.options)
    [target] = targets([options.drill or record.drill], options.runbook)
    changed = changes(record, target, options)
    _refuse(changed, record, anyway)
    typer.echo(f"{record.run_id}: {record.replay}")
    finished = finish(target, options, shorten=False)
    return _tell(store, run, record, finished.record, finished.histories, changed)


def _replay_rehearsal(store: Store, run: str, record: RunRecord, anyway: bool) -> int:
    """The same for a run whose text was followed to the letter."""
    from drills.commands.rehearse import run_rehearsal, text_and_scenario
    from drills.rehearsal.options import RehearseOptions

    options = RehearseOptions.from_text(record.options)
    text, scenario = text_and_scenario(options)
    code = code_sha256(options.code, options.project)
    changed = _changed(record, text.runbook.source_sha256, code)
    _refuse(changed, record, anyway)
    typer.echo(f"{record.run_id}: {record.replay}")
    again = run_rehearsal(text, scenario, options)
    return _tell(store, run, record, again.record, {again.record.case: again.history}, changed)


def _refuse(changed: list[str], record: RunRecord, anyway: bool) -> None:
    if changed and not anyway:
        raise BadInput(
            f"{' and '.join(changed)} changed since run {record.run_id}",
            mend="bring back what it was run with, or compare with --anyway",
        )


def _tell(
    store: Store, run: str, record: RunRecord, again: RunRecord, histories: Mapping[str, History], changed: list[str]
) -> int:
    differences = [text for case in record.cases for text in _compare(store, run, case, again, histories)]
    for text in differences:
        typer.echo(text)
    if differences:
        for text in (*changed, *_versions(record, again)):
            typer.echo(f"  also different: {text}")
        return 1
    typer.echo(f"identical: {len(record.cases)} {'case' if len(record.cases) == 1 else 'cases'}, {record.digest}")
    return 0


def changes(record: RunRecord, target: Target, options: RunOptions) -> list[str]:
    """What the run was made from and is not any more what it was."""
    now = sha256_of(options)
    return _changed(record, text_of(target.drill, options).runbook.source_sha256, now)


def _changed(record: RunRecord, text_sha256: str, now: str | None) -> list[str]:
    changed = []
    if text_sha256 != record.runbook.sha256:
        changed.append(f"the runbook ({record.runbook.file})")
    if record.code.sha256 is not None and now != record.code.sha256:
        changed.append(f"the code ({record.code.spec})")
    return changed


def _compare(
    store: Store, run: str, case: CaseRecord, record: RunRecord, histories: Mapping[str, History]
) -> list[str]:
    """What differs in one case: nothing, or the first event that does."""
    again = {c.name: c for c in record.cases}.get(case.name)
    if again is None:
        return [f"{case.name}: the case is not run any more"]
    if again.digest == case.digest:
        return []
    try:
        stored = store.history(run, case.name)
    except BadInput:
        return [f"{case.name}: different digest; the events are not stored, so none can be shown"]
    return [f"{case.name}: {_first_difference(stored, histories[case.name].rows)}"]


def _first_difference(stored: Sequence[Event], rows: Sequence[Row]) -> str:
    fresh = (Event(seq, t_us, kind, subject, _as_stored(data)) for seq, (t_us, kind, subject, data) in enumerate(rows))
    for number, (old, new) in enumerate(zip_longest(stored, fresh)):
        if old != new:
            return f"first difference at event {number}\n  stored  {_row(old)}\n  now     {_row(new)}"
    return "every event is the same, a numeric series differs"


def _as_stored(data: dict[str, Any]) -> Any:
    return json.loads(json.dumps(data, default=str))


def _row(event: Event | None) -> str:
    if event is None:
        return "(no event)"
    return f"{event.t_us / SECOND:.6f} s  {event.kind}  {event.subject}  {json.dumps(event.data)}"


def _versions(old: RunRecord, new: RunRecord) -> list[str]:
    """Versions that are not those of the first run: the usual reason, when nothing of ours was changed."""
    was, now = old.environment, new.environment
    pairs = [("Firedrill", was.firedrill, now.firedrill), ("Python", was.python, now.python)]
    names = dict.fromkeys((*was.packages, *now.packages))
    pairs += [(name, was.packages.get(name, "none"), now.packages.get(name, "none")) for name in names]
    return [f"{name} {before}, now {after}" for name, before, after in pairs if before != after]
