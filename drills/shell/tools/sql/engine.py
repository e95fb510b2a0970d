"""Runs a statement on the tables as of now: SQLite in memory, PostgreSQL's spelling and PostgreSQL's errors.

Reading is what runbooks do, and reading is exact. What changes the World is done on the World: ending a session,
a parameter. Statements that would change tables (which are pictures of the World) are not pretended.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from drills.shell.tool import NotHere
from drills.shell.tools.firm import effect
from drills.shell.tools.sql.tables import Table, tables_of

if TYPE_CHECKING:
    from drills.shell.tool import Call
    from drills.shell.tools.firm import Firm


class SqlError(Exception):
    """What psql shows as `ERROR:  ...`."""


@dataclass
class Answer:
    """A result: columns and rows, or the tag of a command."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    tag: str = ""


_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
_STRING = re.compile(r"'(?:[^']|'')*'")
_SETTINGS = {"max_connections": "100", "server_version": "15.6", "shared_buffers": "128MB", "statement_timeout": "0",
             "work_mem": "4MB", "search_path": '"$user", public', "server_encoding": "UTF8"}  # fmt: skip


def statements(text: str) -> list[str]:
    """The statements of a text, split at semicolons outside of quotes."""
    bare = _COMMENT.sub(" ", text)
    found, start, quoted = [], 0, ""
    for at, letter in enumerate(bare):
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "'\"":
            quoted = letter
        elif letter == ";":
            found.append(bare[start:at])
            start = at + 1
    return [piece.strip() for piece in [*found, bare[start:]] if piece.strip()]


def execute(call: Call, firm: Firm, statement: str) -> Answer:
    """Run one statement; SqlError with PostgreSQL's words, NotHere for what cannot be done on the World."""
    verb = statement.split(None, 1)[0].upper()
    if verb in ("SELECT", "WITH", "TABLE", "VALUES", "EXPLAIN"):
        return _select(call, firm, statement)
    if verb == "SHOW":
        name = statement.split(None, 1)[1].strip().lower() if " " in statement else ""
        if name not in _SETTINGS:
            raise SqlError(f'unrecognized configuration parameter "{name}"')
        return Answer([name], [(_SETTINGS[name],)])
    if verb in ("ANALYZE", "VACUUM", "SET", "BEGIN", "COMMIT", "ROLLBACK", "RESET", "END"):
        return _maintenance(call, firm, statement, verb)
    if verb in ("CREATE", "REINDEX", "DROP") and re.match(
        r"(?is)^(create|drop|reindex)\s+(unique\s+)?index", statement
    ):
        return _index(call, firm, statement)
    if verb in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "ALTER", "CREATE", "DROP", "GRANT", "COPY"):
        _must_exist(firm, statement)
        raise NotHere(f"psql: {verb} would change tables that are only a picture of the firm here")
    raise SqlError(f'syntax error at or near "{statement.split(None, 1)[0]}"\nLINE 1: {statement[:60]}\n        ^')


def _must_exist(firm: Firm, statement: str) -> None:
    match = re.search(
        r"(?is)^(?:insert\s+into|update|delete\s+from|truncate(?:\s+table)?|alter\s+table|copy)\s+([\w.]+)", statement
    )
    if match and match.group(1).rpartition(".")[2].lower() not in tables_of(firm):
        raise SqlError(f'relation "{match.group(1)}" does not exist')


def _maintenance(call: Call, firm: Firm, statement: str, verb: str) -> Answer:
    words = re.sub(r"\([^)]*\)", "", statement).split()[1:]
    name = words[-1].lower() if words and verb in ("ANALYZE", "VACUUM") else ""
    if name and name not in ("analyze", "full", "verbose") and name not in tables_of(firm):
        raise SqlError(f'relation "{name}" does not exist')
    return Answer(tag="COMMIT" if verb == "END" else verb)


def _index(call: Call, firm: Firm, statement: str) -> Answer:
    match = re.search(r"(?is)\bon\s+([\w.]+)\s*(?:using\s+\w+\s*)?\(([^)]*)\)", statement)
    if match is None:
        return Answer(tag="DROP INDEX" if statement.lower().startswith("drop") else "REINDEX")
    table, given = match.group(1).rpartition(".")[2].lower(), tables_of(firm)
    if table not in given:
        raise SqlError(f'relation "{match.group(1)}" does not exist')
    for column in match.group(2).split(","):
        name = column.split()[0].lower()
        if name not in given[table].names:
            raise SqlError(f'column "{name}" does not exist')
    effect(call, "configure", f"index on {table}")
    return Answer(tag="CREATE INDEX")


def _select(call: Call, firm: Firm, statement: str) -> Answer:
    connection = sqlite3.connect(":memory:")
    try:
        known = tables_of(firm)
        for name, table in known.items():
            if re.search(rf"(?i)\b{name}\b", statement):
                _fill(connection, name, table)
        _functions(call, firm, connection)
        return _run(connection, known, statement)
    finally:
        connection.close()


def _fill(connection: sqlite3.Connection, name: str, table: Table) -> None:
    kinds = {"integer": "INTEGER", "numeric": "REAL", "boolean": "INTEGER"}
    columns = ", ".join(f'"{column}" {kinds.get(kind, "TEXT")}' for column, kind in table.columns)
    connection.execute(f'CREATE TABLE "{name}" ({columns})')
    marks = ", ".join("?" * len(table.columns))
    connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', table.rows)


def _functions(call: Call, firm: Firm, connection: sqlite3.Connection) -> None:
    world = firm.world
    now = world.clock.utc().strftime("%Y-%m-%d %H:%M:%S.%f")

    def terminate(pid: Any) -> bool:
        ended = world.database.terminate(int(pid))
        if ended:
            call.terminal.nemesis.mitigate(("database_slow",) if not world.database.queries() else ())
            effect(call, "kill_query", f"database session {pid} ended")
        return ended

    connection.create_function("pg_now", 0, lambda: now)
    connection.create_function("pg_terminate_backend", 1, terminate)
    connection.create_function("pg_cancel_backend", 1, terminate)
    connection.create_function("pg_backend_pid", 0, lambda: 9001)
    connection.create_function("version", 0, lambda: "PostgreSQL 15.6 on x86_64-pc-linux-gnu")
    connection.create_function("current_database", 0, lambda: firm.inventory.databases[0])
    connection.create_function("pg_database_size", 1, lambda name: 4_831_838_208)
    connection.create_function("pg_size_pretty", 1, lambda size: f"{int(size) // 2**20} MB")
    connection.create_function("pg_is_in_recovery", 0, lambda: 0)
    connection.create_function("date_trunc", 2, _truncated)
    connection.create_function("time_bucket", 2, lambda width, text: _truncated("minute", text))
    connection.create_function("pg_shift", 2, _shifted)
    connection.create_function("pg_between", 2, _between)
    connection.create_function("age", 2, _between)
    connection.create_function("age", 1, lambda text: _between(now[:10], text))


def _run(connection: sqlite3.Connection, known: dict[str, Table], statement: str) -> Answer:
    from drills.shell.tools.sql.dialect import translated

    explained = re.match(r"(?is)^explain\s*(?:\([^)]*\)|analyze|verbose|\s)*", statement)
    if explained:
        return Answer(["QUERY PLAN"], [("Seq Scan  (cost=0.00..1743.00 rows=100000 width=64)",)])
    try:
        cursor = connection.execute(translated(statement))
        rows = cursor.fetchall()
    except sqlite3.Error as error:
        raise _worded(str(error), known, statement) from error
    names = [column[0] for column in cursor.description or ()]
    return Answer([_plain_name(name) for name in names], rows)


def _plain_name(name: str) -> str:
    """A column without a name of its own is called after its function."""
    call = re.match(r"(?i)^([a-z_]+)\s*\(", name)
    if call:
        return {"pg_now": "now", "pg_shift": "?column?", "pg_between": "?column?"}.get(
            call.group(1).lower(), call.group(1).lower()
        )
    return name if re.fullmatch(r'"?[\w ]+"?', name) and not name.isdigit() else "?column?"


def _worded(text: str, known: dict[str, Table], statement: str) -> SqlError:
    """SQLite's complaint in PostgreSQL's words."""
    if match := re.match(r"no such column: (.+)", text):
        name = match.group(1).strip('"')
        at = re.search(rf"(?i)\b{re.escape(name.rpartition('.')[2])}\b", statement)
        return SqlError(
            f'column "{name.rpartition(".")[2]}" does not exist{_pointed(statement, at.start() if at else 0)}'
        )
    if match := re.match(r"no such table: (.+)", text):
        at = re.search(rf"(?i)\b{re.escape(match.group(1))}\b", statement)
        return SqlError(f'relation "{match.group(1)}" does not exist{_pointed(statement, at.start() if at else 0)}')
    if match := re.match(r"no such function: (.+)", text):
        if match.group(1).lower() not in _REAL_FUNCTIONS:
            return SqlError(
                f"function {match.group(1)} does not exist\nHINT:  No function matches the given name and argument "
                    "types."
            )
        raise NotHere(f"psql: the function {match.group(1)} is not known here")
    if match := re.match(r'near "(.*)": syntax error', text):
        if re.search(
            r"(?i)\b(?:lateral|filter|window|over|array|jsonb?|::|similar|generate_series|distinct on)\b", statement
        ):
            raise NotHere(f"psql: this statement uses what is not known here, near {match.group(1)!r}")
        return SqlError(f'syntax error at or near "{match.group(1)}"')
    if "incomplete input" in text:
        return SqlError("syntax error at end of input")
    raise NotHere(f"psql: this statement cannot be run here: {text}")


_REAL_FUNCTIONS = frozenset(
    [
        "age",
        "to_char",
        "extract",
        "percentile_cont",
        "percentile_disc",
        "string_agg",
        "array_agg",
        "jsonb_build_object",
        "json_agg",
        "greatest",
        "least",
        "stddev",
        "variance",
        "regexp_replace",
        "regexp_matches",
        "to_timestamp",
        "make_interval",
        "generate_series",
        "pg_stat_reset",
        "pg_relation_size",
        "pg_total_relation_size",
        "pg_reload_conf",
        "pg_stat_get_activity",
        "unnest",
        "first",
        "last",
        "mode",
    ]
)


def _pointed(statement: str, at: int) -> str:
    """The line that psql points at."""
    number = statement.count("\n", 0, at) + 1
    begin = statement.rfind("\n", 0, at) + 1
    line = statement[begin:].split("\n")[0]
    head = f"LINE {number}: "
    return f"\n{head}{line}\n{' ' * (len(head) + at - begin)}^"


# Time, which these tables keep as text


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _shifted(text: Any, seconds: Any) -> str | None:
    from datetime import timedelta

    moment = _moment(text)
    return None if moment is None else (moment + timedelta(seconds=float(seconds))).strftime("%Y-%m-%d %H:%M:%S.%f")


def _between(later: Any, earlier: Any) -> str | None:
    """The difference of two times as PostgreSQL shows an interval."""
    first, second = _moment(later), _moment(earlier)
    if first is None or second is None:
        return None
    micros = round((first - second).total_seconds() * 1e6)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    seconds, rest = divmod(micros, 1_000_000)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}" + (f".{rest:06d}" if rest else "")


def _truncated(unit: Any, text: Any) -> str | None:
    moment = _moment(text)
    if moment is None:
        return None
    parts = {"second": 19, "minute": 16, "hour": 13, "day": 10, "month": 7, "year": 4}
    kept = moment.strftime("%Y-%m-%d %H:%M:%S")[: parts.get(str(unit), 19)]
    return kept + "0001-01-01 00:00:00"[len(kept) :]
