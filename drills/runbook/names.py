"""What scripts, endpoints and functions are called after: `emergency_stop.sh`, `/api/close-all-positions`.

The words of a name are looked up in a table from the specific to the general. `PROGRAMS` are the words with
which a line of text is recognised as something to be typed.
"""

from __future__ import annotations

import functools
import re

PROGRAMS = frozenset(
    ["kubectl", "oc", "helm", "k9s", "argocd", "docker", "docker-compose", "podman", "nomad", "systemctl", "service",
        "supervisorctl", "journalctl", "pm2", "curl", "wget", "http", "https", "grpcurl", "psql", "mysql", "sqlite3",
        "clickhouse-client", "redis-cli", "mongosh", "influx", "kafka-topics", "kafka-console-consumer",
        "rabbitmqctl", "pg_dump", "pg_restore", "pgbench", "python", "python3", "pip", "poetry", "uv", "node", "npm",
        "npx", "java", "make", "just", "task", "bash", "sh", "zsh", "pwsh", "ssh", "scp", "rsync", "git", "gh",
        "aws", "gcloud", "az", "terraform", "ansible", "ansible-playbook", "tail", "head", "cat", "less", "more",
        "grep", "egrep", "zgrep", "rg", "awk", "sed", "cut", "sort", "uniq", "wc", "jq", "yq", "diff", "cmp",
        "md5sum", "sha256sum", "find", "ls", "cd", "pwd", "cp", "mv", "rm", "mkdir", "touch", "tar", "gzip", "unzip",
        "chmod", "chown", "ln", "export", "source", "set", "unset", "echo", "printf", "env", "ps", "top", "htop",
        "free", "df", "du", "vmstat", "iostat", "uptime", "kill", "pkill", "killall", "pgrep", "lsof", "netstat",
        "ss", "ping", "traceroute", "mtr", "dig", "nslookup", "host", "telnet", "nc", "openssl", "date", "sleep",
        "watch", "timeout", "nohup", "screen", "tmux", "crontab", "dmesg", "sysctl", "ulimit", "ip", "iptables",
        "tc", "tcpdump", "xargs", "tee", "sudo", "su", "time", "nice", "strace", "gdb", "jstack", "jmap", "promtool",
        "amtool", "logcli", "vault", "consul", "etcdctl", "nmap", "chronyc", "ntpq", "timedatectl", "sc", "net",
        "taskkill", "get-process", "restart-service", "stop-service", "start-service", "invoke-restmethod",
        "invoke-webrequest", "powershell", "cmd"]
)  # fmt: skip
_SHELL_WORDS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (action, re.compile(r"(?<![a-z])(?:" + pattern + r")(?![a-z])"))
    for action, pattern in (
        ("reset_halt", r"kill ?switch(?: (?:ctl|cli|sh|py|tool))*(?: \w+){0,2}? (?:deactivate|clear|reset|release|"
        r"recover|"
            r"disarm|disable|off|resume)"),
        ("look_status", r"kill ?switch(?: (?:ctl|cli|sh|py|tool))+ (?:status|state|audit|list|show)"),
        ("look_broker", r"fetch (?:status|time|markets?)"),
        ("look_positions", r"fetch positions?"),
        ("look_orders", r"fetch (?:open |closed )?orders?|fetch my trades"),
        ("look_account", r"fetch balance"),
        ("look_logs", r"kill ?switch (?:reason|history|logs?|cause)"),
        ("look_status", r"kill ?switch (?:status|state|show|get|info)"),
        ("look_broker", r"(?:session|sesion|sitzung|fix) (?:status|state|show|list|estado)"),
        ("reset_halt",
            r"reset (?:the )?(?:halt|kill(?: switch(?:es)?)?|emergency|stop|latch)|(?:release|clear|lift|unset|"
            r"disarm|rearm) (?:halt|kill|kill switch|emergency stop)|un ?halt|kill (?:switch )?reset|halt "
            r"(?:reset|release|clear)|reset kill"),
        ("reset_halt", r"un ?freeze|entriegeln|rearmar"),
        ("resume", r"un ?block|freigeben|fortsetzen|reanudar|reprise|retomar"),
        ("verify_orders", r"(?:verify|check|assert) (?:no )?(?:open |live )?orders?(?: (?:cancelled|gone|dead))?"),
        ("verify_flat", r"(?:verify|check|assert) flat|is flat|verify positions? closed"),
        ("verify_halted", r"(?:verify|check|assert) halt(?:ed)?|is halted|verify stop(?:ped)?"),
        ("verify_reconciled",
            r"(?:verify|check) (?:reconcil\w+|positions? match)|reconcil\w+ (?:check|verify|report|status|dry run)"),
        ("verify_connected",
            r"test connection|verify connection|check (?:broker )?connection|(?:broker )?ping|connection test|"
            r"is connected|verify connected"),
        ("verify_data", r"(?:data )?validate(?: data)?|verify data|check data|data (?:check|quality|sla)"),
        ("verify_trading", r"(?:test|probe|canary) order|verify trading|smoke (?:test|trade)"),
        ("verify_health", r"health(?: ?check|z)?|check health|smoke test|status check|readyz?|livez|rollout status"),
        ("safe_mode", r"safe mode|reduce only|close only"),
        ("cancel_orders",
            r"cancel (?:all|open|every)?(?: ?orders?)?|cancel$|orders? (?:sh |py |ctl )?(?:l(?:oe|ö)schen|"
            r"stornieren)|stornieren|anular|"
            r"cancelar|annuler|orders? cancel|cancel orders?|cancelall|purge orders"),
        ("close_orphans", r"close (?:orphan\w*|unknown|unexpected)(?: positions?)?"),
        ("rollback_mode", r"(?:tr |trading |run )?mode (?:to )?lab|lab mode|(?:switch|back|rollback) (?:to )?lab"),
        ("flatten",
            r"close (?:all |every |open )*(?:positions?)|flatten(?: all)?|liquidat\w+|unwind|close position|"
            r"panic close|exit (?:all )?positions|positions? close|glattstellen|zerar|to flat"),
        ("halt",
            r"emergency (?:stop|halt)|strateg\w+ (?:sh |py |ctl )?(?:stop|pause|disable|off)|halt(?: all| trading)?|"
            r"pause (?:all|"
            r"trading|strategies)|stop (?:all|"
            r"trading|strateg\w+)|kill (?:switch|strategy|all|trading)|suspend(?: trading)?|killswitch|panic|"
            r"disable trading|trading (?:off|stop|pause|disable)|freeze|pause$|"
            r"block (?:all|orders?)|block$|sperren|parar|"
            r"detener|anhalten|experts? stop"),
        ("reconcile", r"reconcil\w+|pos ?diff|sync (?:positions|state|book)|abgleich"),
        ("reconnect", r"re ?connect\w*|restart (?:broker|adapter|connector|gateway|tws|session)|(?:broker|adapter|"
            r"connector|gateway|tws|session) restart"),
        ("renew_credentials",
            r"(?:renew|rotate|refresh) (?:api )?(?:credentials?|tokens?|keys?|secrets?)|(?:credentials?|tokens?|"
            r"keys?) (?:renew|rotate|refresh)|login|auth refresh"),
        ("quarantine_data", r"quarantine\w*|exclude symbols?|block (?:data|symbols?)|disable (?:feed|symbols?)"),
        ("refetch_data",
            r"re ?fetch\w*|back ?fill\w*|(?:data )?fetch(?: data)?|re ?download\w*|re ?load data|repair (?:data|"
            r"bars)|ingest\w*"),
        ("recalibrate", r"re ?calibrat\w*|force calibration|(?:run|start|trigger) calibration|refit\w*"),
        ("restore_state",
            r"restore (?:state|backup|snapshot|positions)|state (?:restore|repair)|repair state|load snapshot|"
            r"pg restore"),
        ("rollback", r"roll ?back\w*|revert|deploy previous"),
        ("resume",
            r"resume(?: all| trading)?|(?:start|enable) (?:trading|strateg\w+)|strateg\w+ (?:start|enable|on)|"
            r"trading (?:on|resume|enable|start)|unpause|experts? start"),
        ("restore_monitoring",
            r"restart (?:prometheus|alertmanager|grafana|monitoring)|(?:monitoring|alerts) (?:restore|enable|"
            r"restart)"),
        ("notify", r"notify\w*|send (?:alert|message|slack|mail)|post (?:slack|message|status)|status ?page|slack|"
            r"webhook|announce"),
        ("escalate", r"escalate\w*|page (?:oncall|lead|secondary)"),
        ("document",
            r"incident (?:report|analysis|create|open|log|close)|generate (?:incident )?report|post ?mortem|"
            r"timeline"),
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
        ("look_positions", r"positions?|portfolio|holdings|inventory|inv|inventario"),
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
