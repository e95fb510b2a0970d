"""Arithmetic of the shell: whole numbers of 64 bits, C's operators, variables that are read as expressions."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+#[\w@]+|\d+|[A-Za-z_]\w*(?:\[[^\]]*\])?|\*\*|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--"
    r"|[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),])"
)  # fmt: skip
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"||"}), frozenset({"&&"}), frozenset({"|"}), frozenset({"^"}), frozenset({"&"}),
    frozenset({"==", "!="}), frozenset({"<", "<=", ">", ">="}), frozenset({"<<", ">>"}), frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)  # fmt: skip
_ASSIGN = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})
_DEEPEST = 50


class ArithmeticProblem(Exception):
    """The expression is wrong; the text is what bash says."""


def evaluate(text: str, get: Callable[[str], str], put: Callable[[str, str], None], depth: int = 0) -> int:
    """The value of an expression; `get` and `put` reach the shell's variables."""
    if depth > _DEEPEST:
        raise ArithmeticProblem(f'{text}: expression recursion level exceeded (error token is "{text}")')
    return _Evaluator(text, get, put, depth).value()


def wrapped(value: int) -> int:
    """The value in 64 bits."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class _Evaluator:
    def __init__(
        self, text: str, get: Callable[[str], str], put: Callable[[str, str], None], depth: int
    ) -> None:  # fmt: skip
        self._text, self._get, self._put, self._depth = text, get, put, depth
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise ArithmeticProblem(
                    f'{text}: syntax error: operand expected (error token is "{text[position:].strip()}")'
                )
            self._tokens.append(match.group(1))
            position = match.end()
        self._at = 0
        self._skipping = 0

    def value(self) -> int:
        if not self._tokens:
            return 0
        result = self._comma()
        if self._at < len(self._tokens):
            raise self._wrong("syntax error in expression")
        return result

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *tokens: str) -> bool:
        if self._peek() in tokens and self._peek():
            self._at += 1
            return True
        return False

    def _wrong(self, problem: str) -> ArithmeticProblem:
        rest = " ".join(self._tokens[self._at :]) or (self._tokens[-1] if self._tokens else "")
        return ArithmeticProblem(f'{self._text}: {problem} (error token is "{rest}")')

    def _comma(self) -> int:
        result = self._assignment()
        while self._take(","):
            result = self._assignment()
        return result

    def _assignment(self) -> int:
        name = self._peek()
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        if _is_name(name) and following in _ASSIGN:
            self._at += 2
            right = self._assignment()
            if following != "=":
                right = self._binary(following[:-1], self._variable(name), right)
            return self._store(name, right)
        return self._ternary()

    def _store(self, name: str, value: int) -> int:
        if not self._skipping:
            self._put(name, str(value))
        return value

    def _ternary(self) -> int:
        condition = self._level(0)
        if not self._take("?"):
            return condition
        first = self._quietly(not condition, self._assignment)
        if not self._take(":"):
            raise self._wrong("`:' expected for conditional expression")
        second = self._quietly(bool(condition), self._assignment)
        return first if condition else second

    def _quietly(self, skip: bool, read: Callable[[], int]) -> int:
        self._skipping += skip
        try:
            return read()
        finally:
            self._skipping -= skip

    def _level(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._power()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            op = self._peek()
            self._at += 1
            if op in ("||", "&&"):
                decided = bool(left) == (op == "||")
                right = self._quietly(decided, lambda: self._level(level + 1))
                left = int(bool(left) if decided else bool(right))
            else:
                left = self._binary(op, left, self._level(level + 1))
        return left

    def _power(self) -> int:
        base = self._unary()
        if not self._take("**"):
            return base
        exponent = self._power()
        if exponent < 0:
            raise self._wrong("exponent less than 0")
        return wrapped(pow(base, exponent, 1 << 64))

    def _binary(self, op: str, left: int, right: int) -> int:
        if op in "/%" and right == 0:
            if self._skipping:
                return 0
            raise self._wrong("division by 0")
        results: dict[str, Callable[[], int]] = {
            "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "/": lambda: abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1),
            "%": lambda: abs(left) % abs(right) * (-1 if left < 0 else 1),
            "<<": lambda: left << (right & 63), ">>": lambda: left >> (right & 63), "&": lambda: left & right,
            "|": lambda: left | right, "^": lambda: left ^ right, "==": lambda: int(left == right),
            "!=": lambda: int(left != right), "<": lambda: int(left < right), "<=": lambda: int(left <= right),
            ">": lambda: int(left > right), ">=": lambda: int(left >= right),
        }  # fmt: skip
        return wrapped(results[op]())

    def _unary(self) -> int:
        if self._take("!"):
            return int(not self._unary())
        if self._take("~"):
            return ~self._unary()
        if self._take("-"):
            return wrapped(-self._unary())
        if self._take("+"):
            return self._unary()
        if self._peek() in ("++", "--"):
            step = 1 if self._peek() == "++" else -1
            self._at += 1
            name = self._peek()
            if not _is_name(name):
                return self._unary()
            self._at += 1
            return self._store(name, wrapped(self._variable(name) + step))
        return self._primary()

    def _primary(self) -> int:
        token = self._peek()
        if self._take("("):
            result = self._comma()
            if not self._take(")"):
                raise self._wrong("missing `)'")
            return result
        if _is_name(token):
            self._at += 1
            before = self._variable(token)
            if self._peek() in ("++", "--"):
                self._store(token, wrapped(before + (1 if self._peek() == "++" else -1)))
                self._at += 1
            return before
        if token and token[0].isdigit():
            self._at += 1
            return self._number(token)
        raise self._wrong("syntax error: operand expected")

    def _number(self, token: str) -> int:
        try:
            if "#" in token:
                base, digits = token.split("#", 1)
                return wrapped(int(digits, int(base)))
            if token[:2].lower() == "0x":
                return wrapped(int(token, 16))
            return wrapped(int(token, 8) if token[0] == "0" and len(token) > 1 else int(token))
        except ValueError:
            raise ArithmeticProblem(f'{token}: value too great for base (error token is "{token}")') from None

    def _variable(self, name: str) -> int:
        text = self._get(name).strip()
        if re.fullmatch(r"-?[1-9]\d*|0|", text):
            return wrapped(int(text or "0"))
        return evaluate(text, self._get, self._put, self._depth + 1)


def _is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] == "_")
