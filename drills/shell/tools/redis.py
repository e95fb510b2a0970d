"""redis-cli on the firm's cache: its memory, its clients, its slow log, and plain keys."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.naming import REDIS, guess
from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.firm import Firm, effect, firm_of
from sim.clock import MINUTE, SECOND

_CONTROL = re.compile(r"halt|kill|stop|pause|safe|mode|enabled?|switch|flag|active|trading", re.I)


class Keys:
    """Keys that somebody set by hand."""

    def __init__(self) -> None:
        """None."""
        self.values: dict[str, str] = {}


class RedisError(Exception):
    """An error reply."""


def redis_cli(call: Call) -> Result:
    """Run one command, or those of standard input."""
    host, words = "127.0.0.1", list(call.args)
    port, plain = "6379", False
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-h", "-p", "-n", "-a", "-u", "-t", "--user", "--pass"):
            value = words.pop(0) if words else ""
            host, port = (value if option == "-h" else host), (value if option == "-p" else port)
        elif option in ("--raw", "--no-raw", "--no-auth-warning", "--csv"):
            plain = plain or option == "--raw"
        elif option in ("--stat", "--bigkeys", "--latency", "--memkeys", "--hotkeys", "--scan"):
            raise NotHere(f"redis-cli {option} is not known here")
        else:
            return Result(err=f"Unrecognized option or bad number of args for: '{option}'\n", code=1)
    firm = firm_of(call.terminal)
    inside = firm.places.get(call.terminal.place)
    if host in ("127.0.0.1", "localhost") and inside not in (None, REDIS):
        return Result(err=f"Could not connect to Redis at {host}:{port}: Connection refused\n", code=1)
    if host not in ("127.0.0.1", "localhost"):
        found = guess(host)
        if firm.inventory.services.get(host, found.here if found else "") != REDIS:
            raise NotHere(f"redis-cli: the host {host} is not part of the simulated firm")
    if not firm.cluster.serving(REDIS):
        return Result(err=f"Could not connect to Redis at {host}:{port}: Connection refused\n", code=1)
    lines = [words] if words else [line.split() for line in (call.stdin or "").splitlines() if line.strip()]
    if not lines:
        raise NotHere("redis-cli without a command waits for a person's typing")
    out, code = "", 0
    for line in lines:
        try:
            out += _run(call, firm, line, plain)
        except RedisError as error:
            out, code = f"{out}(error) {error}\n", 1
    return Result(out, code=code)


def _run(call: Call, firm: Firm, words: list[str], plain: bool) -> str:
    name, rest = words[0].upper(), words[1:]
    if name not in _COMMANDS:
        if name in ("MONITOR", "SUBSCRIBE", "PSUBSCRIBE"):
            call.terminal.observe()
            return "OK\n" if name == "MONITOR" else ""
        raise NotHere(f"redis-cli {words[0]}: this command is not known here")
    reply = _COMMANDS[name](call, firm, rest)
    return reply if reply.endswith("\n") else f"{reply}\n"


def _info(call: Call, firm: Firm, rest: list[str]) -> str:
    cache, world = firm.world.cache, firm.world
    used, most = round(cache.used_mib() * 2**20), round(cache.max_mib * 2**20)
    hits = round(500 * cache.hit_ratio() * (world.env.now / SECOND))
    sections: dict[str, dict[str, str | int]] = {
        "server": {"redis_version": "7.0.15", "uptime_in_seconds": world.env.now // SECOND + 259_200},
        "clients": {"connected_clients": 12, "blocked_clients": 0, "maxclients": 10_000},
        "memory": {
            "used_memory": used, "used_memory_human": f"{used / 2**20:.2f}M",
            "used_memory_peak_human": f"{used / 2**20:.2f}M",
            "maxmemory": most, "maxmemory_human": f"{most / 2**20:.2f}M",
            "maxmemory_policy": "noeviction" if cache.policy == "refuse" else "allkeys-lru",
            "mem_fragmentation_ratio": "1.08",
        },
        "stats": {
            "keyspace_hits": hits, "keyspace_misses": round(cache.misses_per_s() * world.env.now / SECOND),
            "evicted_keys": cache.evictions(), "rejected_connections": 0,
        },
        "replication": {"role": "master", "connected_slaves": 0},
        "keyspace": {"db0": f"keys={round(used / 16384)},expires=0,avg_ttl=0"},
    }  # fmt: skip
    wanted = [rest[0].lower()] if rest and rest[0].lower() in sections else list(sections)
    return "\n".join(
        f"# {section.capitalize()}\n" + "".join(f"{key}:{value}\n" for key, value in sections[section].items())
        for section in wanted
    )


def _client(call: Call, firm: Firm, rest: list[str]) -> str:
    if [word.upper() for word in rest[:1]] == ["LIST"]:
        rows = [
            f"id={10 + n} addr=10.42.0.{20 + n}:5{n:04d} name=trading age=259200 idle=0 db=0 cmd=get" for n in range(12)
        ]
        return "".join(f"{row}\n" for row in rows)
    raise NotHere(f"redis-cli CLIENT {' '.join(rest[:1])}: only LIST is known here")


def _slowlog(call: Call, firm: Firm, rest: list[str]) -> str:
    verb = rest[0].upper() if rest else "GET"
    if verb == "LEN":
        return "(integer) 0"
    if verb == "RESET":
        return "OK"
    return "(empty array)"


def _memory(call: Call, firm: Firm, rest: list[str]) -> str:
    verb = rest[0].upper() if rest else ""
    if verb == "DOCTOR":
        full = firm.world.cache.refusing
        return (
            "Sam, I detected a few issues: memory is at its limit."
            if full
            else "Sam, I can't find any memory issue in your instance."
        )
    if verb == "STATS":
        return f'1) "peak.allocated"\n2) (integer) {round(firm.world.cache.used_mib() * 2**20)}'
    if verb == "USAGE":
        return "(nil)"
    raise NotHere(f"redis-cli MEMORY {verb} is not known here")


def _config(call: Call, firm: Firm, rest: list[str]) -> str:
    cache = firm.world.cache
    verb, name = (rest[0].upper(), rest[1].lower()) if len(rest) > 1 else ("", "")
    if verb == "GET":
        known = {"maxmemory": str(round(cache.max_mib * 2**20)),
                 "maxmemory-policy": "noeviction" if cache.policy == "refuse" else "allkeys-lru"}  # fmt: skip
        found = [
            (key, value)
            for key, value in known.items()
            if name in (key, "*") or (name.endswith("*") and key.startswith(name[:-1]))
        ]
        return "".join(f"{key}\n{value}\n" for key, value in found) or "(empty array)"
    if verb == "SET" and len(rest) > 2:
        return _configure(call, firm, name, rest[2])
    raise NotHere(f"redis-cli CONFIG {verb} is not known here")


def _configure(call: Call, firm: Firm, name: str, value: str) -> str:
    cache = firm.world.cache
    if name == "maxmemory":
        match = re.fullmatch(r"(\d+)(b|k|kb|m|mb|g|gb)?", value.lower())
        if match is None:
            raise RedisError(
                "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"
            )
        size = {"k": 1 / 1024, "m": 1.0, "g": 1024.0}.get((match.group(2) or "b")[0], 1 / 2**20)
        cache.set_max(int(match.group(1)) * size)
        if not cache.refusing:
            call.terminal.nemesis.mitigate(("cache_full",))
        effect(call, "raise_limits", f"cache memory limit {value}")
        return "OK"
    if name == "maxmemory-policy":
        if value not in ("noeviction", "allkeys-lru", "volatile-lru", "allkeys-lfu", "volatile-ttl", "allkeys-random"):
            raise RedisError(
                "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument must be one of "
                    "the following"
            )
        cache.policy = "refuse" if value == "noeviction" else "evict"
        effect(call, "configure", f"cache policy {value}")
        return "OK"
    raise NotHere(f"redis-cli CONFIG SET {name}: only maxmemory and maxmemory-policy are known here")


def _flush(call: Call, firm: Firm, rest: list[str]) -> str:
    firm.world.cache.flush()
    call.terminal.keep(Keys, Keys).values.clear()
    call.terminal.nemesis.mitigate(("cache_full",))
    effect(call, "restart_service", "cache emptied")
    return "OK"


def _get(call: Call, firm: Firm, rest: list[str]) -> str:
    if not rest:
        raise RedisError("ERR wrong number of arguments for 'get' command")
    value = call.terminal.keep(Keys, Keys).values.get(rest[0])
    return "(nil)" if value is None else f'"{value}"'


def _set(call: Call, firm: Firm, rest: list[str]) -> str:
    if len(rest) < 2:
        raise RedisError("ERR wrong number of arguments for 'set' command")
    if firm.world.cache.refusing:
        raise RedisError("OOM command not allowed when used memory > 'maxmemory'.")
    if _CONTROL.search(rest[0]):
        raise NotHere(f"redis-cli SET {rest[0]}: nothing in this firm reads that key")
    call.terminal.keep(Keys, Keys).values[rest[0]] = rest[1]
    effect(call, "configure", f"key {rest[0]} set")
    return "OK"


def _delete(call: Call, firm: Firm, rest: list[str]) -> str:
    values = call.terminal.keep(Keys, Keys).values
    gone = [key for key in rest if values.pop(key, None) is not None]
    unknown = [key for key in rest if key not in gone and _CONTROL.search(key)]
    if unknown:
        raise NotHere(f"redis-cli DEL {unknown[0]}: nothing in this firm reads that key")
    return f"(integer) {len(gone)}"


def _keys(call: Call, firm: Firm, rest: list[str]) -> str:
    pattern = re.escape(rest[0] if rest else "*").replace(r"\*", ".*").replace(r"\?", ".")
    found = [key for key in call.terminal.keep(Keys, Keys).values if re.fullmatch(pattern, key)]
    return "".join(f'{at}) "{key}"\n' for at, key in enumerate(found, start=1)) or "(empty array)"


_COMMANDS: dict[str, Callable[[Call, Firm, list[str]], str]] = {
    "PING": lambda call, firm, rest: "PONG" if not rest else f'"{rest[0]}"', "INFO": _info, "CLIENT": _client,
    "SLOWLOG": _slowlog, "MEMORY": _memory, "CONFIG": _config, "FLUSHALL": _flush, "FLUSHDB": _flush, "GET": _get,
    "SET": _set, "DEL": _delete, "UNLINK": _delete, "KEYS": _keys,
    "DBSIZE": lambda call, firm, rest: f"(integer) {round(firm.world.cache.used_mib() * 64)}",
    "EXISTS": lambda call, firm, rest: f"(integer) {sum(k in call.terminal.keep(Keys, Keys).values for k in rest)}",
    "TTL": lambda call, firm, rest: "(integer) -2", "SELECT": lambda call, firm, rest: "OK",
    "TIME": lambda call, firm, rest: f"1) \"{int(call.terminal.world.clock.utc().timestamp())}\"\n2) \"0\"",
    "LASTSAVE": lambda call, firm,
    rest: f"(integer) {int(call.terminal.world.clock.utc().timestamp()) - 5 * MINUTE // SECOND}",
}  # fmt: skip

_ABOUT = "PING INFO CLIENT LIST SLOWLOG MEMORY CONFIG GET/SET GET SET DEL KEYS FLUSHALL"
TOOLS = {"redis-cli": Program(redis_cli, _ABOUT)}
