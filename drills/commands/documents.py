"""`firedrill documents`: the papers of a stored run, filled from what was recorded."""

from __future__ import annotations

import sys
from pathlib import Path

from drills.commands.output import write_file
from drills.commands.show import case_of
from drills.documents.papers import papers, text_of_file
from drills.runbook.model import Runbook
from drills.runbook.reader import read_runbook
from results.record import CaseRecord, RunRecord
from results.store import PAPERS, Store
from sim.errors import BadInput

_PACKAGE = Path(__file__).resolve().parents[2]


def documents_command(
    folder: Path, run: str, case: str | None, out: Path | None, runbook: Path | None, anyway: bool
) -> int:
    """Write the papers into `out`, or beside the run's report, and say where they are; returns 0."""
    store = Store(folder)
    record = store.load(run)
    chosen = case_of(record, case) if case is not None else _exercise(record)
    path = runbook or _where(record)
    text = read_runbook(path)
    _check(text, record, path, anyway)
    written = papers(record, chosen, store.history(run, chosen.name), text, text_of_file(path))
    place = store.find(run) / PAPERS if out is None else out
    _make(place)
    for name, paper in written.items():
        write_file("--out", str(place / name), paper)
        sys.stdout.write(f"{place / name}\n")
    return 0


def _exercise(record: RunRecord) -> CaseRecord:
    """The case that people took part in: the lead."""
    return next((case for case in record.cases if case.lead), record.deciding)


def _where(record: RunRecord) -> Path:
    """The runbook's file: as it was given, or in the package when it is one of ours."""
    given = Path(record.runbook.file)
    found = next((path for path in (given, _PACKAGE / given) if path.is_file()), None)
    if found is None:
        raise BadInput(
            "the runbook of that run is not there any more", mend="say where it is with --runbook FILE",
            field="--runbook", value=record.runbook.file,
        )  # fmt: skip
    return found


def _check(text: Runbook, record: RunRecord, path: Path, anyway: bool) -> None:
    if text.source_sha256 != record.runbook.sha256 and not anyway:
        raise BadInput(
            f"the runbook changed since run {record.run_id}", file=path, field="--runbook",
            mend="bring back what it was run with, or write the papers with --anyway",
        )  # fmt: skip


def _make(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot be made: {error.strerror or error}", mend="name another folder", field="--out", value=str(place)
        ) from error
