"""The severity scale: from a table, from headings, from bullets.

Ids run in both directions ("Level 1" may be the mildest, "P0" the worst), so the rank is taken from the
response time and the words, never from the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from drills.runbook.blocks import ListBlock, Paragraph, Table
from drills.runbook.durations import deadline, read_duration
from drills.runbook.guards import SEVERITY_ID
from drills.runbook.model import Deadline, SeverityLevel, Source
from drills.runbook.sections import Section
from drills.runbook.text import bold_lead, no_pictographs, plain

_RESPONSE = re.compile(
    r"respon[sd]\w*|reaktion\w*|react\w*|antwort\w*|tiempo|respuesta|reacción|\bsla\b|\back\w*|time to|"
    r"\bzeit\b|within|deadline|mttr|target|délai|réponse|prazo|resposta|plazo|frist",
    re.I,
)
_ID = re.compile(
    r"^(?:sev(?:erity)?|level|lvl|category|priority|prio|class|id|code|stufe|schweregrad|priorität|klasse|"
    r"kategorie|severidad|nivel|prioridad|gravedad|categoría|p)$|severity|schweregrad|severidad|^level|"
    r"niveau|gravité|gravidade|nível|^nivel|^stufe|priorit|prioridad|categor|kategorie",
    re.I,
)
_EXAMPLES = re.compile(
    r"example|criteria|when|description|definition|impact|beispiel|kriteri|beschreibung|auswirkung|ejemplo|"
    r"criterio|descripción|impacto|definición|trading",
    re.I,
)
_ACTIONS = re.compile(r"action|maßnahme|massnahme|acci[oó]n|medida", re.I)
_WORDS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, re.compile(r"emergency|catastroph|notfall|emergencia|desastre", re.I)),
    (1, re.compile(r"(?<!non-)(?<!nicht )(?<!no )critical|kritisch|crític|severe|schwer\b|blocker", re.I)),
    (2, re.compile(r"\bhigh\b|major|\bhoch\b|hohe?\b|\balt[ao]\b|mayor|urgent|dringend|serious", re.I)),
    (3, re.compile(r"medium|moderate|warning|mittel|\bmedi[ao]\b|warnung|moderad|advertencia|normal", re.I)),
    (4, re.compile(r"\blow\b|minor|niedrig|gering|\bbaj[ao]\b|menor|leicht|leve|info", re.I)),
)
_THRESHOLD = re.compile(
    r"(?P<lo>\d+(?:\.\d+)?)\s*(?:-|–|to|bis|a)\s*(?P<hi>\d+(?:\.\d+)?)\s*%|"
    r"(?P<above>[>≥]=?)\s*(?P<min>\d+(?:\.\d+)?)\s*%|(?P<below>[<≤]=?)\s*(?P<max>\d+(?:\.\d+)?)\s*%"
)
_BARE_NAME = re.compile(
    r"^(?:critical|high|medium|low|major|minor|emergency|warning|kritisch|hoch|mittel|niedrig|gering|"
    r"crític[oa]|alt[oa]|medi[oa]|baj[oa]|rot|gelb|grün|orange|red|amber|yellow|green|black|rojo|ámbar|amarillo|"
    r"verde|critique|élevée?|moyenne?|faible|schwer|leicht)$",
    re.I,
)
_SCALE_WORD = re.compile(
    r"(?:severity|severidad|gravedad|schweregrad|priorit(?:y|ät)|prioridad|nivel|level|stufe)\b", re.I
)
_LETTERED = re.compile(r"^(?:sev|severity)[ -]?[A-E]\b", re.I)
_HEADED = re.compile(r"^severity\s*[:–—-]\s*", re.I)
_RESPONDS = re.compile(
    r"\b(?:respon\w*|reaktion\w*|antwort\w*|within|innerhalb|binnen|tiempo|respuesta|atención|dentro|ack\w*|sla)\b",
    re.I,
)
_APART = re.compile(r"\s+[–—-]\s+|[;,|]\s|\s{2,}|\.\s")
_NAME_AND_MORE = re.compile(r"^(?P<name>[^\W\d]+)\s*(?:[–—:]|\s-)\s+(?P<more>\S.*)$")


@dataclass(slots=True)
class _Draft:
    id: str
    name: str
    src: Source
    response: Deadline | None = None
    criteria: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)


def read_severities(
    sections: Sequence[Section], file: str, others: Sequence[Section] = ()
) -> tuple[SeverityLevel, ...]:
    """The levels described in the severity sections, with their ranks; in `others`, tables that can be nothing else."""
    drafts: dict[str, _Draft] = {}
    for section in sections:
        for draft in _levels(section, file):
            drafts.setdefault(draft.id, draft)
    for section in () if drafts else others:
        for block in section.blocks:
            if isinstance(block, Table) and is_scale(block):
                for draft in _from_table(block, section, file):
                    drafts.setdefault(draft.id, draft)
    return _ranked(list(drafts.values()))


def is_scale(table: Table) -> bool:
    """Whether a table is a severity scale wherever it stands: its rows are levels, and it says how fast."""
    table = _upright(table)
    titles = [plain(cell) for cell in table.header]
    identity = next((i for i, title in enumerate(titles) if _ID.search(title)), 0)
    names = [plain(cells[identity]) for _, cells in table.rows if identity < len(cells)]
    levels = sum(_named(no_pictographs(name)) is not None for name in names)
    return len(names) >= 2 and levels == len(names) and _response_column(table, titles, identity) is not None


def _upright(table: Table) -> Table:
    """A matrix with the levels across, turned so that each level has a row."""
    across = [plain(cell) for cell in table.header[1:]]
    if len(across) < 2 or not all(SEVERITY_ID.search(cell) or _BARE_NAME.match(cell) for cell in across):
        return table
    header = ("Level", *(cells[0] if cells else "" for _, cells in table.rows))
    rows = tuple(
        (table.line, (name, *(cells[at] if at < len(cells) else "" for _, cells in table.rows)))
        for at, name in enumerate(table.header[1:], 1)
    )
    return Table(table.line, table.end, header, rows)


def _response_column(table: Table, titles: Sequence[str], identity: int) -> int | None:
    """The column that says how fast: by its title, else by its cells, all or nearly all of which are times."""
    told = next((i for i, title in enumerate(titles) if i != identity and _RESPONSE.search(title)), None)
    if told is not None:
        return told
    for at in range(len(titles)):
        cells = [plain(cells[at]) for _, cells in table.rows if at < len(cells)]
        timed = sum(read_duration(cell) is not None and len(cell) <= 30 for cell in cells)
        if at != identity and timed and timed >= len(cells) - 1:
            return at
    return None


def _levels(section: Section, file: str) -> Iterator[_Draft]:
    headed = _HEADED.match(section.text)
    own = _named(section.text[headed.end() :]) if headed is not None else None
    if own is not None:  # "## Severity: P1 - High": the document is about one level
        yield _from_heading(section, own, file)
        return
    for block in section.blocks:
        if isinstance(block, Table):
            yield from _from_table(block, section, file)
        elif isinstance(block, ListBlock):
            yield from _from_list(block, section, file)
        elif isinstance(block, Paragraph):
            yield from _from_lines(block, section, file)
    for child in section.children:
        named = _named(child.text)
        if named is not None:
            yield _from_heading(child, named, file)
        else:
            yield from _levels(child, file)


def _named(text: str) -> tuple[str, str] | None:
    """A level's heading as (id, name): "P0 - Critical", "Level 1: Warning (8-15% drawdown)", "Critical"."""
    words = plain(text).strip()
    match = SEVERITY_ID.search(words) or _LETTERED.match(words)
    bracketed = re.search(r"[(\[]([^()\[\]]{2,12})[)\]]$", words)
    if match is not None and match.start() > 12 and bracketed and _SCALE_WORD.match(words):
        id_ = SEVERITY_ID.fullmatch(bracketed.group(1).strip())  # "Severidad crítica (P1)"
        return (id_.group(0), words[: bracketed.start()].strip(" :–—-")) if id_ is not None else None
    if match is not None and match.start() <= 12:
        name = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", words[match.end() :]).strip(" :–—-")
        return match.group(0).strip(), name or words
    bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", words).strip(" :")
    more = _NAME_AND_MORE.match(bare)
    if more is not None and _BARE_NAME.match(more.group("name")):
        return more.group("name"), more.group("more")
    return (bare, bare) if _BARE_NAME.match(bare) else None


def _from_heading(section: Section, named: tuple[str, str], file: str) -> _Draft:
    end = max([section.line, *(block.end for block in section.blocks)])
    src = Source(file=file, line=section.line, end=end, path=section.path)
    draft = _Draft(named[0], f"{named[1]} {_bracket(section.text)}".strip(), src)
    for bracket in re.findall(r"[(\[]([^()\[\]]+)[)\]]", section.text):
        if "%" not in bracket:
            draft.response = draft.response or deadline(bracket, src, "table")
    for block in section.blocks:
        if isinstance(block, ListBlock):
            for item in block.items:
                _detail(draft, plain(item.raw), Source(file=file, line=item.line, end=item.end, path=section.path))
        elif isinstance(block, Paragraph):
            for offset, line in enumerate(block.raw.split("\n")):
                _detail(
                    draft,
                    plain(line),
                    Source(file=file, line=block.line + offset, end=block.line + offset, path=section.path),
                )
    return draft


def _bracket(text: str) -> str:
    match = re.search(r"\([^()]*%[^()]*\)", text)
    return match.group(0) if match else ""


def _detail(draft: _Draft, words: str, src: Source) -> None:
    """One line below a level: its response time, its actions, or a criterion."""
    label, colon, rest = words.partition(":")
    if colon and _RESPONSE.search(label) and (stated := deadline(rest.strip(), src, "table")):
        draft.response = draft.response or stated
    elif colon and _ACTIONS.search(label):
        draft.actions += [part.strip() for part in re.split(r"[,;]", rest) if part.strip()]
    elif words:
        draft.criteria.append(rest.strip() if colon and _EXAMPLES.search(label) else words)


def _from_table(table: Table, section: Section, file: str) -> Iterator[_Draft]:
    table = _upright(table)
    titles = [plain(cell) for cell in table.header]
    identity = next((i for i, title in enumerate(titles) if _ID.search(title)), 0)
    response = _response_column(table, titles, identity)
    for line, cells in table.rows:
        values = [no_pictographs(plain(cell)) for cell in cells]
        if identity >= len(values) or not values[identity]:
            continue
        src = Source(file=file, line=line, end=line, path=(*section.path, section.text))
        among = [n for value in values if (n := _named(value))]
        if len(among) > 1 and _named(values[identity]) is None:  # a matrix, with the levels in its cells
            yield from (draft for value in values if (draft := _in_cell(value, src)) is not None)
            continue
        named = _named(values[identity]) or next(iter(among), None)
        rest = [(i, value) for i, value in enumerate(values) if i not in {identity, response} and value]
        name = values[identity] if named is None else named[1]
        if (named is not None and name == named[0] and rest) or (
            named is not None and SEVERITY_ID.fullmatch(name.strip())
        ):
            name = rest[0][1] if rest else name
        draft = _Draft(named[0] if named else values[identity], name, src)
        if response is not None and response < len(values):
            draft.response = deadline(values[response], src, "table")
        for i, value in rest:
            (draft.actions if _ACTIONS.search(titles[i]) else draft.criteria).append(value)
        yield draft


def _in_cell(value: str, src: Source) -> _Draft | None:
    named = _named(value)
    if named is None:
        return None
    bracket = re.search(r"[(\[]([^()\[\]]+)[)\]]", value)
    response = deadline(bracket.group(1), src, "table") if bracket is not None else None
    return _Draft(named[0], named[0] if named[1] == value else named[1], src, response)


def _from_list(block: ListBlock, section: Section, file: str) -> Iterator[_Draft]:
    for item in block.items:
        bold = bold_lead(item.raw)
        words = no_pictographs(plain(item.raw))
        src = Source(file=file, line=item.line, end=item.end, path=(*section.path, section.text))
        draft = _told(bold[0] if bold else words.partition(":")[0], words, src)
        if draft is not None:
            yield draft


def _from_lines(block: Paragraph, section: Section, file: str) -> Iterator[_Draft]:
    """A scale without list or table: a level on each line, or in each sentence."""
    lines = [(block.line + at, line) for at, line in enumerate(block.raw.split("\n"))]
    if len(lines) == 1:
        lines = [(block.line, part) for part in re.split(r"(?<=\.)\s+", block.raw)]
    found = []
    for at, line in lines:
        words = " ".join(no_pictographs(plain(part)) for part in re.split(r"\s{2,}", line.strip()))
        first = SEVERITY_ID.match(words) or _LETTERED.match(words)
        if first is None:
            continue
        spaced = "; ".join(no_pictographs(plain(part)) for part in re.split(r"\s{2,}", line.strip()))
        src = Source(file=file, line=at, end=at, path=(*section.path, section.text))
        draft = _told(words[: first.end()], spaced.replace("=", ":", 1), src)
        if draft is not None:
            found.append(draft)
    yield from found if len(found) >= 2 else ()


def _told(head: str, words: str, src: Source) -> _Draft | None:
    """A level and what one line says of it: "S1: a loss is running, answer within 2 minutes"."""
    named = _named(head)
    if named is None:
        return None
    draft = _Draft(named[0], named[1], src)
    rest = words.partition(":")[2].strip() or words.removeprefix(named[0]).strip(" :;–—-") or words
    draft.response = _response(rest, src)
    draft.criteria.append(rest)
    return draft


def _response(words: str, src: Source) -> Deadline | None:
    """How fast one has to answer: what stands behind a word of answering, else a part that is only a time."""
    for match in _RESPONDS.finditer(words):
        behind = _APART.split(words[match.end() :], maxsplit=1)[0]
        stated = deadline(f"{match.group(0)}{behind}"[:60], src, "table")
        if stated is not None:
            return stated
    for part in (*_APART.split(words), words):
        stated = deadline(part.strip(" ."), src, "table") if len(part) <= 40 else None
        if stated is not None and (len(part) <= 24 or stated.kind in {"immediate", "max"}):
            return stated
    return None


def _ranked(drafts: list[_Draft]) -> tuple[SeverityLevel, ...]:
    order = sorted(range(len(drafts)), key=lambda i: _severity_key(drafts[i], i))
    ranks = {index: rank for rank, index in enumerate(order, 1)}
    return tuple(_frozen(draft, ranks[i]) for i, draft in enumerate(drafts))


def _severity_key(draft: _Draft, position: int) -> tuple[float, int, int, int]:
    response = draft.response
    seconds = (
        float("inf")
        if response is None or response.kind == "varies"
        else (response.hi_s if response.hi_s is not None else response.lo_s or 0.0)
    )
    text = " ".join([draft.name, *draft.criteria[:1]])
    word = next((rank for rank, pattern in _WORDS if pattern.search(draft.name)), None)
    if word is None:
        word = next((rank for rank, pattern in _WORDS if pattern.search(text)), 9)
    number = re.search(r"\d", draft.id)
    return seconds, word, int(number.group(0)) if number else 0, position


def _frozen(draft: _Draft, rank: int) -> SeverityLevel:
    bounds = _THRESHOLD.search(" ".join([draft.name, *draft.criteria]))
    threshold: tuple[float | None, float | None] | None = None
    if bounds is not None:
        low, high = bounds.group("lo") or bounds.group("min"), bounds.group("hi") or bounds.group("max")
        threshold = (float(low) if low else None, float(high) if high else None)
    name = re.sub(r"\s*\([^()]*%[^()]*\)", "", draft.name).strip()
    return SeverityLevel(
        src=draft.src, id=draft.id, rank=rank, name=name, response=draft.response,
        criteria=tuple(draft.criteria), actions=tuple(draft.actions), threshold=threshold,
    )  # fmt: skip


def level_for(
    levels: Sequence[SeverityLevel], stated: Sequence[str], rank: int, measures: Mapping[str, float]
) -> SeverityLevel | None:
    """The level an incident has on the runbook's own scale.

    A measured drawdown within a level's threshold decides; else the level that the procedure states; else the
    incident's rank, the mildest level for anything milder.
    """
    drawdown = measures.get("drawdown_pct")
    for level in sorted(levels, key=lambda level: level.rank):
        if drawdown is not None and level.threshold is not None:
            low, high = level.threshold
            if (low is None or drawdown >= low) and (high is None or drawdown <= high):
                return level
    named = [level for level in levels if level.id in stated]
    if named:
        return min(named, key=lambda level: level.rank)
    ordered = sorted(levels, key=lambda level: level.rank)
    return ordered[min(rank, len(ordered)) - 1] if ordered else None
