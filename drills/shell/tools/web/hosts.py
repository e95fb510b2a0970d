"""Who answers at a host: which part of the simulated firm, or of the world around it, a URL means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drills.shell.naming import GATEWAY, MARKET_DATA, MONITORING, POSTGRES, REDIS, guess, tokens
from sim.config import TRADING_SYSTEM

if TYPE_CHECKING:
    from drills.shell.inventory import Inventory

FIRM, PROMETHEUS, ALERTMANAGER, GRAFANA = "firm", "prometheus", "alertmanager", "grafana"
BROKER, BROKER_STATUS, DATA_PROVIDER, NOTIFY, LOCAL = "broker", "broker-status", "data-provider", "notify", "localhost"
INTERNET = "internet"

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
_LOCAL_PORTS = {9090: PROMETHEUS, 9093: ALERTMANAGER, 3000: GRAFANA, 5432: POSTGRES, 6379: REDIS}
_NOTIFY = re.compile(
    r"hooks\.slack\.com|slack\.com|discord(?:app)?\.com|webhook\.office\.com|events\.pagerduty\.com|api\.pagerduty\.com"
    r"|api\.opsgenie\.com|api\.telegram\.org|api\.twilio\.com|api\.statuspage\.io|ntfy|api\.pushover\.net|mattermost"
)
_BROKER = re.compile(
    r"broker\w*|alpaca|ibkr|interactivebrokers|binance|kraken|coinbase|bybit|okx|bitfinex|deribit|oanda|tradier|tws"
    r"|exchange|börse|bolsa|tastytrade|schwab|saxo|deutsche-?boerse|bitstamp|bitget|kucoin"
)
_DATA = re.compile(
    r"marketdata|eodhd|eodhistoricaldata|polygon|finnhub|alphavantage|iexapis|tiingo|databento|twelvedata"
)
_INTERNET = re.compile(
    r"(?:1\.1\.1\.1|8\.8\.8\.8|8\.8\.4\.4|9\.9\.9\.9|(?:www\.)?(?:google|cloudflare|github|example)\.\w+)"
)
_INSIDE = re.compile(r"(?:\.svc(?:\.cluster\.local)?|\.internal|\.local|\.lan|\.corp|\.intra)$")


def split_host(host: str) -> tuple[str, int | None]:
    """Name and port of `name:port`."""
    name, colon, port = host.lower().rpartition(":")
    return (name, int(port)) if colon and port.isdigit() else (host.lower(), None)


def what_answers(host: str, inventory: Inventory) -> str:
    """The part that answers at `host` (with its port, where one is given); "" when it is not simulated."""
    name, port = split_host(host)
    if name in _LOCAL_NAMES:
        return _LOCAL_PORTS.get(port or 80, LOCAL)
    if port == 9090 or "prometheus" in name:
        return PROMETHEUS
    if port == 9093 or "alertmanager" in name:
        return ALERTMANAGER
    if "grafana" in name:
        return GRAFANA
    if _NOTIFY.search(name):
        return NOTIFY
    words = tokens(name)
    if any(_DATA.fullmatch(word) for word in words) or ({"market", "data"} <= set(words) and "." in name):
        return DATA_PROVIDER
    if any(_BROKER.fullmatch(word) for word in words) and ("." in name or name not in inventory.services):
        return BROKER_STATUS if "status" in words else BROKER
    if _INTERNET.fullmatch(name):
        return INTERNET
    return _inside(name, inventory)


def _inside(name: str, inventory: Inventory) -> str:
    """A service of the firm by its name in the cluster, or its API by a public one."""
    first = _INSIDE.sub("", name).partition(".")[0]
    workload = inventory.services.get(first) or inventory.containers.get(first)
    if workload is not None and ("." not in name or _INSIDE.search(name)):
        return FIRM if workload == TRADING_SYSTEM else workload
    found = guess(_INSIDE.sub("", name).rpartition(".")[0] if name.count(".") > 1 else _INSIDE.sub("", name))
    if found is None:
        return ""
    if "." not in name or _INSIDE.search(name):
        return {TRADING_SYSTEM: FIRM, MONITORING: PROMETHEUS}.get(found.here, found.here)
    return FIRM if found.here in (TRADING_SYSTEM, GATEWAY, MARKET_DATA) else ""
