"""cat, head, tail, less, tee and their like: texts shown whole or in part."""

from __future__ import annotations

import re

from drills.shell.program import Failed, Options, Program, joined, keyboard, lines_of, options_of, read_source, sources
from drills.shell.tool import Call, NotHere, Result

_SUFFIXES = {"": 1, "b": 512, "k": 1024, "K": 1024, "kB": 1000, "M": 1024**2, "MB": 10**6, "G": 1024**3}


def cat(call: Call) -> Result:
    """Concatenate; -n and -b number lines."""
    options = options_of(call, "nbsvteuAET", long={"number": "n", "number-nonblank": "b", "squeeze-blank": "s"})
    texts, problems = sources(call, options.words)
    text = "".join(text for _, text in texts)
    if "n" in options or "b" in options:
        text = _numbered(text, blank="b" not in options)
    if "A" in options or "E" in options or "e" in options:
        text = text.replace("\n", "$\n")
    if "A" in options or "T" in options or "t" in options:
        text = text.replace("\t", "^I")
    return Result(text, problems, int(bool(problems)))


def _numbered(text: str, blank: bool) -> str:
    number, out = 0, []
    for line in lines_of(text):
        if line or blank:
            number += 1
            out.append(f"{number:6d}\t{line}")
        else:
            out.append(line)
    return joined(out) if text.endswith("\n") or not out else joined(out)[:-1]


def _count(call: Call, text: str) -> tuple[str, int]:
    """The sign and the number of `-n`'s value."""
    match = re.fullmatch(r"([-+]?)(\d+)([a-zA-Z]*)", text)
    if match is None or match.group(3) not in _SUFFIXES:
        raise Failed(f"{call.name}: invalid number of lines: '{text}'")
    return match.group(1), int(match.group(2)) * _SUFFIXES[match.group(3)]


def _plain_number(call: Call) -> list[str]:
    """`head -20` is `head -n 20`."""
    args = list(call.args)
    for place, word in enumerate(args):
        if place and args[place - 1] in ("-n", "-c", "--lines", "--bytes"):
            continue
        match = re.fullmatch(r"-(\d+)([fFqv]*)", word)
        if match:
            args[place : place + 1] = ["-n", match.group(1), *([f"-{match.group(2)}"] if match.group(2) else [])]
            break
        if call.name == "tail" and re.fullmatch(r"\+\d+", word):
            args[place : place + 1] = ["-n", word]
            break
    return args


_LONG = {"lines": "n", "bytes": "c", "quiet": "q", "silent": "q", "verbose": "v"}


def head(call: Call) -> Result:
    """The beginning."""
    options = options_of(call, "qv", "nc", _LONG, args=_plain_number(call))
    texts, problems = sources(call, options.words)
    return Result(_with_names(options, [(name, _beginning(call, options, text)) for name, text in texts]), problems,
                  int(bool(problems)))  # fmt: skip


def _beginning(call: Call, options: Options, text: str) -> str:
    sign, count = _count(call, options.value("c" if "c" in options else "n", "10"))
    pieces = list(text) if "c" in options else text.splitlines(keepends=True) if "\r" not in text else _kept(text)
    return "".join(pieces[: -count if sign == "-" and count else len(pieces) if sign == "-" else count])


def _kept(text: str) -> list[str]:
    """Lines with their ends, cut at newlines only."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _with_names(options: Options, texts: list[tuple[str, str]]) -> str:
    if (len(texts) < 2 and "v" not in options) or "q" in options:
        return "".join(text for _, text in texts)
    shown = [(("standard input" if name == "-" else name), text) for name, text in texts]
    return "\n".join(f"==> {name} <==\n{text}" for name, text in shown)


def tail(call: Call) -> Result:
    """The end; with -f, what comes while somebody looks."""
    long = {**_LONG, "follow": "f", "retry": "r"}
    options = options_of(call, "qvfFr", "ncs", {**long, "sleep-interval": "s"}, args=_plain_number(call))
    follow = "f" in options or "F" in options
    texts, problems = sources(call, options.words)
    if follow and not options.words:
        follow = False
    out = _with_names(options, [(name, _end(call, options, text)) for name, text in texts])
    if follow and texts:
        call.terminal.observe()
        out += _news(call, texts, len(texts) > 1 and "q" not in options)
    return Result(out, problems, int(bool(problems)))


def _end(call: Call, options: Options, text: str) -> str:
    sign, count = _count(call, options.value("c" if "c" in options else "n", "10"))
    pieces = list(text) if "c" in options else _kept(text)
    if sign == "+":
        return "".join(pieces[max(count - 1, 0) :])
    return "".join(pieces[-count:]) if count else ""


def _news(call: Call, texts: list[tuple[str, str]], named: bool) -> str:
    """What has been added to the files meanwhile."""
    out = ""
    for name, before in texts:
        try:
            after = read_source(call, name)
        except OSError:
            continue
        if after == before:
            continue
        added = after[len(before) :] if after.startswith(before) else after
        out += (f"\n==> {name} <==\n" if named else "") + added
    return out


def pager(call: Call) -> Result:
    """`less` and `more` show the whole text: nobody pages in a drill."""
    if any(word in ("+F", "-f+F") for word in call.args):
        names = [word for word in call.args if not word.startswith(("+", "-"))]
        return tail(Call(("tail", "-f", *names), call.terminal, call.input, call.env, call.cwd))
    names = [word for word in call.args if not word.startswith(("-", "+"))]
    texts, problems = sources(call, names)
    return Result("".join(text for _, text in texts), problems, int(bool(problems)))


def tac(call: Call) -> Result:
    """Lines from the last to the first."""
    options = options_of(call)
    texts, problems = sources(call, options.words)
    return Result("".join("".join(reversed(_kept(text))) for _, text in texts), problems, int(bool(problems)))


def tee(call: Call) -> Result:
    """Into files and on."""
    options = options_of(call, "ai", long={"append": "a"})
    text = keyboard(call)
    problems = ""
    for name in options.words:
        try:
            call.terminal.write_file(call.path(name), text, "a" in options)
        except FileNotFoundError:
            problems += f"tee: {name}: No such file or directory\n"
        except IsADirectoryError:
            problems += f"tee: {name}: Is a directory\n"
    return Result(text, problems, int(bool(problems)))


def wc(call: Call) -> Result:
    """Lines, words, bytes."""
    options = options_of(call, "lwcmL", long={"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
    wanted = [letter for letter in "lwmc" if letter in options] or ["l", "w", "c"]
    if "L" in options:
        raise NotHere("wc: the option -L cannot be executed here")
    texts, problems = sources(call, options.words)
    rows = [(name, [_counted(text, letter) for letter in wanted]) for name, text in texts]
    if len(options.words) > 1:
        rows.append(("total", [sum(row[1][place] for row in rows) for place in range(len(wanted))]))
    # GNU pads all numbers to the width of the largest; a single number of a single source is not padded.
    piped = not options.words or "-" in options.words
    single = len(wanted) == 1 and len(rows) == 1
    width = 1 if single else max([7 if piped else 1, *(len(str(n)) for _, row in rows for n in row)])
    if not piped and not single:
        width = max(width, len(str(sum(len(text.encode("utf-8", "surrogateescape")) for _, text in texts))))
    lines = []
    for name, row in rows:
        numbers = " ".join(f"{number:{width}d}" for number in row)
        lines.append(numbers if not options.words else f"{numbers} {name}")
    return Result(joined(lines), problems, int(bool(problems)))


def _counted(text: str, letter: str) -> int:
    if letter == "l":
        return text.count("\n")
    if letter == "w":
        return len(text.split())
    return len(text) if letter == "m" else len(text.encode("utf-8", "surrogateescape"))


def nl(call: Call) -> Result:
    """Number lines."""
    options = options_of(call, "", "bwsn")
    if options.value("b", "t") not in ("a", "t"):
        raise NotHere(f"nl: -b {options.value('b')} cannot be executed here")
    texts, problems = sources(call, options.words)
    lines, number = [], 0
    for _, text in texts:
        for line in lines_of(text):
            if line or options.value("b") == "a":
                number += 1
                lines.append(f"{number:6d}\t{line}")
            else:
                lines.append("       " + line)
    return Result(joined(lines), problems, int(bool(problems)))


TOOLS = {
    "cat": Program(cat, "-n, -b, -A"),
    "head": Program(head, "-n, -c, -N, negative counts"),
    "tail": Program(tail, "-n, -c, +N; -f and -F look for a while"),
    "less": Program(pager, "shows the whole text; +F looks for a while"),
    "more": Program(pager, "shows the whole text"),
    "tac": Program(tac, "lines backwards"),
    "tee": Program(tee, "-a"),
    "wc": Program(wc, "-l, -w, -c, -m"),
    "nl": Program(nl, "-b a"),
}
