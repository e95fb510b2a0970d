"""What a shim asks for, and how it is answered: shell text written into the pipe at which it waits."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.lockstep.tree import Task, command_line, environment_of

if TYPE_CHECKING:
    from sim.lockstep.session import Session

_INLINE = 2_000
"""Longer output goes through a file, since a pipe takes no more than its buffer at once."""


class Request:
    """One waiting shim."""

    def __init__(self, session: Session, task: Task) -> None:
        """Read what it was called with; `task.own_pid` is the name of its pipe."""
        self.session, self.task = session, task
        words = command_line(task.pid)  # the shell, the shim's path, the arguments
        self.name = os.path.basename(words[1]) if len(words) > 1 else ""
        self.args = list(words[2:])
        self.on_gone: Callable[[], None] = lambda: None
        """Called when the shim is killed while it waits."""
        self.answered = False
        self.pipe = session.pipes.of(task.own_pid)
        """Where it waits."""
        self.stdin: bytes | None = None
        """What it read from its standard input, once it was asked to."""
        self._then: Callable[[], None] | None = None

    @property
    def shown(self) -> str:
        """The command as messages show it."""
        return self.session.plain(shlex.join([self.name, *self.args]))

    def variable(self, name: str, default: str = "") -> str:
        """A variable of its environment."""
        return environment_of(self.task.pid).get(name, default)

    def read_file(self, path: str) -> bytes:
        """A file as the shim would read it; OSError when it cannot."""
        inside = f"/proc/{self.task.pid}/root{path}" if path.startswith("/") else f"/proc/{self.task.pid}/cwd/{path}"
        return Path(inside).read_bytes()

    # Answers.

    def finish(self, code: int, out: bytes = b"", err: bytes = b"", files: Sequence[tuple[str, bytes]] = ()) -> None:
        """It prints `out` and `err`, writes `files` (path as it was given, content), and exits with `code`."""
        text = "".join(self._written(path, content) for path, content in files)
        text += self._printed(out, "") + self._printed(err, " >&2")
        self.shell(f"{text}exit {code}\n")

    def shell(self, text: str) -> None:
        """It runs `text`, which ends it."""
        if not self.answered:
            self.answered = True
            self.session.write(self, text)

    def read_stdin(self, then: Callable[[], None]) -> None:
        """It reads its standard input to the end, whatever time that takes; `then` is called afterwards."""
        pipes, name = self.session.pipes, self.pipe
        self._then = then
        text = f'/bin/cat >"{name}.in"; {self.session.real("mkfifo")} "{name}.2" && exec 9>&2 2>/dev/null'
        self.session.write(self, f'{text} && echo "$$" >"{pipes.hub}" && command . "{name}.2"\n', asks_again=True)

    def came_again(self) -> bool:
        """Whether this was the second call of a shim that has read its standard input."""
        if self._then is None:
            return False
        then, self._then = self._then, None
        place = Path(f"{self.pipe}.in")
        self.stdin = place.read_bytes() if place.exists() else b""
        self.pipe += ".2"
        then()
        return True

    def _printed(self, content: bytes, where: str) -> str:
        if not content:
            return ""
        text = _as_text(content)
        if text is not None and len(content) <= _INLINE:
            return f"printf '%s' {shlex.quote(text)}{where}\n"
        return f"/bin/cat {shlex.quote(self.session.pipes.keep(content))}{where}\n"

    def _written(self, path: str, content: bytes) -> str:
        place = shlex.quote(path)
        text = _as_text(content)
        if text is not None and len(content) <= _INLINE:
            return f"printf '%s' {shlex.quote(text)} >{place} || exit 23\n"
        return f"/bin/cat {shlex.quote(self.session.pipes.keep(content))} >{place} || exit 23\n"


def _as_text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
