"""awk: fields, patterns, sums, arrays and its usual functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from drills.shell.awk_syntax import AwkReader, Node, unescaped
from drills.shell.program import Failed, Program, lines_of, options_of, read_source, sources
from drills.shell.regex import extended
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.clocks import formatted
from drills.shell.tools.printing import format_like_awk

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MOST_ROUNDS = 1_000_000

Scalar = float | str


class _Input(str):
    """Text from outside: it compares as a number when it looks like one."""

    __slots__ = ()


class _Next(Exception):
    pass


class _Exit(Exception):
    pass


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Awk:
    """Runs one program."""

    def __init__(self, call: Call, text: str, variables: dict[str, str]) -> None:
        """With variables as `-v` and `-F` set them."""
        self._call = call
        self._rules = AwkReader(text).program()
        self._variables: dict[str, Scalar] = {"FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "NF": 0.0,
                                              "FNR": 0.0, "SUBSEP": "\x1c", "FILENAME": "", "OFMT": "%.6g",
                                              "CONVFMT": "%.6g", "RSTART": 0.0, "RLENGTH": -1.0}  # fmt: skip
        self._variables.update({name: _Input(unescaped(value)) for name, value in variables.items()})
        self._arrays: dict[str, dict[str, Scalar]] = {"ENVIRON": {k: _Input(v) for k, v in call.env.items()}}
        self._line, self._fields = "", [""]
        self._in_range: set[int] = set()  # membership only
        self._out: list[str] = []
        self._regexes: dict[str, re.Pattern[str]] = {}
        self._code, self._rounds = 0, 0

    def run(self, read: Callable[[], list[tuple[str, str]]]) -> tuple[str, int]:
        """Read and answer; the output and the exit code."""
        try:
            self._special("BEGIN")
            if any(pattern != ("BEGIN",) for pattern, _, _ in self._rules):
                for name, text in read():
                    self._file(name, text)
        except _Exit:
            pass
        try:
            self._special("END")
        except _Exit:
            pass
        return "".join(self._out), self._code

    def _special(self, which: str) -> None:
        for pattern, _, action in self._rules:
            if pattern == (which,):
                self._block(action or [])

    def _file(self, name: str, text: str) -> None:
        self._variables["FILENAME"], self._variables["FNR"] = ("" if name == "-" else name), 0.0
        for line in self._records(text):
            self._variables["NR"] = self._number(self._variables["NR"]) + 1
            self._variables["FNR"] = self._number(self._variables["FNR"]) + 1
            self._set_line(line)
            try:
                self._rule_by_rule()
            except _Next:
                pass

    def _records(self, text: str) -> list[str]:
        separator = self._text(self._variables["RS"])
        if separator == "\n":
            return lines_of(text)
        if separator == "":
            return [part for part in re.split(r"\n\n+", text.strip("\n")) if part]
        return text.removesuffix("\n").split(separator) if len(separator) == 1 else re.split(extended(separator), text)

    def _rule_by_rule(self) -> None:
        for number, (pattern, until, action) in enumerate(self._rules):
            if pattern in (("BEGIN",), ("END",)) or not self._applies(number, pattern, until):
                continue
            if action is None:
                self._out.append(self._line + self._text(self._variables["ORS"]))
            else:
                self._block(action)

    def _applies(self, number: int, pattern: Node | None, until: Node | None) -> bool:
        if pattern is None:
            return True
        if until is None:
            return self._true(self._value(pattern))
        if number not in self._in_range:
            if not self._true(self._value(pattern)):
                return False
            self._in_range.add(number)
        if self._true(self._value(until)):
            self._in_range.discard(number)
        return True

    # The line and its fields.

    def _set_line(self, line: str) -> None:
        self._line = line
        self._fields = self._split(line, self._text(self._variables["FS"]))
        self._variables["NF"] = float(len(self._fields))

    def _split(self, line: str, separator: str) -> list[str]:
        if separator == " ":
            return line.split()
        if not line:
            return []
        if separator == "":
            return list(line)
        if len(separator) == 1 and separator != "\\":
            return line.split(separator)
        return self._regex(separator).split(line)

    def _field(self, number: int) -> Scalar:
        if number < 0:
            raise Failed(f"awk: trying to access out of range field {number}", 2)
        if number == 0:
            return _Input(self._line)
        return _Input(self._fields[number - 1]) if number <= len(self._fields) else _Input("")

    def _set_field(self, number: int, text: str) -> None:
        if number == 0:
            self._set_line(text)
            return
        self._fields += [""] * (number - len(self._fields))
        self._fields[number - 1] = text
        self._variables["NF"] = float(len(self._fields))
        self._line = self._text(self._variables["OFS"]).join(self._fields)

    # Statements.

    def _block(self, statements: list[Node]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: Node) -> None:
        kind = node[0]
        self._rounds += 1
        if self._rounds > _MOST_ROUNDS:
            raise NotHere("awk: the program does not seem to end")
        if kind == "expression":
            self._value(node[1])
        elif kind == "block":
            self._block(node[1])
        elif kind == "print":
            self._print(node[1])
        elif kind == "printf":
            values = [self._value(argument) for argument in node[1]]
            self._out.append(format_like_awk(self._text(values[0]), [v for v in values[1:]], self._number, self._text))
        elif kind == "if":
            if self._true(self._value(node[1])):
                self._statement(node[2])
            elif node[3] is not None:
                self._statement(node[3])
        elif kind == "next":
            raise _Next
        elif kind == "exit":
            if node[1] is not None:
                self._code = int(self._number(self._value(node[1])))
            raise _Exit
        elif kind == "break":
            raise _Break
        elif kind == "continue":
            raise _Continue
        elif kind == "delete":
            array = self._array(node[1])
            array.clear() if node[2] is None else array.pop(self._index(node[2]), None)
        else:
            self._loop(node)

    def _loop(self, node: Node) -> None:
        kind = node[0]
        if kind == "forin":
            for key in list(self._array(node[2])):
                self._variables[node[1]] = _Input(key)
                if not self._round(node[3]):
                    return
            return
        if kind == "for" and node[1] is not None:
            self._statement(node[1])
        condition = {"while": 1, "for": 2, "do": 2}[kind]
        body = {"while": 2, "for": 4, "do": 1}[kind]
        first = kind == "do"
        while first or node[condition] is None or self._true(self._value(node[condition])):
            first = False
            self._rounds += 1
            if self._rounds > _MOST_ROUNDS:
                raise NotHere("awk: the program does not seem to end")
            if not self._round(node[body]):
                return
            if kind == "for" and node[3] is not None:
                self._statement(node[3])

    def _round(self, body: Node) -> bool:
        try:
            self._statement(body)
        except _Break:
            return False
        except _Continue:
            pass
        return True

    def _print(self, arguments: list[Node]) -> None:
        texts = [self._shown(self._value(argument)) for argument in arguments] or [self._line]
        self._out.append(self._text(self._variables["OFS"]).join(texts) + self._text(self._variables["ORS"]))

    def _shown(self, value: Scalar) -> str:
        return self._converted(value, "OFMT") if isinstance(value, float) else str(value)

    # Values.

    def _true(self, value: Scalar) -> bool:
        if isinstance(value, float):
            return value != 0
        if isinstance(value, _Input) and _looks_numeric(value):
            return self._number(value) != 0
        return value != ""

    def _number(self, value: Scalar) -> float:
        if isinstance(value, float):
            return value
        match = _NUMBER.match(value)
        return float(match.group()) if match else 0.0

    def _text(self, value: Scalar) -> str:
        return self._converted(value, "CONVFMT") if isinstance(value, float) else str(value)

    def _converted(self, value: float, form: str) -> str:
        if math.isfinite(value) and value == int(value) and abs(value) < 1e18:
            return str(int(value))
        if not math.isfinite(value):
            return str(value)
        return str(self._variables[form]) % value

    def _regex(self, text: str) -> re.Pattern[str]:
        if text not in self._regexes:
            try:
                self._regexes[text] = re.compile(extended(text))
            except re.error:
                raise Failed(f"awk: regular expression compile failed ({text})", 2) from None
        return self._regexes[text]

    def _pattern(self, node: Node) -> re.Pattern[str]:
        return self._regex(node[1] if node[0] == "regex" else self._text(self._value(node)))

    def _value(self, node: Node) -> Scalar:
        handler: Callable[[Node], Scalar] = getattr(self, f"_on_{_HANDLERS[node[0]]}")
        return handler(node)

    def _on_constant(self, node: Node) -> Scalar:
        return node[1]  # type: ignore[no-any-return]

    def _on_group(self, node: Node) -> Scalar:
        return self._value(node[1])

    def _on_regex(self, node: Node) -> Scalar:
        return float(self._regex(node[1]).search(self._line) is not None)

    def _on_name(self, node: Node) -> Scalar:
        return self._variables.get(node[1], _Input(""))

    def _on_field(self, node: Node) -> Scalar:
        return self._field(int(self._number(self._value(node[1]))))

    def _on_element(self, node: Node) -> Scalar:
        return self._array(node[1]).setdefault(self._index(node[2]), _Input(""))

    def _array(self, name: str) -> dict[str, Scalar]:
        return self._arrays.setdefault(name, {})

    def _index(self, nodes: list[Node]) -> str:
        return self._text(self._variables["SUBSEP"]).join(self._text(self._value(node)) for node in nodes)

    def _on_assign(self, node: Node) -> Scalar:
        _, op, target, right = node
        value = self._value(right)
        if op != "=":
            value = self._arithmetic(op[:-1].replace("**", "^"), self._number(self._value(target)), self._number(value))
        self._store(target, value)
        return value

    def _store(self, target: Node, value: Scalar) -> None:
        if target[0] == "name":
            self._variables[target[1]] = value
            if target[1] == "NF":
                count = int(self._number(value))
                self._fields = (self._fields + [""] * count)[:count]
                self._line = self._text(self._variables["OFS"]).join(self._fields)
        elif target[0] == "field":
            self._set_field(int(self._number(self._value(target[1]))), self._text(value))
        else:
            self._array(target[1])[self._index(target[2])] = value

    def _on_step(self, node: Node) -> Scalar:
        when, op, target = node
        before = self._number(self._value(target))
        after = before + (1 if op == "++" else -1)
        self._store(target, after)
        return after if when == "before" else before

    def _on_choice(self, node: Node) -> Scalar:
        return self._value(node[2] if self._true(self._value(node[1])) else node[3])

    def _on_logic(self, node: Node) -> Scalar:
        left = self._true(self._value(node[1]))
        if left == (node[0] == "||"):
            return float(left)
        return float(self._true(self._value(node[2])))

    def _on_in(self, node: Node) -> Scalar:
        return float(self._index(node[1]) in self._array(node[2]))

    def _on_match(self, node: Node) -> Scalar:
        found = self._pattern(node[2]).search(self._text(self._value(node[1]))) is not None
        return float(found == (node[0] == "~"))

    def _on_compare(self, node: Node) -> Scalar:
        _, op, first, second = node
        left, right = self._value(first), self._value(second)
        numeric = _comparable(left) and _comparable(right)
        one: Any = self._number(left) if numeric else self._text(left)
        other: Any = self._number(right) if numeric else self._text(right)
        order = int(one > other) - int(one < other)
        return float({"<": order < 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0,
                      ">=": order >= 0}[op])  # fmt: skip

    def _on_concat(self, node: Node) -> Scalar:
        return self._text(self._value(node[1])) + self._text(self._value(node[2]))

    def _on_arith(self, node: Node) -> Scalar:
        return self._arithmetic(node[1], self._number(self._value(node[2])), self._number(self._value(node[3])))

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
        value = self._value(node[2])
        if node[1] == "!":
            return float(not self._true(value))
        return -self._number(value) if node[1] == "-" else self._number(value)

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
            found = self._pattern(arguments[1]).search(self._text(self._value(arguments[0])))
            self._variables["RSTART"] = float(found.start() + 1) if found else 0.0
            self._variables["RLENGTH"] = float(len(found.group())) if found else -1.0
            return self._variables["RSTART"]
        if name == "gensub":
            raise NotHere("awk: gensub cannot be executed here")
        return self._plain_function(name, [self._value(argument) for argument in arguments])

    def _plain_function(self, name: str, values: list[Scalar]) -> Scalar:
        try:
            if name == "substr":
                return self._substr(values)
            if name == "index":
                return float(self._text(values[0]).find(self._text(values[1])) + 1)
            if name == "sprintf":
                return format_like_awk(self._text(values[0]), values[1:], self._number, self._text)
            if name in ("tolower", "toupper"):
                text = self._text(values[0])
                return text.lower() if name == "tolower" else text.upper()
            if name == "systime":
                return float(int(self._call.terminal.world.clock.utc().timestamp()))
            if name == "strftime":
                return self._strftime(values)
            numbers = [self._number(value) for value in values]
            if name == "int":
                return float(math.trunc(numbers[0]))
            return float(getattr(math, name)(*numbers))
        except IndexError:
            raise Failed(f"awk: {name}: too few arguments", 2) from None
        except (ValueError, OverflowError):
            return math.nan

    def _strftime(self, values: list[Scalar]) -> str:
        world = self._call.terminal.world
        now = world.clock.local()
        if len(values) > 1:
            moved_us = round((self._number(values[1]) - world.clock.epoch.timestamp()) * 1e6)
            now = world.clock.local(moved_us)
        return formatted(self._text(values[0]) if values else "%a %b %e %H:%M:%S %Z %Y", now)

    def _substr(self, values: list[Scalar]) -> str:
        text, begin = self._text(values[0]), self._number(values[1])
        end = begin + self._number(values[2]) if len(values) > 2 else math.inf
        first = max(1, round(begin))
        last = len(text) + 1 if math.isinf(end) else round(end)
        return text[first - 1 : max(first - 1, last - 1)]

    def _length(self, arguments: list[Node]) -> float:
        if not arguments:
            return float(len(self._line))
        if arguments[0][0] == "name" and arguments[0][1] in self._arrays:
            return float(len(self._arrays[arguments[0][1]]))
        return float(len(self._text(self._value(arguments[0]))))

    def _substitute(self, name: str, arguments: list[Node]) -> float:
        regex = self._pattern(arguments[0])
        replacement = self._text(self._value(arguments[1]))
        target: Node = arguments[2] if len(arguments) > 2 else ("field", ("number", 0.0))

        def one(match: re.Match[str]) -> str:
            return re.sub(r"\\(.)|&", lambda m: match.group() if m.group() == "&" else m.group(1) if m.group(1) in "&\\"
                          else m.group(), replacement)  # fmt: skip

        text, count = regex.subn(one, self._text(self._value(target)), count=1 if name == "sub" else 0)
        if count:
            self._store(target, text)
        return float(count)

    def _split_into(self, arguments: list[Node]) -> float:
        text = self._text(self._value(arguments[0]))
        if len(arguments) > 2:
            node = arguments[2]
            separator = node[1] if node[0] == "regex" else self._text(self._value(node))
        else:
            separator = self._text(self._variables["FS"])
        parts = self._split(text, separator)
        self._arrays[arguments[1][1]] = {str(place): _Input(part) for place, part in enumerate(parts, 1)}
        return float(len(parts))


def _looks_numeric(text: str) -> bool:
    match = _NUMBER.match(text)
    return match is not None and not text[match.end() :].strip()


def _comparable(value: Scalar) -> bool:
    """Whether a value counts as a number in a comparison: one, or text from outside that looks like one."""
    return isinstance(value, float) or (isinstance(value, _Input) and (_looks_numeric(value)))


_HANDLERS = {
    "number": "constant", "string": "constant", "group": "group", "regex": "regex", "name": "name", "field": "field",
    "element": "element", "assign": "assign", "before": "step", "after": "step", "?": "choice", "||": "logic",
    "&&": "logic", "in": "in", "~": "match", "!~": "match", "compare": "compare", "concat": "concat", "arith": "arith",
    "unary": "unary", "list": "list", "call": "call",
}  # fmt: skip


def awk(call: Call) -> Result:
    """Run an awk program over files or what is piped in."""
    options = options_of(call, "", "Fvf", {"field-separator": "F", "assign": "v", "file": "f"}, code=2, mixed=False)
    words = options.words
    if "f" in options:
        text = "\n".join(read_source(call, name) for name in options.values("f"))
    elif words:
        text = words.pop(0)
    else:
        raise Failed("Usage: awk [POSIX or GNU style options] [--] 'program' file ...", 2)
    variables: dict[str, str] = {}
    for assignment in options.values("v"):
        name, _, value = assignment.partition("=")
        variables[name] = value
    if "F" in options:
        variables["FS"] = "\t" if options.value("F") == "t" else options.value("F")
    problems: list[str] = []

    def read() -> list[tuple[str, str]]:
        texts, said = sources(call, words)
        problems.append(re.sub(r"^awk: (.*): (.*)$", r"awk: cannot open \1 (\2)", said, flags=re.M))
        return texts

    out, code = Awk(call, text, variables).run(read)
    said = "".join(problems)
    return Result(out, said, code or (2 if said else 0))


TOOLS = {
    "awk": Program(
        awk, "patterns, fields, sums, arrays, printf and the usual functions; no getline, pipes or functions"
    ),
    "gawk": Program(awk, "as awk"),
    "mawk": Program(awk, "as awk"),
}
