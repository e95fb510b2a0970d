"""The venue: when and at what price a working order fills, and how it ends.

Market orders fill a little later at the true price plus slippage, some in two parts; limit orders rest until
the true price first reaches them, or the session ends. Nothing fills while the market is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sim.calendar import TradingCalendar
from sim.clock import MINUTE, MS, VirtualTime
from sim.history import History
from sim.ledger import Ledger
from sim.market import Market
from sim.orders import Order, Status
from sim.rng import Streams, lognormal, normal, uniform

_LOOK_AHEAD_US = 10 * MINUTE
"""How far ahead the path is searched for a resting order: most are filled or cancelled within minutes."""


@dataclass(frozen=True)
class BrokerConfig:
    """How the broker trades when nothing is wrong."""

    slippage_mean_bps: float = 5.0
    slippage_sd_bps: float = 2.0
    fill_median_us: int = 80 * MS
    partial_share: float = 0.15
    """Share of market orders that fill in two parts."""
    rate_limit_per_min: int = 200
    max_leverage: float = 4.0


class Update(NamedTuple):
    """One message of the order stream."""

    kind: str
    """`fill`, `canceled`, `rejected`, `replaced` or `expired`."""
    order_id: str
    fill_id: str = ""
    qty: int = 0
    price: float = 0.0
    symbol: str = ""
    side: int = 0


class Venue:
    """Working orders and their fills, each booked into the Ledger and published."""

    def __init__(
        self, env: VirtualTime, history: History, streams: Streams, market: Market, calendar: TradingCalendar,
        ledger: Ledger, config: BrokerConfig,
    ) -> None:  # fmt: skip
        """Trade on `market`, book into `ledger`."""
        self._env, self._history, self._market, self._calendar = env, history, market, calendar
        self.ledger, self.config = ledger, config
        self._open: dict[str, Order] = {}
        self.publish: Callable[[Update], None] = lambda update: None
        """Where order updates go; the connection sets it."""
        self.on_market_order: list[Callable[[], object]] = []
        """Called when a market order begins to work: proof for a fault of how such orders fill."""
        self.slippage_mean_bps = config.slippage_mean_bps
        self.partial_share = config.partial_share
        self.fill_delay_us = 0
        self._fill_id = streams.ids("fill")
        self._fill_after_us = streams.whole_draws("broker/fill", lognormal(config.fill_median_us, 0.5))
        self._slippage = streams.draws("broker/slippage", normal(0.0, config.slippage_sd_bps))
        self._chance = streams.draws("broker/chance", uniform())

    def working(self) -> Iterable[Order]:
        """Orders that may still fill, as the broker knows them."""
        return self._open.values()

    def reprice(self) -> None:
        """Look again at resting limit orders, after the true path has changed."""
        for order in list(self._open.values()):
            if order.kind == "limit":
                self._rest(order)

    def _work(self, order: Order) -> None:
        self._open[order.id] = order
        if order.kind == "limit":
            self._rest(order)
            return
        for begun in list(self.on_market_order):
            begun()
        partial = order.qty > 1 and self._chance() < self.partial_share
        first = order.qty // 2 if partial else order.qty
        self._fill_later(order, first)
        if partial:
            self._fill_later(order, order.qty - first, extra_us=self.config.fill_median_us)

    def _fill_later(self, order: Order, qty: int, extra_us: int = 0) -> None:
        after_us = self._fill_after_us() + extra_us + self.fill_delay_us
        due_us = self._env.now + after_us
        if not self._calendar.is_open(due_us):
            due_us = self._calendar.next_open_us(due_us) + after_us
        self._env.call_at(due_us, self._fill, order, qty)

    def _rest(self, order: Order) -> None:
        """Schedule the fill of a limit order for when the true price first reaches it; expire it at the close."""
        assert order.limit_price is not None
        now = self._env.now
        session = self._calendar.session_at(now)
        if session is None:
            self._env.call_at(self._calendar.next_open_us(now), self._rest, order)
            return
        until_us, revision = min(now + _LOOK_AHEAD_US, session.close_us), self._market.revision
        reach = self._market.first_crossing_us(order.symbol, order.limit_price, order.side, now, until_us)
        if reach is not None:
            self._env.call_at(reach, self._touch, order, revision)
        elif until_us < session.close_us:
            self._env.call_at(until_us, self._look_on, order, revision)
        else:
            self._env.call_at(session.close_us, self._end, order, Status.EXPIRED)

    def _look_on(self, order: Order, revision: int) -> None:
        if revision == self._market.revision and order.live:
            self._rest(order)

    def _touch(self, order: Order, revision: int) -> None:
        """The true price is at the limit or through it; an order that crosses the market gets the market's price."""
        if revision == self._market.revision and order.live:
            assert order.limit_price is not None
            better = min if order.side > 0 else max
            self._fill(order, order.remaining, price=better(order.limit_price, self._market.price(order.symbol)))

    def _fill(self, order: Order, qty: int, price: float | None = None) -> None:
        qty = min(qty, order.remaining)
        if not order.live or qty == 0:
            return
        if price is None:
            slippage = (self.slippage_mean_bps + self._slippage()) / 1e4
            price = round(self._market.price(order.symbol) * (1 + order.side * slippage), 4)
        order.fill(qty, price, self._env.now)
        if not order.live:
            del self._open[order.id]
        fill_id = self._fill_id()
        self.ledger.post_fill(fill_id, order.id, order.symbol, order.side, qty, price, order.source)
        self.publish(Update("fill", order.id, fill_id, qty, price, order.symbol, order.side))

    def _end(self, order: Order, status: Status) -> None:
        if not order.move(status, self._env.now):
            return
        self._open.pop(order.id, None)
        self._history.emit("ledger.order", order.id, status=str(status))
        self.publish(Update(str(status), order.id))
