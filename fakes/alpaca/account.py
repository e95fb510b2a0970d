"""The account: its figures, its settings, and whether it may trade."""

from __future__ import annotations

from typing import Any

from fakes.alpaca.errors import forbidden, malformed
from fakes.alpaca.models import Wording, identifier, number
from fakes.alpaca.reading import body_of
from sim.actors.http import Request
from sim.orders import Order

Row = dict[str, Any]

_CONFIGURATIONS: Row = {
    "dtbp_check": "entry", "fractional_trading": True, "max_margin_multiplier": "4", "no_shorting": False,
    "pdt_check": "entry", "suspend_trade": False, "trade_confirm_email": "all", "ptp_no_exception_entry": False,
    "max_options_trading_level": None,
}  # fmt: skip
_CHOICES: dict[str, tuple[Any, ...]] = {
    "dtbp_check": ("both", "entry", "exit"), "pdt_check": ("both", "entry", "exit"),
    "max_margin_multiplier": ("1", "2", "4"), "trade_confirm_email": ("all", "none"),
    "max_options_trading_level": (None, 0, 1, 2, 3),
}  # fmt: skip


class Account:
    """Handlers of the account's own routes."""

    def __init__(self, world: Any, wording: Wording, day_trader_fields: bool = True) -> None:
        """Of this World's firm.

        `day_trader_fields` adds the three that Alpaca took out in July 2026 and that older code still reads.
        """
        self._world, self._broker, self._wording = world, world.broker, wording
        self._day_trader_fields = day_trader_fields
        self._settings = dict(_CONFIGURATIONS)
        self.trading_blocked = False
        """Set by a drill in which the broker blocks the account."""

    @property
    def may_trade_fractions(self) -> bool:
        """Whether fractions of a share are switched on."""
        return bool(self._settings["fractional_trading"])

    def may_trade(self, order: Order) -> None:
        """Refuse an order that the account's state or settings do not allow."""
        if self.trading_blocked:
            raise forbidden("account is restricted to liquidation only: trading is blocked")
        if self._settings["suspend_trade"]:
            raise forbidden("trading is suspended by the account's configuration")
        held = self._world.ledger.position(order.symbol)
        if order.side < 0 and held <= 0 and not isinstance(order.qty, int):
            raise forbidden("fractional orders cannot be sold short")
        if self._settings["no_shorting"] and order.side < 0 and held < order.qty:
            raise forbidden("account is not allowed to short")

    def buying_power(self) -> float:
        """Dollars of further positions that the leverage allows."""
        equity, long, short = self._figures()
        return float(max(0.0, self._broker.config.max_leverage * equity - long + short))

    def _figures(self) -> tuple[float, float, float]:
        prices = dict(zip(self._world.market.symbols, self._world.market.prices(), strict=True))
        held = self._world.ledger.positions()
        long = sum(q * prices[s] for s, q in held.items() if q > 0)
        short = sum(q * prices[s] for s, q in held.items() if q < 0)
        return self._broker.equity(), long, short

    def show(self, request: Request) -> Row:
        """Equity, cash and buying power."""
        equity, cash = self._broker.account()
        _, long, short = self._figures()
        leverage, power = self._broker.config.max_leverage, self.buying_power()
        margin = (long - short) / leverage
        shown: Row = {
            "id": identifier("account", "firm"), "account_number": "PA3DRILL0001",
            "status": "ACTIVE", "crypto_status": "ACTIVE", "currency": "USD", "buying_power": number(power, 2),
            "regt_buying_power": number(power / 2, 2), "effective_buying_power": number(power, 2),
            "non_marginable_buying_power": number(max(cash, 0.0), 2),
            "options_buying_power": number(max(cash, 0.0), 2), "bod_dtbp": "0", "cash": number(cash, 2),
            "accrued_fees": "0", "intraday_adjustments": "0", "pending_reg_taf_fees": "0",
            "pending_transfer_in": "0", "pending_transfer_out": "0", "portfolio_value": number(equity, 2),
            "trading_blocked": self.trading_blocked, "transfers_blocked": False, "account_blocked": False,
            "created_at": self._wording.time(0), "trade_suspended_by_user": bool(self._settings["suspend_trade"]),
            "multiplier": number(leverage), "shorting_enabled": not self._settings["no_shorting"],
            "equity": number(equity, 2), "last_equity": number(self._world.config.equity, 2),
            "long_market_value": number(long, 2), "short_market_value": number(short, 2),
            "position_market_value": number(long + short, 2), "initial_margin": number(margin, 2),
            "maintenance_margin": number(0.3 * (long - short), 2),
            "last_maintenance_margin": number(0.3 * (long - short), 2), "sma": number(equity, 2),
            "options_approved_level": 0, "options_trading_level": 0,
            "balance_asof": self._world.clock.local_date().isoformat(), "crypto_tier": 1,
        }  # fmt: skip
        if self._day_trader_fields:
            shown |= {"pattern_day_trader": False, "daytrade_count": 0, "daytrading_buying_power": number(power, 2)}
        return shown

    def configurations(self, request: Request) -> Row:
        """The account's settings."""
        return self._settings

    def configure(self, request: Request) -> Row:
        """Change some of them."""
        changes = body_of(request)
        for field, value in changes.items():
            if field not in self._settings:
                continue  # Alpaca ignores what it does not know
            wrong_kind = isinstance(_CONFIGURATIONS[field], bool) and not isinstance(value, bool)
            text = str(value) if field == "max_margin_multiplier" else value
            if wrong_kind or (field in _CHOICES and text not in _CHOICES[field]):
                raise malformed(f"invalid {field}: {value}")
            self._settings[field] = text
        return self._settings
