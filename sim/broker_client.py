"""`desk.broker`: the broker as mitigation code calls it.

Plain calls that answer or raise. Each takes simulated time; each may fail in every way of `sim.network`. A
call without a timeout into a black hole never returns: after `HANG_AFTER_US` that is written down as a hang.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import simpy

from sim.actors.process import Process
from sim.actors.strand import remote_place
from sim.broker import Broker
from sim.calendar import TradingCalendar
from sim.clock import MINUTE, SECOND, VirtualTime
from sim.connection import Connection
from sim.history import History
from sim.network import BrokerError, Link, UnknownOrder
from sim.order_manager import OrderManager
from sim.orders import Order, Status

DEFAULT_TIMEOUT_S = 10.0
HANG_AFTER_US = 5 * MINUTE


class Account(NamedTuple):
    """The account as the broker sees it, in dollars."""

    equity: float
    cash: float


class OrderView(NamedTuple):
    """An order as the broker sees it at the moment of the call; it does not change afterwards."""

    id: str
    symbol: str
    side: int
    qty: float
    filled_qty: float
    average_price: float
    status: str
    kind: str
    limit_price: float | None
    source: str

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self.status in ("accepted", "partially_filled", "pending_cancel", "pending_new", "held")


def view(order: Order) -> OrderView:
    """A frozen copy of `order`."""
    return OrderView(
        order.id, order.symbol, order.side, order.qty, order.filled_qty, order.average_price,
        str(order.status), order.kind, order.limit_price, order.source,
    )  # fmt: skip


class BrokerClient:
    """Blocking calls to the broker, made by one process."""

    def __init__(
        self, env: VirtualTime, history: History, process: Process, link: Link, broker: Broker,
        connection: Connection, orders: OrderManager, calendar: TradingCalendar, *, holds_session: bool,
    ) -> None:  # fmt: skip
        """Calls made through this client belong to `process` and die with it.

        `holds_session` tells whether the process is the one that the stream of order updates goes to.
        """
        self._env, self._history, self._process = env, history, process
        self._link, self._broker, self._connection, self._orders = link, broker, connection, orders
        self._calendar, self._holds_session = calendar, holds_session

    @property
    def connected(self) -> bool:
        """Whether the session is up, as far as this side knows."""
        return self._connection.connected

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the last heartbeat; they come every 10 s."""
        return self._connection.heartbeat_age_us / SECOND

    def connect(self, timeout: float | None = DEFAULT_TIMEOUT_S) -> None:
        """Open the session again; raises what the broker or the network answers.

        In the process of a command this is a login of its own and does not restore the system's session.
        """
        if self._holds_session:
            self._ask("connect", timeout, self._connection.connect)
        else:
            self._request("connect", self._broker.login, timeout)

    def account(self, timeout: float | None = DEFAULT_TIMEOUT_S) -> Account:
        """Equity and cash."""
        return Account(*self._request("account", self._broker.account, timeout))

    def positions(self, timeout: float | None = DEFAULT_TIMEOUT_S) -> dict[str, float]:
        """Shares per symbol, negative when short, zero left out."""
        return dict(self._request("positions", self._broker.positions, timeout))

    def orders(self, status: str = "open", timeout: float | None = DEFAULT_TIMEOUT_S) -> list[OrderView]:
        """Orders at the broker: `status` is `open` or `all`."""
        if status not in ("open", "all"):
            raise ValueError(f"status must be 'open' or 'all', got {status!r}")
        return list(
            self._request("orders", lambda: [view(o) for o in self._broker.list_orders(status == "open")], timeout)
        )

    def order(self, order_id: str, timeout: float | None = DEFAULT_TIMEOUT_S) -> OrderView:
        """The order with this client order id; UnknownOrder (a LookupError) when there is none."""
        found: list[OrderView] = self._request("orders", lambda: [view(self._broker.order(order_id))], timeout)
        if not found:
            raise UnknownOrder(f"order not found for {order_id}")
        return found[0]

    def submit(
        self, symbol: str, side: int | str, qty: int, *, kind: str = "market", limit_price: float | None = None,
        order_id: str | None = None, price_hint: float = 0.0,
    ) -> Order:  # fmt: skip
        """Send an order through the firm's order manager and its gates; returns without waiting.

        `side` is +1 or -1, "buy" or "sell". The result's `status` tells: `rejected` when a gate refused it,
        `pending_new` until the broker acknowledges. `order_id` is the client order id (made when left out).
        """
        sides = {"buy": 1, "sell": -1, 1: 1, -1: -1}
        if side not in sides:
            raise ValueError(f"side must be 'buy', 'sell', 1 or -1, got {side!r}")
        if kind not in ("market", "limit"):
            raise ValueError(f"kind must be 'market' or 'limit', got {kind!r}")
        self._process.must_live()
        return self._orders.create(
            symbol, sides[side], _whole("qty", qty), kind=kind, limit_price=_price(limit_price), source="mitigation",
            price_hint=float(price_hint), order_id=order_id,
        )  # fmt: skip

    def close(self, symbol: str, held: float, *, price_hint: float = 0.0) -> Order:
        """Send the market order that closes `held` shares, fractions included; else as `submit`."""
        self._process.must_live()
        side = -1 if held > 0 else 1
        return self._orders.create(symbol, side, abs(held), source="mitigation", price_hint=float(price_hint))

    def cancel(self, order_id: str, timeout: float | None = DEFAULT_TIMEOUT_S) -> None:
        """Cancel by client order id; UnknownOrder or OrderRejected when it cannot be."""
        self._request("cancel", lambda: self._broker.cancel(order_id), timeout)
        self._history.emit("code.cancelled", self._process.name, order=order_id)

    def cancel_all(self, timeout: float | None = DEFAULT_TIMEOUT_S) -> list[str]:
        """Cancel every order working at the broker; the ids that were cancelled."""
        return list(self._request("cancel_all", self._broker.cancel_all, timeout))

    def replace(
        self, order_id: str, qty: int, limit_price: float | None = None, timeout: float | None = DEFAULT_TIMEOUT_S
    ) -> OrderView:
        """Replace a working order; the new one's client order id is `<old>-r`."""
        whole, price, new_id = _whole("qty", qty), _price(limit_price), f"{order_id}-r"
        new: Order = self._request("replace", lambda: self._broker.replace(order_id, new_id, whole, price), timeout)
        seen = view(new)
        self._orders.adopt(_own_copy(seen))
        return seen

    def is_market_open(self) -> bool:
        """Whether the market trades now, by the trading calendar."""
        return self._calendar.is_open(self._env.now)

    def _request(self, endpoint: str, action: Callable[[], Any], timeout: float | None) -> Any:
        return self._ask(endpoint, timeout, partial(self._link.request, endpoint, action))

    def _ask(
        self,
        endpoint: str,
        timeout: float | None,
        send: Callable[[Callable[[Any], object], Callable[[BrokerError], object], int | None], None],
    ) -> Any:
        self._process.must_live()
        answer = self._env.event()
        answer.defused = True  # an error is the caller's affair, and the caller may be dead when it comes
        send(answer.succeed, answer.fail, _timeout_us(timeout))
        if timeout is None:
            self._watch_for_hang(answer, endpoint)
        return self._process.wait(answer)

    def _watch_for_hang(self, answer: simpy.Event, endpoint: str) -> None:
        elsewhere = remote_place()
        stack = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_stack()]
        at = _last_outside(stack) if elsewhere is None else elsewhere

        def look() -> None:
            if not answer.triggered and self._process.alive:
                self._history.emit(
                    "code.hang", self._process.name, endpoint=endpoint, at=at,
                    waited_s=HANG_AFTER_US / SECOND,
                )  # fmt: skip

        self._env.call_later(HANG_AFTER_US, look)


def _own_copy(seen: OrderView) -> Order:
    order = Order(
        seen.id, seen.symbol, seen.side, seen.qty, kind=seen.kind, limit_price=seen.limit_price, source=seen.source
    )
    order.status = Status(seen.status)
    return order


def _whole(name: str, value: Any) -> int:
    """A number of shares as a plain integer, whatever kind of number it came as."""
    try:
        if not isinstance(value, str) and value == int(value):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name} must be a whole number of shares, got {value!r}")


def _price(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"limit_price must be a finite number, got {value!r}")
    return float(value)


def _timeout_us(seconds: Any) -> int | None:
    if seconds is None:
        return None
    if isinstance(seconds, str) or not 0 <= seconds < 1e9:
        raise ValueError(f"timeout must be seconds from 0 up, or None for no timeout, got {seconds!r}")
    return round(float(seconds) * SECOND)


def _last_outside(stack: list[str]) -> str:
    own = ("broker_client.py", "process.py", "hub.py", "clock.py", "world.py")
    outside = [entry for entry in stack if not entry.startswith(own)]
    return outside[-1] if outside else ""
