"""Files: what is written outside of the run's working directory goes to a shadow of it beside that.

What is read is the shadow when there is one, else the real file; so a drill leaves the user's machine as it was.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, note

_SHADOW = ".outside"
_REAL = ("/dev/", "/proc/")
_NAMES = (
    "open", "stat", "lstat", "access", "listdir", "scandir", "mkdir", "rmdir", "remove", "unlink", "rename", "replace",
    "utime", "chmod", "truncate", "readlink",
)  # fmt: skip
_real = {name: getattr(os, name) for name in _NAMES}
_real_open = builtins.open
_gone: set[str] = set()
_place = {"root": "", "outside": ""}


def _outside(path: Any) -> Any:
    """The absolute path when it lies outside of the working directory, else None."""
    if isinstance(path, int):
        return None
    text = os.fsdecode(path)
    text = os.path.normpath(text if text.startswith("/") else os.path.join(os.getcwd(), text))
    return None if text.startswith((_place["root"], *_REAL)) else text


def _kind(path: str) -> int:
    """The kind of file, 0 when there is none."""
    try:
        return _real["stat"](path).st_mode & 0o170000  # type: ignore[no-any-return]
    except OSError:
        return 0


def _exists(path: str) -> bool:
    try:
        _real["lstat"](path)
    except OSError:
        return False
    return True


def to_read(path: Any) -> Any:
    """What to read in place of `path`."""
    real = _outside(path)
    if real is None:
        return path
    if real in _gone:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    shadow = _place["outside"] + real
    return shadow if _exists(shadow) and _kind(real) != 0o040000 else path


def to_write(path: Any, keep: bool = True) -> Any:
    """What to write in place of `path`; with `keep` the shadow begins as a copy of the real file."""
    real = _outside(path)
    if real is None:
        return path
    shadow = _place["outside"] + real
    if _kind(os.path.dirname(real)) == 0o040000:
        _make_directories(os.path.dirname(shadow))
    if keep and _kind(real) not in (0, 0o040000) and real not in _gone and not _exists(shadow):
        with _real_open(real, "rb") as source, _real_open(shadow, "wb") as copy:
            copy.write(source.read())
    if real in _gone:
        _gone.discard(real)
        note("gone", real, False)
    return shadow


def _forget(path: Any) -> None:
    real = _outside(path)
    if real is not None:
        _gone.add(real)
        note("gone", real, True)


def _make_directories(path: str) -> None:
    if _kind(path) != 0o040000:
        _make_directories(os.path.dirname(path))
        _real["mkdir"](path)


def _open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    file = to_write(file, keep="w" not in mode) if set(mode) & set("wax+") else to_read(file)
    return _real_open(file, mode, *args, **kwargs)


def _os_open(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
    if kwargs.get("dir_fd") is None:
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        path = to_write(path) if writes else to_read(path)
    return _real["open"](path, flags, *args, **kwargs)  # type: ignore[no-any-return]


def _reading(name: str) -> Callable[..., Any]:
    def read(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
        return _real[name](path if kwargs.get("dir_fd") is not None else to_read(path), *args, **kwargs)

    return read


def _changing(name: str) -> Callable[..., Any]:
    def change(path: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("dir_fd") is not None:
            return _real[name](path, *args, **kwargs)
        to_read(path)
        result = _real[name](to_write(path), *args, **kwargs)
        if name in ("remove", "unlink", "rmdir"):
            _forget(path)
        return result

    return change


def _mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
    if _kind(os.fsdecode(path)) == 0o040000:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
    _real["mkdir"](to_write(path), *args, **kwargs)


def _moving(name: str) -> Callable[..., Any]:
    def move(src: Any, dst: Any, *args: Any, **kwargs: Any) -> None:
        to_read(src)
        _real[name](to_write(src), to_write(dst, keep=False), *args, **kwargs)
        _forget(src)

    return move


def _change_sqlite(sqlite3: Any) -> None:
    real = sqlite3.connect

    def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(database).startswith((":memory:", "file:")):
            database = to_write(database)
        return real(database, *args, **kwargs)

    sqlite3.connect = sqlite3.dbapi2.connect = connect


def install() -> None:
    """Replace what opens and changes files."""
    _place["root"] = World.settings["directory"]
    _place["outside"] = _place["root"] + _SHADOW
    _gone.update(World.settings["gone"])
    patching.name(builtins, "open", _open)
    patching.name(io, "open", _open)
    patching.name(os, "open", _os_open)
    for name in ("stat", "lstat", "access", "listdir", "scandir", "readlink"):
        patching.name(os, name, _reading(name))
    for name in ("rmdir", "remove", "unlink", "utime", "chmod", "truncate"):
        patching.name(os, name, _changing(name))
    for name in ("rename", "replace"):
        patching.name(os, name, _moving(name))
    patching.name(os, "mkdir", _mkdir)
    patching.when_imported("sqlite3", _change_sqlite)
