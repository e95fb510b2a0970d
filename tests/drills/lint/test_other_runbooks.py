"""Findings on runbooks of other teams: each was read and judged; none but these may come.

The thirty-odd runbooks lie beside the reader's tests. What is listed is true of them: a placeholder to fill in, a
change that nothing looks at, a level without a time, a contact that was never filled in.
"""

from __future__ import annotations

from pathlib import Path

from drills.lint.linter import lint
from drills.lint.registry import chosen
from tests.drills.lint.pages import TODAY

OTHERS = Path(__file__).parents[1] / "runbook" / "others"

JUDGED_TRUE: dict[str, dict[str, list[int]]] = {
    "aws-ecs": {"RB114": [39], "RB207": [60]},
    "bloomberg-vendor": {"RB204": [31]},
    "bold-definitions": {"RB207": [15]},
    "crypto-mm": {"RB101": [26, 28, 29], "RB207": [17]},
    "cta-futures": {"RB207": [9]},
    "db-failover": {"RB101": [77], "RB207": [52, 60]},
    "de-container": {"RB207": [15, 40]},
    "de-handelssystem": {"RB204": [64], "RB207": [46]},
    "de-sofort": {"RB101": [6, 7]},
    "de-tabelle": {"RB207": [11]},
    "es-mesa": {"RB204": [58], "RB207": [40]},
    "fr-pupitre": {"RB204": [41], "RB207": [15, 33]},
    "fx-desk": {"RB204": [86], "RB207": [53, 59]},
    "html-export": {"RB204": [22, 23]},
    "index-links": {"RB201": [12]},
    "inline-only": {"RB101": [9, 10], "RB102": [10], "RB207": [8, 10, 11, 17]},
    "kdb-tick": {"RB207": [40]},
    "matrix": {"RB203": [15]},
    "mermaid-flow": {"RB207": [27], "RB209": [24]},
    "notion-export": {"RB101": [50], "RB207": [34]},
    "onprem-systemd": {"RB207": [11, 13, 21, 43]},
    "phases-time": {"RB207": [10]},
    "pt-mesa": {"RB207": [13, 17]},
    "quarterly": {"RB101": [28], "RB206": [43, 44], "RB207": [28]},
    "s-de-bullets": {"RB202": [8]},
    "s-es-confluence": {"RB207": [15]},
    "s-gateway-letters": {"RB207": [32, 46]},
    "s-gitlab": {"RB207": [22, 44]},
    "s-openshift-az": {"RB114": [33]},
    "windows-mt": {"RB207": [15, 39]},
}  # fmt: skip
STATE_A_RECOVERY_TIME = {
    "es-datos",
    "s-de-bullets",
    "helm-argo",
    "broker-gateway",
    "s-gateway-letters",
    "s-checklist-roles",
    "bloomberg-vendor",
    "s-es-confluence",
    "db-failover",
}
"""All others give no recovery time in numbers (RB210), which is true of most runbooks."""


def test_precision_on_other_runbooks() -> None:
    found = lint([OTHERS], chosen([], ["RB210"]), TODAY)
    seen = [(Path(p.file).stem, p.rule, p.line) for p in found.problems]
    judged = {(name, rule, line) for name, rules in JUDGED_TRUE.items() for rule, ls in rules.items() for line in ls}
    false = [place for place in seen if place not in judged]
    assert not false, f"precision on {len(found.files)} other runbooks: {1 - len(false) / len(seen):.3f}"
    assert judged <= set(seen)


def test_who_states_a_recovery_time() -> None:
    found = lint([OTHERS], chosen(["RB210"], []), TODAY)
    without = {Path(p.file).stem for p in found.problems}
    assert {path.stem for path in OTHERS.glob("*.md")} - without == STATE_A_RECOVERY_TIME
