"""Faults of what the firm believes: its state files, its order keys, its book against the broker's.

They strike at one instant and nothing heals them but repair: `heal_all` leaves them as they are. A damaged
file shows when it is next read, mostly at a restart; a mismatch shows when somebody compares.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict, field_validator

from scenarios.faults.base import Ends, FaultBase
from scenarios.spec import Count, Duration, Mended, Symbol, duration_words
from sim.clock import MINUTE

StateFile = Literal["positions", "orders", "audit", "halt"]
"""Position book, working orders, audit log, and the latched halt."""


class _StateFault(FaultBase):
    ends: ClassVar[Ends] = Ends.ITSELF
    component: ClassVar[str] = "state"


class StateFileTruncated(_StateFault):
    """A state file is cut off in the middle of a write and no longer parses as a whole."""

    kind: Literal["state_file_truncated"] = "state_file_truncated"
    file: StateFile = "positions"
    keep_share: Annotated[float, Strict(), Field(ge=0, lt=1)] = 0.5
    """Share of the bytes that is left; 0 leaves an empty file."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    def what(self) -> str:
        """The file and what is left of it."""
        return f"the {self.file} file is cut to {self.keep_share:.0%} of its length"


class StateFileStale(_StateFault):
    """A state file goes back to what it said `age` ago: it parses well and is wrong."""

    kind: Literal["state_file_stale"] = "state_file_stale"
    file: StateFile = "positions"
    age_us: Duration = 5 * MINUTE

    @property
    def targets(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    def what(self) -> str:
        """The file and its age."""
        return f"the {self.file} file goes back by {duration_words(self.age_us)}"


class DuplicateIdempotencyKey(_StateFault):
    """The system submits an order again under a client order id that it used before, `times` times."""

    kind: Literal["duplicate_idempotency_key"] = "duplicate_idempotency_key"
    times: Count = 1

    def what(self) -> str:
        """How often."""
        return f"an order is sent again under its old client order id, {self.times} time(s)"


class _BookFault(_StateFault):
    symbol: Symbol | None = None
    """Which symbol; None takes one for the run by chance."""
    qty: Annotated[int, Strict(), Field(ge=-1_000_000, le=1_000_000)] = 100
    """Shares by which the broker's book moves; negative for a sale."""

    @field_validator("qty")
    @classmethod
    def _moves_the_book(cls, qty: int) -> int:
        if not qty:
            raise Mended("0 shares change no book", "give shares above or below 0")
        return qty

    @property
    def targets(self) -> tuple[str, ...]:
        """The symbol."""
        return () if self.symbol is None else (self.symbol,)


class PositionMismatch(_BookFault):
    """The broker's position in a symbol that is held differs from the system's: a fill it never saw."""

    kind: Literal["position_mismatch"] = "position_mismatch"

    def what(self) -> str:
        """By how much, and where."""
        where = self.symbol or "a held symbol"
        return f"the broker's position in {where} differs from the system's by {self.qty:+d} shares"


class UnexpectedPosition(_BookFault):
    """The broker holds a position in a symbol that the system does not hold: a trade made by hand."""

    kind: Literal["unexpected_position"] = "unexpected_position"

    def what(self) -> str:
        """How much, and where."""
        return f"a position of {self.qty:+d} {self.symbol or 'shares'} appears at the broker without an order"


StateFault = StateFileTruncated | StateFileStale | DuplicateIdempotencyKey | PositionMismatch | UnexpectedPosition
