"""curl, psql, redis-cli and Python: what a request, a statement or a few lines of code do."""

from __future__ import annotations

import re

from drills.runbook.meanings import Meaning, effect_of, human_or, named, verified
from drills.runbook.names import name_words, named_action
from drills.runbook.vocabulary import actions_in, look_at


def curl(arguments: list[str], title: str) -> Meaning:
    """A request: reading, or posting to an endpoint whose path says what it does."""
    url = next((a for a in arguments if "://" in a or re.match(r"^[\w.-]+(?::\d+)?/", a)), "")
    if not url:
        url = next((a for a in arguments if "." in a and not a.startswith("-")), "")
    joined = " ".join(arguments)
    method = re.search(r"(?:-X|--request|-Method)[ =]?([A-Za-z]+)", joined)
    sends = any(a in {"-d", "-F", "--json", "--form", "-Body"} or a.startswith("--data") for a in arguments)
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
        return Meaning(human_or(title, "configure"), "mutate")
    return Meaning((action,), "mutate")


def _get(host: str, path: str, title: str) -> Meaning:
    confirmed = verified(title)
    if confirmed:
        return Meaning(confirmed, "read")
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
    if re.search(r"\b(?:health\w*|readyz?|livez?|liveness|readiness)\b", name_words(path)):
        return Meaning(("verify_health",), "read")
    return Meaning((look_at(name_words(path)) or look_at(title) or "look_status",), "read")


def sql_client(arguments: list[str], title: str) -> Meaning:
    """Psql and its like: the statement among the arguments."""
    return sql(" ".join(arguments))


def sql(text: str) -> Meaning:
    """A statement, by what it changes or which tables it reads."""
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


def redis(arguments: list[str], title: str) -> Meaning:
    """A command to the cache."""
    words = " ".join(arguments).upper()
    if re.search(r"\b(?:SET|DEL|FLUSHALL|FLUSHDB|HSET|CONFIG SET|EXPIRE)\b", words):
        return Meaning((named_action(words) or "configure",), "mutate")
    return Meaning(("look_database",), "read", "MONITOR" in words or "SUBSCRIBE" in words)


def dump(arguments: list[str], title: str) -> Meaning:
    """An export of the database."""
    return Meaning(("document",) if "export" in title.lower() else ("look_database",), "read")


def python(arguments: list[str], title: str) -> Meaning:
    """The interpreter: inline code, a module, or a script judged by its name."""
    if "-c" in arguments:
        at = arguments.index("-c") + 1
        return code(arguments[at] if at < len(arguments) else "", title)
    if "-m" in arguments:
        at = arguments.index("-m") + 1
        rest = [a for a in arguments[at + 1 :] if not a.startswith("-")]
        module = arguments[at].rsplit(".", 1)[-1] if at < len(arguments) else ""
        return named(" ".join([module, *rest[:2]]), title)
    words = [a for a in arguments if not a.startswith("-")]
    script = words[0].rsplit("/", 1)[-1] if words else ""
    flags = [a.strip("-") for a in arguments if a.startswith("--") and "=" not in a]
    if re.search(r"kill_?switch", script, re.I) and flags and named_action(f"{script} {flags[0]}") == "reset_halt":
        return Meaning(("reset_halt",), "mutate")  # `killswitch.py --deactivate`
    return named(" ".join(words[:3]).rsplit("/", 1)[-1], title)


_CALL = re.compile(r"\b([A-Za-z_][\w.]{0,80})\s*\(")


def code(text: str, title: str = "") -> Meaning:
    """Python, by the names of the functions it calls; imports and prints tell nothing."""
    bare = re.sub(r"#[^\n]*|'''.*?'''|(?:^|\n)\s*(?:from|import)\b[^\n;]*", "", text, flags=re.S)
    names = [name.rsplit(".", 1)[-1] for name in _CALL.findall(bare)]
    found = [action for name in names if not name[:1].isupper() and (action := named_action(name)) is not None]
    if not found:
        looked = look_at(title) or next((a for n in _CALL.findall(text) if (a := look_at(name_words(n)))), None)
        return Meaning(actions_in(title)[:1] or ((looked,) if looked else ()), "read" if looked else "unknown")
    actions = tuple(dict.fromkeys(found))
    return Meaning(actions, "mutate" if any(effect_of(action) == "mutate" for action in actions) else "read")
