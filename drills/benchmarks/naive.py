"""The same day as a newcomer to SimPy would write it: a process for everything, an event for every tick.

Each symbol ticks once a second and feeds its bars; the venue matches resting orders at each tick; every
order is a process; the hook is a process. It draws from the same streams as the World, so it must come to
the same outcome, which makes it an independent check of the World besides the floor of its speed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from drills.benchmarks.full_day import Hook, Outcome, make_prices
from drills.benchmarks.naive_monitoring import NaiveMonitoring
from sim.calendar import TradingCalendar
from sim.clock import HOUR, MINUTE, MS, SECOND, Clock, VirtualTime
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.history import History
from sim.market import Market
from sim.rng import Streams, exponential, lognormal, normal, uniform

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


class NaiveFirm:
    """Market, broker, firm and monitoring of one day in which nothing goes wrong."""

    def __init__(self, config: WorldConfig, seed: int, hook: Hook, length_us: int) -> None:
        """Make the day's prices and start every process."""
        self.env, self.config, self.hook, self.length_us = simpy.Environment(), config, hook, length_us
        streams = Streams(seed)
        self._read_prices(streams)
        self._draw_from(streams)
        self.price = dict(zip(self.symbols, self.prices[0], strict=True))
        self.bars: dict[tuple[str, int], list[list[float]]] = {(s, m): [] for s in self.symbols for m in (1, 5)}
        self.broker_orders: dict[str, NaiveOrder] = {}
        self.resting: list[NaiveOrder] = []
        self.fills: list[tuple[str, str, int, float]] = []
        self.positions: dict[str, int] = {}
        self.cash_micro = round(config.equity * 1_000_000)
        self.targets: dict[str, float] = {}
        self._open_positions(streams)
        self.orders: dict[str, NaiveOrder] = {}
        self.live: dict[str, NaiveOrder] = {}
        self.held = dict(self.positions)
        self.requests_us: list[int] = []
        self.answers: list[tuple[int, bool]] = []
        self.monitoring = NaiveMonitoring(self)
        self._start()

    @property
    def now_us(self) -> int:
        """Microseconds since the start."""
        return int(self.env.now)

    def run(self) -> None:
        """Let the day pass."""
        self.env.run(until=self.length_us + 1)

    def outcome(self) -> Outcome:
        """What the day came to."""
        equity = self.cash_micro / 1_000_000 + sum(qty * self.price[symbol] for symbol, qty in self.positions.items())
        return Outcome(
            [(o.id, o.symbol, o.side, o.qty, o.status, o.filled) for o in self.broker_orders.values()],
            self.fills, {symbol: qty for symbol, qty in self.positions.items() if qty},
            self.cash_micro / 1_000_000, equity,
        )  # fmt: skip

    # Setting up.

    def _read_prices(self, streams: Streams) -> None:
        time = VirtualTime()
        calendar = TradingCalendar(
            Clock(time, self.config.start, self.config.zone), self.config.exchange, self.config.span_us
        )
        market = Market(time, calendar, streams, History(time), self.config.prices)
        self.symbols = market.symbols
        self.prices: list[list[float]] = make_prices(market, self.length_us).tolist()
        marks = market.marks(0, self.length_us + 1)
        assert marks is not None
        self.close_us = marks.grid.session.close_us
        self.sizes: list[list[int]] = marks.sizes.T.tolist()

    def _draw_from(self, streams: Streams) -> None:
        strategies, broker = self.config.strategies, self.config.broker
        self.wait = streams.draws("strategies/arrival", exponential(HOUR / strategies.orders_per_hour))
        self.noise = streams.draws("strategies/size", normal(0.0, strategies.churn))
        self.choice = streams.draws("strategies/choice", uniform())
        self.latency = streams.draws("network/latency", lognormal(10 * MS, 0.35))
        self.fill_after = streams.draws("broker/fill", lognormal(broker.fill_median_us, 0.5))
        self.slippage = streams.draws("broker/slippage", normal(0.0, broker.slippage_sd_bps))
        self.chance = streams.draws("broker/chance", uniform())
        self.order_id, self.fill_id = streams.ids("ord"), streams.ids("fill")

    def _open_positions(self, streams: Streams) -> None:
        draws = streams.stream("strategies/targets")
        each = self.config.equity * self.config.strategies.gross_exposure_pct / 100 / len(self.symbols)
        for symbol in self.symbols:
            side = 1 if draws.random() < 0.75 else -1
            qty = max(1, round(each / self.price[symbol]))
            self.targets[symbol] = side * each
            self._book(symbol, side * qty, self.price[symbol])

    def _start(self) -> None:
        for column, symbol in enumerate(self.symbols):
            self.env.process(self._tick(column, symbol))
        for process in (self._match(), self._close(), self._trade(), self._scrape(), self._call_hook()):
            self.env.process(process)

    def _booted_us(self) -> int:
        return next(w.startup_us for w in self.config.workloads if w.name == TRADING_SYSTEM)

    # Market data: an event for every tick.

    def _tick(self, column: int, symbol: str) -> Steps:
        for second, (row, sizes) in enumerate(zip(self.prices, self.sizes, strict=False)):
            price, size = row[column], sizes[column]
            self.price[symbol] = price
            for minutes in (1, 5):
                self._add_to_bar(self.bars[symbol, minutes], second % (60 * minutes) == 0, price, size)
            yield self.env.timeout(SECOND)

    def _add_to_bar(self, bars: list[list[float]], new: bool, price: float, size: int) -> None:
        if new:
            bars.append([price, price, price, price, size])
            return
        bar = bars[-1]
        bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
        bar[4] += size

    # The broker.

    def _match(self) -> Steps:
        while True:
            for order in list(self.resting):
                self._fill_if_reached(order)
            yield self.env.timeout(SECOND)

    def _close(self) -> Steps:
        yield self.env.timeout(self.close_us)
        for order in self.resting:
            order.status = "expired"
            self.env.process(self._tell(order.id, 0, "expired"))
        self.resting.clear()

    def _fill_if_reached(self, order: NaiveOrder) -> None:
        price = self.price[order.symbol]
        assert order.limit is not None
        if order.live and (price <= order.limit if order.side > 0 else price >= order.limit):
            self._fill(order, order.qty, price)
            self.resting.remove(order)

    def _accept(self, order: NaiveOrder) -> bool:
        """Take an order in; False when it is too fast or too much."""
        if not self._within_rate() or self._gross_with(order) > self.config.broker.max_leverage * self._broker_equity():
            return False
        mine = NaiveOrder(order.id, order.symbol, order.side, order.qty, order.limit)
        self.broker_orders[order.id] = mine
        if mine.limit is not None:
            self.resting.append(mine)
            self._fill_if_reached(mine)
        elif mine.qty > 1 and self.chance() < self.config.broker.partial_share:
            self.env.process(self._execute(mine, mine.qty // 2, 0))
            self.env.process(self._execute(mine, mine.qty - mine.qty // 2, self.config.broker.fill_median_us))
        else:
            self.env.process(self._execute(mine, mine.qty, 0))
        return True

    def _within_rate(self) -> bool:
        now = self.now_us
        self.requests_us = [t_us for t_us in self.requests_us if t_us > now - MINUTE] + [now]
        return len(self.requests_us) <= self.config.broker.rate_limit_per_min

    def _gross_with(self, order: NaiveOrder) -> float:
        after = dict(self.positions)
        after[order.symbol] += order.side * order.qty
        reducing = abs(after[order.symbol]) < abs(self.positions[order.symbol])
        return 0.0 if reducing else sum(abs(qty) * self.price[symbol] for symbol, qty in after.items())

    def _broker_equity(self) -> float:
        return self.cash_micro / 1_000_000 + sum(qty * self.price[symbol] for symbol, qty in self.positions.items())

    def _execute(self, order: NaiveOrder, qty: int, extra_us: int) -> Steps:
        after_us = int(self.fill_after()) + extra_us
        if self.now_us + after_us >= self.close_us:
            return
        yield self.env.timeout(after_us)
        slippage_bps = self.config.broker.slippage_mean_bps + self.slippage()
        self._fill(order, qty, round(self.price[order.symbol] * (1 + order.side * slippage_bps / 1e4), 4))

    def _fill(self, order: NaiveOrder, qty: int, price: float) -> None:
        order.fill(qty)
        fill_id = self.fill_id()
        self.fills.append((fill_id, order.id, qty, price))
        self._book(order.symbol, order.side * qty, price)
        self.env.process(self._tell(order.id, qty, None))

    def _book(self, symbol: str, signed_qty: int, price: float) -> None:
        self.positions[symbol] = self.positions.get(symbol, 0) + signed_qty
        self.cash_micro -= signed_qty * round(price * 1_000_000)

    def _tell(self, order_id: str, qty: int, ended: str | None) -> Steps:
        """Bring an order update to the firm."""
        yield self.env.timeout(int(self.latency()))
        order = self.orders[order_id]
        if ended is not None:
            order.status = ended if order.live else order.status
        else:
            order.fill(qty)
            self.held[order.symbol] += order.side * qty
        if not order.live:
            self.live.pop(order.id, None)

    # The firm.

    def _trade(self) -> Steps:
        while True:
            yield self.env.timeout(int(self.wait()))
            if self.now_us >= self.close_us:
                return
            if self.now_us >= self._booted_us():
                self.env.process(self._order(self._decide()))

    def _decide(self) -> NaiveOrder:
        config, choice = self.config.strategies, self.choice
        symbol = self.symbols[int(choice() * len(self.symbols))]
        is_limit = choice() < config.limit_share
        price, held = self.price[symbol], self.held[symbol]
        most = 5.0 * max(abs(held), 10)
        wanted = int(max(-most, min(most, self.targets[symbol] * (1 + self.noise()) / price)))
        on_the_way = sum(o.side * (o.qty - o.filled) for o in self.live.values() if o.symbol == symbol)
        change = wanted - held - on_the_way
        side, qty = (1 if change > 0 else -1), abs(change)
        if qty == 0:
            side, qty = (1 if choice() < 0.5 else -1), 1
        limit = round(price * (1 - side * config.limit_offset_bps / 1e4), 2) if is_limit else None
        return NaiveOrder(self.order_id(), symbol, side, qty, limit)

    def _order(self, order: NaiveOrder) -> Steps:
        """The life of an order on the firm's side."""
        self.orders[order.id] = self.live[order.id] = order
        order.sent_us = self.now_us
        there_us, back_us = int(self.latency()), int(self.latency())
        if order.limit is not None:
            self.env.process(self._cancel_later(order))
        yield self.env.timeout(there_us)
        accepted = self._accept(order)
        yield self.env.timeout(back_us)
        order.acknowledged = True
        self.answers.append((self.now_us, accepted))
        if not accepted:
            order.status = "rejected"
            del self.live[order.id]

    def _cancel_later(self, order: NaiveOrder) -> Steps:
        yield self.env.timeout(self.config.strategies.limit_life_us)
        if not order.live:
            return
        there_us, back_us = int(self.latency()), int(self.latency())
        yield self.env.timeout(there_us)
        at_broker = self.broker_orders[order.id]
        if self._within_rate() and at_broker.live:
            at_broker.status = "canceled"
            self.resting.remove(at_broker)
            self.env.process(self._tell(order.id, 0, "canceled"))
        yield self.env.timeout(back_us)

    def _call_hook(self) -> Steps:
        yield self.env.timeout(self._booted_us())
        while True:
            yield self.env.timeout(SECOND)
            self.hook()

    def _scrape(self) -> Steps:
        while True:
            yield self.env.timeout(self.config.scrape_us)
            self.monitoring.scrape()
