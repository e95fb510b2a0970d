"""One transfer as curl makes it: connect, wait, time out, follow, retry; and curl's words for what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drills.shell.tool import NotHere
from drills.shell.tools.web import hosts
from drills.shell.tools.web.wire import Web
from sim.actors.http import Request, Response
from sim.clock import MS, SECOND

if TYPE_CHECKING:
    from drills.shell.tool import Call

KERNEL_GIVES_UP_US = 130 * SECOND
"""After so many unanswered SYNs (six retries) Linux ends a connection attempt."""
NEVER_US = 10 * 60 * SECOND
"""A client without a timeout that waits for an answer is looked at for so long."""
_CONNECT_US = 20 * MS


@dataclass
class Wanted:
    """What is asked for."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    max_us: int | None = None
    connect_us: int | None = None
    follow: bool = False


@dataclass
class Got:
    """What came of it: a response, or curl's exit code and words."""

    response: Response | None = None
    code: int = 0
    words: str = ""
    took_us: int = 0
    url: str = ""
    hung: bool = False


def transfer(call: Call, web: Web, wanted: Wanted) -> Got:
    """Make a request in virtual time."""
    world = call.terminal.world
    began_us = world.env.now
    got = _once(call, web, wanted)
    hops = 0
    while wanted.follow and got.response is not None and got.response.status in (301, 302, 303, 307, 308) and hops < 10:
        hops += 1
        wanted = Wanted(**{**wanted.__dict__, "url": got.response.headers.get("Location", wanted.url)})
        got = _once(call, web, wanted)
    got.took_us = world.env.now - began_us
    return got


def _once(call: Call, web: Web, wanted: Wanted) -> Got:
    url = wanted.url if "://" in wanted.url else f"http://{wanted.url}"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Got(code=3, words="URL using bad/illegal format or missing URL", url=url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        if parts.scheme in ("ftp", "file", "ws", "wss", "telnet", "smtp"):
            raise NotHere(f"{parts.scheme}:// is not spoken here")
        return Got(code=1, words=f'Protocol "{parts.scheme}" not supported or disabled in libcurl', url=url)
    if not host or any(letter.isspace() for letter in wanted.url):
        return Got(code=3, words="URL rejected: Malformed input to a URL function", url=url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = Request(wanted.method, target, wanted.headers, wanted.body, host, parts.scheme == "https")
    here = web.answering(call, host, port)
    if here in ("", hosts.INTERNET):
        raise NotHere(f"the host {host} is not part of the simulated firm")
    return _over_the_wire(call, web, wanted, request, host, port, url)


def _over_the_wire(call: Call, web: Web, wanted: Wanted, request: Request, host: str, port: int, url: str) -> Got:
    world = call.terminal.world
    began_us = world.env.now
    fate = web.send(call, request, host, port, request.tls)
    passed_us = world.env.now - began_us
    left_us = None if wanted.max_us is None else max(0, wanted.max_us - passed_us)
    if fate.kind == "refused":
        call.wait_us(_within(2 * MS, left_us))
        words = f"Failed to connect to {host} port {port} after 2 ms: Couldn't connect to server"
        return Got(code=7, words=words, url=url)
    if fate.kind == "swallowed":
        limits = [KERNEL_GIVES_UP_US] + [limit for limit in (wanted.connect_us, left_us) if limit is not None]
        call.wait_us(min(limits))
        hung = wanted.connect_us is None and wanted.max_us is None
        words = f"Failed to connect to {host} port {port} after {min(limits) // MS} ms: "
        words += "Couldn't connect to server" if hung else "Timeout was reached"
        return Got(code=28, words=words, url=url, hung=hung)
    if fate.kind == "reset":
        call.wait_us(_within(fate.delay_us, left_us))
        return Got(code=56, words="Recv failure: Connection reset by peer", url=url)
    delay_us = _CONNECT_US + fate.delay_us
    if fate.kind == "mute" or (left_us is not None and delay_us > left_us):
        waited_us = NEVER_US if left_us is None else left_us
        if fate.kind == "mute":
            waited_us = min(waited_us, fate.delay_us)
        call.wait_us(waited_us)
        if left_us is None and fate.delay_us <= NEVER_US:
            return Got(code=52, words="Empty reply from server", url=url)
        words = f"Operation timed out after {(passed_us + waited_us) // MS} milliseconds with 0 bytes received"
        return Got(code=28, words=words, url=url, hung=left_us is None)
    call.wait_us(delay_us)
    return Got(fate.response, url=url)


def _within(delay_us: int, left_us: int | None) -> int:
    return delay_us if left_us is None else min(delay_us, left_us)
