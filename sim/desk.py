"""`desk`: what mitigation code gets to work with. One object, one screen, nothing of ours to import.

A desk belongs to a process. The process of the trading system shares the system's memory; a command that an
operator types runs in a process of its own, which shares the files and the broker with it, but not the
memory: there `halt` and `resume` set a flag that nobody trades by, and the running system is reached only
through `call` (its control endpoints) or through files it reads.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sim.actors.strand import remote_place
from sim.broker_client import BrokerClient, OrderView
from sim.claims import claims_in
from sim.clock import SECOND
from sim.files import Files
from sim.orders import Order, Status


class Figures(NamedTuple):
    """Risk figures as the trading system computes them from its own book and the visible prices."""

    equity: float
    day_start_equity: float
    peak_equity: float
    daily_loss_pct: float
    drawdown_pct: float


class Desk:
    """The desk of one process."""

    def __init__(self, world: Any, process: Any, *, in_system: bool) -> None:
        """Sit `process` down at the desk of `world`; `in_system` tells whether it is the trading system's own."""
        self._world, self._process, self._in_system = world, process, in_system
        self._own_halt: str | None = None
        self.broker: BrokerClient = world.broker_client(process)
        self.files = Files(world.disk)
        self.limits: Mapping[str, float] = world.config.limits
        """The firm's risk limits: `daily_loss_pct`, `drawdown_warn_pct`, `drawdown_halt_pct`, ..."""

    @property
    def in_system(self) -> bool:
        """Whether this is the running trading system; False in the process of an operator's command."""
        return self._in_system

    # Time.

    @property
    def now(self) -> float:
        """Seconds since the start of the run."""
        return float(self._world.env.now / SECOND)

    @property
    def time(self) -> datetime:
        """The date and time, aware, in the firm's zone."""
        return self._world.clock.local()  # type: ignore[no-any-return]

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time. Hooks of this process are not served meanwhile."""
        self._process.must_live()
        if seconds < 0:
            raise ValueError(f"sleep length must be 0 or more, got {seconds!r}")
        self._process.wait(self._world.env.timeout(round(seconds * SECOND)))

    # Market data, as the desk sees it.

    @property
    def symbols(self) -> tuple[str, ...]:
        """Everything the firm trades."""
        return tuple(self._world.market.symbols)

    def price(self, symbol: str) -> float | None:
        """The last price received, right or wrong; None before the first."""
        return self._world.feed.last_price(symbol)  # type: ignore[no-any-return]

    def price_age(self, symbol: str) -> float:
        """Seconds since the exchange time stamp of the last tick."""
        return float(self._world.feed.age_us(symbol) / SECOND)

    def bars(self, symbol: str, minutes: int = 1, n: int = 20) -> list[Any]:
        """The last `n` bars received, oldest first."""
        return list(self._world.feed.bars(symbol, minutes, n))

    @property
    def market_open(self) -> bool:
        """Whether the market trades now."""
        return bool(self._world.calendar.is_open(self._world.env.now))

    @property
    def seconds_since_open(self) -> float | None:
        """Seconds since today's open; None outside the session."""
        session = self._world.calendar.session_at(self._world.env.now)
        return None if session is None else (self._world.env.now - session.open_us) / SECOND

    # Book and risk.

    @property
    def positions(self) -> dict[str, int]:
        """The system's own book; the broker's is `desk.broker.positions()`."""
        return dict(self._world.book.held())

    @property
    def figures(self) -> Figures:
        """Equity, daily loss and drawdown by the system's own book and the prices it sees."""
        system = self._world.trading
        equity = system.refresh_risk()
        start, peak = system.day_start_equity, system.peak_equity
        return Figures(equity, start, peak, 100 * (1 - equity / start), 100 * (1 - equity / peak))

    def equity_at(self, prices: Mapping[str, float]) -> float:
        """Equity of the system's own book at these prices; every symbol held needs one."""
        return float(self._world.book.equity(prices))

    def adopt_positions(
        self, positions: Mapping[str, int], why: str = "reconciled", cash: float | None = None
    ) -> None:
        """Take these positions as the system's book from now on.

        Give the broker's `cash` when you have it; else what changed is taken to have traded at the last prices
        (and to have cost nothing where the last price is none that could be traded at).
        """
        self._process.must_live()
        if not self._in_system:
            return
        book = self._world.book
        if cash is None:
            changed = {s: positions.get(s, 0) - book.positions.get(s, 0) for s in {**book.positions, **positions}}
            cash = book.cash - sum(qty * _usable(self.price(s)) for s, qty in changed.items() if qty)
        book.adopt(positions, cash, why)

    @property
    def orders(self) -> list[Order]:
        """Orders the system believes live, un-acknowledged ones (`pending_new`) included."""
        return list(self._world.orders.live())

    def settle(self, order_id: str, at_broker: OrderView | None) -> None:
        """Tell the order manager what the broker knows of an order (`desk.broker.order`); None: it has none such."""
        self._process.must_live()
        if self._in_system:
            status = Status.REJECTED if at_broker is None else Status(at_broker.status)
            self._world.orders.settle(order_id, status, 0 if at_broker is None else at_broker.filled_qty)

    def order_error_rate(self, seconds: float = 60.0) -> float:
        """Share of the orders sent in the last `seconds` that failed or were rejected."""
        return float(self._world.orders.error_rate(round(seconds * SECOND)))

    def orders_sent(self, seconds: float = 60.0) -> int:
        """How many orders were answered in the last `seconds`."""
        return len(self._world.orders.answered(round(seconds * SECOND)))

    def orders_unanswered(self, seconds: float = 600.0) -> int:
        """How many orders sent in the last `seconds` were never acknowledged in time."""
        since = self._world.env.now - round(seconds * SECOND)
        return sum(1 for t_us in self._world.orders.unanswered_us if t_us >= since)

    def slippage_bps(self, last: int = 20, since: float = 0.0) -> float:
        """Mean slippage of the last filled market orders sent at `since` (as `now`) or later; positive is a cost."""
        return float(self._world.trading.slippage_bps(last, round(since * SECOND)))

    # Control.

    @property
    def halted(self) -> str | None:
        """Why trading is halted, or None."""
        return self._world.trading.halted if self._in_system else self._own_halt

    def halt(self, reason: str) -> None:
        """Stop every order that adds risk. In memory only: what must survive a restart goes to `files`."""
        self._process.must_live()
        if self._in_system:
            self._world.trading.halt(reason, by=self._process.name)
        else:
            self._own_halt = reason

    def resume(self) -> None:
        """Release the halt."""
        self._process.must_live()
        if self._in_system:
            self._world.trading.resume(by=self._process.name)
        else:
            self._own_halt = None

    @property
    def safe_mode(self) -> bool:
        """Whether new risk is blocked while exits are allowed."""
        return bool(self._world.trading.safe_mode)

    def set_safe_mode(self, on: bool) -> None:
        """Block or allow new risk."""
        self._process.must_live()
        if self._in_system:
            self._world.trading.set_safe_mode(on, by=self._process.name)

    def cancel(self, order: Order | str) -> None:
        """Ask the broker to cancel one order; returns at once."""
        self._process.must_live()
        found = self._world.orders.orders.get(order) if isinstance(order, str) else order
        if found is not None and found.live:
            self._world.orders.cancel(found)

    def cancel_all(self) -> list[Order]:
        """Ask the broker to cancel every order the system believes live; returns at once with them."""
        orders = self.orders
        for order in orders:
            self.cancel(order)
        return orders

    def flatten(self, symbol: str | None = None) -> list[Order]:
        """Send market orders that close the book's positions; returns at once: sent is not filled."""
        self._process.must_live()
        sent = []
        for held, qty in self.positions.items():
            if symbol in (None, held):
                sent.append(self.broker.close(held, qty, price_hint=self.price(held) or 0.0))
        return sent

    def call(self, endpoint: str, *args: Any) -> Any:
        """Call a control endpoint of the running system, as `curl localhost/api/...` would.

        Raises ConnectionError when the system is down, TimeoutError when its thread is stuck, LookupError when
        the running code has no such endpoint, RuntimeError when the endpoint itself failed.
        """
        self._process.must_live()
        return self._world.call_endpoint(self._process, endpoint, *args)

    # Saying things.

    def log(self, message: str, level: str = "info") -> None:
        """Write a log line. What it claims ("flattened", "reconciled") is held against the broker's Ledger."""
        self._process.must_live()
        text = str(message)
        self._world.history.emit("code.log", self._process.name, level=level, message=text, at=_caller())
        for claim in claims_in(text):
            self._world.note_claim(claim, text, self._process.name, _caller())

    def page(self, message: str, severity: str = "critical") -> None:
        """Page the on-call, whatever monitoring thinks."""
        self._process.must_live()
        self._world.page(str(message), severity, self._process.name)


def _usable(price: float | None) -> float:
    """`price` where it is one, else 0."""
    return price if price is not None and math.isfinite(price) and price > 0 else 0.0


def _caller() -> str:
    """`file:line` of the user's statement that called the desk."""
    elsewhere = remote_place()
    if elsewhere is not None:
        return elsewhere
    frame: Any = sys._getframe(2)
    return f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}"
