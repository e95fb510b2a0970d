"""What the processes of a start print: whole lines in the History, and the claims they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.claims import claims_in

if TYPE_CHECKING:
    from sim.lockstep.room import Room

LINES_KEPT = 20_000
"""A program that prints more than so many lines is cut short."""


class Printed:
    """Standard output and standard error of one start."""

    def __init__(self, room: Room, name: str) -> None:
        """Of a program of the process `name`; nothing printed yet."""
        self._room, self._world, self._history, self._name = room, room.world, room.world.history, name
        self._parts = {"stdout": b"", "stderr": b""}
        self._lines = 0
        self._refused: set[str] = set()  # membership only

    def add(self, stream: str, data: bytes) -> None:
        """Bytes of a stream; they are recorded at the next `flush`."""
        self._parts[stream] += data

    def flush(self, everything: bool = False) -> None:
        """Record whole lines: what was printed since the last wait, standard output first."""
        for stream in ("stdout", "stderr"):
            whole, newline, rest = self._parts[stream].rpartition(b"\n")
            if everything and rest:
                whole, newline, rest = whole + newline + rest, b"\n", b""
            self._parts[stream] = rest
            if newline:
                for line in whole.decode("utf-8", "replace").split("\n"):
                    self.line(stream, line)

    def line(self, stream: str, line: str) -> None:
        """Record a line, and what it claims."""
        self._lines += 1
        if self._lines >= LINES_KEPT:
            if self._lines == LINES_KEPT:
                self._history.emit("code.output_cut", self._name, lines=LINES_KEPT)
            return
        text = self._room.plain(line.rstrip("\r"))
        claims = claims_in(text)
        at = self._room.line_that_says(text) if claims else ""
        level = "error" if stream == "stderr" else "info"
        self._history.emit("code.log", self._name, level=level, message=text, at=at, logger=stream)
        for claim in claims:
            self._world.note_claim(claim, text, self._name, at)

    def refused(self, kind: str, what: str) -> None:
        """Write down, once, that the program asked for something a drill does not give."""
        if what not in self._refused:
            self._refused.add(what)
            at = self._room.line_that_says(what)
            self._history.emit("code.refused", self._name, refused=kind, what=what, at=at)
