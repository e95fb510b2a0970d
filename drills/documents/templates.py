"""A runbook's own template, filled line by line.

Three forms are understood: a label with its value (`Impact: ...`), a field in brackets (`[Brief description]`),
and a heading with a list below it (`## Timeline`). The example text of a template is no fact: where it stands
for something that the run does not know, it is marked and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from drills.documents.fields import (
    EXAMPLE,
    NEXT_UPDATE,
    NOTHING,
    STATUS,
    SUBJECT,
    UNKNOWN,
    choose,
    fact,
    language,
    section,
    status_word,
    understood,
)
from drills.documents.incident import Incident, Moment
from drills.documents.target_tables import fill_table_line
from drills.runbook.model import Template

Mark = Callable[[int], str]
"""The mark of a list's row, by its number."""

_HEADING = re.compile(r"^(?P<mark>#{1,6}\s+)(?P<words>.+?)\s*$")
_ALONE = re.compile(r"^(?P<words>[^\W\d_][^:\n|]{1,40}):\s*$")
_LABELLED = re.compile(
    r"^(?P<lead>\s*(?:[-*+]\s+)?)(?P<label>(?:\*\*)?[^\W\d_][^:\n|]{0,40}?(?:\*\*)?)(?P<colon>:(?:\*\*)?\s+)(?P<value>\S.*)$"
)
_BRACKETS = re.compile(
    r"\[(?P<square>[^\[\]\n]{1,80})\](?!\()|<(?P<angle>[A-Za-zÀ-ÿ][^<>\n]{0,60})>|\{\{?(?P<curly>[^{}\n]{1,60})\}?\}"
)
_BOX = re.compile(r"^\s*[-*+]\s+\[[ xX]\]\s+")
_DATE = re.compile(r"\b(?:YYYY-MM-DD|JJJJ-MM-TT|AAAA-MM-DD)\b")
_RULE = re.compile(r"^\s*[=\-~_*]{3,}\s*$")


def fill_template(template: Template, incident: Incident) -> str:
    """The template's body with what the run knows, as of the moment that its title is about; the rest is marked."""
    return "\n".join(_Filler(template, replace(incident, moment=_moment(template))).lines())


def _moment(template: Template) -> Moment:
    """As of when a message is written: an initial alert knows nothing of the end."""
    if re.search(r"\binitial\b|\bfirst\b|\berst\w*meldung|\binicial\b|\balert\b|\balarm\b", template.title, re.I):
        return "alert"
    if re.search(r"\bupdate\b|zwischenstand|\bactualizaci", template.title, re.I):
        return "update"
    return "end"


class _Filler:
    """Fills one template."""

    def __init__(self, template: Template, incident: Incident) -> None:
        self._template, self._incident = template, incident
        self._unknown = UNKNOWN[language(template)]
        self._example = EXAMPLE[language(template)]
        self._none = NOTHING[language(template)]

    def lines(self) -> Iterator[str]:
        """The filled lines."""
        lines = self._template.body.split("\n")
        number = 0
        while number < len(lines):
            line = lines[number]
            number += 1
            heading = self._heading(line)
            if heading is None:
                yield self._line(line)
                continue
            yield self._inline(line, heading) if "[" in line or _DATE.search(line) else line
            body_end = self._end_of(lines, number)
            yield from self._below(heading, lines[number:body_end])
            number = body_end

    # Headings with something below them.

    def _heading(self, line: str) -> str | None:
        """The words of a heading, or of a label that stands alone on its line."""
        found = _HEADING.match(line) or _ALONE.match(line)
        return None if found is None else found["words"].strip(" *")

    def _end_of(self, lines: list[str], number: int) -> int:
        return next((at for at in range(number, len(lines)) if self._heading(lines[at]) is not None), len(lines))

    def _below(self, heading: str, body: list[str]) -> Iterator[str]:
        tail = list(_blank_tail(body))
        text = [line for line in body[: len(body) - len(tail)] if line.strip()]
        if any(_LABELLED.match(line) for line in text) and not all(_BOX.match(line) for line in text):
            yield from (self._line(line) for line in body)  # a list of labelled fields, filled one by one
            return
        listed = section(heading, self._incident)
        if listed is not None and text and not text[0].lstrip().startswith("|"):
            yield from self._gap(body)
            mark = _mark_of(text)
            yield from (f"{mark(row)}{words}" for row, words in enumerate(listed, start=1))
            if not listed:
                yield f"{mark(1)}[{self._none}]"
        elif (said := fact(heading, self._incident)) is not None and text:
            yield from self._gap(body)
            yield said
        else:
            yield from (self._example_or_field(line) for line in body)
            return
        yield from tail

    def _gap(self, body: list[str]) -> Iterator[str]:
        """Blank lines and rulers between a heading and its text stay."""
        for line in body:
            if line.strip() and not _RULE.match(line):
                return
            yield line

    def _example_or_field(self, line: str) -> str:
        """Text below a heading that the run knows nothing about: an example, to be written over."""
        if not line.strip() or _RULE.match(line) or line.lstrip().startswith("|"):
            return self._line(line)
        if _BRACKETS.search(_BOX.sub("", line)) or _LABELLED.match(line):
            return self._line(line)
        lead = re.match(r"\s*(?:[-*+]\s+(?:\[[ xX]\]\s+)?|\d+[.)]\s+)?", line)
        start = 0 if lead is None else lead.end()
        return f"{line[:start]}[{self._example}: {line[start:].strip()}]"

    # Single lines.

    def _line(self, line: str) -> str:
        if line.lstrip().startswith("|"):
            return fill_table_line(line, self._incident, self._template.body)
        found = _LABELLED.match(line)
        if found is None or _BOX.match(line):
            return self._inline(line, "")
        label, value = found["label"].strip(" *"), found["value"].strip()
        return f"{found['lead']}{found['label']}{found['colon']}{self._value(label, value)}"

    def _value(self, label: str, value: str) -> str:
        """The value of a labelled line: what the run knows, or the fields in it filled, or it is marked."""
        whole = _BRACKETS.fullmatch(value)
        if SUBJECT.match(label):
            return self._subject(value)
        if NEXT_UPDATE.match(label) and not whole:
            return f"[{self._unknown}: {value}]"
        only_fields = whole is None and not re.search(r"\w", _BRACKETS.sub("", value))
        if only_fields and (said := fact(label, self._incident)) is not None:
            return said
        if whole is None and _BRACKETS.search(value):
            return self._inline(value, label)
        inner = _inside(whole) if whole is not None else ""
        chosen = choose(_options(inner), label, self._incident) if len(_options(inner)) > 1 else None
        if chosen is not None:
            return chosen
        if STATUS.match(label):
            return status_word(value, self._incident) if whole is None else self._incident.state
        said = fact(label, self._incident)
        if said is None and whole is not None and not understood(label):
            said = fact(inner, self._incident)
        if said is not None:
            return said
        return f"[{self._unknown}: {inner or value}]"

    def _subject(self, value: str) -> str:
        """A subject line: its fields filled; words without a field are an example, and what happened replaces them."""
        incident = self._incident
        if re.search(r"\[(?!P\d|SEV|Sev)", value):
            return self._inline(value, "")
        state = {"resolved": " - RESOLVED", "mitigated": " - UPDATE", "investigating": ""}[incident.state]
        mark = f"[{incident.case.severity}] " if incident.case.severity else ""
        return f"{mark}{incident.case.title}{state}"

    def _inline(self, text: str, label: str) -> str:
        """Every field inside a line filled or marked; boxes to tick are no fields."""
        box = _BOX.match(text)
        head, rest = (text[: box.end()], text[box.end() :]) if box else ("", text)
        filled = _BRACKETS.sub(lambda match: self._field(match, label), rest)
        day = self._incident.at(self._incident.started_s)
        filled = _DATE.sub(lambda match: match.group(0) if day is None else f"{day:%Y-%m-%d}", filled)
        filled = re.sub(
            r"(?<= - )(?:Brief Description|Kurzbeschreibung|Breve descripción)\b", self._incident.case.title, filled
        )
        return head + filled

    def _field(self, match: re.Match[str], label: str) -> str:
        inner = _inside(match)
        options = _options(inner)
        if len(options) > 1 and (chosen := choose(options, label, self._incident)) is not None:
            return chosen
        said = fact(inner, self._incident)
        if said is None and label:
            said = fact(label, self._incident) if not understood(inner) else None
        return said if said is not None else f"[{self._unknown}: {inner}]"


def _inside(match: re.Match[str]) -> str:
    return (match["square"] or match["angle"] or match["curly"] or "").strip()


def _options(inner: str) -> list[str]:
    """`a | b`, `a/b/c`: the words that are offered."""
    parts = inner.split("|") if "|" in inner else inner.split("/")
    return [part.strip() for part in parts if part.strip()]


def _blank_tail(body: list[str]) -> Iterator[str]:
    for line in reversed(body):
        if line.strip():
            return
        yield line


def _mark_of(text: list[str]) -> Mark:
    """How a template's list is written: numbered, with boxes, or with dashes."""
    first = text[0].lstrip() if text else "- "
    if re.match(r"\d+[.)]\s", first):
        return lambda row: f"{row}. "
    if re.match(r"[-*+]\s+\[[ xX]\]", first):
        return lambda row: "- [ ] "
    return lambda row: "- "
