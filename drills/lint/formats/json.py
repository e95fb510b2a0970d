"""For a program: everything that is known about each problem."""

from __future__ import annotations

import json
from typing import Any

from drills.lint.linter import LintResult
from drills.lint.problem import Problem, Severity
from drills.lint.registry import RULES

SCHEMA_VERSION = 1


def as_json(result: LintResult) -> str:
    """The result as one JSON object."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "errors": result.count(Severity.ERROR),
        "warnings": result.count(Severity.WARNING),
        "files": result.files,
        "skipped": [{"file": file, "reason": reason} for file, reason in result.skipped],
        "problems": [_problem(problem) for problem in result.problems],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.column + problem.length,
        "rule": problem.rule,
        "severity": problem.severity.value,
        "title": RULES[problem.rule].title,
        "message": problem.message,
        "mend": problem.mend,
    }
