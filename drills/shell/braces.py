"""Brace expansion: `a{b,c}` and `{1..9..2}`."""

from __future__ import annotations

import re

from drills.shell.syntax import Part, Text, Word

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_MOST = 10_000
"""Words that one range may make."""

Item = str | Part
"""One unquoted character, or a part that braces do not look into."""


def braces(word: Word) -> list[Word]:
    """The words that `word` stands for."""
    if not any(isinstance(part, Text) and not part.quoted and "{" in part.text for part in word):
        return [word]
    items: list[Item] = []
    for part in word:
        if isinstance(part, Text) and not part.quoted:
            items += part.text
        else:
            items.append(part)
    return [_word(expanded) for expanded in _expand(items)]


def _expand(items: list[Item]) -> list[list[Item]]:
    for begin, item in enumerate(items):
        if item != "{":
            continue
        found = _alternatives(items, begin)
        if found is None:
            continue
        alternatives, end = found
        return [
            [*items[:begin], *middle, *tail]
            for alternative in alternatives
            for middle in _expand(alternative)
            for tail in _expand(items[end:])
        ]
    return [items]


def _alternatives(items: list[Item], begin: int) -> tuple[list[list[Item]], int] | None:
    """What stands between the brace at `begin` and its partner, and where it ends."""
    depth, parts = 0, [[]]  # type: ignore[var-annotated]
    for place in range(begin + 1, len(items)):
        item = items[place]
        if item == "{":
            depth += 1
        elif item == "}":
            if depth == 0:
                if len(parts) > 1:
                    return parts, place + 1
                steps = _range(parts[0])
                return None if steps is None else (steps, place + 1)
            depth -= 1
        elif item == "," and depth == 0:
            parts.append([])
            continue
        parts[-1].append(item)
    return None


def _range(items: list[Item]) -> list[list[Item]] | None:
    text = "".join(item for item in items if isinstance(item, str))
    match = _RANGE.fullmatch(text)
    if match is None or len(text) != len(items):
        return None
    first, last, by = match.groups()
    if first.isalpha() != last.isalpha():
        return None
    letters = first.isalpha()
    low, high = (ord(first), ord(last)) if letters else (int(first), int(last))
    step = abs(int(by)) if by and int(by) else 1
    count = min(abs(high - low) // step + 1, _MOST)
    sign = 1 if high >= low else -1
    width = max(len(first), len(last)) if any(re.match(r"-?0\d", end) for end in (first, last)) else 0
    numbers = [low + sign * step * number for number in range(count)]
    return [list(chr(n) if letters else f"{n:0{width}d}") for n in numbers]


def _word(items: list[Item]) -> Word:
    parts: list[Part] = []
    for item in items:
        if not isinstance(item, str):
            parts.append(item)
        elif parts and isinstance(parts[-1], Text) and not parts[-1].quoted:
            parts[-1] = Text(parts[-1].text + item)
        else:
            parts.append(Text(item))
    return tuple(parts)
