"""What a program may not do in a drill, and what ends it at once: real processes, `os._exit`, atexit handlers."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from sim.actors.patching import Patches
from sim.actors.strand import current, must_live

_real_exit, _real_register, _real_unregister = os._exit, atexit.register, atexit.unregister
_REFUSED = (
    "system", "fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp", "execvpe",
    "execl", "execle", "execlp", "execlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe", "killpg",
)  # fmt: skip


def _refusing(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        me = current()
        if me is None:
            return real(*args, **kwargs)
        must_live()
        what = str(args[0]) if args else name
        me.program.refuse("process", f"{name} {what}")
        raise PermissionError(
            1, f"{name}: a program in virtual time starts no real process; drill it as a process (--exec)", what
        )

    return call


def _popen(real: Callable[..., None]) -> Callable[..., None]:
    refuse = _refusing("subprocess", lambda *args, **kwargs: None)

    def start(self: Any, args: Any, *rest: Any, **kwargs: Any) -> None:
        if current() is None:
            real(self, args, *rest, **kwargs)
            return
        self.returncode, self._child_created = -1, False
        self.stdin = self.stdout = self.stderr = None
        refuse(args if isinstance(args, str) else " ".join(map(str, args)))

    return start


def _exit(status: int = 0) -> None:
    me = current()
    if me is None:
        _real_exit(status)
    must_live()
    assert me is not None
    me.program.end("os._exit", int(status))


def _register(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    me = current()
    caller = sys._getframe(1).f_code.co_filename
    if me is None or not me.program.runtime.is_project(caller):
        # What a library registers is about the interpreter, which outlives the program.
        return _real_register(function, *args, **kwargs)
    me.program.atexit.append((function, args, kwargs))
    return function


def _unregister(function: Callable[..., Any], /) -> None:
    me = current()
    if me is None:
        _real_unregister(function)
    else:
        me.program.atexit[:] = [entry for entry in me.program.atexit if entry[0] != function]


def add_patches(patches: Patches) -> None:
    """Refuse real processes; let a program end itself and nothing else."""
    for name in _REFUSED:
        if hasattr(os, name):
            patches.name(os, name, _refusing(name, getattr(os, name)))
    popen: Any = subprocess.Popen
    patches.attribute(popen, "__init__", _popen(popen.__init__))
    patches.name(os, "_exit", _exit)
    patches.name(atexit, "register", _register)
    patches.name(atexit, "unregister", _unregister)
