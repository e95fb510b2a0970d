"""grep and its kin: the lines of files that match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from drills.shell.files import absolute, matches
from drills.shell.program import Failed, Options, Program, joined, keyboard, lines_of, options_of, read_source
from drills.shell.regex import basic, extended
from drills.shell.tool import Call, NotHere, Result

_LONG = {
    "ignore-case": "i", "invert-match": "v", "count": "c", "line-number": "n", "extended-regexp": "E",
    "fixed-strings": "F", "perl-regexp": "P", "basic-regexp": "G", "only-matching": "o", "quiet": "q", "silent": "q",
    "files-with-matches": "l", "files-without-match": "L", "recursive": "r", "after-context": "A",
    "before-context": "B", "context": "C", "max-count": "m", "word-regexp": "w", "line-regexp": "x", "no-messages": "s",
    "with-filename": "H", "no-filename": "h", "regexp": "e", "file": "f", "include": "\1", "exclude": "\2",
    "exclude-dir": "\3", "color": "\4", "colour": "\4", "line-buffered": "\5", "text": "a", "binary-files": "\6",
}  # fmt: skip


class Found(NamedTuple):
    """One line of output: which file and line, and whether it matched or is context."""

    name: str
    number: int
    text: str
    matched: bool


def grep(call: Call) -> Result:
    """Lines that match."""
    args = [f"-C{word[1:]}" if re.fullmatch(r"-\d+", word) else word for word in call.args]
    # `--color` alone takes no value.
    args = ["--color=auto" if word in ("--color", "--colour") else word for word in args]
    options = options_of(
        call, "ivcnEFPGoqlLrRwxsHhaz\5UI", "ABCmef\1\2\3\4\6", _LONG, args=args, code=2, unsupported="zbTZ"
    )
    words = options.words
    patterns = [line for value in options.values("e") for line in value.split("\n")]
    for name in options.values("f"):
        patterns += lines_of(read_source(call, name))
    if not options.values("e") and not options.values("f"):
        if not words:
            raise Failed("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.", 2)
        patterns = words.pop(0).split("\n")
    return _Search(call, options, _regex(call, options, patterns)).result(words)


def _regex(call: Call, options: Options, patterns: list[str]) -> re.Pattern[str]:
    kind = options.last_of("EFPG") or {"egrep": "E", "fgrep": "F"}.get(call.name, "G")
    translations: dict[str, Callable[[str], str]] = {"E": extended, "F": re.escape, "P": str, "G": basic}
    translate = translations[kind]
    try:
        parts = [translate(pattern) for pattern in patterns]
        regex = "|".join(f"(?:{part})" for part in parts) if len(parts) > 1 else "".join(parts)
        if "w" in options:
            regex = rf"(?<!\w)(?:{regex})(?!\w)"
        if "x" in options:
            regex = rf"^(?:{regex})$"
        return re.compile(regex, re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        unmatched = {"missing )": "Unmatched ( or \\(", "unbalanced": "Unmatched ) or \\)",
                     "unterminated character": "Unmatched [, [^, [:, [., or [="}  # fmt: skip
        said = next((words for start, words in unmatched.items() if error.msg.startswith(start)), "Invalid pattern")
        raise Failed(f"{call.name}: {said}", 2) from None


class _Search:
    def __init__(self, call: Call, options: Options, regex: re.Pattern[str]) -> None:
        self._call, self._options, self._regex = call, options, regex
        self._problems = ""
        self._recursive = "r" in options or "R" in options
        self._any = False
        context = options.number(call, "C", 0)
        self._after = options.number(call, "A", context)
        self._before = options.number(call, "B", context)

    def result(self, words: list[str]) -> Result:
        options = self._options
        if not words and not self._recursive:
            text = keyboard(self._call)
            names = [("(standard input)", text)]
        else:
            names = list(self._texts(words or ["."]))
        several = (len(words) > 1 or self._recursive or "H" in options) and "h" not in options
        out: list[str] = []
        for name, text in names:
            out += self._one(name, text, several, bool(out))
        if "q" in options:
            return Result("", self._problems, 0 if self._any else 2 if self._problems else 1)
        code = 2 if self._problems else 0 if self._any else 1
        return Result(joined(out), "" if "s" in options else self._problems, code)

    def _texts(self, words: list[str]) -> Iterator[tuple[str, str]]:
        for word in words:
            yield from self._walk(word, top=True)

    def _walk(self, name: str, top: bool) -> Iterator[tuple[str, str]]:
        from drills.shell.console import Console

        terminal = self._call.terminal
        assert isinstance(terminal, Console)
        files, path = terminal.files, absolute(name, self._call.cwd)
        if name != "-" and files.is_folder(path):
            if not self._recursive:
                self._problems += f"{self._call.name}: {name}: Is a directory\n"
                return
            for child in files.names(path):
                inner = child if name == "." and not top else f"{name.rstrip('/')}/{child}"
                if name == "." and top and self._call.args[-1:] != (".",):
                    inner = child
                if files.is_folder(absolute(inner, self._call.cwd)):
                    if not any(matches(child, pattern) for pattern in self._options.values("\3")):
                        yield from self._walk(inner, top=False)
                elif self._wanted(child):
                    yield from self._walk(inner, top=False)
            return
        try:
            yield ("(standard input)" if name == "-" else name), read_source(self._call, name)
        except OSError as error:
            self._problems += f"{self._call.name}: {name}: {error}\n"

    def _wanted(self, name: str) -> bool:
        include, exclude = self._options.values("\1"), self._options.values("\2")
        return (not include or any(matches(name, pattern) for pattern in include)) and not any(
            matches(name, pattern) for pattern in exclude
        )

    def _one(self, name: str, text: str, several: bool, follows: bool) -> list[str]:
        options = self._options
        lines = lines_of(text)
        wanted = "v" not in options
        hits = [number for number, line in enumerate(lines) if (self._regex.search(line) is not None) == wanted]
        if "m" in options:
            hits = hits[: options.number(self._call, "m", 0)]
        self._any = self._any or bool(hits)
        prefix = f"{name}:" if several else ""
        if "L" in options:
            return [] if hits else [name]
        if "l" in options:
            return [name] if hits else []
        if "c" in options:
            return [f"{prefix}{len(hits)}"]
        if "o" in options:
            return [] if not wanted else [
                f"{prefix}{f'{number + 1}:' if 'n' in options else ''}{match.group()}"
                for number in hits for match in self._regex.finditer(lines[number]) if match.group()
            ]  # fmt: skip
        return self._shown(name if several else "", lines, hits, follows)

    def _shown(self, name: str, lines: list[str], hits: list[int], follows: bool) -> list[str]:
        chosen = set(hits)
        shown: list[int] = sorted(
            {n for hit in hits for n in range(max(0, hit - self._before), min(len(lines), hit + self._after + 1))}
        )
        out: list[str] = []
        context = self._before or self._after
        last: int | None = None
        for number in shown:
            if context and ((last is not None and number > last + 1) or (last is None and follows)):
                out.append("--")
            mark = ":" if number in chosen else "-"
            text = f"{name}{mark}" if name else ""
            text += f"{number + 1}{mark}" if "n" in self._options else ""
            out.append(text + lines[number])
            last = number
        return out


def zgrep(call: Call) -> Result:
    """Compressed files are none of the firm's."""
    raise NotHere(f"{call.name}: compressed files cannot be read here")


TOOLS = {
    "grep": Program(grep, "-i -v -c -n -o -w -x -q -l -L -r -A -B -C -m -E -F -P, --include, --exclude"),
    "egrep": Program(grep, "grep -E"),
    "fgrep": Program(grep, "grep -F"),
    "zgrep": Program(zgrep, "cannot be executed here"),
}
