"""Reading recorded bars from CSV or Parquet, and refusing everything that is not plausible market data.

A file has one row per bar with the columns timestamp, symbol, open, high, low, close and volume, in any order
of columns and rows. Every complaint names the line of a CSV, or the row of a Parquet file, and the column.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sim.clock import HOUR, MINUTE, SECOND
from sim.errors import BadInput

COLUMNS = ("timestamp", "symbol", "open", "high", "low", "close", "volume")

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"\d{9,20}")
_MEND_STAMP = "write it with its offset, such as 2026-11-25T14:30:00Z, or as Unix time"


class RecordedBar(NamedTuple):
    """One row."""

    start_us: int
    """Unix microseconds."""
    open: float
    high: float
    low: float
    close: float
    volume: int
    decimals: int
    """How many the prices were written with."""


class Recording(NamedTuple):
    """A file of bars, checked: per symbol in order of time."""

    file: str
    bars: dict[str, list[RecordedBar]]
    length_us: int
    """How long each bar lasts."""


class _Row(NamedTuple):
    line: int
    cells: dict[str, Any]


def read_recording(path: str | Path, zone: str | None = None, minutes: int | None = None) -> Recording:
    """Read and check a file of bars.

    Time stamps without an offset are refused unless `zone` says whose they are. The length of the bars is the
    smallest distance of two of one symbol, unless `minutes` says it.
    """
    file = Path(path)
    rows = _parquet_rows(file) if file.suffix.lower() in (".parquet", ".pq") else _csv_rows(file)
    tz = None if zone is None else _zone(zone)
    bars: dict[str, dict[int, tuple[int, RecordedBar]]] = {}
    for row in rows:
        symbol = _symbol(file, row)
        bar = _bar(file, row, tz)
        twin = bars.setdefault(symbol, {}).setdefault(bar.start_us, (row.line, bar))
        if twin[0] != row.line:
            problem = f"a second bar of {symbol} at this time, after line {twin[0]}"
            raise _bad(file, row, "timestamp", problem, "keep one of them")
    if not bars:
        raise BadInput("no bars in the file", mend="give at least one row under the header", file=file)
    ordered = {symbol: [found[t_us][1] for t_us in sorted(found)] for symbol, found in bars.items()}
    return Recording(str(file), ordered, _length_us(file, ordered, minutes))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        mend = "give an IANA name such as America/New_York or UTC"
        raise BadInput("no time zone of this name", mend=mend, field="zone", value=name) from error


def _csv_rows(file: Path) -> Iterator[_Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(file, header)
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    problem = f"{len(cells)} cells where the header has {len(header)}"
                    raise BadInput(problem, mend="write one cell per column", file=file, line=reader.line_num)
                yield _Row(reader.line_num, dict(zip(header, cells, strict=True)))
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise _unreadable(file, "it is not UTF-8 text") from error
    except csv.Error as error:
        raise BadInput(
            f"not CSV: {error}", mend="repair or export it again", file=file, line=reader.line_num
        ) from error


def _parquet_rows(file: Path) -> Iterator[_Row]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with file.open("rb") as stream:
            table = ParquetFile(stream).read()
        names = [name.strip().lower() for name in table.column_names]
        _check_header(file, names)
        wanted = [names.index(name) for name in COLUMNS]
        columns = [table.column(place).to_pylist() for place in wanted]
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    except ArrowException as error:
        raise _unreadable(file, str(error)) from error
    for line, cells in enumerate(zip(*columns, strict=True), start=1):
        yield _Row(line, dict(zip(COLUMNS, cells, strict=True)))


def _check_header(file: Path, header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        mend = f"give the columns {', '.join(COLUMNS)}"
        raise BadInput(f"column {missing[0]} is missing", mend=mend, file=file, line=1, value=header)
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise BadInput("a column comes twice", mend="keep one of them", file=file, line=1, field=twice[0])


def _symbol(file: Path, row: _Row) -> str:
    symbol = row.cells["symbol"]
    if not isinstance(symbol, str) or not symbol.strip():
        raise _bad(file, row, "symbol", "no symbol", "name the symbol of the bar")
    return symbol.strip()


def _bar(file: Path, row: _Row, zone: ZoneInfo | None) -> RecordedBar:
    opened, high, low, close = (_price(file, row, name) for name in ("open", "high", "low", "close"))
    if high < max(opened, low, close):
        raise _bad(file, row, "high", "the high is under another price of the bar", "repair or leave out the bar")
    if low > min(opened, close):
        raise _bad(file, row, "low", "the low is over another price of the bar", "repair or leave out the bar")
    decimals = max(_decimals(row.cells[name]) for name in ("open", "high", "low", "close"))
    return RecordedBar(_stamp_us(file, row, zone), opened, high, low, close, _volume(file, row), decimals)


def _price(file: Path, row: _Row, column: str) -> float:
    value = _number(file, row, column)
    if value <= 0 or value > 1e12:
        raise _bad(file, row, column, "not a price", "give a number above 0")
    return value


def _volume(file: Path, row: _Row) -> int:
    value = _number(file, row, "volume")
    if value < 0 or value > 1e15:
        raise _bad(file, row, "volume", "not a volume", "give a number from 0 up")
    return round(value)


def _number(file: Path, row: _Row, column: str) -> float:
    try:
        value = float(row.cells[column])
    except (TypeError, ValueError):
        raise _bad(file, row, column, "not a number", "write it as 123.45") from None
    if not math.isfinite(value):
        raise _bad(file, row, column, "not a finite number", "write it as 123.45")
    return value


def _decimals(cell: Any) -> int:
    text = repr(cell) if isinstance(cell, float) else str(cell).strip()
    return 9 if "e" in text.lower() else len(text.partition(".")[2].rstrip("0"))


def _stamp_us(file: Path, row: _Row, zone: ZoneInfo | None) -> int:
    """Unix microseconds of a time stamp: ISO 8601, a datetime, or a Unix time in s, ms, us or ns."""
    value = row.cells["timestamp"]
    if isinstance(value, int) or (isinstance(value, str) and _DIGITS.fullmatch(value.strip())):
        return _unix_us(int(value))
    try:
        stamp = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise _bad(file, row, "timestamp", "not a time stamp", _MEND_STAMP) from None
    if stamp.tzinfo is None:
        if zone is None:
            raise _bad(file, row, "timestamp", "a time stamp without an offset", _MEND_STAMP + ", or name the zone")
        stamp = stamp.replace(tzinfo=zone)
    return (stamp - _UNIX) // timedelta(microseconds=1)


def _unix_us(value: int) -> int:
    """By its size a Unix time of our days can only be in one unit."""
    for limit, numerator, denominator in ((10**11, SECOND, 1), (10**14, 1000, 1), (10**17, 1, 1)):
        if value < limit:
            return value * numerator // denominator
    return value // 1000


def _length_us(file: Path, bars: dict[str, list[RecordedBar]], minutes: int | None) -> int:
    steps = [b.start_us - a.start_us for found in bars.values() for a, b in pairwise(found)]
    if minutes is None and not steps:
        mend = "give at least two bars of a symbol, or say how many minutes a bar lasts"
        raise BadInput("how long a bar lasts cannot be told", mend=mend, file=file)
    length_us = min(steps) if minutes is None else minutes * MINUTE
    if steps and length_us > min(steps):
        mend = f"bars of this file last at most {min(steps) / MINUTE:g} minutes"
        raise BadInput("bars overlap", mend=mend, file=file, field="minutes", value=minutes)
    if length_us > 12 * HOUR:
        raise BadInput("daily bars do not say what happened within a day", mend="record minutes or hours", file=file)
    return length_us


def _bad(file: Path, row: _Row, column: str, problem: str, mend: str) -> BadInput:
    return BadInput(problem, mend=mend, file=file, line=row.line, field=column, value=row.cells[column])


def _unreadable(file: Path, why: str) -> BadInput:
    return BadInput(f"cannot be read: {why}", mend="name a CSV or Parquet file of bars", file=file)
