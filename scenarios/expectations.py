"""What is true of an incident, what a good answer to it looks like, and by when.

`GroundTruth` resolves the guards of a runbook ("if the loss exceeds limits", "Level 2+"), so that a
responder's branch can be called right or wrong. `Expectation` and `Objectives` are what checkers and the
RTO clock compare the History with. None of it reaches the mitigation code or the responder.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, Strict, field_validator

from scenarios.spec import Duration, Flag, Mended, Share, Spec
from sim.clock import MINUTE, SECOND

Severity = Literal["none", "low", "medium", "high", "critical"]
SEVERITY_RANK: dict[str, int] = {"critical": 1, "high": 2, "medium": 3, "low": 4, "none": 5}
"""1 is the gravest level of a runbook's own severity table, whatever it calls its levels."""

Cause = Literal[
    "daily_loss",
    "drawdown",
    "error_rate",
    "api_errors",
    "slippage",
    "manual",
    "broker_outage",
    "credentials",
    "rate_limit",
    "market_data",
    "state_file",
    "duplicate_order",
    "position_mismatch",
    "memory",
    "deployment",
    "process_crash",
    "monitoring",
    "database",
    "connection_pool",
    "calibration",
    "divergence",
    "promotion",
]

ServiceLevel = Literal["latency", "calibration", "fills", "mode"]
"""Of `sim.levels.LEVELS`."""

CONDITIONS: dict[str, str] = {
    "loss_over_limit": "the loss exceeds the firm's limit",
    "loss_is_real": "the loss is real and not an artefact of bad data",
    "within_range": "losses are within the acceptable range",
    "broker_up": "the broker's own service is up and the fault is on our side",
    "reconnect_succeeds": "reconnecting works within the runbook's number of attempts",
    "credentials_valid": "the broker credentials are valid",
    "positions_open": "positions are open when the fault strikes",
    "orders_open": "orders are open when the fault strikes",
    "position_valid": "a position without an order is legitimate and to be kept",
    "orphaned_positions": "positions exist at the broker that no strategy owns",
    "data_source_down": "the market data vendor itself is down",
    "market_volatile": "the market is unusually volatile",
    "deployment": "a recent deployment caused it",
    "memory_exhausted": "a workload is out of memory",
    "monitoring_blind": "monitoring shows nothing or the wrong thing",
    "process_down": "the trading system's process is down",
    "flatten_configured": "the firm wants positions closed when trading is stopped",
    "cannot_restart": "the trading system cannot be brought back soon",
}
"""Conditions that stock scenarios use and that runbook guards are matched with."""


class Need(StrEnum):
    """Whether something must, must not, or may happen in a run."""

    REQUIRED = "required"
    FORBIDDEN = "forbidden"
    EITHER = "either"


class GroundTruth(Spec):
    """What is really the case, for resolving guards."""

    severity: Severity = "high"
    causes: tuple[Cause, ...] = ()
    """Root causes, the main one first; empty when nothing is wrong."""
    conditions: dict[str, Annotated[bool, Strict()]] = Field(default_factory=dict)
    """Named conditions of `CONDITIONS`, or of your own runbook, true or false."""
    measures: dict[str, Annotated[float, Strict()]] = Field(default_factory=dict)
    """Numbers that a guard may compare with, such as drawdown_pct: 16."""

    @field_validator("conditions")
    @classmethod
    def _conditions_are_spelt_well(cls, conditions: dict[str, bool]) -> dict[str, bool]:
        for name in conditions:
            near = [] if name in CONDITIONS else get_close_matches(name, CONDITIONS, n=1, cutoff=0.85)
            if near:
                raise Mended(f"unknown condition {name}", f"did you mean {near[0]}?", name)
        return conditions

    @property
    def severity_rank(self) -> int:
        """1 for critical to 4 for low, 5 for none."""
        return SEVERITY_RANK[self.severity]


class Expectation(Spec):
    """What a good mitigation does."""

    halt: Need = Need.EITHER
    """Whether the kill switch must latch."""
    halt_release: Literal["approval", "next_session", "never"] = "approval"
    """What may release a latched halt within the run."""
    flatten: Need = Need.EITHER
    """Whether positions must be closed, or must be kept."""
    resume: Flag = True
    """Whether new orders must be accepted again at the end."""
    alarm: Need = Need.REQUIRED
    """Whether somebody must be alerted."""
    service_levels: tuple[ServiceLevel, ...] = ()
    """Levels of service beside trading that must hold again, beyond those that the faults strike themselves."""
    may_trade_during: Flag = False
    """Whether new risk may be taken between impact and restoration; exits always may."""


class Objectives(Spec):
    """By when, and at what loss. All times count from the impact."""

    rto_us: Duration = 20 * MINUTE
    """Recovery time objective."""
    detect_us: Duration = 2 * MINUTE
    """Until an alert fires or the code acts."""
    contain_us: Duration | None = None
    """Until no further risk can be added; None asks for nothing beyond the RTO."""
    rpo_count: Annotated[int, Strict(), Field(ge=0)] = 0
    """Orders, fills, positions and bars that may be lost, duplicated or unaccounted for."""
    rpo_notional_usd: Annotated[float, Strict(), Field(ge=0)] = 0.0
    """Their notional."""


class SteadyState(Spec):
    """What must hold before the first fault; if it does not, the run is inconclusive."""

    hold_us: Duration = MINUTE
    """For how long, at the end of the warm-up."""
    max_reject_share: Share = 0.1
    max_quote_age_us: Duration = 5 * SECOND
    """In session."""
    min_fills: Annotated[int, Strict(), Field(ge=0)] = 1
    """During the warm-up."""
    reconciled: Flag = True
    """Whether the system's positions must equal the broker's."""


class Window(Spec):
    """The part of the day that is simulated, around fault zero.

    Declared, because what depends on the whole day (its peak equity, its count of orders) changes with it.
    """

    before_us: Duration = 15 * MINUTE
    after_us: Duration = 25 * MINUTE
