"""Words and quotes of the shell language, character by character.

tree-sitter-bash tells whether a fence is shell at all and where its statements begin (`drills.runbook.shell`).
It does not serve for execution: it puts the redirection of `a && b > f` around both commands, the `!` of
`! a | b` around the first one, what follows a here-document on its line into the document's own node, and it
cuts a word at a continued line. Each of these would execute another command than bash does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.runbook.shell import PLACEHOLDER
from drills.shell.syntax import Arithmetic, OutputAsFile, Parameter, Part, Placeholder, Script, Substitution, Text, Word

_META = set(" \t\n|&;()<>")
_NAME = re.compile(r"[A-Za-z_]\w*")
_SPECIAL = set("@*#?-$!0123456789")
_OPERATOR = re.compile(r":[-=?+]|[-=?+]|##?|%%?|/[/#%]?|\^\^?|,,?|@")
_ANSI = re.compile(r"\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.S)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


class ShellSyntaxError(Exception):
    """The text is no shell: what bash would say, and the line (from 1) where."""

    def __init__(self, problem: str, line: int) -> None:
        """`problem` in bash's words."""
        super().__init__(problem)
        self.problem, self.line = problem, line


class Lexer:
    """Reads words of a text; the parser above it reads commands."""

    def __init__(self, text: str, placeholders: bool = False) -> None:
        """With `placeholders`, `<name>` is something to be filled in and no redirection."""
        self.text, self.pos, self.placeholders = text, 0, placeholders
        self.parse_inner: Callable[[str], Script] = lambda text: ()
        """Reads the script of backticks."""
        self.parse_until: Callable[[], Script] = lambda: ()
        """Reads the script up to the closing parenthesis of `$(`."""

    @property
    def line(self) -> int:
        """The line of the next character, from 1."""
        return self.text.count("\n", 0, self.pos) + 1

    def peek(self, length: int = 1) -> str:
        """The next characters."""
        return self.text[self.pos : self.pos + length]

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.pos >= len(self.text)

    def skip_blanks(self) -> None:
        """Pass spaces, continued lines and a comment."""
        while not self.at_end():
            if self.peek() in " \t\r":
                self.pos += 1
            elif self.peek(2) == "\\\n":
                self.pos += 2
            elif self.peek() == "#":
                end = self.text.find("\n", self.pos)
                self.pos = len(self.text) if end < 0 else end
            else:
                return

    def placeholder(self) -> Placeholder | None:
        """A `<name>` that begins here."""
        if not self.placeholders or self.peek() not in "<{":
            return None
        match = PLACEHOLDER.match(self.text, self.pos)
        if match is None:
            return None
        self.pos = match.end()
        return Placeholder(match.group("name") or match.group(0).strip("{} "))

    def word(self, stop: str = "") -> Word | None:
        """The word that begins here, or None; `stop` ends it too (and blanks then do not)."""
        parts: list[Part] = []
        began = self.pos
        while not self.at_end():
            char = self.peek()
            if stop and char in stop:
                break
            found = self.placeholder()
            if found is not None:
                parts.append(found)
            elif char in _META and not stop:
                if self.peek(2) != "<(" or parts:
                    break
                self.pos += 2
                parts.append(OutputAsFile(self.parse_until()))
                self._expect(")")
            else:
                self.piece(parts)
        return tuple(_joined(parts)) if self.pos > began else None

    def piece(self, parts: list[Part]) -> None:
        """One quoted stretch, expansion or plain character."""
        char = self.peek()
        if char == "\\":
            self._backslash(parts)
        elif char == "'":
            parts.append(Text(self._single(), quoted=True))
        elif char == '"':
            self.pos += 1
            parts += self.double('"') or [Text("", quoted=True)]
            self._expect('"')
        elif char == "$" and self.peek(2) == "$'":
            self.pos += 1
            parts.append(Text(_ansi(self._ansi_quoted()), quoted=True))
        elif char == "$" and self.peek(2) == '$"':
            self.pos += 1
        elif char in "$`":
            parts.append(self.expansion(quoted=False))
        else:
            self.pos += 1
            parts.append(Text(char))

    def _backslash(self, parts: list[Part]) -> None:
        if self.peek(2) == "\\\n":
            self.pos += 2
        elif self.pos + 1 >= len(self.text):
            self.pos += 1
            parts.append(Text("\\", quoted=True))
        else:
            parts.append(Text(self.text[self.pos + 1], quoted=True))
            self.pos += 2

    def _single(self) -> str:
        end = self.text.find("'", self.pos + 1)
        if end < 0:
            raise self.unclosed("'")
        text, self.pos = self.text[self.pos + 1 : end], end + 1
        return text

    def _ansi_quoted(self) -> str:
        began = self.pos + 1
        end = began
        while end < len(self.text) and self.text[end] != "'":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.unclosed("'")
        self.pos = end + 1
        return self.text[began:end]

    def double(self, stop: str) -> list[Part]:
        """What stands inside double quotes, or in a here-document when `stop` is empty."""
        parts: list[Part] = []
        while not self.at_end() and (not stop or self.peek() != stop):
            char = self.peek()
            if char == "\\":
                following = self.text[self.pos + 1 : self.pos + 2]
                if following == "\n":
                    self.pos += 2
                elif following and following in ('$`"\\' if stop else "$`\\"):
                    parts.append(Text(following, quoted=True))
                    self.pos += 2
                else:
                    parts.append(Text("\\", quoted=True))
                    self.pos += 1
            elif char in "$`":
                parts.append(self.expansion(quoted=True))
            else:
                self.pos += 1
                parts.append(Text(char, quoted=True))
        return _joined(parts)

    def expansion(self, quoted: bool) -> Part:
        """What a dollar sign or a backtick begins."""
        if self.peek() == "`":
            return self._backticks(quoted)
        if self.peek(3) == "$((":
            inner = self._arithmetic()
            if inner is not None:
                return Arithmetic(inner, quoted)
        if self.peek(2) == "$(":
            self.pos += 2
            script = self.parse_until()
            self._expect(")")
            return Substitution(script, quoted)
        if self.peek(2) == "${":
            self.pos += 2
            return self._braced(quoted)
        match = _NAME.match(self.text, self.pos + 1)
        if match:
            self.pos = match.end()
            return Parameter(match.group(), quoted=quoted)
        following = self.text[self.pos + 1 : self.pos + 2]
        if following and following in _SPECIAL:
            self.pos += 2
            return Parameter(following, quoted=quoted)
        self.pos += 1
        return Text("$", quoted)

    def _backticks(self, quoted: bool) -> Part:
        end = self.pos + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.unclosed("`")
        inner = re.sub(r'\\([$`\\"])' if quoted else r"\\([$`\\])", r"\1", self.text[self.pos + 1 : end])
        self.pos = end + 1
        return Substitution(self.parse_inner(inner), quoted)

    def _arithmetic(self) -> Word | None:
        """The inside of `$((...))`; None when the parentheses turn out to be a subshell."""
        began = self.pos
        self.pos += 3
        inner = self.arithmetic_text()
        if inner is None:
            self.pos = began
        return inner

    def arithmetic_text(self) -> Word | None:
        """An expression up to `))`, which is passed."""
        parts: list[Part] = []
        depth = 0
        while not self.at_end():
            char = self.peek()
            if char == ")" and depth == 0:
                if self.peek(2) != "))":
                    return None
                self.pos += 2
                return tuple(_joined(parts))
            depth += (char == "(") - (char == ")")
            if char in "$`":
                parts.append(self.expansion(quoted=True))
            elif char == '"':
                self.pos += 1
            elif char == "\\" and self.peek(2) == "\\\n":
                self.pos += 2
            else:
                self.pos += 1
                parts.append(Text(char, quoted=True))
        return None

    def _braced(self, quoted: bool) -> Part:
        began = self.pos
        if self.peek() == "#" and self.peek(2) != "#}" and re.match(r"#[\w@*?$!#-]", self.peek(2)):
            self.pos += 1
            name = self._parameter_name(began)
            index = self._index()
            self._close(began)
            return Parameter(name, "length", index=index, quoted=quoted)
        indirect = self.peek() == "!" and self.peek(2) != "!}"
        if indirect:
            self.pos += 1
        name = self._parameter_name(began)
        index = self._index()
        if indirect:
            op = "names" if self.peek(2) in ("*}", "@}") else "indirect"
            self.pos += op == "names"
            self._close(began)
            return Parameter(name, op, index=index, quoted=quoted)
        if self.peek() == "}":
            self.pos += 1
            return Parameter(name, index=index, quoted=quoted)
        return self._with_operator(name, index, quoted, began)

    def _parameter_name(self, began: int) -> str:
        match = _NAME.match(self.text, self.pos) or re.compile(r"\d+|[@*#?$!-]").match(self.text, self.pos)
        if match is None:
            raise self._bad_substitution(began)
        self.pos = match.end()
        return match.group()

    def _index(self) -> Word | None:
        if self.peek() != "[":
            return None
        self.pos += 1
        index = self.word(stop="]") or ()
        self._expect("]")
        return index

    def _with_operator(self, name: str, index: Word | None, quoted: bool, began: int) -> Part:
        match = _OPERATOR.match(self.text, self.pos)
        more: Word | None = None
        if match is None and self.peek() == ":":
            op = ":"
            self.pos += 1
            word = self._inner(":}", quoted)
            if self.peek() == ":":
                self.pos += 1
                more = self._inner("}", quoted)
        elif match is None:
            raise self._bad_substitution(began)
        else:
            op = match.group()
            self.pos = match.end()
            # Patterns keep their own quoting rules even inside double quotes.
            pattern = op[0] in "#%/^,"
            word = self._inner("/}" if op[0] == "/" else "}", quoted and not pattern)
            if op[0] == "/" and self.peek() == "/":
                self.pos += 1
                more = self._inner("}", quoted=False)
        self._close(began)
        return Parameter(name, op, word, more, index, quoted)

    def _inner(self, stop: str, quoted: bool) -> Word:
        """A word inside braces; inside double quotes single quotes mean nothing."""
        parts: list[Part] = []
        while not self.at_end() and self.peek() not in stop:
            if quoted and self.peek() == '"':
                self.pos += 1
                parts += self.double('"')
                self._expect('"')
            elif (
                quoted and self.peek() == "\\" and self.text[self.pos + 1 : self.pos + 2] in ("$", "`", '"', "\\", "}")
            ):
                parts.append(Text(self.text[self.pos + 1], quoted=True))
                self.pos += 2
            elif quoted and self.peek() not in "$`":
                parts.append(Text(self.peek(), quoted=True))
                self.pos += 1
            elif self.peek() in "$`":
                parts.append(self.expansion(quoted) if self.peek(2) not in ("$'", '$"') or quoted else self._piece_of())
            else:
                self.piece(parts)
        return tuple(_joined(parts))

    def _piece_of(self) -> Part:
        parts: list[Part] = []
        self.piece(parts)
        return parts[0] if parts else Text("")

    def _close(self, began: int) -> None:
        if self.peek() != "}":
            if self.at_end():
                raise self.unclosed("}")
            raise self._bad_substitution(began)
        self.pos += 1

    def _bad_substitution(self, began: int) -> ShellSyntaxError:
        end = self.text.find("}", began)
        shown = self.text[began - 2 : len(self.text) if end < 0 else end + 1]
        return ShellSyntaxError(f"{shown}: bad substitution", self.line)

    def _expect(self, char: str) -> None:
        if self.peek() != char:
            raise self.unclosed(char)
        self.pos += 1

    def unclosed(self, char: str) -> ShellSyntaxError:
        """The text ends before `char`."""
        return ShellSyntaxError(f"unexpected EOF while looking for matching `{char}'", self.line)


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbouring texts of one kind as one."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text) and isinstance(last, Text) and part.quoted == last.quoted:
            joined[-1] = Text(last.text + part.text, part.quoted)
        else:
            joined.append(part)
    return joined


def _ansi(text: str) -> str:
    """The inside of `$'...'`."""

    def one(match: re.Match[str]) -> str:
        body = match.group()[1:]
        if body[0] in "xuU" and len(body) > 1:
            return chr(int(body[1:], 16))
        if body[0] in "01234567":
            return chr(int(body, 8) & 0xFF)
        if body[0] == "c" and len(body) > 1:
            return chr(ord(body[1]) & 0x1F)
        return _ESCAPES.get(body, body if body in "\\'\"?" else match.group())

    return _ANSI.sub(one, text)


def literal(word: Word) -> str | None:
    """The characters of a word without any expansion, or None."""
    return "".join(p.text for p in word if isinstance(p, Text)) if all(isinstance(p, Text) for p in word) else None


def bare(word: Word) -> str | None:
    """The characters of a word that is neither quoted nor expanded, or None: only such a word can be reserved."""
    return word[0].text if len(word) == 1 and isinstance(word[0], Text) and not word[0].quoted else None
