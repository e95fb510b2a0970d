"""JUnit XML, so that every build server can show a drill as a test suite.

One suite per run and case; its tests are the RTO, the three verdicts, every broken gate, every check and
every step with a deadline. A failure's message is the line a person would want to read. Inconclusive is an
error: a build server must not show it green.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from results import wording
from results.record import CaseRecord, RunRecord, StepRecord, Verdict


class _Test(NamedTuple):
    name: str
    verdict: Verdict
    message: str
    detail: str = ""
    seconds: float = 0.0
    line: int | None = None


def junit_xml(records: Sequence[RunRecord]) -> str:
    """One document for any number of runs."""
    root = ElementTree.Element("testsuites", name="firedrill")
    totals = [0, 0, 0]
    for record in records:
        for case in record.cases:
            suite, counts = _suite(record, case)
            root.append(suite)
            totals = [total + n for total, n in zip(totals, counts, strict=True)]
    _count(root, totals)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(record: RunRecord, case: CaseRecord) -> tuple[ElementTree.Element, list[int]]:
    tests = list(_tests(case))
    counts = [len(tests), _ended(tests, Verdict.FAIL), _ended(tests, Verdict.INCONCLUSIVE)]
    suite = ElementTree.Element("testsuite", name=wording.clean(f"{record.drill}.{case.name}"))
    _count(suite, counts)
    suite.set("time", f"{case.clock.t8 or case.clock.t7 or 0:.3f}")
    suite.set("timestamp", record.started_at)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(record, case):
        ElementTree.SubElement(properties, "property", name=name, value=wording.one_line(value))
    for test in tests:
        suite.append(_testcase(record, case, test))
    return suite, counts


def _tests(case: CaseRecord) -> Iterator[_Test]:
    yield _rto(case)
    for who, verdict in (
        ("runbook", case.verdicts.runbook),
        ("code", case.verdicts.code),
        ("responder", case.verdicts.responder),
    ):
        if verdict is not None:
            yield _Test(f"verdict: {who}", verdict, f"{who}: {verdict}", _titles(case))
    for gate in case.gates:
        yield _Test(f"gate: {gate.id}", Verdict.FAIL, gate.text, line=gate.runbook_line)
    for check in case.checks:
        message = check.evidence[-1] if check.evidence else str(check.verdict)
        yield _Test(f"check: {check.name}", check.verdict, message, "\n".join(check.evidence))
    for step in case.steps:
        if step.planned_s is not None:
            yield _deadline(case, step)


def _rto(case: CaseRecord) -> _Test:
    missed = case.rto_s is None or case.rto_s > case.rto_objective_s
    verdict = Verdict.FAIL if missed else Verdict.PASS
    if case.verdict is Verdict.INCONCLUSIVE:
        verdict = Verdict.INCONCLUSIVE
    return _Test("rto", verdict, wording.rto_sentence(case), seconds=case.rto_s or 0.0)


def _deadline(case: CaseRecord, step: StepRecord) -> _Test:
    origin = wording.origin_s(case)
    due, done = wording.offset(step.planned_s, origin), wording.offset(step.done_s, origin)
    kept = step.outcome == "done" and step.done_s is not None and wording.lateness(step) is None
    said = f"{wording.OUTCOMES[step.outcome]}: {step.title} (due {due}, done {done})"
    seconds = max(0.0, step.done_s - origin) if step.done_s is not None else 0.0
    return _Test(f"deadline: {step.id}", Verdict.PASS if kept else Verdict.FAIL, said, seconds=seconds, line=step.line)


def _testcase(record: RunRecord, case: CaseRecord, test: _Test) -> ElementTree.Element:
    element = ElementTree.Element(
        "testcase",
        classname=wording.clean(f"{record.drill}.{case.name}"),
        name=wording.one_line(test.name),
        time=f"{test.seconds:.3f}",
        file=wording.clean(record.runbook.file),
    )
    if test.line is not None:
        element.set("line", str(test.line))
    if test.verdict is not Verdict.PASS:
        kind = "failure" if test.verdict is Verdict.FAIL else "error"
        outcome = ElementTree.SubElement(element, kind, message=wording.one_line(test.message), type=str(test.verdict))
        outcome.text = wording.clean(f"{test.detail}\n{record.replay}".strip())
    return element


def _properties(record: RunRecord, case: CaseRecord) -> list[tuple[str, str]]:
    return [
        ("run_id", record.run_id),
        ("seed", str(record.seed)),
        ("digest", case.digest),
        ("runbook", record.runbook.file),
        ("procedure", record.runbook.procedure),
        ("code", record.code.spec),
        ("responder", record.responder),
        ("rto_s", "censored" if case.rto_s is None else str(case.rto_s)),
        ("adherence", "none" if case.adherence is None else str(case.adherence)),
        ("replay", record.replay),
    ]


def _titles(case: CaseRecord) -> str:
    return "\n".join(f"{finding.severity}: {finding.title}" for finding, _ in wording.by_severity(case.findings))


def _ended(tests: Iterable[_Test], verdict: Verdict) -> int:
    return sum(test.verdict is verdict for test in tests)


def _count(element: ElementTree.Element, counts: Sequence[int]) -> None:
    for name, n in zip(("tests", "failures", "errors"), counts, strict=True):
        element.set(name, str(n))
