"""Instants as people write them down: `14:32`, `14:32:10`, ISO dates, seconds, `+5m`, `T+1:30`.

A trace mixes two kinds of clock: the wall's, and the seconds since the incident began. Both are kept as
seconds here; `drills.score.entries` puts them on one scale once the whole trace is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DAY_S = 86_400.0

_CLOCK = re.compile(
    r"(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d)(?:[:.](?P<s>[0-5]\d(?:[.,]\d{1,6})?))?\s*"
    r"(?P<half>[ap]\.?m\.?)?\s*(?:uhr|utc|z|h|hrs?|[cem][e]?[sd]?t)?",
    re.I,
)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.I,
)
_OFFSET = re.compile(r"(?:T\s*)?(?P<sign>[+-])\s*(?P<h>\d{1,3}:)?(?P<m>\d{1,3}):(?P<s>[0-5]\d(?:\.\d{1,6})?)", re.I)
_PART = re.compile(
    r"(\d{1,7}(?:[.,]\d{1,6})?)\s*(ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?|d|days?)(?![a-z])", re.I
)
_SPAN = re.compile(r"(?:T\s*)?\+?\s*(?P<parts>(?:\d[\d.,]*\s*[a-z]{1,7}\s*)+)", re.I)
_SECONDS = re.compile(r"\+?\s*(?P<s>\d{1,9}(?:\.\d{1,6})?)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_S}


@dataclass(frozen=True, slots=True)
class Instant:
    """A time as written. `seconds` count from the incident, from midnight, or from 1970, as `clock` says."""

    clock: Literal["since", "wall", "date"]
    seconds: float
    zoned: bool = False
    """For a date: whether it names its offset from UTC."""


def read_instant(text: str) -> Instant | None:
    """The instant that `text` is, or None."""
    words = text.strip().strip("[]()").strip()
    return _iso(words) or _clock(words) or _since(words)


def split_instant(line: str) -> tuple[Instant, str] | None:
    """The instant that a line of notes begins with, and the rest: `14:32 - halted everything`."""
    words = re.sub(r"^\s*[-*•]\s+", "", line)
    for pattern in (_ISO, _OFFSET, _CLOCK, _SPAN, _SECONDS):
        match = re.match(
            rf"\s*[\[(]?\s*(?:{pattern.pattern})\s*[\])]?(?P<rest>\s*(?:[,;|\t–—-]|:(?!\d))\s*|\s+)", words, re.I
        )
        instant = read_instant(words[: match.start("rest")]) if match is not None else None
        if match is not None and instant is not None:
            return instant, words[match.end() :].strip()
    return None


def _iso(words: str) -> Instant | None:
    match = _ISO.fullmatch(words)
    if match is None:
        return None
    zone = (match.group("zone") or "+00:00").upper().replace("Z", "+00:00").replace("UTC", "+00:00")
    try:
        when = datetime.fromisoformat(f"{match.group('day')}T{match.group('time')}{zone}")
    except ValueError:
        return None
    return Instant("date", when.timestamp(), match.group("zone") is not None)


def _clock(words: str) -> Instant | None:
    match = _CLOCK.fullmatch(words)
    if match is None or (match.group("s") is None and "." in words and match.group("half") is None):
        return None  # "14.30" is a number of seconds sooner than a time of day
    hours, half = int(match.group("h")), (match.group("half") or "").lower()
    if half and not 1 <= hours <= 12:
        return None
    if half:
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    seconds = float((match.group("s") or "0").replace(",", "."))
    return Instant("wall", (hours * 60 + int(match.group("m"))) * 60 + seconds)


def _since(words: str) -> Instant | None:
    match = _OFFSET.fullmatch(words)
    if match is not None:
        hours = int((match.group("h") or "0:")[:-1])
        seconds = (hours * 60 + int(match.group("m"))) * 60 + float(match.group("s"))
        return Instant("since", -seconds if match.group("sign") == "-" else seconds)
    match = _SECONDS.fullmatch(words)
    if match is not None:
        return Instant("since", float(match.group("s")))
    match = _SPAN.fullmatch(words)
    if match is None or _PART.sub("", match.group("parts")).strip(" ,"):
        return None
    parts = _PART.findall(match.group("parts"))
    return Instant("since", sum(float(number.replace(",", ".")) * _unit(unit) for number, unit in parts))


def _unit(word: str) -> float:
    return _UNITS["ms" if word.lower() == "ms" else word[0].lower()]
