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
        (r"/[^/]*slippage[^/]*\.json$", "what orders cost against their price at decision", _slippage),
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


_NOWHERE_ELSE = ("/tmp/", "/etc/", "/dev/", "/proc/", "/usr/", "/bin/")
"""Folders whose files stand for nothing but themselves."""


class Meanings:
    """The files that are found by what their names say; no folder lists them."""

    def __init__(self, world: World) -> None:
        """Of one firm."""
        self._world = world

    def has(self, path: str) -> bool:
        """Whether the name says what the file holds, and the firm has that."""
        return self.stands_for(path) is not None

    def stands_for(self, path: str) -> str | None:
        """What a file of that name is in this firm; None when the name says nothing."""
        found = self._found(path)
        return None if found is None else found[0]

    def kept_as(self, path: str) -> str | None:
        """The file of the World's disk that it is; None when it is made from something else."""
        name = self.stands_for(path)
        return name if name in (POSITIONS_FILE, ORDERS_FILE) else None

    def read(self, path: str) -> str | None:
        """The text."""
        found = self._found(path)
        return None if found is None else found[1](self._world)

    def _found(self, path: str) -> tuple[str, Maker] | None:
        if path.startswith(_NOWHERE_ELSE):
            return None
        for pattern, name, maker in _MEANINGS:
            if pattern.search(path):
                missing = name in (POSITIONS_FILE, ORDERS_FILE) and not self._world.disk.exists(name)
                return None if missing else (name, maker)
        return None

    def names(self, folder: str) -> list[str] | None:
        """Nothing is listed."""
        return None

    def modified_us(self, path: str) -> int:
        """As the file that it is; now, for what is made when somebody reads it."""
        kept = self.kept_as(path)
        known = None if kept is None else self._world.disk.modified_us(kept)
        return self._world.env.now if known is None else known

    def executable(self, path: str) -> bool:
        """None of them is a program."""
        return False
