"""The language of awk, read into nested tuples: what runbooks use of it.

Not read: getline, own functions, output into files and pipes, system. They raise `NotHere`.
"""

from __future__ import annotations

import re
from typing import Any

from drills.shell.program import Failed
from drills.shell.tool import NotHere

Node = tuple[Any, ...]
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<op>\*\*=|\*\*|\+\+|--|[-+*/%^]=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>|?:~$=,;(){}\[\]])""",
    re.X | re.S,
)
_KEYWORDS = frozenset(["BEGIN", "END", "if", "else", "while", "for", "do", "in", "print", "printf", "next", "exit",
                       "delete", "break", "continue", "getline", "function", "func", "return", "nextfile"])  # fmt: skip
FUNCTIONS = frozenset(["length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int",
                       "sqrt", "exp", "log", "sin", "cos", "atan2", "strftime", "systime", "gensub"])  # fmt: skip
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


class AwkReader:
    """Reads a program."""

    def __init__(self, text: str) -> None:
        """Ready to read `text`."""
        self._text, self._at = text, 0
        self._kind, self._token = "", ""
        self._previous = ""
        self._no_in = 0
        self._no_greater = 0
        self._advance()

    def program(self) -> list[tuple[Node | None, Node | None, list[Node] | None]]:
        """Rules: pattern, end of the range, action (None prints the line)."""
        rules: list[tuple[Node | None, Node | None, list[Node] | None]] = []
        self._skip_ends()
        while self._kind:
            rules.append(self._rule())
            self._skip_ends()
        return rules

    def _rule(self) -> tuple[Node | None, Node | None, list[Node] | None]:
        if self._token in ("function", "func") and self._kind == "name":
            raise NotHere("awk: own functions cannot be executed here")
        pattern: Node | None = None
        until: Node | None = None
        if self._token in ("BEGIN", "END"):
            pattern = (self._token,)
            self._advance()
        elif self._token != "{":
            pattern = self._expression()
            if self._token == ",":
                self._advance()
                self._skip_newlines()
                until = self._expression()
        if self._token == "{":
            return pattern, until, self._block()
        if pattern in (("BEGIN",), ("END",)):
            raise self._wrong()
        return pattern, until, None

    # Statements.

    def _block(self) -> list[Node]:
        self._expect("{")
        statements: list[Node] = []
        self._skip_ends()
        while self._token != "}":
            if not self._kind:
                raise self._wrong()
            statements.append(self._statement())
            self._skip_ends()
        self._advance()
        return statements

    def _statement(self) -> Node:
        if self._token == "{":
            return ("block", self._block())
        if self._kind == "name" and self._token in _KEYWORDS:
            handlers = {"if": self._if, "while": self._while, "for": self._for, "do": self._do, "print": self._print,
                        "printf": self._print, "delete": self._delete}  # fmt: skip
            if self._token in handlers:
                return handlers[self._token]()
            if self._token in ("next", "break", "continue"):
                word = self._token
                self._advance()
                return (word,)
            if self._token == "exit":
                self._advance()
                return ("exit", None if self._ends() else self._expression())
            raise NotHere(f"awk: `{self._token}' cannot be executed here")
        return ("expression", self._expression())

    def _simple_or_block(self) -> Node:
        self._skip_newlines()
        if self._token == ";":
            self._advance()
            return ("block", [])
        return self._statement()

    def _if(self) -> Node:
        self._advance()
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        then = self._simple_or_block()
        before = (self._at, self._kind, self._token, self._previous)
        self._skip_ends()
        if self._token == "else":
            self._advance()
            return ("if", condition, then, self._simple_or_block())
        self._at, self._kind, self._token, self._previous = before
        return ("if", condition, then, None)

    def _while(self) -> Node:
        self._advance()
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("while", condition, self._simple_or_block())

    def _do(self) -> Node:
        self._advance()
        body = self._simple_or_block()
        self._skip_ends()
        if self._token != "while":
            raise self._wrong()
        self._advance()
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("do", body, condition)

    def _for(self) -> Node:
        self._advance()
        self._expect("(")
        match = re.compile(r"\s*in\s+([A-Za-z_]\w*)\s*\)").match(self._text, self._at)
        if self._kind == "name" and match:
            name = self._token
            self._at = match.end()
            self._advance()
            return ("forin", name, match.group(1), self._simple_or_block())
        start = None if self._token == ";" else self._statement()
        self._expect(";")
        condition = None if self._token == ";" else self._expression()
        self._expect(";")
        step = None if self._token == ")" else self._statement()
        self._expect(")")
        return ("for", start, condition, step, self._simple_or_block())

    def _print(self) -> Node:
        word = self._token
        self._advance()
        arguments: list[Node] = []
        self._no_greater += 1
        if not self._ends() and self._token not in (">", ">>", "|"):
            arguments.append(self._expression())
            while self._token == ",":
                self._advance()
                self._skip_newlines()
                arguments.append(self._expression())
        self._no_greater -= 1
        if self._token in (">", ">>", "|"):
            raise NotHere(f"awk: {word} into a file or pipe cannot be executed here")
        if len(arguments) == 1 and arguments[0][0] == "list":
            arguments = list(arguments[0][1])
        return (word, arguments)

    def _delete(self) -> Node:
        self._advance()
        name = self._token
        self._advance()
        if self._token != "[":
            return ("delete", name, None)
        self._advance()
        index = self._arguments("]")
        return ("delete", name, index)

    # Expressions, from the loosest to the tightest.

    def _expression(self) -> Node:
        left = self._ternary()
        if self._token in ("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=") and left[0] in ("name", "field", "element"):
            op = self._token
            self._advance()
            self._skip_newlines()
            return ("assign", op, left, self._expression())
        return left

    def _ternary(self) -> Node:
        condition = self._binary_level(0)
        if self._token != "?":
            return condition
        self._advance()
        self._skip_newlines()
        first = self._ternary_or_assign()
        self._skip_newlines()
        self._expect(":")
        self._skip_newlines()
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
        while self._token == op and self._kind == "op":
            self._advance()
            self._skip_newlines()
            left = (op, left, inner())
        return left

    def _membership(self) -> Node:
        left = self._binary_level(3)
        while self._token == "in" and self._kind == "name":
            self._advance()
            left = ("in", left[1] if left[0] == "list" else [left], self._token)
            self._advance()
        return left

    def _matching(self) -> Node:
        left = self._comparison()
        while self._token in ("~", "!~") and self._kind == "op":
            op = self._token
            self._advance()
            left = (op, left, self._comparison())
        return left

    def _comparison(self) -> Node:
        left = self._concatenation()
        ops = ("<", "<=", "==", "!=", ">=") if self._no_greater else ("<", "<=", "==", "!=", ">", ">=")
        if self._token in ops and self._kind == "op":
            op = self._token
            self._advance()
            return ("compare", op, left, self._concatenation())
        if self._token == "|" and re.compile(r"\s*getline").match(self._text, self._at):
            raise NotHere("awk: getline cannot be executed here")
        return left

    def _concatenation(self) -> Node:
        left = self._sum()
        while (
            self._kind in ("number", "string")
            or (self._kind == "name" and self._token not in _KEYWORDS)
            or (self._token in ("$", "!", "(", "-", "+", "++", "--") and self._kind == "op")
        ):
            if self._token in ("-", "+"):
                break
            left = ("concat", left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._token in ("+", "-") and self._kind == "op":
            op = self._token
            self._advance()
            left = ("arith", op, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._unary()
        while self._token in ("*", "/", "%") and self._kind == "op":
            op = self._token
            self._advance()
            left = ("arith", op, left, self._unary())
        return left

    def _unary(self) -> Node:
        if self._token in ("!", "-", "+") and self._kind == "op":
            op = self._token
            self._advance()
            return ("unary", op, self._unary())
        return self._power()

    def _power(self) -> Node:
        base = self._postfix()
        if self._token in ("^", "**") and self._kind == "op":
            self._advance()
            return ("arith", "^", base, self._unary())
        return base

    def _postfix(self) -> Node:
        if self._token in ("++", "--"):
            op = self._token
            self._advance()
            return ("before", op, self._primary())
        node = self._primary()
        if self._token in ("++", "--") and node[0] in ("name", "field", "element"):
            op = self._token
            self._advance()
            return ("after", op, node)
        return node

    def _primary(self) -> Node:
        kind, token = self._kind, self._token
        if kind == "number":
            self._advance()
            return ("number", float(int(token, 16)) if token[:2].lower() == "0x" else float(token))
        if kind == "string":
            self._advance()
            return ("string", unescaped(token[1:-1]))
        if kind == "regex":
            self._advance()
            return ("regex", token)
        if token == "$":
            self._advance()
            if self._token in ("++", "--"):
                op = self._token
                self._advance()
                return ("field", ("before", op, self._primary()))
            return ("field", ("unary", "-", self._primary())) if self._token == "-" else ("field", self._primary())
        if token == "(":
            return self._parenthesis()
        if kind == "name" and token not in _KEYWORDS:
            return self._named(token)
        if token == "getline":
            raise NotHere("awk: getline cannot be executed here")
        raise self._wrong()

    def _parenthesis(self) -> Node:
        self._advance()
        greater, self._no_greater = self._no_greater, 0
        first = self._expression()
        if self._token == ",":
            items = [first]
            while self._token == ",":
                self._advance()
                items.append(self._expression())
            self._no_greater = greater
            self._expect(")")
            return ("list", items)
        self._no_greater = greater
        self._expect(")")
        return ("group", first)

    def _named(self, name: str) -> Node:
        follows = self._text[self._at : self._at + 1]
        self._advance()
        if name in _ELSEWHERE:
            raise NotHere(f"awk: {name} cannot be executed here")
        if name in FUNCTIONS:
            if self._token != "(":
                if name == "length":
                    return ("call", "length", [])
                raise self._wrong()
            self._advance()
            return ("call", name, self._arguments(")"))
        if self._token == "[":
            self._advance()
            return ("element", name, self._arguments("]"))
        if self._token == "(" and follows == "(":
            raise Failed(f"awk: function {name} not defined", 2)
        return ("name", name)

    def _arguments(self, end: str) -> list[Node]:
        found: list[Node] = []
        greater, self._no_greater = self._no_greater, 0
        while self._token != end:
            found.append(self._expression())
            if self._token == ",":
                self._advance()
                self._skip_newlines()
            elif self._token != end:
                raise self._wrong()
        self._no_greater = greater
        self._advance()
        return found

    # Tokens.

    def _advance(self) -> None:
        self._previous = self._token if self._kind != "newline" else ""
        previous_kind = self._kind
        while self._at < len(self._text):
            if self._text[self._at] == "/" and not (
                previous_kind in ("number", "string")
                or (previous_kind == "name" and self._previous not in _KEYWORDS)
                or (previous_kind == "op" and self._previous in (")", "]", "++", "--", "$"))
            ):
                self._regex()
                return
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise Failed(f"awk: cmd. line:1: syntax error at or near {self._text[self._at]}", 2)
            self._at = match.end()
            if match.lastgroup != "space":
                self._kind, self._token = match.lastgroup or "", match.group()
                return
        self._kind = self._token = ""

    def _regex(self) -> None:
        place = self._at + 1
        inside = False
        while place < len(self._text) and (inside or self._text[place] != "/"):
            if self._text[place] == "\\":
                place += 1
            elif self._text[place] in "[]":
                inside = self._text[place] == "["
            elif self._text[place] == "\n":
                break
            place += 1
        if self._text[place : place + 1] != "/":
            raise Failed("awk: cmd. line:1: unterminated regexp", 2)
        self._kind, self._token = "regex", self._text[self._at + 1 : place].replace("\\/", "/")
        self._at = place + 1

    def _expect(self, token: str) -> None:
        if self._token != token:
            raise self._wrong()
        self._advance()

    def _ends(self) -> bool:
        return not self._kind or self._kind == "newline" or self._token in (";", "}")

    def _skip_ends(self) -> None:
        while self._kind == "newline" or self._token == ";":
            self._advance()

    def _skip_newlines(self) -> None:
        while self._kind == "newline":
            self._advance()

    def _wrong(self) -> Failed:
        near = {"": "end of program", "newline": "end of line"}.get(self._kind, self._token)
        return Failed(f"awk: cmd. line:1: syntax error at or near {near}", 2)
