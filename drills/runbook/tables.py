"""What the columns of a table are, by their headers in three languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drills.runbook.blocks import Table
from drills.runbook.severities import is_scale
from drills.runbook.text import plain

_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("number", r"^(?:#|no\.?|nr\.?|n[ºo°]\.?|step ?#|step no\.?|order|id|schritt-?nr\.?|lfd\.? ?nr\.?|núm\.?)$"),
        ("command", r"^(?:how|wie|cómo|como|comment|code)$|\b(?:commands?|cmd|shell|script)\b|befehl|kommando|skript|"
            r"\bcomandos?\b"),
        ("condition",
            r"^(?:if|when|condition|symptom|cause|reason|log line|message|trigger|situation|case|scenario|"
            r"observation|finding|check result|result is|error|problem)s?\b|^(?:wenn|falls|bedingung|symptom|ursache|"
            r"fall|auslöser|befund|situation|lage)|^(?:si|condición|síntoma|causa|caso|situación|escenario)\b"),
        ("time",
            r"\b(?:time|deadline|within|duration|sla|target|minutes?|due)\b|zeit|frist|dauer|\b(?:plazo|tiempo|"
            r"duración)\b"),
        ("expected", r"expected|verif|check\b|result|outcome|success|erwartet|ergebnis|prüfung|kontrolle|esperad|"
            r"resultado|verificación|comprobación"),
        ("who", r"\b(?:who|owner|role|responsible|contact|by)\b|\bwer\b|verantwort|rolle|zuständig|\b(?:quién|"
            r"responsable|rol)\b"),
        ("action", r"\b(?:actions?|what|tasks?|steps?|do|then|response|procedure|mitigation|fix|remedy|activity|"
            r"description)\b|aktion|maßnahme|massnahme|tätigkeit|schritt|aufgabe|dann|vorgehen|\b(?:acción|"
            r"acciones|tareas?|pasos?|entonces|medidas?|actividad|qué)\b"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of the columns that were recognised."""

    at: dict[str, int]

    @property
    def steps(self) -> bool:
        """Whether the rows are steps: something to do, and a number, a command or a time beside it."""
        return "action" in self.at or ("command" in self.at and len(self.at) >= 2)

    @property
    def decides(self) -> bool:
        """Whether the rows are branches: a condition and what to do then."""
        return "condition" in self.at and "action" in self.at and "number" not in self.at

    def get(self, cells: Sequence[str], name: str) -> str:
        """The raw cell of a column, empty when there is none."""
        index = self.at.get(name)
        return cells[index].strip() if index is not None and index < len(cells) else ""


def columns_of(table: Table) -> Columns:
    """The columns of a table of steps or decisions; a severity scale is neither."""
    if is_scale(table):
        return Columns({})
    found: dict[str, int] = {}
    titles = [plain(cell).strip() for cell in table.header]
    for name, pattern in _HEADERS:
        for index, title in enumerate(titles):
            if index not in found.values() and name not in found and pattern.search(title):
                found[name] = index
    if (
        "action" not in found
        and "number" not in found
        and titles
        and re.fullmatch(r"(?:step|schritt|paso)s?", titles[0], re.I)
    ):
        found["action"] = 0
    return Columns(_step_column_is_number(found, table, titles))


_ORDINAL = re.compile(r"\W*(?:\d{1,3}(?:\.\d{1,3}){0,3})?[a-z]?\W*")


def _step_column_is_number(found: dict[str, int], table: Table, titles: Sequence[str]) -> dict[str, int]:
    """A column called "Step" holds numbers when its cells are numbers; the action is then another column."""
    index = found.get("action")
    if index is None or not table.rows or not re.fullmatch(r"(?:step|schritt|paso)s?", titles[index], re.I):
        return found
    if not all(_ORDINAL.fullmatch(plain(cells[index])) for _, cells in table.rows if index < len(cells)):
        return found
    found = {**found, "number": index}
    del found["action"]
    pattern = dict(_HEADERS)["action"]
    other = next((i for i, title in enumerate(titles) if i not in found.values() and pattern.search(title)), None)
    if other is None:
        other = next((i for i, _ in enumerate(titles) if i not in found.values()), None)
    return found if other is None else {**found, "action": other}
