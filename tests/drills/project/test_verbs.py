"""What a method is taken to do, by its name alone."""

from __future__ import annotations

import pytest

from drills.project.brokers import bridged
from drills.project.values import is_broker, needs_an_order, value_of
from drills.project.verbs import Verb, sounds_like_mitigation, verb_of


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("halt_trading", Verb.HALT), ("trigger", Verb.HALT), ("emergency_stop", Verb.HALT), ("kill_all", Verb.HALT),
        ("activate_kill_switch", Verb.HALT), ("stop_all_trading", Verb.HALT), ("reset_halt", Verb.RESET),
        ("rearm", Verb.RESET), ("manual_reset", Verb.RESET), ("flatten_all_positions", Verb.FLATTEN),
        ("close_all_positions", Verb.FLATTEN), ("liquidate", Verb.FLATTEN), ("cancel_all_orders", Verb.CANCEL),
        ("is_halted", Verb.BLOCKED), ("triggered", Verb.BLOCKED), ("can_trade", Verb.ALLOWED),
        ("check_order", Verb.ALLOWED), ("check_daily_loss", Verb.LOOK), ("evaluate", Verb.LOOK), ("update", Verb.LOOK),
        ("reconcile_positions", Verb.RECONCILE), ("ensure_connected", Verb.RECONNECT), ("reconnect", Verb.RECONNECT),
        ("render", None), ("haltestelle", None), ("get_quote", None), ("killer_feature", None), ("stopwatch", None),
    ],
)  # fmt: skip
def test_a_name_tells_what_is_done(name: str, verb: Verb | None) -> None:
    assert verb_of(name) is verb


def test_a_class_sounds_like_mitigation_or_not() -> None:
    assert all(map(sounds_like_mitigation, ("KillSwitch", "CircuitBreaker", "RiskManager", "SessionWatchdog")))
    assert not any(map(sounds_like_mitigation, ("PriceFeed", "Strategy", "OrderBook")))


@pytest.mark.parametrize(
    ("parameter", "expression"),
    [
        ("equity", "self.desk.figures.equity"),
        ("daily_pnl", "self.desk.figures.equity - self.desk.figures.day_start_equity"),
        ("max_daily_loss_pct", 'self.desk.limits["daily_loss_pct"]'),
        ("max_drawdown", 'self.desk.limits["drawdown_halt_pct"] / 100'),
        ("positions", "self.desk.positions"), ("order", "order"), ("reason", '"firedrill"'),
    ],
)  # fmt: skip
def test_a_parameter_is_given_what_its_name_says(parameter: str, expression: str) -> None:
    value = value_of(parameter)
    assert value is not None
    assert value.text == expression


def test_what_the_name_does_not_say_is_left_open() -> None:
    assert value_of("venue_code") is None
    assert [is_broker(name) for name in ("broker", "trading_client", "ib", "color")] == [True, True, True, False]
    order_price = value_of("price")
    assert order_price is not None
    assert needs_an_order(order_price)
    assert bridged("close_all_positions") == "self.desk.flatten()"
    assert bridged("notify_prime_broker") is None


@pytest.mark.parametrize(
    ("name", "made_with", "called_with"),
    [
        ("daily_loss_pct", 'self.desk.limits["daily_loss_pct"]', "self.desk.figures.daily_loss_pct"),
        ("max_daily_loss_pct", 'self.desk.limits["daily_loss_pct"]', 'self.desk.limits["daily_loss_pct"]'),
        ("drawdown_pct", 'self.desk.limits["drawdown_halt_pct"]', "self.desk.figures.drawdown_pct"),
        ("currentEquity", "self.desk.figures.equity", "self.desk.figures.equity"),
    ],
)
def test_a_loss_is_a_limit_where_something_is_made_and_a_figure_where_it_is_called(
    name: str, made_with: str, called_with: str
) -> None:
    made, called = value_of(name), value_of(name, of_call=True)
    assert made is not None
    assert called is not None
    assert (made.text, called.text) == (made_with, called_with)
