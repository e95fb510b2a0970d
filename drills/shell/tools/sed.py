"""sed: addresses, s, p, d, q, y, a, i, c, n, and the hold space's absence said plainly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from drills.shell.program import Failed, Program, lines_of, options_of, sources
from drills.shell.regex import basic, extended
from drills.shell.tool import Call, NotHere, Result

_ADDRESS = re.compile(r"(\d+)(?:~(\d+))?|\$")


@dataclass(slots=True)
class Address:
    """Where a command applies: a line number, the last line, or a pattern."""

    number: int | None = None
    step: int | None = None
    last: bool = False
    regex: re.Pattern[str] | None = None


@dataclass(slots=True)
class Order:
    """One command of a script."""

    name: str
    first: Address | None = None
    second: Address | None = None
    plus: int | None = None
    negated: bool = False
    regex: re.Pattern[str] | None = None
    text: str = ""
    flags: str = ""
    block: list[Order] = field(default_factory=list)
    active_until: int = 0
    """For a range: the line up to which it is known to hold; -1 while its end is still sought."""


class _Script:
    """Reads a script."""

    def __init__(self, text: str, special: bool) -> None:
        self._text, self._at, self._special = text, 0, special
        self._last_regex: re.Pattern[str] | None = None

    def orders(self, inside: bool = False) -> list[Order]:
        found: list[Order] = []
        while True:
            self._skip(" \t\n;")
            if self._at >= len(self._text):
                if inside:
                    raise self._wrong("unmatched `{'")
                return found
            if self._peek() == "}":
                if not inside:
                    raise self._wrong("unexpected `}'")
                self._at += 1
                return found
            if self._peek() == "#":
                self._until("\n")
            else:
                found.append(self._order())

    def _order(self) -> Order:
        order = Order("")
        order.first = self._address()
        if order.first is not None and self._peek() == ",":
            self._at += 1
            self._skip(" ")
            plus = re.compile(r"\+(\d+)").match(self._text, self._at)
            if plus:
                order.plus, self._at = int(plus.group(1)), plus.end()
            else:
                order.second = self._address()
                if order.second is None:
                    raise self._wrong("unexpected `,'")
        self._skip(" \t")
        while self._peek() == "!":
            order.negated = True
            self._at += 1
            self._skip(" \t")
        order.name = self._peek()
        if not order.name:
            raise self._wrong("missing command")
        self._at += 1
        self._body(order)
        return order

    def _body(self, order: Order) -> None:
        name = order.name
        if name == "{":
            order.block = self.orders(inside=True)
        elif name == "s":
            self._substitution(order)
        elif name == "y":
            order.text, order.flags = self._two(regex=False)
            if len(order.text) != len(order.flags):
                raise self._wrong("strings for `y' command are different lengths")
        elif name in "aic":
            rest = self._until("\n").lstrip()
            order.text = re.sub(r"^\\\n?", "", rest).replace("\\n", "\n") + "\n"
        elif name in "qQ":
            match = re.compile(r"\s*(\d*)").match(self._text, self._at)
            assert match is not None
            order.flags, self._at = match.group(1), match.end()
        elif name in "hHgGxDPNbtTrwWeFlRzv:":
            raise NotHere(f"sed: the command `{name}' cannot be executed here")
        elif name not in "pdn=":
            raise self._wrong(f"unknown command: `{name}'")
        if name not in "aic{":
            self._skip(" \t")
            if self._peek() not in ("", ";", "\n", "}", "#"):
                raise self._wrong("extra characters after command")

    def _substitution(self, order: Order) -> None:
        pattern, order.text = self._two(regex=True)
        match = re.compile(r"[gpiIMm\d]*").match(self._text, self._at)
        assert match is not None
        order.flags, self._at = match.group(), match.end()
        if self._peek() in "we" and self._peek():
            raise NotHere(f"sed: the flag `{self._peek()}' of `s' cannot be executed here")
        if self._peek().isalpha():
            raise self._wrong("unknown option to `s'")
        order.regex = self._compiled(pattern, "i" in order.flags.lower())

    def _compiled(self, pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
        if not pattern:
            if self._last_regex is None:
                raise self._wrong("no previous regular expression")
            return self._last_regex
        try:
            regex = (extended if self._special else basic)(pattern)
            self._last_regex = re.compile(regex, re.IGNORECASE if ignore_case else 0)
        except re.error:
            raise self._wrong("Invalid preceding regular expression") from None
        return self._last_regex

    def _two(self, regex: bool) -> tuple[str, str]:
        """The two texts between three delimiters."""
        mark = self._peek()
        self._at += 1
        texts = []
        for place in range(2):
            text, inside = "", False
            while True:
                char = self._peek()
                if not char or (char == "\n" and place == 0 and regex):
                    raise self._wrong("unterminated `s' command" if regex else "unterminated `y' command")
                self._at += 1
                if char == "\\":
                    following = self._peek()
                    self._at += 1
                    text += following if following == mark and mark not in "&" else char + following
                elif char == mark and not inside:
                    break
                else:
                    if regex and place == 0:
                        inside = (char == "[" and not inside) or (inside and char != "]")
                    text += char
            texts.append(text)
        return texts[0], texts[1]

    def _address(self) -> Address | None:
        match = _ADDRESS.match(self._text, self._at)
        if match:
            self._at = match.end()
            self._skip(" ")
            if match.group() == "$":
                return Address(last=True)
            return Address(number=int(match.group(1)), step=int(match.group(2)) if match.group(2) else None)
        if self._peek() in ("/", "\\"):
            if self._peek() == "\\":
                self._at += 1
            mark = self._peek()
            self._at += 1
            text = ""
            while self._peek() != mark:
                if not self._peek():
                    raise self._wrong("unterminated address regex")
                if self._peek() == "\\":
                    following = self._text[self._at + 1 : self._at + 2]
                    text += following if following == mark else "\\" + following
                    self._at += 2
                else:
                    text += self._peek()
                    self._at += 1
            self._at += 1
            ignore = self._peek() == "I"
            self._at += ignore
            self._skip(" ")
            return Address(regex=self._compiled(text, ignore))
        return None

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, chars: str) -> None:
        while self._peek() and self._peek() in chars:
            self._at += 1

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self._at)
        stop = len(self._text) if stop < 0 else stop
        text, self._at = self._text[self._at : stop], stop
        return text

    def _wrong(self, problem: str) -> Failed:
        return Failed(f"sed: -e expression #1, char {self._at}: {problem}")


class _Editor:
    """Applies a script to lines."""

    def __init__(self, orders: list[Order], quiet: bool) -> None:
        self._orders, self._quiet = orders, quiet
        self.out: list[str] = []
        self.code = 0
        self._lines: list[str] = []
        self._number, self._space, self._state = 0, "", ""
        self._after: list[str] = []

    def run(self, lines: list[str]) -> None:
        number = 0
        self._lines = lines
        self._number = 0
        while number < len(lines):
            self._number = number + 1
            self._space, self._after, self._state = lines[number], [], ""
            self._apply(self._orders)
            number = self._number
            if self._state != "d" and not self._quiet:
                self.out.append(self._space + "\n")
            self.out += self._after
            if self._state == "q":
                return

    def _apply(self, orders: list[Order]) -> None:
        for order in orders:
            if self._applies(order) == order.negated:
                continue
            if order.name == "{":
                self._apply(order.block)
            else:
                self._do(order)
            if self._state:
                return

    def _do(self, order: Order) -> None:
        name = order.name
        if name == "s":
            self._substitute(order)
        elif name == "p":
            self.out.append(self._space + "\n")
        elif name == "d":
            self._state = "d"
        elif name == "=":
            self.out.append(f"{self._number}\n")
        elif name in "qQ":
            self.code = int(order.flags or 0)
            self._state = "q"
            if name == "Q":
                self._quiet = True
        elif name == "y":
            self._space = self._space.translate(str.maketrans(order.text, order.flags))
        elif name == "a":
            self._after.append(order.text)
        elif name == "i":
            self.out.append(order.text)
        elif name == "c":
            if order.second is None or self._number >= order.active_until or order.negated:
                self.out.append(order.text)
            self._state = "d"
        elif name == "n":
            if not self._quiet:
                self.out.append(self._space + "\n")
            if self._number < len(self._lines):
                self._space = self._lines[self._number]
                self._number += 1
            else:
                self._state = "d"

    def _substitute(self, order: Order) -> None:
        assert order.regex is not None
        wanted = int("".join(char for char in order.flags if char.isdigit()) or 1)
        everywhere = "g" in order.flags
        seen = made = 0

        def one(match: re.Match[str]) -> str:
            nonlocal seen, made
            seen += 1
            if seen < wanted or (seen > wanted and not everywhere):
                return match.group()
            made += 1
            return _replacement(order.text, match)

        self._space = order.regex.sub(one, self._space)
        if made and "p" in order.flags:
            self.out.append(self._space + "\n")

    def _applies(self, order: Order) -> bool:
        if order.first is None:
            return True
        if order.second is None and order.plus is None:
            return self._at(order.first)
        if order.active_until == -1:
            if order.second is not None and self._at(order.second):
                order.active_until = self._number
            return True
        if self._number <= order.active_until:
            return True
        if not self._at(order.first):
            return False
        order.active_until = -1
        if order.plus is not None:
            order.active_until = self._number + order.plus
        elif order.second is not None and order.second.number is not None:
            order.active_until = max(order.second.number, self._number)
        elif order.second is not None and order.second.last:
            order.active_until = len(self._lines)
        return True

    def _at(self, address: Address) -> bool:
        if address.last:
            return self._number == len(self._lines)
        if address.regex is not None:
            return address.regex.search(self._space) is not None
        assert address.number is not None
        if address.step:
            return self._number >= address.number and (self._number - address.number) % address.step == 0
        return self._number == address.number


_PIECE = re.compile(r"\\([0-9])|\\(.)|(&)|([^\\&]+)|\\", re.S)
_CASES = {"U": str.upper, "L": str.lower}


def _replacement(text: str, match: re.Match[str]) -> str:
    out, case, once = "", "", ""
    for piece in _PIECE.finditer(text):
        number, escaped, whole, plain = piece.groups()
        if escaped and escaped in "ULEul":
            case, once = ("", once) if escaped == "E" else (escaped, once) if escaped in "UL" else (case, escaped)
            continue
        if number is not None:
            if int(number) > (match.re.groups or 0):
                raise Failed(f"sed: -e expression #1, char 0: invalid reference \\{number} on `s' command's RHS")
            added = match.group(int(number)) or ""
        elif whole:
            added = match.group()
        elif escaped is not None:
            added = {"n": "\n", "t": "\t"}.get(escaped, escaped)
        else:
            added = plain or ""
        added = _CASES[case](added) if case else added
        if once and added:
            added = (added[0].upper() if once == "u" else added[0].lower()) + added[1:]
            once = ""
        out += added
    return out


def sed(call: Call) -> Result:
    """Edit a stream, or files in place with -i."""
    long = {"quiet": "n", "silent": "n", "expression": "e", "regexp-extended": "E", "in-place": "i", "separate": "s",
            "file": "f"}  # fmt: skip
    # `-i.bak` takes its value only when it is joined on.
    args, suffix = [], ""
    for word in call.args:
        match = re.fullmatch(r"-([nErs]*)i(.*)", word)
        if match and not word.startswith("--"):
            args.append(f"-{match.group(1)}i")
            suffix = match.group(2)
        else:
            args.append(word)
    options = options_of(call, "nErsiu", "ef", long, args=args, unsupported="zlb")
    words = options.words
    scripts = options.values("e") + [call.read(name) for name in options.values("f")]
    if not scripts:
        if not words:
            raise Failed("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
        scripts = [words.pop(0)]
    special, text = "E" in options or "r" in options, "\n".join(scripts)
    in_place, quiet = "i" in options, "n" in options
    if in_place and not words:
        raise Failed("sed: no input files")
    texts, problems = sources(call, words)
    problems = re.sub(r"^sed: (.*): (No such file or directory)$", r"sed: can't read \1: \2", problems, flags=re.M)
    if not in_place and "s" not in options:
        texts = [("-", "".join(text if text.endswith("\n") or not text else text + "\n" for _, text in texts[:-1])
                  + (texts[-1][1] if texts else ""))]  # fmt: skip
    out, code = "", 0
    for name, source in texts:
        editor = _Editor(_Script(text, special).orders(), quiet)
        editor.run(lines_of(source))
        made = "".join(editor.out)
        if source and not source.endswith("\n") and made.endswith("\n"):
            made = made[:-1]
        code = editor.code or code
        if not in_place:
            out += made
            continue
        if suffix:
            call.terminal.write_file(call.path(name + suffix), source)
        call.terminal.write_file(call.path(name), made)
    return Result(out, problems, 2 if problems else code)


TOOLS = {"sed": Program(sed, "-n -E -i; s/// with flags, p d q y a i c n = and blocks; addresses and ranges")}
