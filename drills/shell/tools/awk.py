"""awk: fields, patterns, sums, arrays and its usual functions."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.awk_syntax import AwkReader, Node
from drills.shell.awk_values import AwkValues, Given
from drills.shell.program import Failed, Program, lines_of, options_of, read_source, sources
from drills.shell.regex import extended
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.printing import format_like_awk

_MOST_ROUNDS = 1_000_000


class _Next(Exception):
    pass


class _Exit(Exception):
    pass


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Awk(AwkValues):
    """Runs one program."""

    def __init__(self, call: Call, text: str, variables: dict[str, str]) -> None:
        """With variables as `-v` and `-F` set them."""
        super().__init__(call, variables)
        self._rules = AwkReader(text).program()
        self._in_range: set[int] = set()  # membership only
        self._out: list[str] = []
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
        self.variables["FILENAME"], self.variables["FNR"] = ("" if name == "-" else name), 0.0
        for line in self._records(text):
            self.variables["NR"] = self.number(self.variables["NR"]) + 1
            self.variables["FNR"] = self.number(self.variables["FNR"]) + 1
            self.set_line(line)
            try:
                self._rule_by_rule()
            except _Next:
                pass

    def _records(self, text: str) -> list[str]:
        separator = self.text(self.variables["RS"])
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
                self._out.append(self.line + self.text(self.variables["ORS"]))
            else:
                self._block(action)

    def _applies(self, number: int, pattern: Node | None, until: Node | None) -> bool:
        if pattern is None:
            return True
        if until is None:
            return self.true(self.value(pattern))
        if number not in self._in_range:
            if not self.true(self.value(pattern)):
                return False
            self._in_range.add(number)
        if self.true(self.value(until)):
            self._in_range.discard(number)
        return True

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
            self.value(node[1])
        elif kind == "block":
            self._block(node[1])
        elif kind == "print":
            self._print(node[1])
        elif kind == "printf":
            values = [self.value(argument) for argument in node[1]]
            self._out.append(format_like_awk(self.text(values[0]), values[1:], self.number, self.text))
        elif kind == "if":
            if self.true(self.value(node[1])):
                self._statement(node[2])
            elif node[3] is not None:
                self._statement(node[3])
        elif kind == "next":
            raise _Next
        elif kind == "exit":
            if node[1] is not None:
                self._code = int(self.number(self.value(node[1])))
            raise _Exit
        elif kind == "break":
            raise _Break
        elif kind == "continue":
            raise _Continue
        elif kind == "delete":
            array = self.array(node[1])
            array.clear() if node[2] is None else array.pop(self.index(node[2]), None)
        else:
            self._loop(node)

    def _loop(self, node: Node) -> None:
        kind = node[0]
        if kind == "forin":
            for key in list(self.array(node[2])):
                self.variables[node[1]] = Given(key)
                if not self._round(node[3]):
                    return
            return
        if kind == "for" and node[1] is not None:
            self._statement(node[1])
        condition = {"while": 1, "for": 2, "do": 2}[kind]
        body = {"while": 2, "for": 4, "do": 1}[kind]
        first = kind == "do"
        while first or node[condition] is None or self.true(self.value(node[condition])):
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
        texts = [self.shown(self.value(argument)) for argument in arguments] or [self.line]
        self._out.append(self.text(self.variables["OFS"]).join(texts) + self.text(self.variables["ORS"]))


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
