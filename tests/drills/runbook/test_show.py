"""The printed tree tells a person what was understood, and what was not."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console

from drills.runbook.model import Runbook
from drills.runbook.show import duration, render


def printed(runbook: Runbook) -> str:
    out = io.StringIO()
    render(runbook, Console(file=out, width=140, color_system=None, markup=False))
    return out.getvalue()


def test_a_runbook_as_a_tree(read: Callable[[str], Runbook]) -> None:
    text = printed(
        read("""
        # Handbook
        ## Severity levels
        | Level | Response Time |
        |--|--|
        | SEV1 | 5 min |
        ## Kill switch fired
        **RTO:** 45 minutes
        ### 1. Halt trading (2 min)
        ```bash
        deskctl halt
        ```
        ### 2. Flatten (SEV1)
        - If loss exceeds limits → Escalate to the lead
        ### 3. Reset
        ```bash
        # Only after approval
        # TODO: reset
        ```
        ### 4. Sing the company song
        """)
    )
    for words in (
        "SEV1   within 5 min",
        "Kill switch fired  #kill-switch-fired  line 6  response  RTO 45 min",
        "8  1. Halt trading (2 min)  critical  within 2 min  [halt] command",
        "$ deskctl halt  10",
        "2. Flatten (SEV1)  critical  only for SEV1  [flatten, decide] text",
        "If loss exceeds limits → Escalate to the lead  [escalate]",
        "rule: approve before reset_halt  critical",
        "What a drill cannot judge",
        "only a TODO stands where the command should be: reset",
        "no action is known for 'Sing the company song'",
    ):
        assert words in text, text


def test_brackets_of_the_author_are_printed_as_they_are(read: Callable[[str], Runbook]) -> None:
    assert "Call [bold]the desk[/bold]" in printed(read("# Outage\n1. Call [bold]the desk[/bold]\n2. Halt trading\n"))


def test_durations_in_the_largest_whole_unit() -> None:
    assert [duration(s) for s in (None, 45, 90, 120, 5400, 7200, 172800)] == [
        "",
        "45 s",
        "90 s",
        "2 min",
        "90 min",
        "2 h",
        "2 d",
    ]
