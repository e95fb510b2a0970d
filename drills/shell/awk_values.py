"""What an awk program computes: its variables, the line and its fields, expressions and functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from drills.shell.awk_syntax import Node, unescaped
from drills.shell.program import Failed
from drills.shell.regex import extended
from drills.shell.tool import Call, NotHere
from drills.shell.tools.clocks import formatted
from drills.shell.tools.printing import format_like_awk

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

Scalar = float | str


class Given(str):
    """Text from outside: it compares as a number when it looks like one."""

    __slots__ = ()


class AwkValues:
    """The values of one program."""

    def __init__(self, call: Call, variables: dict[str, str]) -> None:
        """With variables as `-v` and `-F` set them."""
        self.call = call
        self.variables: dict[str, Scalar] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "NF": 0.0, "FNR": 0.0, "SUBSEP": "\x1c",
            "FILENAME": "", "OFMT": "%.6g", "CONVFMT": "%.6g", "RSTART": 0.0, "RLENGTH": -1.0,
        }  # fmt: skip
        self.variables.update({name: Given(unescaped(value)) for name, value in variables.items()})
        self.arrays: dict[str, dict[str, Scalar]] = {"ENVIRON": {k: Given(v) for k, v in call.env.items()}}
        self.line, self.fields = "", [""]
        self._regexes: dict[str, re.Pattern[str]] = {}

    # The line and its fields.

    def set_line(self, line: str) -> None:
        """Take a new line: it is split anew."""
        self.line = line
        self.fields = self.split(line, self.text(self.variables["FS"]))
        self.variables["NF"] = float(len(self.fields))

    def split(self, line: str, separator: str) -> list[str]:
        """Cut a text by a separator as FS does."""
        if separator == " ":
            return line.split()
        if not line:
            return []
        if separator == "":
            return list(line)
        if len(separator) == 1 and separator != "\\":
            return line.split(separator)
        return self.regex(separator).split(line)

    def field(self, number: int) -> Scalar:
        """`$number`; `$0` is the line."""
        if number < 0:
            raise Failed(f"awk: trying to access out of range field {number}", 2)
        if number == 0:
            return Given(self.line)
        return Given(self.fields[number - 1]) if number <= len(self.fields) else Given("")

    def set_field(self, number: int, text: str) -> None:
        """Set a field: the line is put together anew."""
        if number == 0:
            self.set_line(text)
            return
        self.fields += [""] * (number - len(self.fields))
        self.fields[number - 1] = text
        self.variables["NF"] = float(len(self.fields))
        self.line = self.text(self.variables["OFS"]).join(self.fields)

    def shown(self, value: Scalar) -> str:
        """A value as print shows it."""
        return self._converted(value, "OFMT") if isinstance(value, float) else str(value)

    def true(self, value: Scalar) -> bool:
        """Whether a value counts as true."""
        if isinstance(value, float):
            return value != 0
        if isinstance(value, Given) and _looks_numeric(value):
            return self.number(value) != 0
        return value != ""

    def number(self, value: Scalar) -> float:
        """A value as a number: what it begins with."""
        if isinstance(value, float):
            return value
        match = _NUMBER.match(value)
        return float(match.group()) if match else 0.0

    def text(self, value: Scalar) -> str:
        """A value as text."""
        return self._converted(value, "CONVFMT") if isinstance(value, float) else str(value)

    def _converted(self, value: float, form: str) -> str:
        if math.isfinite(value) and value == int(value) and abs(value) < 1e18:
            return str(int(value))
        if not math.isfinite(value):
            return str(value)
        return str(self.variables[form]) % value

    def regex(self, text: str) -> re.Pattern[str]:
        """A pattern, compiled once."""
        if text not in self._regexes:
            try:
                self._regexes[text] = re.compile(extended(text))
            except re.error:
                raise Failed(f"awk: regular expression compile failed ({text})", 2) from None
        return self._regexes[text]

    def pattern(self, node: Node) -> re.Pattern[str]:
        """The pattern that an expression stands for."""
        return self.regex(node[1] if node[0] == "regex" else self.text(self.value(node)))

    def value(self, node: Node) -> Scalar:
        """The value of an expression."""
        handler: Callable[[Node], Scalar] = getattr(self, f"_on_{_HANDLERS[node[0]]}")
        return handler(node)

    def _on_constant(self, node: Node) -> Scalar:
        return node[1]  # type: ignore[no-any-return]

    def _on_group(self, node: Node) -> Scalar:
        return self.value(node[1])

    def _on_regex(self, node: Node) -> Scalar:
        return float(self.regex(node[1]).search(self.line) is not None)

    def _on_name(self, node: Node) -> Scalar:
        return self.variables.get(node[1], Given(""))

    def _on_field(self, node: Node) -> Scalar:
        return self.field(int(self.number(self.value(node[1]))))

    def _on_element(self, node: Node) -> Scalar:
        return self.array(node[1]).setdefault(self.index(node[2]), Given(""))

    def array(self, name: str) -> dict[str, Scalar]:
        """An array, empty when it is new."""
        return self.arrays.setdefault(name, {})

    def index(self, nodes: list[Node]) -> str:
        """The key that a subscript stands for."""
        return self.text(self.variables["SUBSEP"]).join(self.text(self.value(node)) for node in nodes)

    def _on_assign(self, node: Node) -> Scalar:
        _, op, target, right = node
        value = self.value(right)
        if op != "=":
            value = self._arithmetic(op[:-1].replace("**", "^"), self.number(self.value(target)), self.number(value))
        self.store(target, value)
        return value

    def store(self, target: Node, value: Scalar) -> None:
        """Assign to a variable, a field or an element."""
        if target[0] == "name":
            self.variables[target[1]] = value
            if target[1] == "NF":
                count = int(self.number(value))
                self.fields = (self.fields + [""] * count)[:count]
                self.line = self.text(self.variables["OFS"]).join(self.fields)
        elif target[0] == "field":
            self.set_field(int(self.number(self.value(target[1]))), self.text(value))
        else:
            self.array(target[1])[self.index(target[2])] = value

    def _on_step(self, node: Node) -> Scalar:
        when, op, target = node
        before = self.number(self.value(target))
        after = before + (1 if op == "++" else -1)
        self.store(target, after)
        return after if when == "before" else before

    def _on_choice(self, node: Node) -> Scalar:
        return self.value(node[2] if self.true(self.value(node[1])) else node[3])

    def _on_logic(self, node: Node) -> Scalar:
        left = self.true(self.value(node[1]))
        if left == (node[0] == "||"):
            return float(left)
        return float(self.true(self.value(node[2])))

    def _on_in(self, node: Node) -> Scalar:
        return float(self.index(node[1]) in self.array(node[2]))

    def _on_match(self, node: Node) -> Scalar:
        found = self.pattern(node[2]).search(self.text(self.value(node[1]))) is not None
        return float(found == (node[0] == "~"))

    def _on_compare(self, node: Node) -> Scalar:
        _, op, first, second = node
        left, right = self.value(first), self.value(second)
        numeric = _comparable(left) and _comparable(right)
        one: Any = self.number(left) if numeric else self.text(left)
        other: Any = self.number(right) if numeric else self.text(right)
        order = int(one > other) - int(one < other)
        return float({"<": order < 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0,
                      ">=": order >= 0}[op])  # fmt: skip

    def _on_concat(self, node: Node) -> Scalar:
        return self.text(self.value(node[1])) + self.text(self.value(node[2]))

    def _on_arith(self, node: Node) -> Scalar:
        return self._arithmetic(node[1], self.number(self.value(node[2])), self.number(self.value(node[3])))

    def _arithmetic(self, op: str, left: float, right: float) -> float:
        if op in "/%" and right == 0:
            raise Failed("awk: division by zero" if op == "/" else "awk: division by zero in %", 2)
        try:
            results: dict[str, Callable[[], float]] = {
                "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
                "/": lambda: left / right, "%": lambda: math.fmod(left, right), "^": lambda: float(left**right),
            }  # fmt: skip
            return results[op]()
        except OverflowError:
            return math.inf

    def _on_unary(self, node: Node) -> Scalar:
        value = self.value(node[2])
        if node[1] == "!":
            return float(not self.true(value))
        return -self.number(value) if node[1] == "-" else self.number(value)

    def _on_list(self, node: Node) -> Scalar:
        raise Failed("awk: cmd. line:1: syntax error", 2)

    # Functions.

    def _on_call(self, node: Node) -> Scalar:
        _, name, arguments = node
        if name in ("sub", "gsub"):
            return self._substitute(name, arguments)
        if name == "split":
            return self._split_into(arguments)
        if name == "length":
            return self._length(arguments)
        if name == "match":
            found = self.pattern(arguments[1]).search(self.text(self.value(arguments[0])))
            self.variables["RSTART"] = float(found.start() + 1) if found else 0.0
            self.variables["RLENGTH"] = float(len(found.group())) if found else -1.0
            return self.variables["RSTART"]
        if name == "gensub":
            raise NotHere("awk: gensub cannot be executed here")
        return self._plain_function(name, [self.value(argument) for argument in arguments])

    def _plain_function(self, name: str, values: list[Scalar]) -> Scalar:
        try:
            if name == "substr":
                return self._substr(values)
            if name == "index":
                return float(self.text(values[0]).find(self.text(values[1])) + 1)
            if name == "sprintf":
                return format_like_awk(self.text(values[0]), values[1:], self.number, self.text)
            if name in ("tolower", "toupper"):
                text = self.text(values[0])
                return text.lower() if name == "tolower" else text.upper()
            if name == "systime":
                return float(int(self.call.terminal.world.clock.utc().timestamp()))
            if name == "strftime":
                return self._strftime(values)
            numbers = [self.number(value) for value in values]
            if name == "int":
                return float(math.trunc(numbers[0]))
            return float(getattr(math, name)(*numbers))
        except IndexError:
            raise Failed(f"awk: {name}: too few arguments", 2) from None
        except (ValueError, OverflowError):
            return math.nan

    def _strftime(self, values: list[Scalar]) -> str:
        world = self.call.terminal.world
        now = world.clock.local()
        if len(values) > 1:
            moved_us = round((self.number(values[1]) - world.clock.epoch.timestamp()) * 1e6)
            now = world.clock.local(moved_us)
        return formatted(self.text(values[0]) if values else "%a %b %e %H:%M:%S %Z %Y", now)

    def _substr(self, values: list[Scalar]) -> str:
        text, begin = self.text(values[0]), self.number(values[1])
        end = begin + self.number(values[2]) if len(values) > 2 else math.inf
        first = max(1, round(begin))
        last = len(text) + 1 if math.isinf(end) else round(end)
        return text[first - 1 : max(first - 1, last - 1)]

    def _length(self, arguments: list[Node]) -> float:
        if not arguments:
            return float(len(self.line))
        if arguments[0][0] == "name" and arguments[0][1] in self.arrays:
            return float(len(self.arrays[arguments[0][1]]))
        return float(len(self.text(self.value(arguments[0]))))

    def _substitute(self, name: str, arguments: list[Node]) -> float:
        regex = self.pattern(arguments[0])
        replacement = self.text(self.value(arguments[1]))
        target: Node = arguments[2] if len(arguments) > 2 else ("field", ("number", 0.0))

        def one(match: re.Match[str]) -> str:
            return re.sub(r"\\(.)|&", lambda m: match.group() if m.group() == "&" else m.group(1) if m.group(1) in "&\\"
                          else m.group(), replacement)  # fmt: skip

        text, count = regex.subn(one, self.text(self.value(target)), count=1 if name == "sub" else 0)
        if count:
            self.store(target, text)
        return float(count)

    def _split_into(self, arguments: list[Node]) -> float:
        text = self.text(self.value(arguments[0]))
        if len(arguments) > 2:
            node = arguments[2]
            separator = node[1] if node[0] == "regex" else self.text(self.value(node))
        else:
            separator = self.text(self.variables["FS"])
        parts = self.split(text, separator)
        self.arrays[arguments[1][1]] = {str(place): Given(part) for place, part in enumerate(parts, 1)}
        return float(len(parts))


def _looks_numeric(text: str) -> bool:
    match = _NUMBER.match(text)
    return match is not None and not text[match.end() :].strip()


def _comparable(value: Scalar) -> bool:
    """Whether a value counts as a number in a comparison: one, or text from outside that looks like one."""
    return isinstance(value, float) or (isinstance(value, Given) and (_looks_numeric(value)))


_HANDLERS = {
    "number": "constant", "string": "constant", "group": "group", "regex": "regex", "name": "name", "field": "field",
    "element": "element", "assign": "assign", "before": "step", "after": "step", "?": "choice", "||": "logic",
    "&&": "logic", "in": "in", "~": "match", "!~": "match", "compare": "compare", "concat": "concat", "arith": "arith",
    "unary": "unary", "list": "list", "call": "call",
}  # fmt: skip
