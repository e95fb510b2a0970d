"""What a trace file says: who did what when, as written, with its line.

A trace is a list of (time, step). It comes as YAML (a list, or fields such as `detected:` with an `entries:`
list), as CSV with or without a header, as plain lines of notes, or as the History of a drill
(`drills.score.histories`). A line that nothing can be made of is an error that names it; nothing is dropped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drills.actions import Effect
from drills.score.times import Instant, read_instant, split_instant
from scenarios.yaml_lines import parse_document
from sim.errors import BadInput
from sim.history import Event

MAX_BYTES = 8 * 1024 * 1024
_TIME = ("time", "t", "at", "when", "t_s", "timestamp", "zeit", "uhrzeit", "hora", "tiempo", "heure")
_STEP = (
    "step", "action", "what", "did", "text", "event", "entry", "schritt", "aktion", "was", "paso", "acción", "étape",
)  # fmt: skip
_NOTE = ("note", "notes", "comment", "remark", "detail", "by", "who", "notiz", "bemerkung", "nota", "comentario")
_FORBIDDEN = ("forbidden", "verboten", "prohibido")
_EFFECT = ("effect",)
_LISTS = ("entries", "trace", "events", "steps", "timeline", "log")
_DETECTED = ("detected", "start", "alert", "zero", "t0", "alarm", "paged")
_RESTORED = ("restored", "recovered")
_FACTS = ("severity", "cause", "causes", "scenario", "runbook", "drill", "person", "title", "date", "note", "notes")
_MEND = "write the time first and then the step: 14:32, stop new orders"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a trace."""

    line: int
    instant: Instant
    text: str
    note: str = ""
    forbidden: bool = False
    """Something that nobody may do in this incident, such as an order after the stop."""
    effect: Effect | None = None
    """What it did to the firm, where the author says so."""


@dataclass(frozen=True, slots=True)
class Written:
    """A trace as it was written: its entries, and when the incident was detected if it says so."""

    file: str
    entries: tuple[Entry, ...]
    detected: Instant | None = None
    restored: Instant | None = None
    history: tuple[Event, ...] | None = None
    """The events of a recorded drill, in place of entries."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else it states: severity, cause, scenario."""


def read_trace(path: Path) -> Written:
    """The trace in a file, whatever its form; BadInput when it holds none."""
    file = str(path)
    raw = _bytes(path)
    if raw[:4] == b"PAR1":
        from drills.score.histories import from_events
        from results.history_file import read_history

        return from_events(read_history(path), file)
    text = _text(raw, file)
    if text.lstrip()[:1] in {"{", "["} or path.suffix.lower() in {".json", ".ndjson", ".jsonl"}:
        from drills.score.histories import from_json

        found = from_json(text, file)
        return found if isinstance(found, Written) else written_of(found.data, found.lines, file)
    if path.suffix.lower() in {".yaml", ".yml"}:
        document = parse_document(text, file)
        return written_of(document.data, document.lines, file)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return _checked(Written(file, tuple(_csv(text, file))))
    return _checked(Written(file, tuple(_lines(text, file))))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise BadInput("no such file", mend="check the path of the trace", field="--trace", file=path) from None
    except IsADirectoryError:
        raise BadInput("is a folder", mend="name the trace in it", field="--trace", file=path) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", mend="check its permissions", file=path) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("is too large for a trace", mend=f"the limit is {MAX_BYTES // 2**20} MB", file=path)
    if not raw.strip():
        raise BadInput("is empty", mend=_MEND, file=path)
    return raw


def _text(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput("is not text in UTF-8", mend="save it as UTF-8", file=file, line=line) from None


def _checked(written: Written) -> Written:
    if not written.entries:
        raise BadInput("holds no entry", mend=_MEND, file=written.file)
    return written


# YAML and JSON ----------------------------------------------------------------------------------------


def written_of(data: Any, lines: Mapping[tuple[str | int, ...], int], file: str) -> Written:
    """A trace from the data of a YAML or JSON document; `lines` tells where each part of it stands."""
    facts: dict[str, str] = {}
    head: dict[str, Instant] = {}
    path: tuple[str | int, ...] = ()
    if isinstance(data, dict):
        name = next((key for key in data if str(key).lower() in _LISTS and isinstance(data[key], list | dict)), None)
        if name is not None:
            head, facts = _head(data, name, lines, file)
            data, path = data[name], (name,)
    if isinstance(data, dict):
        items: Iterable[tuple[str | int, Any]] = ((key, [key, value]) for key, value in data.items())
    elif isinstance(data, list):
        items = enumerate(data)
    else:
        raise BadInput("is no list of entries", mend="write `- {time: 14:32, step: stop new orders}`", file=file)
    entries = tuple(_item(value, lines.get((*path, key), 1), file) for key, value in items)
    return _checked(Written(file, entries, head.get("detected"), head.get("restored"), facts=facts))


def _head(
    data: Mapping[str, Any], entries: str, lines: Mapping[tuple[str | int, ...], int], file: str
) -> tuple[dict[str, Instant], dict[str, str]]:
    head: dict[str, Instant] = {}
    facts: dict[str, str] = {}
    for key, value in data.items():
        word = str(key).lower()
        if key == entries:
            continue
        if word in _DETECTED or word in _RESTORED:
            name = "detected" if word in _DETECTED else "restored"
            head[name] = _instant(value, lines.get((key,), 1), file, str(key))
        elif word in _FACTS:
            facts[word] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        else:
            known = ", ".join((entries, "detected", "restored", *_FACTS[:4]))
            raise BadInput("unknown field", mend=f"use {known}", file=file, line=lines.get((key,)), field=str(key))
    return head, facts


def _item(value: Any, line: int, file: str) -> Entry:
    match value:
        case str():
            return _note_line(value, line, file)
        case [time, step, *rest] if len(rest) <= 1 and not isinstance(step, dict | list):
            return _entry({"time": time, "step": step, "note": rest[0] if rest else ""}, line, file)
        case [time, dict() as fields]:
            return _entry({"time": time, **fields}, line, file)
        case [time, list() as steps] if steps:
            return _entry({"time": time, "step": "; ".join(map(str, steps))}, line, file)
        case dict() if len(value) == 1 and read_instant(str(next(iter(value)))) is not None:
            ((time, step),) = value.items()
            return _item([time, step], line, file)
        case dict():
            return _entry(value, line, file)
        case _:
            raise BadInput("not an entry", mend=_MEND, file=file, line=line, value=value)


def _entry(fields: Mapping[str, Any], line: int, file: str) -> Entry:
    given = {str(key).strip().lower(): value for key, value in fields.items()}
    known = {*_TIME, *_STEP, *_NOTE, *_FORBIDDEN, *_EFFECT}
    unknown = next((key for key in given if key not in known), None)
    if unknown is not None:
        mend = "use time, step, note, forbidden and effect"
        raise BadInput("unknown field of an entry", mend=mend, file=file, line=line, field=unknown)
    time, text = _first(given, _TIME), _first(given, _STEP)
    if text is None or not str(text).strip():
        raise BadInput("an entry without a step", mend=_MEND, file=file, line=line, field="step", value=time)
    if time is None:
        raise BadInput("an entry without a time", mend=_MEND, file=file, line=line, field="time", value=text)
    note = _first(given, _NOTE)
    return Entry(
        line, _instant(time, line, file, "time"), str(text).strip(), "" if note is None else str(note).strip(),
        forbidden=_flag(_first(given, _FORBIDDEN), line, file), effect=_effect(_first(given, _EFFECT), line, file),
    )  # fmt: skip


def _first(given: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((given[name] for name in names if name in given), None)


def _instant(value: Any, line: int, file: str, name: str) -> Instant:
    found = None if isinstance(value, bool | dict | list) else read_instant(str(value))
    if found is None:
        mend = "write it as 14:32, 14:32:10, 2026-03-02T14:32:10Z, 95 (seconds) or +5m"
        raise BadInput("not a time", mend=mend, file=file, line=line, field=name, value=value)
    return found


def _flag(value: Any, line: int, file: str) -> bool:
    word = str(value).strip().lower()
    if value is None or word in {"", "no", "false", "0", "-"}:
        return False
    if word in {"yes", "true", "1", "x", "forbidden"}:
        return True
    raise BadInput("neither yes nor no", mend="write yes or no", file=file, line=line, field="forbidden", value=value)


def _effect(value: Any, line: int, file: str) -> Effect | None:
    word = "" if value is None else str(value).strip().lower()
    if word in {"", *Effect}:
        return Effect(word) if word else None
    mend = f"use one of {', '.join(Effect)}"
    raise BadInput("not an effect", mend=mend, file=file, line=line, field="effect", value=value)


# CSV and lines of notes -------------------------------------------------------------------------------


def _csv(text: str, file: str) -> Iterator[Entry]:
    header: list[str] | None = None
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), skipinitialspace=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if header is None and read_instant(cells[0]) is None and _is_header(cells):
                header = [cell.lower() for cell in cells]
                continue
            yield _row(cells, header, reader.line_num, file)
    except csv.Error as error:
        raise BadInput(f"is not CSV: {error}", mend=_MEND, file=file, line=reader.line_num) from None


def _delimiter(text: str) -> str:
    lines = [line for line in text.splitlines()[:20] if line.strip() and not line.startswith("#")]
    return max(",;\t|", key=lambda mark: (sum(mark in line for line in lines), mark == ","))


def _is_header(cells: Sequence[str]) -> bool:
    words = {cell.lower() for cell in cells}
    return bool(words & set(_TIME)) and bool(words & {*_STEP, *_NOTE})


def _row(cells: list[str], header: list[str] | None, line: int, file: str) -> Entry:
    if header is None:
        if len(cells) < 2:
            raise BadInput("not an entry", mend=_MEND, file=file, line=line, value=cells[0])
        return _entry({"time": cells[0], "step": cells[1], "note": ", ".join(c for c in cells[2:] if c)}, line, file)
    known = {*_TIME, *_STEP, *_NOTE, *_FORBIDDEN, *_EFFECT}
    fields = {name: cell for name, cell in zip(header, cells, strict=False) if name in known and cell}
    extra = cells[len(header) :]
    if extra:  # an unquoted comma in the last column
        last = next((name for name in reversed(header) if name in fields), header[-1])
        fields[last] = ", ".join([fields.get(last, ""), *extra])
    return _entry(fields, line, file)


def _lines(text: str, file: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", "<!--", "```")):
            yield _note_line(line, number, file)


def _note_line(words: str, line: int, file: str) -> Entry:
    found = split_instant(words)
    if found is None or not found[1]:
        raise BadInput("not an entry", mend=_MEND, file=file, line=line, value=" ".join(words.split())[:80])
    return Entry(line, found[0], found[1])
