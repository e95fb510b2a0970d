"""`firedrill lint`: what is wrong with a runbook, before it is needed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from drills.lint.formats.text import as_text, explained, listed, summary
from drills.lint.linter import LintResult, lint
from drills.lint.problem import Severity
from drills.lint.registry import Rule, all_rules, chosen, find
from sim.clock import wall_now
from sim.errors import BadInput

LINT_ERRORS = 3
FORMATS = ("text", "json", "sarif", "github")


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What the user chose."""

    form: str = "text"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    today: str | None = None
    repo: Path | None = None


def lint_command(paths: Sequence[Path], options: LintOptions) -> int:
    """Print the problems of the runbooks; exit code 3 when there are any of the severity that counts."""
    if options.form not in FORMATS:
        raise BadInput("unknown format", mend=f"use one of {', '.join(FORMATS)}", field="--format", value=options.form)
    if options.fail_on not in {"error", "warning"}:
        raise BadInput("unknown severity", mend="use error or warning", field="--fail-on", value=options.fail_on)
    if not paths:
        raise BadInput("no runbook was named", mend="name a Markdown file or a folder: firedrill lint docs/runbooks")
    rules = chosen(options.select, options.ignore)
    repository = None
    if options.repo is not None:
        from drills.lint.repository import Repository

        repository = Repository(options.repo)
    result = lint(paths, rules, _today(options.today), repository)
    for file, reason in result.skipped:
        typer.echo(f"firedrill: {file} skipped: {reason}", err=True)
    if not result.files:
        raise BadInput(
            "no runbook was found", mend="name a folder that holds one, or the file itself", value=str(paths[0])
        )
    typer.echo(_formatted(result, rules, options.form), nl=False)
    if options.form == "github":
        typer.echo(summary(result), err=True)
    failed = result.count(Severity.ERROR) or (options.fail_on == "warning" and result.problems)
    return LINT_ERRORS if failed else 0


def explain_command(rule_id: str) -> int:
    """Print the help page of one rule; `all` lists them."""
    typer.echo(listed(all_rules()) if rule_id.lower() == "all" else explained(find(rule_id)), nl=False)
    return 0


def _formatted(result: LintResult, rules: Sequence[Rule], form: str) -> str:
    if form == "json":
        from drills.lint.formats.json import as_json

        return as_json(result)
    if form == "sarif":
        from importlib.metadata import version

        from drills.lint.formats.sarif import as_sarif

        return as_sarif(result, rules, version("firedrill"))
    if form == "github":
        from drills.lint.formats.github import as_github

        return as_github(result)
    return as_text(result, _width())


def _width() -> int | None:
    """The terminal's width; None when the output goes to a program, which wants one line per problem."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return None


def _today(given: str | None) -> date:
    if given is None:
        return wall_now().date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput("not a date", mend="write it as 2026-02-28", field="--today", value=given) from None
