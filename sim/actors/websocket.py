"""The server's side of a WebSocket: frames in, messages out, and the silence of a half-open connection.

What is sent while the path is mute waits and follows when it speaks again, as TCP would send it again; pings
are then not answered either, which is how a client finds out.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Protocol

from sim.actors.hosts import Pipe
from sim.clock import SECOND

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_LOOK_AGAIN_US = SECOND


class Sender(Protocol):
    """How a session talks to its client."""

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message."""

    def close(self, code: int = 1000) -> None:
        """End the connection."""


class Session(Protocol):
    """One client's session with a streaming core."""

    def opened(self, sender: Sender) -> None:
        """The client is there."""

    def received(self, message: str | bytes) -> None:
        """The client said something."""

    def closed(self) -> None:
        """The client has gone."""


def accept_key(key: str) -> str:
    """The answer to the client's key."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


class Channel:
    """Frames of one connection."""

    def __init__(self, pipe: Pipe, session: Session) -> None:
        """Open: the session may send from now on."""
        self._pipe, self._session = pipe, session
        self._buffer = bytearray()
        self._message = bytearray()
        self._kind = _TEXT
        self._held: list[bytes] = []
        self._open = True
        session.opened(self)

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message."""
        text = isinstance(message, str)
        self._frame(_TEXT if text else _BINARY, message.encode() if isinstance(message, str) else message)

    def close(self, code: int = 1000) -> None:
        """End the connection."""
        if self._open:
            self._frame(_CLOSE, struct.pack("!H", code))
            self._pipe.close()
            self.lost()

    def receive(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._pipe.host.verdict("stream").hang:
            return
        self._buffer += data
        while self._open and self._take_frame():
            pass

    def lost(self) -> None:
        """The connection is gone."""
        if self._open:
            self._open = False
            self._session.closed()

    def _take_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        final, opcode, length, at = buffer[0] & 0x80, buffer[0] & 0xF, buffer[1] & 0x7F, 2
        if length > 125:
            size = 2 if length == 126 else 8
            if len(buffer) < at + size:
                return False
            length = int.from_bytes(buffer[at : at + size], "big")
            at += size
        masked = buffer[1] & 0x80
        if len(buffer) < at + (4 if masked else 0) + length:
            return False
        payload = _unmask(bytes(buffer[at : at + 4]), bytes(buffer[at + 4 : at + 4 + length])) if masked else bytes(
            buffer[at : at + length]
        )  # fmt: skip
        del buffer[: at + (4 if masked else 0) + length]
        self._take(opcode, bool(final), payload)
        return True

    def _take(self, opcode: int, final: bool, payload: bytes) -> None:
        if opcode == _PING:
            self._frame(_PONG, payload)
        elif opcode == _CLOSE:
            self._frame(_CLOSE, payload[:2])
            self._pipe.close()
            self.lost()
        elif opcode != _PONG:
            if opcode:
                self._kind = opcode
                self._message.clear()
            self._message += payload
            if final:
                whole = bytes(self._message)
                self._session.received(whole.decode() if self._kind == _TEXT else whole)

    def _frame(self, opcode: int, payload: bytes) -> None:
        if not self._open or not self._pipe.open:
            return
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        self._out(head + payload)

    def _out(self, frame: bytes) -> None:
        verdict = self._pipe.host.verdict("stream")
        if self._held or verdict.hang:
            self._held.append(frame)
            if len(self._held) == 1:
                self._look_again()
        else:
            self._pipe.reply(frame, verdict.delay_us)

    def _look_again(self) -> None:
        def look() -> None:
            if not self._pipe.open:
                return
            if self._pipe.host.verdict("stream").hang:
                self._look_again()
                return
            held, self._held = self._held, []
            for frame in held:
                self._pipe.reply(frame)

        self._pipe.env.call_later(_LOOK_AGAIN_US, look)


def _unmask(mask: bytes, data: bytes) -> bytes:
    if not data:
        return b""
    count = len(data)
    key = int.from_bytes((mask * (count // 4 + 1))[:count], "big")
    return (int.from_bytes(data, "big") ^ key).to_bytes(count, "big")
