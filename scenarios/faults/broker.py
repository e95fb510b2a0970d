"""Faults of the link to the broker: what the client sees of them decides what code survives them.

Refused answers at once; a black hole and a half-open session answer nothing; an expired login answers a
clear refusal; one endpoint may lie while the others work; a lost acknowledgement leaves a live order that
the firm does not know of.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict, model_validator

from scenarios.faults.base import Ends, FaultBase, listing
from scenarios.faults.orders import Endpoint
from scenarios.spec import Count, Duration, Flag, Mended, Positive, Share, ShareOrNone, duration_words
from sim.clock import MINUTE, SECOND


class _LinkFault(FaultBase):
    component: ClassVar[str] = "broker"
    blocks_recovery: ClassVar[bool] = True


class BrokerRefused(_LinkFault):
    """The broker's port is closed: each connect fails at once. Healing opens it and reconnects nobody."""

    kind: Literal["broker_refused"] = "broker_refused"

    def what(self) -> str:
        """The symptom."""
        return "the broker refuses connections"


class BrokerBlackHole(_LinkFault):
    """Packets vanish both ways: no refusal, no reset, a call without a timeout waits for ever.

    Healing lets new packets through; calls that wait stay unanswered.
    """

    kind: Literal["broker_black_hole"] = "broker_black_hole"

    def what(self) -> str:
        """The symptom."""
        return "the broker link is a black hole"


class BrokerHalfOpen(_LinkFault):
    """The session looks connected, sends are accepted, nothing comes back: only missing heartbeats tell.

    Healing lets new sessions work; the half-open one stays dead until the client closes it.
    """

    kind: Literal["broker_half_open"] = "broker_half_open"

    def what(self) -> str:
        """The symptom."""
        return "the broker session is half open (looks connected, answers nothing)"


class BrokerAuthExpired(FaultBase):
    """The session's credentials are no longer accepted: each call answers 401.

    With `needs_renewal` it stays until somebody renews the credentials, or until healed; without, a new login
    works at once.
    """

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "broker"

    kind: Literal["broker_auth_expired"] = "broker_auth_expired"
    needs_renewal: Flag = True

    def what(self) -> str:
        """The symptom and the way out."""
        way_out = "until the credentials are renewed" if self.needs_renewal else "until the next login"
        return f"the broker answers 401 {way_out}"


class BrokerEndpointDown(_LinkFault):
    """Some endpoints fail while the others work; with `empty` they answer 200 and an empty list instead.

    An empty answer is the dangerous one: no positions and no answer look alike. Healing restores the answers.
    """

    kind: Literal["broker_endpoint_down"] = "broker_endpoint_down"
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    status: Annotated[int, Strict(), Field(ge=400, le=599)] = 503
    """HTTP status of the answer, when it is not `empty`."""
    empty: Flag = False

    @model_validator(mode="after")
    def _only_lists_are_empty(self) -> BrokerEndpointDown:
        acting = [name for name in self.endpoints if name not in ("positions", "orders")]
        if self.empty and acting:
            raise Mended(
                f"{acting[0]} answers no list that could be empty",
                "use `empty` with positions and orders only",
                "empty",
            )
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """The endpoints."""
        return self.endpoints

    def what(self) -> str:
        """Which endpoints, and how they fail."""
        answer = "answers an empty list" if self.empty else f"answers {self.status}"
        return f"the broker's {listing(self.endpoints, '')} {answer}"


class BrokerRateLimited(FaultBase):
    """The broker answers 429 beyond `limit_per_min` calls a minute; healing restores the usual limit."""

    component: ClassVar[str] = "broker"

    kind: Literal["broker_rate_limited"] = "broker_rate_limited"
    limit_per_min: Count = 10

    def what(self) -> str:
        """The limit."""
        return f"the broker allows {self.limit_per_min} calls a minute"


class BrokerHtml502(FaultBase):
    """A proxy in front of the broker answers a share of calls with an HTML page and status 502, not JSON.

    Whether the order behind such an answer was taken is open: of the calls that are struck, the broker executed
    the share `lands`, for the back end often had done its part when the proxy lost it. Healing removes the error.
    """

    component: ClassVar[str] = "broker"

    kind: Literal["broker_html_502"] = "broker_html_502"
    share: Share = 0.7
    lands: ShareOrNone = 0.3
    """Share of the calls so answered that the broker executed all the same."""

    def what(self) -> str:
        """The shares."""
        page = f"{self.share:.0%} of the broker's answers are an HTML page with status 502"
        return f"{page}, and {self.lands:.0%} of these were executed" if self.lands else page


class BrokerAckLost(FaultBase):
    """The broker takes the order, its answer is lost: the client sees a timeout, the order is live.

    Healing delivers new answers; the lost ones stay lost and must be found by asking for open orders.
    """

    component: ClassVar[str] = "broker"

    kind: Literal["broker_ack_lost"] = "broker_ack_lost"
    share: Share = 0.5
    """Share of submissions whose answer is lost."""

    def what(self) -> str:
        """The share."""
        return f"the acknowledgement of {self.share:.0%} of orders is lost although they are live"


class BrokerLateFills(FaultBase):
    """Fills happen on time and are reported `delay` later, reconnect or not; healing reports at once."""

    component: ClassVar[str] = "broker"

    kind: Literal["broker_late_fills"] = "broker_late_fills"
    delay_us: Duration = 2 * MINUTE

    def what(self) -> str:
        """The delay."""
        return f"fills are reported {duration_words(self.delay_us)} late"


class BrokerFlapping(_LinkFault):
    """The link is `down`, then `up`, in turn, starting down; healing leaves it up."""

    kind: Literal["broker_flapping"] = "broker_flapping"
    up_us: Duration = 20 * SECOND
    down_us: Duration = 40 * SECOND

    @model_validator(mode="after")
    def _flaps_at_all(self) -> BrokerFlapping:
        for name in ("up", "down"):
            if not getattr(self, f"{name}_us"):
                raise Mended("a link that flaps is up and down for some time", "give more than 0s", name)
        if self.for_us is not None and self.up_us + self.down_us > self.for_us:
            cycle = duration_words(self.up_us + self.down_us)
            raise Mended(
                f"one cycle of up and down takes {cycle}, longer than the fault lasts",
                "lengthen `for` or shorten up and down",
                "for",
            )
        return self

    def what(self) -> str:
        """The rhythm."""
        return f"the broker link flaps, {duration_words(self.down_us)} down and {duration_words(self.up_us)} up"


class BrokerSlow(FaultBase):
    """Every answer takes `latency_ms` longer; healing restores the usual latency."""

    component: ClassVar[str] = "broker"

    kind: Literal["broker_slow"] = "broker_slow"
    latency_ms: Positive = 2_000.0

    def what(self) -> str:
        """The latency."""
        return f"the broker answers {self.latency_ms:g} ms late"


BrokerFault = (
    BrokerRefused
    | BrokerBlackHole
    | BrokerHalfOpen
    | BrokerAuthExpired
    | BrokerEndpointDown
    | BrokerRateLimited
    | BrokerHtml502
    | BrokerAckLost
    | BrokerLateFills
    | BrokerFlapping
    | BrokerSlow
)
