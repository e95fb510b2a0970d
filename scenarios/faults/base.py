"""What all faults share: when they strike, how long they last, what they strike, how they end.

A fault is a value and does nothing by itself. The nemesis injects it into a World at `at` after fault zero
(the end of the warm-up), records the proof that it landed, and heals it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import model_validator

from scenarios.spec import Duration, Mended, Spec, Text, duration_words


class Ends(StrEnum):
    """How a fault comes to its end."""

    WINDOW = "window"
    """The nemesis heals it after `for`; without `for`, when the scenario says `heal_all`."""
    MITIGATED = "mitigated"
    """It stays until the right mitigation removes it; `for` or `heal_all`, when given, ends it earlier."""
    ITSELF = "itself"
    """It happens once, or for a length of its own; there is nothing to heal, only traces to clear up."""


class FaultBase(Spec):
    """Common fields; the subclasses carry `kind` and their own parameters."""

    ends: ClassVar[Ends] = Ends.WINDOW
    component: ClassVar[str] = ""
    """The part of the World that it strikes: market, broker, feed, state, infrastructure, ..."""
    blocks_recovery: ClassVar[bool] = False
    """Whether trading cannot be restored while the fault lasts, whatever anybody does."""

    service_level: ClassVar[str | None] = None
    """Which service level beside trading must hold again: of `sim.levels.LEVELS`."""

    kind: str
    at_us: Duration = 0
    """When it strikes, after fault zero."""
    for_us: Duration | None = None
    """How long it lasts."""
    note: Text | None = None
    """A remark for the reader of the report."""

    @model_validator(mode="after")
    def _duration_fits(self) -> FaultBase:
        if self.for_us is not None and self.ends is Ends.ITSELF:
            raise Mended(f"{self.kind} ends by itself", "remove `for`", "for")
        if self.for_us == 0:
            raise Mended("a fault of no length never lands", "give a duration above 0s", "for")
        return self

    @property
    def own_length_us(self) -> int:
        """How long a fault that ends by itself acts (0: one instant)."""
        return 0

    @property
    def end_us(self) -> int | None:
        """When it is over by its own schedule, after fault zero; None when something else must end it."""
        if self.ends is Ends.ITSELF:
            return self.at_us + self.own_length_us
        return None if self.for_us is None else self.at_us + self.for_us

    @property
    def may_end_unhealed(self) -> bool:
        """Whether it can be over although the nemesis never heals it."""
        return self.ends is not Ends.WINDOW

    @property
    def targets(self) -> tuple[str, ...]:
        """What it strikes, as names within its component; empty for all of it."""
        return ()

    @property
    def identity(self) -> str:
        """Two faults of one identity on one target at one time cannot be told apart."""
        return self.kind

    def what(self) -> str:
        """What happens, as a short clause without its duration."""
        raise NotImplementedError

    def describe(self) -> str:
        """What happens and for how long, for people: `broker refuses connections for 2 min`."""
        return self.what() if self.for_us is None else f"{self.what()} for {duration_words(self.for_us)}"


def exactly_one(fault: Spec, first: str, second: str) -> None:
    """Complain unless just one of two alternative fields is given."""
    given = [name for name in (first, second) if getattr(fault, name) is not None]
    if len(given) == 2:
        raise Mended(f"{first} and {second} exclude each other", "keep one of them", second)
    if not given:
        raise Mended(f"neither {first} nor {second} is given", "add one of them")


def listing(names: tuple[str, ...], everything: str) -> str:
    """`names` as a phrase, or `everything` when there are none."""
    if not names:
        return everything
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
