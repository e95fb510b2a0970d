"""The firm's strategies: they hold positions near a target and trade around it.

They are deliberately naive about data: an order's size follows the last visible price, so a bad tick that
nobody guards against becomes a bad order. That is what the data drills look for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sim.calendar import TradingCalendar
from sim.clock import HOUR, SECOND, VirtualTime
from sim.feed import Feed
from sim.order_manager import OrderManager
from sim.orders import Order
from sim.rng import Streams, exponential, normal, uniform


@dataclass(frozen=True)
class StrategyConfig:
    """How busy the firm is and how much it holds."""

    orders_per_hour: float = 120.0
    gross_exposure_pct: float = 120.0
    """Sum of absolute positions as a share of equity."""
    limit_share: float = 0.3
    """Share of orders that rest in the book."""
    limit_offset_bps: float = 12.0
    limit_life_us: int = 90 * SECOND
    churn: float = 0.12
    """Relative size of an ordinary trade against the target position."""


class Strategies:
    """One trader over all symbols; arrivals are Poisson in session time."""

    def __init__(
        self, env: VirtualTime, streams: Streams, calendar: TradingCalendar, feed: Feed, orders: OrderManager,
        config: StrategyConfig, target_notional: dict[str, float],
    ) -> None:  # fmt: skip
        """Trade towards `target_notional` dollars per symbol (negative is short)."""
        self._env, self._calendar, self._feed, self._orders = env, calendar, feed, orders
        self.config, self.target_notional = config, target_notional
        self._wait_us = streams.whole_draws("strategies/arrival", exponential(HOUR / max(config.orders_per_hour, 1e-9)))
        self._noise = streams.draws("strategies/size", normal(0.0, config.churn))
        self._choice = streams.draws("strategies/choice", uniform())
        self.limit_share = config.limit_share
        """Share of orders that rest in the book; the on-call may trade by limit orders only."""
        self.size_factor = 1.0
        """By how much the on-call has scaled positions down."""
        self.active: Callable[[], bool] = lambda: True
        """Whether the process that runs the strategies is up; the trading system sets it."""
        if config.orders_per_hour > 0:
            self._arrive_next()

    def _arrive_next(self) -> None:
        now = self._env.now
        due = now + self._wait_us()
        if not self._calendar.is_open(due):
            due = self._calendar.next_open_us(due) + self._wait_us()
        self._env.call_at(due, self._arrive)

    def _arrive(self) -> None:
        self._arrive_next()
        if self.active():
            self.trade()

    def trade(self) -> Order | None:
        """Take one decision; the order it led to, or None when there was nothing to do."""
        symbols = list(self.target_notional)
        symbol = symbols[int(self._choice() * len(symbols))]
        limit = self._choice() < self.limit_share
        price = self._feed.last_price(symbol)
        if price is None:
            return None
        held = self._orders.book.positions.get(symbol, 0)
        wanted = self._wanted_shares(symbol, price, held)
        change = wanted - held - self._orders.pending(symbol)
        side, qty = (1, change) if change > 0 else (-1, -change)
        if qty == 0:
            side, qty = (1 if self._choice() < 0.5 else -1), 1
        limit_price = None
        if limit and math.isfinite(price) and price > 0:
            limit_price = round(price * (1 - side * self.config.limit_offset_bps / 1e4), 2)
        order = self._orders.create(
            symbol, side, qty, kind="limit" if limit_price else "market", limit_price=limit_price, price_hint=price
        )
        if limit_price and order.live:
            self._env.call_later(self.config.limit_life_us, self._expire, order)
        return order

    def _wanted_shares(self, symbol: str, price: float, held: int) -> int:
        target = self.target_notional[symbol] * self.size_factor * (1 + self._noise())
        if not math.isfinite(price) or price == 0:
            return held + (1 if target > 0 else -1) * 10
        # At most five times the present position: the size limit that even a careless desk has.
        most = 5.0 * max(abs(held), 10)
        return int(max(-most, min(most, target / abs(price))))

    def _expire(self, order: Order) -> None:
        if order.live and self.active():
            self._orders.cancel(order)
