"""diff and cmp."""

from __future__ import annotations

import difflib

from drills.shell.console import Console
from drills.shell.files import absolute
from drills.shell.program import Failed, Options, Program, joined, lines_of, options_of, read_source
from drills.shell.tool import Call, NotHere, Result


def diff(call: Call) -> Result:
    """How two files differ: 0 when they do not, 1 when they do, 2 when that cannot be told."""
    options = options_of(call, "uqrbBwiyNsa", "UC\1", {"unified": "u", "brief": "q", "recursive": "r", "ignore-case": "i",
                         "ignore-all-space": "w", "side-by-side": "y", "report-identical-files": "s", "color": "\1",
                         "new-file": "N"}, code=2, unsupported="yCB")  # fmt: skip
    if len(options.words) != 2:
        missing = options.words[-1] if options.words else call.name
        raise Failed(f"diff: missing operand after '{missing}'\ndiff: Try 'diff --help' for more information.", 2)
    left, right = options.words
    assert isinstance(call.terminal, Console)
    files = call.terminal.files
    if files.is_folder(absolute(left, call.cwd)) and files.is_folder(absolute(right, call.cwd)):
        return _folders(call, options, left, right)
    problems, texts = "", []
    for name in (left, right):
        try:
            texts.append(read_source(call, name))
        except OSError as error:
            problems += f"diff: {name}: {error}\n"
    if problems:
        return Result("", problems, 2)
    return _compared(call, options, left, right, texts)


def _folders(call: Call, options: Options, left: str, right: str) -> Result:
    assert isinstance(call.terminal, Console)
    files = call.terminal.files
    first, second = (files.names(absolute(name, call.cwd)) for name in (left, right))
    out, code = "", 0
    for name in sorted({*first, *second}):
        if name not in first or name not in second:
            out += f"Only in {left if name in first else right}: {name}\n"
            code = 1
            continue
        one, two = f"{left.rstrip('/')}/{name}", f"{right.rstrip('/')}/{name}"
        both = [files.is_folder(absolute(path, call.cwd)) for path in (one, two)]
        if all(both):
            if "r" in options:
                inner = _folders(call, options, one, two)
                out, code = out + inner.out, code or inner.code
            else:
                out += f"Common subdirectories: {one} and {two}\n"
            continue
        inner = _compared(call, options, one, two, [read_source(call, one), read_source(call, two)])
        header = f"diff {' '.join(word for word in call.args if word.startswith('-'))} {one} {two}\n".replace("  ", " ")
        out += (header if inner.code and "q" not in options else "") + inner.out
        code = code or inner.code
    return Result(out, "", code)


def _compared(call: Call, options: Options, left: str, right: str, texts: list[str]) -> Result:
    first, second = (_pieces(text) for text in texts)

    def key(line: str) -> str:
        line = line.lower() if "i" in options else line
        if "w" in options:
            return "".join(line.split())
        return " ".join(line.split()) if "b" in options else line

    keys = [key(line) for line in first], [key(line) for line in second]
    if keys[0] == keys[1]:
        return Result(f"Files {left} and {right} are identical\n" if "s" in options else "")
    if "q" in options:
        return Result(f"Files {left} and {right} differ\n", "", 1)
    if "u" in options or "U" in options:
        return Result(_unified(call, options, left, right, first, second), "", 1)
    return Result(_normal(first, second, keys), "", 1)


_NO_END = "\\ No newline at end of file"


def _pieces(text: str) -> list[str]:
    lines = lines_of(text)
    if text and not text.endswith("\n"):
        lines[-1] += f"\n{_NO_END}"
    return lines


def _normal(first: list[str], second: list[str], keys: tuple[list[str], list[str]]) -> str:
    out: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        letter = {"replace": "c", "delete": "d", "insert": "a"}[kind]
        out.append(f"{_span(a, b)}{letter}{_span(c, d)}")
        out += [f"< {line}" for line in first[a:b]]
        if kind == "replace":
            out.append("---")
        out += [f"> {line}" for line in second[c:d]]
    return joined(out)


def _span(begin: int, end: int) -> str:
    if end - begin <= 1:
        return str(begin + 1 if end > begin else begin)
    return f"{begin + 1},{end}"


def _unified(call: Call, options: Options, left: str, right: str, first: list[str], second: list[str]) -> str:
    def stamp(name: str) -> str:
        assert isinstance(call.terminal, Console)
        path = absolute(name, call.cwd)
        modified_us = call.terminal.files.stat(path).modified_us if call.terminal.files.exists(path) else None
        when = call.terminal.world.clock.local(modified_us)
        return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond:06d}000 {when:%z}"

    context = options.number(call, "U", 3)
    lines = difflib.unified_diff(first, second, left, right, stamp(left), stamp(right), n=context, lineterm="")
    return joined(list(lines))


def cmp(call: Call) -> Result:
    """Whether two files are the same, byte by byte."""
    options = options_of(call, "sl", "n", {"silent": "s", "quiet": "s"}, code=2)
    if "l" in options or len(options.words) != 2:
        raise NotHere("cmp: only two files can be compared here")
    texts, problems = [], ""
    for name in options.words:
        try:
            texts.append(read_source(call, name))
        except OSError as error:
            problems += f"cmp: {name}: {error}\n"
    if problems:
        return Result("", problems, 2)
    if texts[0] == texts[1]:
        return Result()
    if "s" in options:
        return Result("", "", 1)
    left, right = options.words
    place = next((n for n, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        shorter = left if len(texts[0]) < len(texts[1]) else right
        return Result("", f"cmp: EOF on {shorter} after byte {min(map(len, texts))}\n", 1)
    line = texts[0].count("\n", 0, place) + 1
    return Result(f"{left} {right} differ: char {place + 1}, line {line}\n", "", 1)


TOOLS = {"diff": Program(diff, "-u -U -q -r -b -w -i -s"), "cmp": Program(cmp, "-s")}
