"""The broker of the naive form: every order it works on is a process, and it looks at its book at every tick."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.clock import MINUTE, SECOND
from sim.config import WorldConfig
from sim.rng import Streams, lognormal, normal, uniform

Steps = Generator[simpy.Event, Any, None]


class NaiveOrder:
    """An order; the firm and the broker each have one."""

    def __init__(self, id: str, symbol: str, side: int, qty: int, limit: float | None) -> None:
        """Nothing filled yet."""
        self.id, self.symbol, self.side, self.qty, self.limit = id, symbol, side, qty, limit
        self.filled = 0
        self.status = "accepted"
        self.sent_us = 0
        self.acknowledged = False

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self.status in ("accepted", "partially_filled")

    def fill(self, qty: int) -> None:
        """Book some shares."""
        self.filled += qty
        self.status = "filled" if self.filled == self.qty else "partially_filled"


class NaiveBroker:
    """Takes orders, fills them, keeps the account."""

    def __init__(
        self, env: simpy.Environment, config: WorldConfig, streams: Streams, price: dict[str, float],
        tell: Callable[[str, int, str | None], Steps],
    ) -> None:  # fmt: skip
        """Trade at `price`; `tell(order id, shares, how it ended)` brings news to the firm."""
        self.env, self.config, self.price, self.tell = env, config, price, tell
        self.orders: dict[str, NaiveOrder] = {}
        self.resting: list[NaiveOrder] = []
        self.fills: list[tuple[str, str, int, float]] = []
        self.positions: dict[str, int] = {}
        self.cash_micro = round(config.equity * 1_000_000)
        self.requests_us: list[int] = []
        self.equity_curve: list[float] = []
        self.exposure_curve: list[float] = []
        self.fill_after = streams.draws("broker/fill", lognormal(config.broker.fill_median_us, 0.5))
        self.slippage = streams.draws("broker/slippage", normal(0.0, config.broker.slippage_sd_bps))
        self.chance = streams.draws("broker/chance", uniform())
        self.fill_id = streams.ids("fill")

    @property
    def now_us(self) -> int:
        """Microseconds since the start."""
        return int(self.env.now)

    @property
    def cash(self) -> float:
        """Cash in dollars."""
        return self.cash_micro / 1_000_000

    def book(self, symbol: str, signed_qty: int, price: float) -> None:
        """Change a position against cash."""
        self.positions[symbol] = self.positions.get(symbol, 0) + signed_qty
        self.cash_micro -= signed_qty * round(price * 1_000_000)

    def equity(self) -> float:
        """Cash and positions at the prices of now."""
        return self.cash + sum(qty * self.price[symbol] for symbol, qty in self.positions.items())

    # What goes on all day.

    def match(self) -> Steps:
        """Look at each resting order at each tick."""
        while True:
            for order in list(self.resting):
                self._fill_if_reached(order)
            yield self.env.timeout(SECOND)

    def value(self) -> Steps:
        """Value the account at each tick."""
        while True:
            self.equity_curve.append(self.equity())
            self.exposure_curve.append(sum(abs(qty) * self.price[symbol] for symbol, qty in self.positions.items()))
            yield self.env.timeout(SECOND)

    def close(self, close_us: int) -> Steps:
        """Expire what rests at the close."""
        self.close_us = close_us
        yield self.env.timeout(close_us)
        for order in self.resting:
            order.status = "expired"
            self.env.process(self.tell(order.id, 0, "expired"))
        self.resting.clear()

    # What the firm asks.

    def accept(self, order: NaiveOrder) -> bool:
        """Take an order in; False when it is too fast or too much."""
        if not self._within_rate() or self._gross_with(order) > self.config.broker.max_leverage * self.equity():
            return False
        mine = NaiveOrder(order.id, order.symbol, order.side, order.qty, order.limit)
        self.orders[order.id] = mine
        if mine.limit is not None:
            self.resting.append(mine)
            self._fill_if_reached(mine)
        elif mine.qty > 1 and self.chance() < self.config.broker.partial_share:
            self.env.process(self._execute(mine, mine.qty // 2, 0))
            self.env.process(self._execute(mine, mine.qty - mine.qty // 2, self.config.broker.fill_median_us))
        else:
            self.env.process(self._execute(mine, mine.qty, 0))
        return True

    def cancel(self, order_id: str) -> None:
        """Take a resting order out."""
        order = self.orders[order_id]
        if self._within_rate() and order.live:
            order.status = "canceled"
            self.resting.remove(order)
            self.env.process(self.tell(order_id, 0, "canceled"))

    # Inside.

    def _within_rate(self) -> bool:
        now = self.now_us
        self.requests_us = [t_us for t_us in self.requests_us if t_us > now - MINUTE] + [now]
        return len(self.requests_us) <= self.config.broker.rate_limit_per_min

    def _gross_with(self, order: NaiveOrder) -> float:
        after = dict(self.positions)
        after[order.symbol] += order.side * order.qty
        reducing = abs(after[order.symbol]) < abs(self.positions[order.symbol])
        return 0.0 if reducing else sum(abs(qty) * self.price[symbol] for symbol, qty in after.items())

    def _execute(self, order: NaiveOrder, qty: int, extra_us: int) -> Steps:
        after_us = int(self.fill_after()) + extra_us
        if self.now_us + after_us >= self.close_us:
            return
        yield self.env.timeout(after_us)
        slippage_bps = self.config.broker.slippage_mean_bps + self.slippage()
        self._fill(order, qty, round(self.price[order.symbol] * (1 + order.side * slippage_bps / 1e4), 4))

    def _fill_if_reached(self, order: NaiveOrder) -> None:
        price = self.price[order.symbol]
        assert order.limit is not None
        if order.live and (price <= order.limit if order.side > 0 else price >= order.limit):
            self._fill(order, order.qty, price)
            self.resting.remove(order)

    def _fill(self, order: NaiveOrder, qty: int, price: float) -> None:
        order.fill(qty)
        fill_id = self.fill_id()
        self.fills.append((fill_id, order.id, qty, price))
        self.book(order.symbol, order.side * qty, price)
        self.env.process(self.tell(order.id, qty, None))
