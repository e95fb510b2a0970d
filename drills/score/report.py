"""A score as it is printed, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from drills.adherence import PASS_MARK
from drills.deviations import spoken
from drills.score.scoring import Card, StepLine

SCHEMA_VERSION = 1


def print_card(card: Card, console: Console, trace_file: str, mark: float = PASS_MARK) -> None:
    """The verdict first, then what cost points, then the steps."""
    found, plan = card.adherence, card.plan
    passed = found.passed(mark)
    severity = f"  {plan.severity}" if plan.severity else ""
    console.print(Text.assemble(
        ("PASS" if passed else "FAIL", "bold green" if passed else "bold red"), f"  {plan.title}{severity}"
    ))  # fmt: skip
    shown = f"{found.shown_score:.1f} of 100"
    if found.shown_score < found.score:
        shown += f" ({found.score:.1f} before the gates)"
    console.print(_facts(
        ("Adherence", f"{shown}, fitness {found.fitness:.3f}, passes from {mark:g}"),
        ("Runbook", f"{plan.file}:{plan.line}"),
        ("Trace", trace_file),
        *(("Note", note) for note in (*([plan.note] if plan.note else []), *card.notes)),
    ))  # fmt: skip
    for gate in found.gates:
        console.print(Text.assemble(("GATE  ", "bold red"), gate.text, (_where(plan.file, gate.line), "dim")))
    if found.ledger:
        console.print()
        console.print(_ledger(card))
    console.print()
    console.print(_steps(card))
    for entry in card.unmatched:
        near = f"; the nearest step is {entry.nearest.title!r}" if entry.nearest is not None else ""
        text = f"{trace_file}:{entry.entry.line}: {entry.entry.text!r} names no step{near}"
        console.print(Text(text, style="yellow"))


def as_json(card: Card, trace_file: str, mark: float = PASS_MARK) -> str:
    """The whole card as a JSON document."""
    return json.dumps(_document(card, trace_file, mark), indent=1, ensure_ascii=False) + "\n"


def _document(card: Card, trace_file: str, mark: float) -> dict[str, Any]:
    found, plan = card.adherence, card.plan
    return {
        "schema_version": SCHEMA_VERSION, "verdict": "pass" if found.passed(mark) else "fail",
        "score": found.score, "shown_score": found.shown_score, "fitness": found.fitness, "pass_mark": mark,
        "runbook": {"file": plan.file, "procedure": plan.procedure, "title": plan.title, "line": plan.line},
        "trace": trace_file, "severity": plan.severity,
        "notes": [*([plan.note] if plan.note else []), *card.notes],
        "gates": [{"kind": gate.kind, "text": gate.text, "line": gate.line} for gate in found.gates],
        "ledger": [
            {"points": line.points, "kind": line.kind, "step": line.step, "text": line.text, "file": plan.file,
             "line": line.line}
            for line in found.ledger
        ],
        "steps": [
            {"id": line.step.id, "title": line.step.title, "line": line.step.line, "weight": line.step.weight,
             "critical": line.step.critical, "due_s": line.due_s, "done_s": line.done_s, "outcome": line.outcome,
             "actions": list(line.step.actions)}
            for line in card.lines
        ],
        "unmatched": [
            {"line": entry.entry.line, "text": entry.entry.text,
             "nearest": None if entry.nearest is None else entry.nearest.id}
            for entry in card.unmatched
        ],
    }  # fmt: skip


def _facts(*rows: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, words in rows:
        table.add_row(Text(name, style="dim"), Text(words, overflow="fold"))
    return table


def _where(file: str, line: int) -> str:
    return f"  {file}:{line}" if line else ""


def _ledger(card: Card) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for line in card.adherence.ledger:
        words = Text(line.text, overflow="fold")
        words.append(_where(card.plan.file, line.line), style="dim")
        table.add_row(Text(f"-{line.points:.1f}", style="red"), words)
    total = sum(line.points for line in card.adherence.ledger)
    table.add_row(Text(f"-{total:.1f}", style="bold"), Text(f"in all: 100 - {card.adherence.score:.1f}", style="dim"))
    return table


def _steps(card: Card) -> Table:
    table = Table("line", "step", "weight", "due", "done", "outcome", box=None, pad_edge=False, header_style="dim")
    for name in ("line", "weight", "due", "done"):
        next(column for column in table.columns if column.header == name).justify = "right"
    for row in card.lines:
        table.add_row(*_cells(row))
    return table


def _cells(row: StepLine) -> Iterator[Text]:
    yield Text(str(row.step.line), style="dim")
    yield Text(row.step.title, overflow="fold")
    yield Text(f"{row.step.weight:g}" + ("!" if row.step.critical else ""))
    yield Text("" if row.due_s is None else spoken(row.due_s))
    yield Text("" if row.done_s is None else spoken(row.done_s))
    good = row.outcome in {"done", "left open", "not taken"}
    yield Text(row.outcome, style="" if good else "yellow")
