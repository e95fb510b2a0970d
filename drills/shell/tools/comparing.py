"""diff and cmp: whether two files differ, and how."""

from __future__ import annotations

from drills.shell.console import Console
from drills.shell.files import absolute
from drills.shell.program import Failed, Options, Program, joined, lines_of, options_of, read_source
from drills.shell.tool import Call, NotHere, Result


def diff(call: Call) -> Result:
    """How two files differ: 0 when they do not, 1 when they do, 2 when that cannot be told."""
    long = {
        "unified": "u", "brief": "q", "recursive": "r", "ignore-case": "i", "ignore-all-space": "w",
        "side-by-side": "y",
        "report-identical-files": "s", "color": "\1", "new-file": "N",
    }  # fmt: skip
    options = options_of(call, "uqrbBwiyNsa", "UC\1", long, code=2, unsupported="yCB")
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
        return Result(_unified(call, options, (left, right), (first, second), keys), "", 1)
    return Result(_normal(first, second, keys), "", 1)


_NO_END = "\\ No newline at end of file"


def _pieces(text: str) -> list[str]:
    lines = lines_of(text)
    if text and not text.endswith("\n"):
        lines[-1] += f"\n{_NO_END}"
    return lines


def _normal(first: list[str], second: list[str], keys: tuple[list[str], list[str]]) -> str:
    out: list[str] = []
    for a, b, c, d in changes(*keys):
        letter = "a" if a == b else "d" if c == d else "c"
        out.append(f"{_span(a, b)}{letter}{_span(c, d)}")
        out += [f"< {line}" for line in first[a:b]]
        if letter == "c":
            out.append("---")
        out += [f"> {line}" for line in second[c:d]]
    return joined(out)


def _span(begin: int, end: int) -> str:
    if end - begin <= 1:
        return str(begin + 1 if end > begin else begin)
    return f"{begin + 1},{end}"


def _unified(call: Call, options: Options, names: tuple[str, str], lines: tuple[list[str], list[str]],
             keys: tuple[list[str], list[str]]) -> str:  # fmt: skip
    def stamp(name: str) -> str:
        assert isinstance(call.terminal, Console)
        path = absolute(name, call.cwd)
        modified_us = call.terminal.files.stat(path).modified_us if call.terminal.files.exists(path) else None
        when = call.terminal.world.clock.local(modified_us)
        return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond:06d}000 {when:%z}"

    out = [f"--- {names[0]}\t{stamp(names[0])}", f"+++ {names[1]}\t{stamp(names[1])}"]
    context = options.number(call, "U", 3)
    for hunk in _hunks(changes(*keys), context):
        out += _hunk(hunk, lines, context)
    return joined(out)


Change = tuple[int, int, int, int]


def _hunks(found: list[Change], context: int) -> list[list[Change]]:
    """Changes that lie so near that their contexts touch."""
    hunks: list[list[Change]] = []
    for change in found:
        if hunks and change[0] - hunks[-1][-1][1] <= 2 * context:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _hunk(hunk: list[Change], lines: tuple[list[str], list[str]], context: int) -> list[str]:
    first, second = lines
    begin, end = max(0, hunk[0][0] - context), min(len(first), hunk[-1][1] + context)
    other_begin = hunk[0][2] - (hunk[0][0] - begin)
    other_end = hunk[-1][3] + (end - hunk[-1][1])
    out = [f"@@ -{_range(begin, end)} +{_range(other_begin, other_end)} @@"]
    place = begin
    for a, b, c, d in hunk:
        out += [f" {line}" for line in first[place:a]]
        out += [f"-{line}" for line in first[a:b]]
        out += [f"+{line}" for line in second[c:d]]
        place = b
    return [*out, *(f" {line}" for line in first[place:end])]


def _range(begin: int, end: int) -> str:
    count = end - begin
    return str(begin + 1) if count == 1 else f"{begin + 1 if count else begin},{count}"


def changes(first: list[str], second: list[str]) -> list[Change]:
    """The shortest list of changes from one to the other (Myers 1986): lines a..b become lines c..d."""
    size_a, size_b = len(first), len(second)
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for distance in range(size_a + size_b + 1):
        trace.append(dict(furthest))
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < size_a and x - k < size_b and first[x] == second[x - k]:
                x += 1
            furthest[k] = x
            if x >= size_a and x - k >= size_b:
                return _merged(_backwards(trace, size_a, size_b))
    raise AssertionError("two texts always have a way between them")


def _backwards(trace: list[dict[int, int]], x: int, y: int) -> list[Change]:
    """The single steps of the way, from the end to the beginning."""
    steps: list[Change] = []
    for distance in range(len(trace) - 1, 0, -1):
        furthest, k = trace[distance], x - y
        down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
        before = k + 1 if down else k - 1
        begin_x = furthest[before]
        begin_y = begin_x - before
        steps.append((begin_x, begin_x, begin_y, begin_y + 1) if down else (begin_x, begin_x + 1, begin_y, begin_y))
        x, y = begin_x, begin_y
    return steps[::-1]


def _merged(steps: list[Change]) -> list[Change]:
    found: list[Change] = []
    for a, b, c, d in steps:
        if found and found[-1][1] == a and found[-1][3] == c:
            found[-1] = (found[-1][0], b, found[-1][2], d)
        else:
            found.append((a, b, c, d))
    return found


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
