"""psql and pg_dump: connecting, running statements, printing results, exit codes 0, 1, 2 and 3."""

from __future__ import annotations

import re
from typing import Any

from drills.shell.naming import POSTGRES, guess
from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import Firm, firm_of
from drills.shell.tools.options import Options, UnknownOption, read_options
from drills.shell.tools.sql.engine import Answer, SqlError, execute, statements
from drills.shell.tools.sql.tables import tables_of
from sim.clock import SECOND

_VALUED = {
    "-c": "command", "--command": "command", "-d": "dbname", "--dbname": "dbname", "-U": "user", "--username": "user",
    "-h": "host", "--host": "host", "-p": "port", "--port": "port", "-f": "file", "--file": "file", "-F": "separator",
    "-v": "variable", "--set": "variable", "-P": "pset", "-o": "output", "-t": "table", "--table": "table",
    "-R": "record-separator", "-n": "schema", "-Z": "compress", "-j": "jobs",
}  # fmt: skip
_FLAGS = {
    "-A": "no-align", "--no-align": "no-align", "--tuples-only": "tuples-only", "-x": "expanded",
    "--expanded": "expanded", "-q": "quiet", "-X": "no-psqlrc", "--csv": "csv", "-w": "no-password", "-W": "password",
    "-1": "single-transaction", "-a": "echo-all", "-l": "list", "--data-only": "data-only", "-s": "schema-only",
    "--schema-only": "schema-only", "--if-exists": "if-exists", "--clean": "clean", "-O": "no-owner",
}  # fmt: skip
_SYSTEM_DATABASES = ("postgres", "template1")


class Refused(Exception):
    """No connection: psql's words and exit code 2."""


def psql(call: Call) -> Result:
    """Run the statements of -c, -f, or standard input."""
    flags = {**_FLAGS, "-t": "tuples-only"}
    valued = {key: name for key, name in _VALUED.items() if key != "-t"}
    try:
        options = read_options(call.args, valued, flags)
    except UnknownOption as error:
        words = "option requires an argument" if error.lacks_value else "invalid option"
        return Result(
            err=f"psql: {words} -- '{error.option.lstrip('-')}'\nTry \"psql --help\" for more information.\n", code=1
        )
    firm = firm_of(call.terminal)
    try:
        connect(call, firm, options)
    except Refused as refused:
        return Result(err=f"{refused}\n", code=2)
    if options.has("list"):
        return Result("".join(f" {name}\n" for name in (*firm.inventory.databases, *_SYSTEM_DATABASES)))
    try:
        texts, in_script = _texts(call, options)
    except FileNotFoundError:
        return Result(err=f"psql: error: {options.one('file')}: No such file or directory\n", code=1)
    out, err, code = "", "", 0
    stop = any(value.upper() in ("ON_ERROR_STOP=1", "ON_ERROR_STOP=ON") for value in options.all("variable"))
    for text in texts:
        for statement in statements(text) if not text.lstrip().startswith("\\") else [text.strip()]:
            try:
                answer = _meta(firm, statement) if statement.startswith("\\") else execute(call, firm, statement)
            except SqlError as error:
                err += f"ERROR:  {error}\n"
                if not in_script or stop:
                    return Result(out, err, 3 if in_script else 1)
                continue
            _slow(call)
            out += shown(answer, options)
        code = 0
    return Result(out, err, code)


def connect(call: Call, firm: Firm, options: Options) -> None:
    """Open a connection to the firm's database, or say why there is none."""
    host = options.one("host") or call.env.get("PGHOST", "")
    database = options.one("dbname") or (options.words[0] if options.words else "") or call.env.get("PGDATABASE", "")
    if host and host not in ("localhost", "127.0.0.1"):
        meant = firm.inventory.services.get(host) or (found.here if (found := guess(host)) else "")
        if meant != POSTGRES:
            raise NotHere(f"psql: the database host {host} is not part of the simulated firm")
    if "://" in database:
        database = database.rpartition("/")[2].partition("?")[0]
    where = (
        f'server at "{host or "localhost"}", port 5432'
        if host
        else 'server on socket "/var/run/postgresql/.s.PGSQL.5432"'
    )
    inside = firm.places.get(call.terminal.place)
    if not host and inside not in (None, POSTGRES):
        raise Refused(f"psql: error: connection to {where} failed: No such file or directory\n\tIs the server running "
                      "locally and accepting connections on that socket?")  # fmt: skip
    if not firm.cluster.serving(POSTGRES):
        raise Refused(f"psql: error: connection to {where} failed: Connection refused\n\tIs the server running on "
            "that host "
                      "and accepting TCP/IP connections?")  # fmt: skip
    known = (*firm.inventory.databases, *_SYSTEM_DATABASES)
    if database and firm.inventory.rows and database not in known:
        raise Refused(f'psql: error: connection to {where} failed: FATAL:  database "{database}" does not exist')


def _slow(call: Call) -> None:
    """A statement takes as long as the database lets it; one that gets no connection waits for nobody here."""
    took = call.terminal.world.database.query_us()
    call.wait_us(min(took if took is not None else 5 * SECOND, 30 * SECOND))


def _texts(call: Call, options: Options) -> tuple[list[str], bool]:
    if options.all("command"):
        return options.all("command"), False
    if options.one("file"):
        return [call.stdin or "" if options.one("file") == "-" else call.read(options.one("file"))], True
    text = call.stdin
    if text is None:
        raise NotHere("psql without a statement waits for a person's typing")
    return [text], True


def _meta(firm: Firm, command: str) -> Answer:
    """Backslash commands: the list of tables, a table's columns."""
    name, _, rest = command[1:].partition(" ")
    tables = tables_of(firm)
    if name in ("dt", "d", "d+", "dt+") and not rest.strip():
        own = [table for table in tables if not table.startswith("pg_")]
        return Answer(["Schema", "Name", "Type", "Owner"], [("public", table, "table", "trading") for table in own])
    if name in ("d", "d+"):
        table = rest.strip()
        if table not in tables:
            raise SqlError(f'Did not find any relation named "{table}".')
        return Answer(["Column", "Type"], [tuple(column) for column in tables[table].columns])
    if name in ("l", "list"):
        return Answer(["Name"], [(database,) for database in (*firm.inventory.databases, *_SYSTEM_DATABASES)])
    if name == "conninfo":
        return Answer(tag=f'You are connected to database "{firm.inventory.databases[0]}" as user "postgres".')
    if name in ("x", "timing", "pset", "q", "echo", "t", "a"):
        return Answer(tag="")
    raise NotHere(f"psql \\{name} is not known here")


# Printing


def shown(answer: Answer, options: Options) -> str:
    """A result as psql prints it: aligned with a count, unaligned, tuples only, CSV, expanded."""
    if not answer.columns:
        return f"{answer.tag}\n" if answer.tag and not options.has("quiet") else ""
    rows = [[_cell(value) for value in row] for row in answer.rows]
    bare = options.has("tuples-only")
    if options.has("csv"):
        lines = [",".join(_quoted(cell) for cell in row) for row in ([] if bare else [answer.columns]) + rows]
        return "".join(f"{line}\n" for line in lines)
    if options.has("no-align"):
        separator = options.one("separator") or "|"
        lines = [separator.join(row) for row in ([] if bare else [answer.columns]) + rows]
        return "".join(f"{line}\n" for line in lines) + (
            "" if bare else f"({len(rows)} row{'' if len(rows) == 1 else 's'})\n"
        )
    if options.has("expanded"):
        return _expanded(answer.columns, rows)
    return _aligned(answer, rows, bare)


def _aligned(answer: Answer, rows: list[list[str]], bare: bool) -> str:
    widths = [max([len(name), *(len(row[at]) for row in rows)]) for at, name in enumerate(answer.columns)]
    right = [all(isinstance(row[at], int | float) or row[at] is None for row in answer.rows) and bool(answer.rows)
             for at in range(len(widths))]  # fmt: skip
    lines = []
    if not bare:
        lines.append(" | ".join(name.center(width) for name, width in zip(answer.columns, widths, strict=True)))
        lines.append("-+-".join("-" * width for width in widths))
    for row in rows:
        cells = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)]
        lines.append(" | ".join(cells))
    body = "".join(
        f" {line}".rstrip() + "\n" if "-+-" not in line and set(line) != {"-"} else f"-{line}-\n" for line in lines
    )
    return body + ("" if bare else f"({len(rows)} row{'' if len(rows) == 1 else 's'})\n") + "\n"


def _expanded(names: list[str], rows: list[list[str]]) -> str:
    width = max(len(name) for name in names)
    out = ""
    for number, row in enumerate(rows, start=1):
        out += f"-[ RECORD {number} ]\n" + "".join(
            f"{name:<{width}} | {cell}\n" for name, cell in zip(names, row, strict=True)
        )
    return out


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}" if value == round(value, 6) else f"{value:.6f}"
    return str(value)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[",\n]', cell) else cell


def pg_dump(call: Call) -> Result:
    """A plain SQL dump of one table or of all."""
    try:
        options = read_options(call.args, _VALUED, _FLAGS)
    except UnknownOption as error:
        return Result(err=f"pg_dump: error: invalid option {error.option}\n", code=1)
    firm = firm_of(call.terminal)
    try:
        connect(call, firm, options)
    except Refused as refused:
        return Result(err=str(refused).replace("psql:", "pg_dump:") + "\n", code=1)
    tables = {name: table for name, table in tables_of(firm).items() if not name.startswith("pg_")}
    wanted = options.all("table") or list(tables)
    if not any(name in tables for name in wanted):
        return Result(err="pg_dump: error: no matching tables were found\n", code=1)
    call.wait_us(extra_us("pg_dump"))
    out = "--\n-- PostgreSQL database dump\n--\n\n"
    for name in [name for name in wanted if name in tables]:
        table = tables[name]
        out += (
            f"CREATE TABLE public.{name} (\n" + ",\n".join(f"    {c} {kind}" for c, kind in table.columns) + "\n);\n\n"
        )
        out += f"COPY public.{name} ({', '.join(table.names)}) FROM stdin;\n"
        out += (
            "".join("\t".join("\\N" if cell is None else str(cell) for cell in row) + "\n" for row in table.rows)
            + "\\.\n\n"
        )
    out += "-- PostgreSQL database dump complete\n"
    if options.one("file"):
        call.terminal.write_file(call.path(options.one("file")), out)
        return Result()
    return Result(out)


def pg_isready(call: Call) -> Result:
    """0 when it accepts connections, 2 when it does not answer."""
    if firm_of(call.terminal).cluster.serving(POSTGRES):
        return Result("localhost:5432 - accepting connections\n")
    return Result("localhost:5432 - no response\n", code=2)


_READS = "reads of trades, orders, positions, pg_stat_*, pg_terminate_backend; -c -f -t -A -x --csv, here-documents"
TOOLS = {
    "psql": Program(psql, _READS), "pg_dump": Program(pg_dump, "-t -f, plain SQL"),
    "pg_isready": Program(pg_isready, "0 or 2"),
}  # fmt: skip
