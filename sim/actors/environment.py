"""The environment variables, process ids and chance of a program.

The machine's own variables are passed on, but for credentials: whatever looks like one is replaced by a value
that says so, and the names under which brokers' clients look for theirs always have one. A drill never holds
a real key, and code that insists on one still runs.
"""

from __future__ import annotations

import os
import random  # noqa: TID251  (replaced here for programs, not drawn from)
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from sim.actors.patching import Patches
from sim.actors.strand import current

CREDENTIAL = re.compile(
    r"(API_?KEY|SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE_KEY|ACCESS_KEY|KEY_ID|_DSN$|WEBHOOK|AUTH|COOKIE"
    r"|DATABASE_URL|REDIS_URL|SESSION)", re.IGNORECASE,
)  # fmt: skip
"""Names of variables that are not passed on."""

EXPECTED = (
    "APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "ALPACA_API_KEY", "ALPACA_API_KEY_ID", "ALPACA_SECRET_KEY",
    "ALPACA_API_SECRET", "ALPACA_API_SECRET_KEY", "ALPACA_KEY", "ALPACA_SECRET", "ALPACA_KEY_ID", "ALPACA_PAPER_KEY",
    "ALPACA_PAPER_SECRET", "ALPACA_PAPER_API_KEY", "ALPACA_PAPER_SECRET_KEY", "ALPACA_PAPER_API_SECRET", "APCA_KEY_ID",
    "APCA_SECRET_KEY", "API_KEY", "API_SECRET", "SECRET_KEY", "API_KEY_ID", "API_SECRET_KEY", "EODHD_API_KEY",
    "EODHD_API_TOKEN", "POLYGON_API_KEY", "BROKER_API_KEY", "BROKER_API_SECRET", "BROKER_TOKEN",
)  # fmt: skip
"""Names that have a value in every drill."""

_PROXY_NAMES = frozenset(
    name for kind in (b"http", b"https", b"all", b"ftp", b"ws", b"wss", b"socks", b"no")
    for name in (kind + b"_proxy", kind.upper() + b"_PROXY")
)  # fmt: skip
_PROXIES = re.compile(r"^(https?|ftp|all|no)_proxy$", re.IGNORECASE)
_DROPPED = re.compile(r"^(PYTEST_|COV_|PYTHON(?!PATH|UTF8|IOENCODING)|VIRTUAL_ENV|_$)")
_real_putenv, _real_unsetenv, _real_urandom = os.putenv, os.unsetenv, os.urandom  # noqa: TID251
_real_getpid, _real_getppid = os.getpid, os.getppid
_real_getproxies = urllib.request.getproxies_environment
_real_seed = random.Random.seed
_NODE = 0x02_46_49_52_45_44


def scrubbed(real: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a program's environment starts from: `real` without credentials, then `given` as it is."""
    passed = {}
    for name, value in sorted(real.items()):
        if CREDENTIAL.search(name):
            passed[name] = _stand_in(name)
        elif not _PROXIES.match(name) and not _DROPPED.match(name):
            passed[name] = value
    for name in EXPECTED:
        passed.setdefault(name, _stand_in(name))
    return passed | dict(given)


def _stand_in(name: str) -> str:
    return f"drill-{name.lower().replace('_', '-')}"


class Environ(MutableMapping[bytes, bytes]):
    """What `os.environ` keeps its values in while programs run: those of the strand's program, or the real ones."""

    def __init__(self, real: MutableMapping[bytes, bytes]) -> None:
        """Everybody else sees `real`."""
        self._real = real

    def _here(self) -> MutableMapping[bytes, bytes]:
        me = current()
        return self._real if me is None else me.program.environ

    def __getitem__(self, key: bytes) -> bytes:
        return self._here()[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._here()[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._here()[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._here())

    def __len__(self) -> int:
        return len(self._here())

    def copy(self) -> dict[bytes, bytes]:
        """A plain copy."""
        return dict(self._here())


def _getproxies() -> dict[str, str]:
    me = current()
    if me is not None and _PROXY_NAMES.isdisjoint(me.program.environ):
        return {}
    return _real_getproxies()


def _putenv(name: Any, value: Any, /) -> None:
    if current() is None:
        _real_putenv(name, value)


def _unsetenv(name: Any, /) -> None:
    if current() is None:
        _real_unsetenv(name)


def _urandom(size: int, /) -> bytes:
    me = current()
    return _real_urandom(size) if me is None else me.program.random_bytes(size)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    me = current()
    if a is None and me is not None and type(self) is not random.SystemRandom:
        a = int.from_bytes(me.program.random_bytes(16), "big")
    _real_seed(self, a, version)


def _getpid() -> int:
    me = current()
    return _real_getpid() if me is None else me.program.pid


def _getppid() -> int:
    return _real_getppid() if current() is None else 1


def _when_strand(virtual: Any, real: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: real() if current() is None else virtual


def add_patches(patches: Patches) -> None:
    """Replace what a process knows of itself, and the machine's chance."""
    environ: Any = os.environ
    before: list[Any] = []

    def on() -> None:
        before.append(environ._data)
        environ._data = Environ(environ._data)

    def off() -> None:
        environ._data = before.pop()

    patches.switch(on, off)
    for name, function in (
        ("putenv", _putenv), ("unsetenv", _unsetenv), ("urandom", _urandom), ("getpid", _getpid), ("getppid", _getppid),
    ):  # fmt: skip
        patches.name(os, name, function)
    patches.name(urllib.request, "getproxies_environment", _getproxies)
    patches.attribute(random.Random, "seed", _seed)
    module: Any = uuid
    patches.attribute(module, "_node", _NODE)
    patches.attribute(module, "_generate_time_safe", None)
    patches.name(module, "getnode", _when_strand(_NODE, uuid.getnode))
