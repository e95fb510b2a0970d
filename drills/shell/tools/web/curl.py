"""curl, with the options that runbooks use, its exit codes, its silence under `-s`, and its globbing of URLs."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote_plus

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.options import Options, UnknownOption, read_options
from drills.shell.tools.web.globbing import GlobError, expand
from drills.shell.tools.web.transfer import Got, Wanted, transfer
from drills.shell.tools.web.wire import web_of
from sim.actors.http import Response
from sim.clock import SECOND

_VALUED = {
    "-X": "request", "--request": "request", "-d": "data", "--data": "data", "--data-raw": "data-raw",
    "--data-binary": "data-binary", "--data-ascii": "data", "--data-urlencode": "data-urlencode", "--json": "json",
    "-H": "header", "--header": "header", "-o": "output", "--output": "output", "-w": "write-out",
    "--write-out": "write-out", "-u": "user", "--user": "user", "-m": "max-time", "--max-time": "max-time",
    "--connect-timeout": "connect-timeout", "--retry": "retry", "--retry-delay": "retry-delay",
    "--retry-max-time": "retry-max-time", "-A": "user-agent", "--user-agent": "user-agent", "-e": "referer",
    "-b": "cookie", "--cookie": "cookie", "-c": "cookie-jar", "--cacert": "cacert", "--cert": "cert", "-E": "cert",
    "--key": "key", "--resolve": "resolve", "--connect-to": "connect-to", "-x": "proxy", "--proxy": "proxy",
    "-F": "form", "--form": "form", "--url": "url", "-T": "upload-file", "--unix-socket": "unix-socket",
    "--oauth2-bearer": "bearer", "--interface": "interface", "--limit-rate": "limit-rate", "-r": "range",
}  # fmt: skip
_FLAGS = {
    "-s": "silent", "--silent": "silent", "-S": "show-error", "--show-error": "show-error", "-f": "fail",
    "--fail": "fail", "--fail-with-body": "fail-with-body", "-k": "insecure", "--insecure": "insecure",
    "-i": "include", "--include": "include", "-I": "head", "--head": "head", "-L": "location",
    "--location": "location", "-G": "get", "--get": "get", "-g": "globoff", "--globoff": "globoff", "-v": "verbose",
    "--verbose": "verbose", "-O": "remote-name", "-N": "no-buffer", "--no-buffer": "no-buffer", "-4": "ipv4",
    "-6": "ipv6", "--compressed": "compressed", "--http1.1": "http1.1", "--http2": "http2", "-q": "disable",
    "--retry-connrefused": "retry-connrefused", "--retry-all-errors": "retry-all-errors", "-#": "progress-bar",
    "--no-progress-meter": "no-progress-meter", "-J": "remote-header-name", "--ssl-no-revoke": "ssl-no-revoke",
    "--tlsv1.2": "tls", "-n": "netrc", "--raw": "raw", "-Z": "parallel",
}  # fmt: skip
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_FILE_MARK = re.compile(r"^@(.*)$", re.S)


def curl(call: Call) -> Result:
    """Run one curl command."""
    try:
        options = read_options(call.args, _VALUED, _FLAGS)
    except UnknownOption as error:
        if error.lacks_value:
            return _usage(f"option {error.option}: requires parameter")
        return _usage(f"option {error.option}: is unknown")
    for unsupported in ("form", "upload-file", "proxy", "unix-socket", "resolve", "connect-to"):
        if options.has(unsupported):
            raise NotHere(f"curl --{unsupported} is not known here")
    urls = [*options.all("url"), *options.words, *(options.behind or [])]
    if not urls:
        return _usage("no URL specified!")
    out, err, code = "", "", 0
    for written in urls:
        try:
            expanded = [written] if options.has("globoff") else expand(written)
        except GlobError as error:
            call.terminal.finding(
                "curl_glob", f"curl takes the brackets of {written[:80]!r} for a range and sends nothing"
            )
            words = f"curl: (3) {error}:\n{written}\n{' ' * (error.position - 1)}^\n"
            return Result(out, err + ("" if _quiet(options) else words), 3)
        for url in expanded:
            result = _fetch(call, options, url)
            out, err, code = out + result.out, err + result.err, result.code
    return Result(out, err, code)


def _usage(words: str) -> Result:
    return Result(err=f"curl: {words}\ncurl: try 'curl --help' or 'curl --manual' for more information\n", code=2)


def _quiet(options: Options) -> bool:
    return options.has("silent") and not options.has("show-error")


def _fetch(call: Call, options: Options, url: str) -> Result:
    wanted = _wanted(call, options, url)
    if isinstance(wanted, Result):
        return wanted
    tries = 1 + (int(options.one("retry")) if options.one("retry").isdigit() else 0)
    pause_s, notes = 1, ""
    while True:
        got = transfer(call, web_of(call), wanted)
        tries -= 1
        again = _transient(got, options)
        if tries < 1 or not again:
            break
        delay = options.one("retry-delay")
        wait_s = int(delay) if delay.isdigit() and int(delay) else pause_s
        if not _quiet(options):
            notes += f"Warning: Problem: {again}. Will retry in {wait_s} seconds. {tries} retries left.\n"
        call.wait_us(wait_s * SECOND)
        pause_s *= 2
    if got.hung:
        call.terminal.finding("hang", f"no timeout was given: curl {url.split('?')[0]} hangs")
    result = _shown(call, options, got)
    if got.response is not None and got.response.status >= 400 and result.code == 0 and wanted.method not in ("GET",
    "HEAD"):
        where = url.split("?")[0]
        text = f"{wanted.method} {where} was answered {got.response.status}, and the command succeeds all the same"
        call.terminal.finding("http_error", text)
    return Result(result.out, notes + result.err, result.code)


def _transient(got: Got, options: Options) -> str:
    if got.code == 28:
        return "timeout"
    if got.code == 7 and (options.has("retry-connrefused") or options.has("retry-all-errors")):
        return "connection refused"
    if got.code and options.has("retry-all-errors"):
        return "(retrying all errors)"
    return "HTTP error" if got.response is not None and got.response.status in _TRANSIENT else ""


def _wanted(call: Call, options: Options, url: str) -> Wanted | Result:
    try:
        data = _data(call, options)
    except FileNotFoundError as error:
        return Result(err=f"curl: option --data: error encountered when reading a file\ncurl: {error}\n", code=26)
    headers = {"user-agent": options.one("user-agent", "curl/7.88.1"), "accept": "*/*"}
    if data is not None and not options.has("get"):
        headers["content-type"] = "application/json" if options.has("json") else "application/x-www-form-urlencoded"
    for header in options.all("header"):
        name, colon, value = header.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    if options.one("user"):
        headers["authorization"] = "Basic " + base64.b64encode(options.one("user").encode()).decode()
    if options.one("bearer"):
        headers["authorization"] = f"Bearer {options.one('bearer')}"
    if data is not None and options.has("get"):
        url += ("&" if "?" in url else "?") + data
        data = None
    method = options.one("request").upper() or (
        "HEAD" if options.has("head") else "POST" if data is not None else "GET"
    )
    times = []
    for name in ("max-time", "connect-timeout"):
        text = options.one(name)
        try:
            times.append(round(float(text) * SECOND) if text and float(text) > 0 else None)
        except ValueError:
            return _usage(f"option {name}: expected a proper numerical parameter")
    return Wanted(method, url, headers, (data or "").encode("utf-8", "surrogateescape"), times[0], times[1],
                  options.has("location"))  # fmt: skip


def _data(call: Call, options: Options) -> str | None:
    parts = []
    for kind in ("data", "data-binary", "data-raw", "json"):
        for given in options.all(kind):
            marked = _FILE_MARK.match(given) if kind != "data-raw" else None
            if marked is None:
                parts.append(given)
            else:
                text = (call.stdin or "") if marked.group(1) == "-" else call.read(marked.group(1))
                parts.append(text if kind != "data" else text.replace("\n", "").replace("\r", ""))
    for given in options.all("data-urlencode"):
        name, equals, value = given.partition("=")
        parts.append(f"{name}={quote_plus(value)}" if equals and name else quote_plus(value if equals else given))
    if not parts:
        return None
    return ("" if options.has("json") else "&").join(parts)


def _shown(call: Call, options: Options, got: Got) -> Result:
    out, err, code = "", "", got.code
    body = ""
    if got.response is not None:
        body = got.response.body.decode("utf-8", "replace")
        failed = got.response.status >= 400 and (options.has("fail") or options.has("fail-with-body"))
        if failed:
            code = 22
            if not _quiet(options):
                err += f"curl: (22) The requested URL returned error: {got.response.status}\n"
        if options.has("include") or options.has("head"):
            out += _head(got.response)
        if not options.has("head") and not (failed and not options.has("fail-with-body")):
            out += body
    elif not _quiet(options):
        err += f"curl: ({got.code}) {got.words}\n"
    if options.has("verbose"):
        err = f"* Connected to {got.url}\n{err}" if got.response is not None else err
    target = options.one("output") or (got.url.split("?")[0].rpartition("/")[2] if options.has("remote-name") else "")
    if target and got.response is not None:
        if target != "/dev/null" and target != "-":
            try:
                call.terminal.write_file(call.path(target), out)
            except (FileNotFoundError, IsADirectoryError):
                return Result("", "curl: (23) Failure writing output to destination\n", 23)
        out = out if target == "-" else ""
    return Result(out + _written(options.one("write-out"), got, code, len(body)), err, code)


def _head(response: Response) -> str:
    from http import HTTPStatus

    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {response.status} {phrase}".rstrip()]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(response.body)}", "", ""])


def _written(template: str, got: Got, code: int, size: int) -> str:
    if not template:
        return ""
    status = got.response.status if got.response is not None else 0
    seconds = f"{got.took_us / SECOND:.6f}"
    known = {
        "http_code": f"{status:03d}", "response_code": f"{status:03d}", "time_total": seconds,
        "time_connect": "0.020000" if got.response is not None else "0.000000", "time_starttransfer": seconds,
        "time_namelookup": "0.001000", "time_appconnect": "0.000000", "time_pretransfer": "0.020000",
        "size_download": str(size), "url_effective": got.url, "exitcode": str(code), "errormsg": got.words,
        "num_redirects": "0", "method": "", "content_type": (got.response.headers.get("Content-Type",
        "") if got.response else ""),
        "remote_ip": "10.0.0.1", "scheme": got.url.partition(":")[0].upper(), "ssl_verify_result": "0",
        "http_version": "1.1",
    }  # fmt: skip
    text = re.sub(r"%\{(\w+)\}", lambda m: known.get(m.group(1), ""), template)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("%%", "%")


TOOLS = {
    "curl": Program(curl, "the firm's API, Prometheus, Alertmanager, broker, status pages, webhooks; real exit codes"),
}
