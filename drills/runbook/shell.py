"""Shell fences: statements with the comments that title them.

tree-sitter-bash does the grammar. `<placeholder>` is masked at equal length first, because
`kubectl logs <pod-name> -n trading` is otherwise a redirection into a file called `-n`. Only the top level
of the tree is walked, so deep or broken text costs nothing extra.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

import tree_sitter
import tree_sitter_bash

PLACEHOLDER = re.compile(r"(?<![<\w])<(?P<name>[^\W\d_](?:[\w ./:|-]{0,60}[\w.)])?)>(?!>)|\{\{[^{}\n]{1,60}\}\}")
MAX_SHELL_CHARS = 200_000

PROMPT = re.compile(r"^\s{0,8}(?:[\w.@:~/-]{0,40}[$#%]|[$>%]|PS [^>\n]{0,60}>)\s+(?=\S)")
COMMENT_MARK = re.compile(r"^\s*(?:#|--|//|;|REM\b|::)+!?\s?")
TODO = re.compile(r"^(?:TODO|FIXME|TBD|XXX|OFFEN|ZU TUN|PENDIENTE|POR HACER)\b[\s:.-]*", re.I)


@dataclass(frozen=True, slots=True)
class Piece:
    """A statement or a comment of a fence; `line` counts from 0 within the fence."""

    what: Literal["statement", "comment"]
    line: int
    end: int
    text: str
    trailing: bool = False


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def placeholders(text: str) -> tuple[str, ...]:
    """The names in angle brackets that a person must fill in, in order."""
    return tuple(match.group("name") or match.group(0).strip("{} ") for match in PLACEHOLDER.finditer(text))


def mask(text: str) -> str:
    """`text` with placeholders replaced by words of the same length in bytes."""
    return PLACEHOLDER.sub(lambda match: "P" * len(match.group(0).encode()), text)


def parses(text: str) -> bool:
    """Whether the shell grammar accepts `text` once placeholders are masked."""
    return not _parser().parse(mask(text).encode()).root_node.has_error


def pieces(text: str) -> list[Piece]:
    """The statements and comments of a shell fence, in order."""
    if len(text) > MAX_SHELL_CHARS:
        return [Piece("statement", 0, text.count("\n"), text)]
    encoded = text.encode()
    root = _parser().parse(mask(text).encode()).root_node
    found: list[Piece] = []
    for node in root.children:
        if not node.is_named and node.type != "ERROR":
            continue
        body = encoded[node.start_byte : node.end_byte].decode(errors="replace").rstrip("\n")
        begin, stop = node.start_point[0], node.start_point[0] + body.count("\n")
        if node.type == "comment":
            trailing = bool(found) and found[-1].what == "statement" and found[-1].end == begin
            found.append(Piece("comment", begin, stop, comment_words(body), trailing))
        elif node.type == "ERROR":
            found += _by_line(body, begin)
        else:
            found.append(Piece("statement", begin, stop, body))
    return found


def comment_words(comment: str) -> str:
    """A comment without its marks and rulers."""
    return COMMENT_MARK.sub("", comment).strip().strip("=-*~# ").strip()


def _by_line(body: str, first: int) -> list[Piece]:
    """The fallback for text the grammar rejects: one statement per line."""
    return [
        Piece("comment", first + offset, first + offset, comment_words(line))
        if line.lstrip().startswith("#")
        else Piece("statement", first + offset, first + offset, line.strip())
        for offset, line in enumerate(body.split("\n"))
        if line.strip()
    ]


def lines_as_pieces(text: str, comment_marks: str = "#") -> list[Piece]:
    """Statements for languages that are not bash (PowerShell, batch): a line, or lines that belong together.

    A block in brackets, a trailing `|`, a comma, a backtick or a caret goes on with the next line.
    """
    found: list[Piece] = []
    begun, depth = 0, 0
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        words = line.strip()
        if not lines and (not words or words[0] in comment_marks or re.match(r"rem\b", words, re.I)):
            if words:
                found.append(Piece("comment", number, number, comment_words(words)))
            continue
        begun = begun if lines else number
        lines.append(line)
        depth += _opened(words)
        if (depth <= 0 and not words.endswith(("|", ",", "`", "^"))) or len(lines) >= _MAX_BLOCK_LINES:
            found.append(Piece("statement", begun, number, "\n".join(lines).strip()))
            lines, depth = [], 0
    if "".join(lines).strip():
        found.append(Piece("statement", begun, begun + len(lines) - 1, "\n".join(lines).strip()))
    return found


_MAX_BLOCK_LINES = 200


def _opened(words: str) -> int:
    """How many brackets a line leaves open, those in quotes and behind a comment mark left out."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", words).partition(" #")[0]
    return sum(bare.count(mark) for mark in "({[") - sum(bare.count(mark) for mark in ")}]")


def transcript(text: str) -> tuple[str, str] | None:
    """A console session as (commands with lines kept, output); None when no line begins with a prompt."""
    lines = text.split("\n")
    if not any(PROMPT.match(line) and not line.lstrip().startswith("# ") for line in lines):
        return None
    commands, output, continued = [], [], False
    for line in lines:
        prompt = PROMPT.match(line)
        if prompt and not line.lstrip().startswith("# "):
            commands.append(line[prompt.end() :])
            continued = line.rstrip().endswith("\\")
        elif continued or line.lstrip().startswith("#"):
            commands.append(line)
            continued = continued and line.rstrip().endswith("\\")
        else:
            commands.append("")
            output.append(line)
    return "\n".join(commands), "\n".join(output).strip("\n")
