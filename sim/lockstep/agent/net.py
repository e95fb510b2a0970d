"""Sockets and names: each operation is one of the World's, nothing is opened on the machine."""

from __future__ import annotations

import _socket
import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, note, request, wait

HERE = "127.0.0.1"
_Real = socket.socket
_real_new: Any = _socket.socket.__new__
_SERVICES = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_default: list[float | None] = [None]


class Socket(_Real):
    """A socket of the drill."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """No file descriptor of the machine."""
        return _real_new(cls)

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None) -> None:
        """As `socket.socket`."""
        if fileno is not None:
            raise OSError(errno.EOPNOTSUPP, "a drill has no file descriptors of sockets")
        self._begin(request("socket", int(family), int(type), proto), family, type, proto)
        if _default[0] is not None:
            self.settimeout(_default[0])

    def _begin(self, number: int, family: int = -1, type: int = -1, proto: int = -1) -> None:
        self._io_refs, self._closed = 0, False
        self._number, self._gone = number, False
        self._family = socket.AF_INET if family == -1 else socket.AddressFamily(family)
        self._kind = socket.SOCK_STREAM if type == -1 else socket.SocketKind(int(type) & 0xF)
        self._proto = 6 if proto in (-1, 0) and self._kind == socket.SOCK_STREAM else max(proto, 0)
        self._seconds: float | None = None
        self.tls_name: str | None = None

    @classmethod
    def known(cls, number: int) -> Any:
        """The socket that the World knows by this number already."""
        made: Any = cls.__new__(cls)
        made._begin(number)
        return made

    # What it is.

    family = property(lambda self: self._family)
    type = property(lambda self: self._kind)
    proto = property(lambda self: self._proto)
    timeout = property(lambda self: self._seconds)

    def fileno(self) -> int:
        """A number that means this socket within its process."""
        return -1 if self._closed else self._number

    def __repr__(self) -> str:
        return f"<socket.socket fd={self.fileno()}>"

    def settimeout(self, value: Any) -> None:
        """Seconds, None to block, 0 not to."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._seconds = None if value is None else float(value)
        note("timeout", self._number, self._seconds)

    def gettimeout(self) -> Any:
        """The timeout in seconds."""
        return self._seconds

    def setblocking(self, flag: bool) -> None:
        """Block, or not."""
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        """Whether it blocks."""
        return self._seconds != 0

    def setsockopt(self, *args: Any) -> None:
        """Options make no difference here."""

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        """The pending error, or 0."""
        if level == socket.SOL_SOCKET and option in (socket.SO_ERROR, socket.SO_TYPE):
            return self._ask("option", level, option)
        return bytes(size) if size else 0

    def getsockname(self) -> Any:
        """The local address."""
        return _pair(self._ask("names")[0])

    def getpeername(self) -> Any:
        """The remote address."""
        return _pair(self._ask("peer"))

    def dup(self) -> Any:
        """Not in a drill."""
        raise OSError(errno.EOPNOTSUPP, "a socket cannot be duplicated in virtual time")

    def __getstate__(self) -> Any:
        raise TypeError("cannot pickle 'socket' object")

    # Opening.

    def bind(self, address: Any) -> None:
        """Take a local address."""
        self._ask("bind", list(address) if isinstance(address, tuple) else address)

    def listen(self, backlog: int = 128) -> None:
        """Accept connections from programs of the same World."""
        self._ask("listen", backlog)

    def accept(self) -> Any:
        """The next connection."""
        number, peer, _ = self._ask("accept")
        accepted = Socket.known(number)
        accepted.settimeout(_default[0])
        return accepted, _pair(peer)

    def connect(self, address: Any) -> None:
        """Connect, waiting for the answer unless the socket does not block."""
        self._ask("connect", list(address) if isinstance(address, tuple) else address)

    def connect_ex(self, address: Any) -> int:
        """As `connect`, with the error as a number."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EAGAIN
        return 0

    # Sending and receiving.

    def send(self, data: Any, flags: int = 0) -> int:
        """Send; everything fits."""
        return self._ask("send", bytes(data).decode("latin-1"))  # type: ignore[no-any-return]

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send everything."""
        self.send(data)

    def sendmsg(self, buffers: Any, *args: Any) -> int:
        """Send several pieces."""
        return self.send(b"".join(bytes(piece) for piece in buffers))

    def sendto(self, data: Any, *args: Any) -> int:
        """Send a datagram: nobody in the drill receives any."""
        return self._ask("sendto", bytes(data).decode("latin-1"))  # type: ignore[no-any-return]

    def sendfile(self, file: Any, offset: int = 0, count: Any = None) -> int:
        """Send a file."""
        file.seek(offset)
        return self.send(file.read() if count is None else file.read(count))

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive up to `size` bytes; b"" at the end."""
        return self._ask("recv", size, int(flags)).encode("latin-1")  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """Receive into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(size or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, size: int, flags: int = 0) -> Any:
        """Receive, with the sender."""
        return self.recv(size, flags), _pair(self._ask("names")[1])

    def recvmsg(self, size: int, *args: Any) -> Any:
        """Receive, with nothing beside the data."""
        return self.recv(size), [], 0, _pair(self._ask("names")[1])

    def read(self, size: int = 65536, buffer: Any = None) -> Any:
        """As a TLS socket reads."""
        return self.recv(size) if buffer is None else self.recv_into(buffer, size)

    def write(self, data: Any) -> int:
        """As a TLS socket writes."""
        return self.send(data)

    # Closing.

    def shutdown(self, how: int) -> None:
        """Stop sending (or receiving)."""
        self._ask("shutdown", int(how))

    def _real_close(self, _ss: Any = None) -> None:
        if not self._gone:
            self._gone = True
            note("close", self._number)

    def detach(self) -> int:
        """Give the number away; the socket is closed."""
        self._closed = True
        return self._number

    def __del__(self) -> None:
        try:
            if not self._closed:
                self._real_close()
        except AttributeError:  # never initialised
            pass

    def _ask(self, operation: str, *args: Any) -> Any:
        if self._gone:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return wait("sock", self._number, operation, *args)

    # What TLS adds.

    def do_handshake(self, block: bool = False) -> None:
        """Done when the socket was wrapped."""

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate for the server's name."""
        if binary_form:
            return f"certificate of {self.tls_name}".encode()
        return {"subject": ((("commonName", self.tls_name),),), "subjectAltName": (("DNS", self.tls_name),)}

    def version(self) -> Any:
        """The version of TLS."""
        return None if self.tls_name is None else "TLSv1.3"

    def cipher(self) -> Any:
        """The cipher."""
        return None if self.tls_name is None else ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def selected_alpn_protocol(self) -> None:
        """The service speaks HTTP/1.1 and does not negotiate."""

    def pending(self) -> int:
        """Bytes that were received and not read."""
        return self._ask("pending")  # type: ignore[no-any-return]

    def unwrap(self) -> Any:
        """The plain socket under TLS."""
        return self


def _pair(address: Any) -> Any:
    return tuple(address) if isinstance(address, list) else address


def _resolve(name: Any) -> str:
    return request("resolve", name.decode() if isinstance(name, (bytes, bytearray)) else name)  # type: ignore[no-any-return]


def _getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
    if isinstance(port, (str, bytes)):
        text = port.decode() if isinstance(port, bytes) else port
        port = int(text) if text.isdigit() else _SERVICES.get(text, 0)
    if family == socket.AF_INET6:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} has no IPv6 address in this drill")
    address = ("0.0.0.0" if flags & socket.AI_PASSIVE else HERE) if host is None else _resolve(host)
    if host in ("0.0.0.0", ""):
        address = "0.0.0.0"
    kinds = {int(socket.SOCK_STREAM): 6, int(socket.SOCK_DGRAM): 17}
    wanted = [int(type)] if type in kinds else list(kinds)
    return [(socket.AF_INET, socket.SocketKind(k), kinds[k], "", (address, port or 0)) for k in wanted]


def _by_address(form: Callable[[str, str, Any], Any]) -> Callable[..., Any]:
    def lookup(address: Any, *args: Any) -> Any:
        number = address[0] if isinstance(address, tuple) else address
        return form(request("name_of", number) or number, number, address)

    return lookup


def _socketpair(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
    a, b = request("socketpair")
    return Socket.known(a), Socket.known(b)


def _refuse_fd(*args: Any, **kwargs: Any) -> Any:
    raise OSError(errno.EOPNOTSUPP, "a drill has no file descriptors of sockets")


def _set_default(timeout: Any) -> None:
    _default[0] = timeout


def install() -> None:
    """Replace sockets and names."""
    name = World.settings["host_name"]
    for attribute, replacement in (
        ("SocketType", Socket), ("socket", Socket), ("socketpair", _socketpair), ("fromfd", _refuse_fd),
        ("getaddrinfo", _getaddrinfo), ("gethostbyname", _resolve),
        ("gethostbyname_ex", lambda name: (name, [], [_resolve(name)])),
        ("gethostbyaddr", _by_address(lambda found, number, _: (found, [], [number]))),
        ("getnameinfo", _by_address(lambda found, _, address: (found, str(address[1])))),
        ("gethostname", lambda: name), ("getfqdn", lambda given="": given or name),
        ("getdefaulttimeout", lambda: _default[0]), ("setdefaulttimeout", _set_default),
    ):  # fmt: skip
        patching.name(socket, attribute, replacement)
    patching.name(_socket, "socket", Socket)
    patching.name(_socket, "SocketType", Socket)

    async def getaddrinfo(self: Any, host: Any, port: Any, **more: int) -> Any:
        return _getaddrinfo(host, port, **more)

    def change(base_events: Any) -> None:
        base_events.BaseEventLoop.getaddrinfo = getaddrinfo

    patching.when_imported("asyncio.base_events", change)
