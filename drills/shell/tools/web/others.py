"""wget and HTTPie on the same wire as curl, with their own words and exit codes."""

from __future__ import annotations

import json
import re

from drills.shell.program import Program
from drills.shell.tool import Call, Result
from drills.shell.tools.options import UnknownOption, read_options
from drills.shell.tools.web.transfer import Got, Wanted, transfer
from drills.shell.tools.web.wire import web_of
from sim.clock import SECOND

_WGET_VALUED = {
    "-O": "output", "--output-document": "output", "-T": "timeout", "--timeout": "timeout", "-t": "tries",
    "--tries": "tries", "--header": "header", "--post-data": "post-data", "--method": "method", "--user": "user",
    "--body-data": "post-data", "--password": "password", "-o": "log", "-P": "prefix",
}  # fmt: skip
_WGET_FLAGS = {
    "-q": "quiet", "--quiet": "quiet", "-S": "server-response", "--server-response": "server-response",
    "--spider": "spider", "-c": "continue", "--no-check-certificate": "insecure", "-nv": "no-verbose", "-v": "verbose",
}  # fmt: skip


def wget(call: Call) -> Result:
    """GNU wget: 0, 4 network failure, 8 an error response."""
    try:
        options = read_options(call.args, _WGET_VALUED, _WGET_FLAGS)
    except UnknownOption as error:
        return Result(err=f"wget: unrecognized option '{error.option}'\nUsage: wget [OPTION]... [URL]...\n", code=2)
    if not options.words:
        return Result(err="wget: missing URL\nUsage: wget [OPTION]... [URL]...\n", code=1)
    body = options.one("post-data")
    method = options.one("method") or (
        "POST" if options.has("post-data") else "HEAD" if options.has("spider") else "GET"
    )
    headers = {n.strip().lower(): v.strip() for n, _, v in (h.partition(":") for h in options.all("header"))}
    timeout = options.one("timeout")
    limit_us = round(float(timeout) * SECOND) if re.fullmatch(r"\d+(?:\.\d+)?", timeout) else None
    got = transfer(
        call, web_of(call), Wanted(method, options.words[0], headers, body.encode(), limit_us, limit_us, True)
    )
    quiet = options.has("quiet")
    if got.hung:
        call.terminal.finding("hang", f"no timeout was given: wget {options.words[0]} hangs")
    if got.response is None:
        return Result(err="" if quiet else f"wget: {got.words}\n", code=4)
    if got.response.status >= 400:
        return Result(err="" if quiet else f"ERROR {got.response.status}.\n", code=8)
    text = got.response.body.decode("utf-8", "replace")
    if options.has("spider"):
        return Result(err="" if quiet else "Remote file exists.\n")
    target = options.one("output") or got.url.split("?")[0].rstrip("/").rpartition("/")[2] or "index.html"
    if target == "-":
        return Result(text)
    call.terminal.write_file(call.path(target), text)
    return Result(err="" if quiet else f"'{target}' saved [{len(text)}]\n")


def http(call: Call) -> Result:
    """HTTPie: `http [METHOD] URL [Header:value] [field=value] [field:=json] [name==query]`."""
    words = [word for word in call.args if not word.startswith("-")]
    method = words.pop(0) if words and re.fullmatch(r"[A-Z]+", words[0]) else ""
    if not words:
        return Result(err="usage: http [METHOD] URL [REQUEST_ITEM ...]\n", code=2)
    url, fields, headers, query = words[0], {}, {}, []
    for item in words[1:]:
        match = re.fullmatch(r"([^:=@]+)(:=|==|=|:)(.*)", item, re.S)
        if match is None:
            return Result(err=f"http: error: argument REQUEST_ITEM: '{item}' is not a valid value\n", code=2)
        name, sign, value = match.groups()
        if sign == ":":
            headers[name.lower()] = value
        elif sign == "==":
            query.append(f"{name}={value}")
        else:
            fields[name] = json.loads(value) if sign == ":=" else value
    if url.startswith(":"):
        url = f"localhost{url if not url.startswith(':/') else url[1:]}"
    if query:
        url += ("&" if "?" in url else "?") + "&".join(query)
    body = json.dumps(fields).encode() if fields else b""
    if body:
        headers.setdefault("content-type", "application/json")
    got = transfer(call, web_of(call), Wanted(method or ("POST" if body else "GET"), url, headers, body, 30 * SECOND))
    return _httpie(call, got)


def _httpie(call: Call, got: Got) -> Result:
    if got.response is None:
        return Result(err=f"\nhttp: error: {got.words}\n", code=2 if got.code == 28 else 1)
    text = got.response.body.decode("utf-8", "replace")
    check = "--check-status" in call.args and got.response.status >= 400
    return Result(text, code=got.response.status // 100 if check else 0)


TOOLS = {
    "wget": Program(wget, "as curl, with wget's options -q -O -T -t --spider --post-data and its exit codes"),
    "http": Program(http, "HTTPie: method, headers, JSON fields, query"),
}
