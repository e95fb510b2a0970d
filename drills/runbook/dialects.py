"""Marks of other Markdown dialects, turned into plain Markdown line by line, so that lines keep their numbers.

MkDocs indents what stands in an admonition (`!!! warning "Title"`) or in a tab (`=== "Option A"`) by four
spaces, which plain Markdown reads as code; Docusaurus and Pandoc fence it in `:::`; GitHub opens a quote with
`[!NOTE]`; exported pages wrap remarks in `<aside>`.
"""

from __future__ import annotations

import re

_OPENS = re.compile(r"^(?P<indent> {0,12})(?P<mark>!!!|\?\?\?\+?|===\+?!?)[ \t]+(?P<rest>\S.*)$")
_QUOTED = re.compile(r'"(?P<title>[^"\n]{1,200})"')
_COLONS = re.compile(r"^\s{0,3}:::+[ \t]*(?P<kind>\{?[.\w-]*\}?)[ \t]*(?P<title>.*)$")
_GITHUB = re.compile(r"^(?P<lead>\s{0,3}>\s?)\[!(?P<kind>NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$", re.I)
_ASIDE = re.compile(r"^\s{0,3}</?aside>\s*$", re.I)
_FENCE = re.compile(r"^\s*(?P<mark>`{3,}|~{3,})")
_BOUND = re.compile(r"^\s{0,3}>(?==?\d)")
"""A line such as `>25 bps: stop` is a bound and no quotation."""
_HINT = re.compile(r"!!!|\?\?\?|===|:::|\[!|<aside>|</aside>|^\s{0,3}>=?\d", re.I | re.M)


def plain_markdown(text: str) -> str:
    """`text` with the marks of other dialects replaced; the same number of lines."""
    if _HINT.search(text) is None:
        return text
    return _turned(text.split("\n"))


def _turned(lines: list[str]) -> str:
    found: list[str] = []
    inside: list[int] = []  # how far the content of each open block is indented
    fence: str | None = None
    for line in lines:
        bare = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        while inside and bare and indent < inside[-1] and fence is None:
            inside.pop()
        shift = 4 * len(inside)
        line = line[min(shift, indent) :]
        mark = _FENCE.match(line)
        if fence is not None or mark is not None:
            fence = _fence(fence, mark)
            found.append(line)
            continue
        opened = _OPENS.match(line)
        if opened is not None:
            found.append(_title(opened))
            inside.append(shift + len(opened.group("indent")) + 4)
        else:
            found.append(_other(line))
    return "\n".join(found)


def _fence(open_mark: str | None, mark: re.Match[str] | None) -> str | None:
    if open_mark is None:
        return mark.group("mark") if mark is not None else None
    closes = mark is not None and mark.group("mark").startswith(open_mark)
    return None if closes else open_mark


def _title(opened: re.Match[str]) -> str:
    """A tab's or an admonition's opening line as a label, or as a remark when it has no words of its own."""
    quoted = _QUOTED.search(opened.group("rest"))
    words = quoted.group("title") if quoted else opened.group("rest").split()[0].title()
    tab = opened.group("mark").startswith("===")
    return f"{opened.group('indent')}**{words}**" if tab else f"{opened.group('indent')}> {words}"


def _other(line: str) -> str:
    if _GITHUB.match(line) or _ASIDE.match(line):
        return line[: len(line) - len(line.lstrip("> \t"))].rstrip() if line.lstrip().startswith(">") else ""
    if _BOUND.match(line):
        return line.replace(">", "\\>", 1)
    colons = _COLONS.match(line)
    if colons is not None and (colons.group("kind") or not colons.group("title")):
        title = colons.group("title").strip(' []"')
        return f"> {title}" if title else ""
    return line
