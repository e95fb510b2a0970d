"""curl's command line: the options that scripts use, read as curl reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from sim.lockstep.durations import seconds_us

_SHORT = {
    "X": "request", "d": "data", "H": "header", "o": "output", "w": "write-out", "u": "user", "m": "max-time",
    "A": "user-agent", "e": "referer", "b": "cookie", "c": "cookie-jar", "x": "proxy", "T": "upload-file", "F": "form",
    "K": "config", "D": "dump-header", "E": "cert", "y": "speed-time", "Y": "speed-limit", "r": "range",
    "s": "silent", "S": "show-error", "f": "fail", "k": "insecure", "i": "include", "I": "head", "L": "location",
    "G": "get", "g": "globoff", "O": "remote-name", "v": "verbose", "N": "no-buffer", "4": "ipv4", "6": "ipv6",
    "q": "disable", "#": "progress-bar", "0": "http1.0", "1": "tlsv1", "n": "netrc", "R": "remote-time",
    "J": "remote-header-name", "Z": "parallel", "a": "append", "C": "continue-at", "z": "time-cond", "U": "proxy-user",
}  # fmt: skip
_TAKE_VALUE = frozenset({
    "request", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "header", "output",
    "write-out", "user", "max-time", "connect-timeout", "retry", "retry-delay", "retry-max-time", "user-agent",
    "referer", "cookie", "url", "dump-header", "max-redirs", "oauth2-bearer", "upload-file", "output-dir", "stderr",
    "form", "form-string", "config", "range",
})  # fmt: skip
_IGNORED_WITH_VALUE = frozenset({
    "cookie-jar", "cert", "key", "cacert", "capath", "resolve", "connect-to", "speed-time", "speed-limit",
    "limit-rate", "keepalive-time", "ciphers", "tls-max", "noproxy", "interface", "dns-servers", "cert-type",
    "key-type", "pass", "happy-eyeballs-timeout-ms", "max-filesize", "tls13-ciphers", "proto", "proto-default",
    "proto-redir", "expect100-timeout", "crlfile", "pinnedpubkey", "engine", "time-cond", "proxy-user", "proxy",
    "preproxy", "socks5", "socks5-hostname", "socks4", "socks4a", "proxy-header", "proxy-cacert",
})  # fmt: skip
_IGNORED = frozenset({
    "insecure", "no-buffer", "remote-header-name", "ipv4", "ipv6", "disable", "progress-bar", "http1.0", "http1.1",
    "http2", "http2-prior-knowledge", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "netrc", "netrc-optional",
    "remote-time", "fail-early", "compressed", "no-progress-meter", "no-keepalive", "tcp-nodelay", "raw",
    "path-as-is", "ssl", "ssl-reqd", "no-sessionid", "tcp-fastopen", "post301", "post302", "post303",
    "location-trusted", "create-dirs", "parallel", "basic", "anyauth", "no-alpn", "no-npn", "trace-time",
    "styled-output", "no-styled-output",
})  # fmt: skip
_FLAGS = frozenset({
    "silent", "show-error", "fail", "fail-with-body", "include", "head", "location", "get", "globoff", "remote-name",
    "retry-connrefused", "retry-all-errors", "verbose",
})  # fmt: skip
_NOT_HERE = frozenset({
    "next", "continue-at", "append", "unix-socket", "abstract-unix-socket", "aws-sigv4", "negotiate", "digest",
    "ntlm",
})  # fmt: skip


class Wrong(Exception):
    """The command line is none that curl takes, or none that is simulated; `code` is curl's exit status."""

    def __init__(self, message: str, code: int = 2, simulated: bool = True) -> None:
        """`simulated` is False for what curl knows and the drill does not."""
        super().__init__(message)
        self.code, self.simulated = code, simulated


@dataclass
class Options:
    """One call of curl."""

    urls: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    """Per URL where its body goes; None or `-` is standard output."""
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    """Options of which the last counts."""
    headers: list[str] = field(default_factory=list)
    data: list[tuple[str, str]] = field(default_factory=list)
    """Kind (`data`, `data-raw`, `data-binary`, `data-urlencode`, `json`) and what was given."""
    form: list[tuple[str, str]] = field(default_factory=list)
    """Kind (`form`, `form-string`) and what was given."""

    def seconds(self, name: str) -> int | None:
        """A duration option in microseconds; None when not given (or 0, which curl takes for none)."""
        if name not in self.values:
            return None
        us = seconds_us(self.values[name])
        if us is None:
            raise Wrong(f"option --{name}: expected a proper numerical parameter")
        return us or None

    def number(self, name: str, default: int) -> int:
        """A whole number option."""
        text = self.values.get(name, str(default))
        if not (text.isascii() and text.isdigit()):
            raise Wrong(f"option --{name}: expected a proper numerical parameter")
        return int(text)

    @property
    def wants_stdin(self) -> bool:
        """Whether it reads its standard input."""
        if self.values.get("upload-file") == "-" or any(_reads_file(kind, text) == "-" for kind, text in self.data):
            return True
        return any(kind == "form" and ("=@-" in text or "=<-" in text) for kind, text in self.form)

    def body(self, read: Callable[[str], bytes]) -> bytes | None:
        """The data of all `-d`s; `read` gives the content of a file (`-`: standard input)."""
        if not self.data:
            return None
        return b"".join((b"" if i == 0 or kind == "json" else b"&") + _piece(kind, text, read)
                        for i, (kind, text) in enumerate(self.data))  # fmt: skip


def parse(args: list[str], read: Callable[[str], bytes] = lambda path: b"") -> Options:
    """The options of a command line; Wrong when curl would refuse it or a drill cannot give it.

    `read` gives the content of a file of options (`-K`).
    """
    options = Options()
    words = _with_configs(args, read)
    plain_only = False
    while words:
        word = words.pop(0)
        if plain_only or word == "-" or not word.startswith("-"):
            options.urls.append(word)
        elif word == "--":
            plain_only = True
        elif word.startswith("--"):
            _take(options, word[2:], word, None, words)
        else:
            _take_cluster(options, word, words)
    if not options.urls:
        raise Wrong("no URL specified!")
    return options


def _with_configs(args: list[str], read: Callable[[str], bytes]) -> list[str]:
    """The words with those of each file of options in their place."""
    words: list[str] = []
    given = iter(args)
    for word in given:
        if word in ("-K", "--config"):
            path = next(given, "")
        elif word.startswith(("-K", "--config=")) and not word.startswith("--config-"):
            path = word.partition("=")[2] if word.startswith("--") else word[2:]
        else:
            words.append(word)
            continue
        if path == "-":
            raise Wrong("option -K: options from the standard input are not simulated in a drill", simulated=False)
        try:
            text = read(path).decode("utf-8", "replace")
        except OSError:
            raise Wrong(f"cannot read config from '{path}'", code=26) from None
        words += [word for line in text.splitlines() for word in _config_line(line)]
    return words


def _config_line(line: str) -> list[str]:
    """One line of a file of options: `url = "..."`, `-H "..."`, `silent`."""
    line = line.strip()
    if not line or line.startswith("#"):
        return []
    name, *rests = re.split(r"[\s=:]+", line, maxsplit=1)
    rest = rests[0] if rests else ""
    name = name if name.startswith("-") else f"--{name}"
    if rest.startswith('"'):
        quoted = re.match(r'"((?:\\.|[^"\\])*)"', rest)
        rest = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted is not None else rest[1:]
    return [name, rest] if rest else [name]


def _take_cluster(options: Options, word: str, words: list[str]) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        name = _SHORT.get(letter)
        if name is None:
            raise Wrong(f"option {word}: is unknown")
        if _has_value(name):
            _take(options, name, f"-{letter}", letters or None, words)
            return
        _take(options, name, f"-{letter}", None, words)


def _has_value(name: str) -> bool:
    return name in _TAKE_VALUE or name in _IGNORED_WITH_VALUE


def _take(options: Options, name: str, shown: str, value: str | None, words: list[str]) -> None:
    if name in _NOT_HERE:
        raise Wrong(f"option {shown}: not simulated in a drill", simulated=False)
    if name in _FLAGS or (name.startswith("no-") and name[3:] in _FLAGS):
        (options.flags.add if not name.startswith("no-") else options.flags.discard)(name.removeprefix("no-"))
        return
    if name in _IGNORED or name.removeprefix("no-") in _IGNORED:
        return
    if not _has_value(name):
        raise Wrong(f"option {shown}: is unknown")
    if value is None:
        if not words:
            raise Wrong(f"option {shown}: requires parameter")
        value = words.pop(0)
    if name in _IGNORED_WITH_VALUE:
        return
    if name in ("data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json"):
        options.data.append(("data" if name == "data-ascii" else name, value))
    elif name in ("form", "form-string"):
        options.form.append((name, value))
    elif name == "header":
        options.headers.append(value)
    elif name == "url":
        options.urls.append(value)
    elif name == "output":
        options.outputs.append(None if value == "-" else value)
    else:
        options.values[name] = value


def _reads_file(kind: str, text: str) -> str | None:
    """The file that a piece of data is read from; None when it is given as it is."""
    if kind in ("data", "data-binary", "json") and text.startswith("@"):
        return text[1:]
    if kind == "data-urlencode" and "@" in text and "=" not in text.partition("@")[0]:
        return text.partition("@")[2]
    return None


def _piece(kind: str, text: str, read: Callable[[str], bytes]) -> bytes:
    file = _reads_file(kind, text)
    if kind != "data-urlencode":
        if file is None:
            return text.encode("utf-8", "surrogateescape")
        content = read(file)
        return content.translate(None, b"\r\n\0") if kind == "data" else content
    if file is not None:
        name, content = text.partition("@")[0], read(file)
    elif "=" in text:
        name, _, rest = text.partition("=")
        content = rest.encode()
    else:
        name, content = "", text.encode()
    return (f"{name}=" if name else "").encode() + quote(content, safe="").encode()
