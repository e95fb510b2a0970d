"""GitHub workflow commands: each problem becomes an annotation on its line of the pull request."""

from __future__ import annotations

from drills.lint.formats.paths import relative_path
from drills.lint.linter import LintResult
from drills.lint.problem import Problem
from drills.lint.registry import RULES


def as_github(result: LintResult) -> str:
    """One `::error` or `::warning` line per problem."""
    return "".join(f"{_annotation(problem)}\n" for problem in result.problems)


def _annotation(problem: Problem) -> str:
    fields = {
        "file": relative_path(problem.file),
        "line": problem.line,
        "col": problem.column,
        "endColumn": problem.column + problem.length,
        "title": f"{problem.rule} {RULES[problem.rule].title}",
    }
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items())
    return f"::{problem.severity} {properties}::{_data(f'{problem.message}; {problem.mend}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
