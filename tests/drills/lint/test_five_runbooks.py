"""The five runbooks of real teams: every finding was read and judged, and every known defect must be among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.lint.linter import lint
from drills.lint.problem import Problem, Severity
from drills.lint.registry import chosen
from tests.drills.lint.pages import TODAY
from tests.drills.runbook.conftest import SHARED

OURS = Path(__file__).parents[3] / "drills" / "runbooks"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")

TRUE_FINDINGS: dict[str, dict[str, list[int]]] = {
    "high-drawdown": {
        "RB105": [131, 214],
        "RB107": [146],
        "RB108": [28, 43, 58, 69, 78, 114, 126, 157, 172],
        "RB118": [28, 43, 49, 58, 61, 69, 78, 91, 98, 99, 114, 126, 157, 160, 172],
        "RB120": [58],
        "RB121": [25],
        "RB122": [131, 214],
        "RB125": [139, 140],
        "RB202": [12],
        "RB204": [230, 231, 232, 233],
        "RB207": [134, 149],
        "RB209": [139],
        "RB210": [1],
        "RB212": [202],
    },
    "paper-trading": {
        "RB107": [31],
        "RB109": [28],
        "RB119": [42, 101],
        "RB123": [41],
        "RB124": [100],
        "RB204": [191],
        "RB207": [53, 97],
        "RB208": [88],
        "RB209": [34],
        "RB210": [1],
    },
    "platform-outage": {
        "RB101": [283, 286, 289],
        "RB102": [89, 92, 113, 116],
        "RB104": [100, 203, 359],
        "RB106": [354],
        "RB107": [113],
        "RB108": [123, 127, 131, 200, 217, 248, 256, 271, 275, 304, 334, 352],
        "RB111": [245],
        "RB112": [250],
        "RB113": [189],
        "RB114": [190, 368],
        "RB121": [245, 374],
        "RB204": [447, 448, 449],
        "RB207": [193, 282, 298, 308],
        "RB210": [1],
        "RB215": [43],
    },
    "quarterly-drills": {
        "RB103": [84, 104, 179, 188, 201],
        "RB110": [59, 198],
        "RB117": [59],
        "RB201": [10, 16, 22, 27],
        "RB204": [36, 37, 40, 43],
        "RB205": [244],
        "RB206": [232, 233],
        "RB209": [73, 74],
        "RB210": [238],
        "RB213": [49, 89],
    },
    "sev-levels": {
        "RB101": [40, 53],
        "RB104": [69],
        "RB113": [37],
        "RB203": [25],
        "RB210": [1],
    },
}
"""By runbook and rule, the lines of the findings that a reader of the runbook has confirmed."""

KNOWN_DEFECTS = [
    ("high-drawdown", 131, "RB105", "$() in single quotes, and split into six words"),
    ("high-drawdown", 214, "RB105", "$() in single quotes"),
    ("high-drawdown", 131, "RB122", "a ConfigMap's data is not base64"),
    ("high-drawdown", 58, "RB120", "closes positions in the pod that line 55 removed"),
    ("high-drawdown", 58, "RB118", "no -n production, although the other steps have it"),
    ("high-drawdown", 202, "RB212", "the alert waits 5 min, Level 3 is immediate"),
    ("high-drawdown", 146, "RB107", "watch never returns"),
    ("high-drawdown", 12, "RB202", "15 % is in Level 1 and Level 2"),
    ("high-drawdown", 25, "RB121", "the jq filter is not quoted"),
    ("platform-outage", 354, "RB106", "python -c with an indented body"),
    ("platform-outage", 113, "RB107", "logs -f never returns"),
    ("platform-outage", 89, "RB102", "<pod-name> is a redirection"),
    ("platform-outage", 92, "RB102", "<pod-name> is a redirection"),
    ("platform-outage", 113, "RB102", "<pod-name> is a redirection"),
    ("platform-outage", 116, "RB102", "<pod-name> is a redirection"),
    ("platform-outage", 289, "RB101", "<pid> in SQL"),
    ("platform-outage", 245, "RB111", "curl takes [5m] for a range"),
    ("platform-outage", 250, "RB112", "mean_time was renamed in PostgreSQL 13"),
    ("platform-outage", 43, "RB215", "first 5 minutes, but 15 minutes to respond"),
    ("paper-trading", 31, "RB107", "tail -f never returns"),
    ("paper-trading", 28, "RB109", "ps | grep finds itself"),
    ("paper-trading", 41, "RB123", "closes SPY only"),
    ("paper-trading", 100, "RB124", "reset in a new process"),
    ("paper-trading", 88, "RB208", "P0 step 4 restarts, it does not reset"),
    ("quarterly-drills", 84, "RB103", "TODO: reset command"),
    ("quarterly-drills", 104, "RB103", "TODO: restart of the broker connector"),
    ("quarterly-drills", 179, "RB103", "TODO: stop"),
    ("quarterly-drills", 188, "RB103", "TODO: start"),
    ("quarterly-drills", 201, "RB103", "TODO: check broker connections"),
    ("quarterly-drills", 49, "RB213", "the kill switch procedure has no executable recovery"),
    ("quarterly-drills", 89, "RB213", "the broker procedure has no executable recovery"),
    ("quarterly-drills", 238, "RB210", "the RTO has no number"),
    ("quarterly-drills", 10, "RB201", "P0 has no response time"),
    ("quarterly-drills", 232, "RB206", "no procedure for the data corruption drill"),
    ("quarterly-drills", 233, "RB206", "no procedure for the full failure drill"),
    ("quarterly-drills", 244, "RB205", "the review date has passed"),
    ("quarterly-drills", 59, "RB110", "cd in the first block only"),
    ("quarterly-drills", 59, "RB117", "somebody's home folder"),
    ("quarterly-drills", 198, "RB110", "export in a shell of its own"),
    ("quarterly-drills", 73, "RB209", "acceptable range"),
    ("sev-levels", 25, "RB203", "3 of SEV1's 5 min before the mitigation"),
    ("sev-levels", 37, "RB113", "options A, B and C in one block"),
    ("sev-levels", 40, "RB101", "<strategy_id>"),
    ("sev-levels", 53, "RB101", "<service_name>"),
]


@pytest.fixture(scope="module")
def found() -> list[Problem]:
    return lint([SHARED], chosen([], []), TODAY).problems


def in_file(found: list[Problem], name: str, rule: str) -> list[int]:
    return [problem.line for problem in found if Path(problem.file).stem == name and problem.rule == rule]


@needs_shared
@pytest.mark.parametrize(("name", "line", "rule", "why"), KNOWN_DEFECTS)
def test_each_known_defect_is_found_on_its_line(
    found: list[Problem], name: str, line: int, rule: str, why: str
) -> None:
    assert line in in_file(found, name, rule), why


@needs_shared
def test_every_terminal_option_and_every_empty_contact_is_found(found: list[Problem]) -> None:
    assert sum(problem.rule == "RB108" for problem in found) == 21
    assert sum(problem.rule == "RB204" for problem in found) == 12


@needs_shared
def test_nothing_is_found_that_was_not_judged_true(found: list[Problem]) -> None:
    judged = {(name, rule, line) for name, rules in TRUE_FINDINGS.items() for rule, ls in rules.items() for line in ls}
    seen = [(Path(p.file).stem, p.rule, p.line) for p in found]
    false = [place for place in seen if place not in judged]
    precision = 1 - len(false) / len(seen)
    assert not false, f"precision on the five runbooks: {precision:.3f}"
    assert judged == set(seen)


def test_our_own_runbooks_have_no_errors() -> None:
    errors = [p for p in lint([OURS], chosen([], []), TODAY).problems if p.severity is Severity.ERROR]
    assert errors == []
