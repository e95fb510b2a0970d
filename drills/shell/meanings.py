"""Files of a runbook that go by another name in the simulated firm.

Each team lays its folders out as it likes: `artifacts/state/positions.json`, `logs/trade_audit.csv`. What they hold
is the same everywhere, so a file that is not there is found by what its name says, and that is written down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from drills.shell.records import audit_csv, monitoring_log, orders_csv, trades_csv, trading_log
from sim.trading_system import ORDERS_FILE, POSITIONS_FILE
from sim.world import World

Maker = Callable[[World], str]


def _state(path: str) -> Maker:
    return lambda world: world.disk.read(path)


def _held(world: World) -> str:
    return json.dumps({"positions": world.book.held()}, indent=1) + "\n"


def _at_broker(world: World) -> str:
    return json.dumps({"positions": world.ledger.positions()}, indent=1) + "\n"


def _daily_pnl(world: World) -> str:
    system = world.trading
    equity = round(system.equity(), 2)
    pnl = round(equity - system.day_start_equity, 2)
    share = round(100 * pnl / system.day_start_equity, 4)
    return json.dumps({"date": str(world.clock.local_date()), "equity": equity, "pnl": pnl, "pnl_pct": share}) + "\n"


def _data_quality(world: World) -> str:
    feed = world.feed
    problems = {symbol: quality for symbol in world.market.symbols if (quality := feed.quality(symbol)) is not None}
    return json.dumps({"violated": bool(problems), "problems": {s: str(q) for s, q in problems.items()}}) + "\n"


def _slippage(world: World) -> str:
    return json.dumps({"orders": 50, "mean_bps": round(world.orders.slippage.mean_bps(50), 3)}) + "\n"


_MEANINGS: tuple[tuple[re.Pattern[str], str, Maker], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name, maker)
    for pattern, name, maker in (
        (r"/expected_positions\.json$", "the system's own positions", _held),
        (r"/(?:actual|broker)_positions\.json$", "the positions at the broker", _at_broker),
        (r"/[^/]*positions?[^/]*\.json$", POSITIONS_FILE, _state(POSITIONS_FILE)),
        (r"/[^/]*orders?[^/]*\.json$", ORDERS_FILE, _state(ORDERS_FILE)),
        (r"/[^/]*(?:pnl|profit)[^/]*\.json$", "the day's profit and loss", _daily_pnl),
        (r"/[^/]*(?:sla|quality)[^/]*\.json$", "the state of the market data", _data_quality),
        (r"/[^/]*audit[^/]*\.(?:csv|log)$", "logs/audit.csv", audit_csv),
        (r"/(?:orders?/[^/]*|[^/]*orders?[^/]*)\.csv$", "logs/orders.csv", orders_csv),
        (r"/[^/]*(?:trades?|fills?|executions?)[^/]*\.csv$", "logs/trades.csv", trades_csv),
        (r"/[^/]*(?:monitor|alert)[^/]*\.log$", "logs/monitoring.log", monitoring_log),
        (
            r"/(?:[^/]*trad[^/]*|app|main|system|latest|bot|engine|strategy|run[^/]*)\.log$",
            "logs/trading.log",
            trading_log,
        ),
        (r"/logs?/[^/]*(?:error|strateg|exec|order|gateway)[^/]*\.log$", "logs/trading.log", trading_log),
    )
)


def by_meaning(world: World, path: str) -> tuple[str, str] | None:
    """What a file that is not there stands for, and its text; None when its name says nothing."""
    for pattern, name, maker in _MEANINGS:
        if pattern.search(path):
            try:
                return name, maker(world)
            except FileNotFoundError:
                return None
    return None
