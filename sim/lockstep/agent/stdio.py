"""What the program prints and logs, line by line to the World."""

from __future__ import annotations

import io
import sys
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.places import here
from sim.lockstep.agent.wire import mine, note


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, kind: str) -> None:
        """`kind` is stdout or stderr."""
        self._kind = kind
        self.mode = "w"

    @property
    def name(self) -> str:
        """As on a terminal."""
        return f"<{self._kind}>"

    @property
    def buffer(self) -> Any:
        """The binary side."""
        return _Binary(self)

    def write(self, text: str) -> int:
        """Print."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not mine.in_log:
            note("out", self._kind, text, here() if "\n" in text else "")
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def fileno(self) -> int:
        """The number that the stream has in every process."""
        return 1 if self._kind == "stdout" else 2

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


def _change_logging(logging: Any) -> None:
    real = logging.Logger.callHandlers

    def call_handlers(self: Any, record: Any) -> None:
        try:
            message = record.getMessage()
        except Exception:  # the arguments do not fit the format: logging itself prints that and goes on
            message = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            message = f"{message} ({type(error).__name__}: {error})"
        note("log", record.levelname.lower(), message, f"{record.filename}:{record.lineno}", record.name)
        mine.in_log += 1
        try:
            if self.hasHandlers():  # the handler of last resort would only print it
                real(self, record)
        finally:
            mine.in_log -= 1

    logging.Logger.callHandlers = call_handlers


def install() -> None:
    """Replace the standard streams, and look at log records as they are handled."""
    sys.stdout = sys.__stdout__ = Stream("stdout")  # type: ignore[assignment,misc]
    sys.stderr = sys.__stderr__ = Stream("stderr")  # type: ignore[assignment,misc]
    patching.when_imported("logging", _change_logging)
