"""The same day as a newcomer to SimPy would write it: a process for everything, an event for every tick.

Each symbol ticks once a second and feeds its bars; at each tick the broker looks at its book and values the
account; every order is a process; the hook is a process. It draws from the same streams as the World, so it
must come to the same outcome, which makes it an independent check of the World besides a measure of its speed.
"""

from __future__ import annotations

import simpy

from drills.benchmarks.full_day import Hook, Outcome, make_prices
from drills.benchmarks.naive_broker import NaiveBroker, NaiveOrder, Steps
from drills.benchmarks.naive_monitoring import NaiveMonitoring
from sim.calendar import TradingCalendar
from sim.clock import HOUR, MS, SECOND, Clock, VirtualTime
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.history import History
from sim.market import Market
from sim.rng import Streams, exponential, lognormal, normal, uniform


class NaiveFirm:
    """Market, broker, firm and monitoring of one day in which nothing goes wrong."""

    def __init__(self, config: WorldConfig, seed: int, hook: Hook, length_us: int) -> None:
        """Make the day's prices and start every process."""
        self.env, self.config, self.hook, self.length_us = simpy.Environment(), config, hook, length_us
        streams = Streams(seed)
        self._read_prices(streams)
        self.price = dict(zip(self.symbols, self.prices[0], strict=True))
        self.bars: dict[tuple[str, int], list[list[float]]] = {(s, m): [] for s in self.symbols for m in (1, 5)}
        self.broker = NaiveBroker(self.env, config, streams, self.price, self._hear)
        self.targets: dict[str, float] = {}
        self._open_positions(streams)
        self._draw_from(streams)
        self.orders: dict[str, NaiveOrder] = {}
        self.live: dict[str, NaiveOrder] = {}
        self.held = dict(self.broker.positions)
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
        broker = self.broker
        return Outcome(
            [(o.id, o.symbol, o.side, o.qty, o.status, o.filled) for o in broker.orders.values()],
            broker.fills, {symbol: qty for symbol, qty in broker.positions.items() if qty}, broker.cash,
            broker.equity(), broker.equity_curve, broker.exposure_curve,
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

    def _open_positions(self, streams: Streams) -> None:
        draws = streams.stream("strategies/targets")
        each = self.config.equity * self.config.strategies.gross_exposure_pct / 100 / len(self.symbols)
        for symbol in self.symbols:
            side = 1 if draws.random() < 0.75 else -1
            qty = max(1, round(each / self.price[symbol]))
            self.targets[symbol] = side * each
            self.broker.book(symbol, side * qty, self.price[symbol])

    def _draw_from(self, streams: Streams) -> None:
        config = self.config.strategies
        self.wait = streams.draws("strategies/arrival", exponential(HOUR / config.orders_per_hour))
        self.noise = streams.draws("strategies/size", normal(0.0, config.churn))
        self.choice = streams.draws("strategies/choice", uniform())
        self.latency = streams.draws("network/latency", lognormal(10 * MS, 0.35))
        self.order_id = streams.ids("ord")

    def _start(self) -> None:
        for column, symbol in enumerate(self.symbols):
            self.env.process(self._tick(column, symbol))
        broker = (self.broker.match(), self.broker.value(), self.broker.close(self.close_us))
        for process in (*broker, self._trade(), self._scrape(), self._call_hook()):
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
        accepted = self.broker.accept(order)
        yield self.env.timeout(back_us)
        order.acknowledged = True
        self.answers.append((self.now_us, accepted))
        if not accepted:
            order.status = "rejected"
            del self.live[order.id]

    def _cancel_later(self, order: NaiveOrder) -> Steps:
        yield self.env.timeout(self.config.strategies.limit_life_us)
        if order.live:
            there_us, back_us = int(self.latency()), int(self.latency())
            yield self.env.timeout(there_us)
            self.broker.cancel(order.id)
            yield self.env.timeout(back_us)

    def _hear(self, order_id: str, qty: int, ended: str | None) -> Steps:
        """Hear of an order from the broker, a moment later."""
        yield self.env.timeout(int(self.latency()))
        order = self.orders[order_id]
        if ended is not None:
            order.status = ended if order.live else order.status
        else:
            order.fill(qty)
            self.held[order.symbol] += order.side * qty
        if not order.live:
            self.live.pop(order_id, None)

    def _call_hook(self) -> Steps:
        yield self.env.timeout(self._booted_us())
        while True:
            yield self.env.timeout(SECOND)
            self.hook()

    def _scrape(self) -> Steps:
        while True:
            yield self.env.timeout(self.config.scrape_us)
            self.monitoring.scrape()
