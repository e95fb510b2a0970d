"""Which request is which: Alpaca's routes, the handler of each, and the name under which faults know it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Route(NamedTuple):
    """One kind of request."""

    method: str
    path: str
    """With `{names}` for what varies, or `{name:a|b}` for a choice."""
    owner: str
    """The part of the core that answers."""
    handler: str
    endpoint: str
    """The name of `sim.network.Link.ENDPOINTS`, or `data` for market data."""


_STOCKS, _CRYPTO = "/v2/stocks", "/v1beta3/crypto/{loc}"

ROUTES = (
    Route("GET", "/v2/account", "account", "show", "account"),
    Route("GET", "/v2/account/configurations", "account", "configurations", "account"),
    Route("PATCH", "/v2/account/configurations", "account", "configure", "account"),
    Route("GET", "/v2/account/portfolio/history", "records", "portfolio_history", "account"),
    Route("GET", "/v2/account/activities", "records", "activities", "account"),
    Route("GET", "/v2/account/activities/{kind}", "records", "activities", "account"),
    Route("GET", "/v2/clock", "days", "clock", "account"),
    Route("GET", "/v2/calendar", "days", "calendar", "account"),
    Route("GET", "/v2/assets", "assets", "listing", "account"),
    Route("GET", "/v2/assets/{symbol}", "assets", "one", "account"),
    Route("POST", "/v2/orders", "orders", "submit", "submit"),
    Route("GET", "/v2/orders", "orders", "listing", "orders"),
    Route("GET", "/v2/orders:by_client_order_id", "orders", "by_client_id", "orders"),
    Route("GET", "/v2/orders/{order_id}", "orders", "one", "orders"),
    Route("PATCH", "/v2/orders/{order_id}", "orders", "replace", "replace"),
    Route("DELETE", "/v2/orders", "orders", "cancel_all", "cancel_all"),
    Route("DELETE", "/v2/orders/{order_id}", "orders", "cancel", "cancel"),
    Route("GET", "/v2/positions", "positions", "listing", "positions"),
    Route("GET", "/v2/positions/{symbol}", "positions", "one", "positions"),
    Route("DELETE", "/v2/positions", "positions", "close_all", "submit"),
    Route("DELETE", "/v2/positions/{symbol}", "positions", "close", "submit"),
    Route("GET", "/v2/corporate_actions/announcements", "quiet", "announcements", "account"),
    Route("GET", "/v2/watchlists", "quiet", "announcements", "account"),
    Route("GET", "/v2/options/contracts", "quiet", "option_contracts", "account"),
    Route("GET", f"{_STOCKS}/bars", "stocks", "bars", "data"),
    Route("GET", f"{_STOCKS}/{{what:bars|quotes|trades}}/latest", "stocks", "latest", "data"),
    Route("GET", f"{_STOCKS}/{{what:quotes|trades}}", "stocks", "past_ticks", "data"),
    Route("GET", f"{_STOCKS}/snapshots", "stocks", "snapshots", "data"),
    Route("GET", f"{_STOCKS}/{{symbol}}/bars", "stocks", "bars", "data"),
    Route("GET", f"{_STOCKS}/{{symbol}}/{{what:bars|quotes|trades}}/latest", "stocks", "latest", "data"),
    Route("GET", f"{_STOCKS}/{{symbol}}/{{what:quotes|trades}}", "stocks", "past_ticks", "data"),
    Route("GET", f"{_STOCKS}/{{symbol}}/snapshot", "stocks", "snapshots", "data"),
    Route("GET", f"{_CRYPTO}/bars", "crypto", "bars", "data"),
    Route("GET", f"{_CRYPTO}/{{what:quotes|trades}}", "crypto", "past_ticks", "data"),
    Route("GET", f"{_CRYPTO}/latest/{{what:bars|quotes|trades}}", "crypto", "latest", "data"),
    Route("GET", f"{_CRYPTO}/latest/orderbooks", "crypto", "orderbooks", "data"),
    Route("GET", f"{_CRYPTO}/snapshots", "crypto", "snapshots", "data"),
    Route("GET", f"{_STOCKS}/meta/exchanges", "screener", "exchanges", "data"),
    Route("GET", f"{_STOCKS}/meta/conditions/{{kind:trade|quote}}", "screener", "conditions", "data"),
    Route("GET", "/v1beta1/screener/stocks/most-actives", "screener", "most_actives", "data"),
    Route("GET", "/v1beta1/screener/stocks/movers", "screener", "movers", "data"),
    Route("GET", "/v1beta1/news", "quiet", "news", "data"),
    Route("GET", "/v1/corporate-actions", "quiet", "corporate_actions", "data"),
    Route("GET", "/v1beta1/corporate-actions", "quiet", "corporate_actions", "data"),
)
STREAMS = re.compile(r"^/(v2/(?P<feed>iex|sip|delayed_sip|boats|overnight|test)|v1beta3/crypto/(us|us-1|eu-1)|"
                     r"v1beta1/news)/?$")  # fmt: skip
"""Where market data is streamed."""


def _pattern(path: str) -> re.Pattern[str]:
    def part(match: re.Match[str]) -> str:
        name, choice = match.group(1), match.group(2)
        return f"(?P<{name}>{choice or '[^/]+(?:/[A-Z]+)?'})"

    return re.compile("^" + re.sub(r"\{(\w+)(?::([^}]+))?\}", part, path) + "/?$")


_EXACT = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_PATTERNS = [(route, _pattern(route.path)) for route in ROUTES if "{" in route.path]


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request, with the parts of its path that are parameters."""
    exact = _EXACT.get((method, path)) or _EXACT.get((method, path.rstrip("/")))
    if exact is not None:
        return exact, {}
    for route, pattern in _PATTERNS:
        if route.method == method:
            match = pattern.match(path)
            if match is not None:
                return route, {name: text for name, text in match.groupdict().items() if name != "loc"}
    return None
