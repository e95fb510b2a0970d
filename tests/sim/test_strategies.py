"""The firm's strategies: how busy they are, towards what, and how naively."""

from __future__ import annotations

from typing import Any

import pytest

from sim.clock import HOUR, SECOND
from sim.orders import Order, Status
from sim.strategies import StrategyConfig
from tests.sim.market_kit import ny
from tests.sim.worlds import Firm

ONLY_MARKET = StrategyConfig(orders_per_hour=0, limit_share=0.0)
ONLY_LIMIT = StrategyConfig(orders_per_hour=0, limit_share=1.0)


def trade(firm: Firm, seconds: float = 5) -> Order | None:
    made: list[Order | None] = []
    firm.soon(lambda: made.append(firm.world.strategies.trade()))
    firm.run(seconds)
    return made[0]


def test_arrivals_are_as_many_as_were_asked_for_and_only_in_session() -> None:
    firm = Firm(strategies=StrategyConfig(orders_per_hour=300), start=ny(2026, 3, 10, 8, 30))
    firm.world.run(3 * HOUR)
    sent = [event.t_us for event in firm.events("order.sent")]
    open_us = firm.world.clock.us_at(ny(2026, 3, 10, 9, 30))
    assert min(sent) >= open_us
    assert 500 < len(sent) < 700, "two hours of session at 300 an hour, and Poisson"


def test_no_orders_over_the_weekend() -> None:
    firm = Firm(strategies=StrategyConfig(orders_per_hour=300), start=ny(2026, 3, 13, 15, 59), span_us=96 * HOUR)
    firm.run_to((2026, 3, 16, 9, 30))
    friday = len(firm.events("order.sent"))
    assert friday < 20
    firm.run_to((2026, 3, 16, 9, 35))
    assert len(firm.events("order.sent")) > friday


def test_a_quiet_firm_trades_nothing_by_itself() -> None:
    firm = Firm()
    firm.run(3600)
    assert firm.told("order.sent") == []


def test_exposure_stays_near_its_target_over_a_day() -> None:
    firm = Firm(strategies=StrategyConfig(orders_per_hour=300))
    firm.world.run(5 * HOUR)
    prices = dict(zip(firm.world.market.symbols, firm.world.market.prices(), strict=True))
    gross = sum(abs(qty) * prices[symbol] for symbol, qty in firm.world.ledger.positions().items())
    assert gross == pytest.approx(1_200_000, rel=0.25)
    assert firm.books_agree()


def test_limit_orders_rest_a_few_basis_points_away_and_are_cancelled_after_their_life() -> None:
    firm = Firm(strategies=ONLY_LIMIT)
    order = trade(firm, seconds=0)
    assert order is not None
    assert order.limit_price is not None
    away_bps = order.side * (1 - order.limit_price / order.price_hint) * 1e4
    assert away_bps == pytest.approx(12.0, abs=0.5)
    firm.run(95)
    assert order.status in (Status.CANCELED, Status.FILLED)


def test_an_order_of_a_process_that_died_is_not_cancelled_by_it() -> None:
    firm = Firm(strategies=ONLY_LIMIT)
    order = trade(firm, seconds=0)
    firm.world.strategies.active = lambda: False
    firm.run(120)
    assert firm.told("order.cancel_sent") == []
    assert order is not None


def test_a_dead_system_takes_no_decisions() -> None:
    firm = Firm(strategies=StrategyConfig(orders_per_hour=600))
    firm.soon(lambda: firm.world._stop_system("Error"))
    firm.run(600)
    assert [e for e in firm.events("order.sent") if e.t_us > SECOND] == []


@pytest.mark.parametrize("kind", ["nan", "zero", "negative", "spike", "decimal_shift"])
def test_a_bad_price_that_nobody_guards_against_becomes_a_bad_order_of_bounded_size(kind: str) -> None:
    firm = Firm(strategies=ONLY_MARKET)
    factor: dict[str, Any] = {"factor": 10.0} if kind == "spike" else {}
    held = dict(firm.world.ledger.positions())
    firm.soon(lambda: firm.world.feed.corrupt(kind, None, **factor))
    firm.run(5)
    for _ in range(20):
        order = trade(firm)
        assert order is not None
        assert order.price_hint != firm.world.market.price(order.symbol)
        assert 0 < order.qty <= 12 * max(abs(held[order.symbol]), 10)


def test_scaled_down_positions_are_traded_towards() -> None:
    firm = Firm(strategies=ONLY_MARKET)
    firm.world.strategies.size_factor = 0.5
    before = dict(firm.world.ledger.positions())
    for _ in range(60):
        trade(firm, seconds=2)
    after = firm.world.ledger.positions()
    ratios = [after.get(symbol, 0) / qty for symbol, qty in before.items()]
    assert sum(ratios) / len(ratios) == pytest.approx(0.5, abs=0.12)


def test_what_is_on_its_way_counts_as_held() -> None:
    firm = Firm(strategies=ONLY_MARKET)
    firm.world.strategies.size_factor = 0.0
    firm.broker.fill_delay_us = 600 * SECOND
    for _ in range(40):
        trade(firm, seconds=1)
    sent = sum(e.data["qty"] for e in firm.events("order.sent") if e.data["qty"] > 1)
    held = sum(abs(qty) for qty in firm.world.ledger.positions().values())
    assert sent == pytest.approx(held, rel=0.02), "each position is sold once, not at every decision"
