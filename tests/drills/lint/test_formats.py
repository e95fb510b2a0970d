"""How problems are written: for people, for programs, for code hosts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from drills.lint.formats.github import as_github
from drills.lint.formats.json import as_json
from drills.lint.formats.sarif import as_sarif, line_hashes
from drills.lint.formats.text import as_text
from drills.lint.linter import LintResult, lint
from drills.lint.registry import all_rules, chosen
from tests.drills.lint.pages import TODAY, page_of

Json = dict[str, Any]


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LintResult:
    """Two problems in a file whose name needs quoting."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run books").mkdir()
    text = page_of("deskctl logs <name, first> --now\ntail -f 100%.log")
    (tmp_path / "run books" / "für.md").write_text(text, encoding="utf-8")
    return lint([Path("run books")], chosen(["RB102", "RB107"], []), TODAY)


def test_text_begins_with_the_place_and_ends_with_the_count(result: LintResult) -> None:
    lines = as_text(result, None).splitlines()
    assert lines[0].startswith("run books/für.md:")
    assert re.match(r"run books/für\.md:\d+:\d+ RB\d{3} (error|warning): \S", lines[0])
    assert lines[1].startswith("    > ")
    assert lines[-1].endswith("in 1 runbook")


def test_text_keeps_to_the_width_of_the_terminal(result: LintResult) -> None:
    assert max(len(line) for line in as_text(result, 80).splitlines()) <= 80


def test_json_has_every_field(result: LintResult) -> None:
    document = json.loads(as_json(result))
    assert document["schema_version"] == 1
    assert document["warnings"] + document["errors"] == len(document["problems"])
    for problem in document["problems"]:
        assert set(problem) == {
            "file", "line", "column", "end_column", "rule", "severity", "title", "message", "mend"
        }  # fmt: skip


def test_annotations_escape_what_the_command_syntax_uses(result: LintResult) -> None:
    for line in as_github(result).splitlines():
        match = re.fullmatch(r"::(?:error|warning) (?P<properties>[^\n]*?)::(?P<message>.*)", line)
        assert match is not None
        fields = dict(part.split("=", 1) for part in match.group("properties").split(","))
        assert set(fields) == {"file", "line", "col", "endColumn", "title"}
        assert fields["file"] == "run books/für.md"
        assert not re.search(r"%(?!25|0A|0D)", match.group("message"))


class TestSarif:
    """The properties that SARIF 2.1.0 requires or restricts, for every object that is written."""

    ALLOWED = {  # noqa: RUF012
        "log": ({"version", "runs"}, {"$schema"}),
        "run": ({"tool"}, {"results", "columnKind"}),
        "driver": ({"name"}, {"semanticVersion", "rules"}),
        "rule": ({"id"}, {"shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"}),
        "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints"}),
        "region": (set(), {"startLine", "startColumn", "endColumn"}),
    }

    def check(self, kind: str, value: Json) -> None:
        required, optional = self.ALLOWED[kind]
        assert required <= set(value) <= required | optional, (kind, set(value))

    @pytest.fixture
    def log(self, result: LintResult) -> Json:
        assert result.problems
        return dict(json.loads(as_sarif(result, all_rules(), "1.2.3")))

    def test_the_log_and_its_run(self, log: Json) -> None:
        self.check("log", log)
        assert log["version"] == "2.1.0"
        assert log["$schema"].startswith("https://")
        (run,) = log["runs"]
        self.check("run", run)
        assert set(run["tool"]) == {"driver"}
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
        assert re.fullmatch(r"\d+\.\d+\.\d+", run["tool"]["driver"]["semanticVersion"])

    def test_the_rules(self, log: Json) -> None:
        driver = log["runs"][0]["tool"]["driver"]
        self.check("driver", driver)
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        for rule in driver["rules"]:
            self.check("rule", rule)
            for text in ("shortDescription", "fullDescription", "help"):
                assert set(rule[text]) == {"text"}
                assert rule[text]["text"].strip()
            assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}

    def test_the_results(self, log: Json) -> None:
        run = log["runs"][0]
        for result in run["results"]:
            self.check("result", result)
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"none", "note", "warning", "error"}
            assert set(result["message"]) == {"text"}
            (location,) = result["locations"]
            assert set(location) == {"physicalLocation"}
            place = location["physicalLocation"]
            assert set(place) == {"artifactLocation", "region"}
            self.check("region", place["region"])
            assert place["region"]["startLine"] >= 1
            assert 1 <= place["region"]["startColumn"] < place["region"]["endColumn"]
            assert all(isinstance(value, str) for value in result["partialFingerprints"].values())

    def test_files_are_relative_and_encoded(self, log: Json) -> None:
        uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]}
        assert uris == {"run%20books/f%C3%BCr.md"}

    def test_results_keep_their_fingerprint_when_lines_move(self) -> None:
        text = "".join(f"line {number} of the runbook, with its own words\n" for number in range(40))
        before, after = dict(line_hashes(text)), dict(line_hashes("# A new title\n\n" + text))
        assert all(before[line] == after[line + 2] for line in range(1, 30))
        assert len(set(before.values())) == len(before)

    @pytest.mark.parametrize(
        ("text", "hashes"),
        [
            ("", "c129715d7a2bc9a3:1"),
            (" a\nb\n  \t\tc\n d", "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"),
            (
                "Lorem ipsum dolor sit amet.\n" * 10,
                "a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5 "
                "a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 "
                "c129715d7a2bc9a3:1",
            ),
        ],
    )
    def test_the_fingerprint_is_the_one_that_github_computes(self, text: str, hashes: str) -> None:
        assert list(line_hashes(text)) == list(enumerate(hashes.split(), 1))

    def test_blanks_and_line_ends_do_not_change_it(self) -> None:
        assert dict(line_hashes("a b\r\n\tc\n")) == dict(line_hashes("ab\nc\n"))
