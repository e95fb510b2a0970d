"""curl's own reading of URLs: `{a,b}` and `[1-3]` are sets and ranges, unless `-g` was given.

That is why `rate(x[5m])` in a URL never leaves the machine: `[5m]` is no range.
"""

from __future__ import annotations

import itertools
import re


class GlobError(Exception):
    """curl's exit code 3, with its words and the position that it points at."""

    def __init__(self, words: str, position: int) -> None:
        """`position` counts from 1."""
        super().__init__(f"{words} in URL position {position}")
        self.position = position


_RANGE = re.compile(r"\[(?:(\d+)-(\d+)|([a-z])-([a-z])|([A-Z])-([A-Z]))(?::(\d+))?\]")
_ADDRESS = re.compile(r"\[[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*\]")


def expand(url: str) -> list[str]:
    """The URLs that `url` stands for, in order; GlobError when a bracket or brace is none that curl knows."""
    parts: list[list[str]] = []
    at, literal = 0, ""
    while at < len(url):
        letter = url[at]
        if letter == "\\" and at + 1 < len(url) and url[at + 1] in "{}[]":
            literal += url[at + 1]
            at += 2
        elif letter == "[" and (address := _ADDRESS.match(url, at)):
            literal += address.group(0)
            at = address.end()
        elif letter in "{[":
            choices, at = _set(url, at) if letter == "{" else _range(url, at)
            parts += [[literal], choices]
            literal = ""
        elif letter in "}]":
            raise GlobError("unmatched close brace/bracket", at + 1)
        else:
            literal += letter
            at += 1
    parts.append([literal])
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def _set(url: str, at: int) -> tuple[list[str], int]:
    end = url.find("}", at)
    if end < 0:
        raise GlobError("unmatched brace", at + 1)
    inside = url[at + 1 : end]
    if "{" in inside:
        raise GlobError("nested brace", at + 2 + inside.index("{"))
    if not inside:
        raise GlobError("empty string within braces", at + 2)
    return inside.split(","), end + 1


def _range(url: str, at: int) -> tuple[list[str], int]:
    found = _RANGE.match(url, at)
    if found is None:
        raise GlobError("bad range specification" if "]" not in url[at:] else "bad range", at + 2)
    low, high, *letters, step = found.groups()
    by = int(step) if step else 1
    if by < 1:
        raise GlobError("bad range", at + 2)
    if low is not None:
        first, last = int(low), int(high)
        if first > last:
            raise GlobError("bad range", at + 2)
        width = len(low) if low.startswith("0") else 0
        return [str(number).zfill(width) for number in range(first, last + 1, by)][:1000], found.end()
    start, stop = [letter for letter in letters if letter]
    if start > stop:
        raise GlobError("bad range", at + 2)
    return [chr(code) for code in range(ord(start), ord(stop) + 1, by)], found.end()
