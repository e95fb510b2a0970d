"""The record of one run: everything that was judged, and the evidence for it, as one JSON document.

The runner fills these objects from the History; every report (terminal, Markdown, HTML, JUnit), the store
and the comparison with a baseline read only them. Its parts are in `results.evidence`. The docstring under a
field becomes its description in the published JSON Schema (`results/schema/run-record.schema.json`), so a
reader of the JSON needs no code.

Times are virtual seconds since the start of the run, unless a name says otherwise. A run consists of cases
(one fault variant each); its result is that of the deciding case, see `RunRecord.of_cases`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from results.evidence import (
    CheckRecord,
    ClockRecord,
    DeviationRecord,
    Exhibit,
    Finding,
    Gate,
    MaybeFloat,
    Part,
    Rpo,
    Series,
    Span,
    StepRecord,
    TimelineEvent,
    Verdict,
    Verdicts,
)
from results.rehearsed import Rehearsal

__all__ = [
    "SCHEMA_VERSION",
    "CaseRecord",
    "CheckRecord",
    "ClockRecord",
    "CodeRecord",
    "DeviationRecord",
    "Environment",
    "Exhibit",
    "Finding",
    "Gate",
    "MaybeFloat",
    "Part",
    "Rehearsal",
    "Rpo",
    "RunRecord",
    "RunbookRecord",
    "Series",
    "Span",
    "StepRecord",
    "TimelineEvent",
    "Verdict",
    "Verdicts",
    "all_findings",
    "combined_digest",
    "deciding_case",
    "run_id",
]

SCHEMA_VERSION = 1


class RunbookRecord(Part):
    """Which text was followed."""

    file: str
    """As it was given."""
    procedure: str
    """Its id in the file."""
    title: str
    """Its heading."""
    line: int | None = None
    """Where it starts."""
    sha256: str
    """Of the file's bytes."""
    note: str | None = None
    """What the reader should know, such as how the procedure was chosen."""


class CodeRecord(Part):
    """Which mitigation was tested."""

    spec: str
    """As it was given, such as `pkg.module:build`."""
    sha256: str | None = None
    """Of its source, where there is a file."""


class Environment(Part):
    """What the run was made with."""

    firedrill: str
    """Version of Firedrill."""
    python: str
    """Version of Python."""
    platform: str
    """Operating system and processor."""
    packages: dict[str, str] = Field(default_factory=dict)
    """Versions of the packages that decide the outcome."""


class CaseRecord(Part):
    """One case: a drill under one variant of its fault."""

    name: str
    """Slug, unique in the run."""
    title: str
    """What goes wrong, in a sentence."""
    lead: bool = False
    """The case that stands for the drill unless another ends worse."""
    verdict: Verdict
    """The worst of the three verdicts."""
    verdicts: Verdicts
    """Runbook, code, responder, apart."""
    rto_s: MaybeFloat
    """t6 - t1; null when the horizon came first (censored: counts as missed)."""
    rto_objective_s: float
    """What the drill allows."""
    rto_from_fault_s: MaybeFloat = None
    """t6 - t0, the stricter reading."""
    rto_from_alert_s: MaybeFloat = None
    """t6 - t2, the lenient reading."""
    split: dict[str, MaybeFloat] = Field(default_factory=dict)
    """Seconds spent to detect, acknowledge, mitigate, contain, repair and verify."""
    clock: ClockRecord
    """t0 to t8."""
    rpo: Rpo = Rpo()
    """What was lost."""
    adherence: MaybeFloat = None
    """A, 0 to 100; null when nobody responded."""
    shown_score: MaybeFloat = None
    """A, but at most 49 when a gate is broken."""
    fitness: MaybeFloat = None
    """F, 0 to 1: alignment fitness of conformance checking."""
    gates: list[Gate] = Field(default_factory=list)
    """The broken ones."""
    findings: list[Finding] = Field(default_factory=list)
    """What to mend."""
    deviations: list[DeviationRecord] = Field(default_factory=list)
    """Why the adherence is not 100."""
    checks: list[CheckRecord] = Field(default_factory=list)
    """Every checker that ran."""
    steps: list[StepRecord] = Field(default_factory=list)
    """Planned against actual."""
    timeline: list[TimelineEvent] = Field(default_factory=list)
    """Marks for the timeline plot."""
    spans: list[Span] = Field(default_factory=list)
    """Stretches for the timeline plot."""
    series: dict[str, Series] = Field(default_factory=dict)
    """`equity`, `exposure` and others, thinned for plotting."""
    faults: list[str] = Field(default_factory=list)
    """What was injected, in words."""
    digest: str
    """SHA-256 of the History."""
    history_events: int = 0
    """Length of the History."""
    severity: str | None = None
    """The runbook's severity that applies."""
    epoch: str
    """Wall clock of virtual second 0, ISO 8601 with offset."""
    zone: str = "America/New_York"
    """The firm's time zone."""
    rehearsal: Rehearsal | None = None
    """Step by step, when the text was followed to the letter; null for a run with another responder."""


class RunRecord(Part):
    """One run: a drill with one seed."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    run_id: str
    """Name of the run, the same whenever it is repeated."""
    drill: str
    """Slug of the drill."""
    title: str
    """The drill in a sentence."""
    seed: int
    """Where all chance comes from."""
    digest: str
    """SHA-256 over the digests of the cases."""
    verdict: Verdict
    """Of the deciding case."""
    verdicts: Verdicts
    """Of the deciding case."""
    rto_s: MaybeFloat
    """Of the deciding case; null when censored."""
    rto_objective_s: float
    """Of the deciding case."""
    rpo: Rpo
    """Of the deciding case."""
    adherence: MaybeFloat
    """Of the deciding case."""
    shown_score: MaybeFloat
    """Of the deciding case."""
    fitness: MaybeFloat
    """Of the deciding case."""
    gates: list[Gate]
    """Of the deciding case."""
    findings: list[Finding]
    """Of all cases."""
    clock: ClockRecord
    """Of the deciding case."""
    case: str
    """Name of the deciding case: the lead case, unless another ended worse."""
    cases: list[CaseRecord] = Field(min_length=1)
    """All of them, in the drill's order."""
    exhibits: list[Exhibit] = Field(default_factory=list)
    """For each check that the code failed, the shortest scenario that shows it."""
    runbook: RunbookRecord
    """The text that was followed."""
    code: CodeRecord
    """The mitigation under test."""
    responder: str
    """`none`, or the preset of the simulated on-call."""
    options: dict[str, str] = Field(default_factory=dict)
    """Every option that shapes the outcome."""
    environment: Environment
    """What it was made with."""
    replay: str
    """The command that repeats it."""
    started_at: str
    """Real date and time, ISO 8601."""
    duration_s: float
    """Real seconds it took; in no digest."""

    @model_validator(mode="after")
    def _cases_are_named_apart(self) -> Self:
        names = [case.name for case in self.cases]
        if len(set(names)) < len(names):
            raise ValueError(f"two cases have one name: {', '.join(names)}")
        if self.case not in names:
            raise ValueError(f"the deciding case {self.case!r} is not among the cases")
        return self

    @property
    def deciding(self) -> CaseRecord:
        """The case that the run's result was taken from."""
        return next(case for case in self.cases if case.name == self.case)

    def exhibit(self, finding: Finding) -> Exhibit | None:
        """The shortest scenario that shows `finding`, where there is one."""
        return next((each for each in self.exhibits if each.checker == finding.checker), None)

    @classmethod
    def of_cases(
        cls,
        cases: Sequence[CaseRecord],
        *,
        drill: str,
        title: str,
        seed: int,
        runbook: RunbookRecord,
        code: CodeRecord,
        responder: str,
        environment: Environment,
        replay: str,
        started_at: str,
        duration_s: float,
        options: dict[str, str] | None = None,
        exhibits: Sequence[Exhibit] = (),
    ) -> RunRecord:
        """Put a run together: its result from the deciding case, its findings from all."""
        case = deciding_case(cases)
        options = options or {}
        digest = combined_digest(cases)
        return cls(
            run_id=run_id(drill, seed, digest, options | {"runbook": runbook.sha256, "code": code.spec}),
            drill=drill,
            title=title,
            seed=seed,
            digest=digest,
            verdict=case.verdict,
            verdicts=case.verdicts,
            rto_s=case.rto_s,
            rto_objective_s=case.rto_objective_s,
            rpo=case.rpo,
            adherence=case.adherence,
            shown_score=case.shown_score,
            fitness=case.fitness,
            gates=case.gates,
            findings=all_findings(cases),
            clock=case.clock,
            case=case.name,
            cases=list(cases),
            exhibits=list(exhibits),
            runbook=runbook,
            code=code,
            responder=responder,
            options=options,
            environment=environment,
            replay=replay,
            started_at=started_at,
            duration_s=duration_s,
        )


def deciding_case(cases: Sequence[CaseRecord]) -> CaseRecord:
    """The lead case, or the first of the worst when one of those ended worse than the lead."""
    lead = next((case for case in cases if case.lead), cases[0])
    worst = max(cases, key=lambda case: case.verdict.badness)
    return worst if worst.verdict.badness > lead.verdict.badness else lead


def all_findings(cases: Sequence[CaseRecord]) -> list[Finding]:
    """The findings of every case in order, each with the name of its case, none twice."""
    named = (
        finding if finding.case else finding.model_copy(update={"case": case.name})
        for case in cases
        for finding in case.findings
    )
    return list({finding.model_dump_json(): finding for finding in named}.values())


def combined_digest(cases: Sequence[CaseRecord]) -> str:
    """One digest for the whole run: over the name and the History digest of each case, in order."""
    return hashlib.sha256("".join(f"{case.name} {case.digest}\n" for case in cases).encode()).hexdigest()


def run_id(drill: str, seed: int, digest: str, options: dict[str, str]) -> str:
    """`<drill>-seed<seed>-<8 hex>`: the same run gets the same name, so repeating it replaces its record."""
    identity = json.dumps([digest, sorted(options.items())])
    return f"{drill}-seed{seed}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
