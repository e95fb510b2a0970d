"""`${name...}`: values, defaults, prefixes and suffixes, replacements, slices."""

from __future__ import annotations

import re
from typing import Protocol

from drills.shell.files import pattern_regex
from drills.shell.syntax import Parameter, Word
from drills.shell.variables import Value


class ShellFailure(Exception):
    """What ends a shell that nobody sits at, and the typed line of one where somebody does."""

    def __init__(self, message: str, code: int = 1) -> None:
        """`message` in bash's words, without its own prefix."""
        super().__init__(message)
        self.message, self.code = message, code


class Values(Protocol):
    """The shell whose parameters are asked for."""

    @property
    def nounset(self) -> bool:
        """Whether an unset variable is an error."""

    def variable(self, name: str) -> Value | None:
        """A variable, or a special or positional parameter; None when it is unset."""

    def assign(self, name: str, value: Value) -> None:
        """Set a variable; ShellFailure when it is readonly."""

    def calculate(self, text: str) -> int:
        """The value of an arithmetic expression."""

    def variable_names(self) -> list[str]:
        """All names."""


class Words(Protocol):
    """Expands the words inside the braces."""

    def text(self, word: Word, assignment: bool = False) -> str:
        """As one text."""

    def pattern(self, word: Word) -> str:
        """As a pattern."""


def value_of(shell: Values, part: Parameter, words: Words) -> str | list[str]:
    """What a parameter becomes; a list for `$@`, `$*` and whole arrays."""
    if part.op == "names":
        return [name for name in shell.variable_names() if name.startswith(part.name)]
    if part.op == "indirect" and part.index is not None and words.text(part.index) in ("@", "*"):
        found_array = shell.variable(part.name)
        size = len(found_array) if isinstance(found_array, list) else int(found_array is not None)
        return [str(number) for number in range(size)]
    if part.op == "indirect":
        target = _plain(shell, part, words)
        name = "" if target is None else str(target)
        if not re.fullmatch(r"[A-Za-z_]\w*|\d+|[@*#?$!-]", name):
            raise ShellFailure(f"{name}: invalid variable name")
        found = shell.variable(name)
        return _checked(shell, name, found)
    value = _plain(shell, part, words)
    if part.op == "length":
        if isinstance(value, list):
            return str(len(value))
        return str(len(_text(_checked(shell, part.name, value))))
    if part.op.lstrip(":")[:1] in ("-", "=", "?", "+") and part.op:
        return _default(shell, part, words, value)
    if value is None and part.op == "@":
        return ""
    value = _checked(shell, part.name, value)
    if not part.op:
        return value
    if part.op == ":":
        return _slice(shell, part, words, value)
    if isinstance(value, list):
        return [_changed(part, words, one) for one in value]
    return _changed(part, words, value)


def _plain(shell: Values, part: Parameter, words: Words) -> Value | None:
    value = shell.variable(part.name)
    if part.index is None:
        if isinstance(value, list) and part.name not in "@*":
            return value[0] if value else None
        return value
    index = words.text(part.index)
    if value is None:
        return [] if index in ("@", "*") else None
    array = value if isinstance(value, list) else [value]
    if index in ("@", "*"):
        return array
    number = shell.calculate(index)
    number += len(array) if number < 0 else 0
    return array[number] if 0 <= number < len(array) else None


def _checked(shell: Values, name: str, value: Value | None) -> Value:
    if value is None:
        if shell.nounset and name not in "@*":
            raise ShellFailure(f"{name}: unbound variable", 127)
        return ""
    return value


def _default(shell: Values, part: Parameter, words: Words, value: Value | None) -> str | list[str]:
    colon, op = part.op[0] == ":", part.op[-1]
    missing = _is_missing(part, value)
    if op == "+":
        return "" if missing else words.text(part.word)
    if not missing:
        assert value is not None
        return value
    if op == "-":
        return words.text(part.word)
    if op == "=":
        text = words.text(part.word)
        if not re.match(r"[A-Za-z_]", part.name):
            raise ShellFailure(f"${part.name}: cannot assign in this way")
        shell.assign(part.name, text)
        return text
    message = words.text(part.word) or ("parameter null or not set" if colon else "parameter not set")
    raise ShellFailure(f"{part.name}: {message}", 127)


def word_instead(shell: Values, part: Parameter, words: Words) -> Word | None:
    """The word that stands in for a bare parameter, as in `${x:-word}`; its own quotes hold; None when none does."""
    if part.op not in ("-", ":-", "+", ":+"):
        return None
    value = _plain(shell, part, words)
    return part.word if _is_missing(part, value) == (part.op[-1] == "-") else None


def _is_missing(part: Parameter, value: Value | None) -> bool:
    missing = value is None or (isinstance(value, list) and not value and part.name in "@*")
    return missing or (part.op[0] == ":" and _text(value or "") == "")


def _text(value: Value) -> str:
    return " ".join(value) if isinstance(value, list) else value


def _slice(shell: Values, part: Parameter, words: Words, value: Value) -> str | list[str]:
    begin = shell.calculate(words.text(part.word))
    length = None if part.more is None else shell.calculate(words.text(part.more))
    sequence: str | list[str] = value
    if part.name in "@*" and isinstance(value, list):
        sequence = [str(shell.variable("0") or ""), *value]
    size = len(sequence)
    begin += size if begin < 0 else 0
    if begin < 0 or begin > size:
        return [] if isinstance(sequence, list) else ""
    end = size if length is None else (begin + length if length >= 0 else size + length)
    if end < begin:
        if length is not None and length < 0:
            raise ShellFailure(f"{length}: substring expression < 0")
        end = begin
    return sequence[begin:end]


def _changed(part: Parameter, words: Words, text: str) -> str:
    op = part.op
    if op[0] in "#%":
        return _without(text, words.pattern(part.word), op)
    if op[0] == "/":
        replacement = "" if part.more is None else words.text(part.more)
        return _replaced(text, words.pattern(part.word), replacement, op)
    if op[0] in "^,":
        return _cased(text, words.pattern(part.word), op)
    assert op == "@", op
    return _quoted(part, words, text)


def _quoted(part: Parameter, words: Words, text: str) -> str:
    how = words.text(part.word)
    if how == "Q":
        return "'" + text.replace("'", "'\\''") + "'"
    if how in ("U", "L", "u"):
        return {"U": text.upper(), "L": text.lower(), "u": text[:1].upper() + text[1:]}[how]
    raise ShellFailure(f"${{{part.name}@{how}}}: bad substitution")


def _without(text: str, pattern: str, op: str) -> str:
    regex = re.compile(pattern_regex(pattern), re.S)
    lengths = range(len(text) + 1)
    if op in ("#", "##"):
        for end in lengths if op == "#" else reversed(lengths):
            if regex.fullmatch(text, 0, end):
                return text[end:]
    else:
        for begin in reversed(lengths) if op == "%" else lengths:
            if regex.fullmatch(text, begin):
                return text[:begin]
    return text


def _replaced(text: str, pattern: str, replacement: str, op: str) -> str:
    if not pattern:
        return text
    regex = pattern_regex(pattern)
    if op == "/#":
        regex = r"\A(?:" + regex + ")"
    elif op == "/%":
        regex = "(?:" + regex + r")\Z"
    return re.sub(regex, lambda _: replacement, text, count=0 if op == "//" else 1, flags=re.S)


def _cased(text: str, pattern: str, op: str) -> str:
    regex = re.compile(pattern_regex(pattern) if pattern else ".", re.S)
    change = str.upper if op[0] == "^" else str.lower
    places = range(len(text)) if len(op) == 2 else range(min(1, len(text)))
    changed = {place for place in places if regex.fullmatch(text[place])}
    return "".join(change(char) if place in changed else char for place, char in enumerate(text))
