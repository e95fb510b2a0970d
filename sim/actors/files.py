"""Files of a program: what it writes outside of its working directory lands in a copy of its own.

A bot may write beside its source, into a home directory or under /var/log. In a drill that must not touch the
machine. So each path that a program opens for writing, creates, renames or removes outside of the run's
working directory is taken to a shadow of it beside that; what it reads is its shadow when there is one, else the
real file. What a dead program would still write, while it is unwound, is not written.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.actors.patching import Patches
from sim.actors.strand import current, must_live

if TYPE_CHECKING:
    from sim.actors.runtime import Runtime

_SHADOW = ".outside"
_REAL = ("/dev/", "/proc/")
_real_open = builtins.open
_real: dict[str, Callable[..., Any]] = {
    name: getattr(os, name)
    for name in ("open", "stat", "lstat", "access", "listdir", "scandir", "mkdir", "rmdir", "remove", "unlink",
                 "rename", "replace", "utime", "chmod", "truncate", "readlink")
}  # fmt: skip
_real_connect = sqlite3.connect
_READS = ("stat", "lstat", "access", "listdir", "scandir", "readlink")
_CHANGES = ("rmdir", "remove", "unlink", "utime", "chmod", "truncate")


class Shadow:
    """Where paths outside of a run's working directory lead."""

    def __init__(self, runtime: Runtime) -> None:
        """Nothing written outside yet."""
        self._root = str(runtime.directory)
        self._outside = self._root + _SHADOW  # beside it: nobody who looks around in there has put it there
        self._gone: set[str] = set()  # membership only
        self._empty = True
        """Whether nothing has been changed outside of the directory: clients look for their settings at each call."""

    def close(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._outside, ignore_errors=True)

    def to_read(self, path: Any) -> Any:
        """What to read in place of `path`."""
        if self._empty:
            return path
        real = self._path(path)
        if real is None:
            return path
        if real in self._gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
        shadow = self._outside + real
        return shadow if _exists(shadow) and not _is_directory(real) else path

    def to_write(self, path: Any, keep: bool = True) -> Any:
        """What to write in place of `path`; with `keep` the shadow begins as a copy of the real file."""
        real = self._path(path)
        if real is None:
            return path
        self._empty = False
        shadow = self._outside + real
        folder = os.path.dirname(real)
        if _is_directory(folder) and not _is_directory(os.path.dirname(shadow)):
            _make_directories(os.path.dirname(shadow))
        if keep and _is_file(real) and real not in self._gone and not _exists(shadow):
            with _real_open(real, "rb") as source, _real_open(shadow, "wb") as copy:
                shutil.copyfileobj(source, copy)
        self._gone.discard(real)
        return shadow

    def forget(self, path: Any) -> None:
        """The file at `path` has been removed or renamed."""
        real = self._path(path)
        if real is not None:
            self._empty = False
            self._gone.add(real)

    def _path(self, path: Any) -> str | None:
        """The absolute path when it lies outside of the working directory, else None."""
        if isinstance(path, int):
            return None
        text = os.fsdecode(path)
        text = os.path.normpath(text if text.startswith("/") else os.path.join(os.getcwd(), text))
        if text.startswith((self._root, *_REAL)):
            return None
        return text


def _exists(path: str) -> bool:
    try:
        _real["lstat"](path)
    except OSError:
        return False
    return True


def _is_directory(path: str) -> bool:
    try:
        return (_real["stat"](path).st_mode & 0o170000) == 0o040000  # type: ignore[no-any-return]
    except OSError:
        return False


def _is_file(path: str) -> bool:
    return _exists(path) and not _is_directory(path)


def _make_directories(path: str) -> None:
    if not _is_directory(path):
        _make_directories(os.path.dirname(path))
        _real["mkdir"](path)


def _open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    me = current()
    if me is None:
        return _real_open(file, mode, *args, **kwargs)
    shadow = me.program.runtime.shadow
    if set(mode) & set("wax+"):
        must_live()
        file = shadow.to_write(file, keep="w" not in mode)
    else:
        file = shadow.to_read(file)
    return _real_open(file, mode, *args, **kwargs)


def _os_open(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
    me = current()
    if me is not None and kwargs.get("dir_fd") is None:
        shadow = me.program.runtime.shadow
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            must_live()
            path = shadow.to_write(path)
        else:
            path = shadow.to_read(path)
    return _real["open"](path, flags, *args, **kwargs)  # type: ignore[no-any-return]


def _reading(name: str) -> Callable[..., Any]:
    real = _real[name]

    def read(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
        me = current()
        if me is not None and kwargs.get("dir_fd") is None:
            path = me.program.runtime.shadow.to_read(path)
        return real(path, *args, **kwargs)

    return read


def _changing(name: str) -> Callable[..., Any]:
    real = _real[name]

    def change(path: Any, *args: Any, **kwargs: Any) -> Any:
        me = current()
        if me is None or kwargs.get("dir_fd") is not None:
            return real(path, *args, **kwargs)
        must_live()
        shadow = me.program.runtime.shadow
        shadow.to_read(path)
        result = real(shadow.to_write(path), *args, **kwargs)
        if name in ("remove", "unlink", "rmdir"):
            shadow.forget(path)
        return result

    return change


def _mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
    me = current()
    if me is not None:
        must_live()
        if _is_directory(os.fsdecode(path)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
        path = me.program.runtime.shadow.to_write(path)
    _real["mkdir"](path, *args, **kwargs)


def _moving(name: str) -> Callable[..., Any]:
    real = _real[name]

    def move(src: Any, dst: Any, *args: Any, **kwargs: Any) -> None:
        me = current()
        if me is None:
            real(src, dst, *args, **kwargs)
            return
        must_live()
        shadow = me.program.runtime.shadow
        shadow.to_read(src)
        real(shadow.to_write(src), shadow.to_write(dst, keep=False), *args, **kwargs)
        shadow.forget(src)

    return move


def _connect(database: Any, *args: Any, **kwargs: Any) -> Any:
    me = current()
    if me is not None and not str(database).startswith((":memory:", "file:")):
        database = me.program.runtime.shadow.to_write(database)
    return _real_connect(database, *args, **kwargs)


def add_patches(patches: Patches) -> None:
    """Replace what opens and changes files."""
    patches.name(builtins, "open", _open)
    patches.name(io, "open", _open)
    patches.name(os, "open", _os_open)
    for name in _READS:
        patches.name(os, name, _reading(name))
    for name in _CHANGES:
        patches.name(os, name, _changing(name))
    for name in ("rename", "replace"):
        patches.name(os, name, _moving(name))
    patches.name(os, "mkdir", _mkdir)
    patches.name(sqlite3, "connect", _connect)
