"""Durations as coreutils write them: `30`, `1.5m`, `2h`, `infinity`."""

from __future__ import annotations

import re

from sim.clock import SECOND

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_DURATION = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>[smhd]?)")
_UNITS_US = {"": SECOND, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
FOREVER_US = 31_536_000_000 * SECOND
"""A thousand years: `sleep infinity`."""


def duration_us(text: str) -> int | None:
    """Microseconds; None for what is no duration."""
    if text.lower() in ("inf", "infinity"):
        return FOREVER_US
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    return round(min(FOREVER_US, float(found["number"]) * _UNITS_US[found["unit"]]))


def seconds_us(text: str) -> int | None:
    """Plain seconds, as network tools take them, in microseconds; None for what is no such number."""
    return duration_us(text) if re.fullmatch(_NUMBER, text) else None
