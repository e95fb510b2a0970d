"""Tables of targets: `RTO | target | actual`, the runbook's own filled in, and ours.

A table is recognised by its head: a column for what was wanted and one for what came of it. Rows whose first
cell is understood get the actual value; a row that is not understood stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drills.documents.incident import Incident
from drills.documents.severity_clock import Measure, measures, response_time
from results import wording

_TARGET = re.compile(r"\b(?:target|objective|goal|ziel|soll|vorgabe|objetivo|meta)\b", re.I)
_ACTUAL = re.compile(
    r"\b(?:actual|achieved|measured|result|ist|tatsächlich|erreicht|gemessen|real|medido|obtenido)\b", re.I
)
_MET = re.compile(r"\b(?:met|ok|pass(?:ed)?|erfüllt|eingehalten|cumplido)\b", re.I)
_EMPTY = re.compile(r"^\W*(?:_+|-+|\.\.\.|…|tbd|n/a|\?|xx?|\[[^\]]*\]|<[^>]*>)?\W*$", re.I)


def own_table(incident: Incident) -> list[str]:
    """Every target of the incident with what was measured."""
    rows = [(m.name, m.target, m.actual, m.word, m.source) for m in measures(incident)]
    case = incident.case
    lost = wording.lost_items(case.rpo)
    rows.append(
        ("RPO (lost or unaccounted)", "nothing", wording.loss(case.rpo), "met" if not lost else "see checks", "")
    )
    head = ("Measure", "Target", "Actual", "Met", "From")
    return [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]


def filled_tables(text: str, incident: Incident) -> list[tuple[int, list[str]]]:
    """The tables of targets in a runbook's own text, filled: (line of the head, lines)."""
    lines = text.splitlines()
    found, number = [], 0
    while number < len(lines):
        end = number
        while end < len(lines) and lines[end].lstrip().startswith("|"):
            end += 1
        table = lines[number:end]
        if len(table) > 2 and _columns(table[0]) is not None:
            found.append((number + 1, [fill_table_line(line, incident, "\n".join(table)) for line in table]))
        number = max(end, number + 1)
    return found


def fill_table_line(line: str, incident: Incident, around: str) -> str:
    """One line of a table: the actual value put in where the table is one of targets and the row is understood."""
    head = next((row for row in around.splitlines() if row.lstrip().startswith("|") and _columns(row)), None)
    columns = None if head is None else _columns(head)
    cells = _cells(line)
    if columns is None or line == head or not cells or set("".join(cells)) <= set(":- "):
        return line
    measure = _measure(cells[0], incident)
    if measure is None:
        return line
    target, actual, met = columns
    for at, said in ((target, measure.target), (actual, measure.actual), (met, measure.word)):
        if at is not None and at < len(cells) and _EMPTY.match(cells[at]):
            cells[at] = said
    return _row(cells)


def _measure(label: str, incident: Incident) -> Measure | None:
    """What a row asks for, by its first cell."""
    words = label.strip(" *`")
    by_name = {measure.name: measure for measure in measures(incident)}
    if re.search(r"\bRPO\b|data loss|datenverlust|pérdida de datos", words, re.I):
        return None
    if re.search(r"\bRTO\b|recovery time|restor|wiederherstellung|recuperaci[oó]n", words, re.I):
        return next(iter(by_name.values()))
    if re.search(r"\bMTTA\b|acknowledg|response|reaktion|respuesta", words, re.I):
        return response_time(incident)
    if re.search(r"\bMTTD\b|detect|erkennung|detecci[oó]n", words, re.I):
        return by_name["Time to detect"]
    if re.search(r"contain|mitigat|eindämm|contenci[oó]n", words, re.I):
        return by_name["Time to contain"]
    return None


def _columns(head: str) -> tuple[int | None, int, int | None] | None:
    """Which columns hold the target, the actual value and whether it was met; None for another kind of table."""
    cells = _cells(head)
    target = next((at for at, cell in enumerate(cells) if _TARGET.search(cell)), None)
    actual = next((at for at, cell in enumerate(cells) if at != target and _ACTUAL.search(cell)), None)
    if target is None or actual is None:
        return None
    return target, actual, next((at for at, cell in enumerate(cells) if at > actual and _MET.search(cell)), None)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
