"""Faults in the life of an order while the broker link is up: rejects, errors, slow and partial fills."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict, model_validator

from scenarios.faults.base import FaultBase, exactly_one, listing
from scenarios.spec import Count, Duration, Mended, Share, Text, duration_words
from sim.clock import SECOND

Endpoint = Literal["positions", "orders", "account", "submit", "cancel", "stream"]
"""The broker's endpoints: three to read, two to act, and the stream of order updates."""
ENDPOINTS: tuple[Endpoint, ...] = ("positions", "orders", "account", "submit", "cancel", "stream")


class OrderRejects(FaultBase):
    """The broker rejects a share of new orders; healing accepts them again."""

    component: ClassVar[str] = "broker"

    kind: Literal["order_rejects"] = "order_rejects"
    share: Share = 0.5
    """Share of submitted orders that come back rejected."""
    reason: Text = "insufficient buying power"

    def what(self) -> str:
        """The share."""
        return f"the broker rejects {self.share:.0%} of new orders"


class ApiErrors(FaultBase):
    """Calls to some endpoints answer an error status: the next `consecutive` ones, or a `share` of them.

    With `consecutive` it is over after so many calls, or after `for`, whichever comes first. Healing makes
    the endpoints answer again; an order that was answered with an error was not taken.
    """

    component: ClassVar[str] = "broker"

    kind: Literal["api_errors"] = "api_errors"
    endpoints: tuple[Endpoint, ...] = ENDPOINTS
    consecutive: Count | None = None
    share: Share | None = None
    status: Annotated[int, Strict(), Field(ge=400, le=599)] = 500
    """HTTP status of the answer."""

    @model_validator(mode="after")
    def _one_measure(self) -> ApiErrors:
        exactly_one(self, "consecutive", "share")
        if not self.endpoints:
            raise Mended("no endpoint is named", f"name some of {', '.join(ENDPOINTS)}", "endpoints")
        return self

    @property
    def may_end_unhealed(self) -> bool:
        """After `consecutive` calls it is over."""
        return self.consecutive is not None

    @property
    def targets(self) -> tuple[str, ...]:
        """The endpoints."""
        return self.endpoints

    def what(self) -> str:
        """Which calls fail."""
        calls = f"the next {self.consecutive}" if self.consecutive else f"{self.share:.0%} of the"
        return f"{calls} calls to {listing(self.endpoints, 'the broker')} answer {self.status}"


class FillDelay(FaultBase):
    """Accepted orders rest for `delay` before they fill; healing returns to the usual fill latency."""

    component: ClassVar[str] = "broker"

    kind: Literal["fill_delay"] = "fill_delay"
    delay_us: Duration = 30 * SECOND

    def what(self) -> str:
        """The delay."""
        return f"fills come {duration_words(self.delay_us)} late"


class PartialFills(FaultBase):
    """A share of the market orders fills in part and rests with the remainder, which comes in pieces.

    `first` of the order fills as usual, the rest in `pieces` equal ones until `rest` later; it can be cancelled
    meanwhile. Healing lets new orders fill as usual; those that rest go on as they would.
    """

    component: ClassVar[str] = "broker"

    kind: Literal["partial_fills"] = "partial_fills"
    share: Share = 0.5
    """Share of orders that fill in part."""
    first: Share = 0.4
    """Share of such an order that fills at once (whole shares, at least one)."""
    pieces: Annotated[int, Strict(), Field(ge=1, le=100)] = 3
    """In how many pieces the rest comes."""
    rest_us: Duration = 45 * SECOND
    """When the last piece comes, after the first fill was due."""

    @model_validator(mode="after")
    def _rests_at_all(self) -> PartialFills:
        if self.first == 1:
            raise Mended("an order of which all fills at once has no rest", "give less than 1", "first")
        return self

    def what(self) -> str:
        """The share, and how long the rest takes."""
        return (
            f"{self.share:.0%} of orders fill by {self.first:.0%} at first, "
            f"the rest within {duration_words(self.rest_us)}"
        )


OrderFault = OrderRejects | ApiErrors | FillDelay | PartialFills
