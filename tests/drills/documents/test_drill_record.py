"""The drill record: severity and its clock, escalation, checklists, targets; each line with what shows it."""

from __future__ import annotations

import pytest

from drills.documents.checklist import ticks
from drills.documents.escalation import escalation_rows
from drills.documents.papers import MESSAGES, POST_MORTEM, RECORD, papers
from drills.documents.post_mortem import own_template, post_mortem
from drills.documents.severity_clock import measures, response_time
from drills.documents.target_tables import filled_tables
from results.evidence import CheckRecord, Finding, Verdict
from tests.drills.documents.incidents import AT, book, incident

BOOK = """
    # Kill switch triggered

    **RTO:** 20 minutes

    ## Severity Levels

    | Severity | Meaning | Response Time |
    |---|---|---|
    | P1 | Critical | {response} |

    ## Steps

    1. Reset the kill switch

    ## Escalation Path

    | Time | Action |
    |------|--------|
    | 0-15 min | On-call engineer investigates |
    | 15-30 min | Escalate to engineering lead |
    | 60+ min | Escalate to CTO |
    | Client impact | Notify compliance immediately |

    ## Drill Checklist

    - [ ] RTO is met
    - [ ] Positions reconciled with broker
    - [ ] Approval recorded
    - [ ] The coffee machine was refilled
    """


@pytest.mark.parametrize(("limit", "met"), [("5 minutes", True), ("2 minutes", True), ("1 minute", False)])
def test_the_severity_clock_runs_from_the_alert_to_the_acknowledgement(limit: str, met: bool) -> None:
    """Alert at 14:11:30, acknowledged at 14:13:30: two minutes, which is no recovery time."""
    answer = response_time(incident(book(BOOK.format(response=limit))))
    assert (answer.actual_s, answer.met) == (120.0, met)


def test_a_severity_without_a_response_time_is_neither_met_nor_missed() -> None:
    answer = response_time(incident(book(BOOK.format(response="-"))))
    assert (answer.target_s, answer.met) == (None, None)


def test_the_runbooks_own_objective_is_told_beside_the_drills() -> None:
    rows = {m.name: m for m in measures(incident(book(BOOK.format(response="5 minutes"))))}
    assert (rows["RTO (the runbook)"].target_s, rows["RTO (the runbook)"].met) == (1200.0, False)
    assert (rows["RTO (the drill)"].target_s, rows["RTO (the drill)"].met) == (2700.0, True)
    assert rows["Time to contain"].actual_s == 300.0


def _outcomes(**fields: object) -> dict[str, str]:
    called = (1600.0, "responder.escalated_by_table", "", {"role": "engineering lead"})
    rows = escalation_rows(incident(book(BOOK.format(response="5 minutes")), called, **fields))  # type: ignore[arg-type]
    return {row.rule.action: row.outcome for row in rows}


def test_escalation_rows_are_held_against_the_timeline() -> None:
    """Counted from the alert at 690 s: the lead is due at 1590 s, the CTO only after an hour, when it was over."""
    assert _outcomes() == {
        "On-call engineer investigates": "done", "Escalate to engineering lead": "done",
        "Escalate to CTO": "not due", "Notify compliance immediately": "open",
    }  # fmt: skip


def test_nobody_was_brought_in() -> None:
    at = {name: second for name, second in AT.items() if name not in ("t6", "t7")}
    runbook = book(BOOK.format(response="5 minutes"))
    rows = {row.rule.action: row for row in escalation_rows(incident(runbook, at=at))}
    assert rows["Escalate to engineering lead"].outcome == "missed"
    assert rows["Escalate to engineering lead"].due_s == 690 + 900
    assert rows["Escalate to CTO"].outcome == "missed"


def test_somebody_was_brought_in_too_late() -> None:
    at = {name: second for name, second in AT.items() if name not in ("t6", "t7")}
    late = (4000.0, "responder.escalated_by_table", "", {"role": "engineering lead"})
    rows = {r.rule.action: r for r in escalation_rows(incident(book(BOOK.format(response="5 minutes")), late, at=at))}
    assert rows["Escalate to engineering lead"].outcome == "late"


def test_boxes_are_ticked_with_what_shows_it_or_left_open_with_the_reason() -> None:
    runbook = book(BOOK.format(response="5 minutes"))
    [checklist] = runbook.checklists
    found = {tick.item.text: tick for tick in ticks(checklist, incident(runbook))}
    assert not found["RTO is met"].done
    assert found["RTO is met"].reason == "target 20 min 00 s, actual 30 min 00 s"
    assert found["Approval recorded"].reason == "risk officer, 14:33:20 UTC"
    assert found["Approval recorded"].done
    assert not found["The coffee machine was refilled"].done


def test_a_book_that_differs_is_not_reconciled() -> None:
    runbook = book(BOOK.format(response="5 minutes"))
    wrong = (3000.0, "book.position", "SPY", {"symbol": "SPY", "position": 0, "why": "test"})
    [checklist] = runbook.checklists
    tick = next(t for t in ticks(checklist, incident(runbook, wrong)) if t.item.text.startswith("Positions"))
    assert not tick.done
    assert "SPY 190" in tick.reason


def test_the_papers_of_a_text_without_templates() -> None:
    runbook = book(BOOK.format(response="5 minutes"))
    shown = incident(runbook, checks=[CheckRecord(name="dead-orders", verdict=Verdict.PASS)])
    written = papers(shown.record, shown.case, shown.history, runbook, BOOK)
    assert set(written) == {RECORD, POST_MORTEM}
    assert "Response time: 5 min 00 s asked, 2 min 00 s taken: met." in written[RECORD]
    assert "- [ ] RTO is met\n      open: target 20 min 00 s, actual 30 min 00 s" in written[RECORD]
    assert "| 15-30 min" in written[RECORD]
    assert written[POST_MORTEM].startswith("# Post-mortem: Daily loss limit is broken")


POST = """
    # Kill switch triggered

    1. Reset the kill switch

    ## Post-mortem

    ```markdown
    # Incident: YYYY-MM-DD - Brief Description

    ## Timeline
    - HH:MM - Alert triggered

    ## Root Cause
    What actually caused the incident.

    ## Lessons Learned
    - What went well

    ## Action Items
    - [ ] Item 1 (Owner, Due date)
    ```
    """


def test_the_post_mortem_is_written_in_the_runbooks_own_template() -> None:
    runbook = book(POST)
    wrong = Finding(id="x", severity="critical", title="the halt is not released", runbook_line=3)
    shown = incident(runbook, findings=[wrong])
    assert own_template(shown) is runbook.templates[0]
    text = post_mortem(shown)
    assert "# Incident: 2026-03-10 - Daily loss limit is broken" in text
    assert "## Root Cause\nthe book loses 4 % within 3 min" in text
    assert "- [to be written: What went well]" in text
    assert "- [ ] the halt is not released (runbook line 3)" in text
    assert "Alert triggered" not in text


def test_a_table_of_targets_in_the_runbooks_own_text_is_filled() -> None:
    text = "# Drill\n\n| Measure | RTO target | actual |\n|---|---|---|\n| RTO | 20 min | ____ |\n"
    [(line, table)] = filled_tables(text, incident(book(BOOK.format(response="5 minutes"))))
    assert line == 3
    assert table[2] == "| RTO | 20 min | 30 min 00 s |"


def test_messages_are_one_file_with_a_heading_for_each_template() -> None:
    runbook = book("""
        # Kill switch triggered

        1. Reset the kill switch

        ## Communication Templates

        ### First message

        ```
        Status: [status]
        ```
        """)
    shown = incident(runbook)
    written = papers(shown.record, shown.case, shown.history, runbook, "")
    assert "## First message (runbook line" in written[MESSAGES]
