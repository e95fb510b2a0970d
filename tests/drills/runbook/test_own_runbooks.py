"""Our own runbooks must be what we would tell a desk to use: complete, bound, with a way back."""

from __future__ import annotations

import pytest

from drills.actions import ACTIONS, Effect
from drills.drill import RUNBOOKS
from drills.runbook.bindings import bind, bind_branch
from drills.runbook.model import Runbook
from drills.runbook.reader import read_runbook

FILES = sorted(RUNBOOKS.glob("*.md"))
RELEASES = {"reset_halt", "resume"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def runbook(request: pytest.FixtureRequest) -> Runbook:
    return read_runbook(request.param)


def test_there_is_one_for_each_kind_of_incident() -> None:
    assert [path.stem for path in FILES] == [
        "broker-connection-lost", "calibration", "data-corruption", "data-sla", "drawdown-emergency",
        "drawdown", "execution", "kill-switch", "latency", "mode-rollback", "positions", "system-failure",
    ]  # fmt: skip


def test_each_has_all_its_parts(runbook: Runbook) -> None:
    assert len(runbook.severities) >= 3
    assert all(level.response is not None for level in runbook.severities)
    assert [level.rank for level in runbook.severities] == list(range(1, len(runbook.severities) + 1))
    assert runbook.objectives[0].name == "RTO"
    assert all(procedure.symptoms and procedure.objectives for procedure in runbook.procedures)
    assert len(runbook.escalation) >= 4
    assert len(runbook.templates) == 1
    assert runbook.templates[0].fields
    assert runbook.checklists[0].items
    assert not runbook.findings


def test_no_contact_is_a_placeholder(runbook: Runbook) -> None:
    assert len(runbook.contacts) >= 4
    assert not [contact.role for contact in runbook.contacts if contact.placeholder]


def test_every_step_binds_and_can_be_executed(runbook: Runbook) -> None:
    for step in runbook.walk():
        binding = bind(step)
        assert binding.group or (binding.bound and binding.executable), (step.line, step.title, binding.why)
        assert all(bind_branch(branch).bound for branch in step.branches), step.title


def test_every_guard_and_branch_can_be_decided(runbook: Runbook) -> None:
    guards = [step.guard for step in runbook.walk()] + [b.guard for step in runbook.walk() for b in step.branches]
    assert not [guard.raw for guard in guards if guard is not None and not guard.values]


def test_no_command_waits_for_ever_or_holds_a_placeholder(runbook: Runbook) -> None:
    for step in runbook.walk():
        for command in step.commands:
            assert not command.blocking
            assert not command.placeholders
            assert not command.todo


def test_what_changes_the_firm_is_verified_in_the_same_step_or_the_next(runbook: Runbook) -> None:
    quiet = {"configure", "reduce_size", "renew_credentials", "restore_monitoring", "raise_limits"}
    for procedure in runbook.procedures:
        leaves = [step for step in procedure.walk() if bind(step).bound]
        for step, following in zip(leaves, [*leaves[1:], None], strict=True):
            changes = [a for a in bind(step).actions if ACTIONS[a].effect is Effect.MUTATE and a not in quiet]
            looked = [a for s in (step, following) if s is not None for a in bind(s).actions if a.startswith("verify_")]
            assert not changes or looked, (step.line, step.title)


def test_nothing_is_released_before_approval(runbook: Runbook) -> None:
    for procedure in runbook.procedures:
        if procedure.id == "back-from-paper-to-the-lab":
            continue  # it ends where nothing trades
        rules = [c for c in procedure.constraints if c.template == "precedence" and c.a == "approve" and c.critical]
        assert {rule.b for rule in rules} & RELEASES, procedure.title
        order = [action for step in procedure.walk() for action in bind(step).actions]
        assert order.index("approve") < min(order.index(action) for action in RELEASES if action in order)


def test_the_commands_of_the_desk_are_one_tool() -> None:
    """But for the text that is written for kubectl and curl alone."""
    tools = {
        command.text.split()[0]
        for path in FILES
        if path.stem != "drawdown-emergency"
        for step in read_runbook(path).walk()
        for command in step.commands
        if command.lang == "bash"
    }
    assert tools == {"deskctl", "kubectl"}
