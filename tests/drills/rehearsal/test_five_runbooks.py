"""What real runbooks come to when they are followed to the letter: each verdict with the line that it rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.commands.rehearse import run_rehearsal, text_and_scenario
from drills.rehearsal.options import RehearseOptions
from results.evidence import Finding
from results.record import CaseRecord
from tests.drills.rehearsal.texts import SHARED

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the runbooks of other teams are not part of this checkout")

REPOSITORY = {
    "src/__init__.py": "",
    "src/monitoring/__init__.py": "",
    "src/monitoring/kill_switches.py": (
        "class KillSwitches:\n"
        "    def __init__(self):\n"
        "        self.is_halted = True\n\n"
        "    def reset_halt(self, by):\n"
        "        self.is_halted = False\n"
    ),
}
"""A kill switch as the text takes it to be: its halt is in its memory."""


def rehearsed(file: str, scenario: str | None = None, repo: Path | None = None) -> CaseRecord:
    options = RehearseOptions(file if file.startswith("/") else f"{SHARED}/{file}", scenario, repo=repo)
    text, found = text_and_scenario(options)
    return run_rehearsal(text, found, options).record.deciding


def finding(case: CaseRecord, rule: str, line: int) -> Finding:
    found = [f for f in case.findings if f.id == rule and f.runbook_line == line]
    assert found, [(f.id, f.runbook_line, f.title) for f in case.findings]
    return found[0]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in REPOSITORY.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_high_drawdown_scales_away_the_pod_that_closes_positions() -> None:
    """Line 55 scales to zero, line 58 then enters a pod that is gone: only the code closes the positions."""
    case = rehearsed("high-drawdown.md", "q1-drawdown-20")
    assert case.verdict == "fail"
    impossible = finding(case, "RB301", 58)
    assert impossible.title == "line 58 cannot work after line 55"
    assert "scaled to 0" in impossible.detail or 'pods "trading-system-pod" not found' in impossible.detail
    assert "positions stay open" in impossible.detail
    assert "positions are open at the broker" in impossible.detail, "what the code masks is told"
    assert case.rehearsal is not None
    assert "does not restore the firm" in case.rehearsal.without_code


def test_quarterly_drills_cannot_reset_what_is_a_todo() -> None:
    case = rehearsed("quarterly-drills.md#kill-switch-triggered")
    assert (case.verdict, case.name) == ("fail", "q1-daily-loss")
    assert finding(case, "step-not-executable", 84).severity == "critical"
    assert "trading is still halted" in finding(case, "RB302", 49).detail


def test_quarterly_drills_cannot_restart_what_is_a_todo() -> None:
    """The code reconnects by itself, in its own time; the text's only remedy is a TODO, so it restores nothing."""
    case = rehearsed("quarterly-drills.md#broker-connection-lost")
    assert case.verdict == "fail"
    assert "TODO" in finding(case, "step-not-executable", 104).detail


def test_paper_trading_resets_an_object_of_another_process(repository: Path) -> None:
    case = rehearsed("paper-trading.md#p1", "q1-api-errors", repo=repository)
    assert case.verdict == "fail"
    reset = finding(case, "step-without-effect", 97)
    assert reset.claim is not None
    assert "Halt reset" in reset.claim
    assert reset.truth is not None
    assert reset.truth.startswith("still halted")
    assert "new object in a process of its own" in reset.detail
    assert "trading is still halted" in finding(case, "RB302", 58).detail


def test_paper_trading_is_judged_without_its_repository_too() -> None:
    """Whatever the class does: it is built anew in a new process, and the halt is in the memory of the running one."""
    case = rehearsed("paper-trading.md#p1", "q1-api-errors")
    assert case.verdict == "fail"
    assert "new process" in finding(case, "step-without-effect", 97).detail


def test_platform_outage_reconciles_with_a_module_that_is_not_there(tmp_path: Path) -> None:
    case = rehearsed("platform-outage.md#p1-execution-failures", repo=tmp_path)
    assert case.verdict == "fail"
    missing = finding(case, "command-failed", 200)
    assert missing.severity == "critical"
    assert "No module named" in missing.detail


def test_platform_outage_calibrates_with_code_that_does_not_compile(tmp_path: Path) -> None:
    """The lines of the text as they are; only the case they are for is made that of the scenario."""
    text = (SHARED / "platform-outage.md").read_text(encoding="utf-8")
    book = tmp_path / "platform-outage.md"
    book.write_text(text.replace("**Optimization not converging:**", "**If market data is stale:**"), encoding="utf-8")
    case = rehearsed(f"{book}#p2-calibration", "q3-stale")
    assert case.rehearsal is not None
    [command] = [c for step in case.rehearsal.steps for c in step.commands if c.line == 352]
    assert (command.outcome, command.exit_code) == ("failed", 1)
    assert any(line.startswith("IndentationError") for line in command.printed)
    assert "Let the code begin in the first column" in finding(case, "command-failed", 352).detail
