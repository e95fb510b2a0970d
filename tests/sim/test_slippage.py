"""Slippage is the mean cost of the last orders that filled, whatever else the firm sent."""

from __future__ import annotations

import pytest

from sim.orders import Order
from sim.slippage import Slippage


def order(order_id: str, side: int = 1, kind: str = "market", hint: float = 100.0) -> Order:
    made = Order(order_id, "SPY", side, 10, kind=kind)
    made.price_hint = hint
    return made


def test_without_fills_it_is_zero() -> None:
    assert Slippage().mean_bps(20) == 0.0


def test_paying_more_and_selling_for_less_both_cost() -> None:
    slippage = Slippage()
    slippage.note(order("a"), 10, 100.05)
    slippage.note(order("b", side=-1), 10, 99.97)
    assert slippage.mean_bps(20) == pytest.approx(4.0)


def test_parts_of_one_order_weigh_by_their_shares() -> None:
    slippage = Slippage()
    bought = order("a")
    slippage.note(bought, 7, 100.10)
    slippage.note(order("b"), 10, 100.00)
    slippage.note(bought, 3, 100.00)
    assert slippage.mean_bps(2) == pytest.approx((7.0 + 0.0) / 2)


def test_only_the_last_orders_count() -> None:
    slippage = Slippage()
    for number, price in enumerate((110.0, 100.01, 100.03)):
        slippage.note(order(f"ord-{number}"), 10, price)
    assert slippage.mean_bps(2) == pytest.approx(2.0)


@pytest.mark.parametrize("odd", [order("a", kind="limit"), order("a", hint=0.0), order("a", hint=float("nan"))])
def test_an_order_without_a_price_at_decision_does_not_count(odd: Order) -> None:
    slippage = Slippage()
    slippage.note(odd, 10, 100.0)
    assert slippage.mean_bps(20) == 0.0
