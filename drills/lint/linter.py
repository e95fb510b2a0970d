"""Lint runbooks: files in, problems out, in reading order.

An author can silence a rule for one place with `<!-- lint-ignore RB107 -->` (or `# lint-ignore RB107` in a code
block) on the line, or on the line above; above a code block it holds for the whole block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from drills.lint.page import Page, read_page
from drills.lint.problem import Problem, Severity
from drills.lint.registry import Rule
from drills.runbook.reader import read_runbook
from sim.errors import BadInput

if TYPE_CHECKING:
    from drills.lint.repository import Repository

_IGNORE = re.compile(r"lint-ignore:?\s+(?P<ids>RB\d+(?:[\s,]+RB\d+)*)", re.I)
_SUFFIXES = frozenset({".md", ".markdown"})
_SKIPPED_FOLDERS = frozenset({".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox"})


@dataclass(slots=True)
class LintResult:
    """What was found, which files were read, and which were left out and why."""

    problems: list[Problem] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many problems there are of one severity."""
        return sum(problem.severity == severity for problem in self.problems)


def lint(paths: Sequence[Path], rules: Sequence[Rule], today: date, repository: Repository | None = None) -> LintResult:
    """Lint the files, and the Markdown below the folders; what is no runbook in a folder is skipped and told."""
    result = LintResult()
    for path, named in _files(paths):
        try:
            page = read_page(path, read_runbook(path), today, repository)
        except BadInput as error:
            if named:
                raise
            result.skipped.append((str(path), error.problem))
            continue
        result.files.append(str(path))
        result.problems += lint_page(page, rules)
    result.problems.sort(key=lambda problem: problem.order)
    return result


def lint_page(page: Page, rules: Iterable[Rule]) -> list[Problem]:
    """The problems of one runbook."""
    found: dict[tuple[int, int, str], Problem] = {}
    silent = _silenced(page)
    for rule in rules:
        if rule.needs_repository and page.repository is None:
            continue
        for hit in rule.check(page):
            key = (hit.line, hit.column, rule.id)
            if (hit.line, rule.id) in silent or key in found:
                continue
            found[key] = Problem(
                page.runbook.file, hit.line, hit.column, hit.length, rule.id, rule.severity, hit.message, hit.mend,
                page.line(hit.line),
            )  # fmt: skip
    return sorted(found.values(), key=lambda problem: problem.order)


def _files(paths: Sequence[Path]) -> Iterable[tuple[Path, bool]]:
    """The files to read, and whether each was named by the user."""
    seen: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            found = [path]
        else:
            found = sorted(
                inner
                for inner in path.rglob("*")
                if inner.suffix.lower() in _SUFFIXES and inner.is_file() and not _SKIPPED_FOLDERS & set(inner.parts)
            )
            if not found:
                raise BadInput("no Markdown file below this folder", mend="name a folder with runbooks", file=path)
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file, not path.is_dir()


def _silenced(page: Page) -> set[tuple[int, str]]:
    silent: set[tuple[int, str]] = set()
    blocks = {fence.line: fence for fence in page.fences}
    for number, text in enumerate(page.lines, 1):
        match = _IGNORE.search(text) if "lint-ignore" in text.lower() else None
        if match is None:
            continue
        below = number + 1
        while below <= len(page.lines) and not page.line(below).strip():
            below += 1
        block = blocks.get(below)
        lines = [number, *range(below, (block.end if block else below) + 1)]
        silent |= {(line, name.upper()) for line in lines for name in re.split(r"[\s,]+", match.group("ids"))}
    return silent
