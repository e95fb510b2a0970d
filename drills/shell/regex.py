"""POSIX regular expressions as Python's: basic ones (grep, sed) and extended ones (grep -E, awk, `=~`)."""

from __future__ import annotations

import re

from drills.shell.files import bracket_regex

_GNU = {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S", "b": r"\b", "B": r"\B",
        "`": r"\A", "'": r"\Z"}  # fmt: skip


def basic(pattern: str) -> str:
    """A basic regular expression: groups, bars, plus and question mark take a backslash."""
    return _translated(pattern, special=False)


def extended(pattern: str) -> str:
    """An extended regular expression."""
    return _translated(pattern, special=True)


def _translated(pattern: str, special: bool) -> str:
    regex, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "\\" and position < len(pattern):
            following = pattern[position]
            position += 1
            regex += _escaped(following, special)
        elif char == "[":
            bracket, position = _bracket(pattern, position)
            regex += bracket
        elif char in "(){}|+?":
            regex += _special(regex, char, pattern, position, special)
        elif char == "*" and (not regex or regex.endswith(("(", "|", "^"))):
            regex += r"\*"
        elif char == "^" and not special and regex and not regex.endswith(("(", "|", "\n")):
            regex += r"\^"
        elif (
            char == "$" and not special and position < len(pattern) and not pattern.startswith(("\\)", "\\|"), position)
        ):
            regex += r"\$"
        elif char in ".*^$":
            regex += char
        else:
            regex += re.escape(char)
    return regex


def _escaped(char: str, special: bool) -> str:
    if char in "(){}|+?":
        return "\\" + char if special else char
    if char.isdigit():
        return "\\" + char
    if char == "n":
        return "\n"
    if char == "t":
        return "\t"
    return _GNU.get(char, re.escape(char))


def _special(regex: str, char: str, pattern: str, position: int, special: bool) -> str:
    if not special:
        return "\\" + char
    if char == "{" and not re.compile(r"\d*,?\d*\}").match(pattern, position):
        return r"\{"
    if char == "}" and not re.search(r"\{\d*,?\d*$", regex):
        return r"\}"
    return char


def _bracket(pattern: str, position: int) -> tuple[str, int]:
    # In a POSIX bracket a backslash is a plain character.
    end = position + (pattern[position : position + 1] == "^")
    end += pattern[end : end + 1] == "]"
    while end < len(pattern) and pattern[end] != "]":
        named = re.compile(r"\[[:.=].*?[:.=]\]").match(pattern, end)
        end = named.end() if named else end + 1
    inside = pattern[position : end + 1].replace("\\", "\\\\")
    bracket, used = bracket_regex(inside, 0)
    if not used:
        raise re.error("unterminated character set")
    return bracket, end + 1
