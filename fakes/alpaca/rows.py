"""Bars and prices as JSON shows them."""

from __future__ import annotations

import math
from typing import Any

from sim.corruption import Bar

Row = dict[str, Any]


def worded(bar: Bar) -> Row:
    """A bar of the feed, without its time."""
    mean = (bar.open + bar.high + bar.low + bar.close) / 4
    return {
        "o": money(bar.open), "h": money(bar.high), "l": money(bar.low), "c": money(bar.close), "v": int(bar.volume),
        "n": max(1, int(bar.volume) // 100), "vw": money(mean),
    }  # fmt: skip


def money(value: float) -> float:
    """A price; one that is no number is shown as zero, for JSON has none such."""
    return 0.0 if math.isnan(value) else round(float(value), 4)
