"""Simple commands, redirections and here-documents of the shell language: what stands below its grammar of lists."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.lexer import Lexer, ShellSyntaxError, bare, literal
from drills.shell.syntax import Assignment, Command, Redirect, Simple, Text, Word

RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "[[",
     "]]", "function", "time", "in", "select", "coproc"]
)  # fmt: skip
_RESERVED_WORD = re.compile(r"[\w!{}\[\]]+")
_TOKEN = re.compile(r"\n|&&|\|\||;;|[|&;()<>]|[^\s|&;()<>]+")
_REDIRECT = re.compile(r"(\d{0,9})(&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]]*)\])?(\+?)=", re.S)


class SimpleCommands(Lexer):
    """Reads one simple command at a time."""

    def __init__(self, text: str, placeholders: bool) -> None:
        """Read `text`; with `placeholders`, `<name>` is something to be filled in."""
        super().__init__(text.replace("\r\n", "\n"), placeholders)
        self._documents: list[tuple[Redirect, str, bool, bool]] = []
        self.inner_lexer: Callable[[str], Lexer] = lambda inner: Lexer(inner)
        """Reads a text that stands inside this one."""

    def simple(self) -> Command:
        """Read a simple command."""
        line = self.line
        assignments: list[Assignment] = []
        declared: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            self.skip_blanks()
            if self.redirect(redirects):
                continue
            if not words or self._declares(words):
                assigned = self._assignment()
                if assigned is not None and not words:
                    assignments.append(assigned)
                    continue
                if assigned is not None:
                    declared.append(assigned)
                    words.append((Text(assigned.name),))
                    continue
            if self.peek(2) == ">(":
                raise ShellSyntaxError("the process substitution `>(...)' cannot be executed here", line)
            word = self.word()
            if word is None:
                break
            if self.peek() == "(" and words == [] and literal(word) is not None:
                raise self.unexpected()
            words.append(word)
        if not (assignments or words or redirects):
            raise self.unexpected()
        return Command(Simple(tuple(assignments), tuple(words), line, tuple(declared)), tuple(redirects))

    def _declares(self, words: list[Word]) -> bool:
        """Whether what follows may be an array assignment though a word came first (`local a=(1 2)`)."""
        if bare(words[0]) not in ("local", "declare", "export", "readonly", "typeset"):
            return False
        match = _ASSIGNMENT.match(self.text, self.pos)
        return match is not None and self.text[match.end() : match.end() + 1] == "("

    def _assignment(self) -> Assignment | None:
        match = _ASSIGNMENT.match(self.text, self.pos)
        if match is None or "\n" in match.group():
            return None
        name, index, plus = match.group(1), match.group(2), match.group(3)
        self.pos = match.end()
        where = None if index is None else self.inner_lexer(index).word(stop="\0")
        if self.peek() == "(" and index is None:
            self.pos += 1
            return Assignment(name, tuple(self._array()), array=True, append=bool(plus))
        value = self.word() if self.peek() not in (" ", "\t", "") else None
        return Assignment(name, value or (), append=bool(plus), index=where)

    def _array(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self.skip_lines()
            word = self.word()
            if word is None:
                self.close_with(")")
                return words
            words.append(word)

    def redirect(self, redirects: list[Redirect]) -> bool:
        """Read a redirection into `redirects`, if one begins here; whether one did."""
        match = _REDIRECT.match(self.text, self.pos)
        if match is None or self.peek(2) in ("<(", ">("):
            return False
        began = self.pos
        if not match.group(1) and self.placeholder() is not None:
            self.pos = began
            return False
        op = match.group(2)
        self.pos = match.end()
        self.skip_blanks()
        fd = int(match.group(1)) if match.group(1) else None
        target = self.word()
        if target is None:
            raise self.unexpected()
        if op in ("<<", "<<-"):
            # The text follows at the next line; the place is kept until it has been read.
            redirects.append(Redirect(fd, op, ()))
            quoted = any(isinstance(p, Text) and p.quoted for p in target)
            self._documents.append((redirects[-1], literal(target) or "", quoted, op == "<<-"))
        else:
            redirects.append(Redirect(fd, op, target))
        return True

    def read_documents(self) -> None:
        """Read the here-documents that were announced on the line that has just ended."""
        documents, self._documents = self._documents, []
        for redirect, end, quoted, strip in documents:
            lines: list[str] = []
            while not self.at_end():
                stop = self.text.find("\n", self.pos)
                stop = len(self.text) if stop < 0 else stop
                line = self.text[self.pos : stop]
                self.pos = min(stop + 1, len(self.text))
                line = line.lstrip("\t") if strip else line
                if line == end:
                    break
                lines.append(line + "\n")
            body = "".join(lines)
            word: Word = (Text(body, quoted=True),)
            if not quoted:
                word = tuple(self.inner_lexer(body).double(""))
            redirect.op, redirect.target = "<<", word

    # Small things.

    def skip_lines(self) -> None:
        """Pass blanks, comments and ends of lines."""
        while True:
            self.skip_blanks()
            if self.peek() != "\n":
                return
            self.pos += 1
            self.read_documents()

    def skip_separator(self) -> None:
        """Pass an optional semicolon and ends of lines."""
        self.skip_blanks()
        if self.peek() == ";":
            self.pos += 1
        self.skip_lines()

    def reserved(self) -> str | None:
        """The reserved word that stands here, not yet passed."""
        match = _RESERVED_WORD.match(self.text, self.pos)
        word = match.group() if match else ""
        if word not in RESERVED:
            return None
        following = self.text[self.pos + len(word) : self.pos + len(word) + 1]
        return word if not following or following in " \t\n\r;&|()<>" else None

    def at_reserved(self, words: frozenset[str]) -> bool:
        """Whether one of these reserved words stands here."""
        return bool(words) and self.reserved() in words

    def pass_word(self, word: str) -> None:
        """Pass a reserved word that must stand here."""
        self.skip_lines()
        if self.reserved() != word:
            raise self.unexpected()
        self.pos += len(word)

    def close_with(self, char: str) -> None:
        """Pass a character that must stand here."""
        self.skip_blanks()
        if self.peek() != char:
            raise self.unexpected()
        self.pos += 1

    def unexpected(self) -> ShellSyntaxError:
        """What bash says of what stands here."""
        self.skip_blanks()
        if self.at_end():
            return ShellSyntaxError("syntax error: unexpected end of file", self.line)
        match = _TOKEN.match(self.text, self.pos)
        token = match.group() if match else self.peek()
        shown = "newline" if token == "\n" else token
        return ShellSyntaxError(f"syntax error near unexpected token `{shown}'", self.line)
