"""Runbooks of other teams, in other shapes and languages, against what a person read in them.

Beside each `others/NAME.md` lies `NAME.yaml`: what was written down before the reader saw the file. Titles are
matched by their words, actions by being among those that are bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from drills.runbook.bindings import bind, bind_branch
from drills.runbook.model import Procedure, Runbook, Step
from drills.runbook.reader import read_runbook
from drills.runbook.topics import whole

OTHERS = Path(__file__).parent / "others"
NAMES = sorted(path.stem for path in OTHERS.glob("*.md"))
Claim = tuple[str, Any, Any]


def words(text: str) -> str:
    return " ".join(re.findall(r"[\w&>/#-]+", re.sub(r"[*`_]", "", text).lower()))


def like(wanted: str, title: str) -> bool:
    return any(words(one) in words(title) for one in wanted.split("|"))


def named(steps: list[Step], wanted: str) -> Step | None:
    return next((step for step in steps if like(wanted, step.title)), None)


def actions_of(step: Step) -> list[str]:
    """What the step stands for, with its branches and what stands below it."""
    found = list(bind(step).actions)
    for branch in step.branches:
        found += bind_branch(branch).actions
    for child in step.children:
        found += actions_of(child)
    return found


def listed(steps: list[Step], wanted: list[str]) -> list[str]:
    """The titles, each as the wanted words when it holds them."""
    titles = [step.title for step in steps]
    matched = [w if like(w, title) else repr(title) for w, title in zip(wanted, titles, strict=False)]
    return matched + [f"+{title!r}" for title in titles[len(wanted) :]]


def claims(book: Runbook, wanted: dict[str, Any]) -> Iterator[Claim]:
    """(what, wanted, read) for each expectation."""
    for level, seconds in wanted.get("severities", {}).items():
        found = next((s for s in book.severities if s.id == level), None)
        response = found.response.hi_s if found is not None and found.response is not None else None
        yield f"severity {level}", seconds, response if found is not None else "no such level"
    if "severities" in wanted:
        yield "severity levels", len(wanted["severities"]), len(book.severities)
    if "procedures" in wanted:
        yield (
            "procedures",
            list(wanted["procedures"]),
            [next((w for w in wanted["procedures"] if like(w, p.title)), p.title) for p in book.procedures],
        )
    for title, facts in wanted.get("procedures", {}).items():
        procedure = next((p for p in book.procedures if like(title, p.title)), None)
        if procedure is None:
            yield title, "a procedure", None
            for key in facts:
                yield f"{title}: {key}", facts[key], None
        else:
            yield from about(procedure, title, facts)
    if "procedures_any" in wanted:
        yield from anywhere(book, wanted["procedures_any"])
    yield from beside(book, wanted)


def about(procedure: Procedure, title: str, facts: dict[str, Any]) -> Iterator[Claim]:
    top, every = list(procedure.steps), list(procedure.walk())
    below = [step for step in every if step not in top]
    done = [action for step in top for action in actions_of(step)]
    branches = sum(len(step.branches) for step in every)
    commands = [command for step in every for command in step.commands]
    for key, value in facts.items():
        what = f"{title}: {key}"
        match key:
            case "steps":
                yield what, value, listed(top, value)
            case "substeps":
                yield what, value, listed(below, value)
            case "has_titles":
                yield what, value, [w for w in value if named(every, w) is not None]
            case "commands":
                yield what, value, len(commands)
            case "placeholders":
                yield what, value, sum(len(command.placeholders) for command in commands)
            case "branches":
                yield what, value, branches
            case "branches_min":
                yield what, True, branches >= value
            case "guarded":
                yield what, value, sum(step.guard is not None for step in below)
            case "optional":
                yield what, value, [w for w in value if (s := named(every, w)) is not None and s.optional]
            case "symptoms":
                yield what, value, len(procedure.symptoms)
            case "severity":
                yield what, value, list(procedure.severity)
            case "trigger":
                yield what, True, value in (procedure.trigger or "")
            case "role":
                yield what, value, procedure.role
            case "objectives":
                yield what, value, {o.name: o.seconds for o in procedure.objectives}
            case "critical_rules":
                approvals = {"approve"} & {a for step in every for a in bind(step).actions}
                yield what, True, any(rule.critical for rule in procedure.constraints) and bool(approvals)
            case "deadlines":
                for wanted, seconds in value.items():
                    step = named(every, wanted)
                    yield f"{what} {wanted}", seconds, step.deadline.hi_s if step and step.deadline else None
            case "binds" | "child_binds":
                for wanted, actions in value.items():
                    step = named(every, wanted)
                    found = [] if step is None else actions_of(step)
                    yield f"{what} {wanted}", actions, [a for a in actions if set(a.split("|")) & set(found)] or found
            case "has_actions":
                yield what, value, [action for action in value if action in done]
            case _:
                raise AssertionError(key)


def anywhere(book: Runbook, facts: dict[str, Any]) -> Iterator[Claim]:
    steps = list(book.walk())
    if "all_steps" in facts:
        yield "all steps", facts["all_steps"], listed(steps, facts["all_steps"])
    yield "all commands", facts["all_commands"], sum(len(step.commands) for step in steps)
    for wanted, seconds in facts.get("all_deadlines", {}).items():
        step = named(steps, wanted)
        yield f"deadline {wanted}", seconds, step.deadline.hi_s if step and step.deadline else None
    for wanted, actions in facts.get("all_binds", {}).items():
        step = named(steps, wanted)
        yield f"binds {wanted}", actions, [a for a in actions if step is not None and a in actions_of(step)]


def beside(book: Runbook, wanted: dict[str, Any]) -> Iterator[Claim]:
    counts = {
        "contacts": len(book.contacts), "contacts_unfilled": sum(c.placeholder for c in book.contacts),
        "templates": len(book.templates), "drills": len(book.drills),
        "checklists": [len(checklist.items) for checklist in book.checklists],
        "escalation": [rule.after.lo_s if rule.after is not None else None for rule in book.escalation],
    }  # fmt: skip
    yield from ((key, wanted[key], count) for key, count in counts.items() if key in wanted)
    if "objectives" in wanted:
        found = {o.name: o.seconds for o in (*book.objectives, *(o for p in book.procedures for o in p.objectives))}
        yield "objectives", wanted["objectives"], found
    for key, value in wanted.get("meta", {}).items():
        yield f"meta {key}", value, book.meta.get(key)


def read(name: str) -> list[Claim]:
    """All expectations of one file; a playbook is one procedure, whose phases the tree keeps apart."""
    wanted = yaml.safe_load((OTHERS / f"{name}.yaml").read_text(encoding="utf-8"))
    book = read_runbook(OTHERS / f"{name}.md")
    if book.single_playbook:
        book = book.model_copy(update={"procedures": (whole(book),)})
    return list(claims(book, wanted))


def test_there_are_thirty_and_all_have_expectations() -> None:
    assert len(NAMES) >= 30
    assert sorted(path.stem for path in OTHERS.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_read_as_a_person_reads_it(name: str) -> None:
    assert [claim for claim in read(name) if claim[1] != claim[2]] == []
