"""Each procedure of the five runbooks has a drill: followed to the letter it is judged, and for the right reason."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from drills.drill import QUARTERS, drills
from drills.matching import match
from drills.options import RunOptions
from drills.runbook.reader import read_runbook
from drills.runner import run_drill
from results.record import CaseRecord, Verdict
from tests.drills.plans import SHARED

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared runbooks are not beside this checkout")
BESIDE_THE_QUARTERS = [name for name in drills() if name not in QUARTERS]


class Row(NamedTuple):
    """A procedure, the drill that exercises it, and what the text is found to be."""

    book: str
    procedure: str
    drill: str
    case: str
    runbook: Verdict
    reason: str
    """Words of a finding, or of what stayed broken; empty where the text leads back."""


FAIL, PASS = Verdict.FAIL, Verdict.PASS
TABLE = (
    # Level 2 restarts a halted system, which does not release it; Level 3 stays stopped, as it should.
    Row("high-drawdown", "high-drawdown-incident-response", "drawdown", "q1-drawdown-15", FAIL, "kill state"),
    Row("high-drawdown", "high-drawdown-incident-response", "drawdown", "q1-drawdown-20", PASS, ""),
    Row("sev-levels", "incident-response-steps", "q1", "q1-daily-loss", FAIL, "halt released without approval"),
    Row("sev-levels", "kill-switch-triggered", "q1", "q1-daily-loss", FAIL, "kill state"),
    Row("sev-levels", "exchange-connection-lost", "q2", "q2-refused", PASS, ""),
    Row("sev-levels", "position-mismatch", "position-mismatch", "position-missed-fill", FAIL, "kill state"),
    Row("sev-levels", "memory-exhaustion", "memory", "memory-leak", PASS, ""),
    Row("quarterly-drills", "kill-switch-triggered", "q1", "q1-daily-loss", FAIL, "Implement reset command"),
    Row("quarterly-drills", "broker-connection-lost", "q2", "q2-refused", PASS, "traderunner-broker"),
    Row("quarterly-drills", "data-sla-violation", "data-sla", "data-sla-missing-bars", FAIL, "trading"),
    Row("quarterly-drills", "unexpected-position", "unexpected-position", "position-hand-trade", PASS, ""),
    Row("quarterly-drills", "rollback-to-stable-version", "deployment", "deploy-crash", FAIL, "systemctl stop"),
    Row("quarterly-drills", "rollback-paper-lab", "mode-rollback", "mode-unreleased-paper", FAIL, "mode released"),
    Row("platform-outage", "p1-system-unavailable", "system-unavailable", "unavailable-bad-version", PASS, ""),
    Row("platform-outage", "p1-execution-failures", "execution-failures", "execution-rejects", FAIL, "kill state"),
    Row("platform-outage", "p2-high-latency", "high-latency", "latency-slow-queries", PASS, ""),
    Row("platform-outage", "p2-calibration-failures", "calibration", "calibration-diverging", FAIL, "calibrated"),
    Row("paper-trading", "p0-system-down", "system-down", "down-falling-market", FAIL, "kill state"),
    Row("paper-trading", "p1-kill-switch-triggered", "q1", "q1-api-errors", FAIL, "halt released without approval"),
    Row("paper-trading", "p2-degraded-performance", "degraded-fills", "fills-12-bps", PASS, ""),
)
BRANCHES = (
    Row("platform-outage", "p1-system-unavailable", "system-unavailable", "unavailable-crash", PASS, ""),
    Row("platform-outage", "p1-system-unavailable", "system-unavailable", "unavailable-memory", FAIL, "process up"),
    Row("platform-outage", "p2-high-latency", "high-latency", "latency-pool-exhausted", PASS, ""),
    Row("platform-outage", "p2-high-latency", "high-latency", "latency-memory-pressure", PASS, ""),
    Row("platform-outage", "p2-calibration-failures", "calibration", "calibration-stale", PASS, ""),
    Row("platform-outage", "p2-calibration-failures", "calibration", "calibration-no-data", PASS, ""),
    Row("paper-trading", "p0-system-down", "system-down", "down-calm-market", PASS, ""),
)
"""The other ways through a procedure, by cause."""


def run(row: Row) -> CaseRecord:
    """The one case, by the shared procedure, with nobody erring."""
    runbook = f"{SHARED / row.book}.md#{row.procedure}"
    options = RunOptions(seed=7, runbook=runbook, responder="perfect", cases=(row.case,))
    return run_drill(drills()[row.drill], options, lambda *told: None).record.cases[0]


def judged(row: Row) -> None:
    case = run(row)
    assert case.verdicts.runbook is row.runbook
    assert case.verdicts.responder is PASS
    said = " ".join(f"{finding.title} {finding.detail}" for finding in case.findings)
    assert row.reason in said
    assert (FAIL if row.runbook is FAIL else PASS) is case.verdict, said


@needs_shared
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.book}-{row.procedure}-{row.case}")
def test_a_procedure_is_judged_for_the_right_reason(row: Row) -> None:
    judged(row)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("row", BRANCHES, ids=lambda row: f"{row.procedure}-{row.case}")
def test_so_is_each_other_way_through_it(row: Row) -> None:
    judged(row)


@needs_shared
def test_the_table_holds_every_procedure_that_can_be_drilled() -> None:
    there = {(row.book, row.procedure) for row in TABLE}
    for path in sorted(SHARED.glob("*.md")):
        for matched in match(read_runbook(path)).procedures:
            known = (path.stem, matched.procedure) in there
            assert known or matched.not_drillable or matched.title == "P3: Minor Issues", matched.title


@pytest.mark.parametrize("name", BESIDE_THE_QUARTERS)
def test_the_good_bot_and_our_own_text_pass_the_lead_case(name: str) -> None:
    drill = drills()[name]
    record = run_drill(drill, RunOptions(seed=7, cases=(drill.lead,)), lambda *told: None).record
    case = record.cases[0]
    assert case.verdict is PASS, [finding.title for finding in case.findings]
    assert record.runbook.note is None
    assert case.verdicts.runbook is case.verdicts.code is case.verdicts.responder is PASS


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("name", BESIDE_THE_QUARTERS)
def test_and_every_other_case_on_other_seeds(name: str, seed: int) -> None:
    record = run_drill(drills()[name], RunOptions(seed=seed), lambda *told: None).record
    assert {case.name: case.verdict for case in record.cases} == dict.fromkeys(drills()[name].cases, PASS)
