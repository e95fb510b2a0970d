"""A false claim of a three-hour case, shown again in a few minutes by a scenario that anybody can run."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.commands.targets import targets
from drills.options import RunOptions
from drills.runner import run_drill
from results.record import RunRecord
from results.store import Store
from scenarios.loader import load_scenario
from sim.clock import MINUTE

TOO_EARLY = '''
class Bot:
    """Says that it is flat when the closing orders have been sent."""

    def __init__(self, desk):
        self.desk = desk
        self.every = {1: self.check}
        self.endpoints = {"reset": desk.resume}
        self.commands = {"reset": lambda: desk.call("reset")}

    def check(self):
        desk = self.desk
        if desk.figures.daily_loss_pct > desk.limits["daily_loss_pct"] and not desk.halted:
            desk.halt("daily loss")
            desk.cancel_all()
            desk.flatten()
            desk.log("all positions closed")
'''

SAYS_SO = 'desk.log("all positions closed")'


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    project = tmp_path_factory.mktemp("project")
    (project / "too_early.py").write_text(TOO_EARLY)
    [target] = targets(["q1"])
    options = RunOptions(
        seed=7, code="too_early.py:Bot", project=project, cases=("q1-daily-loss", "q1-manual"), responder="none"
    )
    return run_drill(target.drill, options).record


def test_the_claim_the_truth_the_instant_the_line_and_the_shortest_scenario(record: RunRecord) -> None:
    finding = next(finding for finding in record.findings if finding.checker == "claims-true")
    assert finding.claim == "all positions closed"
    assert finding.truth
    assert finding.at_s
    assert finding.source == f"too_early.py:{1 + [*map(str.strip, TOO_EARLY.splitlines())].index(SAYS_SO)}"
    exhibit = record.exhibit(finding)
    assert exhibit is not None
    assert exhibit.case == "q1-daily-loss"
    assert exhibit.text == "the book loses 4 % of the day's equity within 3 min; 4 min, with nobody responding"


def test_anybody_can_run_it(record: RunRecord, tmp_path: Path) -> None:
    exhibit = next(each for each in record.exhibits if each.checker == "claims-true")
    folder = Store(tmp_path).save(record)
    file = folder / exhibit.file
    assert load_scenario(file).horizon_us == 4 * MINUTE
    assert f"firedrill run '{{folder}}/{exhibit.file}' --seed 7" in exhibit.command
    [target] = targets([str(file)])
    project = Path(record.options["project"])
    again = run_drill(
        target.drill, RunOptions(seed=7, code="too_early.py:Bot", project=project, responder="none"), shorten=False
    ).record
    assert again.verdicts.code == "fail"
    assert "claims-true" in {finding.checker for finding in again.findings}
    good = run_drill(target.drill, RunOptions(seed=7, responder="none"), shorten=False).record
    assert good.verdicts.code == "pass"
    assert not good.exhibits
