"""Whom to reach and when: contacts and escalation rules, from tables and bullets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from drills.runbook.blocks import ListBlock, ListItem, Paragraph, Table
from drills.runbook.durations import deadline, find_deadline, read_duration
from drills.runbook.model import Contact, EscalationRule, Source
from drills.runbook.sections import Section
from drills.runbook.text import plain

_PLACEHOLDER = re.compile(
    r"^\W*$|^[\[<({].*[\]>)}]$|\[(?:phone|email|name|contact|number|support|tel|telefon|teléfono|correo|"
    r"slack|define|tbd|insert|nombre|nummer)[^\]]*\]|^\(?(?:define|tbd|tba|todo|n/?a|xxx+|fill in|to be "
    r"(?:defined|added|confirmed)|"
    r"offen|noch offen|wird nachgetragen|(?:bitte )?nachtragen|eintragen|ausfüllen|noch zu (?:ergänzen|definieren)|"
    r"por (?:definir|asignar|confirmar)|pendiente|completar|à (?:compléter|"
    r"définir)|a (?:definir|completar|preencher)|unknown|none yet)\b.*\)?$|\bXXX+|"
    r"\b555[- ]?(?:01\d\d|1234|5555|0000)\b|\b555-[A-Z]|[- ](?:Y{4,}|Z{4,})\b|\+?0{3,}[- ]?0{2,}|example\.(?:com|"
    r"org)\b|\?{2,}",
    re.I,
)
_DATED = re.compile(r"^(?:last|next|letzte|nächste|última|próxima|version|versión|stand|updated)\b", re.I)
_BROKEN = re.compile(
    r"#(?:ref|n/a|name|value|wert|bezug)[!?]?$|^@?tbd$|^n\. ?n\.?$|^@(?:user(?:name)?|name|handle|"
    r"usuario|nombre)$",
    re.I,
)
_REACH = re.compile(
    r"contact|phone|mobile|e-?mail|slack|pager|number|channel|telefon|kontakt|durchwahl|nummer|teléfono|contacto|correo|"
    r"móvil|celular",
    re.I,
)
_ROLE = re.compile(
    r"role|team|who|name|function|contact type|rolle|wer|funktion|bereich|rol\b|función|equipo|quién|cargo", re.I
)
_TIME = re.compile(
    r"time|after|when|elapsed|duration|trigger|condition|zeit|nach|dauer|wann|bedingung|stufe|tiempo|tras|"
    r"cuándo|plazo|condición|minut|level|severity",
    re.I,
)
_ACTION = re.compile(
    r"action|escalat|who|contact|notify|to\b|role|do|aktion|maßnahme|eskal|wer|an\b|acción|escala|quién|"
    r"contacto|notificar|rol",
    re.I,
)
_TO = re.compile(
    r"\b(?:escalate to|to the|to|notify|page|call|inform|an den|an die|an|benachrichtigt?|al|a la|avisar a|"
    r"notificar a)\s+(?:the |den |die |la |el )?(?P<role>[\w &/-]{2,50})",
    re.I,
)


def is_placeholder(value: str) -> bool:
    """Whether a contact value was never filled in."""
    bare = value.strip()
    return _PLACEHOLDER.search(bare) is not None or _BROKEN.search(bare) is not None


def read_contacts(sections: Sequence[Section], file: str) -> tuple[Contact, ...]:
    """The contacts below the contact sections."""
    return tuple(contact for section in sections for part in section.walk() for contact in _contacts(part, file))


def _contacts(section: Section, file: str) -> Iterator[Contact]:
    group = section.text if section.is_label else ""
    for block in section.blocks:
        if isinstance(block, Table):
            yield from _contact_rows(block, section, file)
        elif isinstance(block, ListBlock):
            for item in block.items:
                yield from _contact_line(
                    item.raw, group, Source(file=file, line=item.line, end=item.end, path=section.path)
                )
        elif isinstance(block, Paragraph):
            for offset, line in enumerate(block.raw.split("\n")):
                at = block.line + offset
                apart = re.split(r"\s{2,}", line.strip(), maxsplit=1)  # columns made of spaces
                if ":" not in plain(line) and len(apart) == 2:
                    line = ": ".join(apart)
                if ":" in plain(line) and not _DATED.match(plain(line)):
                    yield from _contact_line(line, group, Source(file=file, line=at, end=at, path=section.path))


def _contact_line(raw: str, group: str, src: Source) -> Iterator[Contact]:
    words = plain(raw)
    role, colon, value = words.partition(":")
    if not colon:
        role, colon, value = words.partition(" - ")
    if not colon or len(role) > 80:
        return
    name = f"{group} {role}".strip() if group else role.strip()
    yield Contact(src=src, role=name, value=value.strip(), placeholder=is_placeholder(value))


def _contact_rows(table: Table, section: Section, file: str) -> Iterator[Contact]:
    titles = [plain(cell) for cell in table.header]
    role = next((i for i, title in enumerate(titles) if _ROLE.search(title)), 0)
    for line, cells in table.rows:
        values = [plain(cell) for cell in cells]
        if role >= len(values) or not values[role]:
            continue
        others = [(titles[i], value) for i, value in enumerate(values) if i != role and i < len(titles)]
        # Who has a name and no number cannot be reached; without such a column anything that is filled in counts.
        ways = [value for title, value in others if _REACH.search(title)] or [value for _, value in others]
        filled = [value for value in ways if not is_placeholder(value)]
        text = " / ".join(value for _, value in others if value)
        src = Source(file=file, line=line, end=line, path=(*section.path, section.text))
        yield Contact(src=src, role=values[role], value=text, placeholder=not filled)


def read_escalation(sections: Sequence[Section], file: str) -> tuple[EscalationRule, ...]:
    """The rules below the escalation sections, contact lists left out."""
    return tuple(
        rule
        for section in sections
        for part in section.walk()
        if part is section or part.kind != "contacts"
        for rule in _rules(part, file)
    )


def _rules(section: Section, file: str) -> Iterator[EscalationRule]:
    for block in section.blocks:
        if isinstance(block, Table):
            yield from _rule_rows(block, section, file)
        elif isinstance(block, ListBlock):
            for item in block.items:
                yield _rule_item(item, section, file)


def _rule_rows(table: Table, section: Section, file: str) -> Iterator[EscalationRule]:
    titles = [plain(cell) for cell in table.header]
    when = next((i for i, title in enumerate(titles) if _TIME.search(title)), 0)
    rated = next(
        (
            i
            for i in range(len(titles))
            if table.rows and all(i < len(c) and read_duration(plain(c[i])) for _, c in table.rows)
        ),
        None,
    )
    when = rated if rated is not None else when
    what = next((i for i, title in enumerate(titles) if i != when and _ACTION.search(title)), None)
    if what is None:
        what = next((i for i in range(len(titles)) if i != when), when)
    for line, cells in table.rows:
        values = [plain(cell) for cell in cells]
        if max(when, what) >= len(values) or not any(values):
            continue
        src = Source(file=file, line=line, end=line, path=(*section.path, section.text))
        yield _rule(values[when], values[what], src)


def _rule_item(item: ListItem, section: Section, file: str) -> EscalationRule:
    words = plain(item.raw)
    src = Source(file=file, line=item.line, end=item.end, path=(*section.path, section.text))
    head, separator, rest = words.partition(":")
    if not separator or read_duration(head) is None:
        parts = re.split(r"\s*(?:→|->|=>|–|—|\s-\s)\s*", words, maxsplit=1)
        head, rest = (parts[0], parts[1]) if len(parts) == 2 else (words, words)
    return _rule(head.strip(), rest.strip(), src)


def _rule(when: str, action: str, src: Source) -> EscalationRule:
    after = deadline(when, src, "table") or (find_deadline(when, src) if when == action else None)
    if after is not None and after.lo_s is None and after.kind in {"max", "budget"}:
        after = after.model_copy(update={"lo_s": after.hi_s})  # "after | 10 minutes" is not before those are over
    role = _TO.search(action)
    return EscalationRule(
        src=src,
        after=after,
        when=None if after else when or None,
        action=action,
        role=role.group("role").strip() if role else None,
    )
