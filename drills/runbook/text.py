"""Inline Markdown as plain words: markup stripped, slugs, code spans, leading numbers and labels.

The reader uses markdown-it for blocks only. Inline markup is removed here by patterns whose repeats are
bounded, so that a line made to be slow (thousands of open brackets) costs no more than any other line.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata

MAX_INLINE_CHARS = 4_000

_COMMENT = re.compile(r"<!--(.{0,2000}?)-->", re.S)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(([^()\n]{0,400})\)")
_REFERENCE_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,100}\]")
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|code|br|hr|p|div|span|sub|sup|kbd|details|summary|img|font|center|small|table|"
    r"thead|tbody|tr|td|th|ul|ol|li|h[1-6]|pre|blockquote)\b[^<>]{0,200}>",
    re.I,
)
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w|[.:!?)])_{1,3}(?!\w)|~~")
_CODE_SPAN = re.compile(r"``([^`\n]{1,400})``|`([^`\n]{1,400})`")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BOX = re.compile(r"^\s*\[([ xX✓✔])\]\s+")
_PICTOGRAPH = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d\u2b00-\u2bff\u200e\u200f\u202a-\u202e]")
_NUMBER = re.compile(
    r"^\s*(?:(?:step|schritt|paso|étape|etape|passo|stap|krok)\s*(?P<word>\d{1,3})(?:\.\d{1,3})?\s*(?:[:.)\]–—-]+\s*|\s+|$)"
    r"|\(?(?P<plain>\d{1,3})(?:\.\d{1,3}){0,3}\s*[.)\]:](?:\s+(?=\S)|(?=[^\d\s]))|(?:(?:\d{1,3}|[A-Z])\.){1,3}(?P<dotted>\d{1,3})\s+(?=\S))",
    re.I,
)


@functools.lru_cache(maxsize=8192)
def plain(raw: str) -> str:
    """The words of inline Markdown on one line, without emphasis, code marks, links and tags."""
    text = raw[:MAX_INLINE_CHARS]
    text = _COMMENT.sub(" ", text) if "-->" in text else text
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _REFERENCE_LINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    pieces: list[str] = []
    position = 0
    # Emphasis marks inside a code span are part of the code.
    for span in _CODE_SPAN.finditer(text):
        pieces += [_no_emphasis(text[position : span.start()]), span.group(1) or span.group(2)]
        position = span.end()
    pieces.append(_no_emphasis(text[position:]))
    return " ".join("".join(pieces).split())


def _no_emphasis(text: str) -> str:
    held = _ESCAPE.sub(lambda match: f"&#{ord(match.group(1))};", text)
    return html.unescape(_EMPHASIS.sub("", held).replace("`", ""))


def code_spans(raw: str) -> list[str]:
    """The contents of inline code, in order."""
    return [(m.group(1) or m.group(2)).strip() for m in _CODE_SPAN.finditer(raw[:MAX_INLINE_CHARS])]


def links(raw: str) -> list[str]:
    """The targets of inline links, in order."""
    return [m.group(2) for m in _IMAGE_OR_LINK.finditer(raw[:MAX_INLINE_CHARS])]


def comments(raw: str) -> list[str]:
    """The HTML comments in a piece of Markdown."""
    return [match.group(1).strip() for match in _COMMENT.finditer(raw)] if "-->" in raw else []


def bold_lead(raw: str) -> tuple[str, str] | None:
    """`**Label** rest` or `__Label__ rest` as (label, rest); None when the text does not begin in bold."""
    text = raw.lstrip()
    for mark in ("***", "**", "__"):
        if text.startswith(mark):
            close = text.find(mark, len(mark), len(mark) + 300)
            if close > len(mark) and text[len(mark) : close].strip():
                return text[len(mark) : close].strip(), text[close + len(mark) :].strip()
            return None
    return None


def checkbox(raw: str) -> tuple[bool | None, str]:
    """`[x] words` as (True, words); None when there is no box."""
    match = _BOX.match(raw)
    return (None, raw) if match is None else (match.group(1) != " ", raw[match.end() :])


_ROMAN = re.compile(r"^\s*(?:(?=[IVX])X{0,2}(?:IX|IV|V?I{0,3})|[A-H])[.)]\s+(?=[^\W\d_])")


@functools.lru_cache(maxsize=8192)
def numbered(title: str) -> tuple[int | None, str]:
    """`3. Mitigate`, `Step 3: Mitigate`, `Schritt 3 - ...` as (3, rest); (None, title) without a number.

    A roman number or a letter orders the parts of a document and is left out: `IV. Recovery` is "Recovery".
    """
    match = _NUMBER.match(title)
    if match is None:
        return None, _ROMAN.sub("", title)
    rest = title[match.end() :].strip()
    number = int(match.group("word") or match.group("plain") or match.group("dotted"))
    return number, rest or title.strip()


@functools.lru_cache(maxsize=8192)
def no_pictographs(text: str) -> str:
    """Without emoji and direction marks, which stand before many a heading."""
    return " ".join(_PICTOGRAPH.sub("", text).split())


_BEGINS_ANEW = re.compile(
    r"^\s*(?:[-*•→>]|\\?[<>≥≤]=?\s*\d|\d+[.)]|\*\*|__|(?:if|when|wenn|falls|si|yes|no|ja|nein|sí|else|otherwise|sonst)\b|"
    r"\w[\w ]{0,30}:\s)",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"“*(]?[A-ZÄÖÜÁÉÍÓÚÑ¿¡])")


def sentences(raw: str, line: int) -> list[tuple[int, str]]:
    """The sentences of a paragraph with the line each begins on; soft line breaks join, others do not."""
    found: list[tuple[int, str]] = []
    joined: list[tuple[int, str]] = []
    for offset, part in enumerate(raw.split("\n")):
        hard = not joined or _BEGINS_ANEW.match(part) or joined[-1][1].endswith(("  ", "\\", ":"))
        if hard:
            joined.append((line + offset, part))
        else:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]}\n{part}")
    for begin, text in joined:
        position = 0
        for piece in _SENTENCE_END.split(text):
            at = text.find(piece, position)
            position = at + len(piece)
            found.append((begin + text.count("\n", 0, at), piece.replace("\n", " ").rstrip("\\ ")))
    return found


@functools.lru_cache(maxsize=8192)
def slug(title: str, limit: int = 80) -> str:
    """A short, stable name for an id: lower case, words joined by hyphens."""
    folded = unicodedata.normalize("NFKC", no_pictographs(title)).lower()
    cut = re.sub(r"[^\w]+", "-", folded).replace("_", "-")
    return re.sub(r"-{2,}", "-", cut)[:limit].strip("-") or "untitled"


@functools.lru_cache(maxsize=8192)
def anchor(title: str) -> str:
    """The fragment that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")
