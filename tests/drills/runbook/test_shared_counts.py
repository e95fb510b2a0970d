"""The five real runbooks, counted by hand: what the reader finds in each must be exactly that."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from drills.runbook.blocks import Block, Fence, ListBlock, parse_blocks
from drills.runbook.model import Runbook
from drills.runbook.reader import read_runbook
from drills.runbook.shell import parses, pieces

SHARED = Path(__file__).resolve().parents[4] / "shared" / "runbooks"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")


class Counts(NamedTuple):
    severities: int
    procedures: int
    steps: int
    guarded: int
    groups: int
    actions: int
    commands: int
    placeholders: int
    todo: int
    blocking: int
    alternatives: int
    branches: int
    symptoms: int
    checklists: int
    boxes: int
    escalation: int
    contacts: int
    unfilled: int
    templates: int
    drills: int
    deadlines: int
    constraints: int


EXPECTED = {
    "high-drawdown": Counts(3, 6, 15, 4, 0, 11, 32, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0, 3, 4),
    "sev-levels": Counts(3, 5, 25, 0, 3, 11, 9, 2, 0, 0, 3, 0, 0, 1, 4, 0, 0, 0, 1, 0, 7, 3),
    "quarterly-drills": Counts(4, 7, 22, 0, 0, 21, 18, 0, 5, 0, 0, 5, 11, 1, 4, 0, 4, 4, 0, 4, 0, 6),
    "platform-outage": Counts(4, 4, 16, 0, 8, 0, 47, 4, 0, 1, 2, 0, 16, 1, 5, 5, 4, 3, 4, 0, 10, 1),
    "paper-trading": Counts(4, 5, 21, 4, 0, 19, 8, 0, 0, 1, 0, 1, 12, 0, 0, 0, 2, 1, 1, 0, 4, 1),
}


def count(runbook: Runbook) -> Counts:
    steps = [step for procedure in runbook.procedures for step in procedure.steps]
    walked = list(runbook.walk())
    below = [step for top in steps for step in top.walk() if step is not top]
    commands = [command for step in walked for command in step.commands]
    constraints = [c for procedure in runbook.procedures for c in procedure.constraints] + list(runbook.constraints)
    return Counts(
        severities=len(runbook.severities),
        procedures=len(runbook.procedures),
        steps=len(steps),
        guarded=sum(step.guard is not None for step in steps),
        groups=sum(step.guard is not None for step in below),
        actions=sum(len(step.actions) for step in walked),
        commands=len(commands),
        placeholders=sum(len(command.placeholders) for command in commands if command.lang != "sql"),
        todo=sum(command.todo for command in commands),
        blocking=sum(command.blocking for command in commands),
        alternatives=sum(command.alt_group is not None for command in commands),
        branches=sum(len(step.branches) for step in walked),
        symptoms=sum(len(procedure.symptoms) for procedure in runbook.procedures),
        checklists=len(runbook.checklists),
        boxes=sum(len(checklist.items) for checklist in runbook.checklists),
        escalation=len(runbook.escalation),
        contacts=len(runbook.contacts),
        unfilled=sum(contact.placeholder for contact in runbook.contacts),
        templates=len(runbook.templates),
        drills=len(runbook.drills),
        deadlines=deadlines(runbook),
        constraints=sum(constraint.origin == "text" for constraint in constraints),
    )


def deadlines(runbook: Runbook) -> int:
    """Times stated in severity and escalation tables and in headings; "immediately" in a sentence is not one."""
    phases = [phase for procedure in runbook.procedures for phase in procedure.phases]
    stated = [step.deadline for step in runbook.walk() if step.deadline is not None]
    return (
        sum(level.response is not None for level in runbook.severities)
        + sum(phase.deadline is not None for phase in phases)
        + sum(deadline.origin == "heading" for deadline in stated)
        + sum(rule.after is not None for rule in runbook.escalation)
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_extraction_equals_the_hand_count(name: str) -> None:
    assert count(read_runbook(SHARED / f"{name}.md")) == EXPECTED[name]


def test_the_sums_of_the_hand_count() -> None:
    totals = Counts(*(sum(column) for column in zip(*EXPECTED.values(), strict=True)))
    assert (totals.procedures, totals.steps, totals.commands, totals.constraints) == (27, 99, 114, 15)


def fences(blocks: tuple[Block, ...] | list[Block]) -> list[Fence]:
    found: list[Fence] = []
    for block in blocks:
        if isinstance(block, Fence):
            found.append(block)
        elif isinstance(block, ListBlock):
            found += [fence for item in block.items for fence in fences(item.blocks)]
    return found


def test_all_52_shell_fences_parse_once_placeholders_are_masked() -> None:
    shell = [
        f for path in sorted(SHARED.glob("*.md")) for f in fences(parse_blocks(path.read_text())) if f.lang == "bash"
    ]
    assert len(shell) == 52
    assert all(parses(fence.text) for fence in shell)
    assert sum(piece.what == "statement" for fence in shell for piece in pieces(fence.text)) == 108


def test_every_command_stands_on_the_line_it_claims() -> None:
    for path in sorted(SHARED.glob("*.md")):
        lines = path.read_text().split("\n")
        for step in read_runbook(path).walk():
            for command in step.commands:
                assert command.text.split("\n")[0].strip() in lines[command.line - 1]


def test_the_cross_reference_of_the_paper_trading_runbook_is_resolved() -> None:
    runbook = read_runbook(SHARED / "paper-trading.md")
    refs = {step.title: step.refs for step in runbook.walk() if step.refs}
    assert refs == {"For API Error Trigger": ("p0-system-down/restart",)}


def test_drawdown_levels_rank_against_their_numbers_and_carry_thresholds() -> None:
    levels = {level.id: level for level in read_runbook(SHARED / "high-drawdown.md").severities}
    assert {name: level.rank for name, level in levels.items()} == {"Level 3": 1, "Level 2": 2, "Level 1": 3}
    assert [levels[f"Level {n}"].threshold for n in (1, 2, 3)] == [(8.0, 15.0), (15.0, 20.0), (20.0, None)]


def test_the_runbook_without_response_times_has_none() -> None:
    levels = read_runbook(SHARED / "quarterly-drills.md").severities
    assert [(level.id, level.rank, level.response) for level in levels] == [(f"P{n}", n + 1, None) for n in range(4)]


def test_the_high_drawdown_document_is_one_playbook_and_the_others_are_not() -> None:
    playbooks = {path.stem: read_runbook(path).single_playbook for path in SHARED.glob("*.md")}
    assert [name for name, single in playbooks.items() if single] == ["high-drawdown"]
