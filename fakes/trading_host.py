"""The trading system's control API as programs of the firm reach it: its host, its path, and what a request does.

Routes and answers are those of `fakes.trading_api`. What is asked for is done at once and counts as the code's
own doing. While the system is down the connection is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakes.trading_api import Asked, TradingApi
from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, Request, Response, plain_error
from sim.clock import MS
from sim.network import PASS, BrokerError, BrokerUnreachable, Verdict

NAMES = ("trading-system", "trading-system.internal")
LOCAL = ("localhost", "127.0.0.1")
"""Names that also stand for the machine a program runs on: for those that do not listen there themselves."""
PORTS = (80, 8080)
_ONE_WAY_US = 1 * MS
_BY = "api"
_DOWN = Verdict(error=BrokerUnreachable("connection refused: the trading system is down"))


class TradingHost:
    """The API of one World's trading system."""

    def __init__(self, world: Any) -> None:
        """Of this World."""
        self._world = world
        self._api = TradingApi(world, {}, _no_settings)
        self._actions: dict[str, Callable[[Request], str]] = {
            "halt": self._halt, "resume": self._resume, "reset_halt": self._resume, "safe_mode": self._safe_mode,
            "cancel_orders": self._cancel_all, "flatten": self._close_all,
        }  # fmt: skip

    def endpoint(self, request: Request) -> str:
        """One name for all."""
        return "control"

    def error(self, error: BrokerError, request: Request) -> Response:
        """The error's status and text."""
        return plain_error(error)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        try:
            answer = self._api.handle(request)
            if isinstance(answer, Response):
                return answer
            if isinstance(answer, Asked) and answer.action in self._actions:
                return answer.answer(True, self._actions[answer.action](request))
        except (ValueError, TypeError, AttributeError) as wrong:
            return Response.of_json({"detail": f"bad request: {wrong}"}, 400)
        return Response.of_json({"detail": "Not Found"}, 404)

    def _halt(self, request: Request) -> str:
        given = request.json() if request.body else {}
        self._world.trading.halt(str(given.get("reason") or "halted by the control API"), by=_BY)
        return "halted"

    def _resume(self, request: Request) -> str:
        self._world.trading.set_safe_mode(False, by=_BY)
        self._world.trading.resume(by=_BY)
        return "resumed"

    def _safe_mode(self, request: Request) -> str:
        self._world.trading.set_safe_mode(True, by=_BY)
        return "safe mode on"

    def _cancel_all(self, request: Request) -> str:
        """Cancel requests go out; that they are sent is all that the answer says."""
        orders = [order for order in self._world.orders.live() if not order.reducing]
        for order in orders:
            self._world.orders.cancel(order)
        return f"{len(orders)} cancel requests sent"

    def _close_all(self, request: Request) -> str:
        """Closing orders go out by the system's own book."""
        held = dict(self._world.book.held())
        for symbol, qty in held.items():
            self._world.orders.create(symbol, -1 if qty > 0 else 1, abs(qty), source="mitigation")
        return f"{len(held)} closing orders sent"


def _no_settings(changes: Mapping[str, Any]) -> None:
    raise ValueError(f"a drill has no setting {', '.join(changes)}")


class _Path:
    """The way to the system: short, and refused while it is down."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self.on_change: Callable[[], None] = lambda: None

    def verdict(self, endpoint: str) -> Verdict:
        return PASS if self._world.trading.up else _DOWN

    def one_way_us(self) -> int:
        return _ONE_WAY_US


def register(world: Any, names: tuple[str, ...] = NAMES) -> TradingHost:
    """Let the trading system's hosts exist in a World."""
    core, path = TradingHost(world), _Path(world)
    for name in names:
        hosts_of(world).add(name, HttpService(core), ports=PORTS, tls=(), link=path)  # type: ignore[arg-type]
    return core
