"""What to pass for a parameter of the user's code: an expression on the desk, by the parameter's name.

Where a name leaves the unit open, the usual one is taken and said in a comment beside it: `max_drawdown` is a
fraction, `max_daily_loss` an amount in dollars.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from drills.project.verbs import snake


class Value(NamedTuple):
    """An expression, and what to check about it."""

    text: str
    remark: str = ""
    limit: str = ""
    """Which of the desk's limits it is, where it is one."""

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit, whose unit has to be found out."""
        return bool(self.limit)


TEXT = Value('"firedrill"')
"""For a parameter that takes any words: a reason, a name."""
_FIGURES = "self.desk.figures"
FIGURE_WORDS = _FIGURES
_LOSS, _DRAWDOWN = "daily_loss_pct", "drawdown_halt_pct"
_TABLE: tuple[tuple[str, Value], ...] = (
    (r"log(ger)?", Value("log")),
    (r"(max_|limit_)?(daily|session|day)_(loss|drawdown)(_limit|_threshold|_stop|_max)?(_pct|_percent|_percentage)"
     r"|(max_)?loss_(limit_)?(pct|percent)|daily_loss_limit_percent|max_daily_loss_fraction",
     Value(f'self.desk.limits["{_LOSS}"]', "in percent", _LOSS)),
    (r"(max_|limit_)?(daily|session|day)_(loss|drawdown)(_limit|_threshold|_stop|_max)?(_usd|_amount|_dollars|_value)?"
     r"|max_loss|loss_limit|max_loss_per_day",
     Value(f'{_FIGURES}.day_start_equity * self.desk.limits["{_LOSS}"] / 100', "in dollars; a fraction?", _LOSS)),
    (r"(max_)?(\w+_)?drawdown_?(limit|halt|kill|threshold|stop)?_(pct|percent|percentage)",
     Value(f'self.desk.limits["{_DRAWDOWN}"]', "in percent", _DRAWDOWN)),
    (r"max_(\w+_)?drawdown|drawdown_(limit|halt|kill|threshold|stop)|(max_)?drawdown_limit",
     Value(f'self.desk.limits["{_DRAWDOWN}"] / 100', "as a fraction; percent?", _DRAWDOWN)),
    (r"(current_|account_|total_|new_|my_|net_)?(equity|balance|nav|portfolio_value|account_value|net_liquidation"
     r"|capital_now|account_equity)|current_(value|capital)|total_value|account_size|net_liq",
     Value(f"{_FIGURES}.equity")),
    (r"(start(ing)?|initial|opening|day_start|sod|start_of_day|session_start|base|starting_day|daily_start|account)_"
     r"(of_day_)?(equity|balance|capital|value|nav|portfolio_value|account_value)|capital|total_capital",
     Value(f"{_FIGURES}.day_start_equity")),
    (r"(equity_)?peak(_equity|_value|_balance|_capital|_nav)?|high_water_mark|hwm|max_equity",
     Value(f"{_FIGURES}.peak_equity")),
    (r"(current_)?(daily|day|total|realized|unrealized|session|net|todays?)?_?(pnl|p_?l|profit(_loss)?)(_usd)?",
     Value(f"{_FIGURES}.equity - {_FIGURES}.day_start_equity")),
    (r"(current_)?(daily|day|total|session)_?(pnl|return)_(pct|percent)",
     Value(f"-{_FIGURES}.daily_loss_pct", "in percent, negative in a loss")),
    (r"(daily_|current_)?loss_(pct|percent)", Value(f"{_FIGURES}.daily_loss_pct", "in percent, positive")),
    (r"(daily_|current_)?loss", Value(f"{_FIGURES}.day_start_equity - {_FIGURES}.equity", "in dollars, positive")),
    (r"(current_)?(drawdown|dd)_(pct|percent)", Value(f"{_FIGURES}.drawdown_pct", "in percent, positive")),
    (r"(current_)?(drawdown|dd)", Value(f"{_FIGURES}.drawdown_pct / 100", "as a fraction; percent?")),
    (r"(current_|open_|my_|local_|internal_)?positions|holdings", Value("self.desk.positions", "symbol to shares")),
    (r"(broker|exchange|remote|actual|external)_positions", Value("self.desk.broker.positions()", "symbol to shares")),
    (r"(current_|last_|market_|latest_)?prices|quotes", Value("{s: self.desk.price(s) for s in self.desk.symbols}")),
    (r"(open_)?(positions?|trades)_count|num_(open_)?(positions|trades)|open_position_count",
     Value("len(self.desk.positions)")),
    (r"(api_|order_)?error_rate", Value("self.desk.order_error_rate()")),
    (r"(avg_|mean_)?slippage(_bps)?", Value("self.desk.slippage_bps()", "in basis points")),
    (r"limits|risk_limits|thresholds", Value("dict(self.desk.limits)")),
    (r"symbols|universe|tickers|instruments|watchlist", Value("list(self.desk.symbols)")),
    (r"now|timestamp|ts|current_time|time|at|as_of|current_dt|utc_now", Value("self.desk.time")),
    (r"(state_|halt_|lock_|kill_|flag_|persist_|persistence_)?(file|path|file_?path|file_?name|state)(_path|_file)?"
     r"|(db|database)_(path|file)", Value('"mitigation-state.json"', "a file that stays")),
    (r"(state_|data_|log_|base_|root_|work_)?dir(ectory)?|folder|root", Value('"."', "the run's own folder")),
    (r"(api_|secret_|access_)?key(_id)?|api_secret|secret|(api_)?token|password",
     Value('"drill"', "no real one is needed")),
    (r"paper(_trading|_mode)?|is_paper|sandbox|testnet", Value("True")),
    (r"order", Value("order")),
    (r"symbol|ticker|instrument", Value("order.symbol")),
    (r"qty|quantity|size|amount|shares|order_size|position_size", Value("order.qty")),
    (r"side|direction|action", Value('"buy" if order.side > 0 else "sell"')),
    (r"(entry_|limit_|order_|current_|last_)?price", Value("self.desk.price(order.symbol)", "")),
    (r"notional|(order|position|trade)_(value|notional|usd|amount)|(size|amount|notional)_usd[tc]?|dollar_amount",
     Value("order.qty * self.desk.price(order.symbol)")),
    (r"confirm(ed|ation)?|force", Value("True")),
    (r"elapsed(_s|_sec|_seconds)?|dt|delta_t|seconds", Value("1", "seconds since the last call")),
    (r"reason|message|why|cause|msg|trigger|details?|comment|note|notes|by|user|operator|actor|source|initiator"
     r"|(approved|triggered|requested|activated|reset|released|operator|cleared|initiated)_(by|id|name)|author|approver",
     TEXT),
)  # fmt: skip
_SAYS_LIMIT = re.compile(r"max|limit|threshold|halt|kill|stop")
_COMPILED = tuple((re.compile(pattern), value) for pattern, value in _TABLE)
_BROKER = re.compile(
    r".*(broker|client|api|exchange|gateway|connector|oms|order_manager|executor|execution|trader|venue|adapter|ib)",
)


def value_of(parameter: str, of_call: bool = False) -> Value | None:
    """What to pass for a parameter of this name; None when the name does not tell.

    A `daily_loss` that something is made with is a limit; one that a method is called with is today's loss.
    """
    name = snake(parameter).lstrip("_")
    fit = (value for pattern, value in _COMPILED if pattern.fullmatch(name))
    return next((value for value in fit if not (of_call and value.is_limit and not _SAYS_LIMIT.search(name))), None)


def limit_in_unit(value: Value, name: str, default: str) -> Value:
    """A limit in the unit of the default that stands in the code: 0.15 is a fraction, 15 percent, 5000 dollars.

    A default below zero wants the limit below zero. Without a default the name decides, and the remark asks.
    """
    try:
        number = float(default.strip("'\"").replace("_", "").removeprefix("Decimal(").rstrip(")").strip("'\""))
    except ValueError:
        return value
    if not number:
        return value
    percent, sign = f'self.desk.limits["{value.limit}"]', "-" if number < 0 else ""
    if abs(number) <= 1:
        return Value(f"{sign}{percent} / 100", f"as a fraction, like the default of {default}")
    if abs(number) <= 100:
        return Value(f"{sign}{percent}", f"in percent, like the default of {default}")
    return Value(f"{sign}{_FIGURES}.day_start_equity * {percent} / 100", f"in dollars, like the default of {default}")


def is_broker(parameter: str) -> bool:
    """Whether a parameter of this name is what orders go through."""
    return bool(_BROKER.fullmatch(snake(parameter))) and not _NO_BROKER.search(snake(parameter))


_NO_BROKER = re.compile(
    r"(redis|db|database|http|https|kafka|s3|ws|telegram|slack|discord|email|sms|mqtt|data|feed|market_data|news|llm"
    r"|openai|mongo|influx|session|docker|k8s|cache|notification|metrics)_(client|api|gateway|adapter|connector)$|api_(key|secret|url|base)|_(key|secret|url|id|name|mode|type|config|settings|retries|timeout)$|fn$|callback$"
)


def needs_an_order(value: Value) -> bool:
    """Whether the value exists only while an order is being asked about."""
    return value.text == "order" or "order." in value.text
