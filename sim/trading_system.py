"""The firm's trading system: its flags, its memory, and the files it leaves on disk.

It runs as a workload. When the workload dies, everything here that is not on disk is gone: the halt flag,
the un-acknowledged orders, the fills not yet saved. When it starts again it loads what it finds, connects,
and trades, unless somebody (its mitigation code, as a rule) holds it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from sim.actors.process import Process
from sim.clock import SECOND, Clock, VirtualTime
from sim.connection import Connection
from sim.disk import Disk
from sim.feed import Feed
from sim.history import History
from sim.mode import Mode
from sim.network import BrokerError
from sim.order_manager import OrderManager
from sim.orders import Order, Status, kept

POSITIONS_FILE = "state/positions.json"
ORDERS_FILE = "state/orders.json"
AUDIT_FILE = "logs/audit.csv"

RECONNECT_AFTER_US = 5 * SECOND
CONNECT_TIMEOUT_US = 10 * SECOND


class Fill(NamedTuple):
    """What `on_fill` is given."""

    order: Order
    symbol: str
    side: int
    qty: float
    price: float


class TradingSystem:
    """Flags, risk figures and persistence around the order manager."""

    def __init__(
        self, env: VirtualTime, clock: Clock, history: History, disk: Disk, feed: Feed,
        orders: OrderManager, connection: Connection, equity: float, mode: Mode,
    ) -> None:  # fmt: skip
        """A system that is down; `start` brings it up. `equity` is the opening equity in dollars."""
        self._env, self._clock, self._history, self._disk, self._feed = env, clock, history, disk, feed
        self.orders, self.connection, self.mode = orders, connection, mode
        self.up = False
        self.halted: str | None = None
        self.safe_mode = False
        self.paused = False
        self.day_start_equity = self.peak_equity = equity
        self._day = clock.local_date(0)
        self._bot: Process | None = None
        orders.gates.append(self._gate)
        orders.on_fill = self._on_fill
        connection.on_update = self._on_update
        connection.on_lost = self._on_lost
        self.save()

    # Flags.

    def halt(self, reason: str, by: str) -> None:
        """Stop all orders that add risk; exits stay allowed. A system that is down hears nothing of it."""
        if self.up and self.halted is None:
            self.halted = reason
            self._history.emit("system.halted", reason=reason, by=by)
            self.audit("halt", reason, by)

    def resume(self, by: str) -> None:
        """Let orders go again."""
        if self.halted is not None or self.paused:
            self.halted, self.paused = None, False
            self._history.emit("system.resumed", by=by)
            self.audit("resume", "", by)

    def set_safe_mode(self, on: bool, by: str) -> None:
        """Block new risk, allow exits."""
        if self.up and self.safe_mode != on:
            self.safe_mode = on
            self._history.emit("system.safe_mode", on=on, by=by)
            self.audit("safe_mode", str(on), by)

    def _gate(self, order: Order) -> str | None:
        if self.mode.lab:
            return "lab mode: there is no broker"
        if not self.connection.connected:
            return "no broker session"
        if order.reducing:
            return None
        if self.halted is not None:
            return f"halted: {self.halted}"
        if self.paused:
            return "paused"
        return "safe mode" if self.safe_mode else None

    # Risk figures, as the system itself computes and exports them.

    def equity(self) -> float:
        """Cash plus positions at the last visible prices."""
        return self.orders.book.equity(self._feed.last_prices())

    def refresh_risk(self) -> float:
        """Roll the day and the peak forward; the equity now. Called at each scrape."""
        equity = self.equity()
        today = self._clock.local_date()
        if today != self._day:
            self._day, self.day_start_equity = today, equity
        # A price that the validator of the market data rejects must not set a high-water mark.
        if not self._feed.bad_symbols:
            self.peak_equity = max(self.peak_equity, equity)
        return equity

    def slippage_bps(self, last: int = 20, since_us: int = 0) -> float:
        """Mean slippage of the last filled orders against the price at decision; positive is a cost."""
        return self.orders.slippage.mean_bps(last, since_us)

    # Life of the process.

    def start(self, bot: Process | None) -> None:
        """Come up: load the files, connect, and let `bot` (the mitigation code) take part."""
        self.up, self._bot = True, bot
        self.mode.started()
        self.load()
        self.save()
        self._history.emit("system.started", positions=self.orders.book.held())
        if not self.connection.connected and not self.mode.lab:
            self._reconnect_soon(0)

    def stop(self, reason: str) -> None:
        """Go down: memory is lost, files stay."""
        if not self.up:
            return
        self.up, self._bot = False, None
        self._disk.freeze(POSITIONS_FILE)
        self._disk.freeze(ORDERS_FILE)
        self.orders.forget()
        self.halted, self.safe_mode, self.paused = None, False, False
        self._history.emit("system.stopped", reason=reason)
        self.connection.reset()

    def save(self) -> None:
        """Keep positions and live orders on disk, from now until the system stops."""
        self._disk.mirror(POSITIONS_FILE, self._positions_saved)
        self._disk.mirror(ORDERS_FILE, self._orders_saved)

    def _positions_saved(self) -> dict[str, object]:
        book = self.orders.book
        return {"cash": book.cash, "positions": book.held(), "saved_at": self._clock.utc().isoformat()}

    def _orders_saved(self) -> list[tuple[object, ...]]:
        return [
            (o.id, o.symbol, o.side, o.qty, o.kind, o.limit_price, str(o.status), o.filled_qty)
            for o in self.orders.live()
        ]

    def load(self) -> None:
        """Read positions from disk; a damaged file is written down and leaves the book empty."""
        try:
            saved = json.loads(self._disk.read(POSITIONS_FILE))
            positions, cash = {str(k): int(v) for k, v in saved["positions"].items()}, float(saved["cash"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, FileNotFoundError) as error:
            self._history.emit("system.state_damaged", POSITIONS_FILE, error=f"{type(error).__name__}: {error}")
            positions, cash = {}, self.orders.book.cash
        self.orders.book.adopt(positions, cash, "loaded from disk")
        for order in open_orders_of(self._disk):
            self.orders.adopt(order)

    def audit(self, action: str, detail: str, by: str) -> None:
        """Add a line to the audit log."""
        self._history.emit("system.audit", action, detail=detail, by=by)
        self._disk.append(AUDIT_FILE, f"{self._clock.utc().isoformat()},{action},{detail},{by}")

    # What the broker and the bot have to do with it.

    def _on_update(self, update: object) -> None:
        if self.up:
            self.orders.handle(update)  # type: ignore[arg-type]

    def _on_fill(self, order: Order, qty: float, price: float) -> None:
        if self._bot is not None:
            self._bot.deliver("on_fill", Fill(order, order.symbol, order.side, qty, price))

    def _on_lost(self, reason: str) -> None:
        if self._bot is not None and self._bot.has("on_disconnect"):
            self._bot.deliver("on_disconnect", reason)
        elif self.up:
            self._reconnect_soon(RECONNECT_AFTER_US)

    def reconnect(self, done: Callable[[BrokerError | None], None] = lambda error: None) -> None:
        """Try once to open the broker session."""
        self.connection.connect(lambda _: done(None), done, CONNECT_TIMEOUT_US)

    def _reconnect_soon(self, delay_us: int) -> None:
        """The plain connector that serves when the mitigation code brings none: try again every 5 s."""
        self._env.call_later(delay_us, self._attempt)

    def _attempt(self) -> None:
        if self.up and not self.connection.connected:
            self.reconnect(self._attempted)

    def _attempted(self, error: BrokerError | None) -> None:
        if error is None:
            return
        if self._bot is not None and self._bot.has("on_disconnect"):
            self._bot.deliver("on_disconnect", str(error))
        else:
            self._reconnect_soon(RECONNECT_AFTER_US)


def open_orders_of(disk: Disk) -> list[Order]:
    """Orders that the saved file shows as live; empty when the file is missing or damaged."""
    try:
        rows = json.loads(disk.read(ORDERS_FILE))
        found = []
        for order_id, symbol, side, qty, kind, limit_price, status, filled_qty in rows:
            shares = kept(float(qty))
            order = Order(str(order_id), str(symbol), int(side), shares, kind=str(kind), limit_price=limit_price)
            order.status, order.filled_qty = Status(status), kept(float(filled_qty))
            found.append(order)
        return found
    except (ValueError, TypeError, OverflowError, FileNotFoundError):
        return []
