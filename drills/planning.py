"""From a runbook and the truth of an incident to the plan that a responder follows.

The truth is the scenario's: causes, conditions, severity. A guard that the truth decides is resolved; one it
does not decide stays open, and its step is then optional, because nobody could be blamed either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from drills.actions import ACTIONS
from drills.plan import Plan, PlannedStep
from drills.runbook.bindings import CRITICAL_ACTIONS, bind, bind_branch
from drills.runbook.guards import holds
from drills.runbook.model import Branch, EscalationRule, Procedure, Runbook, SeverityLevel, Step
from drills.runbook.reader import read_runbook
from drills.runbook.topics import find_procedure
from drills.step_model import Constraint
from scenarios.expectations import GroundTruth, Need
from scenarios.scenario import Scenario

TOPIC_WORDS: dict[str, str] = {
    "kill-switch": "kill_switch", "broker-connection": "broker_disconnection", "data-corruption": "data_corruption",
    "system-failure": "system_failure", "memory-exhaustion": "memory_exhaustion", "memory": "memory_exhaustion",
    "drawdown": "drawdown", "position-mismatch": "position_mismatch", "unexpected-position": "unexpected_position",
    "data-sla": "data_sla", "system-unavailable": "system_unavailable", "system-down": "system_down",
    "deployment": "deployment", "execution-failures": "execution_failures", "high-latency": "high_latency",
    "calibration": "calibration", "degraded-fills": "slippage", "mode-rollback": "mode_rollback",
}  # fmt: skip
"""Topic of a drill -> topic by which a procedure is looked for."""

_ALSO: dict[str, tuple[str, ...]] = {
    "broker_outage": ("network", "api_errors"), "rate_limit": ("api_errors",),
}  # fmt: skip
"""What else a runbook may call a scenario's cause."""


@dataclass(frozen=True, slots=True)
class _Truth:
    """A scenario's ground truth on the runbook's own severity scale (see `drills.runbook.guards.Truth`)."""

    severity_rank: int
    causes: tuple[str, ...]
    conditions: Mapping[str, bool]
    measures: Mapping[str, float]
    flatten: bool | None = None
    """Whether positions must be closed, which "(if needed)" asks; None where either is right."""


CRITICAL_WEIGHT = 3.0


class Option(NamedTuple):
    """One of several interchangeable ways: Option A, B or C."""

    group: str
    name: str


def find(path: Path, fragment: str | None, topic: str) -> tuple[Runbook, Procedure, str | None]:
    """The runbook at `path` and the procedure to follow in it; a note when that had to be guessed."""
    runbook = read_runbook(path)
    procedure, note = find_procedure(runbook, fragment, TOPIC_WORDS.get(topic, topic.replace("-", "_")))
    return runbook, procedure, note


def make_plan(runbook: Runbook, procedure: Procedure, scenario: Scenario, note: str | None = None) -> Plan:
    """`procedure` as it applies to the incident of `scenario`."""
    return plan_for(runbook, procedure, scenario.truth, note, flatten=scenario.expect.flatten)


def plan_for(
    runbook: Runbook,
    procedure: Procedure,
    facts: GroundTruth,
    note: str | None = None,
    *,
    level_id: str | None = None,
    flatten: Need = Need.EITHER,
    as_done: Callable[[PlannedStep], Iterable[PlannedStep]] | None = None,
) -> Plan:
    """`procedure` as it applies when `facts` are so.

    `level_id` states the severity on the runbook's own scale, `flatten` whether positions must be closed. `as_done`
    may take a step apart into the things that are told apart when somebody does it (see `drills.score.by_hand`).
    """
    severity = level_id or _severity(runbook, procedure, facts)
    level = next((level for level in runbook.severities if level.id == severity), None)
    truth = _truth(facts, None if level is None else level.rank, flatten)
    planned = list(_planned(procedure.steps, truth, runbook))
    if as_done is not None:
        planned = [part for step in planned for part in as_done(step)]
    steps = _keep_order(_choose(planned), procedure)
    rto = [o for o in (*procedure.objectives, *runbook.objectives) if o.name == "RTO"]
    return Plan(
        procedure=procedure.id, title=procedure.title, file=runbook.file, line=procedure.line, steps=tuple(steps),
        constraints=tuple(_constraints(procedure, runbook, steps)), severity=severity,
        response_s=None if level is None or level.response is None else level.response.hi_s,
        rto_s=rto[0].seconds if rto else None, window_s=None,
        escalation=tuple((_after(rule), rule.role or rule.action) for rule in runbook.escalation), note=note,
    )  # fmt: skip


def branches_taken(runbook: Runbook, procedure: Procedure, scenario: Scenario) -> dict[str, tuple[Branch, ...]]:
    """The branches that the truth of `scenario` makes true, by the id of their step."""
    truth = _truth_for(runbook, procedure, scenario)
    return {
        step.id: tuple(branch for branch in step.branches if holds(branch.guard, truth, runbook.severities))
        for step in procedure.walk()
        if step.branches
    }


def decided(runbook: Runbook, procedure: Procedure, scenario: Scenario) -> dict[str, bool | None]:
    """Of each guarded step, whether the incident of `scenario` admits it; None where its truth does not tell."""
    truth = _truth_for(runbook, procedure, scenario)
    return {
        step.id: _admits(step, truth, runbook) for step in procedure.walk() if step.guard is not None
    }


def _truth_for(runbook: Runbook, procedure: Procedure, scenario: Scenario) -> _Truth:
    severity = _severity(runbook, procedure, scenario.truth)
    level = next((level for level in runbook.severities if level.id == severity), None)
    return _truth(scenario.truth, None if level is None else level.rank, scenario.expect.flatten)


def _after(rule: EscalationRule) -> float | None:
    return None if rule.after is None else rule.after.lo_s


def _truth(facts: GroundTruth, rank: int | None, flatten: Need = Need.EITHER) -> _Truth:
    causes = [word for cause in facts.causes for word in (cause, *_ALSO.get(cause, ()))]
    return _Truth(
        facts.severity_rank if rank is None else rank, tuple(dict.fromkeys(causes)), facts.conditions, facts.measures,
        None if flatten is Need.EITHER else flatten is Need.REQUIRED,
    )  # fmt: skip


def _admits(step: Step, truth: _Truth, runbook: Runbook) -> bool | None:
    """Whether the step applies; "(if needed)" beside the closing of positions is for the incident to decide."""
    admitted = holds(step.guard, truth, runbook.severities)
    closing = step.guard is not None and step.guard.kind == "optional" and "flatten" in bind(step).actions
    return truth.flatten if closing else admitted


def level_by_threshold(runbook: Runbook, facts: GroundTruth) -> SeverityLevel | None:
    """The level in whose band the drawdown of an incident lies; None without a band that holds it."""
    drawdown = facts.measures.get("drawdown_pct")
    for level in sorted(runbook.severities, key=lambda level: level.rank):
        low, high = level.threshold or (None, None)
        if drawdown is not None and low is not None and low <= drawdown < (high if high is not None else float("inf")):
            return level
    return None


def _severity(runbook: Runbook, procedure: Procedure, facts: GroundTruth) -> str | None:
    """The level of the runbook's own scale: by its threshold, by the procedure's own, else by rank."""
    levels = sorted(runbook.severities, key=lambda level: level.rank)
    banded = level_by_threshold(runbook, facts)
    if banded is not None:
        return banded.id
    if procedure.severity:
        return procedure.severity[0]
    return levels[min(facts.severity_rank, len(levels)) - 1].id if levels else None


def _planned(
    steps: Iterable[Step], truth: _Truth, runbook: Runbook, optional: bool = False, option: Option | None = None
) -> Iterator[PlannedStep]:
    """Steps whose guards admit them, sub-steps after their parent; `option` is the one they belong to."""
    for step in steps:
        admitted = _admits(step, truth, runbook)
        if admitted is False:
            continue
        open_guard = optional or (admitted is None and step.guard is not None)
        mine = Option(step.alt_group, step.id) if step.alt_group else option
        yield from _one(step, truth, runbook, open_guard, mine)
        yield from _planned(step.children, truth, runbook, open_guard, mine)


def _one(step: Step, truth: _Truth, runbook: Runbook, optional: bool, option: Option | None) -> Iterator[PlannedStep]:
    binding = bind(step)
    if binding.group and not binding.actions:
        return
    actions, why = binding.actions, binding.why
    stated = step.override is not None and step.override.bind is not None
    for branch in () if stated else step.branches:
        if holds(branch.guard, truth, runbook.severities):
            chosen = bind_branch(branch)
            actions = tuple(dict.fromkeys((*actions, *chosen.actions)))
            why = f"{why}; chose {branch.condition!r}"
    if step.kind == "info" and not actions:
        return
    info = step.kind == "info" or step.optional or optional
    critical, weight = _judged_by_branch(step, actions)
    yield PlannedStep(
        id=step.id, title=step.title, line=step.line, kind=step.kind, actions=actions,
        weight=0.0 if info else weight, critical=critical and not info, preds=step.preds,
        deadline_s=_deadline_s(step), deadline_from_start=_is_budget(step), executable=binding.executable, why=why,
        complex=any(branch.guard is None or not branch.guard.values for branch in step.branches),
        alternatives=option.group if option else None, option=option.name if option else None,
    )  # fmt: skip


def _judged_by_branch(step: Step, actions: Iterable[str]) -> tuple[bool, float]:
    """A decision is as critical as what its branch asks for, unless the author says how critical it is."""
    stated = step.override is not None and (step.override.critical is not None or step.override.weight is not None)
    if stated or step.critical or not any(action in CRITICAL_ACTIONS for action in actions):
        return step.critical, step.weight
    return True, max(step.weight, CRITICAL_WEIGHT)


def _choose(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    """Of each group of alternatives, mark the first that can be carried out as the one to take."""
    groups: dict[str, dict[str, list[PlannedStep]]] = {}
    for step in steps:
        if step.alternatives is not None and step.option is not None:
            groups.setdefault(step.alternatives, {}).setdefault(step.option, []).append(step)
    taken = {}
    for group, options in groups.items():
        possible = [name for name, parts in options.items() if all(part.counts for part in parts)]
        taken[group] = (possible or list(options))[0]
    return [
        step if step.alternatives is None else replace(step, chosen=step.option == taken[step.alternatives])
        for step in steps
    ]


def _is_budget(step: Step) -> bool:
    """A "(2 min)" beside a heading is how long the step takes; stated outright, it is by when it is done."""
    stated = step.override is not None and step.override.deadline_s is not None
    return not stated and step.deadline is not None and step.deadline.clock == "prev_step"


def _deadline_s(step: Step) -> float | None:
    if step.override is not None and step.override.deadline_s is not None:
        return step.override.deadline_s
    deadline = step.deadline
    if deadline is None or deadline.kind in ("open", "varies", "window") or deadline.origin == "table":
        return None
    return deadline.hi_s


def _keep_order(steps: list[PlannedStep], procedure: Procedure) -> list[PlannedStep]:
    """Let what waited for a step that does not apply wait for what that one waited for."""
    there = {step.id for step in steps}
    all_preds = {step.id: step.preds for step in procedure.walk()}
    all_preds.update({step.id: step.preds for step in steps})

    def resolve(step_id: str, seen: frozenset[str]) -> Iterator[str]:
        for pred in all_preds.get(step_id, ()):
            if pred in there:
                yield pred
            elif pred not in seen:
                yield from resolve(pred, seen | {pred})

    return [
        replace(
            step, preds=tuple(dict.fromkeys(resolve(step.id, frozenset({step.id})))), wait_s=_wait_s(step, procedure)
        )
        for step in steps
    ]


def _constraints(procedure: Procedure, runbook: Runbook, steps: Sequence[PlannedStep]) -> Iterator[Constraint]:
    """The rules in words, on the steps they speak of; a rule about nothing in this plan is left out."""
    found = list(_resolved(procedure, runbook, steps))
    ordered = {(rule.a, rule.b) for rule in found if rule.kind == "precedence"}
    # "Keep it active" and "reset only after approval" are one rule when both speak of the same two steps.
    yield from (rule for rule in found if rule.kind != "not_until" or (rule.b, rule.a) not in ordered)


def _resolved(procedure: Procedure, runbook: Runbook, steps: Sequence[PlannedStep]) -> Iterator[Constraint]:
    for rule in (*procedure.constraints, *runbook.constraints):
        a, b = _step_of(rule.a, steps), _step_of(rule.b, steps) if rule.b else ""
        if rule.template == "absence":
            # A text that says "don't rush to restart" and then asks for a restart forbids haste, not the restart.
            a = rule.a if a is None and rule.a in ACTIONS else None
        needs_two = rule.template in ("precedence", "response")
        countless = rule.template == "retry_max" and not rule.count
        inside = rule.template == "wait" and not b and _waits_within(a, steps)
        if a is None or b is None or a == b or countless or inside or (needs_two and not b):
            continue
        yield Constraint(
            rule.template, a, b, within_s=rule.within_s, critical=rule.critical, line=rule.line,
            implied=not rule.critical and rule.template == "precedence" and _precedes(a, b, steps),
            attempts=rule.count or 0,
        )  # fmt: skip


def _waits_within(step_id: str | None, steps: Sequence[PlannedStep]) -> bool:
    """Whether the wait is one of several things that the step asks for, which nobody can time from outside."""
    return any(step.id == step_id and "monitor" in step.actions and len(step.actions) > 1 for step in steps)


def _wait_s(step: PlannedStep, procedure: Procedure) -> float | None:
    """How long the step says to wait, when it says so once."""
    waits = [
        rule.within_s for rule in procedure.constraints
        if rule.template == "wait" and any(s.id == step.id and s.line <= rule.line <= s.end for s in procedure.walk())
    ]  # fmt: skip
    return waits[0] if len(waits) == 1 and "monitor" in step.actions else None


def _step_of(name: str, steps: Sequence[PlannedStep]) -> str | None:
    """The step of that id, or the first that does that action."""
    return next((s.id for s in steps if s.id == name or s.id.endswith(f"/{name}") or name in s.actions), None)


def _precedes(a: str, b: str, steps: Sequence[PlannedStep]) -> bool:
    preds = {step.id: step.preds for step in steps}
    reached, todo = set(), list(preds.get(b, ()))
    while todo:
        step = todo.pop()
        if step not in reached:
            reached.add(step)
            todo += preds.get(step, ())
    return a in reached
