"""Markdown blocks with their lines: paragraphs, lists, fences, tables.

markdown-it-py does the block grammar (nesting, indented fences, lazy continuations); its inline pass and
reference definitions are switched off, because nothing here needs them and they are what makes hostile
text slow. The token stream becomes a small tree of plain values.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from drills.runbook.dialects import plain_markdown
from drills.runbook.text import plain


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 1 to 6."""

    line: int
    end: int
    level: int
    raw: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose, raw inline Markdown, line breaks kept."""

    line: int
    end: int
    raw: str


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block; `closed` is False when the closing fence is missing. `first` is the line of its first code line."""

    line: int
    end: int
    first: int
    lang: str
    text: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class ListItem:
    """One entry: its blocks in order (the first paragraph is its title)."""

    line: int
    end: int
    blocks: tuple[Block, ...]

    @property
    def raw(self) -> str:
        """The raw text of the first paragraph."""
        first = self.blocks[0] if self.blocks else None
        return first.raw if isinstance(first, Paragraph | Heading) else ""

    @property
    def rest(self) -> tuple[Block, ...]:
        """What follows the first paragraph."""
        return self.blocks[1:] if self.blocks and isinstance(self.blocks[0], Paragraph | Heading) else self.blocks


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; `start` is the first number of an ordered one."""

    line: int
    end: int
    ordered: bool
    start: int
    items: tuple[ListItem, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: raw header cells, and rows of (line, raw cells)."""

    line: int
    end: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Html:
    """Raw HTML that is not understood as text; comments carry the author's overrides."""

    line: int
    end: int
    raw: str


Block: TypeAlias = Heading | Paragraph | Fence | ListBlock | Table | Html


@functools.cache
def _grammar() -> MarkdownIt:
    grammar = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").disable("reference")
    grammar.core.ruler.enableOnly(["normalize", "block"])
    grammar.block.ruler.before("paragraph", "label", _label_begins, {"alt": ["paragraph", "list", "blockquote"]})
    return grammar


_LABEL = re.compile(r"(?:\*\*|__)[^*_\n]{1,120}(?:\*\*|__):?[ \t]*$")


def _label_begins(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A bold label alone on its line ends the paragraph or list item above it.

    By the grammar `**Steps:**` right below a bullet continues that bullet; nobody who writes it means that.
    """
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    return silent and _LABEL.fullmatch(line[:130]) is not None


def parse_blocks(text: str) -> list[Block]:
    """The top-level blocks of a document, headings in line with the rest."""
    text = plain_markdown(text)
    tokens = _grammar().parse(text)
    lines = text.split("\n")
    return _Walk(tokens, lines).blocks(0, len(tokens))


@dataclass(slots=True)
class _Walk:
    """Turns a flat token range into blocks."""

    tokens: Sequence[Token]
    lines: list[str]
    closing: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.nesting == 1:
                opened.append(index)
            elif token.nesting == -1 and opened:
                self.closing[opened.pop()] = index

    def blocks(self, start: int, stop: int) -> list[Block]:
        found: list[Block] = []
        index = start
        while index < stop:
            token = self.tokens[index]
            close = self.closing.get(index, index)
            found += self._block(token, index, close)
            index = close + 1
        return found

    def _block(self, token: Token, index: int, close: int) -> list[Block]:
        line, end = _lines(token)
        match token.type:
            case "heading_open":
                raw = self.tokens[index + 1].content
                return (
                    [Heading(line, end, int(token.tag[1:]), raw)]
                    if _is_title(raw, token)
                    else [Paragraph(line, end, raw)]
                )
            case "paragraph_open":
                return [_lettered(Paragraph(line, end, self.tokens[index + 1].content))]
            case "fence":
                return [self._fence(token, line, end)]
            case "code_block":
                return [Fence(line, end, line, "", token.content)]
            case "bullet_list_open" | "ordered_list_open":
                return [self._list(token, index, close)]
            case "blockquote_open":
                return self.blocks(index + 1, close)
            case "table_open":
                return [self._table(token, index, close)]
            case "html_block":
                return _html(token.content, line, end)
            case _:
                return []

    def _fence(self, token: Token, line: int, end: int) -> Fence:
        last = self.lines[min(end, len(self.lines)) - 1].strip() if end > line else ""
        mark = token.markup[:1] or "`"
        closed = end > line and last.lstrip("> ").startswith(mark * 3) and not last.lstrip("> ").strip(mark)
        info = token.info.strip().split()
        lang = info[0].strip("{}.").split(",")[0].split("{")[0].lower() if info else ""
        return Fence(line, end, line + 1, lang, token.content, closed)

    def _list(self, token: Token, index: int, close: int) -> ListBlock:
        items: list[ListItem] = []
        at = index + 1
        while at < close:
            item, item_close = self.tokens[at], self.closing.get(at, at)
            if item.type == "list_item_open":
                line, end = _lines(item)
                items.append(
                    ListItem(line, _content_end(self.lines, line, end), tuple(self.blocks(at + 1, item_close)))
                )
            at = item_close + 1
        line, end = _lines(token)
        ordered = token.type == "ordered_list_open"
        start = token.attrGet("start") if ordered else None
        return ListBlock(
            line, _content_end(self.lines, line, end), ordered, int(start) if start is not None else 1, tuple(items)
        )

    def _table(self, token: Token, index: int, close: int) -> Table:
        rows: list[tuple[int, tuple[str, ...]]] = []
        cells: list[str] = []
        row_line = _lines(token)[0]
        for inner in self.tokens[index + 1 : close]:
            if inner.type == "tr_open":
                cells, row_line = [], _lines(inner)[0] if inner.map else row_line
            elif inner.type == "inline":
                cells.append(inner.content)
            elif inner.type == "tr_close":
                rows.append((row_line, tuple(cells)))
        line, end = _lines(token)
        return Table(line, end, rows[0][1] if rows else (), tuple(rows[1:]))


def _lines(token: Token) -> tuple[int, int]:
    begin, stop = token.map or [0, 1]
    return begin + 1, max(stop, begin + 1)


def _content_end(lines: list[str], line: int, end: int) -> int:
    while end > line and not lines[min(end, len(lines)) - 1].strip():
        end -= 1
    return end


def _is_title(raw: str, token: Token) -> bool:
    """A paragraph over a `---` rule is a heading by the grammar; long or metadata-like ones are not meant so."""
    if token.markup.startswith("#"):
        return True
    return "\n" not in raw and len(raw) <= 100 and ":**" not in raw


_MARKER = re.compile(r"^\s*(?P<mark>\(?[a-z]\)|\([ivx]{1,4}\)|\(\d{1,2}\)|[•●▪◦‣])\s+(?P<words>\S.*)$")


def _lettered(paragraph: Paragraph) -> Paragraph | ListBlock:
    """Lines that begin with (a), b) or a typed bullet are a list, though Markdown sees a paragraph."""
    lines = paragraph.raw.split("\n")
    marks = [_MARKER.match(line) for line in lines]
    if len(lines) < 2 or marks[0] is None or sum(mark is not None for mark in marks) < 2:
        return paragraph
    items: list[ListItem] = []
    for offset, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        at = paragraph.line + offset
        if mark is not None:
            items.append(ListItem(at, at, (Paragraph(at, at, mark.group("words")),)))
        else:
            held = items[-1].blocks[0]
            assert isinstance(held, Paragraph)
            items[-1] = ListItem(items[-1].line, at, (Paragraph(held.line, at, f"{held.raw}\n{line}"),))
    ordered = marks[0].group("mark")[-1] == ")"
    return ListBlock(paragraph.line, paragraph.end, ordered, 1, tuple(items))


def _html(content: str, line: int, end: int) -> list[Block]:
    from drills.runbook.html_blocks import html_blocks, worth_reading  # it builds the blocks of this module

    end = max(line, line + content.rstrip("\n").count("\n"))
    if content.lstrip().startswith("<!--") and "<" not in content.partition("-->")[2]:
        return [Html(line, end, content)]
    if worth_reading(content):
        return html_blocks(content, line) or [Html(line, end, content)]
    words = plain(content)
    return [Paragraph(line, end, content)] if words else [Html(line, end, content)]
