"""Files that survive a crash: what a restarted process finds.

Text by path, in memory, one disk per World. A state file is a mirror of the running system's memory: the
system saves after every change, so the file always shows the present, and the text is made only when
somebody reads it. When the system dies the mirror freezes as it stood.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sim.clock import VirtualTime
from sim.history import History


class Disk:
    """A small file system with modification times."""

    def __init__(self, env: VirtualTime, history: History) -> None:
        """An empty disk."""
        self._env, self._history = env, history
        self._files: dict[str, str | Callable[[], str]] = {}
        self._modified_us: dict[str, int] = {}

    def write(self, path: str, text: str) -> None:
        """Replace the file as a whole."""
        if not isinstance(text, str):
            raise TypeError(f"a file holds text, got {type(text).__name__}: use json.dumps, for example")
        self._files[path] = text
        self._modified_us[path] = self._env.now

    def mirror(self, path: str, value: Callable[[], object]) -> None:
        """From now on the file shows `value()` as JSON, until it is frozen or replaced."""
        self._files[path] = lambda: json.dumps(value(), indent=1)
        self._modified_us.pop(path, None)

    def freeze(self, path: str) -> None:
        """Stop mirroring: the file keeps what it shows now."""
        if path in self._files:
            self.write(path, self.read(path))

    def append(self, path: str, line: str) -> None:
        """Add a line."""
        before = self.read(path) if path in self._files else ""
        self.write(path, f"{before}{line}\n")

    def read(self, path: str) -> str:
        """The file's text; FileNotFoundError when there is none."""
        if path not in self._files:
            raise FileNotFoundError(f"no such file: {path}")
        content = self._files[path]
        return content if isinstance(content, str) else content()

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self._files

    def remove(self, path: str) -> None:
        """Delete the file if it is there."""
        self._files.pop(path, None)
        self._modified_us.pop(path, None)

    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(self._files)

    def modified_us(self, path: str) -> int | None:
        """When the file was last written (now, for a mirror); None when there is no such file."""
        return self._modified_us.get(path, self._env.now) if path in self._files else None

    def age_s(self, path: str) -> float | None:
        """Seconds since the file was last written; None when there is no such file."""
        modified = self.modified_us(path)
        return None if modified is None else (self._env.now - modified) / 1e6

    def truncate(self, path: str, keep_share: float = 0.5) -> None:
        """Fault: keep only the first part of the text, as a crash during a write does."""
        text = self.read(path) if path in self._files else "{}"
        kept = int(len(text) * keep_share)
        self.write(path, text[:kept])
        self._history.emit("disk.truncated", path, kept=kept, of=len(text))
