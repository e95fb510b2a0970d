"""Which stock drills exercise which procedure of a runbook, how sure that is, and what is left over.

The topic of each stock drill is looked for where a procedure names its incident: the title, the trigger, the
symptoms, the guards and the steps, in that order of weight. A named incident is `sure`; symptoms make it
`likely`; steps alone only a `maybe`. What is for after an incident, or for telling others of it, is nothing
that a drill could break, and is said to be so rather than called a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from drills.drill import QUARTERS, drills
from drills.lint.rules.policy import answers
from drills.planning import TOPIC_WORDS, decided
from drills.runbook.lexicon import is_phase, names_incident
from drills.runbook.model import Procedure, Runbook, Step
from drills.runbook.topics import TOPICS, whole

MOST = 3
"""Proposals for one procedure; more would be no proposal."""

_NOT_DRILLABLE = {
    "post": "work after an incident", "communication": "telling others", "prevention": "work before an incident",
}  # fmt: skip
_WIDE = frozenset({"system_failure", "data_corruption", "position_mismatch"})
"""Topics whose words also match narrower incidents that have a drill of their own: those come first."""
_DECIDABLE = ("severity", "after_severity", "cause", "condition", "measure")


class Sureness(StrEnum):
    """How sure it is that a drill is about a procedure."""

    SURE = "sure"
    """Its title, or its trigger, names the incident."""
    LIKELY = "likely"
    """Its symptoms or guards do."""
    MAYBE = "maybe"
    """Only its steps speak of it."""
    ANY = "any"
    """It names no incident at all: it is for whatever happens."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A guarded step and the cases in which it is taken."""

    step: str
    title: str
    line: int
    cases: tuple[str, ...]
    """`drill/case`; empty when no proposed case leads there."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One stock drill for one procedure."""

    drill: str
    title: str
    sureness: Sureness
    why: str
    """Where the words stand, and the words."""
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """One procedure and what exercises it."""

    procedure: str
    title: str
    line: int
    proposals: tuple[Proposal, ...] = ()
    branches: tuple[Branch, ...] = ()
    not_drillable: str | None = None
    """Why no drill could exercise it; None when one could."""

    @property
    def gap(self) -> bool:
        """Whether it could be drilled and no stock drill does."""
        return self.not_drillable is None and not self.proposals


@dataclass(frozen=True, slots=True)
class Planned:
    """A drill that the runbook itself announces."""

    text: str
    line: int
    procedures: tuple[str, ...]
    """Procedures that answer it; empty when none does."""
    drills: tuple[str, ...]
    """Stock drills that are about it."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """Everything there is to say about one runbook."""

    file: str
    title: str
    procedures: tuple[Matched, ...]
    planned: tuple[Planned, ...]


def match(runbook: Runbook) -> MatchReport:
    """Propose stock drills for every procedure of `runbook`; one playbook is taken as a whole."""
    parts: tuple[Procedure, ...] = runbook.procedures
    if runbook.single_playbook:
        together = whole(runbook)
        after = tuple(p for p in runbook.procedures if p.role in _NOT_DRILLABLE)
        parts = (together, *after)
    return MatchReport(
        runbook.file, runbook.title, tuple(_matched(runbook, procedure) for procedure in parts),
        tuple(_planned(runbook)),
    )  # fmt: skip


def _matched(runbook: Runbook, procedure: Procedure) -> Matched:
    if procedure.role in _NOT_DRILLABLE:
        return Matched(
            procedure.id, procedure.title, procedure.line, not_drillable=_NOT_DRILLABLE[procedure.role]
        )
    proposals = tuple(_proposals(procedure)) or tuple(_general(procedure))
    return Matched(
        procedure.id, procedure.title, procedure.line, proposals, tuple(_branches(runbook, procedure, proposals))
    )


def _proposals(procedure: Procedure) -> Iterator[Proposal]:
    """The best drills for a procedure; what only the steps hint at counts where nothing better is there."""
    found = []
    for drill in drills().values():
        topic = TOPIC_WORDS[drill.topic]
        scored = _score(procedure, topic)
        if scored is not None:
            score, sureness, why = scored
            place = (list(Sureness).index(sureness), topic in _WIDE, -score, drill.name)
            found.append((place, Proposal(drill.name, drill.title, sureness, why, drill.cases)))
    best = [proposal for _, proposal in sorted(found, key=lambda entry: entry[0])]
    sure = [proposal for proposal in best if proposal.sureness is not Sureness.MAYBE]
    yield from (sure or best)[:MOST]


def _score(procedure: Procedure, topic: str) -> tuple[float, Sureness, str] | None:
    """(score, how sure, why) of a topic for a procedure; None when nothing in it speaks of the topic."""
    pattern = TOPICS[topic]

    def words(texts: Iterable[str]) -> list[str]:
        return [match.group(0) for text in texts if (match := pattern.search(text))]

    title, trigger = words([procedure.title]), words([procedure.trigger or ""])
    symptoms = words(item.text for item in procedure.symptoms)
    steps = list(procedure.walk())
    guards = words(step.guard.raw for step in steps if step.guard is not None)
    titles = words(step.title for step in steps if step.guard is None)
    score = 20.0 * len(title) + 6.0 * len(trigger) + 3.0 * min(2, len(symptoms)) + 3.0 * min(2, len(guards))
    score += min(3, len(titles)) + min(len("".join(title)), 40) / 100  # of two names the longer says more
    for where, said, sureness in (
        ("its title says", title, Sureness.SURE), ("its trigger says", trigger, Sureness.SURE),
        ("its symptoms say", symptoms, Sureness.LIKELY), ("a branch says", guards, Sureness.LIKELY),
        ("a step says", titles, Sureness.MAYBE),
    ):  # fmt: skip
        if said:
            return score, sureness, f"{where} {_quoted(said)}"
    return None


def _general(procedure: Procedure) -> Iterator[Proposal]:
    """A procedure for whatever happens is exercised by any drill: the four quarters are proposed."""
    if names_incident(procedure.title) or (is_phase(procedure.title) and procedure.role != "response"):
        return
    if procedure.symptoms or procedure.trigger:
        return
    for name in ("q1", "q2"):
        drill = drills()[name]
        yield Proposal(drill.name, drill.title, Sureness.ANY, "it names no incident", drill.cases)


def _branches(runbook: Runbook, procedure: Procedure, proposals: Iterable[Proposal]) -> Iterator[Branch]:
    """For each guarded step, the cases of the proposed drills that lead there."""
    guarded = [step for step in procedure.walk() if step.guard is not None and step.guard.kind in _DECIDABLE]
    taken: dict[str, list[str]] = {step.id: [] for step in guarded}
    if guarded:
        for proposal in proposals:
            for case, scenario in drills()[proposal.drill].scenarios().items():
                for step_id, admitted in decided(runbook, procedure, scenario).items():
                    if admitted and step_id in taken:
                        taken[step_id].append(f"{proposal.drill}/{case}")
    for step in guarded:
        yield Branch(step.id, _title(step), step.line, tuple(taken[step.id]))


def _title(step: Step) -> str:
    return step.title if step.guard is None or step.guard.raw in step.title else f"{step.title} ({step.guard.raw})"


def _planned(runbook: Runbook) -> Iterator[Planned]:
    for planned in runbook.drills:
        about = {name for name, pattern in TOPICS.items() if pattern.search(planned.scenario)}
        stock = [drill for drill in drills().values() if TOPIC_WORDS[drill.topic] in about]
        stock.sort(key=lambda drill: (drill.name not in QUARTERS, drill.name))
        yield Planned(
            f"{planned.when}: {planned.scenario}" if planned.when else planned.scenario, planned.line,
            tuple(p.id for p in runbook.procedures if p.role not in _NOT_DRILLABLE and answers(planned, p)),
            tuple(drill.name for drill in stock[:MOST]),
        )  # fmt: skip


def _quoted(words: list[str]) -> str:
    return ", ".join(f'"{" ".join(word.split())}"' for word in dict.fromkeys(words[:2]))
