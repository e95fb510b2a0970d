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
    """Share of market orders that fill in parts: a first one of half, the rest a moment later."""
    rate_limit_per_min: int = 200
    max_leverage: float = 4.0


class Partial(NamedTuple):
    """How an order fills that does so in parts."""

    first: float = 0.5
    """Share of it that fills at once."""
    pieces: int = 1
    """In how many further pieces the rest comes."""
    rest_us: int = 80 * MS
    """When the last of them comes, after the first part was due."""


class Update(NamedTuple):
    """One message of the order stream."""

    kind: str
    """`fill`, `canceled`, `rejected`, `replaced`, `expired`, or `accepted` of a leg that begins to work."""
    order_id: str
    fill_id: str = ""
    qty: float = 0
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
        self.partial = Partial(rest_us=config.fill_median_us)
        self.fill_delay_us = 0
        self._fill_id = streams.ids("fill")
        self._fill_after_us = streams.whole_draws("broker/fill", lognormal(config.fill_median_us, 0.5))
        self._slippage = streams.draws("broker/slippage", normal(0.0, config.slippage_sd_bps))
        self._chance = streams.draws("broker/chance", uniform())

    def working(self) -> Iterable[Order]:
        """Orders that may still fill, as the broker knows them."""
        return self._open.values()

    def reprice(self) -> None:
        """Look again at resting orders, after the true path has changed."""
        for order in list(self._open.values()):
            if self._rests(order):
                self._rest(order)

    def _rests(self, order: Order) -> bool:
        """Whether the order waits for a price."""
        return order.kind == "limit"

    def _work(self, order: Order) -> None:
        self._open[order.id] = order
        if order.kind == "limit":
            self._rest(order)
        else:
            self._fill_at_market(order)

    def _fill_at_market(self, order: Order) -> None:
        for begun in list(self.on_market_order):
            begun()
        if order.qty > 1 and self._chance() < self.partial_share:
            self._fill_in_parts(order)
        else:
            self._fill_later(order, order.qty)

    def _fill_in_parts(self, order: Order) -> None:
        first, (_, pieces, rest_us) = self._first_part(order.qty), self.partial
        self._fill_later(order, first)
        left = order.qty - first
        for n in range(pieces, 0, -1):
            piece = left // n if n > 1 else left
            if piece:
                self._fill_later(order, piece, extra_us=rest_us * (pieces - n + 1) // pieces)
                left -= piece

    def _first_part(self, qty: float) -> float:
        """Whole shares, at least one, and not all of it."""
        return max(1, int(qty * self.partial.first))

    def _fill_later(self, order: Order, qty: float, extra_us: int = 0) -> None:
        after_us = self._fill_after_us() + extra_us + self.fill_delay_us
        due_us = self._env.now + after_us
        if not self._calendar.is_open(due_us):
            due_us = self._calendar.next_open_us(due_us) + after_us
        self._env.call_at(due_us, self._fill, order, qty)

    def _rest(self, order: Order) -> None:
        """Schedule what happens to a waiting order when the true price first reaches it; expire it at the close."""
        now = self._env.now
        session = self._calendar.session_at(now)
        if session is None:
            self._env.call_at(self._calendar.next_open_us(now), self._look_on, order, self._market.revision)
            return
        until_us, revision = min(now + _LOOK_AHEAD_US, session.close_us), self._market.revision
        reach = self._reach_us(order, now, until_us)
        if reach is not None:
            self._env.call_at(reach, self._touch, order, revision)
        elif until_us < session.close_us:
            self._env.call_at(until_us, self._look_on, order, revision)
        else:
            self._env.call_at(session.close_us, self._close_of, order, revision)

    def _reach_us(self, order: Order, from_us: int, until_us: int) -> int | None:
        """When the true price first reaches the order, up to, not including, `until_us`."""
        assert order.limit_price is not None
        return self._market.first_crossing_us(order.symbol, order.limit_price, order.side, from_us, until_us)

    def _close_of(self, order: Order, revision: int) -> None:
        """The session ends with the order still waiting."""
        self._end(order, Status.EXPIRED)

    def _look_on(self, order: Order, revision: int) -> None:
        if revision == self._market.revision and order.live:
            self._rest(order)

    def _touch(self, order: Order, revision: int) -> None:
        """The true price is at the limit or through it; an order that crosses the market gets the market's price."""
        if revision == self._market.revision and order.live:
            assert order.limit_price is not None
            better = min if order.side > 0 else max
            self._fill(order, order.remaining, price=better(order.limit_price, self._market.price(order.symbol)))

    def _fill(self, order: Order, qty: float, price: float | None = None) -> None:
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

    def _record(self, order: Order) -> None:
        """Write into the History that an order works from now on."""
        self._history.emit(
            "ledger.order", order.id, status="accepted", symbol=order.symbol, side=order.side, qty=order.qty,
            order_kind=order.kind, source=order.source, reducing=order.reducing,
        )  # fmt: skip
