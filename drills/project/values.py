"""What to pass for a parameter of the user's code: an expression on the desk, by the parameter's name.

Where a name leaves the unit open, the usual one is taken and said in a comment beside it: `max_drawdown` is a
fraction, `max_daily_loss` an amount in dollars.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Value(NamedTuple):
    """An expression, and what to check about it."""

    text: str
    remark: str = ""


TEXT = Value('"firedrill"')
"""For a parameter that takes any words: a reason, a name."""
_FIGURES = "self.desk.figures"
_TABLE: tuple[tuple[str, Value], ...] = (
    (r"log(ger)?", Value("log")),
    (r"(max_|limit_)?daily_loss(_limit)?_pct|(max_)?loss_(limit_)?pct|daily_loss_limit_percent",
     Value('self.desk.limits["daily_loss_pct"]', "in percent")),
    (r"max_daily_loss|daily_loss_limit|max_loss|loss_limit",
     Value(f'{_FIGURES}.day_start_equity * self.desk.limits["daily_loss_pct"] / 100', "in dollars; a fraction?")),
    (r"max_drawdown_pct|drawdown_limit_pct", Value('self.desk.limits["drawdown_halt_pct"]', "in percent")),
    (r"max_drawdown|drawdown_limit|drawdown_threshold",
     Value('self.desk.limits["drawdown_halt_pct"] / 100', "as a fraction; percent?")),
    (r"(current_|account_|total_)?(equity|balance|nav|portfolio_value|account_value)", Value(f"{_FIGURES}.equity")),
    (r"(start(ing)?|initial|opening|day_start)_(equity|balance|capital|value)|capital",
     Value(f"{_FIGURES}.day_start_equity")),
    (r"peak(_equity|_value)?|high_water_mark", Value(f"{_FIGURES}.peak_equity")),
    (r"(current_)?(daily|day|total|realized|unrealized)?_?pnl",
     Value(f"{_FIGURES}.equity - {_FIGURES}.day_start_equity")),
    (r"(daily_)?loss_pct", Value(f"{_FIGURES}.daily_loss_pct", "in percent, positive")),
    (r"(daily_|current_)?loss", Value(f"{_FIGURES}.day_start_equity - {_FIGURES}.equity", "in dollars, positive")),
    (r"(current_)?drawdown_pct", Value(f"{_FIGURES}.drawdown_pct", "in percent, positive")),
    (r"(current_)?drawdown", Value(f"{_FIGURES}.drawdown_pct / 100", "as a fraction; percent?")),
    (r"(current_|open_)?positions", Value("self.desk.positions", "symbol to shares")),
    (r"(current_|last_)?prices|quotes", Value("{s: self.desk.price(s) for s in self.desk.symbols}")),
    (r"(order_)?error_rate", Value("self.desk.order_error_rate()")),
    (r"(avg_|mean_)?slippage(_bps)?", Value("self.desk.slippage_bps()", "in basis points")),
    (r"limits|risk_limits|thresholds", Value("dict(self.desk.limits)")),
    (r"symbols|universe|tickers|instruments", Value("list(self.desk.symbols)")),
    (r"now|timestamp|ts|current_time|time", Value("self.desk.time")),
    (r"(state_|halt_|lock_)?(file|path|file_?path|state)", Value('"mitigation-state.json"', "a file that stays")),
    (r"(state_|data_|log_)?dir(ectory)?|folder", Value('"."', "the run's own folder")),
    (r"order", Value("order")),
    (r"symbol|ticker|instrument", Value("order.symbol")),
    (r"qty|quantity|size|amount|shares", Value("order.qty")),
    (r"side|direction", Value('"buy" if order.side > 0 else "sell"')),
    (r"price|limit_price", Value("self.desk.price(order.symbol)")),
    (r"notional|order_value", Value("order.qty * self.desk.price(order.symbol)")),
    (r"reason|message|why|cause|msg|trigger|details?|comment|by|user|operator|approved_by|author", TEXT),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), value) for pattern, value in _TABLE)
_BROKER = re.compile(
    r".*(broker|client|api|exchange|gateway|connector|oms|order_manager|executor|execution|trader|venue|adapter|ib)",
)


def value_of(parameter: str) -> Value | None:
    """What to pass for a parameter of this name; None when the name does not tell."""
    name = parameter.lower().lstrip("_")
    return next((value for pattern, value in _COMPILED if pattern.fullmatch(name)), None)


def is_broker(parameter: str) -> bool:
    """Whether a parameter of this name is what orders go through."""
    return bool(_BROKER.fullmatch(parameter.lower()))


def needs_an_order(value: Value) -> bool:
    """Whether the value exists only while an order is being asked about."""
    return value.text == "order" or "order." in value.text


_BRIDGED: tuple[tuple[str, str], ...] = (
    (r"(close|liquidate|flatten|exit)_?(all|every).*|flatten|liquidate|close_positions", "self.desk.flatten()"),
    (r"cancel_?(all|open|every).*|cancel_orders|reqGlobalCancel", "self.desk.cancel_all()"),
    (r"cancel(_order)?(_by_id)?", "self.desk.cancel(args[0] if args else next(iter(named.values())))"),
    (r"(get_|list_|fetch_)?(all_|open_)?positions", "self.desk.broker.positions()"),
    (r"(get_|fetch_)?account(_info|_summary)?|get_balance", "self.desk.broker.account()"),
    (r"(get_)?equity|get_account_value", "self.desk.broker.account().equity"),
    (r"(get_|list_|fetch_)?(open_|all_)?orders", "self.desk.broker.orders()"),
    (r"(is_)?connected|isConnected|is_alive|ping|health(_check)?", "self.desk.broker.connected"),
    (r"(re)?connect(_async)?", "self.desk.broker.connect()"),
    (r"(submit|place|send|create)_?(market_)?order|buy|sell|submit", "self.desk.broker.submit(*args, **named)"),
    (r"close_position", "self.desk.flatten(args[0] if args else next(iter(named.values())))"),
)
_BRIDGES = tuple((re.compile(pattern), body) for pattern, body in _BRIDGED)


def bridged(method: str) -> str | None:
    """What a broker's method of this name comes to on the desk; None when the name does not tell."""
    return next((body for pattern, body in _BRIDGES if pattern.fullmatch(method)), None)
