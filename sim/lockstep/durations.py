"""Durations as coreutils write them: `30`, `1.5m`, `2h`, `infinity`."""

from __future__ import annotations

import re

from sim.clock import SECOND

_DURATION = re.compile(r"(?P<number>\d+\.?\d*|\.\d+)(?P<unit>[smhd]?)")
_UNITS_US = {"": SECOND, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
FOREVER_US = 31_536_000_000 * SECOND
"""A thousand years: `sleep infinity`."""


def duration_us(text: str) -> int | None:
    """Microseconds; None for what is no duration."""
    if text.lower() in ("inf", "infinity"):
        return FOREVER_US
    found = _DURATION.fullmatch(text)
    return None if found is None else min(FOREVER_US, round(float(found["number"]) * _UNITS_US[found["unit"]]))
