"""The broker as the user's code calls it, by the names of its methods: what each comes to on the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drills.project.verbs import snake


@dataclass(frozen=True, slots=True)
class Bridge:
    """One method of the broker in the adapter."""

    name: str
    body: str
    """What it returns; empty when the name does not tell."""
    is_async: bool = False


_WHICH = "named_one(args, named)"
_BRIDGED: tuple[tuple[str, str], ...] = (
    (r"(close|liquidate|flatten|exit)_?(all|every).*|flatten|liquidate|close_positions", "self.desk.flatten()"),
    (r"cancel_?(all|open|every).*|cancel_orders|req_global_cancel", "cancelled(self.desk)"),
    (r"cancel(_order)?(_by_id)?", f"self.desk.cancel({_WHICH})"),
    (r"(get_|list_|fetch_)?(all_|open_)?positions",
     'positions(self.desk)'),
    (r"(get_|fetch_)?account(_info|_summary|_state)?|(get_|fetch_)?balances?", "account(self.desk)"),
    (r"(get_|fetch_)?(account_)?(equity|value|nav|portfolio_value)|get_account_(value|equity|balance)",
     "self.desk.broker.account().equity"),
    (r"(get_|fetch_)?(cash|buying_power)", "self.desk.broker.account().cash"),
    (r"(get_|list_|fetch_)?(open_|all_|pending_)?orders", "orders(self.desk)"),
    (r"(is_)?connected|is_alive|ping|health(_check)?", "self.desk.broker.connected"),
    (r"(re)?connect(_async|_with_retry)?", "self.desk.broker.connect()"),
    (r"disconnect|close|logout", "None"),
    (r"(submit|place|send|create|execute)_?(market_|close_)?order|submit|place_trade",
     "sent(self.desk, *args, **named)"),
    (r"buy|market_buy|place_market_buy", 'sent(self.desk, *args, side="buy", **named)'),
    (r"sell|market_sell|place_market_sell", 'sent(self.desk, *args, side="sell", **named)'),
    (r"(close|exit|flatten|liquidate)_position", f"self.desk.flatten({_WHICH})"),
    (r"(get_|fetch_)?(last_|current_|latest_|market_)?price", f"self.desk.price({_WHICH})"),
)
_BRIDGES = tuple((re.compile(pattern), body) for pattern, body in _BRIDGED)


def bridged(method: str) -> str | None:
    """What a broker's method of this name comes to on the desk; None when the name does not tell."""
    return next((body for pattern, body in _BRIDGES if pattern.fullmatch(snake(method))), None)


def bridge(method: str, is_async: bool) -> Bridge:
    """That method as it stands in the adapter."""
    return Bridge(method, bridged(method) or "", is_async)
