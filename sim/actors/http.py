"""HTTP/1.1 as a service speaks it: bytes to a `Request`, a `Response` to bytes, faults of the path in between.

A core is an object with `handle(request) -> response` and nothing of sockets or time in it, so that the same
core serves programs in virtual time and, behind a real server, live drills. `HttpService` puts one on the
simulated network: it asks the host's path about each request (under the name that `core.endpoint` gives it)
and does what the verdict says: answer late, answer with an error, reset, swallow, execute and not answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from sim.actors.hosts import Pipe
from sim.actors.tls import HELLO
from sim.actors.websocket import Channel, Session, accept_key
from sim.network import BrokerError, BrokerTimeout, BrokerUnreachable, Verdict

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = (204, 304)


class Request:
    """One request; header names in lower case."""

    __slots__ = ("body", "headers", "host", "method", "path", "raw_query", "tls")

    def __init__(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b"", host: str = "", tls: bool = True
    ) -> None:
        """`target` is the path with its query."""
        path, _, self.raw_query = target.partition("?")
        self.method, self.path, self.headers, self.body = method, unquote(path), headers, body
        self.host, self.tls = host, tls

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none."""
        return json.loads(self.body) if self.body else None


class Response:
    """One response."""

    __slots__ = ("body", "headers", "outcome", "slow_us", "status", "upgrade")

    def __init__(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, slow_us: int = 0,
        upgrade: Session | None = None,
    ) -> None:  # fmt: skip
        """`slow_us` spreads the body over so long; `upgrade` turns the connection into a WebSocket."""
        self.status, self.body, self.headers = status, body, {} if headers is None else headers
        self.slow_us, self.upgrade = slow_us, upgrade
        self.outcome: Callable[[bool], None] | None = None
        """Told whether the response went out to a client that still listened."""

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """A JSON document."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json; charset=UTF-8", **(headers or {})})

    @classmethod
    def of_text(cls, text: str, status: int = 200, kind: str = "text/plain") -> Response:
        """A text."""
        return cls(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8"})


class Core(Protocol):
    """What answers requests."""

    def handle(self, request: Request) -> Response:
        """The response to a request that has arrived."""

    def endpoint(self, request: Request) -> str:
        """The name under which faults of the path know this request."""

    def error(self, error: BrokerError, request: Request) -> Response:
        """How this service words an error that a fault answers in its place."""


class PlainCore:
    """A core made of one function, with every answer in JSON; for webhooks, status pages and tests."""

    def __init__(self, handle: Callable[[Request], Response], endpoint: str = "other") -> None:
        """Answer with `handle`; faults know all requests as `endpoint`."""
        self._handle, self._endpoint = handle, endpoint

    def handle(self, request: Request) -> Response:
        """The function's answer."""
        return self._handle(request)

    def endpoint(self, request: Request) -> str:
        """One name for all."""
        return self._endpoint

    def error(self, error: BrokerError, request: Request) -> Response:
        """The error's status and text."""
        return plain_error(error)


def plain_error(error: BrokerError) -> Response:
    """An error in JSON, or in the HTML of a proxy when its text is that."""
    if str(error).lstrip().startswith("<"):
        return Response.of_text(str(error), error.status or 502, "text/html")
    return Response.of_json({"message": str(error)}, error.status or 500)


class HttpService:
    """A core on the simulated network."""

    def __init__(self, core: Core) -> None:
        """Serve `core`."""
        self.core = core

    def accept(self, pipe: Pipe) -> HttpConnection:
        """A connection has been opened."""
        return HttpConnection(self.core, pipe)


class HttpConnection:
    """One connection: requests in order, perhaps a WebSocket at the end."""

    def __init__(self, core: Core, pipe: Pipe) -> None:
        """Nothing received yet."""
        self._core, self._pipe = core, pipe
        self._buffer = bytearray()
        self._tls_pending = pipe.port in pipe.host.tls_ports
        self._tls = self._tls_pending
        self._channel: Channel | None = None
        self.owes: str | None = None
        """What the client still waits for."""

    def receive(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._channel is not None:
            self._channel.receive(data)
            return
        self._buffer += data
        if self._tls_pending and not self._take_hello():
            return
        while self._channel is None and self._pipe.open:
            request = self._next_request()
            if request is None:
                break
            self._serve(request)
        if self._channel is not None and self._buffer:
            rest = bytes(self._buffer)
            self._buffer.clear()
            self._channel.receive(rest)

    def lost(self) -> None:
        """The client has gone."""
        if self._channel is not None:
            self._channel.lost()

    def _take_hello(self) -> bool:
        if len(self._buffer) < len(HELLO):
            return False
        if self._buffer[: len(HELLO)] != HELLO:
            self._write(Response.of_text("The plain HTTP request was sent to HTTPS port", 400), close=True)
            return False
        if self._pipe.host.verdict("connect").hang:
            return False
        del self._buffer[: len(HELLO)]
        self._tls_pending = False
        self._pipe.reply(HELLO)
        return True

    def _next_request(self) -> Request | None:
        """The first whole request of the buffer, taken from it."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self._body(end + 4, headers)
        if body is None:
            return None
        try:
            method, target, _ = first.split(" ")
        except ValueError:
            self._write(Response.of_text("bad request", 400), close=True)
            return None
        return Request(method, target, headers, body, self._pipe.host.name, self._tls)

    def _body(self, start: int, headers: dict[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", ""):
            return self._chunks(start)
        length = int(headers.get("content-length") or 0)
        if len(self._buffer) < start + length:
            if "100-continue" in headers.get("expect", "").lower() and len(self._buffer) == start:
                self._pipe.reply(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return body

    def _chunks(self, start: int) -> bytes | None:
        body, at = bytearray(), start
        while True:
            line_end = self._buffer.find(b"\r\n", at)
            if line_end < 0:
                return None
            size = int(bytes(self._buffer[at:line_end]).split(b";")[0], 16)
            at = line_end + 2
            if len(self._buffer) < at + size + 2:
                return None
            body += self._buffer[at : at + size]
            at += size + 2
            if size == 0:
                del self._buffer[:at]
                return bytes(body)

    # What happens to a request.

    def _serve(self, request: Request) -> None:
        endpoint = self._core.endpoint(request)
        self.owes = endpoint
        verdict = self._pipe.host.verdict(endpoint)
        if verdict.hang:
            return
        there_us = verdict.delay_us // 2
        if there_us:
            self._pipe.env.call_later(there_us, self._answer, request, verdict)
        else:
            self._answer(request, verdict)

    def _answer(self, request: Request, verdict: Verdict) -> None:
        after_us = verdict.delay_us - verdict.delay_us // 2
        if isinstance(verdict.error, BrokerUnreachable):
            self._pipe.break_off(after_us)
            return
        response = self._response(request, verdict)
        if verdict.lose_reply or response is None or not self._pipe.open:
            _came_out(response, False)
            return
        self.owes = None
        close = request.headers.get("connection", "").lower() == "close"
        if response.upgrade is not None:
            self._upgrade(request, response, after_us)
        else:
            self._write(response, close, after_us, head_only=request.method == "HEAD")
            if response.outcome is not None:
                self._pipe.env.call_later(after_us, lambda: _came_out(response, self._pipe.open or close))

    def _response(self, request: Request, verdict: Verdict) -> Response | None:
        if verdict.error is not None:
            if verdict.executed:
                _came_out(self._core.handle(request), False)  # the broker's own answer is lost behind the error
            return None if isinstance(verdict.error, BrokerTimeout) else self._core.error(verdict.error, request)
        if verdict.answer is not None:
            return Response.of_json(list(verdict.answer()))
        return self._core.handle(request)

    def _write(self, response: Response, close: bool, after_us: int = 0, head_only: bool = False) -> None:
        body = b"" if head_only or response.status in _NO_BODY else response.body
        head = self._head(response, close)
        if response.slow_us and body:
            self._pipe.reply(head, after_us)
            self._trickle(body, response.slow_us, after_us)
        else:
            self._pipe.reply(head + body, after_us)
        if close:
            self._pipe.close(after_us + response.slow_us)

    def _trickle(self, body: bytes, slow_us: int, after_us: int) -> None:
        pieces = min(20, len(body))
        cuts = [len(body) * i // pieces for i in range(pieces + 1)]
        for i in range(pieces):
            self._pipe.reply(body[cuts[i] : cuts[i + 1]], after_us + slow_us * (i + 1) // pieces)

    def _head(self, response: Response, close: bool) -> bytes:
        lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
        for name, value in response.headers.items():
            lines.append(f"{name}: {value}")
        if response.status not in _NO_BODY:
            lines.append(f"Content-Length: {len(response.body)}")
        if close:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _upgrade(self, request: Request, response: Response, after_us: int) -> None:
        assert response.upgrade is not None
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(request.headers.get('sec-websocket-key', ''))}\r\n\r\n"
        )
        self._pipe.reply(head.encode(), after_us)
        self._channel = Channel(self._pipe, response.upgrade)


def _came_out(response: Response | None, arrived: bool) -> None:
    if response is not None and response.outcome is not None:
        response.outcome(arrived)


def wants_websocket(request: Request) -> bool:
    """Whether the client asks to turn the connection into a WebSocket."""
    return "websocket" in request.headers.get("upgrade", "").lower()
