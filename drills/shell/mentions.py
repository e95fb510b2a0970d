"""The names that commands use for a team's own things: what they scale, restart, query and read.

A scan of words, not an execution: it sees every command of a runbook, also those in a branch that is not
taken, so that one naming can be made for all of them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_ENDS = frozenset({"|", "||", "&&", ";", "&", "|&", ")", "(", "}", "{", "do", "then", ">", ">>", "<"})
_KINDS = {
    "deployment": "deployment", "deployments": "deployment", "deploy": "deployment", "deployment.apps": "deployment",
    "statefulset": "deployment", "statefulsets": "deployment", "sts": "deployment", "daemonset": "deployment",
    "ds": "deployment", "svc": "deployment", "service": "deployment", "services": "deployment",
    "pod": "pod", "pods": "pod", "po": "pod", "cm": "configmap", "configmap": "configmap",
    "configmaps": "configmap", "secret": "secret", "node": "node", "nodes": "node", "rs": "deployment",
}  # fmt: skip
_KUBE_VALUED = frozenset(
    [
        "-n",
        "--namespace",
        "-l",
        "--selector",
        "-c",
        "--container",
        "-o",
        "--output",
        "--context",
        "--tail",
        "--since",
        "-p",
        "--patch",
        "--type",
        "--replicas",
        "--kubeconfig",
        "--sort-by",
        "--field-selector",
        "-f",
        "--filename",
        "--to-revision",
        "--timeout",
        "--for",
        "--limits",
        "--requests",
    ]
)
_DOCKER_VERBS = frozenset(
    [
        "restart",
        "stop",
        "start",
        "logs",
        "exec",
        "inspect",
        "kill",
        "rm",
        "pause",
        "unpause",
        "top",
        "port",
        "cp",
        "update",
        "stats",
        "wait",
    ]
)
_DOCKER_VALUED = frozenset(
    [
        "-n",
        "--tail",
        "--since",
        "--until",
        "-t",
        "--time",
        "-e",
        "--env",
        "-u",
        "--user",
        "-w",
        "--workdir",
        "-f",
        "--file",
        "-p",
    ]
)
_METRIC = re.compile(r"[a-zA-Z_:][\w:]*")
_PROMQL_WORDS = frozenset(
    [
        "sum",
        "avg",
        "min",
        "max",
        "count",
        "by",
        "without",
        "rate",
        "increase",
        "irate",
        "delta",
        "histogram_quantile",
        "topk",
        "bottomk",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "and",
        "or",
        "unless",
        "offset",
        "le",
        "absent",
        "time",
        "vector",
        "scalar",
        "clamp",
        "clamp_min",
        "clamp_max",
        "round",
        "abs",
        "quantile",
        "avg_over_time",
        "max_over_time",
        "min_over_time",
        "sum_over_time",
        "count_over_time",
        "label_replace",
        "stddev",
        "changes",
        "resets",
    ]
)


@dataclass
class Mentions:
    """Names by kind, each in the order of first mention, with the line it was first read on."""

    names: dict[str, dict[str, int]] = field(default_factory=dict)
    namespaces: dict[str, list[str]] = field(default_factory=dict)
    """Namespace by base of what is named in it; `""` for commands that name nothing."""
    without_namespace: dict[str, int] = field(default_factory=dict)
    """Pods and deployments that were named without a namespace, with the line."""
    containers_of: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str, line: int) -> None:
        """Note a name."""
        if name and re.match(r"^[\w./:*@-]+$", name) and not name.startswith("-"):
            self.names.setdefault(kind, {}).setdefault(name, line)

    def of(self, kind: str) -> list[str]:
        """The names of a kind."""
        return list(self.names.get(kind, {}))

    def line(self, kind: str, name: str) -> int:
        """Where a name was first read."""
        return self.names.get(kind, {}).get(name, 0)


def mentions(commands: Iterable[tuple[str, int]]) -> Mentions:
    """Everything that `commands` (text and line) name."""
    found = Mentions()
    for text, line in commands:
        read_command(found, text, line)
    return found


def read_command(found: Mentions, text: str, line: int) -> None:
    """Note what one command text names."""
    before = ""
    for words in simple_commands(text):
        if before == "ps" and words[0] in ("grep", "egrep"):
            _grep(found, words[1:], line)
        _read(found, words, line)
        before = words[0]
    for url in re.findall(r"(?:https?|wss?)://[^\s'\"<>|)]+|\b(?:localhost|127\.0\.0\.1):\d+[^\s'\"<>|)]*", text):
        _read_url(found, url, line)


def simple_commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a text as words; what cannot be split properly is split at blanks."""
    text = re.sub(r"\\\n", " ", text)
    for piece in _statements(text):
        words: list[str] = []
        skip = False
        for word in _split(piece):
            if skip:
                skip = False  # the file of a redirection
            elif set(word) <= set("<>&|") and set(word) & set("<>"):
                skip = True
                if words and words[-1].isdigit():
                    words.pop()
            elif word in _ENDS:
                if words:
                    yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def _statements(text: str) -> list[str]:
    """By lines, but a quoted text may go over several."""
    pieces, open_text = [], ""
    for line in text.split("\n"):
        open_text = f"{open_text}\n{line}" if open_text else line
        if open_text.count("'") % 2 == 0 and len(re.findall(r'(?<!\\)"', open_text)) % 2 == 0:
            pieces.append(open_text)
            open_text = ""
    return [*pieces, open_text] if open_text else pieces


def _split(text: str) -> list[str]:
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        return list(lexer)
    except ValueError:
        return text.split()


def _read(found: Mentions, words: list[str], line: int) -> None:
    while words and (
        re.match(r"^\w+=", words[0]) or words[0] in ("sudo", "time", "watch", "nohup", "env", "exec", "!")
    ):
        words = words[1:]
        while words and (words[0].startswith("-") or words[0].isdigit()):
            words = words[1:]
        if words and " " in words[0]:  # watch 'command line'
            read_command(found, words[0], line)
            return
    if not words:
        return
    program = words[0].rsplit("/", 1)[-1]
    reader = _READERS.get(program)
    if reader is not None:
        reader(found, words[1:], line)


def _option(words: list[str], *names: str) -> str:
    for i, word in enumerate(words):
        if word in names and i + 1 < len(words):
            return words[i + 1]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
        if len(word) > 2 and word[:2] in names and not word.startswith("--"):
            return word[2:]
    return ""


def _plain(words: list[str], valued: frozenset[str]) -> list[str]:
    plain, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith("-"):
            plain.append(word)
    return plain


def _kubectl(found: Mentions, words: list[str], line: int) -> None:
    if "--" in words:
        at = words.index("--")
        _read(found, words[at + 1 :], line)
        words = words[:at]
    namespace = _option(words, "-n", "--namespace")
    plain = _plain(words, _KUBE_VALUED)
    verb, rest = (plain[0], plain[1:]) if plain else ("", [])
    if verb == "rollout":
        rest = rest[1:]
    if verb == "set":
        rest = rest[1:]
    targets: list[tuple[str, str]] = []
    selector = _option(words, "-l", "--selector")
    for term in selector.split(","):
        key, equals, value = term.partition("=")
        if equals and key in ("app", "app.kubernetes.io/name", "component", "service", "name", "k8s-app"):
            targets.append(("deployment", value.strip("=")))
    targets += _targets(verb, rest)[: 1 if verb == "patch" else None]
    container = _option(words, "-c", "--container")
    for kind, name in targets:
        found.add(kind, name, line)
        found.namespaces.setdefault(name, []).append(namespace)
        if container and kind in ("deployment", "pod"):
            found.containers_of[container] = name
        if not namespace and kind in ("deployment", "pod"):
            found.without_namespace.setdefault(name, line)
    if namespace:
        found.add("namespace", namespace, line)
        if not targets:
            found.namespaces.setdefault("", []).append(namespace)


def _targets(verb: str, rest: list[str]) -> list[tuple[str, str]]:
    if verb in ("exec", "logs", "cp", "port-forward", "attach") and rest:
        name = rest[0].partition(":")[0]
        kind, slash, named = name.partition("/")
        return [(_KINDS.get(kind, "pod"), named)] if slash else [("pod", name)]
    if verb == "top" and rest[1:]:
        return [(_KINDS.get(rest[0], "pod"), name) for name in rest[1:]]
    targets = []
    kind = ""
    for word in rest:
        head, slash, named = word.partition("/")
        if slash and head in _KINDS:
            targets.append((_KINDS[head], named))
        elif not kind:
            kind = _KINDS.get(word, "other") if "," not in word else "other"
        elif kind != "other" and "=" not in word:
            targets.append((kind, word))
    return targets


def _docker(found: Mentions, words: list[str], line: int) -> None:
    follows = "logs" in words and "-f" in words[words.index("logs") :]  # there it has no value
    plain = _plain(words, _DOCKER_VALUED - {"-f"} if follows else _DOCKER_VALUED)
    if plain[:1] in (["compose"], ["container"]):
        plain = plain[1:]
    if plain and plain[0] in _DOCKER_VERBS | {"up", "down"}:
        names = plain[1:2] if plain[0] in ("exec", "cp") else plain[1:]
        for name in names:
            found.add("container", name.partition(":")[0], line)
    if plain[:1] == ["exec"] and len(plain) > 2:
        at = words.index(plain[1]) + 1
        _read(found, words[at:], line)


def _systemd(found: Mentions, words: list[str], line: int) -> None:
    for name in _plain(words, frozenset({"-n", "-H", "--lines", "-t"}))[1:]:
        found.add("unit", name, line)


def _service(found: Mentions, words: list[str], line: int) -> None:
    for name in words[:1]:
        found.add("unit", name, line)


def _journal(found: Mentions, words: list[str], line: int) -> None:
    found.add("unit", _option(words, "-u", "--unit"), line)


def _sql(found: Mentions, words: list[str], line: int) -> None:
    found.add("database", _option(words, "-d", "--dbname"), line)
    found.add("host", _option(words, "-h", "--host"), line)


def _redis(found: Mentions, words: list[str], line: int) -> None:
    found.add("host", _option(words, "-h"), line)


def _host(found: Mentions, words: list[str], line: int) -> None:
    for name in _plain(words, frozenset({"-c", "-w", "-W", "-i", "-p"}))[:1]:
        found.add("host", name, line)


def _process(found: Mentions, words: list[str], line: int) -> None:
    for name in _plain(words, frozenset({"-u", "-s"})):
        if not name.isdigit():
            found.add("process", name, line)


def _grep(found: Mentions, words: list[str], line: int) -> None:
    """What is looked for in the list of processes."""
    for name in _plain(words, frozenset({"-e", "-A", "-B", "-C", "-m"}))[:1]:
        if re.fullmatch(r"[\w.-]{3,60}", name):
            found.add("grepped", name, line)


def _helm(found: Mentions, words: list[str], line: int) -> None:
    plain = _plain(words, frozenset({"-n", "--namespace", "-f", "--set"}))
    if plain[:1] and plain[0] in ("rollback", "history", "status", "upgrade", "uninstall") and plain[1:]:
        found.add("deployment", plain[1], line)
        found.namespaces.setdefault(plain[1], []).append(_option(words, "-n", "--namespace"))


_READERS = {
    "kubectl": _kubectl, "oc": _kubectl, "docker": _docker, "docker-compose": _docker, "podman": _docker,
    "systemctl": _systemd, "service": _service, "journalctl": _journal, "supervisorctl": _systemd, "psql": _sql,
    "pg_dump": _sql, "redis-cli": _redis, "ping": _host, "nc": _host, "telnet": _host, "dig": _host,
    "nslookup": _host, "traceroute": _host, "pgrep": _process, "pkill": _process, "killall": _process, "helm": _helm,
}  # fmt: skip


def _read_url(found: Mentions, url: str, line: int) -> None:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.hostname:
        found.add("host", f"{parts.hostname}:{port}" if port else parts.hostname, line)
    if "query=" in (parts.query or ""):
        text = unquote(parts.query.partition("query=")[2].partition("&")[0]).replace("\\", "")
        bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", text)
        for match in _METRIC.finditer(bare):
            if match.group(0) not in _PROMQL_WORDS and not bare[match.end() :].lstrip().startswith("("):
                found.add("metric", match.group(0), line)
