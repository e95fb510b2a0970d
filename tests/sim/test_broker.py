"""The broker: what it takes, what it refuses, when it fills, and what its book says afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.broker import BrokerConfig, Update
from sim.clock import HOUR, MINUTE, MS, SECOND
from sim.network import BrokerAuthExpired, BrokerRateLimited, OrderRejected, UnknownOrder
from sim.orders import DONE, Order, Status
from tests.sim.market_kit import ny
from tests.sim.worlds import Firm

WHOLE = BrokerConfig(partial_share=0.0)
PARTS = BrokerConfig(partial_share=1.0)


def order(order_id: str = "o1", side: int = 1, qty: int = 10, symbol: str = "SPY", **rest: Any) -> Order:
    return Order(order_id, symbol, side, qty, **rest)


class Counter:
    """A broker at whose counter one stands: no link in between, every update kept."""

    def __init__(self, **config: Any) -> None:
        self.firm = Firm(**({"broker": WHOLE} | config))
        self.broker, self.env = self.firm.broker, self.firm.env
        self.updates: list[Update] = []
        self.broker.publish = self.updates.append
        self.before = dict(self.firm.world.ledger.positions())

    def run(self, seconds: float) -> None:
        self.firm.run(seconds)

    def bought(self, symbol: str = "SPY") -> int:
        return self.firm.world.ledger.position(symbol) - self.before.get(symbol, 0)

    def price(self, symbol: str = "SPY") -> float:
        return self.firm.world.market.price(symbol)


class TestTaking:
    """An order is taken, or refused with the reason that the broker gives."""

    def test_an_order_is_accepted_and_kept_as_the_brokers_own_copy(self) -> None:
        counter = Counter()
        sent = order()
        mine = counter.broker.submit(sent)
        assert mine is not sent
        assert (mine.status, sent.status) == (Status.ACCEPTED, Status.PENDING_NEW)
        assert counter.broker.order("o1") is mine
        assert list(counter.broker.working()) == [mine]

    @pytest.mark.parametrize("done", [False, True])
    def test_a_client_order_id_is_executed_once_even_after_it_is_done(self, done: bool) -> None:
        counter = Counter()
        counter.broker.submit(order())
        counter.run(5 if done else 0)
        with pytest.raises(OrderRejected, match="client_order_id must be unique"):
            counter.broker.submit(order())
        counter.run(5)
        assert counter.bought() == 10
        assert counter.firm.told("ledger.duplicate_refused") == ["ledger.duplicate_refused o1"]

    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            (order(symbol="NOPE"), "not found"),
            (order(qty=0), "qty must be positive"),
            (order(qty=-5), "qty must be positive"),
            (order(side=0), "side buy or sell"),
            (order(kind="limit"), "positive limit_price"),
            (order(kind="limit", limit_price=-3.0), "positive limit_price"),
            (order(qty=1_000_000), "insufficient buying power"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, bad: Order, why: str) -> None:
        counter = Counter()
        with pytest.raises(OrderRejected, match=why):
            counter.broker.submit(bad)
        assert counter.broker.list_orders(open_only=False) == []

    def test_an_exit_is_taken_even_when_there_is_no_buying_power_left(self) -> None:
        counter = Counter()
        counter.firm.world.ledger.money["firm"] = -(10**15)
        counter.broker.submit(order("out", side=-1, reducing=True))
        with pytest.raises(OrderRejected) as refused:
            counter.broker.submit(order("in"))
        assert refused.value.status == 403

    def test_a_share_of_orders_is_rejected_when_the_venue_is_in_trouble(self) -> None:
        counter = Counter()
        counter.broker.reject_share, counter.broker.reject_reason = 0.5, "halted by the exchange"
        told: list[int] = []
        counter.broker.on_reject = lambda: told.append(counter.env.now)
        reasons = []
        for number in range(100):
            try:
                counter.broker.submit(order(f"o{number}", qty=1))
            except OrderRejected as error:
                reasons.append(str(error))
        rejected = len(reasons)
        assert 30 < rejected < 70
        assert set(reasons) == {"halted by the exchange"}
        assert len(told) == rejected == len(counter.firm.history.of("ledger.order")) - (100 - rejected)

    def test_calls_beyond_the_rate_limit_are_answered_429_until_a_minute_has_passed(self) -> None:
        counter = Counter(broker=BrokerConfig(rate_limit_per_min=3))
        limited: list[int] = []
        counter.broker.on_limited = lambda: limited.append(counter.env.now)
        for _ in range(3):
            counter.broker.positions()
        with pytest.raises(BrokerRateLimited):
            counter.broker.positions()
        counter.run(59.9)
        with pytest.raises(BrokerRateLimited):
            counter.broker.account()
        counter.run(0.1)
        assert counter.broker.positions() == counter.before
        assert len(limited) == 2


class TestFilling:
    """Fills come at the true market, after a while, in session only."""

    def test_a_market_order_fills_at_the_true_price_plus_slippage(self) -> None:
        counter = Counter()
        counter.broker.submit(order())
        assert counter.bought() == 0, "accepted is not filled"
        counter.run(3)
        ((update),) = counter.updates
        assert (update.kind, update.order_id, update.qty, update.side) == ("fill", "o1", 10, 1)
        slippage_bps = (update.price / counter.firm.world.market.price_at("SPY", counter.env.now) - 1) * 1e4
        assert -10 < slippage_bps < 20
        assert counter.bought() == 10

    @pytest.mark.parametrize("side", [1, -1])
    def test_slippage_costs_five_basis_points_on_average_on_either_side(self, side: int) -> None:
        counter = Counter(broker=BrokerConfig(partial_share=0.0, rate_limit_per_min=10_000))
        costs = []
        for number in range(400):
            counter.broker.submit(order(f"o{number}", side=side, qty=1, reducing=True))
            counter.run(2)
        true = counter.firm.world.market
        for event in counter.firm.history.of("ledger.fill"):
            if event.subject != "opening":
                costs.append(side * (event.data["price"] / true.price_at("SPY", event.t_us) - 1) * 1e4)
        assert len(costs) == 400
        assert sum(costs) / 400 == pytest.approx(5.0, abs=0.4)

    def test_some_orders_fill_in_two_parts_that_add_up(self) -> None:
        counter = Counter(broker=PARTS)
        counter.broker.submit(order(qty=11))
        counter.run(5)
        assert [update.qty for update in counter.updates] in ([5, 6], [6, 5])
        assert counter.broker.orders["o1"].status is Status.FILLED
        assert counter.bought() == 11

    def test_a_single_share_cannot_be_parted(self) -> None:
        counter = Counter(broker=PARTS)
        counter.broker.submit(order(qty=1))
        counter.run(5)
        assert [update.qty for update in counter.updates] == [1]

    def test_a_slow_venue_fills_later_by_its_delay(self) -> None:
        counter = Counter()
        counter.broker.fill_delay_us = 30 * SECOND
        counter.broker.submit(order())
        counter.run(30)
        assert counter.bought() == 0
        counter.run(3)
        assert counter.bought() == 10

    def test_a_market_order_sent_at_night_fills_at_the_next_open(self) -> None:
        counter = Counter(start=ny(2026, 3, 10, 20))
        counter.broker.submit(order())
        counter.firm.run_to((2026, 3, 11, 9, 29, 59))
        assert counter.bought() == 0
        assert [o.id for o in counter.broker.list_orders()] == ["o1"]
        counter.firm.run_to((2026, 3, 11, 9, 30, 5))
        assert counter.bought() == 10

    def test_a_market_order_sent_on_friday_evening_fills_on_monday(self) -> None:
        counter = Counter(start=ny(2026, 3, 13, 18), span_us=96 * HOUR)
        counter.broker.submit(order())
        counter.firm.run_to((2026, 3, 16, 9, 30, 5))
        ((fill),) = [e for e in counter.firm.history.of("ledger.fill") if e.subject == "o1"]
        assert counter.firm.world.clock.local(fill.t_us).weekday() == 0


class TestResting:
    """Limit orders rest until the true price reaches them, or the day ends."""

    def test_a_limit_in_reach_fills_at_the_markets_price_when_the_market_gets_there(self) -> None:
        counter = Counter()
        market = counter.firm.world.market
        limit = round(counter.price() * 0.999, 2)
        reach_us = market.first_crossing_us("SPY", limit, 1, counter.env.now, 6 * HOUR)
        assert reach_us is not None
        counter.broker.submit(order(kind="limit", limit_price=limit))
        counter.firm.world.run(reach_us - 1)
        assert counter.bought() == 0
        counter.firm.world.run(reach_us)
        assert counter.bought() == 10
        assert counter.updates[0].price == counter.price() <= limit

    def test_a_limit_beyond_the_market_fills_at_once(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=round(counter.price() * 1.01, 2)))
        counter.run(0)
        assert counter.bought() == 10

    def test_a_limit_never_reached_expires_at_the_close(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=1.0))
        counter.firm.run_to((2026, 3, 10, 15, 59, 59))
        assert len(counter.broker.list_orders()) == 1
        counter.firm.run_to((2026, 3, 10, 16, 0))
        assert counter.broker.orders["o1"].status is Status.EXPIRED
        assert [update.kind for update in counter.updates] == ["expired"]

    def test_a_limit_sent_at_night_rests_from_the_next_open_to_its_close(self) -> None:
        counter = Counter(start=ny(2026, 3, 10, 20))
        counter.broker.submit(order(kind="limit", limit_price=1.0))
        counter.firm.run_to((2026, 3, 11, 15, 59, 59))
        assert len(counter.broker.list_orders()) == 1
        counter.firm.run_to((2026, 3, 11, 16, 0))
        assert counter.broker.orders["o1"].status is Status.EXPIRED

    def test_a_crash_of_the_market_reaches_limits_that_were_far_away(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=round(counter.price() * 0.8, 2)))
        counter.run(10)
        counter.firm.soon(lambda: counter.firm.world.market.shock(None, 0.7))
        counter.firm.soon(counter.broker.reprice)
        counter.run(5)
        assert counter.bought() == 10

    def test_a_fill_that_the_old_path_had_promised_does_not_come_on_the_new_one(self) -> None:
        counter = Counter()
        limit = round(counter.price() * 0.999, 2)
        counter.broker.submit(order(kind="limit", limit_price=limit))
        counter.firm.soon(lambda: counter.firm.world.market.shock(None, 1.5))
        counter.firm.soon(counter.broker.reprice)
        counter.firm.run_to((2026, 3, 10, 16, 0))
        assert counter.bought() == 0
        assert counter.broker.orders["o1"].status is Status.EXPIRED


class TestChanging:
    """Cancel and replace, and the races with a fill."""

    def test_a_resting_order_is_cancelled_and_stays_so(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=round(counter.price() * 0.999, 2)))
        assert counter.broker.cancel("o1").status is Status.CANCELED
        counter.firm.run_to((2026, 3, 10, 16, 0))
        assert counter.bought() == 0
        assert counter.broker.list_orders() == []

    def test_a_cancel_between_accept_and_fill_wins(self) -> None:
        counter = Counter()
        counter.broker.submit(order())
        counter.broker.cancel("o1")
        counter.run(5)
        assert counter.bought() == 0

    def test_a_cancel_after_the_fill_is_refused_and_says_so(self) -> None:
        counter = Counter()
        counter.broker.submit(order())
        counter.run(5)
        with pytest.raises(OrderRejected, match='already in "filled" state'):
            counter.broker.cancel("o1")

    def test_a_cancel_between_two_parts_keeps_the_first(self) -> None:
        counter = Counter(broker=PARTS)
        counter.broker.submit(order(qty=10))
        while not counter.updates:
            counter.run(0.005)
        counter.broker.cancel("o1")
        counter.run(5)
        assert counter.bought() == 5
        assert counter.broker.orders["o1"].status is Status.CANCELED

    def test_an_unknown_order_is_not_found(self) -> None:
        counter = Counter()
        for ask in (counter.broker.cancel, counter.broker.order):
            with pytest.raises(UnknownOrder):
                ask("never")
        with pytest.raises(UnknownOrder):
            counter.broker.replace("never", "new", 5, None)

    def test_cancel_all_names_what_it_cancelled(self) -> None:
        counter = Counter()
        for name in ("a", "b"):
            counter.broker.submit(order(name, kind="limit", limit_price=1.0))
        counter.broker.submit(order("done"))
        counter.run(5)
        assert counter.broker.cancel_all() == ["a", "b"]
        assert counter.broker.cancel_all() == []
        assert [u.kind for u in counter.updates] == ["fill", "canceled", "canceled"]

    def test_a_replaced_order_rests_under_its_new_id_and_price(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=1.0))
        new = counter.broker.replace("o1", "o2", 25, 2.0)
        assert (new.id, new.qty, new.limit_price, new.status) == ("o2", 25, 2.0, Status.ACCEPTED)
        assert counter.broker.orders["o1"].status is Status.REPLACED
        assert [o.id for o in counter.broker.list_orders()] == ["o2"]

    def test_a_replacement_counts_what_was_filled_already(self) -> None:
        counter = Counter(broker=PARTS)
        counter.broker.submit(order(qty=10))
        while not counter.updates:
            counter.run(0.005)
        assert counter.broker.replace("o1", "o2", 12, None).qty == 7
        counter.run(5)
        assert counter.bought() == 12

    @pytest.mark.parametrize(("new_id", "qty"), [("o2", 5), ("o1", 20), ("other", 20)])
    def test_what_cannot_be_replaced_stays_as_it_was(self, new_id: str, qty: int) -> None:
        counter = Counter(broker=PARTS)
        counter.broker.submit(order("other", symbol="QQQ", kind="limit", limit_price=1.0))
        counter.broker.submit(order(qty=10))
        while not counter.updates:
            counter.run(0.005)
        with pytest.raises(OrderRejected, match="cannot replace"):
            counter.broker.replace("o1", new_id, qty, None)
        counter.run(5)
        assert counter.bought() == 10

    def test_a_replacement_that_the_broker_would_not_take_leaves_the_old_order_working(self) -> None:
        counter = Counter()
        counter.broker.submit(order(kind="limit", limit_price=1.0))
        with pytest.raises(OrderRejected, match="buying power"):
            counter.broker.replace("o1", "o2", 1_000_000, None)
        assert [o.id for o in counter.broker.list_orders()] == ["o1"]

    def test_a_replacement_is_one_call_on_the_rate_limit(self) -> None:
        counter = Counter(broker=BrokerConfig(rate_limit_per_min=2))
        counter.broker.submit(order(kind="limit", limit_price=1.0))
        counter.broker.replace("o1", "o2", 5, None)
        assert [o.id for o in counter.broker.working()] == ["o2"]


class TestSession:
    """Authorisation."""

    def test_an_expired_session_answers_401_to_everything_until_the_next_login(self) -> None:
        counter = Counter()
        counter.broker.expire_auth(needs_renewal=False)
        broker = counter.broker
        for ask in (
            broker.positions, broker.account, broker.list_orders, broker.cancel_all, lambda: broker.submit(order()),
            lambda: broker.cancel("x"), lambda: broker.order("x"), lambda: broker.replace("x", "y", 1, None),
        ):  # fmt: skip
            with pytest.raises(BrokerAuthExpired):
                ask()
        broker.login()
        assert broker.positions() == counter.before

    def test_expired_credentials_must_be_renewed_before_a_login_helps(self) -> None:
        counter = Counter()
        renew = counter.broker.expire_auth(needs_renewal=True)
        with pytest.raises(BrokerAuthExpired, match="renew"):
            counter.broker.login()
        renew()
        with pytest.raises(BrokerAuthExpired):
            counter.broker.positions()
        counter.broker.login()
        assert counter.broker.positions() == counter.before


class TestAccount:
    """What the account shows."""

    def test_equity_is_cash_plus_positions_at_the_true_market(self) -> None:
        counter = Counter()
        world = counter.firm.world
        expected = world.ledger.cash + sum(q * world.market.price(s) for s, q in world.ledger.positions().items())
        equity, cash = counter.broker.account()
        assert equity == pytest.approx(expected)
        assert cash == world.ledger.cash

    def test_a_trade_by_hand_is_in_the_account_and_in_no_update(self) -> None:
        counter = Counter()
        counter.broker.trade_by_hand("SPY", -1, 30, 590.0)
        counter.run(5)
        assert counter.bought() == -30
        assert counter.updates == []
        assert counter.firm.world.book.positions["SPY"] == counter.before["SPY"]


_ACTIONS = st.one_of(
    st.tuples(st.just("market"), st.sampled_from((1, -1)), st.integers(1, 40)),
    st.tuples(st.just("limit"), st.sampled_from((1, -1)), st.integers(-30, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("replace"), st.integers(0, 9), st.integers(1, 60)),
    st.tuples(st.just("shock"), st.sampled_from((1, -1)), st.integers(1, 5)),
    st.tuples(st.just("wait"), st.integers(1, 120), st.just(0)),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(_ACTIONS, min_size=1, max_size=14))
def test_whatever_is_asked_of_it_the_book_balances_and_no_order_fills_beyond_its_size(
    actions: list[tuple[str, int, int]],
) -> None:
    counter = Counter(broker=BrokerConfig(partial_share=0.5, rate_limit_per_min=1_000))
    broker = counter.broker
    for number, (what, a, b) in enumerate(actions):
        try:
            if what == "market":
                broker.submit(order(f"o{number}", side=a, qty=b))
            elif what == "limit":
                limit = round(counter.price() * (1 + b / 1e4), 2)
                broker.submit(order(f"o{number}", side=a, kind="limit", limit_price=limit))
            elif what == "cancel":
                broker.cancel(f"o{a}")
            elif what == "replace":
                broker.replace(f"o{a}", f"o{number}", b, None)
            elif what == "shock":
                counter.firm.soon(lambda a=a, b=b: counter.firm.world.market.shock(None, 1 + a * b / 100))  # type: ignore[misc]
                counter.firm.soon(broker.reprice)
        except (OrderRejected, UnknownOrder):
            pass
        counter.run(a if what == "wait" else 0.05)
    counter.run(30)
    filled = sum(o.side * o.filled_qty for o in broker.orders.values())
    assert counter.firm.world.ledger.balanced()
    assert counter.bought() == filled
    assert sum(u.side * u.qty for u in counter.updates) == filled
    assert [o for o in broker.orders.values() if o.status not in DONE] == list(broker.working())
    assert all(0 <= o.filled_qty <= o.qty for o in broker.orders.values())
    assert all((o.remaining == 0) == (o.status is Status.FILLED) for o in broker.orders.values())


def test_stock_settings_are_those_of_the_field() -> None:
    stock = BrokerConfig()
    assert (stock.slippage_mean_bps, stock.rate_limit_per_min) == (5.0, 200)
    assert stock.fill_median_us == 80 * MS < SECOND < MINUTE
