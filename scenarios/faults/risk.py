"""Faults that make a kill switch fire: an adverse market, worse fills, a person who presses it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict, model_validator

from scenarios.faults.base import Ends, FaultBase, exactly_one
from scenarios.spec import Duration, Percent, Text, duration_words
from sim.clock import MINUTE


class AdverseMove(FaultBase):
    """Prices move against the positions that are held, far enough to reach a stated loss.

    The move is sized on the book at the moment it strikes and is spread over `ramp`; whoever flattens
    on the way loses less. It ends by itself: prices then stay where they are, there is no rebound.
    """

    ends: ClassVar[Ends] = Ends.ITSELF
    component: ClassVar[str] = "market"

    kind: Literal["adverse_move"] = "adverse_move"
    loss_pct: Percent | None = None
    """Loss of an untouched book, in percent of the equity at the start of the day."""
    drawdown_pct: Percent | None = None
    """Or: distance below the equity's high-water mark that an untouched book ends at, in percent."""
    ramp_us: Duration = 2 * MINUTE
    """How long the move takes."""

    @model_validator(mode="after")
    def _one_measure(self) -> AdverseMove:
        exactly_one(self, "loss_pct", "drawdown_pct")
        return self

    @property
    def own_length_us(self) -> int:
        """The ramp."""
        return self.ramp_us

    def what(self) -> str:
        """The size and speed of the move."""
        size = (
            f"the book loses {self.loss_pct:g} % of the day's equity"
            if self.loss_pct is not None
            else f"the book falls {self.drawdown_pct:g} % below its peak"
        )
        return f"{size} within {duration_words(self.ramp_us)}"


class Volatility(FaultBase):
    """Price changes are `multiplier` times as wide as usual; healing restores the usual width."""

    component: ClassVar[str] = "market"

    kind: Literal["volatility"] = "volatility"
    multiplier: Annotated[float, Strict(), Field(gt=1, le=100)] = 4.0

    def what(self) -> str:
        """The factor."""
        return f"volatility is {self.multiplier:g} times the usual"


class Slippage(FaultBase):
    """Fills come worse than the price at submission; healing restores the World's usual mean."""

    component: ClassVar[str] = "broker"
    service_level: ClassVar[str] = "fills"

    kind: Literal["slippage"] = "slippage"
    mean_bps: Annotated[float, Strict(), Field(gt=0, le=1_000)] = 25.0
    """Mean slippage in basis points of the price; 5 is what the firm expects."""

    def what(self) -> str:
        """The mean."""
        return f"fills slip by {self.mean_bps:g} bps on average"


class ManualKill(FaultBase):
    """An operator presses the kill switch, for a reason that is on no dashboard.

    Nothing to heal: the halt is latched until somebody with the right to do so releases it.
    """

    ends: ClassVar[Ends] = Ends.ITSELF
    component: ClassVar[str] = "operator"

    kind: Literal["manual_kill"] = "manual_kill"
    by: Text = "risk officer"
    reason: Text = "precaution"

    def what(self) -> str:
        """Who and why."""
        return f"the {self.by} presses the kill switch ({self.reason})"


RiskFault = AdverseMove | Volatility | Slippage | ManualKill
