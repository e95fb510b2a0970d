"""When the firm was really over its loss limits: by the true equity, not by what its own system believed.

Reads the series `equity` (time, dollars at the Ledger's positions and the true market). A day's loss counts
from the equity at the last close; the drawdown from the high-water mark. Both start anew when somebody
releases a halt or safe mode, because that is a decision to go on from there. Without the series nothing is
known and nothing is claimed.
"""

from __future__ import annotations

import numpy as np

from sim.demands import Demands
from sim.history import History
from sim.spans import Span, toggled

HALTING = ("daily_loss_pct", "drawdown_halt_pct")
CLOSING = ("daily_loss_pct", "drawdown_flatten_pct")
WARNING = ("drawdown_warn_pct",)


def over_limit(history: History, demands: Demands, limits: tuple[str, ...] = HALTING) -> list[Span]:
    """When a limit of these was exceeded, from fault zero on."""
    if "equity" not in history.series:
        return []
    t_us, equity = history.series["equity"]
    if not len(t_us):
        return []
    over = np.zeros(len(t_us), dtype=bool)
    for name in limits:
        limit = demands.limits.get(name)
        if limit is not None:
            base = _day_starts(history, demands) if name == "daily_loss_pct" else _peaks(history, demands)
            over |= 100 * (1 - equity / base) >= limit
    over &= t_us >= demands.zero_us
    changed = np.flatnonzero(np.diff(over.astype(np.int8), prepend=0))
    return toggled((int(t_us[i]), bool(over[i])) for i in changed)


def _day_starts(history: History, demands: Demands) -> np.ndarray:
    """For each sample the equity that its day's loss counts from."""
    t_us, equity = history.series["equity"]
    first = float(equity[0]) if demands.day_start_equity is None else demands.day_start_equity
    base = np.full(len(t_us), first)
    resets = [close for _, close in demands.sessions] + _releases(history)
    for at_us in sorted(resets):
        i = int(np.searchsorted(t_us, at_us))
        if 0 < i < len(t_us):
            base[i:] = equity[i]
    return base


def _peaks(history: History, demands: Demands) -> np.ndarray:
    """For each sample the highest equity so far."""
    t_us, equity = history.series["equity"]
    first = float(equity[0]) if demands.peak_equity is None else demands.peak_equity
    peaks = np.maximum(np.maximum.accumulate(equity), first)
    for at_us in _releases(history):
        i = int(np.searchsorted(t_us, at_us))
        peaks[i:] = np.maximum.accumulate(equity[i:])
    return peaks


def _releases(history: History) -> list[int]:
    """When somebody decided to go on: a halt released, safe mode left."""
    return [
        event.t_us
        for event in history.of("system.resumed", "system.safe_mode")
        if event.kind == "system.resumed" or not event.get("on")
    ]
