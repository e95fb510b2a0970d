"""The language of awk, read into nested tuples: what runbooks use of it.

Not read: getline, own functions, output into files and pipes, system. They raise `NotHere`.
"""

from __future__ import annotations

import re
from typing import Any

from drills.shell.awk_tokens import KEYWORDS, AwkTokens
from drills.shell.program import Failed
from drills.shell.tool import NotHere

Node = tuple[Any, ...]
FUNCTIONS = frozenset(["length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper",
                       "int", "sqrt", "exp", "log", "sin", "cos", "atan2", "strftime", "systime",
                       "gensub"])  # fmt: skip
_ELSEWHERE = frozenset(
    ["system", "rand", "srand", "close", "fflush", "mktime", "asort", "asorti", "getline", "strtonum"]
)
_STRING_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    '"': '"',
    "/": "/",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}


def unescaped(text: str) -> str:
    """The inside of a string constant."""

    def one(match: re.Match[str]) -> str:
        body = match.group(1)
        if body[0] in "01234567":
            return chr(int(body, 8) & 0xFF)
        return _STRING_ESCAPES.get(body, "\\" + body)

    return re.sub(r"\\([0-7]{1,3}|.)", one, text, flags=re.S)


class AwkReader(AwkTokens):
    """Reads a program."""

    def __init__(self, text: str) -> None:
        """Ready to read `text`."""
        super().__init__(text)
        self._no_greater = 0
        """Inside `print`, where `>` means a file."""

    def program(self) -> list[tuple[Node | None, Node | None, list[Node] | None]]:
        """Rules: pattern, end of the range, action (None prints the line)."""
        rules: list[tuple[Node | None, Node | None, list[Node] | None]] = []
        self.skip_ends()
        while self.kind:
            rules.append(self._rule())
            self.skip_ends()
        return rules

    def _rule(self) -> tuple[Node | None, Node | None, list[Node] | None]:
        if self.token in ("function", "func") and self.kind == "name":
            raise NotHere("awk: own functions cannot be executed here")
        pattern: Node | None = None
        until: Node | None = None
        if self.token in ("BEGIN", "END"):
            pattern = (self.token,)
            self.advance()
        elif self.token != "{":
            pattern = self._expression()
            if self.token == ",":
                self.advance()
                self.skip_newlines()
                until = self._expression()
        if self.token == "{":
            return pattern, until, self._block()
        if pattern in (("BEGIN",), ("END",)):
            raise self.wrong()
        return pattern, until, None

    # Statements.

    def _block(self) -> list[Node]:
        self.expect("{")
        statements: list[Node] = []
        self.skip_ends()
        while self.token != "}":
            if not self.kind:
                raise self.wrong()
            statements.append(self._statement())
            self.skip_ends()
        self.advance()
        return statements

    def _statement(self) -> Node:
        if self.token == "{":
            return ("block", self._block())
        if self.kind == "name" and self.token in KEYWORDS:
            handlers = {"if": self._if, "while": self._while, "for": self._for, "do": self._do, "print": self._print,
                        "printf": self._print, "delete": self._delete}  # fmt: skip
            if self.token in handlers:
                return handlers[self.token]()
            if self.token in ("next", "break", "continue"):
                word = self.token
                self.advance()
                return (word,)
            if self.token == "exit":
                self.advance()
                return ("exit", None if self.ends() else self._expression())
            raise NotHere(f"awk: `{self.token}' cannot be executed here")
        return ("expression", self._expression())

    def _simple_or_block(self) -> Node:
        self.skip_newlines()
        if self.token == ";":
            self.advance()
            return ("block", [])
        return self._statement()

    def _if(self) -> Node:
        self.advance()
        self.expect("(")
        condition = self._expression()
        self.expect(")")
        then = self._simple_or_block()
        before = (self.at, self.kind, self.token, self.previous)
        self.skip_ends()
        if self.token == "else":
            self.advance()
            return ("if", condition, then, self._simple_or_block())
        self.at, self.kind, self.token, self.previous = before
        return ("if", condition, then, None)

    def _while(self) -> Node:
        self.advance()
        self.expect("(")
        condition = self._expression()
        self.expect(")")
        return ("while", condition, self._simple_or_block())

    def _do(self) -> Node:
        self.advance()
        body = self._simple_or_block()
        self.skip_ends()
        if self.token != "while":
            raise self.wrong()
        self.advance()
        self.expect("(")
        condition = self._expression()
        self.expect(")")
        return ("do", body, condition)

    def _for(self) -> Node:
        self.advance()
        self.expect("(")
        match = re.compile(r"\s*in\s+([A-Za-z_]\w*)\s*\)").match(self.text, self.at)
        if self.kind == "name" and match:
            name = self.token
            self.at = match.end()
            self.advance()
            return ("forin", name, match.group(1), self._simple_or_block())
        start = None if self.token == ";" else self._statement()
        self.expect(";")
        condition = None if self.token == ";" else self._expression()
        self.expect(";")
        step = None if self.token == ")" else self._statement()
        self.expect(")")
        return ("for", start, condition, step, self._simple_or_block())

    def _print(self) -> Node:
        word = self.token
        self.advance()
        arguments: list[Node] = []
        self._no_greater += 1
        if not self.ends() and self.token not in (">", ">>", "|"):
            arguments.append(self._expression())
            while self.token == ",":
                self.advance()
                self.skip_newlines()
                arguments.append(self._expression())
        self._no_greater -= 1
        if self.token in (">", ">>", "|"):
            raise NotHere(f"awk: {word} into a file or pipe cannot be executed here")
        if len(arguments) == 1 and arguments[0][0] == "list":
            arguments = list(arguments[0][1])
        return (word, arguments)

    def _delete(self) -> Node:
        self.advance()
        name = self.token
        self.advance()
        if self.token != "[":
            return ("delete", name, None)
        self.advance()
        index = self._arguments("]")
        return ("delete", name, index)

    # Expressions, from the loosest to the tightest.

    def _expression(self) -> Node:
        left = self._ternary()
        if self.token in ("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=") and left[0] in ("name", "field", "element"):
            op = self.token
            self.advance()
            self.skip_newlines()
            return ("assign", op, left, self._expression())
        return left

    def _ternary(self) -> Node:
        condition = self._binary_level(0)
        if self.token != "?":
            return condition
        self.advance()
        self.skip_newlines()
        first = self._ternary_or_assign()
        self.skip_newlines()
        self.expect(":")
        self.skip_newlines()
        return ("?", condition, first, self._ternary_or_assign())

    def _ternary_or_assign(self) -> Node:
        return self._expression()

    def _binary_level(self, level: int) -> Node:
        if level == 0:
            return self._chain("||", lambda: self._binary_level(1))
        if level == 1:
            return self._chain("&&", lambda: self._binary_level(2))
        if level == 2:
            return self._membership()
        if level == 3:
            return self._matching()
        return self._comparison()

    def _chain(self, op: str, inner: Any) -> Node:
        left: Node = inner()
        while self.token == op and self.kind == "op":
            self.advance()
            self.skip_newlines()
            left = (op, left, inner())
        return left

    def _membership(self) -> Node:
        left = self._binary_level(3)
        while self.token == "in" and self.kind == "name":
            self.advance()
            left = ("in", left[1] if left[0] == "list" else [left], self.token)
            self.advance()
        return left

    def _matching(self) -> Node:
        left = self._comparison()
        while self.token in ("~", "!~") and self.kind == "op":
            op = self.token
            self.advance()
            left = (op, left, self._comparison())
        return left

    def _comparison(self) -> Node:
        left = self._concatenation()
        ops = ("<", "<=", "==", "!=", ">=") if self._no_greater else ("<", "<=", "==", "!=", ">", ">=")
        if self.token in ops and self.kind == "op":
            op = self.token
            self.advance()
            return ("compare", op, left, self._concatenation())
        if self.token == "|" and re.compile(r"\s*getline").match(self.text, self.at):
            raise NotHere("awk: getline cannot be executed here")
        return left

    def _concatenation(self) -> Node:
        left = self._sum()
        while (
            self.kind in ("number", "string")
            or (self.kind == "name" and self.token not in KEYWORDS)
            or (self.token in ("$", "!", "(", "-", "+", "++", "--") and self.kind == "op")
        ):
            if self.token in ("-", "+"):
                break
            left = ("concat", left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self.token in ("+", "-") and self.kind == "op":
            op = self.token
            self.advance()
            left = ("arith", op, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._unary()
        while self.token in ("*", "/", "%") and self.kind == "op":
            op = self.token
            self.advance()
            left = ("arith", op, left, self._unary())
        return left

    def _unary(self) -> Node:
        if self.token in ("!", "-", "+") and self.kind == "op":
            op = self.token
            self.advance()
            return ("unary", op, self._unary())
        return self._power()

    def _power(self) -> Node:
        base = self._postfix()
        if self.token in ("^", "**") and self.kind == "op":
            self.advance()
            return ("arith", "^", base, self._unary())
        return base

    def _postfix(self) -> Node:
        if self.token in ("++", "--"):
            op = self.token
            self.advance()
            return ("before", op, self._primary())
        node = self._primary()
        if self.token in ("++", "--") and node[0] in ("name", "field", "element"):
            op = self.token
            self.advance()
            return ("after", op, node)
        return node

    def _primary(self) -> Node:
        kind, token = self.kind, self.token
        if kind == "number":
            self.advance()
            return ("number", float(int(token, 16)) if token[:2].lower() == "0x" else float(token))
        if kind == "string":
            self.advance()
            return ("string", unescaped(token[1:-1]))
        if kind == "regex":
            self.advance()
            return ("regex", token)
        if token == "$":
            self.advance()
            if self.token in ("++", "--"):
                op = self.token
                self.advance()
                return ("field", ("before", op, self._primary()))
            return ("field", ("unary", "-", self._primary())) if self.token == "-" else ("field", self._primary())
        if token == "(":
            return self._parenthesis()
        if kind == "name" and token not in KEYWORDS:
            return self._named(token)
        if token == "getline":
            raise NotHere("awk: getline cannot be executed here")
        raise self.wrong()

    def _parenthesis(self) -> Node:
        self.advance()
        greater, self._no_greater = self._no_greater, 0
        first = self._expression()
        if self.token == ",":
            items = [first]
            while self.token == ",":
                self.advance()
                items.append(self._expression())
            self._no_greater = greater
            self.expect(")")
            return ("list", items)
        self._no_greater = greater
        self.expect(")")
        return ("group", first)

    def _named(self, name: str) -> Node:
        follows = self.text[self.at : self.at + 1]
        self.advance()
        if name in _ELSEWHERE:
            raise NotHere(f"awk: {name} cannot be executed here")
        if name in FUNCTIONS:
            if self.token != "(":
                if name == "length":
                    return ("call", "length", [])
                raise self.wrong()
            self.advance()
            return ("call", name, self._arguments(")"))
        if self.token == "[":
            self.advance()
            return ("element", name, self._arguments("]"))
        if self.token == "(" and follows == "(":
            raise Failed(f"awk: function {name} not defined", 2)
        return ("name", name)

    def _arguments(self, end: str) -> list[Node]:
        found: list[Node] = []
        greater, self._no_greater = self._no_greater, 0
        while self.token != end:
            found.append(self._expression())
            if self.token == ",":
                self.advance()
                self.skip_newlines()
            elif self.token != end:
                raise self.wrong()
        self._no_greater = greater
        self.advance()
        return found
