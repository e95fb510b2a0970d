"""The trading system's own control API, as scripts reach it with curl: its flags, its orders, its positions.

GET /health and /api/status; POST /api/halt, /api/resume, /api/safe-mode, /api/cancel-all,
/api/close-all-positions. While the system is down the connection is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, Request, Response, plain_error
from sim.clock import MS
from sim.network import PASS, BrokerError, BrokerUnreachable, Verdict

HOSTS = ("trading-system", "trading-system.internal", "localhost", "127.0.0.1")
PORTS = (80, 8080)
_ONE_WAY_US = 1 * MS
_BY = "api"
_DOWN = Verdict(error=BrokerUnreachable("connection refused: the trading system is down"))


class SystemApi:
    """The API of one World's trading system."""

    def __init__(self, world: Any) -> None:
        """Of this World."""
        self._world = world
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "/health"): self._health, ("GET", "/api/status"): self._status,
            ("GET", "/status"): self._status, ("GET", "/api/positions"): lambda _: self._world.book.held(),
            ("POST", "/api/halt"): self._halt, ("POST", "/api/kill-switch"): self._halt,
            ("POST", "/api/resume"): self._resume, ("POST", "/api/safe-mode"): self._safe_mode,
            ("POST", "/api/cancel-all"): self._cancel_all,
            ("POST", "/api/close-all-positions"): self._close_all,
        }  # fmt: skip

    def endpoint(self, request: Request) -> str:
        """One name for all."""
        return "control"

    def error(self, error: BrokerError, request: Request) -> Response:
        """The error's status and text."""
        return plain_error(error)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        route = self._routes.get((request.method, request.path.rstrip("/") or "/"))
        if route is None:
            known = any(path == request.path for _, path in self._routes)
            return Response.of_json({"error": "method not allowed" if known else "not found"}, 405 if known else 404)
        try:
            return Response.of_json(route(request))
        except (ValueError, TypeError, AttributeError) as wrong:
            return Response.of_json({"error": f"bad request: {wrong}"}, 400)

    def _health(self, request: Request) -> dict[str, Any]:
        return {"status": "ok", "broker": "connected" if self._world.connection.connected else "disconnected"}

    def _status(self, request: Request) -> dict[str, Any]:
        system = self._world.trading
        return {
            "halted": system.halted is not None, "reason": system.halted, "safe_mode": system.safe_mode,
            "paused": system.paused, "broker_connected": self._world.connection.connected,
            "positions": self._world.book.held(), "open_orders": len(self._world.orders.live()),
        }  # fmt: skip

    def _halt(self, request: Request) -> dict[str, Any]:
        given = request.json() if request.body[:1] == b"{" else {}
        self._world.trading.halt(str(given.get("reason") or "halted by the control API"), by=_BY)
        return {"halted": True}

    def _resume(self, request: Request) -> dict[str, Any]:
        self._world.trading.resume(by=_BY)
        return {"halted": False}

    def _safe_mode(self, request: Request) -> dict[str, Any]:
        given = request.json() if request.body[:1] == b"{" else {}
        on = bool(given.get("enabled", given.get("safe_mode", True)))
        self._world.trading.set_safe_mode(on, by=_BY)
        return {"safe_mode": on}

    def _cancel_all(self, request: Request) -> dict[str, Any]:
        """Cancel requests go out; that they are sent is all that the answer says."""
        orders = [order for order in self._world.orders.live() if not order.reducing]
        for order in orders:
            self._world.orders.cancel(order)
        return {"requested": len(orders)}

    def _close_all(self, request: Request) -> dict[str, Any]:
        """Closing orders go out by the system's own book."""
        held = dict(self._world.book.held())
        for symbol, qty in held.items():
            self._world.orders.create(symbol, -1 if qty > 0 else 1, abs(qty), source="mitigation")
        return {"requested": len(held)}


class _Path:
    """The way to the system: short, and refused while it is down."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self.on_change: Callable[[], None] = lambda: None

    def verdict(self, endpoint: str) -> Verdict:
        return PASS if self._world.trading.up else _DOWN

    def one_way_us(self) -> int:
        return _ONE_WAY_US


def register(world: Any) -> SystemApi:
    """Let the trading system's hosts exist in a World."""
    core, path = SystemApi(world), _Path(world)
    for name in HOSTS:
        hosts_of(world).add(name, HttpService(core), ports=PORTS, tls=(), link=path)  # type: ignore[arg-type]
    return core
