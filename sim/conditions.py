"""Orders with conditions at the venue: stops, trailing stops, times in force, and groups of orders.

A stop waits like a resting limit does: the path is searched for the instant at which it is set off, so that
no tick costs anything while it waits. A night's gap sets it off at the open, at the open's price. What is set
off becomes a market order or a limit order and is worked as such.
"""

from __future__ import annotations

import numpy as np

from sim.orders import Order, Status
from sim.terms import Group, Terms
from sim.venue import Update, Venue


class ConditionalVenue(Venue):
    """A venue that knows `Terms`; an order without them never comes here."""

    def trailing_stop(self, order: Order) -> float | None:
        """Where the stop of a trailing order is now, its high-water mark brought up to date; None for others."""
        terms = order.terms
        if terms is None or not terms.trails:
            return None
        if order.status is not Status.HELD and order.live and terms.waits:
            self._follow(order, terms)
        return None if terms.hwm is None else terms.stop_at(terms.hwm, order.side)

    # Beginning.

    def _work(self, order: Order) -> None:
        terms = order.terms
        if terms is None:
            super()._work(order)
            return
        self._open[order.id] = order
        if terms.trails:
            terms.hwm, terms.seen_us = self._market.price(order.symbol), self._env.now
        if terms.time_in_force in ("ioc", "fok"):
            self._env.call_later(self._fill_after_us(), self._now_or_never, order)
        elif terms.time_in_force in ("opg", "cls"):
            self._wait_for_bell(order, terms)
        elif terms.waits or order.kind == "limit":
            self._rest(order)
        else:
            self._fill_at_market(order)

    def _now_or_never(self, order: Order) -> None:
        """Fill what can be filled at this instant and end the rest."""
        if not order.live:
            return
        assert order.terms is not None
        if self._calendar.is_open(self._env.now) and self._marketable(order):
            whole = order.terms.time_in_force == "fok" or order.qty <= 1 or self._chance() >= self.partial_share
            self._fill(order, order.qty if whole else self._first_part(order.qty), self._limited(order))
        if order.live:
            self._end(order, Status.CANCELED)

    def _wait_for_bell(self, order: Order, terms: Terms) -> None:
        now = self._env.now
        bell_us = self._calendar.next_open_us(now)
        if terms.time_in_force == "cls":
            session = self._calendar.session_at(now) or self._calendar.session_at(bell_us)
            assert session is not None
            bell_us = session.close_us
        self._env.call_at(bell_us, self._at_bell, order)

    def _at_bell(self, order: Order) -> None:
        """Trade at the price of the bell, all of it, or end."""
        if not order.live:
            return
        if self._marketable(order):
            self._fill(order, order.remaining, self._market.price(order.symbol))
        else:
            self._end(order, Status.CANCELED)

    def _marketable(self, order: Order) -> bool:
        limit, price = order.limit_price, self._market.price(order.symbol)
        return limit is None or (price <= limit if order.side > 0 else price >= limit)

    def _limited(self, order: Order) -> float | None:
        """The market's price for a limit order that crosses it; None lets a market order slip."""
        return None if order.limit_price is None else self._market.price(order.symbol)

    # Waiting.

    def _rests(self, order: Order) -> bool:
        terms = order.terms
        if terms is None or terms.time_in_force not in ("day", "gtc"):
            return terms is None and super()._rests(order)
        return terms.waits or order.limit_price is not None

    def _reach_us(self, order: Order, from_us: int, until_us: int) -> int | None:
        terms = order.terms
        if terms is None or not terms.waits:
            return super()._reach_us(order, from_us, until_us)
        if terms.trails:
            return self._trail_us(order, terms, until_us)
        assert terms.stop_price is not None
        # A sale waits for a price at or under its stop, as a purchase with a limit does.
        return self._market.first_crossing_us(order.symbol, terms.stop_price, -order.side, from_us, until_us)

    def _trail_us(self, order: Order, terms: Terms, until_us: int) -> int | None:
        """When the market first turns by the trail from its best price, up to, not including, `until_us`."""
        self._follow(order, terms)
        marks = self._market.marks(self._env.now + 1, until_us)
        if marks is None:
            return None
        prices = marks.prices[self._market.index(order.symbol)]
        assert terms.hwm is not None
        best = np.maximum if order.side < 0 else np.minimum
        stops = _stops(terms, best.accumulate(best(prices, terms.hwm)), order.side)
        hits = prices <= stops if order.side < 0 else prices >= stops
        k = int(hits.argmax())
        return marks.first_us + k * self._market.mark_us if hits[k] else None

    def _follow(self, order: Order, terms: Terms) -> None:
        """Bring the high-water mark up to now: what was is history, whatever changes after it."""
        row, until_us = self._market.index(order.symbol), self._env.now + 1
        while (marks := self._market.marks(terms.seen_us + 1, until_us)) is not None:
            prices = marks.prices[row]
            extreme = float(prices.max() if order.side < 0 else prices.min())
            assert terms.hwm is not None
            terms.hwm = max(terms.hwm, extreme) if order.side < 0 else min(terms.hwm, extreme)
            terms.seen_us = marks.first_us + (len(prices) - 1) * self._market.mark_us
        terms.seen_us = self._env.now

    def _touch(self, order: Order, revision: int) -> None:
        if order.terms is None or not order.terms.waits:
            super()._touch(order, revision)
        elif revision == self._market.revision and order.live:
            self._set_off(order, order.terms)

    def _set_off(self, order: Order, terms: Terms) -> None:
        """The stop was reached: from here on it is a market order, or a limit order that works."""
        if terms.trails:
            terms.stop_price = self.trailing_stop(order)
        terms.triggered = True
        self._history.emit("ledger.triggered", order.id, price=self._market.price(order.symbol), stop=terms.stop_price)
        if terms.group is not None and order is not terms.group.entry:
            self._end_others(order, terms.group, Status.CANCELED)
        if order.limit_price is None:
            self._fill_at_market(order)
        else:
            self._rest(order)

    def _close_of(self, order: Order, revision: int) -> None:
        """The session ends: what is good until cancelled waits for the next."""
        if order.terms is None or order.terms.time_in_force != "gtc":
            super()._close_of(order, revision)
        elif revision == self._market.revision and order.live:
            self._rest(order)

    # Groups.

    def _fill(self, order: Order, qty: float, price: float | None = None) -> None:
        super()._fill(order, qty, price)
        if order.terms is not None and order.terms.group is not None and order.status is Status.FILLED:
            self._filled_in_group(order, order.terms.group)

    def _end(self, order: Order, status: Status) -> None:
        ended = order.live
        super()._end(order, status)
        if ended and order.terms is not None and order.terms.group is not None:
            self._end_others(order, order.terms.group, status if status is Status.EXPIRED else Status.CANCELED)

    def _filled_in_group(self, order: Order, group: Group) -> None:
        if order is group.entry:
            for leg in group.exits:
                if leg.status is Status.HELD:
                    self._release(leg)
        else:
            self._end_others(order, group, Status.CANCELED)

    def _end_others(self, order: Order, group: Group, status: Status) -> None:
        """End every other exit of the group; an entry that ends takes its held legs with it."""
        if group.decided:
            return
        group.decided = True
        for other in group.others(order):
            if other.live:
                self._end(other, status)

    def _release(self, leg: Order) -> None:
        """Let a leg work that waited for its entry."""
        leg.move(Status.ACCEPTED, self._env.now)
        self._record(leg)
        self.publish(Update("accepted", leg.id, symbol=leg.symbol, side=leg.side))
        self._work(leg)


def _stops(terms: Terms, best: np.ndarray, side: int) -> np.ndarray:
    """Where a trailing stop is at each of these best prices."""
    gap = best * terms.trail_percent / 100 if terms.trail_percent is not None else terms.trail_price
    assert gap is not None
    stops: np.ndarray = best + side * gap
    return stops
