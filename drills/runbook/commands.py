"""What a command does to the firm: its actions, whether it only reads, whether it ever returns.

A statement is cut into simple commands; wrappers (sudo, watch, kubectl exec ... --, ssh host, bash -c) are
taken off; what remains is judged by program and sub-command, or, for scripts, endpoints and modules, by the
words in their names: `./scripts/emergency_stop.sh`, `/api/close-all-positions`, `KillSwitches().reset_halt`.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from drills.runbook.model import CommandEffect
from drills.runbook.shell import mask
from drills.runbook.vocabulary import actions_in, look_at


class Meaning(NamedTuple):
    """The actions of a command, its effect on the firm, and whether it runs until interrupted."""

    actions: tuple[str, ...] = ()
    effect: CommandEffect = "unknown"
    blocking: bool = False


READ = Meaning((), "read")

PROGRAMS = frozenset(
    ["kubectl", "oc", "helm", "k9s", "argocd", "docker", "docker-compose", "podman", "nomad", "systemctl", "service", "supervisorctl", "journalctl", "pm2", "curl", "wget", "http", "https", "grpcurl", "psql", "mysql", "sqlite3", "clickhouse-client", "redis-cli", "mongosh", "influx", "kafka-topics", "kafka-console-consumer", "rabbitmqctl", "pg_dump", "pg_restore", "pgbench", "python", "python3", "pip", "poetry", "uv", "node", "npm", "npx", "java", "make", "just", "task", "bash", "sh", "zsh", "pwsh", "ssh", "scp", "rsync", "git", "gh", "aws", "gcloud", "az", "terraform", "ansible", "ansible-playbook", "tail", "head", "cat", "less", "more", "grep", "egrep", "zgrep", "rg", "awk", "sed", "cut", "sort", "uniq", "wc", "jq", "yq", "diff", "cmp", "md5sum", "sha256sum", "find", "ls", "cd", "pwd", "cp", "mv", "rm", "mkdir", "touch", "tar", "gzip", "unzip", "chmod", "chown", "ln", "export", "source", "set", "unset", "echo", "printf", "env", "ps", "top", "htop", "free", "df", "du", "vmstat", "iostat", "uptime", "kill", "pkill", "killall", "pgrep", "lsof", "netstat", "ss", "ping", "traceroute", "mtr", "dig", "nslookup", "host", "telnet", "nc", "openssl", "date", "sleep", "watch", "timeout", "nohup", "screen", "tmux", "crontab", "dmesg", "sysctl", "ulimit", "ip", "iptables", "tc", "tcpdump", "xargs", "tee", "sudo", "su", "time", "nice", "strace", "gdb", "jstack", "jmap", "promtool", "amtool", "logcli", "vault", "consul", "etcdctl", "nmap", "chronyc", "ntpq", "timedatectl", "sc", "net", "taskkill", "get-process", "restart-service", "stop-service", "start-service", "invoke-restmethod", "invoke-webrequest", "powershell", "cmd"]
)  # fmt: skip

_READERS = frozenset(
    ["tail", "head", "cat", "less", "more", "grep", "egrep", "zgrep", "rg", "awk", "cut", "sort", "uniq", "wc", "jq", "yq", "diff", "cmp", "md5sum", "sha256sum", "find", "ls", "pwd", "ps", "top", "htop", "free", "df", "du", "vmstat", "iostat", "uptime", "pgrep", "lsof", "netstat", "ss", "ping", "traceroute", "mtr", "dig", "nslookup", "host", "telnet", "nc", "openssl", "date", "dmesg", "journalctl", "echo", "printf", "env", "test", "jstack", "jmap", "get-process", "[", "[[", "cd", "sleep", "which", "type", "history", "true", "false", "tcpdump", "chronyc", "ntpq", "timedatectl", "logcli", "strace", "promtool"]
)  # fmt: skip
_FOREVER = frozenset(["watch", "top", "htop", "less", "more", "vim", "vi", "nano", "tmux", "screen", "k9s"])
_SHELL_WORDS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = frozenset(
    {"|", "||", "&&", ";", "&", "|&", "(", ")", "{", "}", "then", "do", "else", "if", "while", "until", "!"}
)
_REDIRECTS = re.compile(r"^\d?(?:>>?|<|>&|&>)")

_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (action, re.compile(r"(?<![a-z])(?:" + pattern + r")(?![a-z])"))
    for action, pattern in (
        ("reset_halt", r"reset (?:the )?(?:halt|kill(?: switch(?:es)?)?|emergency|stop|latch)|(?:release|clear|lift|unset|disarm|rearm) (?:halt|kill|kill switch|emergency stop)|un ?halt|kill (?:switch )?reset|halt (?:reset|release|clear)|reset kill"),
        ("verify_orders", r"(?:verify|check|assert) (?:no )?(?:open |live )?orders?(?: (?:cancelled|gone|dead))?"),
        ("verify_flat", r"(?:verify|check|assert) flat|is flat|verify positions? closed"),
        ("verify_halted", r"(?:verify|check|assert) halt(?:ed)?|is halted|verify stop(?:ped)?"),
        ("verify_reconciled", r"(?:verify|check) (?:reconcil\w+|positions? match)|reconcil\w+ (?:check|verify|report|status|dry run)"),
        ("verify_connected", r"test connection|verify connection|check (?:broker )?connection|(?:broker )?ping|connection test|is connected|verify connected"),
        ("verify_data", r"(?:data )?validate(?: data)?|verify data|check data|data (?:check|quality|sla)"),
        ("verify_trading", r"(?:test|probe|canary) order|verify trading|smoke (?:test|trade)"),
        ("verify_health", r"health(?: ?check|z)?|check health|smoke test|status check|readyz?|livez?|rollout status"),
        ("safe_mode", r"safe mode|reduce only|close only"),
        ("cancel_orders", r"cancel (?:all|open|every)?(?: ?orders?)?|orders? cancel|cancel orders?|cancelall|purge orders"),
        ("flatten", r"close (?:all |every |open )*(?:positions?)|flatten(?: all)?|liquidat\w+|unwind|close position|panic close|exit (?:all )?positions|positions? close"),
        ("halt", r"emergency (?:stop|halt)|halt(?: all| trading)?|pause (?:all|trading|strategies)|stop (?:all|trading|strateg\w+)|kill (?:switch|strategy|all|trading)|suspend(?: trading)?|killswitch|panic|disable trading|trading (?:off|stop|pause|disable)"),
        ("reconcile", r"reconcil\w+|sync (?:positions|state|book)|abgleich"),
        ("reconnect", r"re ?connect\w*|restart (?:broker|adapter|connector|gateway|tws|session)|(?:broker|adapter|connector|gateway|tws|session) restart"),
        ("renew_credentials", r"(?:renew|rotate|refresh) (?:api )?(?:credentials?|tokens?|keys?|secrets?)|(?:credentials?|tokens?|keys?) (?:renew|rotate|refresh)|login|auth refresh"),
        ("quarantine_data", r"quarantine\w*|exclude symbols?|block (?:data|symbols?)|disable (?:feed|symbols?)"),
        ("refetch_data", r"re ?fetch\w*|back ?fill\w*|(?:data )?fetch(?: data)?|re ?download\w*|re ?load data|repair (?:data|bars)|re ?calibrat\w*|force calibration|ingest\w*"),
        ("restore_state", r"restore (?:state|backup|snapshot|positions)|state (?:restore|repair)|repair state|load snapshot|pg restore"),
        ("rollback", r"roll ?back\w*|revert|deploy previous"),
        ("resume", r"resume(?: all| trading)?|start trading|enable trading|trading (?:on|resume|enable|start)|unpause"),
        ("restore_monitoring", r"restart (?:prometheus|alertmanager|grafana|monitoring)|(?:monitoring|alerts) (?:restore|enable|restart)"),
        ("notify", r"notify\w*|send (?:alert|message|slack|mail)|post (?:slack|message|status)|status ?page|slack|webhook|announce"),
        ("escalate", r"escalate\w*|page (?:oncall|lead|secondary)"),
        ("document", r"incident (?:report|analysis|create|open|log|close)|generate (?:incident )?report|post ?mortem|timeline"),
        ("acknowledge", r"ack(?:nowledge)?"),
        ("approve", r"approv\w+"),
        ("declare_severity", r"declare|set severity|severity"),
        ("reduce_size", r"reduce (?:size|risk|positions?)|set (?:max )?(?:size|risk|position size)"),
        ("configure", r"config (?:set|edit|update|apply)|set (?:config|threshold|limit|parameter)s?"),
        ("look_logs", r"export logs|collect logs|logs|fetch logs|audit"),
        ("reset_halt", r"reset$"),
        ("restart", r"restart(?: (?:bot|system|engine|trading|all))?"),
        ("stop_system", r"(?:stop|shut ?down|kill)(?: (?:bot|system|engine|service|all))?"),
        ("start_system", r"(?:start|run|launch) (?:paper trading|live|trading|bot|system|engine|trader)|start"),
        ("look_account", r"drawdown\w*|(?:daily )?pnl|equity|account|balance|margin"),
        ("look_positions", r"positions?|portfolio|holdings"),
        ("look_orders", r"orders?|fills?|trades?|executions?|slippage\w*"),
        ("look_data", r"market data|bars|quotes?|feed|ticks|calibration|sla|latest sla|recent data"),
        ("look_market", r"volatility|regime|market (?:open|status)|is market open"),
        ("look_metrics", r"metrics|histogram quantile|prometheus"),
        ("look_database", r"pool status|database|engine connect|db"),
        ("look_status", r"status|state|info|config"),
        ("monitor", r"monitor|watch"),
    )
)  # fmt: skip


def name_words(name: str) -> str:
    """`KillSwitches.reset_halt` or `/api/close-all-positions` as lower-case words."""
    return " ".join(_SHELL_WORDS.findall(_CAMEL.sub(" ", name).replace("_", " "))).lower()


@functools.lru_cache(maxsize=8192)
def named_action(name: str) -> str | None:
    """The action that a script, endpoint, module or function is called after."""
    words = name_words(name)
    return next((action for action, pattern in _NAMED if pattern.search(words)), None)


@functools.lru_cache(maxsize=8192)
def looks_like_command(text: str) -> bool:
    """Whether a line of text is something to be typed."""
    words = text.strip().split()
    if not words:
        return False
    first = words[0]
    if re.fullmatch(r"(?:\./|\.\./|/|~/)[\w./~-]+", first):
        return len(words) > 1 or first.endswith((".sh", ".py", ".pl", ".rb", ".bash")) or first.startswith("./")
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*=\S*", first):
        return len(words) > 1 and looks_like_command(" ".join(words[1:]))
    known = first.lower() in PROGRAMS
    return (
        known
        and (len(words) > 1 or first in {"top", "htop", "uptime", "make", "dmesg"})
        and not text.rstrip().endswith((".", ":"))
    )


@functools.lru_cache(maxsize=4096)
def meaning(text: str, lang: str, title: str = "") -> Meaning:
    """What a command of that language means."""
    if lang == "sql":
        return _sql(text)
    if lang in {"python", "py"}:
        return _code(text)
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


def _simple(words: list[str], title: str) -> Meaning:
    while words and re.match(r"^[A-Za-z_]\w*=", words[0]):
        words = words[1:]
    if not words:
        return READ
    program = words[0].rsplit("/", 1)[-1]
    arguments = words[1:]
    handler = _HANDLERS.get(program.lower())
    if handler is not None:
        return handler(arguments, title)
    if program in _READERS:
        return _reader(program, arguments, title)
    return _named(_subcommands([program, *arguments]), title)


def _subcommands(words: list[str]) -> str:
    """The words before the first option: `deskctl orders cancel --all` is "deskctl orders cancel"."""
    first = next((at for at, word in enumerate(words) if word.startswith("-") and at), len(words))
    return " ".join(words[:first][:4])


def _named(name: str, title: str) -> Meaning:
    """A script or module, judged by its name, else by the words that title it."""
    action = named_action(name)
    if action is not None:
        return Meaning((action,), _effect_of(action))
    titled = actions_in(title)
    return Meaning(titled, _effect_of(titled[0])) if titled else Meaning()


def _effect_of(action: str) -> CommandEffect:
    return "read" if action.startswith(("look_", "verify_")) or action == "monitor" else "mutate"


def _titled_read(words: str, title: str, default: tuple[str, ...]) -> Meaning:
    """A read; what it looks at is told by its own words, else by its title."""
    verified = tuple(action for action in actions_in(title) if action.startswith("verify_"))
    if verified:
        return Meaning(verified[:1], "read")
    looked = look_at(name_words(words)) or look_at(title)
    return Meaning((looked,) if looked else default, "read")


_FILE = re.compile(r"\w/|\.(?:log|csv|tsv|jsonl?|ndjson|txt|ya?ml|out|err|db|md|gz|parquet|ini|conf|toml|xml)\b", re.I)


def _reader(program: str, arguments: list[str], title: str) -> Meaning:
    blocking = program in _FOREVER and "-b" not in arguments
    blocking = blocking or (
        program in {"tail", "journalctl"}
        and any(a in {"-f", "-F", "--follow"} or re.match(r"^-\w*[fF]$", a) for a in arguments)
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
        return _titled_read(" ".join(files), title, ("look_logs",))._replace(blocking=blocking)
    return READ._replace(blocking=blocking)


def _after(arguments: list[str], valued: frozenset[str]) -> list[str]:
    """The positional arguments, options (and the values of `valued` ones) left out."""
    rest, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith("-"):
            rest.append(word)
    return rest


_KUBE_VALUED = frozenset(
    {
        "-n",
        "--namespace",
        "-l",
        "--selector",
        "-c",
        "--container",
        "-o",
        "--output",
        "--context",
        "-f",
        "--tail",
        "--since",
        "-p",
        "--patch",
        "--replicas",
        "--kubeconfig",
        "--cluster",
    }
)
_TRADING = re.compile(r"trading|trader|bot|engine|strateg|execution|oms|gateway", re.I)


def _kubectl(arguments: list[str], title: str) -> Meaning:
    if "--" in arguments:
        inner = arguments[arguments.index("--") + 1 :]
        if inner:
            return _simple(inner, title)
    words = _after(arguments, _KUBE_VALUED)
    verb, rest = (words[0], words[1:]) if words else ("", [])
    target = " ".join([*rest, *arguments])
    match verb:
        case "get" | "describe" | "explain" | "api-resources" | "version" | "auth":
            blocking = "-w" in arguments or "--watch" in arguments
            kind = rest[0].lower() if rest else ""
            named = {
                "cm": "look_deploys",
                "configmap": "look_deploys",
                "configmaps": "look_deploys",
                "events": "look_logs",
                "nodes": "look_resources",
                "node": "look_resources",
            }
            return Meaning((named.get(kind, "look_status"),), "read", blocking)
        case "logs":
            blocking = any(a in {"-f", "--follow", "--follow=true"} for a in arguments)
            return Meaning(_verified(title) or ("look_logs",), "read", blocking)
        case "top":
            return Meaning(("look_resources",), "read")
        case "scale" | "patch" | "autoscale":
            return _replicas(target, title)
        case "rollout":
            return _rollout(rest, target)
        case "delete":
            return Meaning(("restart_service",), "mutate")
        case "apply" | "create" | "set" | "edit" | "replace" | "annotate" | "label" | "run":
            return Meaning(_human_or(title, "configure"), "mutate")
        case "cordon" | "drain" | "taint":
            return Meaning(("configure",), "mutate")
        case "port-forward" | "proxy" | "attach":
            return Meaning((), "read", True)
        case "exec":
            return _simple(rest[1:], title) if len(rest) > 1 else Meaning((), "unknown", True)
        case _:
            return Meaning()


def _human_or(title: str, default: str) -> tuple[str, ...]:
    """The title's mutation, when it names one; else `default`."""
    named = tuple(a for a in actions_in(title) if not a.startswith(("look_", "verify_")))
    return named[:1] or (default,)


def _verified(title: str) -> tuple[str, ...]:
    return tuple(action for action in actions_in(title) if action.startswith("verify_"))[:1]


def _replicas(target: str, title: str) -> Meaning:
    count = re.search(r"replicas[\"']?\s*[=:\s]\s*(\d+)", target)
    if count is None:
        return Meaning(_human_or(title, "configure"), "mutate")
    number = int(count.group(1))
    if number == 0:
        return Meaning(("stop_system",), "mutate")
    return Meaning(("start_system" if number == 1 else "scale_up",), "mutate")


def _rollout(rest: list[str], target: str) -> Meaning:
    match rest[0] if rest else "":
        case "undo":
            return Meaning(("rollback",), "mutate")
        case "restart":
            return Meaning(_restarted(target), "mutate")
        case "history":
            return Meaning(("look_deploys",), "read")
        case "status":
            return Meaning(("verify_health",), "read")
        case "pause" | "resume":
            return Meaning(("configure",), "mutate")
        case _:
            return Meaning()


def _restarted(target: str) -> tuple[str, ...]:
    words = name_words(target)
    if re.search(r"\b(?:broker|connector|adapter|gateway|tws|fix|session)\b", words):
        return ("reconnect",)
    if re.search(r"\b(?:prometheus|alertmanager|grafana|monitoring)\b", words):
        return ("restore_monitoring",)
    if (
        re.search(r"\b(?:trading system|trader|bot|engine|trading|strategy|strategies|traderunner|algo)\b", words)
        and "api" not in words.split()
    ):
        return ("restart",)
    return ("restart_service",)


def _docker(arguments: list[str], title: str) -> Meaning:
    words = _after(arguments, frozenset({"-f", "--file", "-p", "--name", "-e", "-u", "-w", "--tail", "--since", "-n"}))
    if words[:1] in (["compose"], ["container"]):
        words = words[1:]
    verb, rest = (words[0], words[1:]) if words else ("", [])
    target = " ".join(rest) or title
    match verb:
        case "ps" | "inspect" | "images" | "version" | "info":
            return Meaning(("look_status",), "read")
        case "logs":
            return Meaning(_verified(title) or ("look_logs",), "read", any(a in {"-f", "--follow"} for a in arguments))
        case "stats" | "top":
            return Meaning(("look_resources",), "read", verb == "stats" and "--no-stream" not in arguments)
        case "restart":
            return Meaning(_restarted(target), "mutate")
        case "stop" | "kill" | "down" | "pause" | "rm":
            return Meaning(("stop_system",), "mutate")
        case "start" | "up" | "run" | "unpause":
            return Meaning(("start_system",), "mutate")
        case "update":
            return Meaning(("raise_limits",), "mutate")
        case "exec":
            index = arguments.index("exec") + 1
            inner = _skip_options(arguments[index:], frozenset({"-e", "-u", "-w", "--user", "--env"}))
            return _simple(inner[1:], title) if len(inner) > 1 else Meaning()
        case _:
            return Meaning()


def _skip_options(words: list[str], valued: frozenset[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return words[at:]


def _systemctl(arguments: list[str], title: str) -> Meaning:
    words = _after(arguments, frozenset({"-n", "-u", "-H"}))
    verb = next(
        (
            w
            for w in words
            if w
            in {
                "restart",
                "start",
                "stop",
                "status",
                "reload",
                "kill",
                "is-active",
                "list-units",
                "show",
                "cat",
                "enable",
                "disable",
                "try-restart",
            }
        ),
        "",
    )
    target = " ".join(w for w in words if w != verb)
    match verb:
        case "status" | "is-active" | "list-units" | "show" | "cat":
            return Meaning(_verified(title) or ("look_status",), "read")
        case "restart" | "try-restart" | "reload":
            return Meaning(_restarted(target), "mutate")
        case "stop" | "kill" | "disable":
            return Meaning(("stop_system",), "mutate")
        case "start" | "enable":
            started = _restarted(target)
            return Meaning(("start_system",) if started == ("restart",) else started, "mutate")
        case _:
            return Meaning()


def _curl(arguments: list[str], title: str) -> Meaning:
    url = next((a for a in arguments if "://" in a or re.match(r"^[\w.-]+(?::\d+)?/", a)), "")
    if not url:
        url = next((a for a in arguments if "." in a and not a.startswith("-")), "")
    joined = " ".join(arguments)
    method = re.search(r"(?:-X|--request)[ =]?([A-Za-z]+)", joined)
    sends = any(a in {"-d", "-F", "--json", "--form"} or a.startswith("--data") for a in arguments)
    verb = method.group(1).upper() if method else "POST" if sends else "GET"
    path = re.sub(r"^\w+://", "", url)
    host, _, path = path.partition("/")
    if verb in {"GET", "HEAD"}:
        return _get(host, path, title)
    words = name_words(path.split("?")[0])
    if verb == "DELETE" and re.search(r"\b(?:orders?|positions?)\b", words):
        return Meaning(("flatten" if "position" in words else "cancel_orders",), "mutate")
    action = named_action(path.split("?")[0])
    if action is None or action.startswith(("look_", "verify_")):
        return Meaning(_human_or(title, "configure"), "mutate")
    return Meaning((action,), "mutate")


def _get(host: str, path: str, title: str) -> Meaning:
    verified = _verified(title)
    if verified:
        return Meaning(verified, "read")
    if "query" in path or "prometheus" in host:
        return Meaning((look_at(name_words(path.partition("query=")[2])) or "look_metrics",), "read")
    where = name_words(f"{host} {path}")
    if re.search(r"\b(?:broker|alpaca|ibkr|exchange|binance|kraken)\b", where):
        return Meaning(
            ("look_positions" if "position" in where else "look_orders" if "orders" in where else "look_broker",),
            "read",
        )
    if re.search(r"\b(?:marketdata|market data|eodhd|polygon|feed|bars|quotes|calibration)\b", where):
        return Meaning(("look_data",), "read")
    return Meaning((look_at(name_words(path)) or look_at(title) or "look_status",), "read")


def _sql_client(arguments: list[str], title: str) -> Meaning:
    return _sql(" ".join(arguments))


def _sql(text: str) -> Meaning:
    words = re.sub(r"--[^\n]*", "", text).lower()
    if re.search(r"pg_(?:terminate|cancel)_backend|\bkill\s+\d|\bkill query\b", words):
        return Meaning(("kill_query",), "mutate")
    if re.search(r"\b(?:update|delete|insert|drop|truncate|alter)\b", words):
        return Meaning(("reconcile" if re.search(r"\bpositions?\b", words) else "configure",), "mutate")
    if re.search(r"\b(?:create|analyze|vacuum|reindex)\b", words):
        return Meaning(("configure",), "mutate")
    if re.search(r"pg_stat|pg_locks|information_schema|show ", words):
        return Meaning(("look_database",), "read")
    tables = " ".join(re.findall(r"\b(?:from|join)\s+([\w.]+)", words))
    return Meaning((look_at(tables.replace("_", " ")) or "look_database",), "read")


def _redis(arguments: list[str], title: str) -> Meaning:
    words = " ".join(arguments).upper()
    if re.search(r"\b(?:SET|DEL|FLUSHALL|FLUSHDB|HSET|CONFIG SET|EXPIRE)\b", words):
        return Meaning((named_action(words) or "configure",), "mutate")
    return Meaning(("look_database",), "read", "MONITOR" in words or "SUBSCRIBE" in words)


def _python(arguments: list[str], title: str) -> Meaning:
    if "-c" in arguments:
        at = arguments.index("-c") + 1
        return _code(arguments[at] if at < len(arguments) else "", title)
    if "-m" in arguments:
        at = arguments.index("-m") + 1
        rest = [a for a in arguments[at + 1 :] if not a.startswith("-")]
        module = arguments[at].rsplit(".", 1)[-1] if at < len(arguments) else ""
        return _named(" ".join([module, *rest[:2]]), title)
    words = [a for a in arguments if not a.startswith("-")]
    return _named(" ".join(words[:3]).rsplit("/", 1)[-1], title)


_CALL = re.compile(r"\b([A-Za-z_][\w.]{0,80})\s*\(")


def _code(text: str, title: str = "") -> Meaning:
    """Python, by the names of the functions it calls; imports and prints tell nothing."""
    code = re.sub(r"#[^\n]*|'''.*?'''|(?:^|\n)\s*(?:from|import)\b[^\n;]*", "", text, flags=re.S)
    names = [name.rsplit(".", 1)[-1] for name in _CALL.findall(code)]
    found = [action for name in names if not name[:1].isupper() and (action := named_action(name)) is not None]
    if not found:
        looked = look_at(title) or next((a for n in _CALL.findall(text) if (a := look_at(name_words(n)))), None)
        return Meaning(actions_in(title)[:1] or ((looked,) if looked else ()), "read" if looked else "unknown")
    actions = tuple(dict.fromkeys(found))
    return Meaning(actions, "mutate" if any(_effect_of(action) == "mutate" for action in actions) else "read")


def _git(arguments: list[str], title: str) -> Meaning:
    words = _after(arguments, frozenset({"-C", "-c"}))
    if words[:1] in (["checkout"], ["revert"], ["reset"], ["switch"]):
        return Meaning(("rollback",), "mutate")
    if words[:1] in (["log"], ["diff"], ["show"], ["status"], ["blame"], ["tag"], ["describe"], ["bisect"]):
        return Meaning(("look_deploys",), "read")
    return Meaning(("configure",), "mutate") if words[:1] in (["pull"], ["push"], ["merge"], ["commit"]) else Meaning()


def _files(arguments: list[str], title: str) -> Meaning:
    words = name_words(" ".join(arguments))
    if re.search(r"\bconfigs?\b|\brisk\b|\byml\b|\byaml\b|\btoml\b|\bini\b", words):
        return Meaning(("configure",), "mutate")
    if re.search(r"\b(?:backup|snapshot|state|positions|orders)\b", words):
        return Meaning(("restore_state",), "mutate")
    return Meaning(_human_or(title, "configure"), "mutate")


def _inner(skip: Callable[[list[str]], list[str]], blocking: bool = False) -> Callable[[list[str], str], Meaning]:
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
    return lambda arguments: _skip_options(arguments, frozenset(valued))


def _script(arguments: list[str], title: str) -> Meaning:
    if arguments[:1] and arguments[0].startswith("-") and "c" in arguments[0] and len(arguments) > 1:
        return meaning(arguments[1], "bash", title)
    words = [a for a in arguments if not a.startswith("-")]
    return _named(" ".join(words[:2]).rsplit("/", 1)[-1], title)


def _ssh(arguments: list[str], title: str) -> Meaning:
    rest = _skip_options(arguments, frozenset({"-i", "-p", "-l", "-o", "-J"}))[1:]
    return meaning(" ".join(rest), "bash", title) if rest else Meaning((), "unknown", True)


def _kill(arguments: list[str], title: str) -> Meaning:
    return Meaning(("stop_system",), "mutate")


def _export(arguments: list[str], title: str) -> Meaning:
    if not any("=" in word for word in arguments):
        return READ  # `set -euo pipefail`, `export PATH`
    return Meaning(actions_in(title)[:1] or ("configure",), "mutate")


def _make(arguments: list[str], title: str) -> Meaning:
    words = [a for a in arguments if not a.startswith("-") and "=" not in a]
    return _named(" ".join(words[:2]), title)


def _dump(arguments: list[str], title: str) -> Meaning:
    return Meaning(("document",) if "export" in title.lower() else ("look_database",), "read")


def _helm(arguments: list[str], title: str) -> Meaning:
    verb = next((a for a in arguments if not a.startswith("-")), "")
    named = {
        "rollback": ("rollback", "mutate"),
        "history": ("look_deploys", "read"),
        "list": ("look_deploys", "read"),
        "status": ("look_status", "read"),
    }
    action, effect = named.get(verb, ("configure", "mutate"))
    return Meaning((action,), "read" if effect == "read" else "mutate")


def _powershell(action: str) -> Callable[[list[str], str], Meaning]:
    def handler(arguments: list[str], title: str) -> Meaning:
        return Meaning(_restarted(" ".join(arguments)) if action == "restart" else (action,), "mutate")

    return handler


_HANDLERS: dict[str, Callable[[list[str], str], Meaning]] = {
    "kubectl": _kubectl, "oc": _kubectl, "k": _kubectl, "docker": _docker, "podman": _docker, "docker-compose": _docker,
    "systemctl": _systemctl, "service": lambda a, t: _systemctl(list(reversed(a)), t), "supervisorctl": _systemctl, "pm2": _systemctl,
    "curl": _curl, "http": _curl, "https": _curl, "wget": _curl, "invoke-restmethod": _curl, "invoke-webrequest": _curl,
    "psql": _sql_client, "mysql": _sql_client, "sqlite3": _sql_client, "clickhouse-client": _sql_client, "redis-cli": _redis,
    "pg_dump": _dump, "mysqldump": _dump, "python": _python, "python3": _python, "py": _python, "git": _git,
    "cp": _files, "mv": _files, "rm": _files, "sed": lambda a, t: _files(a, t) if any(w.startswith("-i") for w in a) else READ,
    "rsync": _files, "scp": _files, "tar": _files, "bash": _script, "sh": _script, "zsh": _script, "source": _script, "ssh": _ssh,
    "sudo": _inner(_options("-u", "-g")), "env": _inner(_options("-u")), "nohup": _inner(_options()), "time": _inner(_options()), "nice": _inner(_options("-n")),
    "timeout": _inner(lambda a: _skip_options(a, frozenset({"-s", "-k"}))[1:]), "xargs": _inner(_options("-n", "-I", "-P", "-L")), "exec": _inner(_options()),
    "watch": _inner(_options("-n", "--interval", "-d"), blocking=True), "kill": _kill, "pkill": _kill, "killall": _kill, "taskkill": _kill,
    "export": _export, "set": _export, "make": _make, "just": _make, "task": _make, "poetry": _inner(lambda a: a[1:]), "uv": _inner(lambda a: a[1:]),
    "npm": _make, "helm": _helm, "restart-service": _powershell("restart"), "stop-service": _powershell("stop_system"), "start-service": _powershell("start_system"),
}  # fmt: skip
