"""A desk of paper: what a bot asks and does, answered from plain attributes and written down, without a World."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sim.config import LIMITS

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)


class Refused(ConnectionError):
    """The broker does not answer."""


class RateLimited(RuntimeError):
    """The broker answers that we ask too often."""

    status = 429


class Files:
    """A disk of strings."""

    def __init__(self, **files: str) -> None:
        self.there = {name.replace("__", "/") + ".json": text for name, text in files.items()}

    def exists(self, path: str) -> bool:
        return path in self.there

    def read(self, path: str) -> str:
        if path not in self.there:
            raise FileNotFoundError(path)
        return self.there[path]

    def write(self, path: str, text: str) -> None:
        self.there[path] = text

    def remove(self, path: str) -> None:
        self.there.pop(path, None)


class Broker:
    """A broker that answers from what it holds, or fails as told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.connected = True
        self.held: dict[str, int] = {}
        self.cash = 1_000_000.0
        self.open: list[SimpleNamespace] = []
        self.failing: dict[str, Exception] = {}
        """Method name to what it raises."""
        self.fills_at_once = False
        self.calls: list[str] = []
        self.sent: list[tuple[str, int, int]] = []
        self.cancelled: list[str] = []

    def fail(self, error: Exception | None = None, *methods: str) -> None:
        """Let these methods raise from now on (none named: all)."""
        names = methods or ("account", "positions", "orders", "order", "cancel", "submit", "connect")
        self.failing.update(dict.fromkeys(names, error or Refused("connection refused")))

    def _called(self, method: str) -> None:
        self.calls.append(method)
        if method in self.failing:
            raise self.failing[method]

    def account(self, timeout: float) -> SimpleNamespace:
        self._called("account")
        worth = sum(qty * self.desk.prices[symbol] for symbol, qty in self.held.items())
        return SimpleNamespace(equity=self.cash + worth, cash=self.cash)

    def positions(self, timeout: float = 10) -> dict[str, int]:
        self._called("positions")
        return dict(self.held)

    def orders(self, which: str, timeout: float) -> list[SimpleNamespace]:
        self._called("orders")
        assert which == "open"
        return list(self.open)

    def order(self, order_id: str, timeout: float) -> SimpleNamespace:
        self._called("order")
        found = [order for order in self.open if order.id == order_id]
        if not found:
            raise LookupError(order_id)
        return found[0]

    def cancel(self, order_id: str, timeout: float) -> None:
        self._called("cancel")
        self.cancelled.append(order_id)
        if all(order.id != order_id for order in self.open):
            raise LookupError(order_id)
        self.open = [order for order in self.open if order.id != order_id]

    def submit(self, symbol: str, side: int, qty: int, timeout: float = 3) -> None:
        self._called("submit")
        self.sent.append((symbol, side, qty))
        if self.fills_at_once:
            self.held[symbol] = self.held.get(symbol, 0) + side * qty
            self.desk.positions[symbol] = self.desk.positions.get(symbol, 0) + side * qty
            for book in (self.held, self.desk.positions):
                if not book[symbol]:
                    del book[symbol]
        else:
            self.open.append(order(f"close-{len(self.sent)}", symbol, side, qty, source="mitigation"))

    def connect(self, timeout: float) -> None:
        self._called("connect")
        self.connected = True


class Desk:
    """The desk: set attributes, call the bot, read what it did."""

    def __init__(self, **positions: int) -> None:
        self.limits = dict(LIMITS)
        self.now = 0.0
        self.start = NOON
        self.symbols = ("SPY", "AAPL")
        self.prices = {"SPY": 600.0, "AAPL": 200.0}
        self.price_ages = dict.fromkeys(self.symbols, 0.0)
        self.market_open = True
        self.open_for: float | None = 3600.0
        """Seconds since the open at virtual 0; None outside the session."""
        self.positions = dict(positions)
        self.cash = 1_000_000.0
        self.broker = Broker(self)
        self.broker.held = dict(positions)
        self.files = Files()
        self.figures = SimpleNamespace(day_start_equity=self.equity_at(self.prices), peak_equity=0.0)
        self.orders: list[SimpleNamespace] = []
        self.sent, self.error_rate, self.slippage, self.unanswered = 0, 0.0, 0.0, 0
        self.halted: str | None = None
        self.safe_mode = False
        self.in_system = True
        self.logs: list[str] = []
        self.pages: list[str] = []
        self.settled: list[tuple[str, Any]] = []
        self.adopted: list[dict[str, int]] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        """What the running bot answers to a command's call; without an entry it is down."""

    @property
    def time(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    @property
    def seconds_since_open(self) -> float | None:
        return None if self.open_for is None else self.open_for + self.now

    def price_age(self, symbol: str) -> float:
        return self.price_ages[symbol]

    def equity_at(self, prices: dict[str, float]) -> float:
        return self.cash + sum(qty * prices[symbol] for symbol, qty in self.positions.items())

    def orders_sent(self, window: float) -> int:
        return self.sent

    def order_error_rate(self, window: float) -> float:
        return self.error_rate

    def orders_unanswered(self, window: float) -> int:
        return self.unanswered

    def slippage_bps(self, last: int, since: float) -> float:
        return self.slippage

    def halt(self, reason: str) -> None:
        self.halted = reason

    def resume(self) -> None:
        self.halted = None

    def set_safe_mode(self, on: bool) -> None:
        self.safe_mode = on

    def adopt_positions(self, positions: dict[str, int], why: str, cash: float | None = None) -> None:
        self.adopted.append(dict(positions))
        self.positions = dict(positions)

    def settle(self, order_id: str, view: Any) -> None:
        self.settled.append((order_id, view))
        self.orders = [order for order in self.orders if order.id != order_id]

    def call(self, endpoint: str) -> Any:
        if endpoint not in self.answers:
            raise ConnectionError("connection refused: the trading system is down")
        return self.answers[endpoint]()

    def log(self, message: str, level: str = "info") -> None:
        self.logs.append(message)

    def page(self, message: str, severity: str = "critical") -> None:
        self.pages.append(message)


def order(order_id: str, symbol: str = "SPY", side: int = 1, qty: int = 10, **fields: Any) -> SimpleNamespace:
    """An order, as the system or the broker shows it."""
    plain = {"filled_qty": 0, "reducing": False, "acknowledged": True, "source": "strategy", "created_us": 0}
    return SimpleNamespace(id=order_id, symbol=symbol, side=side, qty=qty, **{**plain, **fields})


def tick(symbol: str, price: float) -> SimpleNamespace:
    """A price that came in."""
    return SimpleNamespace(symbol=symbol, price=price)


def bar(symbol: str = "SPY", start_s: float = 0, minutes: int = 1, price: float = 600.0, **fields: Any) -> Any:
    """A bar; by default a good one."""
    start_us = round(start_s * 1e6)
    plain = {
        "open": price, "high": price + 1, "low": price - 1, "close": price, "volume": 1000,
        "start_us": start_us, "end_us": start_us + minutes * 60_000_000,
    }  # fmt: skip
    return SimpleNamespace(symbol=symbol, minutes=minutes, **{**plain, **fields})


def run(desk: Desk, step: Callable[[], object], seconds: float, every: float = 1.0) -> None:
    """Call `step` at each mark while time passes."""
    until = desk.now + seconds
    while desk.now < until:
        desk.now += every
        step()
