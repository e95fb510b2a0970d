"""What a process knows of itself and may do to the machine: its number, chance, other processes, its end."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.places import here, imported_by_project, importing_library
from sim.lockstep.agent.wire import World, mine, note, request

_real_exit = os._exit
_NODE = 0x02_46_49_52_45_44
_REFUSED = (
    "system", "fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp", "execvpe",
    "execl", "execle", "execlp", "execlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe", "killpg",
)  # fmt: skip
_AUDITED = frozenset(
    ("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "subprocess.Popen",
     "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
)  # fmt: skip


def random_bytes(size: int) -> bytes:
    """What the machine's source of randomness gives: the same in each run of a seed.

    What a library draws while it is imported is not the program's: in the World's own process it is imported once
    for all programs.
    """
    if importing_library():
        return hashlib.shake_128(b"import").digest(size)
    return request("random", size).encode("latin-1")  # type: ignore[no-any-return]


def refuse(kind: str, what: str, message: str) -> None:
    """Write down what a drill does not give, and raise PermissionError."""
    note("refuse", kind, what, here())
    raise PermissionError(1, message, what)


def _refusing(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        what = str(args[0]) if args else name
        _refuse_process(name, what)

    return call


def _refuse_process(name: str, what: str) -> None:
    note("refuse", "process", f"{name} {what}", here())
    raise PermissionError(
        1, f"{name}: a program in virtual time starts no real process; drill it as a process (--exec)", what
    )


def _popen(self: Any, args: Any, *rest: Any, **kwargs: Any) -> None:
    self.returncode, self._child_created = -1, False
    self.stdin = self.stdout = self.stderr = None
    _refuse_process("subprocess", args if isinstance(args, str) else " ".join(map(str, args)))


def _exit(status: int = 0) -> None:
    mine.line.ask(["exit", int(status), "os._exit"])
    _real_exit(int(status))  # a process that the World did not start ends by itself


def _audit(event: str, args: Any) -> None:
    if event not in _AUDITED or mine.line is None:
        return
    if event.startswith("socket"):
        address = args[1] if len(args) > 1 else ""
        if address != World.path:
            refuse("socket", str(address), "a real socket: nothing leaves the machine in a drill")
    elif not World.settings.get("spawn") or event in ("os.fork", "os.forkpty"):
        _refuse_process(event, str(args[0] if args else ""))


def _tell_of_library(name: str) -> None:
    if imported_by_project():  # what a library tries first and can do without is not worth telling
        note("refuse", "library", name, here())


def _change_random(module: Any) -> None:
    real_seed = module.Random.seed

    def seed(self: Any, a: Any = None, version: int = 2) -> None:
        if a is None and type(self) is not module.SystemRandom:
            a = int.from_bytes(random_bytes(16), "big")
        real_seed(self, a, version)

    module.Random.seed = seed
    module.seed(World.settings["seed"])
    vars(module)["seed"] = module._inst.seed


def _change_numpy(module: Any) -> None:
    module.seed(World.settings["seed"] % 2**32)


def _change_uuid(module: Any) -> None:
    names = vars(module)
    names.update(_node=_NODE, _generate_time_safe=None, _last_timestamp=None, getnode=lambda: _NODE)


def _change_subprocess(module: Any) -> None:
    module.Popen.__init__ = _popen


def _change_platform(module: Any) -> None:
    """Libraries ask it what machine this is for their user agent; it would start `uname`."""
    names = vars(module)
    if "_syscmd_uname" in names:
        names["_syscmd_uname"] = lambda option, default="": default
    if "_Processor" in names:
        module._Processor.from_subprocess = staticmethod(lambda: "")


def scrub_own() -> None:
    """Take from `os.environ` what was put there for the agent; children of this process still inherit it."""
    data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
    for name in [n for n in data if n.startswith((b"FIREDRILL_", b"PYTHON")) or n == b"TZ"]:
        if name.decode() not in World.settings["keep"]:
            del data[name]


def die_with_parent() -> None:
    """End when Firedrill ends, even if it is killed and even when this process is stopped."""
    import ctypes

    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def install() -> None:
    """Replace chance and identity; refuse real processes and what cannot be simulated."""
    pid = World.settings["pid"]
    for name, function in (
        ("urandom", random_bytes), ("getpid", lambda: pid), ("getppid", lambda: 1), ("_exit", _exit),
    ):  # fmt: skip
        patching.name(os, name, function)
    if not World.settings.get("spawn"):
        for name in _REFUSED:
            patching.name(os, name, _refusing(name))
        patching.when_imported("subprocess", _change_subprocess)
    patching.when_imported("random", _change_random)
    patching.when_imported("numpy.random", _change_numpy)
    patching.when_imported("uuid", _change_uuid)
    patching.when_imported("platform", _change_platform)
    patching.Refuser.tell = staticmethod(_tell_of_library)
    sys.addaudithook(_audit)
