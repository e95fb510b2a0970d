"""The RTO clock: from when trading was broken to when it was restored, and how that time was spent.

Restored is not "a check turned green": it is the start of the first window of length W in which every
recovery predicate holds throughout. A relapse inside the window lets the clock run on, and a system that
never stays up for W before the horizon was never restored: its time is censored, not left out.

All times are whole microseconds of the run. Intervals are half-open: a predicate that was broken during
[3, 7) fails at 3 and holds at 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

SHORTEST_WINDOW_US = 60_000_000
SCRAPES_PER_WINDOW = 3
"""A window must span several looks of the monitor, or one lucky look would end the incident."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition of healthy trading, and when it did not hold."""

    name: str
    bad: tuple[tuple[int, int | None], ...] = ()
    """Half-open intervals in microseconds; an end of None means not restored within the run."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where the time went.

    detect, acknowledge, mitigate and repair follow each other and add up to the RTO. A phase whose end never
    came is None, and its time belongs to the next one; one whose end came before its start (code acted
    before anybody acknowledged) is 0. contain runs beside them, verify after them.
    """

    detect_us: int | None
    acknowledge_us: int | None
    mitigate_us: int | None
    repair_us: int | None
    contain_us: int | None
    """From impact to containment."""
    verify_us: int | None
    """From restoration to closure: the work recovery time."""


@dataclass(frozen=True, slots=True)
class RtoClock:
    """The instants t0 to t8 of one run; None for one that never came."""

    t0_us: int
    """Fault injected."""
    t1_us: int | None
    """Impact: first predicate broken."""
    t2_us: int | None
    """Detected."""
    t3_us: int | None
    """Acknowledged."""
    t4_us: int | None
    """First mitigating action."""
    t5_us: int | None
    """Contained."""
    t6_us: int | None
    """Restored."""
    t7_us: int | None
    """Confirmed: restored for a whole window."""
    t8_us: int | None
    """Closed."""
    healed_us: int | None
    """When the fault itself was gone."""
    window_us: int
    horizon_us: int
    broken: tuple[str, ...]
    """Names of the predicates that failed between impact and restoration, in the order given."""
    broken_at_end: tuple[str, ...]
    """Those of them that failed within the last window before the horizon: what is still to be mended."""
    relapses_us: tuple[tuple[int, int], ...]
    """Spells in which all was well, but for less than the window."""
    broken_again_us: int | None
    """First failure after the restoration was confirmed: another incident, which the RTO does not count."""

    @property
    def censored(self) -> bool:
        """There was impact, and no restoration by the horizon."""
        return self.t1_us is not None and self.t6_us is None

    @property
    def rto_us(self) -> int | None:
        """t6 - t1: 0 without impact, None when censored."""
        if self.t1_us is None:
            return 0
        return None if self.t6_us is None else self.t6_us - self.t1_us

    @property
    def rto_from_fault_us(self) -> int | None:
        """t6 - t0, as those measure who count from the cause."""
        if self.t1_us is None:
            return 0
        return None if self.t6_us is None else self.t6_us - self.t0_us

    @property
    def rto_from_alert_us(self) -> int | None:
        """t6 - t2, as those measure who count from the page; None also without an alert."""
        if self.t1_us is None:
            return 0
        return None if self.t6_us is None or self.t2_us is None else max(0, self.t6_us - self.t2_us)

    @property
    def split(self) -> Split:
        """The RTO by phases; up to the horizon when censored."""
        if self.t1_us is None:
            return Split(None, None, None, None, None, None)
        stop = self.horizon_us if self.t6_us is None else self.t6_us
        at = self.t1_us
        phases: list[int | None] = []
        for end in (self.t2_us, self.t3_us, self.t4_us, stop):
            reached = at if end is None else min(max(at, end), stop)
            phases.append(None if end is None else reached - at)
            at = reached
        detect, acknowledge, mitigate, repair = phases
        return Split(
            detect_us=detect,
            acknowledge_us=acknowledge,
            mitigate_us=mitigate,
            repair_us=repair,
            contain_us=None if self.t5_us is None else max(0, self.t5_us - self.t1_us),
            verify_us=None if self.t8_us is None or self.t6_us is None else max(0, self.t8_us - self.t6_us),
        )

    def meets(self, rto_limit_us: int) -> bool:
        """Whether the RTO is kept; censored never keeps one."""
        return self.rto_us is not None and self.rto_us <= rto_limit_us

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know."""
        said = (
            (self.t1_us is None, "Nothing broke: the fault had no impact."),
            (self.censored, "Not restored before the end of the run: the RTO is longer than any limit."),
            (bool(self.relapses_us), f"All was well {_times(len(self.relapses_us))} before, for less than the window."),
            (self.broken_again_us is not None, "Broke again after the restoration was confirmed."),
            (
                self.t6_us is not None and (self.healed_us is None or self.t6_us < self.healed_us),
                "Restored while the fault was still present.",
            ),
            (
                self.t8_us is not None and (self.t7_us is None or self.t8_us < self.t7_us) and self.t1_us is not None,
                "Closed before the restoration was confirmed.",
            ),
        )
        return tuple(text for holds, text in said if holds)


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """The promise of a severity table ("response within 5 min"), which is not an RTO."""

    taken_us: int | None
    """From the alert to the response; None when either never came."""
    limit_us: int
    met: bool | None
    """None when nothing broke and nothing alerted, so that there was nothing to respond to."""


def window_us(monitor_interval_us: int, stated_us: int | None = None) -> int:
    """How long all must be well: what the runbook states, else three looks of the monitor, at least a minute."""
    if stated_us is not None:
        return stated_us
    return max(SHORTEST_WINDOW_US, SCRAPES_PER_WINDOW * monitor_interval_us)


def measure(
    predicates: Sequence[Predicate],
    *,
    t0_us: int,
    detected_us: int | None,
    acknowledged_us: int | None,
    mitigated_us: int | None,
    contained_us: int | None,
    closed_us: int | None,
    horizon_us: int,
    window_us: int,
    healed_us: int | None,
) -> RtoClock:
    """Read the clock off what was broken when; nothing at or after `horizon_us` was seen."""
    assert window_us > 0, window_us
    broken = _union(predicates, t0_us, horizon_us)
    t1_us = broken[0][0] if broken else None
    spells = _good_spells(broken, horizon_us)
    restored = next((n for n, (start, end) in enumerate(spells) if end - start >= window_us), None)
    t6_us = None if restored is None else spells[restored][0]
    t7_us = None if t6_us is None else t6_us + window_us
    judged_until = horizon_us if t6_us is None else t6_us
    return RtoClock(
        t0_us=t0_us,
        t1_us=t1_us,
        t2_us=detected_us,
        t3_us=acknowledged_us,
        t4_us=mitigated_us,
        t5_us=contained_us,
        t6_us=t6_us,
        t7_us=t7_us,
        t8_us=closed_us,
        healed_us=healed_us,
        window_us=window_us,
        horizon_us=horizon_us,
        broken=tuple(p.name for p in predicates if _union([p], t0_us, judged_until)),
        broken_at_end=tuple(p.name for p in predicates if _union([p], max(t0_us, horizon_us - window_us), horizon_us)),
        relapses_us=tuple(s for s in spells[:restored] if s[1] < horizon_us),
        broken_again_us=next((start for start, _ in broken if t7_us is not None and start >= t7_us), None),
    )


def response(
    clock: RtoClock, limit_us: int, until: Literal["acknowledged", "mitigated"] = "acknowledged"
) -> ResponseTime:
    """Check the response time of a severity: from the alert to the acknowledgement or the first action."""
    end_us = clock.t3_us if until == "acknowledged" else clock.t4_us
    if clock.t2_us is None or end_us is None:
        quiet = clock.t1_us is None and clock.t2_us is None
        return ResponseTime(None, limit_us, None if quiet else False)
    taken_us = max(0, end_us - clock.t2_us)
    return ResponseTime(taken_us, limit_us, taken_us <= limit_us)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _union(predicates: Iterable[Predicate], from_us: int, to_us: int) -> list[tuple[int, int]]:
    """When any predicate failed within [from, to): disjoint, not touching, rising."""
    clipped = sorted(
        (max(start, from_us), to_us if end is None else min(end, to_us))
        for predicate in predicates
        for start, end in predicate.bad
    )
    merged: list[tuple[int, int]] = []
    for start, end in clipped:
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _good_spells(broken: Sequence[tuple[int, int]], horizon_us: int) -> list[tuple[int, int]]:
    """When all was well after the first failure, up to the horizon."""
    ends = [start for start, _ in broken[1:]] + [horizon_us]
    return [(start, end) for (_, start), end in zip(broken, ends, strict=False) if start < end]
