"""Our own runbooks lead to recovery when they are followed to the letter, typed into the firm's own shell."""

from __future__ import annotations

import pytest

from drills.commands.rehearse import run_rehearsal, text_and_scenario
from drills.drill import RUNBOOKS
from drills.rehearsal.options import RehearseOptions
from results.record import RunRecord


def rehearsed(name: str, scenario: str | None = None) -> RunRecord:
    options = RehearseOptions(f"{RUNBOOKS}/{name}", scenario)
    text, found = text_and_scenario(options)
    return run_rehearsal(text, found, options).record


@pytest.mark.parametrize(
    ("runbook", "scenario"),
    [
        ("kill-switch.md", "q1-daily-loss"),
        ("kill-switch.md", "q1-api-errors"),
        ("broker-connection-lost.md", "q2-refused"),
        ("data-corruption.md", "q3-spike"),
        ("drawdown-emergency.md", None),
        ("system-failure.md", "q4-total"),
    ],
)
def test_followed_to_the_letter_it_leads_to_recovery(runbook: str, scenario: str | None) -> None:
    record = rehearsed(runbook, scenario)
    assert record.verdict == "pass", [finding.title for finding in record.findings]
    shown = record.deciding.rehearsal
    assert shown is not None
    assert not shown.still_broken
    assert {step.outcome for step in shown.steps} <= {"done", "partly"}


def test_the_drawdown_runbook_does_it_without_any_code() -> None:
    """In kubectl and curl alone: positions are closed before anything that could close them is stopped."""
    shown = rehearsed("drawdown-emergency.md").deciding.rehearsal
    assert shown is not None
    assert shown.without_code.startswith("Without code beside it, the text restores the firm after")
