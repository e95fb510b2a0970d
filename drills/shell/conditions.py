"""`test`, `[` and `[[`: conditions on files, texts and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from drills.shell.files import Files, absolute, matches

_UNARY = frozenset("bcdefghknprstuwxzGLNOSaov")
_NUMBERS = frozenset(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
_TEXTS = frozenset(["=", "==", "!=", "<", ">", "=~"])
_FILES = frozenset(["-nt", "-ot", "-ef"])
BINARY = _NUMBERS | _TEXTS | _FILES


class ConditionProblem(Exception):
    """The condition cannot be judged; the text is what bash says."""


class Facts:
    """What conditions ask about."""

    def __init__(
        self, files: Files, cwd: str, is_set: Callable[[str], bool], option: Callable[[str], bool]
    ) -> None:  # fmt: skip
        """Files seen from `cwd`; `is_set` answers `-v`, `option` answers `-o`."""
        self.files, self.cwd, self.is_set, self.option = files, cwd, is_set, option

    def unary(self, op: str, operand: str) -> bool:
        """`-f file`, `-z text` and their like."""
        letter = op[1]
        if letter in "zn":
            return (operand == "") == (letter == "z")
        if letter == "v":
            return self.is_set(operand)
        if letter == "o":
            return self.option(operand)
        if letter == "t":
            return False
        path = absolute(operand, self.cwd)
        if not operand or not self.files.exists(path):
            return False
        if letter in "fd":
            return self.files.is_folder(path) == (letter == "d")
        if letter == "s":
            return self.files.stat(path).size > 0
        if letter == "x":
            return self.files.stat(path).executable
        return letter in "earwOG"

    def binary(self, left: str, op: str, right: str) -> bool:
        """Two texts, numbers or files."""
        if op in ("=", "=="):
            return left == right
        if op == "!=":
            return left != right
        if op in "<>":
            return left < right if op == "<" else left > right
        if op in _FILES:
            return self._newer(left, op, right)
        first, second = _number(left), _number(right)
        return {
            "-eq": first == second, "-ne": first != second, "-lt": first < second, "-le": first <= second,
            "-gt": first > second, "-ge": first >= second,
        }[op]  # fmt: skip

    def _newer(self, left: str, op: str, right: str) -> bool:
        first, second = absolute(left, self.cwd), absolute(right, self.cwd)
        if op == "-ef":
            return first == second and self.files.exists(first)
        if op == "-ot":
            first, second = second, first
        if not self.files.exists(first):
            return False
        return not self.files.exists(second) or (
            self.files.stat(first).modified_us > self.files.stat(second).modified_us
        )


def _number(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise ConditionProblem(f"{text}: integer expression expected")
    return int(text)


def judge(words: Sequence[str], facts: Facts) -> bool:
    """The condition of `test` or `[`, whose closing bracket has been taken off."""
    return _Test(list(words), facts).result()


class _Test:
    """`test` with its rules by the number of arguments, then the grammar of `!`, `-a`, `-o` and parentheses."""

    def __init__(self, words: list[str], facts: Facts) -> None:
        self._words, self._facts, self._at = words, facts, 0

    def result(self) -> bool:
        words = self._words
        if not words:
            return False
        if len(words) == 1:
            return words[0] != ""
        if len(words) == 2:
            return self._two(words)
        if len(words) == 3:
            return self._three(words)
        if len(words) == 4 and words[0] == "!":
            return not self._three(words[1:])
        if len(words) == 4 and (words[0], words[3]) == ("(", ")"):
            return self._two(words[1:3])
        answer = self._or()
        if self._at < len(words):
            raise ConditionProblem("too many arguments")
        return answer

    def _two(self, words: list[str]) -> bool:
        if words[0] == "!":
            return words[1] == ""
        if _is_unary(words[0]):
            return self._facts.unary(words[0], words[1])
        raise ConditionProblem(f"{words[0]}: unary operator expected")

    def _three(self, words: list[str]) -> bool:
        left, op, right = words
        if op in BINARY and op != "=~":
            return self._facts.binary(left, op, right)
        if op == "-a":
            return left != "" and right != ""
        if op == "-o":
            return left != "" or right != ""
        if left == "!":
            return not self._two([op, right])
        if (left, right) == ("(", ")"):
            return op != ""
        raise ConditionProblem(f"{op}: binary operator expected")

    def _peek(self, ahead: int = 0) -> str | None:
        return self._words[self._at + ahead] if self._at + ahead < len(self._words) else None

    def _or(self) -> bool:
        answer = self._and()
        while self._peek() == "-o":
            self._at += 1
            answer = self._and() or answer
        return answer

    def _and(self) -> bool:
        answer = self._not()
        while self._peek() == "-a":
            self._at += 1
            answer = self._not() and answer
        return answer

    def _not(self) -> bool:
        word = self._peek()
        if word is None:
            raise ConditionProblem("argument expected")
        following = self._peek(1)
        if following is not None and following in BINARY and following != "=~" and self._peek(2) is not None:
            left, op, right = self._words[self._at : self._at + 3]
            self._at += 3
            return self._facts.binary(left, op, right)
        self._at += 1
        if word == "!":
            return not self._not()
        if word == "(":
            answer = self._or()
            if self._peek() != ")":
                raise ConditionProblem("`)' expected")
            self._at += 1
            return answer
        if _is_unary(word) and following is not None:
            self._at += 1
            return self._facts.unary(word, following)
        return word != ""


def _is_unary(word: str) -> bool:
    return len(word) == 2 and word[0] == "-" and word[1] in _UNARY


class Operand:
    """A word of `[[ ]]`, which is expanded only when the condition needs it."""

    def __init__(self, operator: str | None, text: Callable[[], str], pattern: Callable[[], str],
                 regex: Callable[[], str]) -> None:  # fmt: skip
        """`operator` is the bare text of a word that may be one."""
        self.operator, self.text, self.pattern, self.regex = operator, text, pattern, regex


class DoubleBracket:
    """`[[ ... ]]`: no splitting, patterns on the right of `==`, short circuits."""

    def __init__(
        self, operands: Sequence[Operand], facts: Facts, calculate: Callable[[str], int],
        matched: Callable[[list[str]], None],
    ) -> None:  # fmt: skip
        """`matched` is told the groups of `=~`."""
        self._operands, self._facts, self._calculate, self._matched = operands, facts, calculate, matched
        self._at = 0

    def result(self) -> bool:
        """The condition; ConditionProblem when it is none."""
        answer = self._or(True)
        if self._at < len(self._operands):
            raise ConditionProblem("syntax error in conditional expression")
        return answer

    def _operator(self, ahead: int = 0) -> str | None:
        place = self._at + ahead
        return self._operands[place].operator if place < len(self._operands) else None

    def _or(self, live: bool) -> bool:
        answer = self._and(live)
        while self._operator() == "||":
            self._at += 1
            right = self._and(live and not answer)
            answer = answer or right
        return answer

    def _and(self, live: bool) -> bool:
        answer = self._one(live)
        while self._operator() == "&&":
            self._at += 1
            right = self._one(live and answer)
            answer = answer and right
        return answer

    def _one(self, live: bool) -> bool:
        word = self._operator()
        if self._at >= len(self._operands):
            raise ConditionProblem("syntax error in conditional expression")
        if word == "!":
            self._at += 1
            return not self._one(live)
        if word == "(":
            self._at += 1
            answer = self._or(live)
            if self._operator() != ")":
                raise ConditionProblem("syntax error in conditional expression")
            self._at += 1
            return answer
        following = self._operator(1)
        if following in BINARY and self._at + 2 < len(self._operands):
            left, right = self._operands[self._at], self._operands[self._at + 2]
            self._at += 3
            return live and self._compare(left, following, right)
        if word is not None and _is_unary(word) and self._at + 1 < len(self._operands):
            operand = self._operands[self._at + 1]
            self._at += 2
            return live and self._facts.unary(word, operand.text())
        self._at += 1
        return live and self._operands[self._at - 1].text() != ""

    def _compare(self, left: Operand, op: str, right: Operand) -> bool:
        if op in ("=", "==", "!="):
            return matches(left.text(), right.pattern()) == (op != "!=")
        if op == "=~":
            try:
                match = re.search(_extended(right.regex()), left.text())
            except re.error:
                raise ConditionProblem("syntax error in conditional expression") from None
            self._matched([] if match is None else [g or "" for g in (match.group(), *match.groups())])
            return match is not None
        if op in _NUMBERS:
            return self._facts.binary(str(self._calculate(left.text())), op, str(self._calculate(right.text())))
        return self._facts.binary(left.text(), op, right.text())


def _extended(regex: str) -> str:
    from drills.shell.regex import extended

    return extended(regex)
