"""Names and addresses as programs see them: the hosts of the drill, the machine itself, and nothing else."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from sim.actors.patching import Patches
from sim.actors.strand import current, must_live

HERE = "127.0.0.1"
_SERVICES = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "::1", "::", "")
_real: dict[str, Callable[..., Any]] = {
    name: getattr(socket, name)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo", "gethostname",
                 "getfqdn", "getdefaulttimeout", "setdefaulttimeout", "fromfd")
}  # fmt: skip


def resolve(program: Any, name: str) -> str:
    """The address of a name; `socket.gaierror` naming it when the drill has no such host."""
    if isinstance(name, bytes | bytearray):
        name = name.decode()
    if name.lower() in _LOCAL or name.lower() == program.host_name:
        return HERE
    host = program.hosts.find(name)
    if host is not None:
        return str(host.address)
    if _is_address(name):
        return name
    program.refuse("host", name)
    known = ", ".join(program.hosts.names()) or "none"
    raise socket.gaierror(socket.EAI_NONAME, f"{name} is no host of this drill (known: {known})")


def _is_address(name: str) -> bool:
    parts = name.split(".")
    return ":" in name or (len(parts) == 4 and all(part.isdigit() for part in parts))


def _getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
    me = current()
    if me is None:
        return _real["getaddrinfo"](host, port, family, type, proto, flags)
    must_live()
    if isinstance(port, str | bytes):
        text = port.decode() if isinstance(port, bytes) else port
        port = int(text) if text.isdigit() else _SERVICES.get(text, 0)
    if family == socket.AF_INET6:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} has no IPv6 address in this drill")
    address = ("0.0.0.0" if flags & socket.AI_PASSIVE else HERE) if host is None else resolve(me.program, host)
    if host in ("0.0.0.0", ""):
        address = "0.0.0.0"
    kinds = {socket.SOCK_STREAM: 6, socket.SOCK_DGRAM: 17}
    wanted = [type] if type in kinds else list(kinds)
    return [(socket.AF_INET, socket.SocketKind(kind), kinds[socket.SocketKind(kind)], "", (address, port or 0))
            for kind in wanted]  # fmt: skip


def _gethostbyname(name: str, /) -> str:
    me = current()
    return _real["gethostbyname"](name) if me is None else resolve(me.program, name)


def _gethostbyname_ex(name: str, /) -> Any:
    me = current()
    return _real["gethostbyname_ex"](name) if me is None else (name, [], [resolve(me.program, name)])


def _by_address(real: str) -> Callable[..., Any]:
    def lookup(address: Any, *args: Any) -> Any:
        me = current()
        if me is None:
            return _real[real](address, *args)
        name = address[0] if isinstance(address, tuple) else address
        host = me.program.hosts.find(name)
        found = host.name if host else name
        return (found, str(address[1])) if real == "getnameinfo" else (found, [], [name])

    return lookup


def _gethostname() -> str:
    me = current()
    return _real["gethostname"]() if me is None else me.program.host_name


def _getfqdn(name: str = "") -> str:
    me = current()
    return _real["getfqdn"](name) if me is None else name or me.program.host_name


def _getdefaulttimeout() -> float | None:
    me = current()
    return _real["getdefaulttimeout"]() if me is None else me.program.default_timeout


def _setdefaulttimeout(timeout: float | None, /) -> None:
    me = current()
    if me is None:
        _real["setdefaulttimeout"](timeout)
    else:
        me.program.default_timeout = timeout


def _fromfd(fd: int, family: int, type: int, proto: int = 0) -> Any:
    if current() is not None:
        raise OSError(errno.EOPNOTSUPP, "a drill has no file descriptors of sockets")
    return _real["fromfd"](fd, family, type, proto)


def add_patches(patches: Patches) -> None:
    """Replace name resolution."""
    for name, function in (
        ("getaddrinfo", _getaddrinfo), ("gethostbyname", _gethostbyname), ("gethostbyname_ex", _gethostbyname_ex),
        ("gethostbyaddr", _by_address("gethostbyaddr")), ("getnameinfo", _by_address("getnameinfo")),
        ("gethostname", _gethostname), ("getfqdn", _getfqdn),
        ("getdefaulttimeout", _getdefaulttimeout), ("setdefaulttimeout", _setdefaulttimeout), ("fromfd", _fromfd),
    ):  # fmt: skip
        patches.name(socket, name, function)
