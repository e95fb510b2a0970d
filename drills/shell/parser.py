"""The grammar of the shell language: a text becomes a `Script`, or a `ShellSyntaxError` in bash's words."""

from __future__ import annotations

import re

from drills.shell.lexer import Lexer, ShellSyntaxError, bare, literal
from drills.shell.syntax import (
    AndOr,
    ArithmeticCommand,
    Assignment,
    Body,
    Case,
    Command,
    Condition,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Text,
    While,
    Word,
)

_RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "[[",
     "]]", "function", "time", "in", "select", "coproc"]
)  # fmt: skip
_CLOSING = frozenset(["then", "else", "elif", "fi", "do", "done", "esac", "}", "]]"])
_REDIRECT = re.compile(r"(\d{0,9})(&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]]*)\])?(\+?)=", re.S)
_FUNCTION = re.compile(r"([A-Za-z_][\w.:-]*)[ \t]*\(\)")
_DEEPEST = 60
"""How deep commands may nest; what is deeper was not written by a person."""


def parse(text: str, placeholders: bool = False) -> Script:
    """The commands of `text`; with `placeholders`, `<name>` stands for something to be filled in."""
    return Parser(text, placeholders).script()


class Parser(Lexer):
    """Reads commands, one text at a time."""

    def __init__(self, text: str, placeholders: bool, depth: int = 0) -> None:
        """Read `text`, which stands `depth` commands deep in another."""
        super().__init__(text.replace("\r\n", "\n"), placeholders)
        self._depth = depth
        self._documents: list[tuple[Redirect, str, bool, bool]] = []
        self.parse_inner = lambda inner: Parser(inner, placeholders, self._depth + 1).script()
        self.parse_until = lambda: self._list(frozenset(), closing=")")

    def script(self) -> Script:
        """Everything."""
        found = self._list(frozenset())
        if not self.at_end():
            raise self._unexpected()
        self._read_documents()
        return found

    # Lists and pipelines.

    def _list(self, ends: frozenset[str], closing: str = "") -> Script:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ShellSyntaxError(f"commands nest more than {_DEEPEST} deep", self.line)
        items: list[AndOr] = []
        while True:
            self._skip_lines()
            if self.at_end() or (closing and self.peek() == closing) or self._at_reserved(ends):
                break
            if self.peek() == ")" or self._at_reserved(_CLOSING) or self.peek() in ";&|":
                raise self._unexpected()
            items.append(self._and_or())
        self._depth -= 1
        return tuple(items)

    def _block(self, *ends: str) -> Script:
        """A list that must not be empty, up to one of the reserved words."""
        found = self._list(frozenset(ends))
        if not found:
            raise self._unexpected()
        return found

    def _and_or(self) -> AndOr:
        began, line = self.pos, self.line
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        self.skip_blanks()
        while self.peek(2) in ("&&", "||"):
            op = self.peek(2)
            self.pos += 2
            self._skip_lines()
            rest.append((op, self._pipeline()))
            self.skip_blanks()
        text = self.text[began : self.pos].rstrip()
        background = self.peek() == "&" and self.peek(2) != "&&"
        if background or (self.peek() == ";" and self.peek(2) not in (";;", ";&")):
            self.pos += 1
        elif not self.at_end() and self.peek() not in "\n);":
            raise self._unexpected()
        return AndOr(first, tuple(rest), background, text, line)

    def _pipeline(self) -> Pipeline:
        negated = timed = False
        self.skip_blanks()
        while self._at_reserved(frozenset(["!", "time"])):
            if self.peek() == "!":
                negated = not negated
                self.pos += 1
            else:
                timed = True
                self.pos += 4
                self.skip_blanks()
                if self.peek(3) in ("-p ", "-p\n"):
                    self.pos += 2
            self.skip_blanks()
        commands, errors = [self._command()], []
        self.skip_blanks()
        while self.peek() == "|" and self.peek(2) != "||":
            errors.append(self.peek(2) == "|&")
            self.pos += 2 if errors[-1] else 1
            self._skip_lines()
            commands.append(self._command())
            self.skip_blanks()
        return Pipeline(tuple(commands), negated, tuple(errors), timed)

    # Commands.

    def _command(self) -> Command:
        self.skip_blanks()
        compound = self._compound()
        if compound is None:
            return self._simple()
        redirects: list[Redirect] = []
        while True:
            self.skip_blanks()
            if not self._redirect(redirects):
                break
        return Command(compound, tuple(redirects))

    def _compound(self) -> Body | None:
        if self.peek(2) == "((":
            began = self.pos
            self.pos += 2
            expression = self.arithmetic_text()
            if expression is not None:
                return ArithmeticCommand(expression)
            self.pos = began
        if self.peek() == "(":
            self.pos += 1
            body = self._list(frozenset(), closing=")")
            if not body and self.peek() == ")":
                raise self._unexpected()
            self._close_with(")")
            return Group(body, subshell=True)
        match = _FUNCTION.match(self.text, self.pos)
        if match and match.group(1) not in _RESERVED:
            self.pos = match.end()
            return self._function(match.group(1))
        word = self._reserved()
        return None if word is None else self._compound_of(word)

    def _compound_of(self, word: str) -> Body | None:
        if word == "{":
            self.pos += 1
            body = self._block("}")
            self._pass("}")
            return Group(body, subshell=False)
        if word in ("while", "until"):
            self._pass(word)
            condition = self._block("do")
            return While(condition, self._do(), word == "until")
        if word in ("coproc", "select"):
            raise ShellSyntaxError(f"`{word}' cannot be executed here", self.line)
        if word in _CLOSING:
            raise self._unexpected()
        handler = {"if": self._if, "for": self._for, "case": self._case, "function": self._named_function,
                   "[[": self._condition}.get(word)  # fmt: skip
        return None if handler is None else handler()

    def _do(self) -> Script:
        self._skip_separator()
        self._pass("do")
        body = self._block("done")
        self._pass("done")
        return body

    def _if(self) -> Body:
        arms: list[tuple[Script, Script]] = []
        self._pass("if")
        while True:
            condition = self._block("then")
            self._pass("then")
            arms.append((condition, self._block("elif", "else", "fi")))
            if self._reserved() != "elif":
                break
            self._pass("elif")
        otherwise = None
        if self._reserved() == "else":
            self._pass("else")
            otherwise = self._block("fi")
        self._pass("fi")
        return If(tuple(arms), otherwise)

    def _for(self) -> Body:
        self._pass("for")
        self.skip_blanks()
        if self.peek(2) == "((":
            return self._for_arithmetic()
        name = bare(self.word() or ())
        if name is None:
            raise self._unexpected()
        self._skip_lines()
        words: list[Word] | None = None
        if self._reserved() == "in":
            self._pass("in")
            words = []
            self.skip_blanks()
            while (word := self.word()) is not None:
                words.append(word)
                self.skip_blanks()
        return For(name, None if words is None else tuple(words), self._do())

    def _for_arithmetic(self) -> Body:
        self.pos += 2
        expression = self.arithmetic_text()
        if expression is None:
            raise self.unclosed(")")
        parts: list[list[Text | object]] = [[]]
        for part in expression:
            if isinstance(part, Text):
                first, *others = part.text.split(";")
                parts[-1].append(Text(first, quoted=True))
                parts += [[Text(other, quoted=True)] for other in others]
            else:
                parts[-1].append(part)
        if len(parts) != 3:
            raise ShellSyntaxError("arithmetic expression required", self.line)
        start, condition, step = (tuple(part) for part in parts)
        return ForArithmetic(start, condition, step, self._do())  # type: ignore[arg-type]

    def _case(self) -> Body:
        self._pass("case")
        self.skip_blanks()
        word = self.word()
        if word is None:
            raise self._unexpected()
        self._skip_lines()
        self._pass("in")
        arms: list[tuple[tuple[Word, ...], Script, str]] = []
        while True:
            self._skip_lines()
            if self._reserved() == "esac":
                break
            arms.append(self._arm())
        self._pass("esac")
        return Case(word, tuple(arms))

    def _arm(self) -> tuple[tuple[Word, ...], Script, str]:
        if self.peek() == "(":
            self.pos += 1
        patterns: list[Word] = []
        while True:
            self.skip_blanks()
            pattern = self.word()
            if pattern is None:
                raise self._unexpected()
            patterns.append(pattern)
            self.skip_blanks()
            if self.peek() != "|":
                break
            self.pos += 1
        self._close_with(")")
        body = self._case_body()
        for op in (";;&", ";;", ";&"):
            if self.peek(len(op)) == op:
                self.pos += len(op)
                return tuple(patterns), body, op
        return tuple(patterns), body, ";;"

    def _case_body(self) -> Script:
        items: list[AndOr] = []
        while True:
            self._skip_lines()
            if self.at_end() or self.peek(2) in (";;", ";&") or self._reserved() == "esac":
                return tuple(items)
            if self.peek() in ");&|":
                raise self._unexpected()
            items.append(self._and_or())

    def _named_function(self) -> Body:
        self._pass("function")
        self.skip_blanks()
        name = bare(self.word() or ())
        if name is None:
            raise self._unexpected()
        self.skip_blanks()
        if self.peek(2) == "()":
            self.pos += 2
        return self._function(name)

    def _function(self, name: str) -> Body:
        self._skip_lines()
        body = self._command()
        if isinstance(body.body, Simple):
            raise self._unexpected()
        return Function(name, body)

    def _condition(self) -> Body:
        self._pass("[[")
        words: list[Word] = []
        while True:
            self._skip_lines()
            if self.at_end():
                raise self._unexpected()
            if self._reserved() == "]]":
                self._pass("]]")
                return Condition(tuple(words))
            if words and bare(words[-1]) == "=~":
                words.append(self._regex())
                continue
            for op in ("&&", "||", "(", ")", "<", ">"):
                if self.peek(len(op)) == op and self.placeholder() is None:
                    self.pos += len(op)
                    words.append((Text(op),))
                    break
            else:
                word = self.word()
                if word is None:
                    raise self._unexpected()
                words.append(word)

    def _regex(self) -> Word:
        """The right side of `=~`: parentheses and bars belong to it."""
        depth, parts = 0, []  # type: ignore[var-annotated]
        while not self.at_end() and (depth or self.peek() not in " \t\n"):
            depth += (self.peek() == "(") - (self.peek() == ")")
            self.piece(parts)
        return tuple(parts)

    # Simple commands.

    def _simple(self) -> Command:
        line = self.line
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            self.skip_blanks()
            if self._redirect(redirects):
                continue
            if not words or self._declares(words):
                assigned = self._assignment()
                if assigned is not None and not words:
                    assignments.append(assigned)
                    continue
                if assigned is not None:
                    raise ShellSyntaxError("an array in a declaration cannot be executed here", line)
            if self.peek(2) == ">(":
                raise ShellSyntaxError("the process substitution `>(...)' cannot be executed here", line)
            word = self.word()
            if word is None:
                break
            if self.peek() == "(" and words == [] and literal(word) is not None:
                raise self._unexpected()
            words.append(word)
        if not (assignments or words or redirects):
            raise self._unexpected()
        return Command(Simple(tuple(assignments), tuple(words), line), tuple(redirects))

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
        where = None if index is None else Parser(index, False, self._depth + 1).word(stop="\0")
        if self.peek() == "(" and index is None:
            self.pos += 1
            return Assignment(name, tuple(self._array()), array=True, append=bool(plus))
        value = self.word() if self.peek() not in (" ", "\t", "") else None
        return Assignment(name, value or (), append=bool(plus), index=where)

    def _array(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self._skip_lines()
            word = self.word()
            if word is None:
                self._close_with(")")
                return words
            words.append(word)

    def _redirect(self, redirects: list[Redirect]) -> bool:
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
            raise self._unexpected()
        if op in ("<<", "<<-"):
            # The text follows at the next line; the place is kept until it has been read.
            redirects.append(Redirect(fd, op, ()))
            quoted = any(isinstance(p, Text) and p.quoted for p in target)
            self._documents.append((redirects[-1], literal(target) or "", quoted, op == "<<-"))
        else:
            redirects.append(Redirect(fd, op, target))
        return True

    def _read_documents(self) -> None:
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
                word = tuple(Parser(body, False, self._depth + 1).double(""))
            redirect.op, redirect.target = "<<", word

    # Small things.

    def _skip_lines(self) -> None:
        while True:
            self.skip_blanks()
            if self.peek() != "\n":
                return
            self.pos += 1
            self._read_documents()

    def _skip_separator(self) -> None:
        self.skip_blanks()
        if self.peek() == ";":
            self.pos += 1
        self._skip_lines()

    def _reserved(self) -> str | None:
        """The reserved word that stands here, not yet passed."""
        match = re.compile(r"[\w!{}\[\]]+").match(self.text, self.pos)
        word = match.group() if match else ""
        if word not in _RESERVED:
            return None
        following = self.text[self.pos + len(word) : self.pos + len(word) + 1]
        return word if not following or following in " \t\n\r;&|()<>" else None

    def _at_reserved(self, words: frozenset[str]) -> bool:
        return bool(words) and self._reserved() in words

    def _pass(self, word: str) -> None:
        self._skip_lines()
        if self._reserved() != word:
            raise self._unexpected()
        self.pos += len(word)

    def _close_with(self, char: str) -> None:
        self.skip_blanks()
        if self.peek() != char:
            raise self._unexpected()
        self.pos += 1

    def _unexpected(self) -> ShellSyntaxError:
        self.skip_blanks()
        if self.at_end():
            return ShellSyntaxError("syntax error: unexpected end of file", self.line)
        match = re.compile(r"\n|&&|\|\||;;|[|&;()<>]|[^\s|&;()<>]+").match(self.text, self.pos)
        token = match.group() if match else self.peek()
        shown = "newline" if token == "\n" else token
        return ShellSyntaxError(f"syntax error near unexpected token `{shown}'", self.line)
