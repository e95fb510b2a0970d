"""What keeps a runbook alive: contacts, review dates, drills, and recovery times with numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from drills.lint.page import Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.runbook.durations import read_duration
from drills.runbook.model import Drill, Procedure
from drills.runbook.people import is_placeholder
from drills.runbook.text import plain
from drills.runbook.topics import TOPICS

_REVIEW = re.compile(
    r"(?:next|scheduled|due for|upcoming)[\s_-]+review(?:[ _-]date)?|review(?: is)? (?:due|by|before)|review[_-]?due|"
    r"(?:nächste|fällige)\w*\s+(?:überprüfung|prüfung|revision|review)|gültig bis|próxima\s+revisión|"
    r"revisar antes d\w+|"
    r"válido hasta|valid until|expires?(?: on)?",
    re.I,
)
_ISO = re.compile(r"\b(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b")
_GERMAN = re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>20\d\d)\b")
_SLASHED = re.compile(r"\b(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>20\d\d)\b")
_NAMED = re.compile(
    r"\b(?:(?P<d>\d{1,2})\.?\s+(?:de\s+)?)?"
    r"(?P<m>jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic)\w*\.?\s+"
    r"(?:(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?:de\s+)?(?P<y>20\d\d)\b",
    re.I,
)
_MONTHS = {
    "jan": 1, "ene": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "abr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7,
    "aug": 8, "ago": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
}  # fmt: skip
_RTO = re.compile(
    r"\bRTO\b|recovery time objective|wiederherstellungszeit|wiederanlaufzeit|tiempo (?:objetivo )?de recuperación|"
    r"tiempo de resolución|(?:resolution|restore|recovery) time|time to (?:resolve|restore|recover)|lösungszeit|"
    r"entstörzeit",
    re.I,
)
_LEFT_OUT = frozenset(
    ["simulate", "simulated", "simulation", "drill", "test", "exercise", "trigger", "full", "the", "a", "an", "of",
        "and", "to", "for", "in", "with", "one", "simulieren", "übung", "simular", "simulacro", "de", "la", "el", "un",
        "una", "der", "die", "das", "des", "quarterly", "triggered", "event", "scenario"]
)  # fmt: skip


@rule("RB204", Severity.WARNING, "contact that was never filled in")
def contact_placeholder(page: Page) -> Iterator[Hit]:
    """In an incident nobody looks up numbers.

    Fill in a phone, a pager rota or a channel that is always manned.
    """
    for contact in page.runbook.contacts:
        if contact.placeholder and not contact.value.strip(" -–—/"):
            message = f"nobody can be reached here: {contact.role} has no number and no channel"
            yield page.in_line(contact.line, contact.role, message, "fill in whom to reach, and how")
        elif contact.placeholder:
            parts = [part.strip() for part in contact.value.split(" / ")]
            first = next((part for part in parts if part and is_placeholder(part)), parts[0])
            yield page.in_line(
                contact.line, first, f"{contact.role}: {first} was never filled in", "fill in whom to reach, and how"
            )


@rule("RB205", Severity.WARNING, "review date that has passed")
def review_passed(page: Page) -> Iterator[Hit]:
    """The document itself says until when it can be trusted, and that day is over.

    Commands, names and numbers may have changed since.

    Walk through it (`firedrill rehearse`), correct it, and set the next date.
    """
    for number, text in enumerate(page.lines, 1):
        match = _REVIEW.search(text)
        due = _date_in(text[match.end() :]) if match else None
        if due is not None and due[1] < page.today:
            yield page.in_line(
                number, due[0], f"the review was due on {due[1].isoformat()}, {(page.today - due[1]).days} days ago",
                "review it and set the next date",
            )  # fmt: skip


@rule("RB206", Severity.WARNING, "drill without a procedure")
def drill_without_procedure(page: Page) -> Iterator[Hit]:
    """The runbook schedules a drill for an incident that it has no procedure for: there is nothing to practise.

    Write the procedure, or drill one that is there.
    """
    for drill in page.runbook.drills:
        if not any(answers(drill, procedure) for procedure in page.runbook.procedures):
            yield page.in_line(
                drill.line, drill.scenario, f"no procedure here covers {drill.scenario!r}",
                "write the procedure, or name the one that is meant",
            )  # fmt: skip


@rule("RB210", Severity.WARNING, "no recovery time in numbers")
def no_recovery_time(page: Page) -> Iterator[Hit]:
    """Without a number (`RTO: 45 minutes`) nobody can say whether a recovery was in time.

    "RTO is met" on a checklist cannot be ticked then.
    Response times say when somebody begins, not when trading is restored.
    """
    runbook = page.runbook
    answers = [p for p in runbook.procedures if p.role in {"response", "recovery"}]
    if not answers or _states_recovery(page):
        return
    mention = next(((n, m) for n, text in page.prose if (m := _RTO.search(text))), None)
    if mention is not None:
        message = f"{mention[1].group(0)} is named, but no number is stated"
        yield page.in_line(mention[0], mention[1].group(0), message, "state it: RTO: 45 minutes")
    else:
        line = next((n for n, text in page.prose if plain(text.lstrip("# ")) == runbook.title), 1)
        yield page.in_line(line, runbook.title, "no recovery time objective is stated", "state one: RTO: 45 minutes")


def _states_recovery(page: Page) -> bool:
    runbook = page.runbook
    stated = [*runbook.objectives, *(o for p in runbook.procedures for o in p.objectives)]
    if any(objective.name in {"RTO", "MTTR", "MTD"} for objective in stated):
        return True
    if _recovery_column(page):
        return True
    templates = {line for t in runbook.templates for line in range(t.line, t.end + 1)}
    return any(
        (match := _RTO.search(text)) and re.search(r"\d", text[match.end() :]) and read_duration(text[match.end() :])
        for number, text in page.prose
        if number not in templates
    )


def _recovery_column(page: Page) -> bool:
    """Whether a table has a column of recovery times, with a time in one of its rows."""
    column: int | None = None
    for text in page.lines:
        cells = [cell.strip() for cell in text.strip().strip("|").split("|")] if text.lstrip().startswith("|") else []
        if not cells:
            column = None
        elif column is None:
            column = next((at for at, cell in enumerate(cells) if _RTO.search(cell) and len(cell) <= 40), None)
        elif column < len(cells) and read_duration(plain(cells[column])) is not None:
            return True
    return False


def _date_in(text: str) -> tuple[str, date] | None:
    """The first date written after the label, as (text, date)."""
    for pattern in (_ISO, _GERMAN, _SLASHED, _NAMED):
        match = pattern.search(text[:80])
        if match is None:
            continue
        try:
            return match.group(0), _as_date(match)
        except ValueError:
            continue
    return None


def _as_date(match: re.Match[str]) -> date:
    groups = match.groupdict()
    year = int(groups["y"])
    if "a" in groups:
        first, second = int(groups["a"]), int(groups["b"])
        # 03/04 may be either; the later reading is taken, so that nothing is called overdue by mistake.
        readings = [
            date(year, m, d) for m, d in ((first, second), (second, first)) if (1 <= m <= 12 and d <= 28) or m <= 12
        ]
        return max(readings)
    if not groups["m"].isdigit():
        month = _MONTHS[groups["m"].lower()[:3]]
        day = int(groups.get("d") or groups.get("d2") or 28)
        return date(year, month, day)
    return date(year, int(groups["m"]), int(groups["d"]))


def answers(drill: Drill, procedure: Procedure) -> bool:
    """Whether a procedure is about what the drill breaks: the same kind of incident, or the same words in its title."""
    topics = {name for name, pattern in TOPICS.items() if pattern.search(drill.scenario)}
    about = {name for name, pattern in TOPICS.items() if pattern.search(procedure.title)}
    if topics & about and not ("system_failure" in topics and "system_failure" not in about):
        return _same_trouble(drill.scenario, procedure.title) or topics & about != {"data_corruption"}
    wanted = {w.lower() for w in re.findall(r"\w{3,}", drill.scenario)} - _LEFT_OUT
    titled = {w.lower() for w in re.findall(r"\w{3,}", procedure.title)}
    return bool(wanted) and wanted <= titled


def _same_trouble(scenario: str, title: str) -> bool:
    """Data can be corrupt or late; a procedure for the one is none for the other."""
    corrupt = re.compile(r"corrupt|bad|wrong|integrit|korrupt|beschädig|fehlerhaft|corromp|erróne", re.I)
    return corrupt.search(scenario) is None or corrupt.search(title) is not None
