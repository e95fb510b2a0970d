"""TLS without cryptography: the handshake takes its round trip, the bytes travel as they are."""

from __future__ import annotations

import os
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.net import Socket
from sim.lockstep.agent.wire import wait

HELLO = b"\x16\x03\x01 hello\n"
"""What a virtual TLS client sends first, and what the service answers it with."""


class TLSObject:
    """What `SSLContext.wrap_bio` makes: the handshake, then the bytes as they are."""

    def __init__(self, ssl: Any, incoming: Any, outgoing: Any, server_side: bool, name: Any, context: Any) -> None:
        """Between two memory buffers."""
        self._ssl, self._in, self._out, self._server_side = ssl, incoming, outgoing, server_side
        self.server_hostname, self.context, self.session = name, context, None
        self._said = self._heard = False

    def do_handshake(self) -> None:
        """Say hello and hear it back."""
        if not self._said and not self._server_side:
            self._out.write(HELLO)
            self._said = True
        if not self._heard:
            if self._in.pending < len(HELLO):
                if self._in.eof:
                    raise self._ssl.SSLEOFError(8, "EOF occurred in violation of protocol")
                raise self._ssl.SSLWantReadError(2, "The operation did not complete (read)")
            if self._in.read(len(HELLO)) != HELLO:
                raise self._ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
            self._heard = True
        if self._server_side and not self._said:
            self._out.write(HELLO)
            self._said = True

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        """Received bytes."""
        if not self._in.pending and not self._in.eof:
            raise self._ssl.SSLWantReadError(2, "The operation did not complete (read)")
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

    def shared_ciphers(self) -> Any:
        """The one there is."""
        return [self.cipher()]

    def selected_alpn_protocol(self) -> None:
        """The service speaks HTTP/1.1 and does not negotiate."""

    def selected_npn_protocol(self) -> None:
        """As above."""

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        """None."""


def _change(ssl: Any) -> None:
    context = ssl.SSLContext
    real_wrap = context.wrap_socket

    def wrap_socket(self: Any, sock: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(sock, Socket):
            return real_wrap(self, sock, *args, **kwargs)
        name = kwargs.get("server_hostname")
        sock.tls_name = name or "localhost"
        if kwargs.get("do_handshake_on_connect", True):
            wait("tls", sock._number, name, True)
        return sock

    def wrap_bio(
        self: Any, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None,
        session: Any = None,
    ) -> Any:  # fmt: skip
        return TLSObject(ssl, incoming, outgoing, server_side, server_hostname, self)

    def load_verify_locations(self: Any, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if cafile is not None and not os.path.exists(cafile):
            raise FileNotFoundError(2, "No such file or directory")

    context.wrap_socket, context.wrap_bio = wrap_socket, wrap_bio
    context.load_verify_locations = load_verify_locations
    context.load_default_certs = context.set_default_verify_paths = lambda self, *args: None


def install() -> None:
    """Replace how a context wraps sockets, once `ssl` is loaded."""
    patching.when_imported("ssl", _change)
