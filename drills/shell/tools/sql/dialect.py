"""PostgreSQL's spelling as SQLite reads it, for the statements that runbooks contain.

`NOW() - INTERVAL '1 hour'`, casts, ILIKE, `now() - query_start` as a length of time, booleans. Text in quotes is
left alone. What is spelt in another way is refused by SQLite and then said to be unknown here.
"""

from __future__ import annotations

import re

_STRING = re.compile(r"'(?:[^']|'')*'")
_NOW = r"(?:now\s*\(\s*\)|current_timestamp|localtimestamp|clock_timestamp\s*\(\s*\))"
_TIMES = (r"(?:\w+\.)?(?:created_at|executed_at|updated_at|query_start|backend_start|state_change|xact_start|time"
    "|timestamp"
          r"|last_autovacuum)")  # fmt: skip
_SECONDS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3600, "h": 3600, "day": 86_400,
            "d": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}  # fmt: skip


def seconds_of(interval: str) -> float:
    """Seconds of `1 hour`, `4 hours 30 minutes`, `00:05:00`; ValueError for anything else."""
    clock = re.fullmatch(r"\s*(\d+):(\d\d)(?::(\d\d))?\s*", interval)
    if clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    parts = re.findall(r"(-?\d+(?:\.\d+)?)\s*([a-z]+)", interval.lower())
    if not parts:
        raise ValueError(interval)
    total = 0.0
    for number, unit in parts:
        name = unit if unit in _SECONDS else unit.rstrip("s")
        if name not in _SECONDS:
            raise ValueError(interval)
        total += float(number) * _SECONDS[name]
    return total


def translated(statement: str) -> str:
    """A statement that SQLite runs to the same result."""
    strings: list[str] = []

    def keep(match: re.Match[str]) -> str:
        strings.append(match.group(0))
        return f"\x00{len(strings) - 1}\x00"

    text = _STRING.sub(keep, statement)
    text = _intervals(text, strings)
    text = re.sub(rf"(?i)\b{_NOW}", "pg_now()", text)
    text = re.sub(
        rf"(?i)(pg_now\(\)|pg_shift\([^()]*(?:\(\))?[^()]*\))\s*-\s*({_TIMES})\b", r"pg_between(\1, \2)", text
    )
    text = re.sub(
        r"(?i)::\s*(?:double precision|timestamp(?:tz)?|numeric(?:\(\d+(?:,\s*\d+)?\))?|[a-z_]+)(?:\[\])?", "", text
    )
    text = re.sub(r"(?i)\bilike\b", "LIKE", text)
    text = re.sub(r"(?i)\bcurrent_date\b", "substr(pg_now(), 1, 10)", text)
    text = re.sub(r"(?i)\bis\s+(not\s+)?true\b", lambda m: f"= {0 if m.group(1) else 1}", text)
    text = re.sub(r"(?i)\bpg_catalog\.|\bpublic\.", "", text)
    text = re.sub(r"(?i)\bnulls\s+(?:first|last)\b", "", text)
    text = re.sub(r"(?i)^table\s+(\w+)$", r"SELECT * FROM \1", text.strip())
    return re.sub(r"\x00(\d+)\x00", lambda m: strings[int(m.group(1))], text)


def _intervals(text: str, strings: list[str]) -> str:
    """`X - INTERVAL '1 hour'` and `X + '5 min'::interval` as a shift of X in seconds."""

    def shift(match: re.Match[str]) -> str:
        try:
            seconds = seconds_of(strings[int(match.group("text"))].strip("'"))
        except ValueError:
            return match.group(0)
        sign = "-" if match.group("sign") == "-" else ""
        base = "pg_now()" if re.fullmatch(rf"(?i){_NOW}", match.group("base")) else match.group("base")
        return f"pg_shift({base}, {sign}{seconds})"

    base = rf"(?P<base>{_NOW}|{_TIMES})"
    text = re.sub(rf"(?i)\b{base}\s*(?P<sign>[-+])\s*interval\s*\x00(?P<text>\d+)\x00", shift, text)
    text = re.sub(rf"(?i)\b{base}\s*(?P<sign>[-+])\s*\x00(?P<text>\d+)\x00\s*::\s*interval", shift, text)

    def length(match: re.Match[str]) -> str:
        try:
            seconds = round(seconds_of(strings[int(match.group(1))].strip("'")))
        except ValueError:
            return match.group(0)
        # As `pg_between` writes a length of time, so that the two can be compared.
        strings.append(f"'{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}'")
        return f"\x00{len(strings) - 1}\x00"

    text = re.sub(r"(?i)\binterval\s*\x00(\d+)\x00", length, text)
    return re.sub(r"(?i)\x00(\d+)\x00\s*::\s*interval", length, text)
