"""Stops, trailing stops, times in force and groups of orders: what sets them off, and what they end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.broker import BrokerConfig, Update
from sim.clock import MINUTE, SECOND
from sim.network import OrderRejected
from sim.orders import Order, Status, kept
from sim.terms import Group, Terms, stands_by
from tests.sim.market_kit import ny
from tests.sim.worlds import Firm

WHOLE = BrokerConfig(partial_share=0.0, slippage_mean_bps=0.0, slippage_sd_bps=0.0)


class Counter:
    """A broker at whose counter one stands."""

    def __init__(self, **config: Any) -> None:
        self.firm = Firm(**({"broker": WHOLE} | config))
        self.broker, self.market, self.env = self.firm.broker, self.firm.world.market, self.firm.env
        self.updates: list[Update] = []
        self.broker.publish = self.updates.append
        self._count = 0

    def order(
        self, side: int, qty: float = 10, kind: str = "market", limit: float | None = None, **terms: Any
    ) -> Order:
        self._count += 1
        return Order(f"o{self._count}", "SPY", side, qty, kind=kind, limit_price=limit, reducing=side < 0,
                     terms=Terms(**terms) if terms else None)  # fmt: skip

    def send(self, *args: Any, **kwargs: Any) -> Order:
        return self.broker.submit(self.order(*args, **kwargs))

    @property
    def price(self) -> float:
        return self.market.price("SPY")

    def told(self) -> list[tuple[str, str]]:
        return [(update.kind, update.order_id) for update in self.updates]

    def moves_to(self, factor: float, seconds: float = 5) -> None:
        """The market jumps, and some seconds pass."""
        self.firm.soon(lambda: (self.market.shock(["SPY"], factor), self.broker.reprice()))
        self.firm.run(seconds)


def trigger_by_ticks(counter: Counter, side: int, stop: float | None, trail: float | None, percent: float | None,
                     until_us: int) -> int | None:  # fmt: skip
    """When a stop is due, found as a newcomer would: tick after tick, price after price."""
    market, now = counter.market, counter.env.now
    best = market.price("SPY")
    for t_us in range(now, until_us, SECOND // 2):
        if not counter.firm.world.calendar.is_open(t_us):
            continue
        price = market.price_at("SPY", t_us)
        best = max(best, price) if side < 0 else min(best, price)
        level = stop
        if trail is not None:
            level = best - trail if side < 0 else best + trail
        elif percent is not None:
            level = best * (1 - percent / 100) if side < 0 else best * (1 + percent / 100)
        assert level is not None
        if price <= level if side < 0 else price >= level:
            return t_us
    return None


class TestStops:
    """A stop waits for its price and then trades at the market."""

    def test_a_stop_sells_at_what_the_market_gives_once_it_fell_there(self) -> None:
        counter = Counter()
        order = counter.send(-1, kind="stop", stop_price=counter.price * 0.98)
        counter.firm.run(2)
        assert order.status is Status.ACCEPTED
        counter.moves_to(0.95)
        assert order.status is Status.FILLED
        assert order.average_price == pytest.approx(590 * 0.95, rel=0.01), "the market's price, not the stop's"
        (event,) = counter.firm.events("ledger.triggered")
        assert event.subject == order.id

    def test_a_stop_limit_that_is_jumped_over_is_set_off_and_rests(self) -> None:
        counter = Counter()
        price = counter.price
        order = counter.send(-1, kind="stop_limit", limit=price * 0.975, stop_price=price * 0.98)
        counter.moves_to(0.90, 60)
        assert order.status is Status.ACCEPTED
        assert counter.firm.events("ledger.triggered")
        counter.moves_to(1.2, 60)
        assert order.status is Status.FILLED
        assert order.average_price >= price * 0.975

    def test_a_nights_gap_sets_a_stop_off_at_the_open_and_at_its_price(self) -> None:
        counter = Counter()
        stop = counter.price * 0.97
        order = counter.send(-1, kind="stop", stop_price=stop, time_in_force="gtc")
        counter.firm.run_to((2026, 3, 10, 20, 0))
        assert order.status is Status.ACCEPTED, "it outlives the day"
        counter.firm.soon(lambda: (counter.market.shock(["SPY"], 0.85), counter.broker.reprice()))
        counter.firm.run_to((2026, 3, 11, 9, 30))
        counter.firm.run(2)
        assert order.status is Status.FILLED
        assert order.average_price < stop * 0.93

    def test_a_day_stop_ends_with_the_day(self) -> None:
        counter = Counter()
        order = counter.send(-1, kind="stop", stop_price=1.0)
        counter.firm.run_to((2026, 3, 10, 16, 0))
        assert order.status is Status.EXPIRED
        assert counter.told() == [("expired", order.id)]

    @given(
        side=st.sampled_from([1, -1]), offset_bps=st.integers(1, 25),
        kind=st.sampled_from(["stop", "trail_price", "trail_percent"]), seed=st.integers(0, 50),
    )  # fmt: skip
    @settings(max_examples=25)
    def test_the_instant_is_the_one_that_every_tick_would_have_found(
        self, side: int, offset_bps: int, kind: str, seed: int
    ) -> None:
        counter = Counter(seed=seed)
        price, until_us = counter.price, counter.env.now + 25 * MINUTE
        gap = round(price * offset_bps / 1e4, 2)
        terms: dict[str, Any] = {
            "stop": {"stop_price": round(price + side * gap, 2)}, "trail_price": {"trail_price": gap},
            "trail_percent": {"trail_percent": offset_bps / 100},
        }[kind]  # fmt: skip
        due_us = trigger_by_ticks(
            counter, side, terms.get("stop_price"), terms.get("trail_price"), terms.get("trail_percent"), until_us
        )
        counter.send(side, kind="stop" if kind == "stop" else "trailing_stop", **terms)
        counter.firm.world.run(until_us - 1)
        found = [event.t_us for event in counter.firm.events("ledger.triggered")]
        assert found == ([] if due_us is None else [due_us])


class TestTrailing:
    """A trailing stop follows the market one way only."""

    def test_it_follows_up_and_sells_on_the_way_down(self) -> None:
        counter = Counter()
        order = counter.send(-1, kind="trailing_stop", trail_percent=3.0, time_in_force="gtc")
        first = counter.broker.trailing_stop(order)
        assert first == pytest.approx(counter.price * 0.97, rel=0.001)
        counter.moves_to(1.10, 30)
        second = counter.broker.trailing_stop(order)
        assert second == pytest.approx(590 * 1.10 * 0.97, rel=0.005)
        counter.moves_to(0.98, 30)
        assert order.status is Status.ACCEPTED
        assert (counter.broker.trailing_stop(order) or 0) >= (second or 0)
        counter.moves_to(0.98, 30)
        assert order.status is Status.FILLED
        assert order.average_price > 590

    def test_a_shock_after_it_was_sent_is_seen(self) -> None:
        counter = Counter()
        order = counter.send(1, kind="trailing_stop", trail_price=10.0)
        counter.moves_to(0.9, 10)
        counter.moves_to(1.03, 10)
        assert order.status is Status.FILLED


class TestTimesInForce:
    """How long an order lives."""

    def test_immediate_or_cancel_fills_what_it_can_and_ends(self) -> None:
        counter = Counter(broker=BrokerConfig(partial_share=1.0))
        order = counter.send(1, 10, time_in_force="ioc")
        counter.firm.run(2)
        assert (order.status, order.filled_qty) == (Status.CANCELED, 5)
        far = counter.send(1, kind="limit", limit=1.0, time_in_force="ioc")
        counter.firm.run(2)
        assert (far.status, far.filled_qty) == (Status.CANCELED, 0)

    def test_fill_or_kill_is_all_or_nothing(self) -> None:
        counter = Counter(broker=BrokerConfig(partial_share=1.0))
        order = counter.send(1, 10, kind="limit", limit=counter.price * 1.1, time_in_force="fok")
        counter.firm.run(2)
        assert (order.status, order.filled_qty) == (Status.FILLED, 10)

    def test_good_till_cancelled_rests_over_the_night(self) -> None:
        counter = Counter()
        order = counter.send(1, kind="limit", limit=1.0, time_in_force="gtc")
        plain = counter.send(1, kind="limit", limit=1.0)
        counter.firm.run_to((2026, 3, 11, 12, 0))
        assert (order.status, plain.status) == (Status.ACCEPTED, Status.EXPIRED)

    @pytest.mark.parametrize(("tif", "when"), [("cls", (2026, 3, 10, 16, 0)), ("opg", (2026, 3, 11, 9, 30))])
    def test_at_the_open_and_at_the_close(self, tif: str, when: tuple[int, ...]) -> None:
        counter = Counter(span_us=4 * 86_400 * SECOND)
        order = counter.send(1, time_in_force=tif)
        dear = counter.send(1, kind="limit", limit=1.0, time_in_force=tif)
        bell_us = counter.firm.world.clock.us_at(ny(*when))
        counter.firm.world.run(bell_us - SECOND)
        assert order.status is Status.ACCEPTED
        counter.firm.run(1)
        assert (order.status, dear.status) == (Status.FILLED, Status.CANCELED)
        assert order.average_price == counter.market.price_at("SPY", bell_us)


class TestGroups:
    """Orders of which one sets off or ends the others."""

    def bracket(self, counter: Counter, **entry: Any) -> Group:
        price = counter.price
        return counter.broker.submit_group("bracket", [
            counter.order(1, **entry), counter.order(-1, kind="limit", limit=price * 1.05, time_in_force="gtc"),
            counter.order(-1, kind="stop", stop_price=price * 0.95, time_in_force="gtc"),
        ])  # fmt: skip

    def test_exits_wait_for_the_entry_then_the_one_ends_the_other(self) -> None:
        counter = Counter()
        before = counter.firm.world.ledger.position("SPY")
        group = self.bracket(counter)
        target, stop = group.exits
        assert {target.status, stop.status} == {Status.HELD}
        assert [order.id for order in counter.broker.working()] == ["o1"]
        counter.firm.run(3)
        assert (target.status, stop.status) == (Status.ACCEPTED, Status.ACCEPTED)
        assert (stands_by(target), stands_by(stop)) == (False, True)
        counter.moves_to(1.08)
        assert (target.status, stop.status) == (Status.FILLED, Status.CANCELED)
        assert counter.firm.world.ledger.position("SPY") == before
        assert counter.told() == [
            ("fill", "o1"), ("accepted", "o2"), ("accepted", "o3"), ("fill", "o2"), ("canceled", "o3"),
        ]  # fmt: skip

    def test_the_stop_ends_the_target_when_it_is_set_off(self) -> None:
        counter = Counter()
        target, stop = self.bracket(counter).exits
        counter.firm.run(3)
        counter.moves_to(0.93)
        assert (target.status, stop.status) == (Status.CANCELED, Status.FILLED)

    def test_an_entry_that_is_cancelled_takes_its_exits_with_it(self) -> None:
        counter = Counter()
        group = self.bracket(counter, kind="limit", limit=1.0)
        counter.broker.cancel("o1")
        assert {order.status for order in group.exits} == {Status.CANCELED}
        assert not list(counter.broker.working())

    def test_an_entry_that_expires_takes_its_exits_with_it(self) -> None:
        counter = Counter()
        group = self.bracket(counter, kind="limit", limit=1.0)
        counter.firm.run_to((2026, 3, 10, 16, 1))
        assert {order.status for order in group.exits} == {Status.EXPIRED}

    def test_an_entry_that_filled_in_part_releases_nothing_yet(self) -> None:
        counter = Counter(broker=BrokerConfig(partial_share=1.0))
        counter.broker.partial = counter.broker.partial._replace(rest_us=30 * SECOND)
        group = self.bracket(counter)
        counter.firm.run(10)
        assert group.exits[0].status is Status.HELD
        counter.firm.run(40)
        assert group.exits[0].status is Status.ACCEPTED

    def test_one_cancels_other_works_both_at_once(self) -> None:
        counter = Counter()
        price = counter.price
        orders = [counter.order(-1, kind="limit", limit=price * 1.05),
                  counter.order(-1, kind="stop", stop_price=price * 0.95)]  # fmt: skip
        group = counter.broker.submit_group("oco", orders)
        assert group.first is group.exits[0]
        counter.broker.cancel(group.exits[0].id)
        assert group.exits[1].status is Status.CANCELED

    def test_a_replaced_leg_keeps_its_place(self) -> None:
        counter = Counter()
        target, stop = self.bracket(counter).exits
        counter.firm.run(3)
        price = counter.price
        new = counter.broker.replace(stop.id, "moved", 10, None, stop_price=price * 0.99)
        assert (stop.status, target.status, new.status) == (Status.REPLACED, Status.ACCEPTED, Status.ACCEPTED)
        counter.moves_to(0.985)
        assert (target.status, new.status) == (Status.CANCELED, Status.FILLED)

    def test_a_held_leg_that_is_replaced_stays_held(self) -> None:
        counter = Counter()
        target, _ = self.bracket(counter, kind="limit", limit=1.0).exits
        new = counter.broker.replace(target.id, "moved", 10, 900.0)
        assert new.status is Status.HELD
        counter.broker.cancel("o1")
        assert new.status is Status.CANCELED

    def test_all_or_none_are_taken(self) -> None:
        counter = Counter()
        with pytest.raises(OrderRejected, match="positive limit_price"):
            counter.broker.submit_group("oto", [counter.order(1), counter.order(-1, kind="limit")])
        same = counter.order(-1, kind="stop", stop_price=1.0)
        with pytest.raises(OrderRejected, match="unique"):
            counter.broker.submit_group("oto", [same, same])
        assert not counter.broker.orders


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10**9)), min_size=1, max_size=60))
def test_what_was_bought_in_pieces_and_sold_in_pieces_ends_at_zero(pieces: list[tuple[bool, int]]) -> None:
    held: float = 0
    for buys, billionths in pieces:
        held = kept(held + (billionths if buys else -billionths) / 1e9)
    exact = sum(b if buys else -b for buys, b in pieces)
    assert held == kept(exact / 1e9)
    assert isinstance(held, int) == (exact % 10**9 == 0)


def test_the_ledger_keeps_fractions_exactly() -> None:
    counter = Counter()
    before = counter.firm.world.ledger.position("SPY")
    for qty in (0.1, 0.2, 0.7):
        counter.send(1, qty)
    counter.firm.run(3)
    assert counter.firm.world.ledger.position("SPY") == before + 1
    assert type(counter.firm.world.ledger.position("SPY")) is int
    assert counter.firm.world.ledger.balanced()
