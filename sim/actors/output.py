"""What a program prints and logs, line by line in the History.

A log record is written down once, as `code.log`, whatever handlers the program gave its loggers: text that a
handler sends to the terminal is not repeated as `code.output`. Both are searched for claims ("all positions
flat"), which are held against the Ledger.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any

from sim.actors.patching import Patches
from sim.actors.strand import current, must_live
from sim.claims import claims_in

if TYPE_CHECKING:
    from sim.actors.program import Program

LINES_KEPT = 20_000
"""A program that prints more than so many lines is cut short."""

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_real_call_handlers = logging.Logger.callHandlers


class Output:
    """The standard output and error of one program."""

    def __init__(self, program: Program) -> None:
        """Nothing printed yet."""
        self._program = program
        self._parts = {"stdout": "", "stderr": ""}
        self._lines = 0

    def write(self, stream: str, text: str) -> None:
        """Text for a stream; whole lines are recorded."""
        me = current()
        if self._program.dead or (me is not None and me.in_log):
            return
        whole, newline, rest = (self._parts[stream] + text).rpartition("\n")
        self._parts[stream] = rest
        if newline:
            for line in whole.split("\n"):
                self._line(stream, line)

    def flush(self) -> None:
        """Record what has no newline yet."""
        for stream, part in self._parts.items():
            if part:
                self._parts[stream] = ""
                self._line(stream, part)

    def plain(self, text: str) -> str:
        """Without what differs between two runs of one seed: addresses and the name of the working directory."""
        text = _ADDRESS.sub("0x...", text)
        for folder in self._program.private:
            text = text.replace(folder, "")
        return text

    def write_traceback(self, error: BaseException) -> None:
        """Print an exception that nobody caught."""
        self.write("stderr", "".join(traceback.format_exception_only(type(error), error)))

    def log(self, record: logging.LogRecord) -> None:
        """Record a log record."""
        try:
            message = record.getMessage()
        except Exception:  # the arguments do not fit the format: logging itself prints that and goes on
            message = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            message = f"{message} ({type(error).__name__}: {error})"
        at = f"{record.filename}:{record.lineno}"
        self.log_line(record.levelname.lower(), message, at, record.name)

    def log_line(self, level: str, message: str, at: str, logger: str) -> None:
        """Record a log message that was written at `at`."""
        if self._room():
            text = self.plain(message)
            self._program.history.emit(
                "code.log", self._program.name, level=level, message=text, at=at, logger=logger
            )  # fmt: skip
            self._claims(text, at)

    def _line(self, stream: str, line: str) -> None:
        if self._room():
            text = self.plain(line)
            self._program.history.emit("code.output", self._program.name, stream=stream, text=text)
            self._claims(text, "")

    def _claims(self, text: str, at: str) -> None:
        note = getattr(self._program.world, "note_claim", None)
        if note is not None:
            for claim in claims_in(text):
                note(claim, text, self._program.name, at or self._program.where())

    def _room(self) -> bool:
        self._lines += 1
        if self._lines == LINES_KEPT:
            self._program.history.emit("code.output_cut", self._program.name, lines=LINES_KEPT)
        return self._lines < LINES_KEPT


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` while programs run: a strand's text goes to its program."""

    def __init__(self, name: str, real: Any) -> None:
        """Everybody else's goes to `real`."""
        self._name, self._real = name, real

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """UTF-8."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """As on a terminal."""
        return "backslashreplace"

    @property
    def name(self) -> str:
        """As on a terminal."""
        return f"<{self._name}>"

    @property
    def buffer(self) -> Any:
        """The binary side."""
        return self._real.buffer if current() is None else _Binary(self)

    def write(self, text: str) -> int:
        """Print."""
        me = current()
        if me is None:
            return self._real.write(text)  # type: ignore[no-any-return]
        must_live()
        me.program.output.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
        if current() is None:
            self._real.flush()

    def isatty(self) -> bool:
        """Never a terminal for a program."""
        return current() is None and bool(self._real.isatty())

    def fileno(self) -> int:
        """The number that the stream has in every process."""
        if current() is None:
            return self._real.fileno()  # type: ignore[no-any-return]
        return 1 if self._name == "stdout" else 2

    def writable(self) -> bool:
        """Yes."""
        return True

    def reconfigure(self, **options: Any) -> None:
        """Options make no difference here."""

    def close(self) -> None:
        """Stays open."""


class _Binary(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True


class NoInput(io.TextIOBase):
    """`sys.stdin` while programs run: at its end, for a strand."""

    def __init__(self, real: Any) -> None:
        """Everybody else reads `real`."""
        self._real = real

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        """Nothing."""
        return "" if current() is not None else self._real.readline(size)

    def read(self, size: int | None = -1) -> str:
        """Nothing."""
        return "" if current() is not None else self._real.read(size)

    def fileno(self) -> int:
        """Not a file of the machine, for a strand."""
        if current() is not None:
            raise io.UnsupportedOperation("fileno")
        return self._real.fileno()  # type: ignore[no-any-return]

    def isatty(self) -> bool:
        """Never a terminal for a program."""
        return current() is None and bool(self._real.isatty())

    def readable(self) -> bool:
        """Yes."""
        return True


def _call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
    me = current()
    if me is None:
        _real_call_handlers(self, record)
        return
    must_live()
    me.program.output.log(record)
    me.in_log += 1
    try:
        if self.hasHandlers():  # the handler of last resort would only print it
            _real_call_handlers(self, record)
    finally:
        me.in_log -= 1


def add_patches(patches: Patches) -> None:
    """Replace the standard streams, and look at log records as they are handled."""
    logger: Any = logging.Logger
    patches.attribute(logger, "callHandlers", _call_handlers)
    before: list[Any] = []

    def on() -> None:
        before.append((sys.stdout, sys.stderr, sys.stdin))
        sys.stdout, sys.stderr = Stream("stdout", sys.stdout), Stream("stderr", sys.stderr)
        sys.stdin = NoInput(sys.stdin)

    def off() -> None:
        sys.stdout, sys.stderr, sys.stdin = before.pop()

    patches.switch(on, off)
