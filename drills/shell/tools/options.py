"""Options as programs take them: `-n x`, `-nx`, `--name x`, `--name=x`, clusters of flags, and `--`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class UnknownOption(Exception):
    """An option that the program does not have, or that lacks its value; carries the option."""

    def __init__(self, option: str, *, lacks_value: bool = False) -> None:
        """`lacks_value` tells a known option without its value from an unknown one."""
        super().__init__(option)
        self.option, self.lacks_value = option, lacks_value


@dataclass
class Options:
    """What was given."""

    given: dict[str, list[str]] = field(default_factory=dict)
    """Values by the option's main name; "" for each time a flag was given."""
    words: list[str] = field(default_factory=list)
    """What is no option."""
    behind: list[str] | None = None
    """What stands behind `--`; None without one."""

    def has(self, name: str) -> bool:
        """Whether an option was given (`--flag=false` takes it back)."""
        return name in self.given and self.given[name][-1] != "false"

    def one(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.given[name][-1] if name in self.given else default

    def all(self, name: str) -> list[str]:
        """Every value of an option."""
        return self.given.get(name, [])


def read_options(
    arguments: Iterable[str], valued: Mapping[str, str], flags: Mapping[str, str], *, stop_at_word: bool = False,
    lenient: bool = False,
) -> Options:  # fmt: skip
    """Split `arguments`; `valued` and `flags` map each spelling to the option's main name.

    With `stop_at_word` everything from the first plain word on is left alone (a command inside a command).
    Unknown options raise UnknownOption, unless `lenient`, which takes them for flags.
    """
    found, rest = Options(), list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.behind = rest
            break
        if not word.startswith("-") or word == "-":
            if stop_at_word:
                found.words = [word, *rest]
                break
            found.words.append(word)
        elif word.startswith("--") or word in valued or word in flags:
            _long(found, word, rest, valued, flags, lenient)
        else:
            _cluster(found, word, rest, valued, flags, lenient)
    return found


def _long(
    found: Options, word: str, rest: list[str], valued: Mapping[str, str], flags: Mapping[str, str], lenient: bool
) -> None:
    name, equals, value = word.partition("=")
    if name in valued:
        if not equals:
            if not rest:
                raise UnknownOption(word, lacks_value=True)
            value = rest.pop(0)
        found.given.setdefault(valued[name], []).append(value)
    elif name in flags:
        found.given.setdefault(flags[name], []).append(value)
    elif lenient:
        found.given.setdefault(name.lstrip("-"), []).append(value)
    else:
        raise UnknownOption(word)


def _cluster(
    found: Options, word: str, rest: list[str], valued: Mapping[str, str], flags: Mapping[str, str], lenient: bool
) -> None:
    """`-abc`: flags one by one; one that takes a value takes the rest of the word, or the next word."""
    for at in range(1, len(word)):
        option = f"-{word[at]}"
        if option in flags:
            found.given.setdefault(flags[option], []).append("")
        elif option in valued:
            value = word[at + 1 :].removeprefix("=") if at + 1 < len(word) else (rest.pop(0) if rest else None)
            if value is None:
                raise UnknownOption(option, lacks_value=True)
            found.given.setdefault(valued[option], []).append(value)
            return
        elif lenient:
            found.given.setdefault(word.lstrip("-"), []).append("")
            return
        else:
            raise UnknownOption(option)
