"""`wget` over the World's network: exit codes 0, 4 (network), 5 (TLS), 8 (the server's answer was an error)."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urljoin

from sim.clock import SECOND
from sim.lockstep.curl import CONNECT_GIVES_UP_US
from sim.lockstep.durations import seconds_us
from sim.lockstep.requests import Request
from sim.lockstep.transfer import Address, BadAddress, Outcome, Transfer

_VALUES = {
    "-O": "output", "--output-document": "output", "-T": "timeout", "--timeout": "timeout", "-t": "tries",
    "--tries": "tries", "--connect-timeout": "connect", "--read-timeout": "read", "--dns-timeout": "",
    "--waitretry": "waitretry", "--post-data": "post", "--body-data": "post", "--method": "method",
    "--header": "header", "--user": "user", "--password": "password", "--user-agent": "agent", "-U": "agent",
    "-P": "", "--max-redirect": "redirects", "-a": "", "-o": "", "--ca-certificate": "",
}  # fmt: skip
_FLAGS = frozenset({
    "-q", "--quiet", "-nv", "--no-verbose", "-S", "--server-response", "--spider", "--no-check-certificate",
    "--content-on-error", "-c", "--retry-connrefused", "-4", "-6", "--no-cache", "-N", "--no-proxy",
})  # fmt: skip


def run(request: Request) -> None:
    """Do what a call of wget says."""
    values: dict[str, str] = {}
    headers, urls, flags = [], [], set()
    words = list(request.args)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            urls.append(word)
            continue
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if not word.startswith("--") and word not in _FLAGS and word[:2] in _VALUES:
            name, value, equals = word[:2], word[2:], "=" if word[2:] else ""
        if name in _VALUES:
            if not equals:
                value = words.pop(0) if words else ""
            if _VALUES[name] == "header":
                headers.append(value)
            else:
                values[_VALUES[name]] = value
        elif name in _FLAGS:
            flags.add(name)
        elif word == "-qO-":
            flags.add("-q")
            values["output"] = "-"
        elif word.startswith("-qO"):
            flags.add("-q")
            values["output"] = word[3:] or (words.pop(0) if words else "-")
        else:
            request.session.printed.refused("option", f"{request.shown}: option {word} is not simulated")
            request.finish(2, err=f"wget: unrecognized option '{word}'\n".encode())
            return
    if len(urls) != 1:
        request.finish(1, err=b"wget: missing URL\nUsage: wget [OPTION]... [URL]...\n")
        return
    Wget(request, urls[0], values, headers, flags).ask()


class Wget:
    """One call under way."""

    def __init__(
        self, request: Request, url: str, values: dict[str, str], headers: list[str], flags: set[str]
    ) -> None:
        """Nothing asked yet."""
        self._request, self._url, self._values, self._headers, self._flags = request, url, values, headers, flags
        self._tries = 0
        self._redirects = 0
        self._heads = ""

    def ask(self) -> None:
        """One try."""
        if self._request.answered:
            return
        self._tries += 1
        try:
            address = Address(self._url)
        except BadAddress as error:
            self._request.finish(1, err=f"{self._url}: {error}.\n".encode())
            return
        whole_us = self._seconds("timeout")
        transfer = Transfer(
            self._request.session.world.env, self._request.session.hosts, address, self._wire(address), self._heard,
            connect_timeout_us=self._seconds("connect") or whole_us or CONNECT_GIVES_UP_US,
            read_timeout_us=self._seconds("read") or whole_us or 900 * SECOND,
            head_only="--spider" in self._flags,
        )  # fmt: skip
        self._request.on_gone = transfer.abort

    def _seconds(self, name: str) -> int | None:
        return seconds_us(self._values.get(name, "")) or None

    def _wire(self, address: Address) -> bytes:
        values = self._values
        body = values.get("post", "").encode()
        default = "POST" if "post" in values else "HEAD" if "--spider" in self._flags else "GET"
        method = values.get("method") or default
        headers = {"Host": address.authority, "User-Agent": values.get("agent", "Wget/1.21.3"), "Accept": "*/*"}
        if body or method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        for line in self._headers:
            name, _, value = line.partition(":")
            headers[name.strip()] = value.strip()
        lines = [f"{method} {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _heard(self, outcome: Outcome) -> None:
        flags = self._flags
        location = outcome.headers.get("location")
        if not outcome.problem and 300 <= outcome.status < 400 and location and self._redirects < 20:
            self._redirects += 1
            self._url = urljoin(self._url if "://" in self._url else f"http://{self._url}", location)
            self._tries -= 1
            self.ask()
        elif outcome.problem == "unresolved":
            self._request.session.printed.refused("host", Address(self._url).authority)
            self._end(outcome, 4, f"wget: unable to resolve host address ‘{Address(self._url).host}’")
        elif outcome.problem == "refused" and "--retry-connrefused" not in flags:
            self._end(outcome, 4, "failed: Connection refused.")
        elif outcome.problem == "tls":
            self._end(outcome, 5, "Unable to establish SSL connection.")
        elif outcome.problem:
            self._once_more(outcome)
        elif outcome.status >= 400:
            self._end(outcome, 8, f"ERROR {outcome.status}.")
        else:
            self._end(outcome, 0, "")

    def _once_more(self, outcome: Outcome) -> None:
        given = seconds_us(self._values.get("tries", "20"))
        wanted = 20 if given is None else given // SECOND  # 0 is no limit
        if wanted and self._tries >= wanted:
            self._end(outcome, 4, "Giving up.")
            return
        longest_us = seconds_us(self._values.get("waitretry", "10")) or 10 * SECOND
        self._request.on_gone = lambda: None
        self._request.session.world.env.call_later(min(self._tries * SECOND, longest_us), self.ask)

    def _end(self, outcome: Outcome, code: int, message: str) -> None:
        quiet = {"-q", "--quiet"} & self._flags
        err = f"{message}\n" if message and not quiet else ""
        if {"-S", "--server-response"} & self._flags and outcome.head:
            err = "".join(f"  {line}\n" for line in outcome.head.decode("latin-1").split("\r\n") if line) + err
        place = self._values.get("output") or PurePosixPath(self._url.partition("?")[0]).name or "index.html"
        body = outcome.body if code == 0 or "--content-on-error" in self._flags else b""
        files = [] if place == "-" or "--spider" in self._flags else [(place, body)]
        shown = body if place == "-" and "--spider" not in self._flags else b""
        self._request.finish(code, shown, err.encode(), files)
