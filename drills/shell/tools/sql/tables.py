"""The tables and views of the firm's database, as of now: trades, orders, positions, and PostgreSQL's own views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sim.clock import SECOND
from sim.history import Event

if TYPE_CHECKING:
    from drills.shell.tools.firm import Firm

Rows = list[tuple[Any, ...]]


class Table(NamedTuple):
    """One table: its columns with their types in PostgreSQL, and its rows."""

    columns: tuple[tuple[str, str], ...]
    rows: Rows

    @property
    def names(self) -> list[str]:
        """The columns."""
        return [name for name, _ in self.columns]


def tables_of(firm: Firm) -> dict[str, Table]:
    """Every table, filled now."""
    return {
        "trades": _trades(firm), "fills": _trades(firm), "orders": _orders(firm), "positions": _positions(firm),
        "account": _account(firm), "market_data": _bars(firm), "pg_stat_activity": _activity(firm),
        "pg_stat_statements": _statements(firm), "pg_locks": _locks(firm), "pg_stat_database": _database(firm),
        "pg_stat_user_tables": _user_tables(), "audit_log": _audit(firm),
    }  # fmt: skip


def _stamp(firm: Firm, t_us: int) -> str:
    return firm.world.clock.utc(t_us).strftime("%Y-%m-%d %H:%M:%S.%f")


def _filled(firm: Firm) -> list[Event]:
    return [event for event in firm.world.history.of("ledger.fill") if event.get("source") != "broker"]


def _trades(firm: Firm) -> Table:
    """What the firm booked; the profit of a trade is realised against the average cost before it."""
    held: dict[str, tuple[int, float]] = {}
    rows: Rows = []
    for number, event in enumerate(_filled(firm), start=1):
        data = event.data
        symbol, signed, price = data["symbol"], data["side"] * data["qty"], data["price"]
        qty, cost = held.get(symbol, (0, 0.0))
        closing = min(abs(signed), abs(qty)) if qty * signed < 0 else 0
        pnl = closing * (price - cost) * (1 if qty > 0 else -1)
        after = qty + signed
        if qty * signed >= 0 and after:
            cost = (abs(qty) * cost + abs(signed) * price) / abs(after)
        elif abs(signed) > abs(qty):
            cost = price
        held[symbol] = (after, cost)
        rows.append((number, event.subject, symbol, "buy" if signed > 0 else "sell", abs(signed), round(price, 4),
                     round(pnl, 2), f"pattern-{data.get('source', 'strategy')}", "filled", _stamp(firm, event.t_us),
                     _stamp(firm, event.t_us)))  # fmt: skip
    return Table(
        (("id", "integer"), ("order_id", "text"), ("symbol", "text"), ("side", "text"), ("qty", "integer"),
         ("price", "numeric"), ("pnl", "numeric"), ("pattern_id", "text"), ("status", "text"),
         ("created_at", "timestamp"), ("executed_at", "timestamp")),
        rows,
    )  # fmt: skip


def _orders(firm: Firm) -> Table:
    rows: Rows = []
    for number, order in enumerate(firm.world.orders.orders.values(), start=1):
        rows.append((number, order.id, order.symbol, "buy" if order.side > 0 else "sell", order.qty, order.filled_qty,
                     order.kind, order.limit_price, str(order.status), _stamp(firm, order.created_us),
                     _stamp(firm, order.updated_us)))  # fmt: skip
    return Table(
        (("id", "integer"), ("order_id", "text"), ("symbol", "text"), ("side", "text"), ("qty", "integer"),
         ("filled_qty", "integer"), ("type", "text"), ("limit_price", "numeric"), ("status", "text"),
         ("created_at", "timestamp"), ("updated_at", "timestamp")),
        rows,
    )  # fmt: skip


def _positions(firm: Firm) -> Table:
    world = firm.world
    rows: Rows = [
        (
            symbol,
            qty,
            round(world.feed.last_price(symbol), 4),
            round(qty * world.feed.last_price(symbol), 2),
            _stamp(firm, world.env.now),
        )
        for symbol, qty in sorted(world.book.held().items())
    ]
    return Table(
        (
            ("symbol", "text"),
            ("qty", "integer"),
            ("last_price", "numeric"),
            ("market_value", "numeric"),
            ("updated_at", "timestamp"),
        ),
        rows,
    )


def _account(firm: Firm) -> Table:
    world = firm.world
    equity = world.trading.equity()
    return Table(
        (("equity", "numeric"), ("cash", "numeric"), ("updated_at", "timestamp")),
        [(round(equity, 2), round(world.book.cash, 2), _stamp(firm, world.env.now))],
    )


def _bars(firm: Firm) -> Table:
    rows: Rows = []
    for symbol in firm.world.market.symbols:
        for bar in firm.world.feed.bars(symbol, 1, 60):
            rows.append((symbol, _stamp(firm, bar.start_us), bar.open, bar.high, bar.low, bar.close, bar.volume))
    return Table(
        (
            ("symbol", "text"),
            ("time", "timestamp"),
            ("open", "numeric"),
            ("high", "numeric"),
            ("low", "numeric"),
            ("close", "numeric"),
            ("volume", "integer"),
        ),
        rows,
    )


def _activity(firm: Firm) -> Table:
    world = firm.world
    rows: Rows = []
    for session in world.database.sessions():
        began = _stamp(firm, session.since_us)
        wait = "Client" if session.state != "active" else None
        rows.append((16384, firm.inventory.databases[0], session.pid, session.holder, session.holder, began, began,
        began,
                     session.state, wait, "ClientRead" if wait else None, session.text, "client backend"))  # fmt: skip
    now = _stamp(firm, world.env.now)
    rows.append((16384, firm.inventory.databases[0], 9001, "postgres", "psql", now, now, now, "active", None, None,
                 "<this query>", "client backend"))  # fmt: skip
    return Table(
        (("datid", "integer"), ("datname", "text"), ("pid", "integer"), ("usename", "text"), ("application_name",
        "text"),
         ("backend_start", "timestamp"), ("query_start", "timestamp"), ("state_change", "timestamp"), ("state", "text"),
         ("wait_event_type", "text"), ("wait_event", "text"), ("query", "text"), ("backend_type", "text")),
        rows,
    )  # fmt: skip


def _statements(firm: Firm) -> Table:
    """The columns of PostgreSQL 13 and later: `mean_time` is gone, `mean_exec_time` has come."""
    world = firm.world
    calls = round(world.database.load_per_s * (world.env.now / SECOND + 259_200))
    p99_s = world.database.p99_s()
    slow_ms = round((p99_s if p99_s == p99_s else 0.0) * 1000, 3)
    texts = (("SELECT * FROM orders WHERE status = $1", 0.7, 4.0), ("INSERT INTO trades VALUES ($1, ...)", 0.2, 6.0),
             ("UPDATE positions SET qty = $1 WHERE symbol = $2", 0.1, 5.0))  # fmt: skip
    rows: Rows = [
        (
            number,
            text,
            round(calls * share),
            round(calls * share * mean, 1),
            1.0,
            max(slow_ms, 8 * mean),
            mean,
            0.6 * mean,
            round(calls * share),
        )
        for number, (text, share, mean) in enumerate(texts, start=1)
    ]
    for query in world.database.queries():
        lasted_ms = (world.env.now - query.since_us) / 1000
        rows.append((query.pid, query.text, 1, lasted_ms, lasted_ms, lasted_ms, lasted_ms, 0.0, 0))
    return Table(
        (("queryid", "integer"), ("query", "text"), ("calls", "integer"), ("total_exec_time", "numeric"),
         ("min_exec_time", "numeric"), ("max_exec_time", "numeric"), ("mean_exec_time", "numeric"),
         ("stddev_exec_time", "numeric"), ("rows", "integer")),
        rows,
    )  # fmt: skip


def _locks(firm: Firm) -> Table:
    rows: Rows = [
        ("relation", 16384, "positions", "RowExclusiveLock", True, query.pid) for query in firm.world.database.queries()
    ]
    return Table(
        (
            ("locktype", "text"),
            ("database", "integer"),
            ("relation", "text"),
            ("mode", "text"),
            ("granted", "boolean"),
            ("pid", "integer"),
        ),
        rows,
    )


def _database(firm: Firm) -> Table:
    database = firm.world.database
    return Table((("datname", "text"), ("numbackends", "integer"), ("xact_commit", "integer"), ("deadlocks",
    "integer")),
                 [(firm.inventory.databases[0], database.in_use + database.waiting, round(database.load_per_s * 100),
                 0)])  # fmt: skip


def _user_tables() -> Table:
    return Table((("relname", "text"), ("n_live_tup", "integer"), ("n_dead_tup", "integer"), ("last_autovacuum",
    "timestamp")),
                 [("trades", 100_000, 1200, None), ("orders", 120_000, 2100, None), ("positions", 40, 12,
                 None)])  # fmt: skip


def _audit(firm: Firm) -> Table:
    rows: Rows = [
        (_stamp(firm, event.t_us), event.subject, str(event.get("detail", "")), str(event.get("by", "")))
        for event in firm.world.history.of("system.audit")
    ]
    return Table((("created_at", "timestamp"), ("action", "text"), ("detail", "text"), ("actor", "text")), rows)
