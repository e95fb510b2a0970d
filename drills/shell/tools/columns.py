"""sort, uniq, cut, tr, comm, join's simpler relatives: texts as lines and columns."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from drills.shell.files import named_class
from drills.shell.program import Failed, Options, Program, joined, keyboard, lines_of, options_of, sources
from drills.shell.tool import Call, NotHere, Result

_SIZES = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_KEY = re.compile(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?")


def sort(call: Call) -> Result:
    """Sort lines, bytewise as in the C locale."""
    long = {
        "reverse": "r", "numeric-sort": "n", "unique": "u", "key": "k", "field-separator": "t", "version-sort": "V",
        "human-numeric-sort": "h", "ignore-case": "f", "output": "o", "general-numeric-sort": "g", "stable": "s",
        "month-sort": "M", "check": "c",
    }  # fmt: skip
    options = options_of(call, "rnufbshVgcdi", "kto", long, code=2, unsupported="MRzmS")
    texts, problems = sources(call, options.words)
    if problems:
        return Result("", problems.replace("sort: ", "sort: cannot read: "), 2)
    lines = [line for _, text in texts for line in lines_of(text)]
    ordering = _Ordering(call, options)
    if "c" in options:
        return _checked(lines, ordering)
    lines.sort(key=functools.cmp_to_key(ordering.compare))
    if "u" in options:
        lines = [line for place, line in enumerate(lines)
                 if place == 0 or ordering.by_keys(lines[place - 1], line) != 0]  # fmt: skip
    if "o" in options:
        call.terminal.write_file(call.path(options.value("o")), joined(lines))
        return Result()
    return Result(joined(lines))


def _checked(lines: list[str], ordering: _Ordering) -> Result:
    for place in range(1, len(lines)):
        if ordering.compare(lines[place - 1], lines[place]) > 0:
            return Result("", f"sort: -:{place + 1}: disorder: {lines[place]}\n", 1)
    return Result()


class _Ordering:
    def __init__(self, call: Call, options: Options) -> None:
        self._separator = options.value("t") if "t" in options else None
        if self._separator == "\\t":
            raise Failed("sort: multi-character tab '\\\\t'", 2)
        self._flags = "".join(letter for letter in "rnfbhVgdi" if letter in options)
        self._stable = "s" in options or "u" in options
        self._keys: list[tuple[int, int | None, str]] = []
        for key in options.values("k"):
            match = _KEY.fullmatch(key)
            if match is None or match.group(2) or match.group(5):
                if match is None:
                    raise Failed(f"sort: invalid number at field start: invalid count at start of '{key}'", 2)
                raise NotHere(f"sort -k {key}: characters within a field cannot be executed here")
            flags = (match.group(3) or "") + (match.group(6) or "")
            self._keys.append((int(match.group(1)), int(match.group(4)) if match.group(4) else None, flags))

    def compare(self, left: str, right: str) -> int:
        order = self.by_keys(left, right)
        if order == 0 and not self._stable:
            order = _plain(left, right) * (-1 if "r" in self._flags else 1)
        return order

    def by_keys(self, left: str, right: str) -> int:
        if not self._keys:
            return self._one(left, right, self._flags)
        for first, last, flags in self._keys:
            own = flags or self._flags
            order = self._one(self._field(left, first, last), self._field(right, first, last), own)
            if order:
                return order
        return 0

    def _field(self, line: str, first: int, last: int | None) -> str:
        if self._separator is not None:
            fields = line.split(self._separator)
            return self._separator.join(fields[first - 1 : last])
        fields = re.findall(r"\s*\S+", line)
        return "".join(fields[first - 1 : last])

    def _one(self, left: str, right: str, flags: str) -> int:
        sign = -1 if "r" in flags else 1
        if "b" in flags:
            left, right = left.lstrip(), right.lstrip()
        if "n" in flags or "g" in flags:
            return sign * _plain(_number(left), _number(right))
        if "h" in flags:
            return sign * _plain(_human(left), _human(right))
        if "V" in flags:
            return sign * _plain(_version(left), _version(right))
        if "f" in flags:
            left, right = left.upper(), right.upper()
        return sign * _plain(left.encode("utf-8", "surrogateescape"), right.encode("utf-8", "surrogateescape"))


def _plain(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _number(text: str) -> float:
    match = re.match(r"\s*-?(?:\d+\.?\d*|\.\d+)", text)
    return float(match.group()) if match else 0.0


def _human(text: str) -> tuple[int, float]:
    match = re.match(r"\s*(-?\d+(?:\.\d+)?)([KMGTP]?)", text)
    if match is None:
        return (0, 0.0)
    return _SIZES[match.group(2)], float(match.group(1))


def _version(text: str) -> list[tuple[int, int, str]]:
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|\D+", text)]


def uniq(call: Call) -> Result:
    """Neighbouring lines that are equal."""
    long = {"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i", "skip-fields": "f"}
    options = options_of(call, "cduiD", "fsw", long, unsupported="zD")
    if len(options.words) > 2:
        raise Failed(f"uniq: extra operand '{options.words[2]}'")
    texts, problems = sources(call, options.words[:1])
    skip, chars = options.number(call, "f", 0), options.number(call, "s", 0)

    def key(line: str) -> str:
        rest = re.sub(rf"^(?:\s*\S+){{0,{skip}}}", "", line)[chars:] if skip or chars else line
        rest = rest[: options.number(call, "w", 0)] if "w" in options else rest
        return rest.lower() if "i" in options else rest

    groups: list[tuple[str, int]] = []
    for _, text in texts:
        for line in lines_of(text):
            if groups and key(groups[-1][0]) == key(line):
                groups[-1] = (groups[-1][0], groups[-1][1] + 1)
            else:
                groups.append((line, 1))
    chosen = [
        (line, count) for line, count in groups
        if not ("d" in options and count == 1) and not ("u" in options and count > 1)
    ]  # fmt: skip
    out = joined([f"{count:7d} {line}" if "c" in options else line for line, count in chosen])
    if len(options.words) == 2:
        call.terminal.write_file(call.path(options.words[1]), out)
        out = ""
    return Result(out, problems, int(bool(problems)))


def cut(call: Call) -> Result:
    """Fields or characters of each line."""
    long = {"fields": "f", "delimiter": "d", "characters": "c", "bytes": "b", "only-delimited": "s",
            "output-delimiter": "\1", "complement": "\2"}  # fmt: skip
    options = options_of(call, "sn\2", "fdcb\1", long)
    kinds = [letter for letter in "fcb" if letter in options]
    if len(kinds) != 1:
        problem = (
            "only one list may be specified" if kinds else "you must specify a list of bytes, characters, or fields"
        )
        raise Failed(f"cut: {problem}\nTry 'cut --help' for more information.")
    chosen = _ranges(options.value(kinds[0]), "\2" in options)
    delimiter = options.value("d", "\t")
    if len(delimiter) != 1:
        raise Failed("cut: the delimiter must be a single character\nTry 'cut --help' for more information.")
    texts, problems = sources(call, options.words)
    glue = options.value("\1", delimiter)
    out: list[str] = []
    for _, text in texts:
        for line in lines_of(text):
            if kinds[0] != "f":
                out.append("".join(char for place, char in enumerate(line, 1) if chosen(place)))
            elif delimiter in line:
                out.append(glue.join(f for place, f in enumerate(line.split(delimiter), 1) if chosen(place)))
            elif "s" not in options:
                out.append(line)
    return Result(joined(out), problems, int(bool(problems)))


def _ranges(text: str, complement: bool) -> Callable[[int], bool]:
    ranges: list[tuple[int, int]] = []
    for part in re.split(r"[, ]", text):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if match is None or not (match.group(1) or match.group(3)):
            raise Failed(f"cut: invalid field value '{part}'\nTry 'cut --help' for more information.")
        first = int(match.group(1) or 1)
        last = first if not match.group(2) else int(match.group(3) or 10**9)
        if first == 0:
            raise Failed("cut: fields are numbered from 1\nTry 'cut --help' for more information.")
        ranges.append((first, last))
    return lambda place: any(first <= place <= last for first, last in ranges) != complement


def tr(call: Call) -> Result:
    """Translate, squeeze or delete characters."""
    long = {"complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"}
    options = options_of(call, "cCdst", long=long, mixed=False)
    if not options.words:
        raise Failed("tr: missing operand\nTry 'tr --help' for more information.")
    complement = "c" in options or "C" in options
    text = keyboard(call)
    first = _set(options.words[0])
    second = _set(options.words[1]) if len(options.words) > 1 else []
    members = set(first)

    def inside(char: str) -> bool:
        return (char in members) != complement

    if "d" in options:
        text = "".join(char for char in text if not inside(char))
        return Result(_squeezed(text, set(second)) if "s" in options else text)
    if not second:
        if "s" not in options:
            problem = f"tr: missing operand after '{options.words[0]}'\nTwo strings must be given when translating."
            raise Failed(f"{problem}\nTry 'tr --help' for more information.")
        runs = members if not complement else {char for char in text if char not in members}
        return Result(_squeezed(text, runs))
    if complement:
        text = "".join(second[-1] if inside(char) else char for char in text)
    else:
        table = {char: second[min(place, len(second) - 1)] for place, char in enumerate(first)}
        text = "".join(table.get(char, char) for char in text)
    return Result(_squeezed(text, set(second)) if "s" in options else text)


def _set(text: str) -> list[str]:
    """The characters of a set: ranges, classes and escapes."""
    chars: list[str] = []
    token = re.compile(r"\[:(\w+):\]|(\\[0-7]{1,3}|\\.|.)(?:-(\\[0-7]{1,3}|\\.|.))?", re.S)
    for match in token.finditer(text):
        if match.group(1):
            chars += [chr(code) for code in range(256) if re.fullmatch(f"[{named_class(match.group(1))}]", chr(code))
                      and code < 128]  # fmt: skip
        elif match.group(3):
            first, last = _char(match.group(2)), _char(match.group(3))
            if last < first:
                raise Failed(f"tr: range-endpoints of '{match.group()}' are in reverse collating sequence order")
            chars += [chr(code) for code in range(ord(first), ord(last) + 1)]
        else:
            chars.append(_char(match.group(2)))
    return chars


def _char(text: str) -> str:
    if text[0] != "\\" or len(text) == 1:
        return text
    if text[1] in "01234567":
        return chr(int(text[1:], 8) & 0xFF)
    return {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}.get(text[1], text[1])


def _squeezed(text: str, chars: set[str]) -> str:
    return "".join(char for place, char in enumerate(text) if not (place and char == text[place - 1] and char in chars))


def comm(call: Call) -> Result:
    """Lines that two sorted files have in common or not."""
    options = options_of(call, "123i", long={"check-order": "i", "nocheck-order": "i"})
    if len(options.words) != 2:
        raise Failed("comm: missing operand\nTry 'comm --help' for more information.")
    texts, problems = sources(call, options.words)
    if problems:
        return Result("", problems, 1)
    left, right = lines_of(texts[0][1]), lines_of(texts[1][1])
    columns = [column for column in "123" if column not in options]
    out: list[str] = []

    def add(column: str, line: str) -> None:
        if column in columns:
            out.append("\t" * columns.index(column) + line)

    while left or right:
        if left and right and left[0] == right[0]:
            add("3", left.pop(0))
            right.pop(0)
        elif left and (not right or left[0] < right[0]):
            add("1", left.pop(0))
        else:
            add("2", right.pop(0))
    return Result(joined(out))


def paste(call: Call) -> Result:
    """Lines of files side by side."""
    options = options_of(call, "s", "d", {"serial": "s", "delimiters": "d"})
    texts, problems = sources(call, options.words)
    glue = options.value("d", "\t").replace("\\t", "\t").replace("\\n", "\n")[:1]
    if "s" in options:
        return Result(joined([glue.join(lines_of(text)) for _, text in texts]), problems, int(bool(problems)))
    columns = [lines_of(text) for _, text in texts]
    if options.words and set(options.words) == {"-"}:
        lines, count = columns[0], len(options.words)
        columns = [lines[place::count] for place in range(count)]
    rows = max((len(column) for column in columns), default=0)
    out = [glue.join(column[row] if row < len(column) else "" for column in columns) for row in range(rows)]
    return Result(joined(out), problems, int(bool(problems)))


def column(call: Call) -> Result:
    """A table with aligned columns."""
    options = options_of(call, "t", "so", {"table": "t", "separator": "s", "output-separator": "o"}, unsupported="xcJ")
    texts, problems = sources(call, options.words)
    lines = [line for _, text in texts for line in lines_of(text) if line.strip()]
    if "t" not in options:
        return Result(joined(lines), problems, int(bool(problems)))
    separator = options.value("s")
    rows = [list(re.split(f"[{re.escape(separator)}]" if separator else r"\s+", line.strip())) for line in lines]
    widths = [
        max(len(row[place]) for row in rows if place < len(row)) for place in range(max(map(len, rows), default=0))
    ]
    glue = options.value("o", "  ")
    out = [glue.join(cell.ljust(widths[place]) if place < len(row) - 1 else cell for place, cell in enumerate(row))
           for row in rows]  # fmt: skip
    return Result(joined(out), problems, int(bool(problems)))


def rev(call: Call) -> Result:
    """Each line backwards."""
    texts, problems = sources(call, options_of(call).words)
    return Result(joined([line[::-1] for _, text in texts for line in lines_of(text)]), problems, int(bool(problems)))


TOOLS = {
    "sort": Program(sort, "-n -r -u -k -t -h -V -f -b -s -c -o, in the C locale"),
    "uniq": Program(uniq, "-c -d -u -i -f -s -w"),
    "cut": Program(cut, "-d -f -c -b -s, --complement, --output-delimiter"),
    "tr": Program(tr, "-d -s -c, ranges and classes"),
    "comm": Program(comm, "-1 -2 -3"),
    "paste": Program(paste, "-d -s"),
    "column": Program(column, "-t -s -o"),
    "rev": Program(rev, "each line backwards"),
}
