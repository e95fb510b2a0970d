"""Which procedure is followed: by name, by topic, and with a note when it is only the nearest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drills.drill import RUNBOOKS
from drills.runbook.bindings import bind
from drills.runbook.model import Runbook
from drills.runbook.reader import read_runbook
from drills.runbook.topics import TOPICS, by_fragment, find_procedure
from sim.errors import BadInput
from tests.drills.runbook.conftest import SHARED

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")
HANDBOOK = """
# Incident Response Runbook
## 1. Kill Switch Triggered
**Symptoms:**
- Halted
1. Check logs
## 2. Broker Connection Lost
**Symptoms:**
- No session
1. Reconnect
## 3. Rollback to Stable Version
1. Roll back
"""


@pytest.mark.parametrize(
    "fragment",
    ["1-kill-switch-triggered", "#kill-switch-triggered", "Kill Switch", "kill-switch", "Kill%20Switch%20Triggered"],
)
def test_by_anchor_id_or_beginning_of_the_title(read: Callable[[str], Runbook], fragment: str) -> None:
    assert by_fragment(read(HANDBOOK), fragment).title == "Kill Switch Triggered"


def test_a_name_that_is_not_there_lists_those_that_are(read: Callable[[str], Runbook]) -> None:
    with pytest.raises(BadInput, match="#kill-switch-triggered, #broker-connection-lost, #rollback-to-stable-version"):
        by_fragment(read(HANDBOOK), "flash-crash")


def test_by_topic_in_any_spelling(read: Callable[[str], Runbook]) -> None:
    for topic in ("broker_disconnection", "broker-connection", "broker connection"):
        procedure, note = find_procedure(read(HANDBOOK), None, topic)
        assert (procedure.title, note) == ("Broker Connection Lost", None)


def test_the_nearest_comes_with_a_note(read: Callable[[str], Runbook]) -> None:
    procedure, note = find_procedure(read(HANDBOOK), None, "system_failure")
    assert procedure.title == "Rollback to Stable Version"
    assert note is not None
    assert "no procedure" in note


def test_a_topic_of_ones_own_is_taken_by_its_words(read: Callable[[str], Runbook]) -> None:
    runbook = read("# H\n## Margin call\n1. Check margin\n## Fat finger trade\n1. Cancel all orders\n")
    assert find_procedure(runbook, None, "fat finger")[0].title == "Fat finger trade"


def test_a_playbook_is_followed_whole_without_prevention(read: Callable[[str], Runbook]) -> None:
    runbook = read(
        "# High drawdown\n## Response\n1. Halt trading\n## Recovery\n1. Resume trading\n## Prevention\n1. Add alerts\n"
    )
    procedure, note = find_procedure(runbook, None, "drawdown")
    assert [step.title for step in procedure.steps] == ["Halt trading", "Resume trading"]
    assert [step.phase for step in procedure.steps] == ["Response", "Recovery"]
    assert procedure.steps[1].preds == (procedure.steps[0].id,)
    assert note is None


CHOSEN = {
    "sev-levels": {
        "kill_switch": "kill-switch-triggered", "broker_disconnection": "exchange-connection-lost",
        "position_mismatch": "position-mismatch", "memory_exhaustion": "memory-exhaustion",
        "drawdown": "kill-switch-triggered", "system_failure": "incident-response-steps",
        "data_corruption": "incident-response-steps", "high_latency": "incident-response-steps",
    },
    "quarterly-drills": {
        "kill_switch": "kill-switch-triggered", "broker_disconnection": "broker-connection-lost",
        "data_corruption": "data-sla-violation", "position_mismatch": "unexpected-position",
        "deployment": "rollback-to-stable-version", "system_failure": "rollback-to-stable-version",
        "memory_exhaustion": "rollback-to-stable-version", "drawdown": "kill-switch-triggered",
    },
    "platform-outage": {
        "system_failure": "p1-system-unavailable", "memory_exhaustion": "p1-system-unavailable",
        "deployment": "p1-system-unavailable", "broker_disconnection": "p1-execution-failures",
        "kill_switch": "p1-execution-failures", "position_mismatch": "p1-execution-failures",
        "high_latency": "p2-high-latency", "data_corruption": "p2-calibration-failures",
    },
    "paper-trading": {
        "kill_switch": "p1-kill-switch-triggered", "broker_disconnection": "p1-kill-switch-triggered",
        "system_failure": "p0-system-down", "data_corruption": "p0-system-down",
        "memory_exhaustion": "p0-system-down", "slippage": "p2-degraded-performance",
        "high_latency": "p2-degraded-performance", "drawdown": "p1-kill-switch-triggered",
    },
    "high-drawdown": dict.fromkeys(TOPICS, "high-drawdown-incident-response"),
}  # fmt: skip


@needs_shared
@pytest.mark.parametrize("name", CHOSEN)
def test_the_five_runbooks_for_every_topic(name: str) -> None:
    runbook = read_runbook(SHARED / f"{name}.md")
    chosen = {topic: find_procedure(runbook, None, topic)[0].id for topic in CHOSEN[name]}
    assert chosen == CHOSEN[name]


@needs_shared
def test_whatever_is_chosen_can_be_followed() -> None:
    for path in sorted(SHARED.glob("*.md")):
        for topic in TOPICS:
            procedure, _ = find_procedure(read_runbook(path), None, topic)
            assert any(bind(step).bound for step in procedure.walk())


@pytest.mark.parametrize(
    ("file", "topic", "procedure"),
    [
        ("kill-switch.md", "kill-switch", "kill-switch-triggered"),
        ("broker-connection-lost.md", "broker-connection", "broker-connection-lost"),
        ("data-corruption.md", "data-corruption", "data-corruption"),
        ("system-failure.md", "system-failure", "full-system-failure"),
        ("system-failure.md", "memory", "memory-exhaustion"),
        ("system-failure.md", "deployment", "rollback-of-a-bad-deployment"),
        ("system-failure.md", "system-unavailable", "system-unavailable"),
        ("system-failure.md", "system-down", "system-down"),
        ("positions.md", "position-mismatch", "position-mismatch"),
        ("positions.md", "unexpected-position", "unexpected-position"),
        ("execution.md", "execution-failures", "execution-failures"),
        ("execution.md", "degraded-fills", "degraded-fills"),
        ("calibration.md", "calibration", "calibration-failures"),
        ("latency.md", "high-latency", "high-latency"),
        ("drawdown.md", "drawdown", "high-drawdown"),
        ("data-sla.md", "data-sla", "data-sla-violation"),
    ],
)
def test_our_own_runbooks_name_their_incidents(file: str, topic: str, procedure: str) -> None:
    found, note = find_procedure(read_runbook(Path(RUNBOOKS) / file), None, topic)
    assert (found.id, note) == (procedure, None)
