"""What a method is taken to do, by its name alone."""

from __future__ import annotations

import pytest

from drills.project.brokers import bridged
from drills.project.values import is_broker, needs_an_order, value_of
from drills.project.verbs import Verb, goes_on, sounds_like_mitigation, stops_by_itself, verb_of


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
        ("trip_breaker", Verb.HALT), ("execute_panic", Verb.HALT), ("disable_trading", Verb.HALT),
        ("emergencyStop", Verb.HALT), ("enter_safe_mode", Verb.HALT), ("lock_for_the_day", Verb.HALT),
        ("enable_trading", Verb.RESET), ("clear_kill_switch", Verb.RESET), ("unpause", Verb.RESET),
        ("exit_safe_mode", Verb.RESET), ("lift_halt", Verb.RESET), ("release_emergency_stop", Verb.RESET),
        ("square_off_all", Verb.FLATTEN), ("panic_sell", Verb.FLATTEN), ("closeAllPositions", Verb.FLATTEN),
        ("kill_positions", Verb.FLATTEN), ("unwind", Verb.FLATTEN), ("emergency_stop_active", Verb.BLOCKED),
        ("is_panic_active", Verb.BLOCKED), ("circuit_open", Verb.BLOCKED), ("should_halt", Verb.BLOCKED),
        ("can_open_position", Verb.ALLOWED), ("is_trading_enabled", Verb.ALLOWED), ("check_gate", Verb.ALLOWED),
        ("evaluate_trade", Verb.ALLOWED), ("check_and_trigger", Verb.LOOK), ("run_reconciliation", Verb.RECONCILE),
        ("connect_with_retry", Verb.RECONNECT), ("onDisconnected", Verb.RECONNECT), ("arm", Verb.BEGIN),
        ("set_initial_balance", Verb.BEGIN), ("reset_daily_stats", Verb.ROLL), ("new_day", Verb.ROLL),
        ("close_position", None), ("stop_loss", None), ("check_stop_loss", None), ("clear_cache", None),
        ("update_prices", None), ("check_and_raise", None), ("open", None), ("close_connection", None),
        ("render", None), ("haltestelle", None), ("get_quote", None), ("killer_feature", None), ("stopwatch", None),
    ],
)  # fmt: skip
def test_a_name_tells_what_is_done(name: str, verb: Verb | None) -> None:
    assert verb_of(name) is verb


def test_what_a_name_means_in_a_switch_and_nowhere_else() -> None:
    names = ("open", "is_active", "disarm", "set")
    assert [verb_of(name, "KillSwitch") for name in names] == [Verb.HALT, Verb.BLOCKED, Verb.RESET, Verb.HALT]
    assert [verb_of(name, "FileStore") for name in names] == [None] * 4


def test_attributes_that_hold_whether_trading_is_stopped() -> None:
    held = ("halted", "trading_halted", "_drawdown_halt", "isHalted", "kill_switch_active", "paused", "halted_for_day")
    other = ("halted_at", "halt_reason", "blocked_symbols", "paused_until", "active", "stop_loss")
    assert all(stops_by_itself(name, "RiskManager") for name in held)
    assert not any(stops_by_itself(name, "RiskManager") for name in other)
    assert stops_by_itself("active", "KillSwitch")
    assert goes_on("trading_enabled")
    assert not goes_on("enabled")


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
