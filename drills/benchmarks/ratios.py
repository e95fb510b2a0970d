"""A ratio of two times, both taken in this process, by turns, on whatever machine this is.

Absolute times say more of the machine and its neighbours than of the code; the ratio of two medians that
were taken by turns says something of the code.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from sim.clock import wall_seconds

Timed = Callable[[int], float]
"""Prepares something on a seed, does it, and returns how many seconds the doing took."""


class Ratio(NamedTuple):
    """One line of `make bench`."""

    name: str
    ratio: float
    target: float
    at_least: bool = False
    """Whether the ratio must reach the target rather than stay within it."""

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def line(self) -> str:
        """`<name> <ratio> <target> ok|short`."""
        shown = float(f"{self.ratio:.3g}")
        return f"{self.name} {shown:g} {self.target:g} {'ok' if self.met else 'short'}"


def seconds(function: Callable[[], object]) -> float:
    """How long one call takes, without the garbage collector, which would strike one side and spare the other."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        start_s = wall_seconds()
        function()
        return wall_seconds() - start_s
    finally:
        if enabled:
            gc.enable()


def by_turns(upper: Timed, lower: Timed, seeds: range) -> float:
    """The median of `upper` over the median of `lower`, taken by turns, each seed once by both."""
    times = [(upper(seed), lower(seed)) for seed in seeds]
    return median(above for above, _ in times) / median(below for _, below in times)
