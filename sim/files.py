"""`desk.files`: the firm's files as mitigation code reads and writes them.

The same for every process: what must survive a restart, or reach another process, goes through here.
"""

from __future__ import annotations

from sim.disk import Disk


class Files:
    """Files that survive a restart; paths are relative to the firm's state directory."""

    def __init__(self, disk: Disk) -> None:
        """Show `disk`."""
        self._disk = disk

    def read(self, path: str) -> str:
        """The text of a file; FileNotFoundError when there is none."""
        return self._disk.read(path)

    def write(self, path: str, text: str) -> None:
        """Replace a file as a whole."""
        self._disk.write(path, text)

    def append(self, path: str, line: str) -> None:
        """Add a line."""
        self._disk.append(path, line)

    def exists(self, path: str) -> bool:
        """Whether the file is there."""
        return self._disk.exists(path)

    def remove(self, path: str) -> None:
        """Delete the file if it is there."""
        self._disk.remove(path)

    def age(self, path: str) -> float | None:
        """Seconds since the file was last written; None when there is none."""
        return self._disk.age_s(path)
