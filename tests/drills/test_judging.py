"""Three verdicts, kept apart: what the text cannot do, what the code claims, what the person leaves out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import drills.responder
from drills.drill import drills as drills_of
from drills.human import PRESETS
from drills.judging import judge
from drills.measuring import Compared, Measured
from drills.options import RunOptions
from drills.plan import Plan, PlannedStep
from drills.reference.defects import DEFECTS, planted
from drills.runner import Text, run_one, text_of
from drills.selftest import _drill
from results.evidence import Finding, Rpo, Verdict
from results.record import CaseRecord
from sim.checkers.base import CheckResult, Evidence
from sim.clock import MINUTE
from sim.world import Mitigation

CASE = "q1-manual"
TODO_BOOK = """\
# Kill switch triggered

### 1. Look at the status

### 2. Get the risk officer's approval

<!-- bind=approve critical -->

### 3. Reset the kill switch

```bash
# TODO: Implement reset command
```
"""
SLOW_BOOK = """\
# Kill switch triggered

### 1. Wait

Monitor the positions for 50 minutes.

<!-- bind=monitor -->

### 2. Get the risk officer's approval

<!-- bind=approve critical -->

### 3. Reset the kill switch

```bash
deskctl reset
```
"""
NO_APPROVAL = """\
# Kill switch triggered

1. Look at the status
2. Reset the kill switch
"""
SHORT_BOOK = "# Kill switch triggered\n\n1. Look at the status\n2. Reset the kill switch\n"


def text(body: str, folder: Path) -> Text:
    path = folder / "book.md"
    path.write_text(body, encoding="utf-8")
    drill, _ = _drill("q1")
    return text_of(drill, RunOptions(runbook=str(path)))


def run(
    book: Text, responder: str = "perfect", defect: str | None = None, case: str = CASE, drill: str = "q1"
) -> CaseRecord:
    scenario = drills_of()[drill].scenario(case)
    planned = next((each for each in DEFECTS if each.name == defect), None)
    with planted(planned) as mitigation:
        record, _ = run_one(scenario, 7, mitigation, book, responder, is_reference=planned is None)
    return record


def verdicts(record: CaseRecord) -> tuple[str, str, str | None, str]:
    """Runbook, code, responder, and all together."""
    each = record.verdicts
    return each.runbook.value, each.code.value, each.responder and each.responder.value, record.verdict.value


def ids(record: CaseRecord) -> set[str]:
    return {finding.id for finding in record.findings}


class TestThreeVerdicts:
    def test_all_is_well(self) -> None:
        record = run(_drill("q1")[1])
        assert verdicts(record) == ("pass", "pass", "pass", "pass")
        assert (record.gates, record.findings, record.deviations) == ([], [], [])
        assert record.adherence == 100
        assert record.clock.t8 is not None
        assert all(step.outcome == "done" for step in record.steps)

    def test_a_runbook_whose_reset_is_a_todo_fails_and_nobody_else_does(self, tmp_path: Path) -> None:
        record = run(text(TODO_BOOK, tmp_path))
        assert verdicts(record) == ("fail", "pass", "pass", "fail")
        assert record.adherence == 100
        assert {"step-not-executable", "runbook-does-not-recover", "rto-missed"} <= ids(record)
        todo = next(finding for finding in record.findings if finding.id == "step-not-executable")
        assert (todo.severity, todo.runbook_line) == ("critical", 9)

    def test_a_runbook_that_takes_too_long_fails_although_each_step_works(self, tmp_path: Path) -> None:
        record = run(text(SLOW_BOOK, tmp_path))
        assert verdicts(record) == ("fail", "pass", "pass", "fail")
        assert "runbook-does-not-recover" in ids(record)
        assert [gate.id for gate in record.gates] == ["rto_missed"]

    def test_a_planted_defect_fails_the_code_alone(self) -> None:
        record = run(_drill("q1")[1], defect="flattened-too-early", case="q1-daily-loss")
        assert verdicts(record) == ("pass", "fail", "pass", "fail")
        assert record.adherence == 100
        (finding,) = {finding.title for finding in record.findings if finding.claim and "closed" in finding.claim}
        assert finding.startswith("reported flat")

    def test_a_person_who_is_quicker_than_a_broken_switch_does_not_save_the_code(self) -> None:
        record = run(_drill("q1")[1], defect="loss-by-the-tick", case="q1-daily-loss")
        assert record.verdicts.code is Verdict.FAIL
        assert any(check.name.endswith("(code alone)") for check in record.checks)
        assert any(finding.detail.startswith("With nobody responding: ") for finding in record.findings)

    def test_an_on_call_who_skips_fails_and_neither_text_nor_code_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(PRESETS, "crisis", replace(PRESETS["crisis"], omission=0.6))
        monkeypatch.setattr(drills.responder, "FINDS_OWN_SLIP", 0.0)
        record = run(_drill("q1")[1], "crisis")
        assert verdicts(record) == ("pass", "pass", "fail", "fail")
        assert "skipped" in {step.outcome for step in record.steps}
        assert {deviation.kind for deviation in record.deviations} >= {"skipped"}

    def test_an_on_call_who_forgets_the_approval_hits_a_gate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def order(self: drills.responder.Responder) -> list[PlannedStep]:
            forgetful = self._preset.name == "trained"
            return [step for step in self._plan.steps if not (forgetful and "approve" in step.actions)]

        monkeypatch.setattr(drills.responder.Responder, "_order", order)
        record = run(_drill("q1")[1], "trained")
        assert verdicts(record) == ("pass", "pass", "fail", "fail")
        assert {gate.id for gate in record.gates} == {
            "critical_step",
            "critical_constraint",
            "halt-released-by-approval",
        }
        assert record.shown_score is not None
        assert record.shown_score <= 49 < (record.adherence or 0)
        finding = next(finding for finding in record.findings if finding.id == "halt-released-by-approval")
        assert finding.detail.startswith("The on-call brought it about: ")

    def test_a_text_that_forgets_the_approval_fails_itself(self, tmp_path: Path) -> None:
        record = run(text(NO_APPROVAL, tmp_path))
        assert verdicts(record) == ("fail", "pass", "pass", "fail")
        finding = next(finding for finding in record.findings if finding.id == "halt-released-by-approval")
        assert finding.detail.startswith("So it goes when the text is followed: ")

    def test_an_on_call_who_dawdles_misses_the_objective_himself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drills.responder, "sigma", lambda action: 0.0)
        monkeypatch.setattr(drills.responder, "ACK_MEDIAN_S", 60.0)
        as_usual = drills.responder.Responder._draw_us
        monkeypatch.setattr(
            drills.responder.Responder, "_draw_us",
            lambda self, median, scatter: as_usual(self, median, scatter) * (5 if self._preset.scatter else 1),
        )  # fmt: skip
        record = run(_drill("q1")[1], "trained")
        assert verdicts(record) == ("pass", "pass", "fail", "fail")
        assert "rto_missed" in {gate.id for gate in record.gates}

    def test_automation_alone_is_not_blamed_for_what_takes_a_person(self) -> None:
        record = run(_drill("q1")[1], "none")
        assert verdicts(record) == ("pass", "pass", None, "pass")
        assert (record.adherence, record.fitness, record.steps, record.deviations) == (None, None, [], [])
        assert (record.gates, record.findings) == ([], [])

    def test_what_stays_down_until_somebody_comes_takes_a_person(self) -> None:
        record = run(_drill("q2")[1], "none", case="q2-auth-expired", drill="q2")
        assert verdicts(record) == ("pass", "pass", None, "pass")
        assert record.gates == []
        finding = next(finding for finding in record.findings if finding.id == "rto-missed")
        assert finding.severity == "info"
        assert finding.title.endswith("; it takes a person")

    def test_but_for_what_the_text_cannot_mend_either_it_is_the_texts(self, tmp_path: Path) -> None:
        record = run(text(TODO_BOOK, tmp_path), "none")
        assert verdicts(record) == ("fail", "pass", None, "fail")


@cache
def base() -> tuple[Compared, Plan]:
    """A good run, compared with itself."""
    from drills.case_run import run_case
    from drills.code import load_mitigation
    from drills.measuring import measure_run

    drill, book = _drill("q1")
    scenario = drill.scenario(CASE)
    plan, code = book.plan(scenario), load_mitigation(None)
    good = measure_run(run_case(scenario, 7, code, plan, PRESETS["perfect"]), plan, automation_only=False)
    alone = measure_run(run_case(scenario, 7, code, None, None), plan, automation_only=True)
    return Compared(good, good, alone, good), plan


def judged(compared: Compared, plan: Plan | None = None, responder: str = "perfect") -> CaseRecord:
    return judge(compared, plan or base()[1], responder=responder, lead=True)


def late(measured: Measured) -> Measured:
    """The same run, against an objective that it misses."""
    scenario = measured.run.scenario
    objectives = scenario.objectives.model_copy(update={"rto_us": MINUTE})
    return replace(measured, run=replace(measured.run, scenario=scenario.model_copy(update={"objectives": objectives})))


def failing(measured: Measured, verdict: str = "fail") -> Measured:
    """The same run, with one more check that did not pass."""
    evidence = Evidence(measured.run.zero_us, "reported flat, 190 open", "It was not.", claim="flat", truth="190 SPY")
    broken = CheckResult("claims", verdict, (evidence,))  # type: ignore[arg-type]
    return replace(measured, checks=(*measured.checks, broken))


class TestWhoseFault:
    def test_a_missed_objective_of_a_run_that_would_be_in_time_without_errors_is_the_persons(self) -> None:
        compared, _ = base()
        record = judged(replace(compared, measured=late(compared.measured)))
        assert verdicts(record) == ("pass", "pass", "fail", "fail")
        assert [gate.id for gate in record.gates] == ["rto_missed"]

    def test_one_that_nobody_could_keep_with_a_text_that_works_is_the_codes(self) -> None:
        compared, _ = base()
        slow = late(compared.measured)
        record = judged(replace(compared, measured=slow, ideal=slow))
        assert verdicts(record) == ("pass", "fail", "pass", "fail")

    def test_one_that_the_reference_misses_too_is_the_texts(self) -> None:
        compared, _ = base()
        slow = late(compared.measured)
        assert verdicts(judged(Compared(slow, slow, compared.alone, slow))) == ("fail", "pass", "pass", "fail")

    def test_losses_beyond_the_objective_fail_the_code(self) -> None:
        compared, _ = base()
        lossy = replace(compared.measured, rpo=Rpo(fills_unaccounted=3, notional=1234.5))
        record = judged(replace(compared, measured=lossy, ideal=lossy))
        assert verdicts(record) == ("pass", "fail", "pass", "fail")
        assert [(gate.id, gate.text) for gate in record.gates] == [("rpo_missed", "3 fills unaccounted for")]
        assert record.rpo.fills_unaccounted == 3
        finding = next(finding for finding in record.findings if finding.id == "rpo-missed")
        assert "1,234" in finding.detail or "1,235" in finding.detail

    def test_but_not_those_that_the_good_bot_has_too_under_a_text_that_leads_nowhere(self) -> None:
        compared, plan = base()
        lossy = replace(compared.measured, rpo=Rpo(fills_unaccounted=3, notional=1234.5))
        both = replace(compared, measured=late(lossy), literal=late(lossy), alone=late(lossy), ideal=late(lossy))
        record = judged(both, plan)
        assert (record.verdicts.runbook, record.verdicts.code) == (Verdict.FAIL, Verdict.PASS)
        assert record.verdict is Verdict.FAIL

    def test_a_check_that_fails_without_anybody_there_fails_the_code(self) -> None:
        compared, _ = base()
        record = judged(replace(compared, alone=failing(compared.alone)))
        assert verdicts(record) == ("pass", "fail", "pass", "fail")
        assert [check.name for check in record.checks if check.verdict is Verdict.FAIL] == ["claims (code alone)"]
        assert [(gate.id, gate.text) for gate in record.gates] == [("claims", "reported flat, 190 open")]

    def test_a_check_that_found_nothing_to_look_at_alone_is_no_blame(self) -> None:
        compared, _ = base()
        assert verdicts(judged(replace(compared, alone=failing(compared.alone, "inconclusive"))))[1] == "pass"

    def test_a_check_that_could_not_be_made_is_no_pass(self) -> None:
        compared, _ = base()
        record = judged(replace(compared, measured=failing(compared.measured, "inconclusive")))
        assert verdicts(record) == ("pass", "inconclusive", "pass", "inconclusive")


class TestInconclusive:
    REASON = "1-manual_kill never landed"

    def test_a_fault_that_did_not_land_proves_nothing(self) -> None:
        compared, _ = base()
        adrift = replace(compared.measured, unsettled=(self.REASON,))
        record = judged(Compared(adrift, adrift, compared.alone, adrift))
        assert verdicts(record) == ("inconclusive", "inconclusive", "pass", "inconclusive")
        assert [(finding.id, finding.title) for finding in record.findings] == [("not-judged", self.REASON)]

    def test_it_does_not_hide_a_failure(self) -> None:
        compared, _ = base()
        adrift = replace(failing(compared.measured), unsettled=(self.REASON,))
        assert judged(Compared(adrift, compared.literal, compared.alone, adrift)).verdict is Verdict.FAIL


class TestResponseTime:
    def finding(self, response_s: float | None) -> Finding | None:
        compared, plan = base()
        record = judged(compared, replace(plan, response_s=response_s))
        assert record.verdict is Verdict.PASS, "it is said, and not an RTO"
        return next((finding for finding in record.findings if finding.id == "response-time"), None)

    def test_it_is_checked_on_its_own(self) -> None:
        assert self.finding(600.0) is None
        found = self.finding(10.0)
        assert found is not None
        assert found.severity == "warning"
        assert found.title.startswith("acknowledged after 1 min ")
        assert found.title.endswith("SEV2 asks for 10.0 s")

    def test_a_table_without_one_asks_for_nothing(self) -> None:
        assert self.finding(None) is None

    def test_who_never_acknowledged_did_not_respond(self) -> None:
        compared, plan = base()
        silent = replace(compared.measured, clock=replace(compared.measured.clock, t3_us=None))
        record = judged(replace(compared, measured=silent), replace(plan, response_s=10.0))
        assert "never acknowledged, SEV2 asks for 10.0 s" in [finding.title for finding in record.findings]


class TestFindingsAboutTheText:
    def test_what_is_not_bound_is_said_and_not_counted(self, tmp_path: Path) -> None:
        book = text(SHORT_BOOK.replace("1. Look at the status", "1. Sing a song\n1. Look at the status"), tmp_path)
        record = run(book)
        finding = next(finding for finding in record.findings if finding.id == "step-not-bound")
        assert (finding.severity, finding.runbook_line) == ("info", 3)
        assert "Sing a song" in finding.title
        assert record.adherence == 100

    def test_a_procedure_that_was_guessed_is_said(self, tmp_path: Path) -> None:
        record = run(text(SHORT_BOOK.replace("Kill switch triggered", "Coffee machine is empty"), tmp_path))
        assert "procedure-assumed" in ids(record)


def test_code_that_is_not_ours_is_judged_by_the_same_rules() -> None:
    """A bot that does nothing: the switch does not fire, the person is quick, and the code fails all the same."""
    drill, book = _drill("q1")
    idle = Mitigation(lambda desk: {"every": {60: lambda: None}}, "tests:idle")
    record, _ = run_one(drill.scenario("q1-daily-loss"), 7, idle, book, "perfect")
    assert verdicts(record) == ("pass", "fail", "pass", "fail")
    assert {"halt-as-demanded", "flatten-as-demanded"} <= ids(record)
