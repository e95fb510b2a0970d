"""A runbook's own templates, in three languages, filled from one incident whose times are known."""

from __future__ import annotations

import pytest

from drills.documents.templates import fill_template
from tests.drills.documents.incidents import AT, book, incident

SCALE = """
    # Kill switch triggered

    | Severity | Meaning | Response Time |
    |---|---|---|
    | P1 | Critical | 5 minutes |
    | P2 | Major | 1 hour |

    ## Steps

    1. Reset the kill switch

    ## Communication Template

    ```
{body}
    ```
    """


def fill(body: str, title: str = "Communication Template", **fields: object) -> list[str]:
    """The lines of a template, filled."""
    indented = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    text = SCALE.format(body=indented).replace(
        "## Communication Template", f"## Communication Template\n\n    ### {title}"
    )
    runbook = book(text)
    assert len(runbook.templates) == 1, runbook.templates
    return fill_template(runbook.templates[0], incident(runbook, **fields)).rstrip().split("\n")  # type: ignore[arg-type]


def test_labels_with_brackets_are_filled_from_the_record() -> None:
    assert fill("Date/Time: [UTC]\nSeverity: [P0/P1/P2/P3]\nStatus: [Investigating/Mitigated/Resolved]") == [
        "Date/Time: 2026-03-10 14:11 UTC", "Severity: P1", "Status: Resolved",
    ]  # fmt: skip


def test_the_duration_is_the_recovery_time_with_its_ends() -> None:
    assert fill("Duration: 45 minutes (09:15 - 10:00 UTC)") == ["Duration: 30 min 00 s (14:11:00 to 14:41:00 UTC)"]


def test_example_text_is_no_fact() -> None:
    """A template that was written with the last incident's words must not tell them again."""
    lines = fill("Status: INVESTIGATING\nImpact: The API is returning 5xx errors.\nRunning costs: 5 USD an hour")
    assert lines[0] == "Status: RESOLVED"
    assert "5xx" not in lines[1]
    assert lines[1].startswith("Impact: Restored in 30 min 00 s")
    assert lines[2] == "Running costs: [not known: 5 USD an hour]"


def test_what_nobody_recorded_stays_marked() -> None:
    assert fill("War Room: [Slack Channel]\nNext update: [time UTC]") == [
        "War Room: [not known: Slack Channel]", "Next update: [not known: time UTC]",
    ]  # fmt: skip


def test_a_heading_with_a_list_gets_the_real_list() -> None:
    lines = fill("Actions Taken:\n1. [Action 1]\n2. [Action 2]\n\nNext Steps:\n- [Step 1]")
    assert lines == [
        "Actions Taken:", "1. 14:15:00 Check the log", "2. 14:40:00 Reset", "", "Next Steps:",
        "- [nothing found by this run]",
    ]  # fmt: skip


def test_a_cause_that_was_injected_is_known() -> None:
    assert fill("Root Cause:\n[If known]") == ["Root Cause:", "the book loses 4 % within 3 min"]


def test_positions_and_the_limit_come_from_the_history() -> None:
    lines = fill("Limit and value: [limit] [value]\nPositions: [flat | held: list]\nStatus: [halted | released]")
    assert lines == ["Limit and value: daily loss 3.1 %", "Positions: held: SPY 190", "Status: released"]


def test_an_incident_that_is_not_over_says_so() -> None:
    at = {name: second for name, second in AT.items() if name not in ("t6", "t7")}
    lines = fill("Status: [Investigating/Mitigated/Resolved]\nDuration: X minutes\nResolved at: [time]", at=at)
    assert lines == [
        "Status: Mitigated", "Duration: not restored by the end of the run", "Resolved at: [not known: time]",
    ]  # fmt: skip


def test_an_initial_alert_knows_nothing_of_the_end() -> None:
    lines = fill("Status: RESOLVED\nImpact: Everything is down.\nCurrent Actions: Investigating", "Initial Alert")
    assert lines[0] == "Status: INVESTIGATING"
    assert lines[1] == "Impact: Daily loss limit is broken; trading is affected since 14:11:00 UTC."
    assert lines[2] == "Current Actions: [not known: Investigating]"


@pytest.mark.parametrize(
    ("body", "filled"),
    [
        (
            "VORFALLSBERICHT\n\nBeginn: [Uhrzeit]\nSchweregrad: [P0/P1/P2]\nDauer: [Minuten]\n"
            "Ursache: [falls bekannt]\n"
            "Freigabe durch: [Name]\nKanal: [Name des Kanals]",
            ["Beginn: 2026-03-10 14:11 UTC", "Schweregrad: P1", "Dauer: 30 min 00 s (14:11:00 to 14:41:00 UTC)",
             "Ursache: the book loses 4 % within 3 min", "Freigabe durch: risk officer, 14:33:20 UTC",
             "Kanal: [nicht bekannt: Name des Kanals]"],
        ),
        (
            "INFORME DE INCIDENTE\n\nInicio: [hora]\nGravedad: [P0/P1/P2]\nDuración: [minutos]\n"
            "Causa raíz: [si se conoce]\n"
            "Canal: [nombre del canal]",
            ["Inicio: 2026-03-10 14:11 UTC", "Gravedad: P1", "Duración: 30 min 00 s (14:11:00 to 14:41:00 UTC)",
             "Causa raíz: the book loses 4 % within 3 min", "Canal: [no se sabe: nombre del canal]"],
        ),
    ],
)  # fmt: skip
def test_german_and_spanish_fields(body: str, filled: list[str]) -> None:
    assert fill(body)[2:] == filled


def test_a_table_of_targets_gets_its_actual_times() -> None:
    lines = fill("| Ziel | RTO target | actual |\n|---|---|---|\n| RTO | 45 min | |\n| Catering | 2 h | |")
    assert lines[2:] == ["| RTO | 45 min | 30 min 00 s |", "| Catering | 2 h | |"]
