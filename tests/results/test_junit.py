"""JUnit XML that a build server reads: red for fail and for inconclusive, with the line a person wants."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from results.junit import junit_xml
from results.record import CheckRecord, RunRecord, Verdict
from tests.results.builders import inconclusive_case, lead_case, missed_case, passed_case, passing_run, q1_run, run_of


def read(*records: RunRecord) -> ElementTree.Element:
    return ElementTree.fromstring(junit_xml(records).encode())


def outcomes(root: ElementTree.Element) -> dict[str, str]:
    return {case.get("name", ""): next((child.tag for child in case), "passed") for suite in root for case in suite[1:]}


def test_a_suite_per_case_and_a_test_per_thing_that_was_judged() -> None:
    root = read(run_of(lead_case()))
    assert [suite.get("name") for suite in root] == ["q1.daily-loss-unacked"]
    assert outcomes(root) == {
        "rto": "passed",
        "verdict: runbook": "failure",
        "verdict: code": "failure",
        "verdict: responder": "passed",
        "gate: code-reported-false-state": "failure",
        "check: no order sent after the halt": "passed",
        "check: reported state equals the Ledger": "failure",
        "check: no fill after kill unaccounted": "failure",
        "check: flatten never flips a position": "passed",
        "check: detection without false alarm": "error",
        "deadline: kill-switch/escalate": "failure",
        "deadline: kill-switch/flatten": "passed",
        "deadline: kill-switch/notify": "failure",
    }


def test_a_failure_says_what_a_person_wants_to_read_and_where() -> None:
    tests = {case.get("name"): case for case in read(run_of(lead_case()))[0][1:]}
    late = tests["deadline: kill-switch/escalate"]
    assert late.attrib | {"time": ""} == {
        "classname": "q1.daily-loss-unacked",
        "name": "deadline: kill-switch/escalate",
        "time": "",
        "file": "drills/runbooks/kill-switch.md",
        "line": "70",
    }
    assert late[0].get("message") == "late: Escalate as P0 if loss exceeds limits (due +2 min 00 s, done +2 min 30 s)"
    assert "firedrill run q1 --seed 7" in (late[0].text or "")
    assert "10:00:12.0 ledger SPY +190" in (tests["check: reported state equals the Ledger"][0].text or "")


def test_never_restored_fails_and_inconclusive_is_an_error() -> None:
    assert outcomes(read(run_of(missed_case())))["rto"] == "failure"
    assert outcomes(read(run_of(inconclusive_case())))["rto"] == "error"
    assert "verdict: responder" not in outcomes(read(run_of(inconclusive_case())))


def test_the_counts_are_those_of_the_tests() -> None:
    root = read(q1_run(), passing_run())
    for element in [root, *root]:
        cases = list(element.iter("testcase"))
        assert int(element.get("tests", "")) == len(cases)
        assert int(element.get("failures", "")) == len(list(element.iter("failure")))
        assert int(element.get("errors", "")) == len(list(element.iter("error")))
    assert len(root) == 7


def test_a_run_without_fault_is_all_green() -> None:
    kept = [check for check in lead_case().checks if check.verdict is Verdict.PASS]
    steps = [step for step in lead_case().steps if step.outcome == "done"]
    root = read(run_of(passed_case(checks=kept, steps=steps)))
    assert set(outcomes(root).values()) == {"passed"}


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
def test_any_words_make_readable_xml(text: str) -> None:
    check = CheckRecord(name=f"x{text}", verdict=Verdict.FAIL, evidence=[f"x{text}"])
    root = read(run_of(lead_case(checks=[check], name=f"x{text}"), replay=text))
    assert [name for name in outcomes(root) if name.startswith("check: x")]
