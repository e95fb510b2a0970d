"""The section tree: headings by level, and bold labels as the smallest headings of all.

Authors write `**Steps:**` where others write `### Steps`, and `**If pod crashes:**` where others draw a
tree. A label line therefore opens a section of its own below the headings, so that one set of rules reads
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from drills.runbook.blocks import Block, Fence, Heading, Html, ListBlock, Paragraph, Table
from drills.runbook.lexicon import Kind, kind_of
from drills.runbook.text import bold_lead, no_pictographs, numbered, plain

LABEL_LEVEL = 7
_LABEL_CHARS = 120
_GUARD_LEAD = re.compile(
    r"^(?:for|if|when|in case|should|bei|wenn|falls|für|im fall|sofern|si|para|en caso|cuando)\b[^\n]{1,140}:$", re.I
)
_ALSO_LABELS = re.compile(
    r"^(?:(?:sev|p|s|level|severity|stufe|nivel|prio\w*)[- ]?\d|(?:if|when|wenn|falls|bei|si|for|für|para|"
    r"option|variante|opción|alternative|case|fall|caso)\b)",
    re.I,
)
_METADATA = re.compile(
    r"^(?:last (?:updated|reviewed|tested|drill)|next (?:review|test|drill)|updated|owners?|version|"
    r"authors?|reviewers?|status|date|team|service|severity|priority|rto|rpo|sla|impact|alerts?|"
    r"audience|on-?call|approver|classification|document|id|zuletzt|letzte|nächste|verantwortlich|stand|"
    r"schweregrad|priorität|auslöser|eigentümer|prüfung|última|próxima|responsable|propietario|versión|"
    r"severidad|gravedad|prioridad|autor|estado|fecha|trigger|duration|channel|escalation|expected|erwartet|"
    r"resultado|time ?limit|deadline|frist|plazo|command|befehl|comando|who|wer|quién)\b",
    re.I,
)


@dataclass(slots=True)
class Section:
    """A heading (or label) with what stands under it."""

    level: int
    raw: str
    line: int
    end: int
    path: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)
    lead: str = ""
    """For a label: the words that follow it on its own line."""

    @property
    def text(self) -> str:
        """The title without inline markup or trailing colon."""
        return no_pictographs(plain(self.raw)).rstrip(" :")

    @property
    def number(self) -> int | None:
        """The number the title begins with, if any."""
        return numbered(self.text)[0]

    @property
    def title(self) -> str:
        """The title without its number."""
        return numbered(self.text)[1]

    @property
    def kind(self) -> Kind | None:
        """What the title says stands under it."""
        return kind_of(self.text)

    @property
    def is_label(self) -> bool:
        """Whether this section was opened by a bold label instead of a heading."""
        return self.level >= LABEL_LEVEL

    def walk(self) -> Iterator[Section]:
        """The section itself and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def has(self, kind: type[Block]) -> bool:
        """Whether a block of that type stands directly under the title."""
        return any(isinstance(block, kind) for block in self.blocks)


def unfolded(blocks: Sequence[Block]) -> list[Block]:
    """The entries of an outline as headings.

    Some tools export a page as one bulleted list, each entry folding a section away. Where a document has no
    headings below its title, and at least two entries of such a list hold a numbered list, they are its sections.
    """
    if sum(isinstance(block, Heading) for block in blocks) > 1:
        return list(blocks)
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, ListBlock) and _is_outline(block):
            for item in block.items:
                found += [Heading(item.line, item.line, 2, item.raw), *item.rest]
        else:
            found.append(block)
    return found


def _is_outline(block: ListBlock) -> bool:
    holding = sum(any(_ordered(inner) for inner in item.rest) for item in block.items)
    return not block.ordered and holding >= 2


def section_tree(blocks: Sequence[Block], last_line: int) -> Section:
    """The document as one root section (level 0) with its headings below it."""
    root = Section(0, "", 1, last_line)
    stack = [root]
    pending: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            _fill(stack[-1], pending)
            pending = []
            while stack[-1].level >= block.level:
                stack.pop().end = max(1, block.line - 1)
            path = (*stack[-1].path, stack[-1].text) if stack[-1].level else ()
            section = Section(block.level, block.raw, block.line, last_line, path)
            stack[-1].children.append(section)
            stack.append(section)
        else:
            pending.append(block)
    _fill(stack[-1], pending)
    return root


def _fill(section: Section, blocks: Sequence[Block]) -> None:
    """Give a section its blocks, cut at bold labels."""
    current = section
    defined = sum(_definition(block) is not None for block in blocks) >= 2
    counted = sum(_counted(block) is not None for block in blocks) >= 2
    for index, block in enumerate(blocks):
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        label = as_label(block, following) or (_definition(block) if defined else None)
        label = label or (_counted(block) if counted else None)
        if label is None and current is not section and _ends_here(current, block):
            current = section
        if label is None:
            current.blocks.append(block)
            current.end = max(current.end if current is section else block.end, block.end)
            continue
        raw, lead = label
        path = (*section.path, section.text) if section.level else ()
        current = Section(LABEL_LEVEL, raw, block.line, block.end, path, lead=lead)
        section.children.append(current)


_ONE_BLOCK: frozenset[Kind | None] = frozenset({"symptoms", "trigger", "objectives", "note"})


def _ends_here(label: Section, block: Block) -> bool:
    """Whether a label such as "Symptoms" has had its list, so that `block` belongs to the section again."""
    return label.kind in _ONE_BLOCK and bool(label.blocks) and (isinstance(block, Fence | Table) or _ordered(block))


def _ordered(block: Block) -> bool:
    return isinstance(block, ListBlock) and block.ordered


def as_label(block: Block, following: Block | None) -> tuple[str, str] | None:
    """The block as (label, words after it) when it opens a section of its own."""
    if not isinstance(block, Paragraph):
        return None
    raw = block.raw.strip()
    first, _, more = raw.partition("\n")
    bold = bold_lead(first)
    if bold is not None:
        label, rest = bold
        return _bold_label(label, rest, more, following)
    words = plain(first)
    if not more and isinstance(following, ListBlock | Fence | Table):
        if _GUARD_LEAD.match(words):
            return first, ""
        # "Symptoms" or "Steps:" on a line of its own, above what it announces, is a heading without its marks.
        if len(words) <= 30 and not words.endswith(".") and kind_of(words) in _ANNOUNCED:
            return first, ""
    if _STEP_WORD.match(words) and numbered(words)[0] is not None:
        return first, more
    return None


def _definition(block: Block) -> tuple[str, str] | None:
    """`**Freeze.** Press the red button`: a step and what it means, if the section has more of them."""
    bold = bold_lead(block.raw.strip()) if isinstance(block, Paragraph) else None
    if bold is None or not bold[1] or not plain(bold[0]).endswith((".", "!")) or len(plain(bold[0])) > 60:
        return None
    label = bold[0].rstrip(".! ")
    return None if kind_of(label) is not None or _METADATA.match(plain(label)) else (label, bold[1])


_DOTTED = re.compile(r"^(?:(?:[A-Z]|\d{1,2})\.\d{1,2}(?:\.\d{1,2})?\s+\S|\d{1,2}[.)]\s+\S)")


def _counted(block: Block) -> tuple[str, str] | None:
    """`A.1 Stop the sessions`, `2\\. Read the reason` as a paragraph: a numbered title without its marks."""
    if not isinstance(block, Paragraph):
        return None
    first, _, more = block.raw.strip().partition("\n")
    return (first, more) if _DOTTED.match(plain(first)) and len(first) <= _LABEL_CHARS else None


_SAID = re.compile(
    r"(?:response time|reaction time|rto|rpo|severity|priority|reaktionszeit|antwortzeit|schweregrad|"
    r"tiempo de (?:respuesta|reacción)|severidad|gravedad|prioridad)\s*:\s*\S",
    re.I,
)
_ANNOUNCED: frozenset[Kind | None] = frozenset({"symptoms", "steps", "trigger", "checklist", "contacts"})
_STEP_WORD = re.compile(r"^(?:step|schritt|paso|étape|etape|passo)\s*\d{1,2}\s*[.:)–—-]\s*\S", re.I)
BARE_STEP = re.compile(r"^(?:step|schritt|paso|étape|etape|passo)?\s*\d{1,2}\s*[.:)]?$", re.I)
"""A number and at most the word "step": what is to be done stands after it."""


def _bold_label(label: str, rest: str, more: str, following: Block | None) -> tuple[str, str] | None:
    words = plain(label).strip()
    bare = words.rstrip(" :")
    if len(words) > _LABEL_CHARS or not bare:
        return None
    colon = words.endswith(":") or rest.startswith(":")
    rest = rest.removeprefix(":").strip()
    rest = re.sub(r"^[-–—]\s+", "", rest)
    blockful = isinstance(following, ListBlock | Fence | Table)
    if BARE_STEP.match(bare) and plain(rest):  # "**Step 1.** Stop the router": the title stands outside the bold
        first, _, behind = rest.partition(". ")
        return f"{bare.rstrip('.:)')}. {first.rstrip('.')}", " ".join(filter(None, (behind, more)))
    if _SAID.match(bare) and not rest:
        return None  # `**Response time: < 15 minutes**` says something of the section, and opens none
    number = numbered(bare)[0]
    if number is not None and not _METADATA.match(bare):
        return label, " ".join(filter(None, (rest, more)))
    if not rest and not more:
        return (label, "") if blockful or colon or following is not None else None
    if more:
        return None
    bracketed = re.fullmatch(r"\([^()]{1,80}\):?", rest) is not None
    if bracketed:
        return (f"{label} {rest}", "") if blockful else None
    return (label, rest) if blockful and colon and _ALSO_LABELS.match(bare) else None


def comments_of(blocks: Sequence[Block]) -> Iterator[Html]:
    """The HTML blocks among `blocks`."""
    for block in blocks:
        if isinstance(block, Html):
            yield block
