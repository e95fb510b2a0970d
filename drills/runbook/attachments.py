"""What else a runbook carries: checklists, templates, its own drills, objectives, metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from drills.runbook.blocks import Block, Fence, ListBlock, Paragraph, Table
from drills.runbook.drafts import Found
from drills.runbook.durations import seconds_in
from drills.runbook.fences import as_template
from drills.runbook.model import Checklist, Drill, Item, Objective, Source, Template
from drills.runbook.sections import Section
from drills.runbook.text import bold_lead, checkbox, plain

_OBJECTIVE = re.compile(
    r"(?<!\w)(?P<name>RTO|RPO|MTTR|MTD|MTTA|recovery time objective|recovery point objective|"
    r"wiederherstellungszeit|wiederanlaufzeit|tiempo (?:objetivo )?de recuperación|"
    r"wiederanlauf(?= ?:)|time to (?:restore|recover|resolve|mitigate)|restored?(?= ?:)|"
    r"recovery (?:target|time)(?= ?:))\b[^\n]{0,60}?"
    r"(?:[:=≤<|]|\bis\b|\bof\b|\bvon\b|\bist\b|\bes\b|\bde\b)+\s*(?P<time>[<≤~]?\s*\d[^\n.;,|]{0,40})",
    re.I,
)
_RESTORED = re.compile(
    r"\b(?:restor\w+|recover\w*|back (?:up|online|in business)|wiederher\w*|wieder(?:anlauf|aufnahme)\w*|recuperar|"
    r"restablecer|rétabli\w*|restabelecer)\b[^.\n]{0,50}?\b(?:within|in under|in less than|innerhalb(?: von)?|binnen|"
    r"spätestens nach|en menos de|dentro de|en moins de|em menos de)\s+(?P<time>\d[^.\n;,|]{0,20})",
    re.I,
)
"""`Trading restored within 45 minutes`: an objective in a sentence."""
_OBJECTIVE_NAMES = {
    "recovery time objective": "RTO",
    "recovery point objective": "RPO",
    "wiederherstellungszeit": "RTO",
    "wiederanlaufzeit": "RTO",
    "wiederanlauf": "RTO",
    "time to restore": "RTO",
    "time to recover": "RTO",
    "time to mitigate": "RTO",
    "time to resolve": "MTTR",
    "restore": "RTO",
    "restored": "RTO",
    "recovery target": "RTO",
    "recovery time": "RTO",
}
_DRILL = re.compile(
    r"^(?P<when>Q[1-4]|(?:quarter|quartal|trimestre)\s*\d|january|february|march|april|may|june|july|august|"
    r"september|october|november|december|monthly|quarterly|weekly|yearly|annual\w*|"
    r"jährlich|monatlich|quartalsweise|mensual|trimestral|anual|T[1-4]|[\w ]{2,20}?)\s*(?::|–|—|"
    r"\s-\s)\s*(?P<scenario>\S.*)$",
    re.I,
)
_NEXT_LABEL = re.compile(r"(?<=\S)\s+[·|]?\s*(?=\*\*[^*\n]{2,30}:\*\*)")
"""Between two labels on one line: `**Severity:** P0. **RTO:** 15 minutes`."""
_LABELLED = re.compile(r"^(?P<key>[^\W\d][\w /()-]{0,40}?)\s*:\s*(?P<value>\S.*)$")


def read_checklists(sections: Sequence[Section], used: frozenset[int], file: str) -> tuple[Checklist, ...]:
    """Lists of boxes, titled by the section or label they stand under; `used` lines became steps."""
    found: list[Checklist] = []
    for section in sections:
        for part in [section]:
            items = [
                item
                for block in part.blocks
                for item in _boxes(block, file, (*part.path, part.text))
                if item.line not in used
            ]
            if items:
                src = Source(file=file, line=part.line, end=items[-1].end, path=part.path)
                found.append(Checklist(src=src, title=part.title, items=tuple(items)))
    return tuple(found)


def _boxes(block: Block, file: str, path: tuple[str, ...]) -> Iterator[Item]:
    if not isinstance(block, ListBlock):
        return
    for entry in block.items:
        done, words = checkbox(entry.raw)
        if done is not None:
            yield Item(src=Source(file=file, line=entry.line, end=entry.end, path=path), text=plain(words), done=done)
        for inner in entry.rest:
            yield from _boxes(inner, file, path)


def read_templates(sections: Sequence[Section], found: Found) -> Iterator[Template]:
    """The fences below the template sections."""
    for section in sections:
        for part in section.walk():
            for block in part.blocks:
                if isinstance(block, Fence) and block.text.strip():
                    yield as_template(block, part.title, found.file, (*part.path, part.text))


def read_drills(sections: Sequence[Section], file: str) -> tuple[Drill, ...]:
    """The drills that the runbook schedules."""
    return tuple(
        drill
        for section in sections
        for part in section.walk()
        if part.kind != "checklist"
        for block in part.blocks
        for drill in _drills(block, part, file)
    )


def _drills(block: Block, section: Section, file: str) -> Iterator[Drill]:
    if isinstance(block, ListBlock):
        for item in block.items:
            if checkbox(item.raw)[0] is not None:
                continue
            match = _DRILL.match(plain(item.raw))
            if match:
                src = Source(file=file, line=item.line, end=item.end, path=(*section.path, section.text))
                yield Drill(src=src, when=match.group("when"), scenario=match.group("scenario"))
    elif isinstance(block, Table):
        for line, cells in block.rows:
            values = [plain(cell) for cell in cells]
            if len(values) >= 2 and values[0]:
                yield Drill(
                    src=Source(file=file, line=line, end=line, path=(*section.path, section.text)),
                    when=values[0],
                    scenario=values[1],
                )


def read_objectives(section: Section, file: str) -> tuple[Objective, ...]:
    """The objectives with a number that stand directly under a section (not below its sub-headings)."""
    found = []
    for line, text in _lines(section.blocks):
        match = _OBJECTIVE.search(text) or _RESTORED.search(text)
        seconds = seconds_in(match.group("time")) if match else None
        if match is None or seconds is None:
            continue
        name = match.group("name") if match.re is _OBJECTIVE else "RTO"
        short = _OBJECTIVE_NAMES.get(name.lower(), "RTO" if name.lower().startswith("tiempo") else name.upper())
        if short in {"RTO", "RPO", "MTTR", "MTD", "MTTA"}:
            src = Source(file=file, line=line, end=line, path=(*section.path, section.text))
            found.append(Objective.model_validate({"src": src, "name": short, "raw": text, "seconds": seconds}))
    return tuple(found)


def read_meta(sections: Sequence[Section]) -> dict[str, str]:
    """`**Owner:** Trading Team` and the like, from paragraphs that hold nothing else."""
    meta: dict[str, str] = {}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                meta |= labelled_lines(block)
    return meta


def labelled_lines(block: Paragraph) -> dict[str, str]:
    """The `**Label:** value` lines of a paragraph; empty unless every line is one."""
    found: dict[str, str] = {}
    for raw in block.raw.split("\n"):
        match = _LABELLED.match(plain(raw).lstrip("- "))
        if match is None or bold_lead(raw.lstrip("-* ") if raw.lstrip().startswith("- ") else raw) is None:
            return {}
        found[match.group("key").strip()] = match.group("value").strip()
    return found


def label_of(section: Section, pattern: str) -> tuple[int, str] | None:
    """The value of the first label matching `pattern` that stands under a section, with its line."""
    for line, text in _lines(section.blocks):
        match = _LABELLED.match(text)
        if match is not None and re.search(pattern, match.group("key"), re.I):
            return line, match.group("value")
    return None


def _lines(blocks: Sequence[Block]) -> Iterator[tuple[int, str]]:
    for block in blocks:
        if isinstance(block, Paragraph):
            for offset, raw in enumerate(block.raw.split("\n")):
                for part in _NEXT_LABEL.split(raw):
                    yield block.line + offset, plain(part)
        elif isinstance(block, ListBlock):
            for item in block.items:
                yield item.line, plain(item.raw)
        elif isinstance(block, Table):
            for line, cells in block.rows:
                yield line, " | ".join(plain(cell) for cell in cells)
