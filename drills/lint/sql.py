"""Whether a piece of SQL can be parsed at all: quotes, brackets, and the word each statement begins with.

There are many dialects, so only what every one of them rejects is reported.
"""

from __future__ import annotations

import difflib
import re

_VERBS = frozenset(
    ["select", "insert", "update", "delete", "create", "alter", "drop", "truncate", "with", "analyze", "analyse",
        "vacuum", "reindex", "explain", "show", "set", "reset", "begin", "start", "commit", "rollback", "end", "grant",
        "revoke", "copy", "call", "do", "lock", "refresh", "table", "values", "merge", "kill", "use", "describe",
        "desc", "pragma", "optimize", "cluster", "comment", "checkpoint", "declare", "fetch", "close", "execute",
        "prepare", "deallocate", "listen", "notify", "unlisten", "replace", "flush", "check", "repair", "if",
        "savepoint", "release", "exec", "go", "print", "attach", "detach", "discard", "load", "import", "abort",
        "system", "backup", "restore", "exchange", "rename"]
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]+")
_DANGLING = re.compile(r",\s*(?:from|where|group|order|limit|having|\)|;|$)(?![\w])", re.I)


def sql_problem(text: str) -> tuple[int, str] | None:
    """Row and message when no dialect accepts the text."""
    bare, open_at = _without_literals(text)
    if open_at is not None:
        return text.count("\n", 0, open_at), "SQL stops here: a quote is opened and never closed"
    depth, opened = 0, []
    for position, character in enumerate(bare):
        if character == "(":
            depth += 1
            opened.append(position)
        elif character == ")":
            depth -= 1
            if depth < 0:
                return text.count("\n", 0, position), "SQL stops here: a bracket is closed that was never opened"
            opened.pop()
    if opened:
        return text.count("\n", 0, opened[-1]), "SQL stops here: a bracket is opened and never closed"
    return _statements(text, bare)


def _statements(text: str, bare: str) -> tuple[int, str] | None:
    begin = 0
    for part in bare.split(";"):
        word = _WORD.match(part.lstrip(" \t\r\n("))
        at = begin + len(part) - len(part.lstrip())
        if word is not None and word.group(0).lower() not in _VERBS:
            near = difflib.get_close_matches(word.group(0).lower(), sorted(_VERBS), 1, 0.75)
            if near:
                return text.count("\n", 0, at), f"SQL stops here: {word.group(0)} is no statement; {near[0].upper()}?"
        comma = _DANGLING.search(part)
        if comma is not None and word is not None and word.group(0).lower() in {"select", "insert", "create", "with"}:
            return text.count("\n", 0, begin + comma.start()), "SQL stops here: a comma with nothing behind it"
        begin += len(part) + 1
    return None


def _without_literals(text: str) -> tuple[str, int | None]:
    """The text with literals and comments blanked, and where a quote was left open."""
    found = list(text)
    position = 0
    while position < len(text):
        two = text[position : position + 2]
        if two == "--":
            end = text.find("\n", position)
        elif two == "/*":
            end = text.find("*/", position)
            end = end + 2 if end >= 0 else -1
        elif text[position] in "'\"":
            end = text.find(text[position], position + 1)
            if end < 0:
                return "".join(found), position
            end += 1
        elif (dollar := re.match(r"\$\w*\$", text[position : position + 40])) is not None:
            end = text.find(dollar.group(0), position + len(dollar.group(0)))
            end = end + len(dollar.group(0)) if end >= 0 else -1
        else:
            position += 1
            continue
        end = end if end >= 0 else len(text)
        found[position:end] = [
            c if c == "\n" else "_" if two[:1] in {"'", '"', "$"} else " " for c in text[position:end]
        ]
        position = max(end, position + 1)
    return "".join(found), None
