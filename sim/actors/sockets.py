"""Sockets of strands: in memory, in virtual time.

A `VirtualSocket` is a `socket.socket` to everybody who asks, but opens nothing on the machine: making one in
a strand yields this class, and every operation waits in virtual time or, when it does not block, says
EAGAIN. All HTTP and WebSocket clients of Python work on top of it with their own timeouts, pools and retries.
"""

from __future__ import annotations

import _socket
import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

import greenlet

from sim.actors.hosts import Pipe
from sim.actors.names import HERE, resolve
from sim.actors.patching import Patches
from sim.actors.socket_state import SocketState
from sim.actors.strand import Strand, current, must_live
from sim.actors.vtime import delay_us

_getcurrent = greenlet.getcurrent
_real_new: Any = _socket.socket.__new__
_real_socketpair = socket.socketpair


class VirtualSocket(SocketState):
    """A socket of a strand."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        """As `socket.socket`, with no file descriptor of the machine."""
        me = current()
        assert me is not None
        self.set_up(me.program, family, type, proto)

    # Opening.

    def bind(self, address: Any, /) -> None:
        """Take a local address."""
        if self._family == socket.AF_UNIX:
            self._address = (address,)
            return
        host, port = address[0], int(address[1])
        self._address = (host or "0.0.0.0", port or self._program.hosts.free_port())

    def listen(self, backlog: int = 128, /) -> None:
        """Accept connections from programs of the same World."""
        if self._backlog is None:
            if self._address[-1] == 0:
                self.bind(("0.0.0.0", 0))
            self._backlog = []
            self._stop_listening = self._program.hosts.listen(int(self._address[1]), self._offer)

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection."""
        self._until(lambda: bool(self._backlog), "accept")
        assert self._backlog
        accepted = self._backlog.pop(0)
        accepted._timeout = self._program.default_timeout
        return accepted, accepted._peer

    def connect(self, address: Any, /) -> None:
        """Connect, waiting for the answer unless the socket does not block."""
        self._must_be_open()
        if self._far is None and not self._connecting:
            self._dial(address)
        if self._timeout == 0:
            if self._connecting:
                raise BlockingIOError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))
        else:
            self._until(lambda: not self._connecting, f"connect to {address[0]}:{address[-1]}")
        self._raise_error()

    def connect_ex(self, address: Any, /) -> int:
        """As `connect`, with the error as a number."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EAGAIN
        return 0

    def _dial(self, address: Any) -> None:
        if self._kind == socket.SOCK_DGRAM:
            self._peer = tuple(address)  # nothing is sent: this only names the peer
            self._address = ("10.0.0.2", 40000)
            return
        if self._family == socket.AF_UNIX:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{address!r} is no socket of this drill")
        name, port = str(address[0]), int(address[1])
        self._peer = (resolve(self._program, name), port)
        if self._peer[0] == HERE:
            self._dial_local(port)
            return
        host = self._program.hosts.find(self._peer[0])
        if host is None:
            self._program.refuse("connection", f"{name}:{port}")
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{name}:{port} is no host of this drill")
        self._connecting = True
        self._address = ("10.0.0.2", 40000 + self._fd % 20000)
        self._program.hosts.open(host, port, self, self._opened)

    def _dial_local(self, port: int) -> None:
        offer = self._program.hosts.listener(port)
        if offer is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        self._address = (HERE, self._program.hosts.free_port())
        offer()(self)

    def _offer(self) -> Callable[[VirtualSocket], None]:
        def take(client: VirtualSocket) -> None:
            assert self._backlog is not None
            server = self._program.make_socket()
            _join_ends(client, server)
            server._address, server._peer = client._peer or (), client._address
            self._backlog.append(server)
            self._changed()

        return take

    def _opened(self, outcome: Pipe | OSError) -> None:
        self._connecting = False
        if isinstance(outcome, OSError):
            self._error = outcome
        elif self._closed or self._program.dead:
            outcome.reset()
        else:
            self._far = outcome
        self._changed()

    # Sending and receiving.

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send; everything fits."""
        self._must_be_open()
        self._raise_error()
        if self._kind == socket.SOCK_DGRAM:
            return len(data)
        if self._connecting:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if self._far is None or self._shut:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        if not isinstance(data, bytes):
            data = bytes(data)
        self._far.send(data)
        return len(data)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send everything."""
        self.send(data)

    def sendmsg(self, buffers: Iterable[Any], *args: Any) -> int:
        """Send several pieces."""
        return self.send(b"".join(bytes(piece) for piece in buffers))

    def sendto(self, data: Any, *args: Any) -> int:
        """Send a datagram: nobody in the drill receives any."""
        must_live()
        return len(data)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file."""
        file.seek(offset)
        return self.send(file.read() if count is None else file.read(count))

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive up to `size` bytes; b"" at the end."""
        self._await_data()
        data = bytes(self._inbox[:size])
        if not flags & socket.MSG_PEEK:
            del self._inbox[:size]
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0, /) -> int:
        """Receive into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(size or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, size: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Receive, with the sender."""
        return self.recv(size, flags), self._peer

    def recvmsg(self, size: int, *args: Any) -> Any:
        """Receive, with nothing beside the data."""
        return self.recv(size), [], 0, self._peer

    def read(self, size: int = 65536, buffer: Any = None) -> Any:
        """As a TLS socket reads."""
        return self.recv(size) if buffer is None else self.recv_into(buffer, size)

    def write(self, data: Any) -> int:
        """As a TLS socket writes."""
        return self.send(data)

    def _await_data(self) -> None:
        self._must_be_open()
        if not (self._inbox or self._ended or self._error):
            self._until(lambda: bool(self._inbox or self._ended or self._error), "receive")
        if not self._inbox:
            self._raise_error()
            if self._far is None and not self._ended and self._kind == socket.SOCK_STREAM:
                raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    # Closing.

    def shutdown(self, how: int, /) -> None:
        """Stop sending (or receiving)."""
        if self._far is None and self._backlog is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        if how != socket.SHUT_RD and not self._shut:
            self._shut = True
            if self._far is not None:
                self._far.shut()
        if how != socket.SHUT_WR:
            self._ended = True
            self._changed()

    def _real_close(self, _ss: Any = None) -> None:
        self._let_go()

    def close(self) -> None:
        """Close when no file object uses it any more."""
        if not self._closed:
            self._closed = True
            if self._io_refs <= 0:
                self._let_go()

    def detach(self) -> int:
        """Give the number away; the socket is closed."""
        self._closed = True
        return int(self._fd)

    def _let_go(self) -> None:
        self._stop_listening()
        self._program.drop_socket(self._fd)
        far, self._far = self._far, None
        if far is not None:
            far.reset()
        self._changed()

    def __del__(self) -> None:
        try:
            if not self._closed and self._far is not None:
                self._let_go()
        except AttributeError:  # never initialised
            pass

    # The network's side.

    def arrive(self, data: bytes) -> None:
        """Bytes reach the socket."""
        if not self._ended and not self._closed_for_good:
            self._inbox += data
            self._changed()

    def arrive_end(self) -> None:
        """The far side sends no more."""
        self._ended = True
        self._changed()

    def fail(self, error: OSError) -> None:
        """The connection is broken."""
        if self._error is None:
            self._error, self._far = error, None
            self._changed()

    @property
    def readable(self) -> bool:
        """Whether a read would not wait."""
        return bool(self._inbox or self._ended or self._error or self._backlog)

    @property
    def writable(self) -> bool:
        """Whether a write would not wait."""
        return not self._connecting and self._backlog is None

    @property
    def owes(self) -> str | None:
        """What its service has not answered yet, or that it never connected."""
        if self._connecting:
            return f"connect to {self._peer[0] if self._peer else ''}"
        receiver = getattr(self._far, "receiver", None)
        return None if receiver is None else receiver.owes

    def _changed(self) -> None:
        if self._waiting:
            for strand in self._waiting:
                strand.wake()
        for watcher in tuple(self.watchers):
            watcher()

    def _until(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until `ready`, no longer than the socket's timeout."""
        me = current()
        if me is None:
            raise BlockingIOError(errno.EAGAIN, f"{what}: only a program can wait for its socket")
        must_live()
        if ready():
            return
        if self._timeout == 0:
            me.poll()
            if not ready():
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return
        env = self._program.env
        until_us = None if self._timeout is None else env.now + delay_us(self._timeout)
        if until_us is None:
            self._program.watch_for_hang(me, self, what)
        self._waiting.append(me)
        me.network_wait = self
        try:
            while not ready():
                if until_us is not None and env.now >= until_us:
                    raise TimeoutError("timed out")
                me.park(None if until_us is None else until_us - env.now)
                if self._closed_for_good:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        finally:
            me.network_wait = None
            self._waiting.remove(me)

    def _must_be_open(self) -> None:
        must_live()
        if self._closed_for_good:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            self._ended = True
            raise error


class _Beside:
    """The other end of a connection within the machine: what is sent is there at once."""

    def __init__(self, other: VirtualSocket) -> None:
        self._other = other

    def send(self, data: bytes) -> None:
        self._other.arrive(data)

    def shut(self) -> None:
        self._other.arrive_end()

    def reset(self) -> None:
        self._other.arrive_end()


def _join_ends(a: VirtualSocket, b: VirtualSocket) -> None:
    a._far, b._far = _Beside(b), _Beside(a)


def _new(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """What `socket.socket(...)` makes."""
    if type(_getcurrent()) is Strand and not issubclass(cls, VirtualSocket):
        if cls is not socket.socket:
            raise PermissionError(f"{cls.__name__} would open a real socket: not in a drill")
        cls = VirtualSocket
    return _real_new(cls)


def _socketpair(*args: Any, **kwargs: Any) -> Any:
    if current() is None:
        return _real_socketpair(*args, **kwargs)
    a, b = VirtualSocket(socket.AF_UNIX), VirtualSocket(socket.AF_UNIX)
    _join_ends(a, b)
    return a, b


class _RawSocket:
    """Stands for `_socket.socket` while programs run: a strand gets no real socket by that way either."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return VirtualSocket(*args, **kwargs) if current() is not None else _socket_class(*args, **kwargs)


_socket_class = _socket.socket


def add_patches(patches: Patches) -> None:
    """Replace sockets."""
    patches.attribute(socket.socket, "__new__", staticmethod(_new))
    patches.name(socket, "socketpair", _socketpair)
    raw: Any = _RawSocket
    patches.attribute(_socket, "socket", raw)
    patches.attribute(_socket, "SocketType", raw)
