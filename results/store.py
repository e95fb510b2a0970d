"""Runs on disk: one folder each, written whole or not at all.

    <store>/<run id>/record.json            the record, see `results.record`
                     report.html, report.md
                     shortest-<checker>.yaml the shortest scenario that shows what it found
                     history-<case>.parquet  every event: seq, t_us, kind, subject, data (JSON)
                     documents/              the papers of the incident, where there are any

There is no index file: the list of runs is what the folders say, so nothing can disagree with them. A run
is written into a hidden folder beside its place and renamed; a reader sees the old run, the new one or none.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from results.history_file import history_file, parquet_of, read_history
from results.record import SCHEMA_VERSION, RunRecord, combined_digest
from sim.errors import BadInput
from sim.history import Event, Row

DEFAULT_STORE = Path("results/runs")
RECORD, HTML, MARKDOWN = "record.json", "report.html", "report.md"
PAPERS = "documents"
_REPEAT = "repeat the run to write it anew"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One folder of the store: its record, or why that cannot be read."""

    run_id: str
    path: Path
    record: RunRecord | None
    problem: BadInput | None = None


class Store:
    """The runs kept under one folder."""

    def __init__(self, folder: str | Path = DEFAULT_STORE) -> None:
        """Use `folder`; it is created by the first `save`."""
        self.folder = Path(folder)

    def save(
        self, record: RunRecord, histories: Mapping[str, Sequence[Row]] | None = None,
        papers: Mapping[str, str] | None = None,
    ) -> Path:  # fmt: skip
        """Write the record, its reports and the events of each case; returns the run's folder.

        `histories` maps the name of a case to the rows of its History; `papers` the file name of a document to
        its Markdown. A run of the same id is replaced.
        """
        from results.html import html_report
        from results.markdown import markdown_report

        files = {
            RECORD: (record.model_dump_json(indent=1) + "\n").encode(),
            HTML: html_report(record).encode(),
            MARKDOWN: markdown_report(record).encode(),
        }
        files |= {each.file: each.scenario.encode() for each in record.exhibits}
        files |= {history_file(case): parquet_of(rows) for case, rows in (histories or {}).items()}
        files |= {f"{PAPERS}/{name}": text.encode() for name, text in (papers or {}).items()}
        target = self.folder / folder_name(record.run_id)
        try:
            self._replace(target, files)
        except OSError as error:
            raise BadInput(
                f"the run cannot be stored: {error.strerror or error}",
                mend="make the folder writable, free some space, or name another one with --store",
                file=self.folder,
            ) from error
        return target

    def load(self, run: str | Path) -> RunRecord:
        """The record of a run, named by its id, the start of its id, its path, or `latest`."""
        return read_record(self.find(run) / RECORD)

    def history(self, run: str | Path, case: str) -> list[Event]:
        """The stored events of one case."""
        return read_history(self.find(run) / history_file(case))

    def find(self, run: str | Path) -> Path:
        """The folder of a run, named as for `load`."""
        name = str(run)
        path = Path(run)
        if name == "latest":
            return self._latest()
        if path.name == RECORD and path.is_file():
            return path.parent
        if (path / RECORD).is_file():
            return path
        ids = [folder.name for folder in self._folders()]
        matches = [name] if name in ids else [run_id for run_id in ids if name and run_id.startswith(name)]
        if len(matches) == 1:
            return self.folder / matches[0]
        raise self._not_one(name, matches, ids)

    def runs(self) -> list[StoredRun]:
        """Every stored run, oldest first; one that cannot be read is listed with its problem, at the end."""
        stored = [self._stored(folder) for folder in self._folders()]
        return sorted(stored, key=lambda run: (run.record is None, _started(run), run.run_id))

    def _stored(self, folder: Path) -> StoredRun:
        try:
            return StoredRun(folder.name, folder, read_record(folder / RECORD))
        except BadInput as problem:
            return StoredRun(folder.name, folder, None, problem)

    def _folders(self) -> list[Path]:
        try:
            return sorted(p for p in self.folder.iterdir() if p.is_dir() and not p.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BadInput(
                f"the store cannot be read: {error.strerror or error}",
                mend="name a folder of runs with --store",
                file=self.folder,
            ) from error

    def _latest(self) -> Path:
        readable = [run for run in self.runs() if run.record is not None]
        if not readable:
            raise self._not_one("latest", [], [])
        return readable[-1].path

    def _not_one(self, name: str, matches: list[str], ids: list[str]) -> BadInput:
        if matches:
            return BadInput(
                f"{len(matches)} runs begin with that: {_some(matches)}",
                mend="give more of the id",
                file=self.folder,
                value=name,
            )
        mend = f"take one of {_some(ids)}, or latest" if ids else "run a drill first, or name its folder with --store"
        return BadInput("no such run", mend=mend, file=self.folder, value=name)

    def _replace(self, target: Path, files: Mapping[str, bytes]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with _staging(self.folder) as staging:
            fresh = staging / "new"
            fresh.mkdir()
            for name, content in files.items():
                (fresh / name).parent.mkdir(exist_ok=True)
                _write_through(fresh / name, content)
            _swap(fresh, target, lambda attempt: staging / f"old-{attempt}")


def read_record(file: Path) -> RunRecord:
    """A record from disk, checked: of this version, complete, and with the digest of its own cases."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput("the run has no record", mend=_REPEAT, file=file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the record cannot be read: {error}", mend=_REPEAT, file=file) from error
    version = _version(text, file)
    if version != SCHEMA_VERSION:
        raise BadInput(
            f"the record was written in another format than version {SCHEMA_VERSION}",
            mend="show it with the Firedrill that wrote it, or repeat the run",
            file=file,
            field="schema_version",
            value=version,
        )
    try:
        record = RunRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            f"the record is damaged: {first['msg']}",
            mend=_REPEAT,
            file=file,
            field=".".join(str(part) for part in first["loc"]) or None,
        ) from error
    if record.digest != combined_digest(record.cases):
        raise BadInput("the record was changed: its cases have another digest", mend=_REPEAT, file=file, field="digest")
    return record


def _version(text: str, file: Path) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise BadInput("the record is not JSON, perhaps cut short", mend=_REPEAT, file=file, line=line) from error
    if not isinstance(document, dict):
        raise BadInput("the record is not a JSON object", mend=_REPEAT, file=file)
    return document.get("schema_version", "none")


def folder_name(run_id: str) -> str:
    """`run_id`, which must be fit for a folder's name on any system."""
    if run_id.startswith(".") or quote(run_id, safe="+") != run_id:
        raise BadInput(
            "the drill's name is used for a folder",
            mend="name the drill with letters, digits, - and _ only",
            field="drill",
            value=run_id,
        )
    return run_id


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder on the same disk, gone afterwards whatever happens."""
    staging = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_through(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _swap(fresh: Path, target: Path, aside: Callable[[int], Path]) -> None:
    """Put `fresh` in the place of `target`; two writers of one run may meet here, and one of them stays."""
    for attempt in range(8):
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists() or attempt == 7:
                raise
            with suppress(FileNotFoundError):
                target.rename(aside(attempt))
        else:
            return


def _started(run: StoredRun) -> str:
    return run.record.started_at if run.record else ""


def _some(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
