"""Expansion, in bash's order: braces, tilde, parameters and substitutions, splitting, file names, quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from drills.shell.braces import braces
from drills.shell.files import Files, escaped
from drills.shell.parameters import Values, value_of, word_instead
from drills.shell.syntax import Arithmetic, OutputAsFile, Parameter, Part, Placeholder, Script, Substitution, Text, Word
from drills.shell.tool import NotHere

_GLOB = re.compile(r"[*?\[]")


class Host(Values, Protocol):
    """The shell whose words are expanded."""

    files: Files
    cwd: str

    @property
    def noglob(self) -> bool:
        """Whether file names are left unexpanded."""

    def capture(self, script: Script) -> str:
        """Run a script and take what it prints."""

    def output_file(self, script: Script) -> str:
        """Run a script and put what it prints into a file; its name."""


Segment = tuple[str, bool]
"""Text, and whether it was quoted."""


class Expander:
    """Expands words for one shell."""

    def __init__(self, host: Host) -> None:
        """For `host`."""
        self._host = host

    def words(self, words: Sequence[Word]) -> list[str]:
        """The arguments that a list of words becomes."""
        found: list[str] = []
        for word in words:
            for single in braces(word):
                for segments in _Fields(self, self._tilde(single)).all():
                    found += self._file_names(segments)
        return found

    def text(self, word: Word, assignment: bool = False) -> str:
        """A word as one text: not split, no file names."""
        return "".join(text for text, _ in self._segments(word, assignment))

    def pattern(self, word: Word) -> str:
        """A word as a pattern, in which what was quoted stands for itself."""
        return "".join(escaped(text) if quoted else text for text, quoted in self._segments(word))

    def regex(self, word: Word) -> str:
        """A word as a regular expression, in which what was quoted stands for itself."""
        return "".join(re.escape(text) if quoted else text for text, quoted in self._segments(word))

    def _segments(self, word: Word, assignment: bool = False) -> Iterator[Segment]:
        for part in self._tilde(word, assignment):
            value = self.part(part)
            if isinstance(value, list):
                value = (self.separator() if _is_star(part) else " ").join(value)
            yield value, _is_quoted(part)

    def part(self, part: Part) -> str | list[str]:
        """The value of one part; a list when it stands for several words (`$@`)."""
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Parameter):
            return value_of(self._host, part, self)
        if isinstance(part, Substitution):
            return self._host.capture(part.script)
        if isinstance(part, Arithmetic):
            return str(self._host.calculate(self.text(part.expression)))
        if isinstance(part, OutputAsFile):
            return self._host.output_file(part.script)
        assert isinstance(part, Placeholder)
        raise NotHere(f"<{part.name}> was to be filled in, and nothing says with what")

    def instead_of(self, part: Parameter) -> Word | None:
        """The word that stands in for an unquoted parameter, if one does."""
        return word_instead(self._host, part, self)

    def separator(self) -> str:
        """What joins `$*`."""
        ifs = self._host.variable("IFS")
        return " " if ifs is None else str(ifs)[:1]

    def splitters(self) -> str:
        """The characters that split."""
        ifs = self._host.variable("IFS")
        return " \t\n" if ifs is None else str(ifs)

    def _tilde(self, word: Word, assignment: bool = False) -> Word:
        first = word[0] if word else None
        if not isinstance(first, Text) or first.quoted or "~" not in first.text:
            return word
        home = str(self._host.variable("HOME") or "/root")
        pattern = r"(^|(?<=:))~(?=[/:]|$)" if assignment else r"^~(?=/|$)"
        if len(word) > 1 and first.text.endswith("~"):
            return word
        replaced = re.split(pattern, first.text, maxsplit=0 if assignment else 1)
        if len(replaced) == 1:
            return word
        text = re.sub(pattern, lambda _: home, first.text)
        return (Text(text), *word[1:])

    def _file_names(self, segments: list[Segment]) -> list[str]:
        plain = "".join(text for text, _ in segments)
        if self._host.noglob or not any(not quoted and _GLOB.search(text) for text, quoted in segments):
            return [plain]
        pattern = "".join(escaped(text) if quoted else text.replace("\\", "\\\\") for text, quoted in segments)
        return self._host.files.glob(pattern, self._host.cwd) or [plain]


class _Fields:
    """Splits one word into the arguments it becomes."""

    def __init__(self, expander: Expander, word: Word) -> None:
        self._expander, self._word = expander, word
        self._done: list[list[Segment]] = []
        self._current: list[Segment] | None = None
        self._after_blank = False

    def all(self) -> list[list[Segment]]:
        for part in self._word:
            self._part(part)
        self._finish()
        return self._done

    def _part(self, part: Part, inside: bool = False) -> None:
        """Add one part; `inside` the braces of a parameter plain text is split too."""
        quoted = _is_quoted(part)
        if isinstance(part, Parameter) and not quoted:
            instead = self._expander.instead_of(part)
            if instead is not None:
                for inner in instead:
                    self._part(inner, inside=True)
                return
        value = self._expander.part(part)
        if isinstance(part, Parameter) and isinstance(value, list):
            self._several(part, value, quoted)
        elif quoted or (isinstance(part, Text) and not inside):
            assert isinstance(value, str)
            self._add(value, quoted)
        else:
            assert isinstance(value, str)
            self._split(value)

    def _several(self, part: Parameter, values: list[str], quoted: bool) -> None:
        if quoted and _is_star(part):
            self._add(self._expander.separator().join(values), True)
            return
        for number, value in enumerate(values):
            if number:
                self._finish()
            if quoted:
                self._add(value, True)
            else:
                self._split(value)

    def _add(self, text: str, quoted: bool) -> None:
        if self._current is None:
            self._current = []
        self._current.append((text, quoted))
        self._after_blank = False

    def _finish(self) -> None:
        if self._current is not None:
            self._done.append(self._current)
        self._current = None

    def _split(self, value: str) -> None:
        ifs = self._expander.splitters()
        run = ""
        for char in value:
            if char not in ifs:
                run += char
                continue
            if run:
                self._add(run, False)
                run = ""
            if char in " \t\n":
                self._after_blank = self._after_blank or self._current is not None
                self._finish()
            elif self._current is None and self._after_blank:
                self._after_blank = False
            else:
                if self._current is None:
                    self._current = []
                self._finish()
        if run:
            self._add(run, False)


def _is_star(part: Part) -> bool:
    """Whether it is `$*` or `${name[*]}`, which are one word when quoted."""
    return isinstance(part, Parameter) and (part.name == "*" or (part.index is not None and part.index == (Text("*"),)))


def _is_quoted(part: Part) -> bool:
    return isinstance(part, OutputAsFile) or (not isinstance(part, Placeholder) and part.quoted)
