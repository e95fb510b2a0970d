"""What is a branch, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.runbook.decisions import as_choice, mermaid_choices, tree_choices


@pytest.mark.parametrize(
    ("line", "condition", "action"),
    [
        ("If loss exceeds limits → Keep kill switch active", "If loss exceeds limits", "Keep kill switch active"),
        ("If > 10 bps: Investigate", "If > 10 bps", "Investigate"),
        ("When the feed is back, resume trading", "When the feed is back", "resume trading"),
        ("Otherwise escalate to the desk head", "Otherwise", "escalate to the desk head"),
        ("Yes -> halt trading", "Yes", "halt trading"),
        ("Wenn Verlust über Limit => Handel stoppen", "Wenn Verlust über Limit", "Handel stoppen"),
        ("Si la API está sana: restablecer", "Si la API está sana", "restablecer"),
    ],
)
def test_a_branch(line: str, condition: str, action: str) -> None:
    choice = as_choice(line)
    assert choice is not None
    assert (choice.condition, choice.action) == (condition, action)


@pytest.mark.parametrize(
    "line",
    [
        "Rollback Paper → Lab",
        "Adjust thresholds if needed",
        "When it was lost, when it was back",
        "Check logs",
        "If so",
    ],
)
def test_no_branch(line: str) -> None:
    assert as_choice(line) is None


def test_an_arrow_alone_is_a_branch_where_a_decision_is_announced() -> None:
    choice = as_choice("Vendor down → use the backup feed", announced=True)
    assert choice is not None
    assert choice.action == "use the backup feed"


def test_a_flow_chart_in_mermaid() -> None:
    choices = mermaid_choices(
        "graph TD\n A{Broker up?} -->|yes| B[Reconnect]\n A -->|no| C[Call broker]\n B --> D[Done]\n"
    )
    assert [(choice.condition, choice.action) for choice in choices] == [
        ("Broker up?: yes", "Reconnect"),
        ("Broker up?: no", "Call broker"),
    ]


def test_a_box_is_no_tree() -> None:
    assert tree_choices("┌────┐\n├────┤\n│ x  │\n└────┘") == []


@given(st.text(alphabet="├└─│ ab→\n", max_size=200))
def test_no_drawing_breaks_it(text: str) -> None:
    tree_choices(text)
