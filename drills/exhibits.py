"""For each check that the code failed, the shortest scenario that shows it, ready to be run again.

A finding of a three-hour case is argued about; the same finding after four minutes and one fault is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from drills.case_run import run_case
from drills.code import load_mitigation
from drills.human import PRESETS
from drills.measuring import measure_run
from drills.options import RunOptions
from drills.plan import Plan
from drills.shortest import Shows, shortest
from results.evidence import Exhibit, Verdict
from results.record import CaseRecord
from scenarios.loader import dump_yaml
from scenarios.scenario import Scenario
from scenarios.spec import duration_words
from sim.checkers.base import CheckResult
from sim.world import Mitigation

MOST = 6
"""So many checks get an exhibit; code that fails more has one story, told six times."""

OnCheck = Callable[[str, int, int], None]
"""Told what is being looked for, its number from 1, and how many there are."""


def exhibits(
    records: Sequence[CaseRecord], scenarios: Iterable[Scenario], options: RunOptions,
    mitigation: Mitigation, plan_of: Callable[[Scenario], Plan], on_check: OnCheck = lambda what, number, of: None,
) -> Iterator[Exhibit]:  # fmt: skip
    """Reduce, for each check that the code failed, the shortest of the cases on which it failed."""
    by_name = {scenario.name: scenario for scenario in scenarios}
    failed = list(_failed(records, by_name).items())[:MOST]
    for number, (check, case) in enumerate(failed, start=1):
        on_check(f"shortest scenario for {check}", number, len(failed))
        found = _exhibit(check, by_name[case], options, mitigation, plan_of)
        if found is not None:
            yield found


def _failed(records: Iterable[CaseRecord], scenarios: Mapping[str, Scenario]) -> dict[str, str]:
    """Check -> the shortest case on which the code failed it."""
    found: dict[str, str] = {}
    for record in records:
        for finding in record.findings if record.verdicts.code is Verdict.FAIL else ():
            check = finding.checker
            if check is None or finding.severity != "critical":
                continue
            if check not in found or scenarios[record.name].length_us < scenarios[found[check]].length_us:
                found[check] = record.name
    return found


def _exhibit(
    check: str, scenario: Scenario, options: RunOptions, mitigation: Mitigation, plan_of: Callable[[Scenario], Plan]
) -> Exhibit | None:
    """With nobody responding if that is enough; else with somebody who follows the text without a mistake."""
    for responder in ("none", "perfect"):
        if responder == "perfect" and options.responder == "none":
            return None
        reduced = shortest(scenario, _shows(check, options.seed, mitigation, plan_of, responder))
        if reduced is not None and reduced.scenario == scenario:
            return None  # the case itself is the shortest
        if reduced is not None:
            return _described(check, scenario.name, reduced.scenario, options, responder)
    return None


def _shows(
    check: str, seed: int, mitigation: Mitigation, plan_of: Callable[[Scenario], Plan], responder: str
) -> Shows:
    """Whether the code fails `check` in a scenario in which the reference bot does not."""
    reference = load_mitigation(None)

    def failure(scenario: Scenario, code: Mitigation) -> CheckResult | None:
        plan, preset = plan_of(scenario), PRESETS.get(responder)
        run = run_case(scenario, seed, code, None if preset is None else plan, preset)
        measured = measure_run(run, plan, automation_only=preset is None)
        return next((c for c in measured.checks if c.name == check and c.verdict == "fail"), None)

    def shows(scenario: Scenario) -> int | None:
        found = failure(scenario, mitigation)
        if found is None or failure(scenario, reference) is not None:
            return None
        first_us = min(evidence.t_us for evidence in found.evidence if evidence.severity == "critical")
        return first_us - scenario.fault_zero_us

    return shows


def _described(check: str, case: str, scenario: Scenario, options: RunOptions, responder: str) -> Exhibit:
    file = f"shortest-{check}.yaml"
    named = scenario.model_copy(
        update={"name": _name(case, check), "title": f"The shortest that shows {check}, from {case}"}
    )
    again = replace(options, drill=f"{{folder}}/{file}", cases=None, responder=responder)
    return Exhibit(
        checker=check, case=case, text=_words(named, responder), scenario=dump_yaml(named, brief=True), file=file,
        command=again.replay_command(),
    )  # fmt: skip


def _words(scenario: Scenario, responder: str) -> str:
    faults = "; ".join(fault.describe() for fault in scenario.faults) or "no fault at all"
    person = "with nobody responding" if responder == "none" else "with the runbook followed"
    return f"{faults}; {duration_words(scenario.horizon_us)}, {person}"


def _name(case: str, check: str) -> str:
    return f"{case}-{check}"[:60].rstrip("-")

