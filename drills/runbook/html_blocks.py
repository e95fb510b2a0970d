"""HTML in Markdown, as wikis export it: headings, lists, tables, code, disclosure blocks.

Read with the standard library's tolerant parser. What a tag means inside a line is turned into the Markdown
that means the same, so that everything after this needs to know one language only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from drills.runbook.blocks import Block, Fence, Heading, ListBlock, ListItem, Paragraph, Table

MAX_DEPTH = 60
_MARK = {"strong": "**", "b": "**", "code": "`", "tt": "`", "kbd": "`"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)} | {"summary": 6}
_BREAKS = frozenset(["p", "div", "section", "blockquote", "details", "aside", "article", "figure", "hr", "caption"])
_STARTED = re.compile(r"<(?:h[1-6]|ol|ul|li|table|pre|summary|p|div|details|section|blockquote)\b", re.I)


def worth_reading(content: str) -> bool:
    """Whether a piece of HTML holds structure, and not only a tag or a comment."""
    return _STARTED.search(content) is not None


@dataclass(slots=True)
class _List:
    line: int
    ordered: bool
    items: list[ListItem] = field(default_factory=list)


@dataclass(slots=True)
class _Item:
    line: int
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    line: int
    rows: list[tuple[int, bool, list[str]]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects blocks; `first` is the line of the document on which the HTML begins."""

    def __init__(self, first: int) -> None:
        super().__init__(convert_charrefs=True)
        self.first = first
        self.found: list[Block] = []
        self.stack: list[_List | _Item | _Table] = []
        self.words: list[str] = []
        self.begun: int | None = None
        self.heading: int | None = None
        self.pre: list[str] | None = None
        self.cell: tuple[int, bool] | None = None

    @property
    def line(self) -> int:
        return self.first + self.getpos()[0] - 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.pre is not None and tag != "pre":
            return
        if tag in _MARK:
            self._say(_MARK[tag])
        elif tag == "br":
            self._say("\n")
        elif tag in _HEADINGS:
            self._flush()
            self.heading = _HEADINGS[tag]
        elif tag in {"ul", "ol"}:
            self._flush()
            self._push(_List(self.line, tag == "ol"))
        elif tag == "li":
            self._close(_Item)
            self._push(_Item(self.line))
        elif tag == "table":
            self._flush()
            self._push(_Table(self.line))
        elif tag == "tr":
            self._end_cell()
            self._row(self.line)
        elif tag in {"td", "th"}:
            self._end_cell()
            self.cell = (self.line, tag == "th")
        elif tag == "pre":
            self._flush()
            self.pre, self.begun = [], self.line
        elif tag in _BREAKS and self.cell is None:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._end_pre()
        elif self.pre is not None:
            return
        elif tag in _MARK:
            self._say(_MARK[tag])
        elif tag in _HEADINGS:
            self._flush()
        elif tag == "li":
            self._close(_Item)
        elif tag in {"ul", "ol"}:
            self._close(_Item)
            self._close(_List)
        elif tag in {"td", "th", "tr"}:
            self._end_cell()
        elif tag == "table":
            self._end_cell()
            self._close(_Table)
        elif tag in _BREAKS and self.cell is None:
            self._flush()

    def handle_data(self, data: str) -> None:
        if self.pre is not None:
            self.pre.append(data)
        elif data.strip():
            self._say(re.sub(r"\s+", " ", data) if self.cell is not None else data)
        elif self.words:
            self._say(" ")

    def blocks(self) -> list[Block]:
        self._end_pre()
        self._end_cell()
        self._flush()
        while self.stack:
            self._close(type(self.stack[-1]))
        return self.found

    # What is being collected --------------------------------------------------------------------------

    def _say(self, words: str) -> None:
        if self.begun is None:
            self.begun = self.line
        self.words.append(words)

    def _push(self, part: _List | _Item | _Table) -> None:
        if len(self.stack) < MAX_DEPTH:
            self.stack.append(part)

    def _add(self, block: Block) -> None:
        for part in reversed(self.stack):
            if isinstance(part, _Item):
                part.blocks.append(block)
                return
        self.found.append(block)

    def _flush(self) -> None:
        raw = "\n".join(" ".join(line.split()) for line in "".join(self.words).split("\n")).strip()
        line, self.words, self.begun = self.begun or self.line, [], None
        level, self.heading = self.heading, None
        raw = re.sub(r"\*\*\s*\*\*|``", "", raw).strip()
        if raw and level is not None:
            self._add(Heading(line, line, level, raw))
        elif raw:
            self._add(Paragraph(line, line + raw.count("\n"), raw))

    def _end_pre(self) -> None:
        if self.pre is None:
            return
        text, line, self.pre, self.begun = "".join(self.pre), self.begun or self.line, None, None
        lead = 1 if text.startswith("\n") else 0
        self._add(Fence(line, self.line, line + lead, "", text.lstrip("\n")))

    def _row(self, line: int) -> None:
        table = next((part for part in reversed(self.stack) if isinstance(part, _Table)), None)
        if table is not None:
            table.rows.append((line, True, []))

    def _end_cell(self) -> None:
        if self.cell is None:
            return
        (line, head), self.cell = self.cell, None
        text = " ".join("".join(self.words).split())
        self.words, self.begun = [], None
        table = next((part for part in reversed(self.stack) if isinstance(part, _Table)), None)
        if table is None:
            self._add(Paragraph(line, line, text))
            return
        if not table.rows:
            table.rows.append((line, True, []))
        at, heads, cells = table.rows[-1]
        table.rows[-1] = (at, heads and head, [*cells, text])

    def _close(self, kind: type[_List] | type[_Item] | type[_Table]) -> None:
        """End the innermost part of that kind, and what was left open inside it; a list item stays in its list."""
        at = next((n for n in range(len(self.stack) - 1, -1, -1) if isinstance(self.stack[n], kind)), None)
        lists = [n for n, part in enumerate(self.stack) if isinstance(part, _List)]
        if at is None or (kind is _Item and lists and lists[-1] > at):
            return
        self._flush()
        while len(self.stack) > at:
            self._end(self.stack.pop())

    def _end(self, part: _List | _Item | _Table) -> None:
        if isinstance(part, _Item):
            outer = self.stack[-1] if self.stack else None
            item = ListItem(part.line, max(part.line, self.line), tuple(part.blocks))
            if isinstance(outer, _List):
                outer.items.append(item)
            elif part.blocks:
                self._add(ListBlock(part.line, item.end, False, 1, (item,)))
        elif isinstance(part, _List):
            if part.items:
                self._add(ListBlock(part.line, self.line, part.ordered, 1, tuple(part.items)))
        else:
            rows = [(line, head, tuple(cells)) for line, head, cells in part.rows if cells]
            if rows:
                header = rows[0][2] if rows[0][1] else ()
                body = rows[1:] if header else rows
                self._add(Table(part.line, self.line, header, tuple((line, cells) for line, _, cells in body)))


_KNOWN = "|".join([*_MARK, *_HEADINGS, *_BREAKS, "br", "ul", "ol", "li", "table", "thead", "tbody", "tfoot", "tr", "td",
                   "th", "pre", "a", "span", "em", "i", "u", "img", "time", "ac:[a-z-]+", "ri:[a-z-]+"])  # fmt: skip
_NO_TAG = re.compile(rf"<(?!/?(?:{_KNOWN})(?:\s[^<>]{{0,400}})?/?>)", re.I)


def html_blocks(content: str, line: int) -> list[Block]:
    """The blocks of a piece of HTML that begins on `line`.

    The parser is given whole, known tags only: what opens and never closes is what makes it slow.
    """
    reader = _Reader(line)
    reader.feed(_NO_TAG.sub("&lt;", _without_comments(content)))
    reader.close()
    return reader.blocks()


def _without_comments(content: str) -> str:
    """`content` with its comments blanked, line ends kept."""
    kept: list[str] = []
    position = 0
    while (begin := content.find("<!--", position)) >= 0:
        end = content.find("-->", begin)
        if end < 0:
            break
        kept += [content[position:begin], "\n" * content.count("\n", begin, end)]
        position = end + 3
    return "".join([*kept, content[position:]])
