"""Faults of market data: bars that are wrong, and a feed that stops, lags, skips, repeats or shuffles.

All of them heal by good data: nothing that was delivered is taken back, so what the firm stored or computed
from it stays wrong until somebody repairs it.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from scenarios.faults.base import Ends, FaultBase, listing
from scenarios.spec import Count, Duration, Mended, Positive, Symbol, duration_words
from sim.clock import MINUTE

BarFault = Literal["nan", "zero", "negative", "spike", "decimal_shift", "high_below_low", "zero_volume"]

_BAR_WORDS = {
    "nan": "with no price (NaN)",
    "zero": "with price 0",
    "negative": "with a negative price",
    "spike": "with a price spike",
    "decimal_shift": "with a shifted decimal point",
    "high_below_low": "whose high lies below the low",
    "zero_volume": "with volume 0 and a moving price",
}
_FACTORS = {"spike": 10.0, "decimal_shift": 100.0}


class _FeedFault(FaultBase):
    component: ClassVar[str] = "feed"

    symbols: tuple[Symbol, ...] = ()
    """Which symbols are struck; empty means all."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The symbols."""
        return self.symbols

    @property
    def _of(self) -> str:
        return listing(self.symbols, "every symbol")


class BadBars(_FeedFault):
    """The next `bars` bars of each struck symbol carry one defect, then good ones follow.

    It ends by itself, after so many bars; how long that takes is a matter of the World's bar interval.
    """

    ends: ClassVar[Ends] = Ends.ITSELF

    kind: Literal["bad_bars"] = "bad_bars"
    fault: BarFault
    bars: Count = 3
    """How many bars in a row are bad."""
    factor: Positive | None = None
    """For a spike (default 10) or a decimal shift (default 100): the wrong price over the right one."""

    @model_validator(mode="after")
    def _factor_fits(self) -> BadBars:
        if self.factor is not None and self.fault not in _FACTORS:
            raise Mended(f"{self.fault} has no factor", "remove factor, or use spike or decimal_shift", "factor")
        if self.factor == 1:
            raise Mended("a factor of 1 leaves the price as it is", "give another factor, such as 10", "factor")
        return self

    @property
    def price_factor(self) -> float:
        """The wrong price over the right one; 1 where the defect is of another nature."""
        return _FACTORS.get(self.fault, 1.0) if self.factor is None else self.factor

    @property
    def identity(self) -> str:
        """The kind with the defect: two defects may strike one bar."""
        return f"{self.kind}/{self.fault}"

    def what(self) -> str:
        """How many bars of what, and their defect."""
        factor = f" of x{self.price_factor:g}" if self.fault in _FACTORS else ""
        return f"{self.bars} bars of {self._of} come {_BAR_WORDS[self.fault]}{factor}"


class FeedFrozen(_FeedFault):
    """The feed repeats the last price under fresh time stamps: it looks alive, says nothing new.

    Healing lets the price move again, from where the market is by then.
    """

    kind: Literal["feed_frozen"] = "feed_frozen"

    def what(self) -> str:
        """The symptom."""
        return f"the price of {self._of} freezes under fresh time stamps"


class FeedStale(_FeedFault):
    """The feed delivers data that is `lag` old, under its true, old time stamps.

    Healing delivers the backlog at once and is on time afterwards.
    """

    kind: Literal["feed_stale"] = "feed_stale"
    lag_us: Duration = 5 * MINUTE

    @model_validator(mode="after")
    def _lags_at_all(self) -> FeedStale:
        if not self.lag_us:
            raise Mended("data that is 0 s old is not stale", "give a lag such as 5m", "lag")
        return self

    def what(self) -> str:
        """The lag."""
        return f"data of {self._of} is {duration_words(self.lag_us)} old"


class FeedGap(_FeedFault):
    """No ticks and no bars arrive, and the sequence numbers skip what is missing.

    Healing resumes with the present; the hole stays until somebody fetches it.
    """

    kind: Literal["feed_gap"] = "feed_gap"

    def what(self) -> str:
        """The symptom."""
        return f"ticks and bars of {self._of} are missing"


class FeedDuplicateTimestamp(_FeedFault):
    """Each bar comes twice under one time stamp, the second with other prices; healing ends the second."""

    kind: Literal["feed_duplicate_timestamp"] = "feed_duplicate_timestamp"

    def what(self) -> str:
        """The symptom."""
        return f"bars of {self._of} come twice under one time stamp"


class FeedOutOfOrder(_FeedFault):
    """Neighbouring bars arrive in swapped order; healing puts later ones in order."""

    kind: Literal["feed_out_of_order"] = "feed_out_of_order"

    def what(self) -> str:
        """The symptom."""
        return f"bars of {self._of} arrive out of order"


DataFault = BadBars | FeedFrozen | FeedStale | FeedGap | FeedDuplicateTimestamp | FeedOutOfOrder
