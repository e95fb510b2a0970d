"""The tokens of awk's language; a slash begins a regular expression where no value has ended."""

from __future__ import annotations

import re

from drills.shell.program import Failed

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<op>\*\*=|\*\*|\+\+|--|[-+*/%^]=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>|?:~$=,;(){}\[\]])""",
    re.X | re.S,
)
KEYWORDS = frozenset(["BEGIN", "END", "if", "else", "while", "for", "do", "in", "print", "printf", "next", "exit",
                       "delete", "break", "continue", "getline", "function", "func", "return", "nextfile"])  # fmt: skip


class AwkTokens:
    """Reads tokens one by one: `kind` and `token` are the one that stands here."""

    def __init__(self, text: str) -> None:
        """At the first token of `text`."""
        self.text, self.at = text, 0
        self.kind, self.token = "", ""
        self.previous = ""
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        self.previous = self.token if self.kind != "newline" else ""
        previous_kind = self.kind
        while self.at < len(self.text):
            if self.text[self.at] == "/" and not (
                previous_kind in ("number", "string")
                or (previous_kind == "name" and self.previous not in KEYWORDS)
                or (previous_kind == "op" and self.previous in (")", "]", "++", "--", "$"))
            ):
                self._regex()
                return
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                raise Failed(f"awk: cmd. line:1: syntax error at or near {self.text[self.at]}", 2)
            self.at = match.end()
            if match.lastgroup != "space":
                self.kind, self.token = match.lastgroup or "", match.group()
                return
        self.kind = self.token = ""

    def _regex(self) -> None:
        place = self.at + 1
        inside = False
        while place < len(self.text) and (inside or self.text[place] != "/"):
            if self.text[place] == "\\":
                place += 1
            elif self.text[place] in "[]":
                inside = self.text[place] == "["
            elif self.text[place] == "\n":
                break
            place += 1
        if self.text[place : place + 1] != "/":
            raise Failed("awk: cmd. line:1: unterminated regexp", 2)
        self.kind, self.token = "regex", self.text[self.at + 1 : place].replace("\\/", "/")
        self.at = place + 1

    def expect(self, token: str) -> None:
        """Pass a token that must stand here."""
        if self.token != token:
            raise self.wrong()
        self.advance()

    def ends(self) -> bool:
        """Whether a statement ends here."""
        return not self.kind or self.kind == "newline" or self.token in (";", "}")

    def skip_ends(self) -> None:
        """Pass ends of statements."""
        while self.kind == "newline" or self.token == ";":
            self.advance()

    def skip_newlines(self) -> None:
        """Pass ends of lines."""
        while self.kind == "newline":
            self.advance()

    def wrong(self) -> Failed:
        """What awk says of what stands here."""
        near = {"": "end of program", "newline": "end of line"}.get(self.kind, self.token)
        return Failed(f"awk: cmd. line:1: syntax error at or near {near}", 2)
