"""Severity scales, contacts, escalation, templates, drills, objectives: whatever their form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drills.runbook.model import Runbook
from drills.runbook.people import is_placeholder
from drills.runbook.severities import level_for

Read = Callable[[str], Runbook]
STEP = "\n## Broker down\n1. Halt trading\n"


@pytest.mark.parametrize(
    "scale",
    [
        "| Level | What | Response Time |\n|--|--|--|\n| **SEV1** | Halted | < 5 min |\n| **SEV2** | Slow | 1 hour |\n",
        "### SEV1 - Critical\n- **Response Time**: 5 minutes\n\n### SEV2 - Minor\n- **Response Time**: 1 hour\n",
        "- **SEV1**: Halted, respond within 5 minutes\n- **SEV2**: Slow, respond within 1 hour\n",
        "| Category | Severity | Response Time |\n|--|--|--|\n"
        "| **SEV1** - Down | Critical | < 5 min |\n| **SEV2** - Slow | Low | < 1 hour |\n",
    ],
)
def test_one_scale_in_four_forms(read: Read, scale: str) -> None:
    levels = read(f"# Handbook\n## Severity Levels\n{scale}{STEP}").severities
    assert [(level.id, level.rank, level.response and level.response.hi_s) for level in levels] == [
        ("SEV1", 1, 300.0),
        ("SEV2", 2, 3600.0),
    ]


def test_the_rank_follows_the_response_time_and_not_the_number(read: Read) -> None:
    levels = read(
        f"# H\n## Severity\n| Level | Response |\n|--|--|\n| Level 1 | 4 hours |\n| Level 2 | immediate |\n{STEP}"
    ).severities
    assert [(level.id, level.rank) for level in levels] == [("Level 1", 2), ("Level 2", 1)]


def test_the_level_of_an_incident(read: Read) -> None:
    levels = read(f"""# H
## Severity levels
### Level 1: Warning (8-15% drawdown)
### Level 2: Critical (15-20% drawdown)
### Level 3: Emergency (>20% drawdown)
{STEP}""").severities
    by_measure = [level_for(levels, (), 1, {"drawdown_pct": pct}) for pct in (9, 16, 21.5)]
    assert [level and level.id for level in by_measure] == ["Level 1", "Level 2", "Level 3"]
    stated, ranked = level_for(levels, ("Level 2",), 1, {}), level_for(levels, (), 2, {})
    assert stated is not None
    assert ranked is not None
    assert (stated.id, ranked.id) == ("Level 2", "Level 2")
    assert level_for((), (), 1, {}) is None


def test_escalation_as_a_table_and_as_bullets(read: Read) -> None:
    table = read(
        "# H\n## Escalation Path\n| Time | Action |\n|--|--|\n"
        f"| 15-30 min | Escalate to the lead |\n| Trading impact | Notify compliance |\n{STEP}"
    )
    bullets = read(f"# H\n## Eskalation\n- Nach 15 Minuten: Teamleiter informieren\n- 60+ min: Vorstand\n{STEP}")
    assert [(rule.after and rule.after.lo_s, rule.when) for rule in table.escalation] == [
        (900.0, None),
        (None, "Trading impact"),
    ]
    assert table.escalation[0].role == "lead"
    assert [rule.after and rule.after.lo_s for rule in bullets.escalation] == [900.0, 3600.0]


@pytest.mark.parametrize(
    "value", ["[Phone]", "(define)", "TBD", "[Support Number]", "<name>", "", "-", "(por definir)", "+1 555-0100"]
)
def test_contacts_that_were_never_filled_in(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["PagerDuty rotation", "extension 4100", "desk@desk.internal", "Alpaca support"])
def test_contacts_that_were(value: str) -> None:
    assert not is_placeholder(value)


def test_contacts_in_groups_keep_the_group(read: Read) -> None:
    runbook = read(f"# H\n## Contacts\n**Trading Team:**\n- Primary: extension 1\n- Secondary: [Phone]\n{STEP}")
    assert [(c.role, c.placeholder) for c in runbook.contacts] == [
        ("Trading Team Primary", False),
        ("Trading Team Secondary", True),
    ]


def test_templates_are_not_read_as_steps_or_boxes(read: Read) -> None:
    runbook = read(f"""# H
## Communication Template
```
Subject: [severity] outage
1. [first thing]
- [ ] not a box
```
{STEP}""")
    (template,) = runbook.templates
    assert template.fields[0] == "severity"
    assert (len(runbook.checklists), [p.title for p in runbook.procedures]) == (0, ["Broker down"])


def test_drills_objectives_and_metadata(read: Read) -> None:
    runbook = read(f"""# H
**Owner:** Desk
**Next Review:** 2026-02-27

**RTO:** 45 minutes
{STEP}
## Testing This Runbook
- Q1: Simulate kill switch trigger
- Q4: Full failure
""")
    assert [(drill.when, drill.scenario) for drill in runbook.drills] == [
        ("Q1", "Simulate kill switch trigger"),
        ("Q4", "Full failure"),
    ]
    assert [(o.name, o.seconds) for o in runbook.objectives] == [("RTO", 2700.0)]
    assert runbook.meta["Next Review"] == "2026-02-27"


def test_an_objective_without_a_number_is_none(read: Read) -> None:
    assert read(f"# H\nRTO (Recovery Time Objective) is met.\n{STEP}").objectives == ()


def test_front_matter_is_metadata_and_moves_no_line(read: Read) -> None:
    runbook = read("---\nowner: desk\nreview: 2026-01-01\n---\n# Broker down\n1. Halt trading\n")
    assert runbook.meta["owner"] == "desk"
    assert runbook.procedures[0].steps[0].line == 6


def test_references_are_resolved_or_reported(read: Read) -> None:
    runbook = read("""
        # H
        ## P0: System down
        1. Check logs
        2. Restart the bot
        ## P1: Kill switch fired
        1. Reset it (see P0 step 2)
        2. Look again, see P0 step 9
        """)
    refs = [step.refs for step in runbook.procedures[1].steps]
    assert refs == [("p0-system-down/restart-the-bot",), ()]
    assert [(finding.rule, finding.line) for finding in runbook.findings] == [("unresolved-reference", 7)]
