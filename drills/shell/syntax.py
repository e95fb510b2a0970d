"""The parts of a shell text: words made of quoted and unquoted pieces, and the commands made of words.

Plain frozen values, as `parser` reads them and `interpreter` walks them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they stand. Quoted ones are split by nothing and match nothing but themselves."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name` or `${name op word}`."""

    name: str
    op: str = ""
    """One of `:- - := = :? ? :+ + # ## % %% / // /# /% ^ ^^ , ,, : length indirect names @`, or nothing."""
    word: Word = ()
    more: Word | None = None
    """The replacement of `/`, or the length of `:offset:length`."""
    index: Word | None = None
    """Between the brackets of `${name[...]}`."""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(...)` or backticks."""

    script: Script
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((...))`."""

    expression: Word
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`<pod-name>`: something a person was to fill in."""

    name: str


@dataclass(frozen=True, slots=True)
class OutputAsFile:
    """`<(...)`: the name of a file that holds what a script prints."""

    script: Script


Part = OutputAsFile | Text | Parameter | Substitution | Arithmetic | Placeholder
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=word`, `name+=word`, `name[index]=word` or `name=(words)`."""

    name: str
    value: Word | tuple[Word, ...]
    array: bool = False
    append: bool = False
    index: Word | None = None


@dataclass(slots=True)
class Redirect:
    """`2> file` and its kin; a here-document carries its text as the target, once that line has been read."""

    fd: int | None
    op: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """A program with its arguments."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    line: int
    """Counted from 1."""
    declared: tuple[Assignment, ...] = ()
    """Arrays that a declaration sets (`local a=(1 2)`); their names are among the words."""


@dataclass(frozen=True, slots=True)
class Group:
    """`{ ...; }`, or `( ... )` when it runs in a shell of its own."""

    body: Script
    subshell: bool


@dataclass(frozen=True, slots=True)
class If:
    """Conditions with their arms, and what else."""

    arms: tuple[tuple[Script, Script], ...]
    otherwise: Script | None


@dataclass(frozen=True, slots=True)
class While:
    """`while`, or `until` when turned round."""

    condition: Script
    body: Script
    until: bool


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words`; without `in` over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Script


@dataclass(frozen=True, slots=True)
class ForArithmetic:
    """`for ((start; condition; step))`."""

    start: Word
    condition: Word
    step: Word
    body: Script


@dataclass(frozen=True, slots=True)
class Case:
    """`case word in patterns) body ;; esac`; each arm with what follows it: `;;`, `;&` or `;;&`."""

    word: Word
    arms: tuple[tuple[tuple[Word, ...], Script, str], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition."""

    name: str
    body: Command


@dataclass(frozen=True, slots=True)
class Condition:
    """`[[ ... ]]`: its words, operators as plain text."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ArithmeticCommand:
    """`(( ... ))`."""

    expression: Word


Body = Simple | Group | If | While | For | ForArithmetic | Case | Function | Condition | ArithmeticCommand


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its redirections, in the order in which they are made."""

    body: Body
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`."""

    commands: tuple[Command, ...]
    negated: bool = False
    joined_errors: tuple[bool, ...] = ()
    """For each bar, whether it was `|&`."""
    timed: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """Pipelines joined by `&&` and `||`, and whether they run in the background."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...]
    background: bool
    text: str
    """As it was typed."""
    line: int


Script = tuple[AndOr, ...]
