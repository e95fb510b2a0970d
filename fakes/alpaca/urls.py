"""Which request is which: Alpaca's routes, the handler of each, and the name under which faults know it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Route(NamedTuple):
    """One kind of request."""

    method: str
    pattern: re.Pattern[str]
    handler: str
    endpoint: str
    """The name of `sim.network.Link.ENDPOINTS`, or `data` for market data."""


def _route(method: str, path: str, handler: str, endpoint: str) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+(?:/[A-Z]+)?)", path)
    return Route(method, re.compile(f"^{pattern}/?$"), handler, endpoint)


ROUTES = (
    _route("GET", "/v2/account", "account", "account"),
    _route("GET", "/v2/account/configurations", "configurations", "account"),
    _route("PATCH", "/v2/account/configurations", "configure", "account"),
    _route("GET", "/v2/account/portfolio/history", "portfolio_history", "account"),
    _route("GET", "/v2/account/activities", "activities", "account"),
    _route("GET", "/v2/account/activities/{kind}", "activities", "account"),
    _route("GET", "/v2/clock", "clock", "account"),
    _route("GET", "/v2/calendar", "calendar", "account"),
    _route("GET", "/v2/assets", "assets", "account"),
    _route("GET", "/v2/assets/{symbol}", "asset", "account"),
    _route("POST", "/v2/orders", "submit", "submit"),
    _route("GET", "/v2/orders", "orders", "orders"),
    _route("GET", "/v2/orders:by_client_order_id", "order_by_client_id", "orders"),
    _route("GET", "/v2/orders/{order_id}", "order", "orders"),
    _route("PATCH", "/v2/orders/{order_id}", "replace", "replace"),
    _route("DELETE", "/v2/orders", "cancel_all", "cancel_all"),
    _route("DELETE", "/v2/orders/{order_id}", "cancel", "cancel"),
    _route("GET", "/v2/positions", "positions", "positions"),
    _route("GET", "/v2/positions/{symbol}", "position", "positions"),
    _route("DELETE", "/v2/positions", "close_all", "submit"),
    _route("DELETE", "/v2/positions/{symbol}", "close", "submit"),
    _route("GET", "/v2/stocks/bars", "bars", "data"),
    _route("GET", "/v2/stocks/(?P<what>bars|quotes|trades)/latest", "latest", "data"),
    _route("GET", "/v2/stocks/(?P<what>quotes|trades)", "past_ticks", "data"),
    _route("GET", "/v2/stocks/snapshots", "snapshots", "data"),
    _route("GET", "/v2/stocks/{symbol}/bars", "bars", "data"),
    _route("GET", "/v2/stocks/{symbol}/(?P<what>bars|quotes|trades)/latest", "latest", "data"),
    _route("GET", "/v2/stocks/{symbol}/(?P<what>quotes|trades)", "past_ticks", "data"),
    _route("GET", "/v2/stocks/{symbol}/snapshot", "snapshots", "data"),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request, with the parts of its path that are parameters."""
    for route in ROUTES:
        if route.method == method:
            match = route.pattern.match(path)
            if match is not None:
                return route, match.groupdict()
    return None
