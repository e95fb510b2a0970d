"""What the judges of a run demand: plain values, handed in by whoever knows the scenario.

Predicates and checkers read two things only, the History and this. The simulated firm never sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sim.clock import MINUTE, SECOND
from sim.config import LIMITS

Need = Literal["required", "forbidden", "either"]
Release = Literal["approval", "next_session", "never"]


@dataclass(frozen=True, slots=True)
class Demands:
    """What a good outcome of one run is, and how strictly it is read."""

    zero_us: int
    """Fault zero: what happened before it is warm-up and is not judged, except for false alarms."""
    horizon_us: int
    """The end of the run."""
    halt: Need = "either"
    flatten: Need = "either"
    alarm: Need = "required"
    halt_release: Release = "approval"
    resume: bool = True
    """Whether new orders must be accepted again at the end."""
    may_trade_during: bool = False
    detect_us: int = 2 * MINUTE
    """From the impact until somebody, or the code, noticed."""
    contain_us: int | None = None
    """From the impact until no further risk can be added."""
    limits: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(dict(LIMITS)))
    automation_only: bool = False
    """Nobody responds: a halt that is allowed stays latched, and trading need not resume after it."""
    settle_us: int = 5 * SECOND
    """A difference shorter than this is a message on its way, not a breach."""
    sessions: tuple[tuple[int, int], ...] = ()
    """(open, close) of every session; empty means that the market never closes."""
    day_start_equity: float | None = None
    """Equity the first day's loss is counted from; None takes the first value of the series."""
    peak_equity: float | None = None
    """High-water mark at the start; None takes the first value of the series."""
    monitoring: bool = False
    """Whether monitoring must see again before the firm counts as restored."""

    levels: frozenset[str] = frozenset()
    """Service levels beside trading that the incident is about: of `sim.levels.LEVELS`."""

    @property
    def resumes(self) -> bool:
        """Whether somebody is there to release a halt, and it is to be released."""
        return self.resume and not self.automation_only

    def open_spans(self) -> list[tuple[int, int]]:
        """When the market trades, up to the horizon."""
        return [(0, self.horizon_us)] if not self.sessions else list(self.sessions)
