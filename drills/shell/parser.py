"""The grammar of the shell language: a text becomes a `Script`, or a `ShellSyntaxError` in bash's words."""

from __future__ import annotations

import re

from drills.shell.lexer import ShellSyntaxError, bare
from drills.shell.simple_commands import RESERVED, SimpleCommands
from drills.shell.syntax import (
    AndOr,
    ArithmeticCommand,
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

_CLOSING = frozenset(["then", "else", "elif", "fi", "do", "done", "esac", "}", "]]"])
_FUNCTION = re.compile(r"([A-Za-z_][\w.:-]*)[ \t]*\(\)")
_DEEPEST = 40
"""How deep commands may nest; what is deeper was not written by a person."""


def parse(text: str, placeholders: bool = False) -> Script:
    """The commands of `text`; with `placeholders`, `<name>` stands for something to be filled in."""
    try:
        return Parser(text, placeholders).script()
    except RecursionError:
        raise ShellSyntaxError("commands nest too deep", 1) from None


class Parser(SimpleCommands):
    """Reads commands, one text at a time."""

    def __init__(self, text: str, placeholders: bool, depth: int = 0) -> None:
        """Read `text`, which stands `depth` commands deep in another."""
        super().__init__(text, placeholders)
        self._depth = depth
        self.inner_lexer = lambda inner: Parser(inner, False, self._depth + 1)
        self.parse_inner = lambda inner: Parser(inner, placeholders, self._depth + 1).script()
        self.parse_until = lambda: self._list(frozenset(), closing=")")

    def script(self) -> Script:
        """Everything."""
        found = self._list(frozenset())
        if not self.at_end():
            raise self.unexpected()
        self.read_documents()
        return found

    # Lists and pipelines.

    def _list(self, ends: frozenset[str], closing: str = "") -> Script:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ShellSyntaxError(f"commands nest more than {_DEEPEST} deep", self.line)
        items: list[AndOr] = []
        while True:
            self.skip_lines()
            if self.at_end() or (closing and self.peek() == closing) or self.at_reserved(ends):
                break
            if self.peek() == ")" or self.at_reserved(_CLOSING) or self.peek() in ";&|":
                raise self.unexpected()
            items.append(self._and_or())
        self._depth -= 1
        return tuple(items)

    def _block(self, *ends: str) -> Script:
        """A list that must not be empty, up to one of the reserved words."""
        found = self._list(frozenset(ends))
        if not found:
            raise self.unexpected()
        return found

    def _and_or(self) -> AndOr:
        began, line = self.pos, self.line
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        self.skip_blanks()
        while self.peek(2) in ("&&", "||"):
            op = self.peek(2)
            self.pos += 2
            self.skip_lines()
            rest.append((op, self._pipeline()))
            self.skip_blanks()
        text = self.text[began : self.pos].rstrip()
        background = self.peek() == "&" and self.peek(2) != "&&"
        if background or (self.peek() == ";" and self.peek(2) not in (";;", ";&")):
            self.pos += 1
        elif not self.at_end() and self.peek() not in "\n);":
            raise self.unexpected()
        return AndOr(first, tuple(rest), background, text, line)

    def _pipeline(self) -> Pipeline:
        negated = timed = False
        self.skip_blanks()
        while self.at_reserved(frozenset(["!", "time"])):
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
            self.skip_lines()
            commands.append(self._command())
            self.skip_blanks()
        return Pipeline(tuple(commands), negated, tuple(errors), timed)

    # Commands.

    def _command(self) -> Command:
        self.skip_blanks()
        compound = self._compound()
        if compound is None:
            return self.simple()
        redirects: list[Redirect] = []
        while True:
            self.skip_blanks()
            if not self.redirect(redirects):
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
                raise self.unexpected()
            self.close_with(")")
            return Group(body, subshell=True)
        match = _FUNCTION.match(self.text, self.pos)
        if match and match.group(1) not in RESERVED:
            self.pos = match.end()
            return self._function(match.group(1))
        word = self.reserved()
        return None if word is None else self._compound_of(word)

    def _compound_of(self, word: str) -> Body | None:
        if word == "{":
            self.pos += 1
            body = self._block("}")
            self.pass_word("}")
            return Group(body, subshell=False)
        if word in ("while", "until"):
            self.pass_word(word)
            condition = self._block("do")
            return While(condition, self._do(), word == "until")
        if word in ("coproc", "select"):
            raise ShellSyntaxError(f"`{word}' cannot be executed here", self.line)
        if word in _CLOSING:
            raise self.unexpected()
        handler = {"if": self._if, "for": self._for, "case": self._case, "function": self._named_function,
                   "[[": self._condition}.get(word)  # fmt: skip
        return None if handler is None else handler()

    def _do(self) -> Script:
        self.skip_separator()
        self.pass_word("do")
        body = self._block("done")
        self.pass_word("done")
        return body

    def _if(self) -> Body:
        arms: list[tuple[Script, Script]] = []
        self.pass_word("if")
        while True:
            condition = self._block("then")
            self.pass_word("then")
            arms.append((condition, self._block("elif", "else", "fi")))
            if self.reserved() != "elif":
                break
            self.pass_word("elif")
        otherwise = None
        if self.reserved() == "else":
            self.pass_word("else")
            otherwise = self._block("fi")
        self.pass_word("fi")
        return If(tuple(arms), otherwise)

    def _for(self) -> Body:
        self.pass_word("for")
        self.skip_blanks()
        if self.peek(2) == "((":
            return self._for_arithmetic()
        name = bare(self.word() or ())
        if name is None:
            raise self.unexpected()
        self.skip_lines()
        words: list[Word] | None = None
        if self.reserved() == "in":
            self.pass_word("in")
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
        self.pass_word("case")
        self.skip_blanks()
        word = self.word()
        if word is None:
            raise self.unexpected()
        self.skip_lines()
        self.pass_word("in")
        arms: list[tuple[tuple[Word, ...], Script, str]] = []
        while True:
            self.skip_lines()
            if self.reserved() == "esac":
                break
            arms.append(self._arm())
        self.pass_word("esac")
        return Case(word, tuple(arms))

    def _arm(self) -> tuple[tuple[Word, ...], Script, str]:
        if self.peek() == "(":
            self.pos += 1
        patterns: list[Word] = []
        while True:
            self.skip_blanks()
            pattern = self.word()
            if pattern is None:
                raise self.unexpected()
            patterns.append(pattern)
            self.skip_blanks()
            if self.peek() != "|":
                break
            self.pos += 1
        self.close_with(")")
        body = self._case_body()
        for op in (";;&", ";;", ";&"):
            if self.peek(len(op)) == op:
                self.pos += len(op)
                return tuple(patterns), body, op
        return tuple(patterns), body, ";;"

    def _case_body(self) -> Script:
        items: list[AndOr] = []
        while True:
            self.skip_lines()
            if self.at_end() or self.peek(2) in (";;", ";&") or self.reserved() == "esac":
                return tuple(items)
            if self.peek() in ");&|":
                raise self.unexpected()
            items.append(self._and_or())

    def _named_function(self) -> Body:
        self.pass_word("function")
        self.skip_blanks()
        name = bare(self.word() or ())
        if name is None:
            raise self.unexpected()
        self.skip_blanks()
        if self.peek(2) == "()":
            self.pos += 2
        return self._function(name)

    def _function(self, name: str) -> Body:
        self.skip_lines()
        body = self._command()
        if isinstance(body.body, Simple):
            raise self.unexpected()
        return Function(name, body)

    def _condition(self) -> Body:
        self.pass_word("[[")
        words: list[Word] = []
        while True:
            self.skip_lines()
            if self.at_end():
                raise self.unexpected()
            if self.reserved() == "]]":
                self.pass_word("]]")
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
                    raise self.unexpected()
                words.append(word)

    def _regex(self) -> Word:
        """The right side of `=~`: parentheses and bars belong to it."""
        depth, parts = 0, []  # type: ignore[var-annotated]
        while not self.at_end() and (depth or self.peek() not in " \t\n"):
            depth += (self.peek() == "(") - (self.peek() == ")")
            self.piece(parts)
        return tuple(parts)
