"""The files of one machine of the firm: layers that are only read, and what was written on top, in memory.

The topmost layer that knows a path answers for it. Nothing is ever written to the real disk; what belongs to the
World's own disk is written there, so that a restored state file is what the system loads.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple, Protocol

from sim.disk import Disk


class Stat(NamedTuple):
    """What `stat` tells of a file or folder."""

    folder: bool
    size: int
    modified_us: int
    executable: bool = False


class Layer(Protocol):
    """Files that come from somewhere."""

    def has(self, path: str) -> bool:
        """Whether there is a file at an absolute path; `read` has its text then."""

    def read(self, path: str) -> str | None:
        """The text of the file at an absolute path, or None."""

    def names(self, folder: str) -> list[str] | None:
        """What a folder holds, or None when there is no such folder."""

    def modified_us(self, path: str) -> int:
        """When the file was written, in virtual time."""

    def executable(self, path: str) -> bool:
        """Whether it may be run."""


class Files:
    """The file system of one machine."""

    def __init__(
        self, layers: tuple[Layer, ...], now_us: Callable[[], int], disk: Disk | None, mount: str,
        kept_as: Callable[[str], str | None] = lambda path: None,
    ) -> None:  # fmt: skip
        """Layers in the order in which they are asked; the World's `disk` appears at `mount`.

        `kept_as` names the file of that disk that a path stands for though it goes by another name.
        """
        self._kept_as = kept_as
        self._layers, self._now_us = layers, now_us
        self._disk, self._mount = disk, mount.rstrip("/") + "/"
        self._written: dict[str, str] = {}
        self._modified: dict[str, int] = {}
        self._folders: dict[str, int] = dict.fromkeys(
            ("/", "/tmp", "/root", "/home", "/etc", "/var", "/dev", "/dev/fd", "/opt"), 0
        )
        self._modes: dict[str, bool] = {}
        self._gone: set[str] = set()  # membership only

    # Looking.

    def layer_of(self, path: str) -> Layer | None:
        """Where a file that was not written here comes from."""
        return None if clean(path) in self._written else self._layer(clean(path))

    def _layer(self, path: str) -> Layer | None:
        if path in self._gone:
            return None
        return next((layer for layer in self._layers if layer.has(path)), None)

    def read(self, path: str) -> str:
        """The text of a file; FileNotFoundError, IsADirectoryError or NotADirectoryError as on a real disk."""
        path = clean(path)
        if path == "/dev/null":
            return ""
        if path in self._written:
            return self._written[path]
        if path not in self._gone:
            for layer in self._layers:
                text = layer.read(path)
                if text is not None:
                    return text
        if self.is_folder(path):
            raise IsADirectoryError(path)
        raise FileNotFoundError(path)

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        path = clean(path)
        return path == "/dev/null" or path in self._written or self._layer(path) is not None

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        path = clean(path)
        if path in self._gone:
            return False
        return path in self._folders or any(layer.names(path) is not None for layer in self._layers)

    def exists(self, path: str) -> bool:
        """Whether there is either."""
        return self.is_file(path) or self.is_folder(path)

    def removed(self, path: str) -> bool:
        """Whether a file was deleted here."""
        return clean(path) in self._gone

    def names(self, folder: str) -> list[str]:
        """What a folder holds, sorted; FileNotFoundError or NotADirectoryError."""
        folder = clean(folder)
        if not self.is_folder(folder):
            raise NotADirectoryError(folder) if self.is_file(folder) else FileNotFoundError(folder)
        found = {name for layer in self._layers for name in layer.names(folder) or ()}
        prefix = folder.rstrip("/") + "/"
        for path in (*self._written, *self._folders):
            if path.startswith(prefix) and path != prefix:
                found.add(path[len(prefix) :].split("/")[0])
        return sorted(name for name in found if name and prefix + name not in self._gone)

    def stat(self, path: str) -> Stat:
        """What is known of a path; FileNotFoundError."""
        path = clean(path)
        if path in self._written:
            size = len(self._written[path].encode("utf-8", "surrogateescape"))
            return Stat(False, size, self._modified.get(path, 0), self._modes.get(path, False))
        layer = self._layer(path)
        if layer is not None:
            size = len((layer.read(path) or "").encode("utf-8", "surrogateescape"))
            return Stat(False, size, layer.modified_us(path), self._modes.get(path, layer.executable(path)))
        if self.is_folder(path):
            return Stat(True, 4096, self._folders.get(path, 0), True)
        if path == "/dev/null":
            return Stat(False, 0, 0)
        raise FileNotFoundError(path)

    def glob(self, pattern: str, cwd: str) -> list[str]:
        """Paths that match a pattern (special characters escaped by a backslash), sorted; as written, not absolute."""
        parts = pattern.split("/")
        found = ["/"] if pattern.startswith("/") else [""]
        for number, part in enumerate(parts):
            if not part:
                continue
            last = number == len(parts) - 1
            found = [
                path
                for base in found
                for path in self._matching(base, part, cwd)
                if last or self.is_folder(absolute(path, cwd))
            ]
        return sorted(found) if pattern.strip("/") else []

    def _matching(self, base: str, part: str, cwd: str) -> list[str]:
        plain = unescaped(part)
        join = base if not base or base.endswith("/") else base + "/"
        if plain is not None:
            return [join + plain] if self.exists(absolute(join + plain, cwd)) else []
        try:
            names = self.names(absolute(base or ".", cwd))
        except (FileNotFoundError, NotADirectoryError):
            return []
        matches = re.compile(pattern_regex(part), re.S).fullmatch
        return [join + name for name in names if matches(name) and (part.startswith(".") or not name.startswith("."))]

    # Writing.

    def write(self, path: str, text: str, append: bool = False) -> None:
        """Write a file; FileNotFoundError when its folder is missing, IsADirectoryError when it is one."""
        path = self._kept(clean(path))
        if path == "/dev/null":
            return
        if self.is_folder(path):
            raise IsADirectoryError(path)
        if not self.is_folder(posixpath.dirname(path)):
            raise FileNotFoundError(path)
        if append and self.is_file(path):
            text = self.read(path) + text
        self._gone.discard(path)
        if self._disk is not None and self._on_disk(path):
            self._disk.write(path.removeprefix(self._mount), text)
            self._written.pop(path, None)
        else:
            self._written[path] = text
            self._modified[path] = self._now_us()

    def _kept(self, path: str) -> str:
        """The path under which a file of the World's disk is kept, when that is what `path` stands for."""
        if path in self._written or any(layer.has(path) for layer in self._layers[:-1]):
            return path
        name = self._kept_as(path)
        return path if name is None else self._mount + name

    def _on_disk(self, path: str) -> bool:
        """Whether a path belongs to the World's disk: what the trading system itself keeps there."""
        return (
            self._disk is not None
            and path.startswith(self._mount)
            and self._disk.exists(path.removeprefix(self._mount))
        )

    def write_with_folders(self, path: str, text: str) -> None:
        """Write a file, and make the folders above it."""
        parts = clean(path).strip("/").split("/")
        for count in range(1, len(parts)):
            above = "/" + "/".join(parts[:count])
            if not self.is_folder(above):
                self.make_folder(above)
        self.write(path, text)

    def written(self) -> dict[str, str]:
        """What was written on top, by path."""
        return dict(self._written)

    def touch(self, path: str) -> None:
        """Create the file, or set its time."""
        path = clean(path)
        if self.is_folder(path):
            self._folders[path] = self._now_us()
        elif not self.is_file(path) or path in self._written or not self._on_disk(path):
            self.write(path, self.read(path) if self.is_file(path) else "")

    def make_folder(self, path: str) -> None:
        """Create a folder; FileExistsError, or FileNotFoundError when the folder above is missing."""
        path = clean(path)
        if self.exists(path):
            raise FileExistsError(path)
        if not self.is_folder(posixpath.dirname(path)):
            raise FileNotFoundError(path)
        self._gone.discard(path)
        self._folders[path] = self._now_us()

    def remove(self, path: str) -> None:
        """Delete a file or an empty folder; FileNotFoundError, OSError for a folder that is not empty."""
        path = self._kept(clean(path))
        if self.is_file(path):
            self._written.pop(path, None)
            if self._disk is not None and self._on_disk(path):
                self._disk.remove(path.removeprefix(self._mount))
            else:
                self._gone.add(path)
        elif self.is_folder(path):
            if self.names(path):
                raise OSError(39, "Directory not empty")
            self._folders.pop(path, None)
            self._gone.add(path)
        else:
            raise FileNotFoundError(path)

    def set_executable(self, path: str, executable: bool) -> None:
        """As chmod does."""
        self._modes[clean(path)] = executable


def clean(path: str) -> str:
    """An absolute path without dots."""
    path = posixpath.normpath(path)
    return "/" + path.lstrip("/")


def absolute(path: str, cwd: str) -> str:
    """A path seen from `cwd`."""
    return clean(posixpath.join(cwd, path))


def unescaped(pattern: str) -> str | None:
    """The plain text of a pattern without special characters; None when it has some."""
    text, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\" and position + 1 < len(pattern):
            position += 1
            char = pattern[position]
        elif char in "*?" or (char == "[" and "]" in pattern[position + 2 :]):
            return None
        text += char
        position += 1
    return text


_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t", "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), "xdigit": "0-9a-fA-F",
    "cntrl": r"\x00-\x1f",
    "print": r"\x20-\x7e", "graph": r"\x21-\x7e", "word": r"\w",
}  # fmt: skip


def named_class(name: str) -> str:
    """The inside of a bracket for `[:name:]`."""
    return _CLASSES.get(name, "")


def pattern_regex(pattern: str) -> str:
    """A glob pattern as a regular expression for a whole match."""
    regex, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            regex += ".*" if not regex.endswith(".*") else ""
        elif char == "?":
            regex += "."
        elif char == "[":
            bracket, position = bracket_regex(pattern, position)
            regex += bracket
        elif char == "\\" and position < len(pattern):
            regex += re.escape(pattern[position])
            position += 1
        else:
            regex += re.escape(char)
    return regex


def bracket_regex(pattern: str, begin: int) -> tuple[str, int]:
    """The bracket expression that begins after `[`, and where it ends; a lone bracket stands for itself."""
    position = begin
    negated = pattern[position : position + 1] in ("!", "^") and position < len(pattern)
    position += negated
    inside = ""
    first = True
    while position < len(pattern):
        char = pattern[position]
        if char == "]" and not first:
            return f"[{'^' if negated else ''}{inside}]", position + 1
        named = re.compile(r"\[:(\w+):\]").match(pattern, position)
        if named:
            inside += named_class(named.group(1))
            position = named.end()
        elif char == "\\" and position + 1 < len(pattern):
            inside += re.escape(pattern[position + 1])
            position += 2
        else:
            inside += "\\" + char if char in "\\[]^&~|" else char
            position += 1
        first = False
    return re.escape("["), begin


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern matches the whole of `text`."""
    return re.compile(pattern_regex(pattern), re.S).fullmatch(text) is not None


def escaped(text: str) -> str:
    """`text` as a pattern that matches nothing but itself."""
    return re.sub(r"([*?\[\]\\^!-])", r"\\\1", text)
