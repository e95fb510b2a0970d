"""Defects as other desks write them, and what only looks like one."""

from __future__ import annotations

import pytest

from tests.drills.lint.pages import WITH_COMMANDS, problems, rules_in

RUNBOOK = """# Incident runbook

{before}

## Market data feed lost

1. Halt trading

{after}
"""


def runbook(before: str = "", after: str = "") -> str:
    return RUNBOOK.format(before=before, after=after)


@pytest.mark.parametrize(
    "times",
    [
        "| Severity | Example | RTO |\n|---|---|---|\n| SEV1 | Down | < 15 min |\n| SEV2 | Slow | < 1 h |",
        "| Klasse | Reaktionszeit | Wiederherstellungszeit |\n|---|---|---|\n| K1 | 5 Min. | 1 Std. |",
        "**Tiempo de resolución objetivo**: 15 minutos",
    ],
)
def test_a_recovery_time_in_a_column_or_by_another_name_is_stated(times: str) -> None:
    assert "RB210" not in rules_in(runbook(f"## Severity\n\n{times}"))


def test_a_column_of_recovery_times_without_a_time_states_none() -> None:
    table = "| Severity | Response | RTO |\n|---|---|---|\n| SEV1 | 5 min | to be agreed |"
    assert "RB210" in rules_in(runbook(f"## Severity\n\n{table}"))


def test_a_review_date_in_the_front_matter_can_pass() -> None:
    found = problems("---\ntitle: Feed\nnext_review: 2026-05-02\n---\n" + runbook(), select="RB205")
    assert [(problem.line, problem.column) for problem in found] == [(3, 14)]


def test_a_row_of_contacts_with_nothing_but_the_role() -> None:
    rows = "| Team | Phone | Email |\n|---|---|---|\n| Desk | +44 20 7946 0100 | |\n| Market control | | |"
    found = problems(runbook(after=f"## Contacts\n\n{rows}"), select="RB204")
    assert [problem.message for problem in found] == [
        "nobody can be reached here: Market control has no number and no channel"
    ]


def test_a_number_that_holds_555_can_be_real() -> None:
    rows = "- Schicht: 0711 555-2100\n- Desk: +1 212 555 0170"
    found = problems(runbook(after=f"## Contacts\n\n{rows}"), select="RB204")
    assert ["Desk" in problem.message for problem in found] == [True]


@pytest.mark.parametrize("comment", ["Status debe ser: RUNNABLE", "Status should be: RUNNABLE"])
def test_a_comment_that_says_what_to_expect_asks_for_nothing(comment: str) -> None:
    commands = f"gcloud sql instances describe db\n# {comment}\n\ngcloud sql instances list"
    assert "RB104" not in rules_in(WITH_COMMANDS.format(title="Check the database", commands=commands))


def test_an_approval_code_is_no_approval() -> None:
    code = "# Set the approval code\nexport APPROVAL_CODE=abc\n./ops/deploy.sh prod"
    gate = "# Get approval from risk\n./ops/deploy.sh prod"
    assert "RB125" not in rules_in(WITH_COMMANDS.format(title="Deploy", commands=code))
    assert "RB125" in rules_in(WITH_COMMANDS.format(title="Deploy", commands=gate))


def test_a_container_run_for_a_look_is_no_change_to_look_at() -> None:
    commands = "docker compose run --rm tools orders list --open"
    assert "RB207" not in rules_in(WITH_COMMANDS.format(title="Verify no open orders", commands=commands))


def test_copying_logs_away_changes_nothing_that_must_be_looked_at() -> None:
    text = WITH_COMMANDS.format(title="Keep the logs", commands="cp -r logs/ logs_backup_$(date +%Y%m%d)/")
    assert "RB207" not in rules_in(text.replace("2. **Verify health of all services**", ""))


def test_a_command_that_somebody_has_typed_is_none_to_verify() -> None:
    text = runbook(after="## Bad deploy\n\n1. `docker compose up -d` was run within the last hour?\n2. Call the lead\n")
    assert "RB207" not in rules_in(text)
