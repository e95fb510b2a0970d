"""The HTTP interface of the firm's own trading system, as its operators know it.

A core without sockets: `handle` gives the response, or `Asked` when a person's action is asked for (halt,
flatten, ...), which takes time and is performed by whoever holds the core, or `Own` when the mitigation code
has an endpoint of that name. None means that no such route is known, which is for the caller to say.
What it answers about closing positions is what such systems answer: the orders were sent. Not that they filled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sim.actors.http import Request, Response
from sim.clock import SECOND


class Asked(NamedTuple):
    """An action of the on-call that the request stands for, and the answer once it is known how it went."""

    action: str
    answer: Callable[[bool, str], Response]


class Own(NamedTuple):
    """An endpoint of the mitigation code."""

    name: str
    arguments: tuple[Any, ...]
    answer: Callable[[bool, str], Response]


Answer = Response | Asked | Own

_ACTIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (action, re.compile(pattern))
    for action, pattern in (
        ("flatten", r"close-?all|flatten|liquidate|close-positions|positions/close|glattstellen|cerrar"),
        ("cancel_orders", r"cancel-?all|orders/cancel|cancel-orders"),
        ("reset_halt", r"reset-(?:halt|kill)|kill-?switch/(?:reset|release)|halt/reset|^reset$|reset-kill-switch"),
        ("safe_mode", r"safe-?mode"),
        ("resume", r"resume|unpause|trading/start|enable-trading"),
        ("halt", r"pause-?all|pause|halt|kill-?switch|emergency-?stop|stop-?trading|trading/stop|disable-trading"
            "|^stop$"),
        ("reconnect", r"reconnect|broker/connect|restart-adapter"),
        ("reconcile", r"reconcil|positions/sync"),
        ("refetch_data", r"backfill|refetch|data/(?:fetch|repair)"),
    )
)  # fmt: skip
"""POST routes, by what is behind the version prefix; the first that fits."""

_NEEDS_TOKEN = re.compile(r"^(?:v\d+/)?admin(?:/|$)|^v\d+/calibration")


class TradingApi:
    """The routes of one World's trading system."""

    def __init__(self, world: Any, settings: Mapping[str, Any], configure: Callable[[Mapping[str, Any]], None]) -> None:
        """`settings` are what GET /api/config shows; `configure` takes changes of them."""
        self._world, self._settings, self._configure = world, settings, configure
        self._calibrated_us: dict[str, int] = {}

    def handle(self, request: Request) -> Answer | None:
        """The answer to a request; None for a route that is not known."""
        path = request.path.strip("/").lower()
        route = re.sub(r"^(?:api/)?(?:v\d+/)?(?:admin/)?", "", path)
        if _NEEDS_TOKEN.match(path) and request.method != "GET" and not _token(request):
            return Response.of_json({"detail": "Not authenticated"}, 401)
        if request.method in ("GET", "HEAD"):
            return self._get(route, request)
        return self._post(route, request)

    # Reading

    def _get(self, route: str, request: Request) -> Answer | None:
        system = self._world.trading
        if route in ("health", "healthz", "ping", "livez", "readyz", "ready", "live", "status/health"):
            return self._health()
        if route in ("status", "", "state", "system/status"):
            return Response.of_json(self.status())
        if route in ("safe-mode", "kill-switch", "halt"):
            known = {"safe_mode": system.safe_mode, "halted": system.halted is not None, "reason": system.halted}
            return Response.of_json(known)
        if route in ("positions", "portfolio", "portfolio/positions"):
            return Response.of_json([self._position(symbol, qty) for symbol, qty in self._world.book.held().items()])
        if route in ("orders", "orders/open"):
            return Response.of_json([_order(order) for order in self._world.orders.live()])
        if route in ("account", "pnl", "risk", "portfolio/pnl", "drawdown"):
            return Response.of_json(self._risk())
        if route == "config":
            return Response.of_json(dict(self._settings))
        if route == "metrics":
            return Response.of_text(self._exposition(), kind="text/plain; version=0.0.4")
        if route == "version":
            return Response.of_json({"version": self._version()})
        return self._data(route, request)

    def _data(self, route: str, request: Request) -> Answer | None:
        latest = re.fullmatch(r"market-data/([a-z.\-]+)/latest", route)
        if latest:
            return self._latest(latest.group(1).upper())
        if route == "calibration/status":
            return Response.of_json({"models": {"heston": self._calibration("SPY")}})
        if route.startswith("calibration/"):
            return Response.of_json(self._calibration(request.query.get("symbol", "SPY")))
        name = route.rpartition("/")[2].replace("-", "_")
        return self._own(name, ()) if name in self._world.endpoints() else None

    def _health(self) -> Response:
        world = self._world
        checks = {"broker": "ok" if world.connection.connected else "down"}
        if world.config.monitored:  # a bare firm has neither
            checks["database"] = "ok" if world.database.error_rate() < 0.5 else "down"
            checks["cache"] = "ok" if world.cache.p99_s() == world.cache.p99_s() else "down"
        serious = checks.get("database") == "down"
        status = "unhealthy" if serious else "degraded" if "down" in checks.values() else "ok"
        return Response.of_json({"status": status, "checks": checks}, 503 if serious else 200)

    def status(self) -> dict[str, Any]:
        """What GET /api/status shows."""
        world, system = self._world, self._world.trading
        state = "halted" if system.halted is not None else "paused" if system.paused else "running"
        return {
            "status": state, "safe_mode": system.safe_mode, "halted": system.halted is not None,
            "halt_reason": system.halted, "paused": system.paused, "broker_connected": world.connection.connected,
            "positions": world.book.held(), "open_orders": len(world.orders.live()), "version": self._version(),
            **self._risk(),
        }  # fmt: skip

    def _risk(self) -> dict[str, float]:
        system = self._world.trading
        equity = system.refresh_risk()
        return {
            "equity": round(equity, 2), "daily_pnl": round(equity - system.day_start_equity, 2),
            "daily_loss_pct": round(100 * (1 - equity / system.day_start_equity), 3),
            "drawdown_pct": round(100 * (1 - equity / system.peak_equity), 3),
        }  # fmt: skip

    def _position(self, symbol: str, qty: int) -> dict[str, Any]:
        return {"symbol": symbol, "qty": qty, "last_price": round(self._world.feed.last_price(symbol), 4)}

    def _exposition(self) -> str:
        """The system's own metrics in Prometheus' text format, as they were scraped last."""
        monitoring = self._world.monitoring
        names = [series.key for series in monitoring.series if not series.labels]
        values = [(name, monitoring.query(name)) for name in names]
        return "".join(f"# TYPE {name} gauge\n{name} {value!r}\n" for name, value in values if value == value)

    def _version(self) -> str:
        deployed = self._world.cluster.deployments.get("trading-system")
        return "unknown" if deployed is None else str(deployed.revision.version)

    def _latest(self, symbol: str) -> Response:
        if symbol not in self._world.market.symbols:
            return Response.of_json({"detail": f"unknown symbol {symbol}"}, 404)
        tick = self._world.feed.last(symbol)
        return Response.of_json(
            {
                "symbol": symbol,
                "price": _finite(tick.price),
                "size": tick.size,
                "timestamp": self._world.clock.utc(tick.t_us).isoformat(),
                "age_s": round(self._world.feed.age_us(symbol) / SECOND, 3),
            }
        )

    def _calibration(self, symbol: str) -> dict[str, Any]:
        at_us = self._calibrated_us.get(symbol, 0)
        age_s = (self._world.env.now - at_us) / SECOND
        return {
            "symbol": symbol,
            "model": "heston",
            "calibrated_at": self._world.clock.utc(at_us).isoformat(),
            "age_s": round(age_s, 1),
            "status": "ok" if age_s < 86_400 else "stale",
        }

    # Doing

    def _post(self, route: str, request: Request) -> Answer | None:
        if request.method == "DELETE":
            word = "flatten" if route.startswith("positions") else "cancel_orders" if route.startswith("orders") else ""
            return self._asked(word, route) if word else None
        name = route.rpartition("/")[2].replace("-", "_")
        known = next((action for action, pattern in _ACTIONS if pattern.search(route)), None)
        if name in self._world.endpoints() and known is None:
            return self._own(name, _arguments(request))
        if route.startswith("config") or route == "settings":
            return self._set(request)
        if route.startswith("calibration"):
            return self._calibrate(request)
        if known == "safe_mode" and (request.method == "DELETE" or _says_off(request)):
            known = "resume"
        return self._asked(known, route) if known is not None else None

    def _asked(self, action: str, route: str) -> Asked:
        def answer(ok: bool, text: str) -> Response:
            if not ok:
                return Response.of_json({"status": "error", "detail": text}, 500)
            return Response.of_json({"status": "ok", "action": route, "detail": text or "done"})

        return Asked(action, answer)

    def _own(self, name: str, arguments: tuple[Any, ...]) -> Own:
        def answer(ok: bool, text: str) -> Response:
            return Response.of_json({"status": "ok" if ok else "error", "detail": text}, 200 if ok else 500)

        return Own(name, arguments, answer)

    def _set(self, request: Request) -> Response:
        try:
            changes = request.json()
        except ValueError:
            return Response.of_json({"detail": "body is not valid JSON"}, 422)
        if not isinstance(changes, dict) or not changes:
            return Response.of_json({"detail": "a JSON object of settings is expected"}, 422)
        self._configure(changes)
        return Response.of_json({"status": "ok", "config": dict(self._settings)})

    def _calibrate(self, request: Request) -> Response:
        try:
            symbol = str((request.json() or {}).get("symbol", "SPY")).upper()
        except (ValueError, AttributeError):
            return Response.of_json({"detail": "body is not valid JSON"}, 422)
        if symbol not in self._world.market.symbols:
            return Response.of_json({"detail": f"unknown symbol {symbol}"}, 404)
        if self._world.feed.quality(symbol) is not None:
            return Response.of_json({"detail": f"calibration failed: market data for {symbol} is bad"}, 500)
        self._calibrated_us[symbol] = self._world.env.now
        return Response.of_json(self._calibration(symbol))


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _says_off(request: Request) -> bool:
    try:
        body = request.json()
    except ValueError:
        return False
    return isinstance(body, dict) and any(body.get(key) is False for key in ("enabled", "on", "enable", "safe_mode"))


def _arguments(request: Request) -> tuple[Any, ...]:
    """What an endpoint of the mitigation code is called with: the reason of the body, when it gives one."""
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError:
        return ()
    return (str(body["reason"]),) if isinstance(body, dict) and "reason" in body else ()


def _order(order: Any) -> dict[str, Any]:
    return {
        "id": order.id, "symbol": order.symbol, "side": "buy" if order.side > 0 else "sell", "qty": order.qty,
        "filled_qty": order.filled_qty, "status": str(order.status), "type": order.kind,
        "limit_price": order.limit_price,
    }  # fmt: skip


def _finite(price: float) -> float | None:
    return round(price, 4) if price == price and abs(price) != float("inf") else None
