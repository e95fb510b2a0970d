"""One HTTP request over the World's network, as a command-line client makes it: connect, perhaps TLS, send, read.

Event-driven: `done` is told the outcome once, at the virtual instant at which the client would know it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sim.actors.hosts import Hosts, Pipe
from sim.actors.tls import HELLO
from sim.clock import VirtualTime


@dataclass
class Outcome:
    """How a transfer ended."""

    problem: str = ""
    """`unresolved`, `refused`, `timeout`, `reset`, `empty`, `partial`, `tls`, or empty for a whole response."""
    stage: str = ""
    """Where it was when it ended: `connect`, `tls`, `answer`, `body`."""
    status: int = 0
    head: bytes = b""
    """The response's head as it came, with its empty line."""
    headers: dict[str, str] = field(default_factory=dict)
    """By name in lower case."""
    body: bytes = b""
    connect_us: int = 0
    """When the connection stood, from the start; 0 when it never did."""
    first_byte_us: int = 0
    total_us: int = 0


class BadAddress(ValueError):
    """The URL has no host, or a scheme that is not HTTP."""


class Address:
    """Where a URL leads."""

    def __init__(self, url: str) -> None:
        """BadAddress for what cannot be asked over HTTP; a URL without a scheme means http."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError as error:
            raise BadAddress(str(error)) from None
        if parts.scheme.lower() not in ("http", "https"):
            raise BadAddress(f"Protocol \"{parts.scheme}\" not supported")
        if not parts.hostname:
            raise BadAddress("No host part in the URL")
        self.tls = parts.scheme.lower() == "https"
        self.host, self.port = parts.hostname, port or (443 if self.tls else 80)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.user = parts.username and f"{parts.username}:{parts.password or ''}"
        standard = self.port == (443 if self.tls else 80)
        self.authority = self.host if standard else f"{self.host}:{self.port}"


class Transfer:
    """A request under way."""

    def __init__(
        self, env: VirtualTime, hosts: Hosts, address: Address, request: bytes, done: Callable[[Outcome], None], *,
        connect_timeout_us: int | None = None, max_time_us: int | None = None, head_only: bool = False,
        read_timeout_us: int | None = None,
    ) -> None:  # fmt: skip
        """Begin now. `head_only` expects no body; `read_timeout_us` is the longest pause (wget's)."""
        self._env, self._address, self._request, self._done = env, address, request, done
        self._head_only, self._read_timeout_us = head_only, read_timeout_us
        self._began, self._over, self._stage = env.now, False, "connect"
        self._pipe: Pipe | None = None
        self._buffer = bytearray()
        self._outcome = Outcome()
        self._heard_us = env.now
        host = hosts.find(address.host)
        if host is None:
            env.call_later(0, self._end, "unresolved")
            return
        if connect_timeout_us is not None:
            env.call_later(connect_timeout_us, self._late_to_connect)
        if max_time_us is not None:
            env.call_later(max_time_us, self._end, "timeout")
        hosts.open(host, address.port, self, self._opened)

    @property
    def waits(self) -> bool:
        """Whether it has not ended."""
        return not self._over

    @property
    def waited_us(self) -> int:
        """How long it has waited."""
        return self._env.now - self._began

    def abort(self) -> None:
        """The client has been killed."""
        self._over = True
        if self._pipe is not None:
            self._pipe.reset()

    # The network's side (`sim.actors.hosts.Near`).

    def arrive(self, data: bytes) -> None:
        """Bytes from the service."""
        if self._over:
            return
        self._heard_us = self._env.now
        self._buffer += data
        if self._stage == "tls":
            self._take_hello()
        elif not self._outcome.first_byte_us:
            self._outcome.first_byte_us = self.waited_us
        if self._stage != "tls":
            self._look()

    def arrive_end(self) -> None:
        """The service sends no more."""
        if self._over:
            return
        if self._stage == "tls":
            self._end("tls")
        elif not self._outcome.status:
            self._end("empty")
        elif "content-length" in self._outcome.headers or self._chunked:
            self._end("partial")
        else:
            self._outcome.body = bytes(self._buffer)
            self._end("")

    def fail(self, error: OSError) -> None:
        """The connection broke."""
        self._end("reset")

    # Inside.

    def _opened(self, answer: Pipe | OSError) -> None:
        if self._over:
            if isinstance(answer, Pipe):
                answer.reset()
            return
        if isinstance(answer, OSError):
            self._end("refused")
            return
        self._pipe = answer
        tls_there = answer.port in answer.host.tls_ports
        if self._address.tls and not tls_there:
            self._stage = "tls"
            self._end("tls")
        elif self._address.tls:
            self._stage = "tls"
            answer.send(HELLO)
            self._watch()
        else:
            self._send()

    def _take_hello(self) -> None:
        if len(self._buffer) >= len(HELLO):
            del self._buffer[: len(HELLO)]
            self._send()

    def _send(self) -> None:
        assert self._pipe is not None
        self._outcome.connect_us = self.waited_us
        self._stage = "answer"
        self._pipe.send(self._request)
        self._watch()

    def _watch(self) -> None:
        """Wget's read timeout: nothing for so long."""
        if self._read_timeout_us is not None and not self._over:
            left = self._heard_us + self._read_timeout_us - self._env.now
            if left <= 0:
                self._end("timeout")
            else:
                self._env.call_later(left, self._watch)

    def _late_to_connect(self) -> None:
        if self._stage in ("connect", "tls"):
            self._end("timeout")

    def _look(self) -> None:
        if self._stage == "answer" and not self._take_head():
            return
        body = self._whole_body()
        if body is not None:
            self._outcome.body = body
            self._end("")

    def _take_head(self) -> bool:
        """Take heads off the buffer, interim ones included; whether the final one is there."""
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self._buffer[: end + 4])
            del self._buffer[: end + 4]
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            words = first.split(" ", 2)
            status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
            if 100 <= status < 200:
                continue
            pairs = (line.partition(":") for line in lines)
            self._outcome.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            self._outcome.status, self._outcome.head, self._stage = status, head, "body"
            return True

    @property
    def _chunked(self) -> bool:
        return "chunked" in self._outcome.headers.get("transfer-encoding", "")

    def _whole_body(self) -> bytes | None:
        headers = self._outcome.headers
        if self._head_only or self._outcome.status in (204, 304):
            return b""
        if self._chunked:
            return _unchunked(bytes(self._buffer))
        if "content-length" not in headers:
            return None
        length = int(headers["content-length"])
        return bytes(self._buffer[:length]) if len(self._buffer) >= length else None

    def _end(self, problem: str) -> None:
        if self._over:
            return
        self._over = True
        outcome = self._outcome
        outcome.problem, outcome.stage, outcome.total_us = problem, self._stage, self.waited_us
        if problem in ("timeout", "reset", "partial") and self._stage == "body":
            outcome.body = bytes(self._buffer)
        if self._pipe is not None:
            self._pipe.reset()
        self._done(outcome)


def _unchunked(data: bytes) -> bytes | None:
    body, at = bytearray(), 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].split(b";")[0], 16)
        at = end + 2
        if len(data) < at + size + 2:
            return None
        body += data[at : at + size]
        at += size + 2
        if size == 0:
            return bytes(body)


