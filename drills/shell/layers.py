"""What the files of a machine are made of: the World's disk and logs, the repository, and a few constants."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import Path

from drills.shell.records import RECORDS
from sim.world import World

_LARGEST = 20_000_000
"""Bytes of a file of the repository that are read; a larger one shows its beginning only."""
_HIDDEN = frozenset([".git", "__pycache__", ".venv", "venv", "node_modules"])


class RunningFiles:
    """What the trading system keeps on its disk, and the logs that the firm writes: always as of now."""

    def __init__(self, world: World, project: str) -> None:
        """Shown under `project`."""
        self._world, self._project = world, project.rstrip("/") + "/"

    def _maker(self, path: str) -> Callable[[World], str] | None:
        if not path.startswith(self._project):
            return None
        return RECORDS.get(path.removeprefix(self._project))

    def has(self, path: str) -> bool:
        """Whether it is one of them."""
        return self._maker(path) is not None or (
            path.startswith(self._project) and self._world.disk.exists(path.removeprefix(self._project))
        )

    def read(self, path: str) -> str | None:
        """A state file (damaged ones look damaged) or a log."""
        maker = self._maker(path)
        if maker is not None:
            return maker(self._world)
        name = path.removeprefix(self._project) if path.startswith(self._project) else ""
        return self._world.disk.read(name) if name and self._world.disk.exists(name) else None

    def _paths(self) -> list[str]:
        return [*self._world.disk.paths(), *RECORDS]

    def names(self, folder: str) -> list[str] | None:
        """What a folder holds."""
        return _children([self._project + path for path in self._paths()], folder)

    def modified_us(self, path: str) -> int:
        """Now, for what is written all the time."""
        known = self._world.disk.modified_us(path.removeprefix(self._project))
        return self._world.env.now if known is None else known

    def executable(self, path: str) -> bool:
        """None of them is a program."""
        return False


class Repository:
    """The user's repository, read from the real disk and never written."""

    def __init__(self, root: Path, project: str) -> None:
        """Shown at `project`."""
        self._root, self._project = root, project

    def _real(self, path: str) -> Path | None:
        if path != self._project and not path.startswith(self._project + "/"):
            return None
        relative = path[len(self._project) + 1 :]
        if any(part in _HIDDEN for part in relative.split("/")):
            return None
        real = (self._root / relative).resolve()
        # A link that leads out of the repository is not followed.
        return real if real.is_relative_to(self._root) else None

    def has(self, path: str) -> bool:
        """Whether the repository has such a file."""
        real = self._real(path)
        return real is not None and real.is_file()

    def read(self, path: str) -> str | None:
        """A file's text; bytes that are no UTF-8 survive as surrogates."""
        real = self._real(path)
        if real is None or not real.is_file():
            return None
        with open(real, "rb") as file:
            return file.read(_LARGEST).decode("utf-8", "surrogateescape")

    def names(self, folder: str) -> list[str] | None:
        """What a folder holds."""
        real = self._real(folder)
        if real is None or not real.is_dir():
            return _children([self._project + "/x"], folder) if folder != self._project else None
        return sorted(name for name in os.listdir(real) if name not in _HIDDEN)

    def modified_us(self, path: str) -> int:
        """When the run began: the repository was checked out before it."""
        return 0

    def executable(self, path: str) -> bool:
        """As the real file is."""
        real = self._real(path)
        return real is not None and os.access(real, os.X_OK)


class Constants:
    """Files that every machine has."""

    def __init__(self, name: str, user: str, project: str) -> None:
        """For a machine called `name`."""
        home = "/root" if user == "root" else f"/home/{user}"
        passwd = "root:x:0:0:root:/root:/bin/bash\n"
        if user != "root":
            passwd += f"{user}:x:1000:1000::{home}:/bin/bash\n"
        self._files = {
            "/etc/hostname": f"{name}\n", "/etc/passwd": passwd,
            "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n",
            "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\n',
        }  # fmt: skip
        self._folders = [f"{home}/x", f"{project}/x", "/var/log/x", "/var/tmp/x", "/usr/bin/x", "/usr/local/bin/x",
                         "/srv/x", "/bin/x"]  # fmt: skip

    def has(self, path: str) -> bool:
        """Whether it is one of them."""
        return path in self._files

    def read(self, path: str) -> str | None:
        """A file's text."""
        return self._files.get(path)

    def names(self, folder: str) -> list[str] | None:
        """What a folder holds."""
        found = _children(self._folders, folder, folders_only=True)
        files = _children(list(self._files), folder)
        if found is None and files is None:
            return None
        return sorted({*(found or ()), *(files or ())})

    def modified_us(self, path: str) -> int:
        """Before the run."""
        return 0

    def executable(self, path: str) -> bool:
        """None of them is a program."""
        return False


def _children(paths: list[str], folder: str, folders_only: bool = False) -> list[str] | None:
    """The next part of each path below `folder`; None when none lies there."""
    prefix = folder.rstrip("/") + "/"
    below = [path[len(prefix) :] for path in paths if path.startswith(prefix)]
    if not below:
        return None
    return sorted({posixpath.normpath(rest).split("/")[0] for rest in below if not folders_only or "/" in rest})
