"""What a checker is and what it gives back.

A checker is a pure function of the History and the demands. It returns evidence; only critical evidence is a
failure, a warning or a remark is shown and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sim.demands import Demands
from sim.history import Event, History
from sim.orders import kept
from sim.spans import FOREVER

Severity = Literal["critical", "warning", "info"]
Verdict = Literal["pass", "inconclusive", "fail"]

VERDICTS: tuple[Verdict, ...] = ("pass", "inconclusive", "fail")
"""From best to worst."""

AT_MOST = 20
"""Pieces of evidence that one checker shows; a flood says no more than its beginning."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing a reader can look up in the History."""

    t_us: int
    title: str
    """A few plain words: `reported flat, 190 open`."""
    detail: str
    severity: Severity = "critical"
    claim: str | None = None
    """What the code said."""
    truth: str | None = None
    """What the Ledger shows."""
    source: str | None = None
    """`file:line` of the code that said or did it."""


Check = Callable[[History, Demands], list[Evidence]]


class CannotTell(Exception):
    """A checker has not seen enough to judge; its message says what is missing."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one checker on one run."""

    name: str
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    """Why it is inconclusive; empty otherwise."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Fail beats inconclusive beats pass; nothing judged is inconclusive."""
    given = list(verdicts)
    return max(given, key=VERDICTS.index) if given else "inconclusive"


def shares(positions: Mapping[str, float]) -> str:
    """Positions for people: `+400 SPY, -20 QQQ`; `nothing` when there are none."""
    return ", ".join(f"{qty:+} {symbol}" for symbol, qty in positions.items() if qty) or "nothing"


def gross(positions: Mapping[str, float]) -> float:
    """Shares open, long and short alike."""
    return kept(sum(abs(qty) for qty in positions.values()))


def order_text(event: Event) -> str:
    """An order event for people: `buy 10 SPY`."""
    d = event.data
    return f"{'buy' if d['side'] > 0 else 'sell'} {d['qty']} {d['symbol']}"


def seconds(duration_us: int) -> str:
    """A duration for people."""
    if duration_us >= FOREVER // 2:
        return "never"
    whole = duration_us / 1_000_000
    return f"{whole:.1f} s" if whole < 120 else f"{whole / 60:.0f} min"
