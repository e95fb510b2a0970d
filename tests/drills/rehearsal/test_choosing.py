"""Which incident a text is rehearsed in when none is named."""

from __future__ import annotations

import pytest

from drills.drill import drills
from drills.rehearsal.choosing import choose_case
from drills.runbook.reader import read_text
from drills.runbook.topics import by_fragment, whole
from sim.errors import BadInput


@pytest.mark.parametrize(
    ("title", "drill"),
    [
        ("Kill switch triggered", "q1"),
        ("Broker connection lost", "q2"),
        ("High drawdown", "drawdown"),
        ("Not-Aus ausgelöst", "q1"),
        ("Pérdida de conexión con el bróker", "q2"),
    ],
)
def test_the_case_is_that_of_the_drill_about_the_topic(title: str, drill: str) -> None:
    runbook = read_text(f"# {title}\n\n1. Stop all trading\n2. Notify the desk\n", "book.md")
    chosen = choose_case(runbook, whole(runbook))
    assert (chosen.drill.name, chosen.case) == (drill, drills()[drill].lead)


def test_a_procedure_among_others_is_judged_by_its_own_title() -> None:
    text = "# Runbook\n\n## Kill switch triggered\n\n1. Stop\n\n## Broker connection lost\n\n1. Reconnect\n"
    runbook = read_text(text, "book.md")
    assert choose_case(runbook, by_fragment(runbook, "broker")).drill.name == "q2"
    assert choose_case(runbook, by_fragment(runbook, "kill")).drill.name == "q1"


def test_a_text_about_nothing_that_is_drilled_asks_for_a_scenario() -> None:
    runbook = read_text("# The office is flooded\n\n1. Call the plumber\n", "book.md")
    with pytest.raises(BadInput, match="--scenario"):
        choose_case(runbook, whole(runbook))
