"""Latency and errors of a service, from those of what it depends on.

Nothing is simulated call by call: a call costs the service's own time, times the slow-down of its node and of
memory that is nearly full, plus the time of the calls that it makes itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that each call of a service calls in turn."""

    name: str
    calls: float
    """How often it is called for each call of the service."""
    p99_s: Callable[[], float]
    """Its own latency; NaN while it is down."""
    error_rate: Callable[[], float] = lambda: 0.0
    needed: bool = True
    """Whether the service fails without it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers calls."""

    name: str
    own_p99_s: float = 0.08
    depends_on: Sequence[Dependency] = ()
    up: Callable[[], bool] = lambda: True
    slowdown: Callable[[], float] = lambda: 1.0
    """How many times longer its own work takes on the node that it is on."""
    memory_ratio: Callable[[], float] = lambda: 0.0
    own_error_rate: Callable[[], float] = lambda: 0.0

    def p99_s(self) -> float:
        """99 % of calls are answered within this; NaN while the service is down."""
        if not self.up():
            return math.nan
        own_s = self.own_p99_s * self.slowdown() * memory_slowdown(self.memory_ratio())
        return own_s + sum(_present(each.p99_s()) * each.calls for each in self.depends_on)

    def error_rate(self) -> float:
        """Share of calls that fail: its own, and those that a needed dependency fails."""
        if not self.up():
            return 1.0
        succeed = 1.0 - self.own_error_rate()
        for each in self.depends_on:
            if each.needed:
                succeed *= (1.0 - each.error_rate()) ** each.calls
        return 1.0 - succeed

    def healthy(self) -> bool:
        """Whether it answers most calls."""
        return self.error_rate() < 0.5


def memory_slowdown(ratio: float) -> float:
    """How many times longer work takes when memory is full to `ratio`: collecting garbage takes over.

    Nothing up to 80 %, then hyperbolic, ten times at most.
    """
    return 1.0 if ratio <= 0.8 else min(10.0, 0.2 / max(1.0 - ratio, 0.02))


def _present(value: float) -> float:
    return 0.0 if math.isnan(value) else value
