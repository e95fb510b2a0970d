"""echo and printf, as bash has them built in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from drills.shell.program import Program
from drills.shell.tool import Call, Result

_ESCAPE = re.compile(r"\\(?:0[0-7]{0,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|[0-7]{1,3}|.)", re.S)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
          "\\": "\\"}  # fmt: skip
_FORMAT = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([diouxXeEfFgGcsbq%])", re.S)


def unescape(text: str, octal_needs_zero: bool) -> tuple[str, bool]:
    """The text with its backslash sequences replaced, and whether `\\c` ended it."""
    parts: list[str] = []
    place = 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[place : match.start()])
        place = match.end()
        body = match.group()[1:]
        if body == "c":
            return "".join(parts), True
        if body[0] in "01234567":
            if octal_needs_zero and body[0] != "0":
                parts.append(match.group())
            else:
                digits = body[1:] if octal_needs_zero else body[:3]
                parts.append(chr(int(digits or "0", 8) & 0xFF) + ("" if octal_needs_zero else body[3:]))
        elif body[0] in "xu" and len(body) > 1:
            parts.append(chr(int(body[1:], 16)))
        else:
            parts.append(_NAMED.get(body, match.group()))
    return "".join(parts) + text[place:], False


def echo(call: Call) -> Result:
    """Bash's echo."""
    words = list(call.args)
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        for letter in words.pop(0)[1:]:
            newline = newline and letter != "n"
            escapes = letter == "e" if letter != "n" else escapes
    text = " ".join(words)
    if escapes:
        text, stopped = unescape(text, octal_needs_zero=True)
        newline = newline and not stopped
    return Result(text + ("\n" if newline else ""))


def printf(call: Call) -> Result:
    """Bash's printf: the format is used again until the arguments are used up."""
    words = list(call.args)
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return Result("", "printf: usage: printf [-v var] format [arguments]\n", 2)
    form, arguments = words[0], words[1:]
    printer = _Printer(form, arguments)
    return printer.result()


class _Printer:
    def __init__(self, form: str, arguments: list[str]) -> None:
        self._form, self._arguments = form, arguments
        self._at, self._code, self._problems = 0, 0, ""
        self._stopped = False

    def result(self) -> Result:
        out = self._once()
        while self._at < len(self._arguments) and not self._stopped:
            before = self._at
            out += self._once()
            if self._at == before:
                break
        return Result(out, self._problems, self._code)

    def _next(self) -> str:
        self._at += 1
        return self._arguments[self._at - 1] if self._at <= len(self._arguments) else ""

    def _once(self) -> str:
        out, place = "", 0
        for match in _FORMAT.finditer(self._form):
            text, self._stopped = unescape(self._form[place : match.start()], octal_needs_zero=False)
            out += text
            place = match.end()
            if self._stopped:
                return out
            out += self._converted(match)
            if self._stopped:
                return out
        text, self._stopped = unescape(self._form[place:], octal_needs_zero=False)
        return out + text

    def _converted(self, match: re.Match[str]) -> str:
        flags, width, precision, kind = match.groups()
        if kind == "%":
            return "%"
        if width == "*":
            width = self._next()
        dot = "." in match.group()
        if precision == "*":
            precision = self._next()
        spec = f"%{flags}{width or ''}" + (f".{precision or ''}" if dot else "")
        argument = self._next()
        if kind in "sbqc":
            return self._text(spec, kind, argument)
        number = self._number(argument)
        if kind in "eEfFgG":
            return (spec + kind) % number
        return (spec + ("d" if kind in "iu" else kind)) % int(number)

    def _text(self, spec: str, kind: str, argument: str) -> str:
        if kind == "b":
            argument, self._stopped = unescape(argument, octal_needs_zero=True)
        elif kind == "q":
            argument = argument if re.fullmatch(r"[\w@%+=:,./-]+", argument) else _shell_quoted(argument)
        elif kind == "c":
            argument = argument[:1]
        return (spec + "s") % argument

    def _number(self, argument: str) -> float:
        text = argument.strip()
        if not text:
            return 0
        if text[0] in "'\"" and len(text) > 1:
            return ord(text[1])
        try:
            if re.fullmatch(r"[-+]?0[0-7]+", text):
                return int(text, 8)
            return int(text, 0)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            lead = re.match(r"[-+]?\d+", text)
            self._problems += f"printf: {argument}: invalid number\n"
            self._code = 1
            return int(lead.group()) if lead else 0


def format_like_awk(
    form: str, values: list[Any], number: Callable[[Any], float], text: Callable[[Any], str]
) -> str:  # fmt: skip
    """Awk's printf: as many values as the format takes, escapes already replaced."""
    left = list(values)

    def take() -> Any:
        return left.pop(0) if left else ""

    def one(match: re.Match[str]) -> str:
        flags, width, precision, kind = match.groups()
        if kind == "%":
            return "%"
        width = str(int(number(take()))) if width == "*" else width or ""
        precision = str(int(number(take()))) if precision == "*" else precision or ""
        spec = f"%{flags}{width}" + (f".{precision}" if "." in match.group() else "")
        value = take()
        if kind in "eEfFgG":
            return (spec + kind) % number(value)
        if kind in "diouxX":
            return (spec + ("d" if kind in "iu" else kind)) % int(number(value))
        if kind == "c":
            return (spec + "s") % (chr(int(value)) if isinstance(value, float) else text(value)[:1])
        return (spec + "s") % text(value)

    return _FORMAT.sub(one, form)


def _shell_quoted(text: str) -> str:
    return "''" if not text else re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)


TOOLS = {
    "echo": Program(echo, "-n, -e, -E"),
    "printf": Program(printf, "%s %b %q %c and numbers, width and precision, the format used again"),
}
