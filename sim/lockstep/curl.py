"""`curl` over the World's network: its exit codes, its retries, what it prints and where.

Exit codes: 6 no such host, 7 refused, 18 cut short, 22 HTTP error with -f, 28 timed out, 35 TLS to a plain
port, 47 too many redirects, 52 nothing came, 56 reset.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urljoin

from sim.clock import SECOND
from sim.lockstep.curl_form import BOUNDARY, multipart
from sim.lockstep.curl_options import Options, Wrong, parse
from sim.lockstep.requests import Request
from sim.lockstep.transfer import Address, BadAddress, Outcome, Transfer

CONNECT_GIVES_UP_US = 127 * SECOND
"""When Linux gives up on a connection that nobody answers: the first try and six more, 1 + 2 + ... + 64 s."""
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_LONGEST_PAUSE_US = 600 * SECOND
_VERSION = "7.88.1"
_VARIABLE = re.compile(r"%(?:\{([^}]*)\}|%)|\\([nrt])")
_RANGE = re.compile(r"\[(\d+-\d+(:\d+)?|[a-z]-[a-z](:\d+)?)\]")


@dataclass
class _Result:
    code: int
    message: str = ""


def run(request: Request) -> None:
    """Do what a call of curl says, and answer it when curl would end."""
    try:
        options = parse(request.args, request.read_file)
        for url in options.urls:
            _check_globbing(url, options)
    except Wrong as wrong:
        if not wrong.simulated:
            request.session.printed.refused("option", f"{request.shown}: {wrong}")
        hint = b"curl: try 'curl --help' or 'curl --manual' for more information\n" if wrong.code == 2 else b""
        number = "" if wrong.code == 2 else f"({wrong.code}) "
        request.finish(wrong.code, err=f"curl: {number}{wrong}\n".encode() + hint)
        return
    if options.wants_stdin and request.stdin is None:
        request.read_stdin(lambda: Curl(request, options).next_url())
    else:
        Curl(request, options).next_url()


def _check_globbing(url: str, options: Options) -> None:
    if "globoff" in options.flags:
        return
    at = url.find("[")
    if at >= 0 and not _RANGE.match(url, at):
        raise Wrong(f"bad range in URL position {at + 2}:", code=3)
    if at >= 0 or "{" in url:
        raise Wrong("several URLs in one by [] or {}: not simulated in a drill", code=2, simulated=False)


class Curl:
    """One call under way."""

    def __init__(self, request: Request, options: Options) -> None:
        """Nothing asked yet."""
        self.request, self.options = request, options
        self._env = request.session.world.env
        self._left = list(options.urls)
        self._out, self._err = bytearray(), bytearray()
        self._files: list[tuple[str, bytes]] = []
        self._heads = bytearray()
        self._code = 0
        self._url, self._redirects, self._retries = "", 0, 0
        self._first_try_us = self._env.now
        self._pause_us = SECOND
        self._method, self._body = "", b""
        self._number = -1

    def next_url(self) -> None:
        """Ask for the next URL of the command line, or end."""
        if not self._left:
            self._finish()
            return
        self._url, self._redirects, self._retries = self._left.pop(0), 0, 0
        self._number += 1
        self._first_try_us, self._pause_us = self._env.now, SECOND
        try:
            self._prepare()
        except Wrong as wrong:
            self._end_url(Outcome(), _Result(wrong.code, str(wrong)))
            return
        self._ask()

    def _prepare(self) -> None:
        options = self.options
        try:
            body = multipart(options.form, self._read) if options.form else options.body(self._read)
            if "upload-file" in options.values:
                body = self._read(options.values["upload-file"])
        except OSError as error:
            raise Wrong(f"Failed to open {error.filename or 'file'}", code=26) from None
        if body is not None and "get" in options.flags:
            self._url += ("&" if "?" in self._url else "?") + body.decode("utf-8", "replace")
            body = None
        default = "GET" if body is None else "POST"
        default = "PUT" if "upload-file" in options.values else default
        default = "HEAD" if "head" in options.flags else default
        self._method, self._body = options.values.get("request", default), body or b""

    def _read(self, path: str) -> bytes:
        return self.request.stdin or b"" if path == "-" else self.request.read_file(path)

    def _ask(self) -> None:
        options = self.options
        try:
            address = Address(self._url)
            connect_us = options.seconds("connect-timeout") or CONNECT_GIVES_UP_US
            max_us = options.seconds("max-time")
        except BadAddress as error:
            code = 1 if "not supported" in str(error) else 3
            self._end_url(Outcome(), _Result(code, str(error)))
            return
        except Wrong as wrong:
            self._end_url(Outcome(), _Result(wrong.code, str(wrong)))
            return
        transfer = Transfer(
            self._env, self.request.session.hosts, address, self._wire(address), self._heard,
            connect_timeout_us=connect_us, max_time_us=max_us, head_only=self._method == "HEAD",
        )  # fmt: skip
        self.request.on_gone = transfer.abort
        self.request.session.watch_for_hang(self.request, transfer)

    def _wire(self, address: Address) -> bytes:
        headers = {"Host": address.authority, "User-Agent": f"curl/{_VERSION}", "Accept": "*/*"}
        values = self.options.values
        user = values.get("user") or address.user
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        if "oauth2-bearer" in values:
            headers["Authorization"] = f"Bearer {values['oauth2-bearer']}"
        for option, name in (("user-agent", "User-Agent"), ("referer", "Referer"), ("cookie", "Cookie")):
            if option in values:
                headers[name] = values[option]
        if "range" in values:
            headers["Range"] = f"bytes={values['range']}"
        if self._body or self._method == "POST":
            headers["Content-Length"] = str(len(self._body))
        if any(kind == "json" for kind, _ in self.options.data):
            headers |= {"Content-Type": "application/json", "Accept": "application/json"}
        elif self.options.form:
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        elif self._body and "upload-file" not in values:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for line in self.options.headers:
            _set_header(headers, line)
        lines = [f"{self._method} {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self._body

    # What came of it.

    def _heard(self, outcome: Outcome) -> None:
        result = self._result(outcome)
        if "verbose" in self.options.flags:
            self._tell(outcome, result)
        if self._again(outcome, result):
            return
        location = outcome.headers.get("location")
        if result.code == 0 and "location" in self.options.flags and 300 <= outcome.status < 400 and location:
            self._heads += outcome.head
            if self._redirects >= self.options.number("max-redirs", 50):
                self._end_url(outcome, _Result(47, f"Maximum ({self._redirects}) redirects followed"))
                return
            self._redirects += 1
            if outcome.status == 303 or (outcome.status in (301, 302) and self._method == "POST"):
                self._method, self._body = "GET", b""
            self._url = urljoin(self._url if "://" in self._url else f"http://{self._url}", location)
            self._ask()
            return
        self._end_url(outcome, result)

    def _tell(self, outcome: Outcome, result: _Result) -> None:
        """What -v shows of a request and its answer."""
        address = Address(self._url)
        if outcome.connect_us:
            self._err += f"* Connected to {address.host} port {address.port} (#0)\n".encode()
            sent, _, _ = self._wire(address).partition(b"\r\n\r\n")
            self._err += b"".join(b"> " + line + b"\r\n" for line in sent.split(b"\r\n")) + b">\r\n"
        received = outcome.head.removesuffix(b"\r\n\r\n")
        if received:
            self._err += b"".join(b"< " + line + b"\r\n" for line in received.split(b"\r\n")) + b"<\r\n"
        if result.code:
            self._err += f"* {result.message}\n* Closing connection 0\n".encode()

    def _result(self, outcome: Outcome) -> _Result:
        try:
            address = Address(self._url)
        except BadAddress as error:
            return _Result(3, str(error))
        after_ms = outcome.total_us // 1000
        if outcome.problem == "timeout":
            if outcome.stage in ("connect", "tls"):
                place = f"{address.host} port {address.port}"
                return _Result(28, f"Failed to connect to {place} after {after_ms} ms: Timeout was reached")
            return _Result(
                28, f"Operation timed out after {after_ms} milliseconds with {len(outcome.body)} bytes received"
            )
        known = {
            "unresolved": _Result(6, f"Could not resolve host: {address.host}"),
            "refused": _Result(
                7, f"Failed to connect to {address.host} port {address.port} after {after_ms} ms: "
                "Couldn't connect to server",
            ),
            "reset": _Result(56, "Recv failure: Connection reset by peer"),
            "empty": _Result(52, "Empty reply from server"),
            "partial": _Result(18, "transfer closed with outstanding read data remaining"),
            "tls": _Result(35, "error:0A00010B:SSL routines::wrong version number"),
        }  # fmt: skip
        if outcome.problem == "unresolved":
            self.request.session.printed.refused("host", f"{address.host}:{address.port}")
        if outcome.problem:
            return known[outcome.problem]
        if outcome.status >= 400 and {"fail", "fail-with-body"} & self.options.flags:
            return _Result(22, f"The requested URL returned error: {outcome.status}")
        return _Result(0)

    def _again(self, outcome: Outcome, result: _Result) -> bool:
        """Whether it tries once more, as --retry says."""
        options = self.options
        transient = (
            outcome.status in _TRANSIENT if not outcome.problem else result.code == 28
            or (result.code == 7 and "retry-connrefused" in options.flags)
        )  # fmt: skip
        if result.code and "retry-all-errors" in options.flags:
            transient = True
        try:
            wanted, delay_us = options.number("retry", 0), options.seconds("retry-delay")
            longest_us = options.seconds("retry-max-time")
        except Wrong:
            return False
        if not transient or self._retries >= wanted:
            return False
        pause_us = delay_us or self._pause_us
        asked = outcome.headers.get("retry-after", "")
        if not delay_us and asked.isdigit():
            pause_us = max(pause_us, int(asked) * SECOND)
        if longest_us is not None and self._env.now + pause_us - self._first_try_us > longest_us:
            return False
        self._retries += 1
        self._pause_us = min(2 * self._pause_us, _LONGEST_PAUSE_US)
        if "silent" not in options.flags:
            why = f"HTTP {outcome.status}" if not outcome.problem else outcome.problem
            self._err += (
                f"Warning: Problem : {why}. Will retry in {pause_us // SECOND} seconds. "
                f"{wanted - self._retries + 1} retries left.\n"
            ).encode()
        self.request.on_gone = lambda: None
        self._env.call_later(pause_us, self._once_more)
        return True

    def _once_more(self) -> None:
        if not self.request.answered:
            self._ask()

    def _end_url(self, outcome: Outcome, result: _Result) -> None:
        options = self.options
        head = bytes(self._heads) + outcome.head
        self._heads.clear()
        shows_body = result.code != 22 or "fail-with-body" in options.flags
        content = b""
        if "head" in options.flags or "include" in options.flags:
            content += head
        if shows_body and "head" not in options.flags:
            content += outcome.body
        self._place(content)
        if "dump-header" in options.values:
            place = options.values["dump-header"]
            if place == "-":
                self._out += head
            else:
                self._files.append((place, head))
        if result.code:
            self._code = result.code
            if "silent" not in options.flags or "show-error" in options.flags:
                self._err += f"curl: ({result.code}) {result.message}\n".encode()
        if "write-out" in options.values:
            self._out += self._written_out(outcome, result).encode()
        self.next_url()

    def _place(self, content: bytes) -> None:
        outputs = self.options.outputs
        place = outputs[self._number] if self._number < len(outputs) else None
        if place is None and "remote-name" in self.options.flags:
            place = PurePosixPath(self._url.partition("?")[0]).name or "index"
        if place is None:
            self._out += content
        elif content or place:
            self._files.append((place, content))

    def _written_out(self, outcome: Outcome, result: _Result) -> str:
        seconds: Callable[[int], str] = lambda us: f"{us / SECOND:.6f}"  # noqa: E731
        known = {
            "http_code": f"{outcome.status:03d}", "response_code": f"{outcome.status:03d}",
            "exitcode": str(result.code), "errormsg": result.message,
            "time_total": seconds(outcome.total_us), "time_namelookup": seconds(0),
            "time_connect": seconds(outcome.connect_us), "time_appconnect": seconds(outcome.connect_us),
            "time_pretransfer": seconds(outcome.connect_us), "time_starttransfer": seconds(outcome.first_byte_us),
            "time_redirect": seconds(0), "size_download": str(len(outcome.body)), "size_upload": str(len(self._body)),
            "size_header": str(len(outcome.head)), "url_effective": self._url, "url": self._url,
            "num_redirects": str(self._redirects), "num_connects": "1", "method": self._method, "http_version": "1.1",
            "content_type": outcome.headers.get("content-type", ""), "ssl_verify_result": "0",
            "redirect_url": outcome.headers.get("location", ""), "scheme": "HTTPS" if "https" in self._url else "HTTP",
            "remote_ip": "", "speed_download": "0", "filename_effective": "",
        }  # fmt: skip
        text = self.options.values["write-out"]
        if text.startswith("@"):
            try:
                text = self._read(text[1:]).decode("utf-8", "replace")
            except OSError:
                text = ""
        escapes = {"n": "\n", "r": "\r", "t": "\t"}

        def shown(found: re.Match[str]) -> str:
            if found[2] is not None:
                return escapes[found[2]]
            return "%" if found[1] is None else known.get(found[1], "")

        return _VARIABLE.sub(shown, text)

    def _finish(self) -> None:
        self.request.finish(self._code, bytes(self._out), bytes(self._err), self._files)


def _set_header(headers: dict[str, str], line: str) -> None:
    name, colon, value = line.partition(":")
    if not colon:
        if line.endswith(";"):
            headers[line[:-1]] = ""
        return
    for known in [known for known in headers if known.lower() == name.strip().lower()]:
        del headers[known]
    if value.strip():
        headers[name.strip()] = value.strip()
