"""What programs share: their entry in a family's table, their options, and the files they read."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from drills.shell.files import absolute
from drills.shell.tool import Call, NotHere, Result, Tool


class Program(NamedTuple):
    """One entry of a family's table."""

    run: Tool
    about: str
    """For `firedrill rehearse --commands`: what works, in one line."""


class Failed(Exception):
    """A program ends at once with this result: wrong usage, as a rule."""

    def __init__(self, message: str, code: int = 1, out: str = "") -> None:
        """`message` as the real program prints it, without the newline."""
        super().__init__(message)
        self.result = Result(out, f"{message}\n" if message else "", code)


class Options:
    """The options of a call, and the words that are none."""

    def __init__(self) -> None:
        """None yet."""
        self._given: dict[str, list[str]] = {}
        self.words: list[str] = []

    def add(self, letter: str, value: str = "") -> None:
        """An option was given."""
        self._given.setdefault(letter, []).append(value)

    def __contains__(self, letter: object) -> bool:
        """Whether it was given."""
        return letter in self._given

    def value(self, letter: str, default: str = "") -> str:
        """Its last value."""
        return self._given[letter][-1] if letter in self._given else default

    def values(self, letter: str) -> list[str]:
        """All its values."""
        return self._given.get(letter, [])

    def last_of(self, letters: str) -> str:
        """Which of these was given last; nothing when none was."""
        given = [letter for letter in self._given if letter in letters]
        return given[-1] if given else ""

    def number(self, call: Call, letter: str, default: int) -> int:
        """Its value as a whole number; Failed when it is none."""
        text = self.value(letter, str(default))
        if not text.lstrip("+-").isdigit():
            raise Failed(f"{call.name}: invalid number: '{text}'")
        return int(text)


def options_of(
    call: Call, flags: str = "", valued: str = "", long: Mapping[str, str] | None = None, *,
    args: Sequence[str] | None = None, code: int = 1, mixed: bool = True, unsupported: str = "",
) -> Options:  # fmt: skip
    """Read options as getopt does.

    `flags` and `valued` are letters without and with a value; `long` maps long names to letters. Letters in
    `unsupported` exist but cannot be executed here (NotHere); any other is the program's own error, with `code`.
    `mixed` lets options follow words.
    """
    found, words = Options(), list(call.args if args is None else args)
    while words:
        word = words.pop(0)
        if word == "--":
            found.words += words
            break
        if word.startswith("--"):
            _long_option(call, found, word, words, valued, long or {}, code)
        elif word.startswith("-") and len(word) > 1:
            _letters(call, found, word[1:], words, flags, valued, unsupported, code)
        else:
            found.words.append(word)
            if not mixed:
                found.words += words
                break
    return found


def _long_option(
    call: Call, found: Options, word: str, words: list[str], valued: str, long: Mapping[str, str], code: int
) -> None:  # fmt: skip
    name, equals, value = word[2:].partition("=")
    matching = [known for known in long if known == name] or [known for known in long if known.startswith(name)]
    if len(matching) != 1:
        raise NotHere(f"{call.name}: the option --{name} cannot be executed here")
    letter = long[matching[0]]
    if letter in valued and not equals:
        if not words:
            raise Failed(f"{call.name}: option '--{name}' requires an argument", code)
        value = words.pop(0)
    found.add(letter, value)


def _letters(
    call: Call, found: Options, letters: str, words: list[str], flags: str, valued: str, unsupported: str, code: int
) -> None:  # fmt: skip
    for place, letter in enumerate(letters):
        if letter in valued:
            value = letters[place + 1 :]
            if not value:
                if not words:
                    raise Failed(f"{call.name}: option requires an argument -- '{letter}'", code)
                value = words.pop(0)
            found.add(letter, value)
            return
        if letter in unsupported:
            raise NotHere(f"{call.name}: the option -{letter} cannot be executed here")
        if letter not in flags:
            raise Failed(f"{call.name}: invalid option -- '{letter}'", code)
        found.add(letter)


# Reading.


def keyboard(call: Call) -> str:
    """What is piped in; NotHere when the program would wait for somebody to type."""
    text = call.stdin
    if text is None:
        raise NotHere(f"{call.name} waits for somebody to type, and nothing says what: nothing is piped in")
    return text


def read_source(call: Call, name: str) -> str:
    """The text of a file or, for `-`, what is piped in; OSError with the words of the machine when there is none.

    A file of the project that is not here while no repository was given may well be in theirs: NotHere.
    """
    if name == "-":
        return keyboard(call)
    try:
        return call.read(name)
    except FileNotFoundError:
        may_be_theirs(call, name)
        raise OSError("No such file or directory") from None
    except NotADirectoryError:
        raise OSError("Not a directory") from None
    except IsADirectoryError:
        raise OSError("Is a directory") from None


def may_be_theirs(call: Call, name: str) -> None:
    """NotHere when a missing file may lie in a repository that was not given; with one given, it is a finding."""
    path = absolute(name, call.cwd)
    project = call.terminal.project.rstrip("/") + "/"
    if not path.startswith(project):
        return
    relative = path.removeprefix(project)
    if call.terminal.repo is not None:
        call.terminal.finding("missing_file", f"{relative} is not in the repository, and the firm does not write it")
    elif not call.terminal.exists(posixpath.dirname(path)) or relative.count("/") == 0:
        raise NotHere(f"the file {name} is not here: name its repository with --repo")


def sources(call: Call, names: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """Name and text of each file, and the messages for those that cannot be read; no name means what is piped in."""
    found: list[tuple[str, str]] = []
    problems = ""
    for name in names or ["-"]:
        try:
            found.append((name, read_source(call, name)))
        except OSError as error:
            problems += f"{call.name}: {name}: {error}\n"
    return found, problems


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends; a last line need not have one."""
    if not text:
        return []
    return text.removesuffix("\n").split("\n")


def joined(lines: Sequence[str]) -> str:
    """Lines with their ends."""
    return "".join(f"{line}\n" for line in lines)
