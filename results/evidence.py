"""The parts of a record: verdicts, clock, losses, findings, deviations, checks, steps, and what is drawn.

Frozen values without behaviour. The docstring under a field becomes its description in the published JSON
Schema. Times are virtual seconds since the start of the run.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator


class Verdict(StrEnum):
    """How something ended. Inconclusive never counts as a pass."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"

    @property
    def badness(self) -> int:
        """0 for a pass, 1 for inconclusive, 2 for a fail."""
        return (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL).index(self)

    @staticmethod
    def worst(*verdicts: Verdict | None) -> Verdict:
        """Fail beats inconclusive beats pass; None is ignored; of nothing: inconclusive."""
        judged = [verdict for verdict in verdicts if verdict is not None]
        return max(judged, key=lambda verdict: verdict.badness, default=Verdict.INCONCLUSIVE)


def _none_if_not_finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


MaybeFloat = Annotated[float | None, BeforeValidator(_none_if_not_finite)]
"""A number, or null for one that does not exist: JSON knows neither NaN nor infinity."""


def _encodable(value: Any) -> Any:
    """Text of the user's code may hold lone surrogates (undecodable bytes of a log), which no file can."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return value


class Part(BaseModel):
    """Base of everything in a record: frozen, no unknown fields, finite numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _writable(cls, value: Any) -> Any:
        return _encodable(value)


class Verdicts(Part):
    """The three verdicts that are never mixed."""

    runbook: Verdict
    """Its text, followed literally by a perfect responder, leads to recovery."""
    code: Verdict
    """The mitigation did what it reported, within its limits."""
    responder: Verdict | None
    """The steps were followed; null when nobody responded."""


class ClockRecord(Part):
    """The instants t0 to t8 of the RTO clock; null when one never came."""

    t0: MaybeFloat = None
    """Fault injected."""
    t1: MaybeFloat = None
    """Impact: the first service level or invariant broken."""
    t2: MaybeFloat = None
    """Detected: the first alert."""
    t3: MaybeFloat = None
    """Acknowledged."""
    t4: MaybeFloat = None
    """First mitigating action."""
    t5: MaybeFloat = None
    """Contained: no further risk can be added."""
    t6: MaybeFloat = None
    """Restored: start of the first window in which every recovery predicate holds."""
    t7: MaybeFloat = None
    """Confirmed: the end of that window."""
    t8: MaybeFloat = None
    """Closed."""


class Rpo(Part):
    """What was lost, duplicated or left unaccounted between impact and restoration."""

    orders_lost: int = 0
    """Orders the broker has and the trading system does not, or the reverse."""
    orders_duplicated: int = 0
    """Orders executed more than once."""
    fills_unaccounted: int = 0
    """Fills missing in the trading system's book."""
    positions_unaccounted: int = 0
    """Symbols whose position differs between Ledger and trading system."""
    bars_lost: int = 0
    """Market data bars that never arrived."""
    notional: float = 0.0
    """Value of all that, in the account's currency."""


class Gate(Part):
    """A condition that no score can buy back: a broken one fails the run."""

    id: str
    """Slug, such as `rto` or `approval-before-reset`."""
    text: str
    """What was broken, in a sentence."""
    runbook_line: int | None = None
    """Line of the runbook that asks for it."""


class Finding(Part):
    """One thing to mend, with what was claimed beside what was true."""

    id: str
    """Slug, equal for equal findings of different runs."""
    severity: Literal["critical", "warning", "info"]
    """How bad."""
    title: str
    """A headline, such as `reported flat, 190 open`."""
    detail: str = ""
    """What happened and why it matters."""
    at_s: MaybeFloat = None
    """When."""
    claim: str | None = None
    """What the code or the responder reported."""
    truth: str | None = None
    """What the Ledger or the world showed."""
    source: str | None = None
    """`file:line` of the mitigation code."""
    runbook_line: int | None = None
    """Line of the runbook."""
    case: str | None = None
    """The case it was found in."""
    checker: str | None = None
    """The checker that found it."""


class DeviationRecord(Part):
    """One line of the deviation ledger; the points sum to 100 - adherence."""

    points: float
    """Points it cost."""
    step: str
    """Step id, or the action that no step asked for."""
    line: int | None = None
    """Line of the runbook."""
    kind: str
    """Skipped, too early, late, extra, forbidden, constraint."""
    text: str
    """What was done instead, in a sentence."""


class Exhibit(Part):
    """The shortest scenario that shows what a checker found: the case with all taken out that does not matter."""

    checker: str
    """The checker, as findings name it."""
    case: str
    """The case that it was reduced from."""
    text: str
    """What is left of it, in a sentence."""
    scenario: str
    """The scenario as YAML."""
    file: str
    """Its name in the folder of the stored run."""
    command: str
    """What to type to see it, `{folder}` being the folder of the stored run."""


class CheckRecord(Part):
    """What one checker said of the History."""

    name: str
    """The checker, named for the invariant it holds."""
    verdict: Verdict
    """Inconclusive also when the checker itself failed."""
    evidence: list[str] = Field(default_factory=list)
    """Lines of evidence, oldest first."""


class StepRecord(Part):
    """One runbook step, planned against actual."""

    id: str
    """Step id, stable under edits elsewhere in the runbook."""
    title: str
    """The runbook's words."""
    line: int | None = None
    """Line of the runbook."""
    planned_s: MaybeFloat = None
    """Deadline: by when it should have been done, or null when the text gives none."""
    started_s: MaybeFloat = None
    """When it was begun."""
    done_s: MaybeFloat = None
    """When it was done."""
    outcome: Literal["done", "skipped", "late", "slip", "not_executable", "unbound"]
    """`slip`: done wrongly; `not_executable`: the text cannot be carried out; `unbound`: no action of the
    world stands for it."""
    actions: list[str] = Field(default_factory=list)
    """The on-call actions it stands for."""


class TimelineEvent(Part):
    """One mark on the timeline."""

    t_s: float
    """When."""
    lane: Literal["fault", "market", "alerts", "human", "code", "broker"]
    """Which row it is drawn in."""
    text: str
    """What happened, in a few words."""
    level: Literal["info", "good", "warning", "bad"] = "info"
    """How it is coloured."""


class Span(Part):
    """A stretch of time on the timeline, such as a fault that holds."""

    lane: Literal["fault", "market", "alerts", "human", "code", "broker"]
    """Which row it is drawn in."""
    start_s: float
    """From."""
    end_s: MaybeFloat = None
    """To; null when it never ended."""
    text: str
    """What lasted."""


class Series(Part):
    """A numeric series for a plot."""

    t_s: list[float]
    """Times."""
    values: list[MaybeFloat]
    """Values, one for each time; null where there was none."""
    unit: str = ""
    """`USD`, `shares`, `%`."""

    @model_validator(mode="after")
    def _one_value_for_each_time(self) -> Self:
        if len(self.t_s) != len(self.values):
            raise ValueError(f"a series needs one value for each time, got {len(self.values)} for {len(self.t_s)}")
        return self
