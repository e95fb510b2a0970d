"""Where the text of commands comes from and goes to."""

from __future__ import annotations

from drills.shell.files import Files


class Reader:
    """Text that is read bit by bit: a pipe's, a file's, a here-document's."""

    def __init__(self, text: str) -> None:
        """All of it stands ready."""
        self._text, self._pos = text, 0

    def read(self) -> str:
        """The rest."""
        rest, self._pos = self._text[self._pos :], len(self._text)
        return rest

    def line(self) -> str | None:
        """The next line with its end, or None at the end."""
        if self._pos >= len(self._text):
            return None
        end = self._text.find("\n", self._pos)
        end = len(self._text) if end < 0 else end + 1
        line, self._pos = self._text[self._pos : end], end
        return line


class Buffer:
    """Text that is kept until somebody takes it."""

    MOST = 4_000_000
    """Characters kept; what a runaway loop prints beyond is dropped."""

    def __init__(self) -> None:
        """Empty."""
        self._parts: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        """Add."""
        if text and self._length < self.MOST:
            self._parts.append(text)
            self._length += len(text)

    def text(self) -> str:
        """What was written."""
        return "".join(self._parts)


class FileOutput:
    """An open file."""

    def __init__(self, files: Files, path: str, append: bool) -> None:
        """Open it: a file that is not appended to is emptied now."""
        self._files, self._path = files, path
        files.write(path, "", append)

    def write(self, text: str) -> None:
        """Add."""
        if text:
            self._files.write(self._path, text, append=True)


class Nowhere:
    """/dev/null."""

    def write(self, text: str) -> None:
        """Gone."""


Output = Buffer | FileOutput | Nowhere
Descriptors = dict[int, Reader | Output]
