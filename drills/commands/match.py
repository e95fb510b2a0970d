"""`firedrill match`: which stock drills exercise which procedure of a runbook, within 80 columns."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from drills.matching import Branch, Matched, MatchReport, Planned, Proposal, match
from drills.runbook.reader import read_runbook

WIDTH = 80
_INDENT = "      "


def match_command(file: str, *, as_json: bool) -> int:
    """Read the runbook and print the proposals; nothing is run, and a gap is no failure."""
    report = match(read_runbook(Path(file)))
    if as_json:
        typer.echo(json.dumps(_facts(report, file), indent=1))
        return 0
    for line in _lines(report, file):
        typer.echo(line)
    return 0


def _facts(report: MatchReport, file: str) -> dict[str, Any]:
    facts = asdict(report)
    for procedure, matched in zip(facts["procedures"], report.procedures, strict=True):
        procedure["gap"] = matched.gap
        procedure["run"] = [_command(proposal, file, matched.procedure) for proposal in matched.proposals]
    return facts


def _lines(report: MatchReport, file: str) -> Iterator[str]:
    can = [m for m in report.procedures if m.not_drillable is None]
    drilled = [m for m in can if m.proposals]
    yield from _wrapped(f"{file}: {report.title}")
    noun = "procedure" if len(can) == 1 else "procedures"
    yield f"{len(can)} {noun} that can be drilled, {len(drilled)} of them by a stock drill"
    for matched in can:
        yield ""
        yield from _procedure(matched, file)
    aside = [m for m in report.procedures if m.not_drillable is not None]
    if aside:
        yield ""
        yield "Not for drills"
        for matched in aside:
            yield from _wrapped(f"{matched.title}: {matched.not_drillable}", f"{matched.line:>4}  ")
    if report.planned:
        yield ""
        yield "Drills that it announces"
        for planned in report.planned:
            yield from _announced(planned)


def _procedure(matched: Matched, file: str) -> Iterator[str]:
    yield from _wrapped(matched.title, f"{matched.line:>4}  ")
    if not matched.proposals:
        yield from _wrapped("no stock drill is about this; README, Your scenario, says how to write one", _INDENT)
    for proposal in matched.proposals:
        text = f"{proposal.drill} ({proposal.title}), {_cases(len(proposal.cases))}: {proposal.why}"
        yield from _wrapped(text, f"{_INDENT}{proposal.sureness.value:<7}")
    for branch in matched.branches:
        yield from _branch(branch)
    if matched.proposals:
        yield f"{_INDENT}{_command(matched.proposals[0], file, matched.procedure)}"


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def _branch(branch: Branch) -> Iterator[str]:
    cases = ", ".join(name.partition("/")[2] for name in branch.cases[:3])
    more = f" and {len(branch.cases) - 3} more" if len(branch.cases) > 3 else ""
    leads = f"{cases}{more}" if cases else "no case leads here"
    yield from _wrapped(f"{branch.title} → {leads}", f"{_INDENT}  {branch.line:>4} ")


def _announced(planned: Planned) -> Iterator[str]:
    answered = ", ".join(f"#{name}" for name in planned.procedures) or "no procedure answers it"
    stock = f"; run {', '.join(planned.drills)}" if planned.drills else ""
    yield from _wrapped(f"{planned.text} → {answered}{stock}", f"{planned.line:>4}  ")


def _command(proposal: Proposal, file: str, procedure: str) -> str:
    """To be copied, so it is never wrapped."""
    return f"firedrill run {proposal.drill} --runbook {shlex.quote(f'{file}#{procedure}')}"


def _wrapped(text: str, first: str = "") -> list[str]:
    indent = " " * len(first)
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [first.rstrip()]
