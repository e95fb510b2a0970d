"""What a command does to the firm: its actions, whether it only reads, whether it ever returns.

A statement is cut into simple commands; wrappers (sudo, watch, kubectl exec ... --, ssh host, bash -c) are
taken off; what remains is judged by program and sub-command (`orchestration`, `clients`), or, for scripts and
desk tools, by the words in their names.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Sequence

from drills.runbook.clients import code, curl, dump, python, redis, sql, sql_client
from drills.runbook.meanings import (
    READ,
    Inner,
    Meaning,
    human_or,
    named,
    positional,
    skip_options,
    subcommands,
    titled_read,
    verified,
)
from drills.runbook.model import CommandEffect
from drills.runbook.names import name_words, named_action
from drills.runbook.orchestration import docker, helm, kubectl, powershell, systemctl
from drills.runbook.shell import mask
from drills.runbook.vocabulary import actions_in, look_at

_READERS = frozenset(
    ["tail", "head", "cat", "less", "more", "grep", "egrep", "zgrep", "rg", "awk", "cut", "sort", "uniq", "wc", "jq",
        "yq", "diff", "cmp", "md5sum", "sha256sum", "find", "ls", "pwd", "ps", "top", "htop", "free", "df", "du",
        "vmstat", "iostat", "uptime", "pgrep", "lsof", "netstat", "ss", "ping", "traceroute", "mtr", "dig",
        "nslookup", "host", "telnet", "nc", "openssl", "date", "dmesg", "journalctl", "echo", "printf", "env",
        "test", "jstack", "jmap", "get-process", "[", "[[", "cd", "sleep", "which", "type", "history", "true",
        "false", "tcpdump", "chronyc", "ntpq", "timedatectl", "logcli", "strace", "promtool"]
)  # fmt: skip
_FOREVER = frozenset(["watch", "top", "htop", "less", "more", "vim", "vi", "nano", "tmux", "screen", "k9s"])
_SEPARATORS = frozenset(
    {"|", "||", "&&", ";", "&", "|&", "(", ")", "{", "}", "then", "do", "else", "if", "while", "until", "!"}
)
_FILE = re.compile(r"\w/|\.(?:log|csv|tsv|jsonl?|ndjson|txt|ya?ml|out|err|db|md|gz|parquet|ini|conf|toml|xml)\b", re.I)


@functools.lru_cache(maxsize=4096)
def meaning(text: str, lang: str, title: str = "") -> Meaning:
    """What a command of that language means."""
    if lang == "sql":
        return sql(text)
    if lang in {"python", "py"}:
        return code(text)
    if lang == "promql":
        return Meaning((look_at(name_words(text)) or "look_metrics",), "read")
    parts = [_simple(words, title) for words in simple_commands(text)]
    return _merge(parts)


def _merge(parts: Sequence[Meaning]) -> Meaning:
    """A pipeline or list: filters (plain readers) say nothing of their own once something else has spoken."""
    actions = tuple(dict.fromkeys(action for part in parts for action in part.actions))
    effects = {part.effect for part in parts}
    effect: CommandEffect = (
        "mutate" if "mutate" in effects else "unknown" if "unknown" in effects or not parts else "read"
    )
    return Meaning(actions, effect, any(part.blocking for part in parts))


def simple_commands(text: str) -> list[list[str]]:
    """The simple commands of a statement as word lists; heredoc bodies and redirections left out."""
    body = re.sub(r"<<-?\s*['\"]?(\w+)['\"]?.*", "", text, flags=re.S) if "<<" in text else text
    lexer = shlex.shlex(mask(body.replace("\\\n", " ")), posix=True, punctuation_chars="|&;()<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    found: list[list[str]] = [[]]
    skip = comment = False
    try:
        for word in lexer:
            if comment or skip:
                comment = comment and "\n" not in word
                skip = False
            elif word.startswith("#"):
                comment = True
            elif word in _SEPARATORS or set(word) <= set("|&;()\n"):
                found.append([])
            elif set(word) <= set("<>&"):
                skip = True
            else:
                found[-1].append(word)
    except ValueError:  # an open quote: the words up to it are what there is
        if not any(found):
            found = [body.split()]
    return [words for words in found if words]


_WORDS_THAT_DECIDE = 100
"""What a command means stands at its beginning; a thousand `sudo` in a row must not nest a thousand deep."""


def _simple(words: list[str], title: str) -> Meaning:
    words = words[:_WORDS_THAT_DECIDE]
    while words and re.match(r"^[A-Za-z_]\w*=", words[0]):
        words = words[1:]
    if not words:
        return READ
    program = words[0].rsplit("/", 1)[-1]
    arguments = words[1:]
    if program == "kill" and "/" in words[0] and not re.match(r"(?:/usr(?:/local)?)?/s?bin/", words[0]):
        return Meaning(("halt",), "mutate")  # a desk's own `kill`, not the one that ends processes
    handler = _HANDLERS.get(program.lower())
    if handler is not None:
        return handler(arguments, title)
    if program in _READERS:
        return _reader(program, arguments, title)
    if any(word.lower() in _SHOWING for word in arguments[:3]):
        meant = named(subcommands([program, *arguments]), "")
        return meant if meant.effect != "unknown" else READ._replace(actions=verified(title))
    return named(subcommands([program, *arguments]), title)


_SHOWING = frozenset(["list", "ls", "show", "status", "get", "describe", "view", "info", "check", "print", "state"])
"""Sub-commands of any tool that only look."""


def _reader(program: str, arguments: list[str], title: str) -> Meaning:
    blocking = program in _FOREVER and "-b" not in arguments
    blocking = blocking or (
        program in {"tail", "journalctl"}
        and any(a in {"-f", "-F", "--follow"} or re.match(r"^-\w*[fF]\w*$", a) for a in arguments)
    )
    blocking = blocking or (program == "ping" and not any(a.startswith("-c") for a in arguments))
    if program in {"free", "df", "du", "top", "htop", "vmstat", "iostat", "jstack", "jmap"}:
        return Meaning(("look_resources",), "read", blocking)
    if program in {
        "ping",
        "traceroute",
        "mtr",
        "dig",
        "nslookup",
        "host",
        "telnet",
        "nc",
        "openssl",
        "netstat",
        "ss",
        "tcpdump",
    }:
        return Meaning(("look_network",), "read", blocking)
    if program in {"ps", "pgrep", "uptime", "lsof"}:
        return Meaning(("look_status",), "read")
    if program in {"journalctl", "dmesg", "logcli"}:
        return Meaning(("look_logs",), "read", blocking)
    files = [a for a in arguments if _FILE.search(a) and not a.startswith(("-", "."))]
    if (
        program
        in {
            "tail",
            "head",
            "cat",
            "less",
            "more",
            "grep",
            "egrep",
            "zgrep",
            "rg",
            "jq",
            "yq",
            "diff",
            "cmp",
            "find",
            "ls",
            "awk",
        }
        and files
    ):
        return titled_read(" ".join(files), title, ("look_logs",))._replace(blocking=blocking)
    return READ._replace(blocking=blocking)


def _git(arguments: list[str], title: str) -> Meaning:
    words = positional(arguments, frozenset({"-C", "-c"}))
    if words[:1] in (["checkout"], ["revert"], ["reset"], ["switch"]):
        return Meaning(("rollback",), "mutate")
    if words[:1] in (["log"], ["diff"], ["show"], ["status"], ["blame"], ["tag"], ["describe"], ["bisect"]):
        return Meaning(("look_deploys",), "read")
    return Meaning(("configure",), "mutate") if words[:1] in (["pull"], ["push"], ["merge"], ["commit"]) else Meaning()


_KEPT = re.compile(r"\b(?:backups?|incidents?|archive|evidence|snapshots?|sicherung|respaldo)\b")


def _files(arguments: list[str], title: str) -> Meaning:
    words = name_words(" ".join(arguments))
    given = [a for a in arguments if not a.startswith("-")]
    if len(given) >= 2 and _KEPT.search(name_words(given[-1])) and not _KEPT.search(name_words(given[0])):
        return Meaning((), "read")  # what is copied into a backup or beside an incident is kept, not restored
    if re.search(r"\bconfigs?\b|\brisk\b|\byml\b|\byaml\b|\btoml\b|\bini\b", words):
        return Meaning(("configure",), "mutate")
    if re.search(r"\b(?:backup|snapshot|state|positions|orders)\b", words):
        return Meaning(("restore_state",), "mutate")
    return Meaning(human_or(title, "configure"), "mutate")


def _inner(skip: Callable[[list[str]], list[str]], blocking: bool = False) -> Inner:
    def handler(arguments: list[str], title: str) -> Meaning:
        inner = skip(arguments)
        if len(inner) == 1 and " " in inner[0]:
            found = meaning(inner[0], "bash", title)
        else:
            found = _simple(inner, title) if inner else Meaning()
        return (
            found._replace(actions=tuple(dict.fromkeys((*found.actions, "monitor"))), effect="read", blocking=True)
            if blocking
            else found
        )

    return handler


def _options(*valued: str) -> Callable[[list[str]], list[str]]:
    return lambda arguments: skip_options(arguments, frozenset(valued))


def _script(arguments: list[str], title: str) -> Meaning:
    if arguments[:1] and arguments[0].startswith("-") and "c" in arguments[0] and len(arguments) > 1:
        return meaning(arguments[1], "bash", title)
    words = [a for a in arguments if not a.startswith("-")]
    return named(" ".join(words[:2]).rsplit("/", 1)[-1], title)


def _ssh(arguments: list[str], title: str) -> Meaning:
    rest = skip_options(arguments, frozenset({"-i", "-p", "-l", "-o", "-J"}))[1:]
    return meaning(" ".join(rest), "bash", title) if rest else Meaning((), "unknown", True)


def _kill(arguments: list[str], title: str) -> Meaning:
    return Meaning(("stop_system",), "mutate")


def _export(arguments: list[str], title: str) -> Meaning:
    if not any("=" in word for word in arguments):
        return READ  # `set -euo pipefail`, `export PATH`
    if any(named_action(word) == "rollback_mode" for word in arguments if "=" in word):
        return Meaning(("rollback_mode",), "mutate")
    return Meaning(actions_in(title)[:1] or ("configure",), "mutate")


def _make(arguments: list[str], title: str) -> Meaning:
    words = [a for a in arguments if not a.startswith("-") and "=" not in a]
    return named(" ".join(words[:2]), title)


def _kubectl(arguments: list[str], title: str) -> Meaning:
    return kubectl(arguments, title, _simple)


def _docker(arguments: list[str], title: str) -> Meaning:
    return docker(arguments, title, _simple)


_HANDLERS: dict[str, Inner] = {
    "kubectl": _kubectl, "oc": _kubectl, "k": _kubectl, "docker": _docker, "podman": _docker, "docker-compose": _docker,
    "systemctl": systemctl, "service": lambda a, t: systemctl(list(reversed(a)), t), "supervisorctl": systemctl,
        "pm2": systemctl,
    "curl": curl, "http": curl, "https": curl, "wget": curl, "invoke-restmethod": curl, "invoke-webrequest": curl,
    "psql": sql_client, "mysql": sql_client, "sqlite3": sql_client, "clickhouse-client": sql_client, "redis-cli"
        : redis,
    "pg_dump": dump, "mysqldump": dump, "python": python, "python3": python, "py": python, "git": _git,
    "cp": _files, "mv": _files, "rm": _files, "sed": lambda a, t: _files(a, t) if any(w.startswith("-i"
        ) for w in a) else READ,
    "chmod": lambda a, t: Meaning((), "mutate"), "chown": lambda a, t: Meaning((), "mutate"),
    "rsync": _files, "scp": _files, "tar": _files, "bash": _script, "sh": _script, "zsh": _script, "source"
        : _script, "ssh": _ssh,
    "sudo": _inner(_options("-u", "-g")), "env": _inner(_options("-u")), "nohup": _inner(_options()), "time"
        : _inner(_options()), "nice": _inner(_options("-n")),
    "timeout": _inner(lambda a: skip_options(a, frozenset({"-s", "-k"}))[1:]), "xargs": _inner(_options("-n", "-I",
        "-P", "-L")), "exec": _inner(_options()),
    "watch": _inner(_options("-n", "--interval", "-d"), blocking=True), "kill": _kill, "pkill": _kill, "killall"
        : _kill, "taskkill": _kill,
    "export": _export, "set": _export, "make": _make, "just": _make, "task": _make, "poetry": _inner(
        lambda a: a[1:]), "uv": _inner(lambda a: a[1:]),
    "npm": _make, "helm": helm, "restart-service": powershell("restart"), "stop-service": powershell(
        "stop_system"), "start-service": powershell("start_system"),
}  # fmt: skip
