"""`date` in virtual time: the real `date` formats, and is given the World's instant in place of its own.

What `-d` says relative to now is rewritten with the date (and the time of day, where the text has none) put
behind it, which GNU date reads as the same thing said about that instant. A weekday is worked out here, since
GNU date ignores it beside a date.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_WITH_VALUE = ("-d", "--date", "-r", "--reference", "-f", "--file", "-s", "--set")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ABSOLUTE = re.compile(
    r"@|\d{4}-\d{1,2}-\d{1,2}|\d{1,4}/\d{1,2}|\b\d{8}\b"
    r"|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\b", re.IGNORECASE,
)  # fmt: skip
_TIME_OF_DAY = re.compile(r"\b\d{1,2}:\d{2}|\b\d{1,2}\s*[ap]\.?m\b", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"\b(?:(?P<which>next|last|this)\s+)?(?P<day>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b,?",
    re.IGNORECASE,
)
_ZONE_PREFIX = re.compile(r'^\s*TZ="(?P<zone>[^"]+)"\s*')


class CannotSet(Exception):
    """`date -s` would set the clock."""


def rewritten(args: list[str], now: datetime, zone: str) -> list[str]:
    """The arguments for the real `date` at the instant `now` (aware), in a shell whose zone is `zone`."""
    if {"-u", "--utc", "--universal"} & set(args):
        zone = "UTC"
    kept: list[str] = []
    given = False
    words = iter(args)
    for word in words:
        name, value = _split(word)
        if name is None:
            kept.append(word)
            continue
        if value is None:
            value = next(words, None)
            if value is None:
                return args  # the real one says what is missing
        if name in ("-s", "--set"):
            raise CannotSet
        given = True
        if name in ("-d", "--date"):
            kept += ["-d", about(value, now, zone)]
        else:
            kept += [name, value]
    return kept if given else ["-d", f"@{now.timestamp():.6f}", *kept]


def _split(word: str) -> tuple[str | None, str | None]:
    """The option of `word` that takes a value, and the value when it is part of the word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return (name, value if equals else None) if name in _WITH_VALUE else (None, None)
    if len(word) > 1 and word[:2] in _WITH_VALUE:
        return word[:2], word[2:] or None
    return None, None


def about(text: str, now: datetime, zone: str) -> str:
    """`text` as said at `now`: what GNU date shall be given."""
    prefix = _ZONE_PREFIX.match(text)
    rest = text
    if prefix is not None:
        zone, rest = prefix["zone"], text[prefix.end() :]
    if _ABSOLUTE.search(rest):
        return text
    local = now.astimezone(_zone(zone))
    weekday, timed = _WEEKDAY.search(rest), _TIME_OF_DAY.search(rest) is not None
    if weekday is not None:
        local = local + timedelta(days=_days_to(weekday, local))
        rest = rest[: weekday.start()] + rest[weekday.end() :]
        rest = f"{rest} {local:%Y-%m-%d}" + ("" if timed else " 00:00:00")
    elif timed or not rest.strip():
        rest = f"{rest} {local:%Y-%m-%d}"
    else:
        rest = f"{rest} {local:%Y-%m-%d %H:%M:%S.%f}"
    return f"{prefix[0] if prefix is not None else ''}{rest}".strip()


def _days_to(found: re.Match[str], local: datetime) -> int:
    wanted = next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(found["day"].lower()[:3]))
    ahead = (wanted - local.weekday()) % 7
    which = (found["which"] or "this").lower()
    if which == "next":
        return ahead + (7 if ahead == 0 else 0)
    return ahead - 7 if which == "last" else ahead


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name.removeprefix(":") or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
