"""SARIF 2.1.0, for code scanning: results that keep their identity while the text around them moves.

GitHub tells results apart by `partialFingerprints.primaryLocationLineHash`. It is computed here exactly as
GitHub does when it is missing (a rolling hash over the 100 characters from the start of the line, blanks left
out), so results uploaded in either way are the same results.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from drills.lint.formats.paths import relative_path
from drills.lint.linter import LintResult
from drills.lint.problem import Problem
from drills.lint.registry import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_WINDOW, _FACTOR, _END, _BITS = 100, 37, 65535, (1 << 64) - 1


def as_sarif(result: LintResult, rules: Sequence[Rule], version: str) -> str:
    """The result as a SARIF log with one run; `rules` are those that were checked."""
    index = {rule.id: number for number, rule in enumerate(rules)}
    hashes = {file: _hashes_of(file) for file in dict.fromkeys(problem.file for problem in result.problems)}
    run = {
        "tool": {
            "driver": {
                "name": "firedrill",
                "semanticVersion": version,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(p, index[p.rule], hashes[p.file].get(p.line, "")) for p in result.problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.page.split("\n\n")[0].replace("\n", " ")},
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["runbook"], "problem.severity": rule.severity.value},
    }


def _result(problem: Problem, index: int, line_hash: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": problem.severity.value,
        "message": {"text": f"{problem.message}; {problem.mend}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(relative_path(problem.file))},
                    "region": {
                        "startLine": problem.line,
                        "startColumn": problem.column,
                        "endColumn": problem.column + problem.length,
                    },
                }
            }
        ],
    }
    if line_hash:
        result["partialFingerprints"] = {"primaryLocationLineHash": line_hash}
    return result


def _hashes_of(file: str) -> dict[int, str]:
    return dict(line_hashes(Path(file).read_text(encoding="utf-8-sig", errors="replace")))


def _units(text: str) -> list[int]:
    """The text in UTF-16 units, as GitHub counts characters, without blanks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    raw = lines.encode("utf-16-be", errors="replace")
    return [high << 8 | low for high, low in zip(raw[::2], raw[1::2], strict=True)]


def line_hashes(text: str) -> Iterator[tuple[int, str]]:
    """The fingerprint of every line of a text, as (line, hash)."""
    leaving = pow(_FACTOR, _WINDOW, 1 << 64)
    window, waiting = [0] * _WINDOW, [0] * _WINDOW
    seen: dict[str, int] = {}
    value = at = line = 0
    begins = True

    def told() -> tuple[int, str]:
        name = f"{value:x}"
        seen[name] = seen.get(name, 0) + 1
        number, waiting[at] = waiting[at], 0
        return number, f"{name}:{seen[name]}"

    for character in (*_units(text), _END, *([None] * _WINDOW)):
        if waiting[at]:
            yield told()
        if character is not None and begins:
            begins = False
            line += 1
            waiting[at] = line
        begins = begins or character == 10
        code = character or 0
        value = (_FACTOR * value + code - leaving * window[at]) & _BITS
        window[at] = code
        at = (at + 1) % _WINDOW
