"""For a person at a terminal: one problem per paragraph, its place first so that editors can jump there."""

from __future__ import annotations

import textwrap

from drills.lint.linter import LintResult
from drills.lint.problem import Problem, Severity
from drills.lint.registry import Rule


def as_text(result: LintResult, width: int | None) -> str:
    """All problems and a closing count; lines are folded to `width` when there is one."""
    blocks = [_paragraph(problem, width) for problem in result.problems]
    return "\n".join([*blocks, *([""] if blocks else []), summary(result)]) + "\n"


def summary(result: LintResult) -> str:
    """`3 errors, 1 warning in 2 runbooks`."""
    errors, warnings = result.count(Severity.ERROR), result.count(Severity.WARNING)
    return f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')} in {_counted(len(result.files), 'runbook')}"


def explained(rule: Rule) -> str:
    """The help page of one rule."""
    return f"{rule.id} ({rule.severity}): {rule.title}\n\n{rule.page}\n"


def listed(rules: list[Rule]) -> str:
    """All rules, one per line."""
    return "".join(f"{rule.id}  {rule.severity:<7}  {rule.title}\n" for rule in rules)


def _paragraph(problem: Problem, width: int | None) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    first = f"{place} {problem.rule} {problem.severity}: {problem.message}"
    return f"{_folded(first, '', '    ', width)}\n{_folded(problem.mend, '    > ', '      ', width)}"


def _folded(text: str, first: str, rest: str, width: int | None) -> str:
    text = " ".join(text.split())
    if width is None or len(first) + len(text) <= width:
        return first + text
    return textwrap.fill(
        text,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
