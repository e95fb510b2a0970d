"""TLS without cryptography: the handshake takes its round trip, the bytes travel as they are.

Certificates are not checked, for there is no network to mistrust: whether a name exists at all is the check.
A client that speaks TLS to a plain port, or the other way round, fails as it does in earnest.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from typing import Any

from sim.actors.hosts import Pipe
from sim.actors.patching import Patches
from sim.actors.sockets import VirtualSocket
from sim.actors.strand import current

HELLO = b"\x16\x03\x01 hello\n"
"""What a virtual TLS client sends first, and what the service answers it with."""

_real: dict[str, Callable[..., Any]] = {
    name: getattr(ssl.SSLContext, name)
    for name in ("wrap_socket", "wrap_bio", "load_verify_locations", "load_default_certs", "set_default_verify_paths")
}


def _wrong_version() -> ssl.SSLError:
    return ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")


def _wrap_socket(self: ssl.SSLContext, sock: Any, *args: Any, **kwargs: Any) -> Any:
    if not isinstance(sock, VirtualSocket):
        return _real["wrap_socket"](self, sock, *args, **kwargs)
    sock.tls_name = kwargs.get("server_hostname") or "localhost"
    if kwargs.get("do_handshake_on_connect", True) and isinstance(sock._far, Pipe):
        if sock._far.port not in sock._far.host.tls_ports:
            raise _wrong_version()
        sock.sendall(HELLO)
        answer = b""
        while len(answer) < len(HELLO):
            piece = sock.recv(len(HELLO) - len(answer))
            if not piece:
                raise ssl.SSLEOFError(8, "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol")
            answer += piece
    return sock


class VirtualTLSObject:
    """What `SSLContext.wrap_bio` makes in a strand: the handshake, then the bytes as they are."""

    def __init__(
        self, incoming: Any, outgoing: Any, server_side: bool, server_hostname: str | None, context: Any
    ) -> None:
        """Between two memory buffers."""
        self._in, self._out, self._server_side = incoming, outgoing, server_side
        self.server_hostname, self.context, self.session = server_hostname, context, None
        self._said = self._heard = False

    def do_handshake(self) -> None:
        """Say hello and hear it back."""
        if not self._said and not self._server_side:
            self._out.write(HELLO)
            self._said = True
        if not self._heard:
            if self._in.pending < len(HELLO):
                if self._in.eof:
                    raise ssl.SSLEOFError(8, "EOF occurred in violation of protocol")
                raise ssl.SSLWantReadError(2, "The operation did not complete (read)")
            if self._in.read(len(HELLO)) != HELLO:
                raise _wrong_version()
            self._heard = True
        if self._server_side and not self._said:
            self._out.write(HELLO)
            self._said = True

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        """Received bytes."""
        if not self._in.pending and not self._in.eof:
            raise ssl.SSLWantReadError(2, "The operation did not complete (read)")
        data = self._in.read(size)
        if buffer is None:
            return data
        memoryview(buffer).cast("B")[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Bytes to send."""
        return self._out.write(data)  # type: ignore[no-any-return]

    def unwrap(self) -> None:
        """Leave TLS: nothing to say."""

    def pending(self) -> int:
        """Bytes that were received and not read."""
        return int(self._in.pending)

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate for the server's name."""
        name = self.server_hostname
        if binary_form:
            return f"certificate of {name}".encode()
        return {"subject": ((("commonName", name),),), "subjectAltName": (("DNS", name),)}

    def version(self) -> str:
        """The version of TLS."""
        return "TLSv1.3"

    def cipher(self) -> Any:
        """The cipher."""
        return "TLS_AES_256_GCM_SHA384", "TLSv1.3", 256

    def compression(self) -> None:
        """None."""

    def shared_ciphers(self) -> list[Any]:
        """The one there is."""
        return [self.cipher()]

    def selected_alpn_protocol(self) -> None:
        """The service speaks HTTP/1.1 and does not negotiate."""

    def selected_npn_protocol(self) -> None:
        """As above."""

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        """None."""


def _wrap_bio(
    self: ssl.SSLContext, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None,
    session: Any = None,
) -> Any:  # fmt: skip
    if current() is None:
        return _real["wrap_bio"](self, incoming, outgoing, server_side, server_hostname, session)
    return VirtualTLSObject(incoming, outgoing, server_side, server_hostname, self)


def _load_verify_locations(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
    if current() is None:
        _real["load_verify_locations"](self, cafile, capath, cadata)
    elif cafile is not None and not os.path.exists(cafile):
        raise FileNotFoundError(2, "No such file or directory")


def _unless_strand(name: str) -> Callable[..., Any]:
    def load(self: ssl.SSLContext, *args: Any) -> Any:
        return _real[name](self, *args) if current() is None else None

    return load


def add_patches(patches: Patches) -> None:
    """Replace how a context wraps sockets, and spare strands the reading of certificates."""
    context: Any = ssl.SSLContext
    patches.attribute(context, "wrap_socket", _wrap_socket)
    patches.attribute(context, "wrap_bio", _wrap_bio)
    patches.attribute(context, "load_verify_locations", _load_verify_locations)
    for name in ("load_default_certs", "set_default_verify_paths"):
        patches.attribute(context, name, _unless_strand(name))
