"""What a virtual socket knows of itself: its kind, its addresses, its timeout, and what TLS would say."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from sim.actors.hosts import Far
from sim.actors.strand import Strand


class SocketState(socket.socket):
    """The state of a socket in memory, with no file descriptor of the machine."""

    _io_refs: int
    _closed: bool

    def set_up(self, program: Any, family: int = -1, type: int = -1, proto: int = -1) -> None:
        """Make it a socket of `program`."""
        self._io_refs, self._closed = 0, False
        self._program = program
        self._family = socket.AF_INET if family == -1 else socket.AddressFamily(family)
        self._kind = socket.SOCK_STREAM if type == -1 else socket.SocketKind(int(type) & 0xF)
        self._proto = 6 if proto in (-1, 0) and self._kind == socket.SOCK_STREAM else max(proto, 0)
        self._timeout: float | None = program.default_timeout
        self._fd = program.add_socket(self)
        self._inbox = bytearray()
        self._ended = False
        self._error: OSError | None = None
        self._far: Far | None = None
        self._connecting = False
        self._shut = False
        self._address: tuple[Any, ...] = ("0.0.0.0", 0)
        self._peer: tuple[Any, ...] | None = None
        self._waiting: list[Strand] = []
        self.watchers: list[Callable[[], None]] = []
        self._backlog: list[Any] | None = None
        self._stop_listening: Callable[[], None] = lambda: None
        self.tls_name: str | None = None
        """The server name that TLS was asked for; None on a plain connection."""

    # What it is.

    @property
    def family(self) -> Any:
        """The address family."""
        return self._family

    @property
    def type(self) -> Any:
        """The kind of socket."""
        return self._kind

    @property
    def proto(self) -> int:
        """The protocol number."""
        return self._proto

    @property
    def timeout(self) -> float | None:
        """The timeout in seconds."""
        return self._timeout

    def fileno(self) -> int:
        """A number that means this socket within its program."""
        return -1 if self._closed else self._fd

    def __repr__(self) -> str:
        return f"<socket.socket fd={self.fileno()}, laddr={self._address}, raddr={self._peer}>"

    def __getstate__(self) -> Any:
        raise TypeError("cannot pickle 'socket' object")

    @property
    def _closed_for_good(self) -> bool:
        return self._closed and self._io_refs <= 0

    # Options and names.

    def settimeout(self, value: float | None, /) -> None:
        """Seconds, None to block, 0 not to."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout = None if value is None else float(value)

    def gettimeout(self) -> float | None:
        """The timeout in seconds."""
        return self._timeout

    def setblocking(self, flag: bool, /) -> None:
        """Block, or not."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether it blocks."""
        return self._timeout != 0

    def setsockopt(self, *args: Any) -> None:
        """Options make no difference here."""

    def getsockopt(self, level: int, option: int, size: int = 0, /) -> Any:
        """The pending error, or 0."""
        if level == socket.SOL_SOCKET and option == socket.SO_ERROR and self._error is not None:
            error, self._error = self._error, None
            return error.errno or 0
        if level == socket.SOL_SOCKET and option == socket.SO_TYPE:
            return int(self._kind)
        return bytes(size) if size else 0

    def getsockname(self) -> Any:
        """The local address."""
        return self._address

    def getpeername(self) -> Any:
        """The remote address."""
        if self._peer is None or (self._far is None and self._kind == socket.SOCK_STREAM):
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._peer

    def dup(self) -> Any:
        """Not in a drill."""
        raise OSError(errno.EOPNOTSUPP, "a socket cannot be duplicated in virtual time")

    # What TLS adds; see `sim.actors.tls`.

    def do_handshake(self, block: bool = False) -> None:
        """Done when the socket was wrapped."""

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate for the server's name."""
        if binary_form:
            return f"certificate of {self.tls_name}".encode()
        return {"subject": ((("commonName", self.tls_name),),), "subjectAltName": (("DNS", self.tls_name),)}

    def version(self) -> str | None:
        """The version of TLS."""
        return None if self.tls_name is None else "TLSv1.3"

    def cipher(self) -> Any:
        """The cipher."""
        return None if self.tls_name is None else ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def selected_alpn_protocol(self) -> str | None:
        """The service speaks HTTP/1.1 and does not negotiate."""
        return None

    def pending(self) -> int:
        """Bytes that were received and not read."""
        return len(self._inbox)

    def unwrap(self) -> SocketState:
        """The plain socket under TLS."""
        return self
