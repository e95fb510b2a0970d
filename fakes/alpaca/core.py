"""Alpaca as one object: `handle(request) -> response`, on a World's broker, market and feed.

It holds no socket and no clock of its own, so the same object answers programs in virtual time and, behind
`fakes.server`, anything that can open a connection.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from typing import Any

from fakes.alpaca import urls
from fakes.alpaca.errors import AlpacaError, of_broker, response_to, unauthorized
from fakes.alpaca.market_data import MarketData
from fakes.alpaca.models import Wording
from fakes.alpaca.streams import DataStream, TradeUpdates, UpdateHub
from fakes.alpaca.trading import Trading
from sim.actors.hosts import Hosts, hosts_of
from sim.actors.http import HttpService, Request, Response, wants_websocket
from sim.clock import MINUTE, SECOND
from sim.network import BrokerError

TRADING_HOSTS = ("paper-api.alpaca.markets", "api.alpaca.markets")
DATA_HOSTS = ("data.alpaca.markets", "stream.data.alpaca.markets")


class AlpacaCore:
    """Everything that Alpaca answers."""

    def __init__(self, world: Any, keys: dict[str, str] | None = None) -> None:
        """Of this World; `keys` maps valid key ids to secrets, None lets any key in that is not empty."""
        self._world, self._keys = world, keys
        self.wording = Wording(world)
        self.trading = Trading(world, self.wording)
        self.data = MarketData(world, self.wording)
        self.updates = UpdateHub(world, self.wording)
        self.trading.on_new = self.updates.tell
        self._used: deque[int] = deque()
        self._epoch_s = int(world.clock.epoch.timestamp())

    def endpoint(self, request: Request) -> str:
        """The name under which faults know the request."""
        if wants_websocket(request):
            return "data" if request.host in DATA_HOSTS or request.path.startswith("/v2/") else "connect"
        found = urls.find(request.method, request.path)
        return "account" if found is None else found[0].endpoint

    def error(self, error: BrokerError, request: Request) -> Response:
        """How Alpaca words an error that a fault answers in its place."""
        return self._limited(response_to(error))

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        if wants_websocket(request):
            return self._stream(request)
        try:
            return self._limited(self._answer(request))
        except AlpacaError as refused:
            return self._limited(refused.response())
        except BrokerError as refused:
            return self._limited(of_broker(refused).response())
        except ValueError:
            return self._limited(AlpacaError(400, 40010000, "request body format is invalid").response())

    def _answer(self, request: Request) -> Response:
        if not self._valid(*_credentials(request)) or not self._world.broker.auth_valid:
            raise unauthorized()
        found = urls.find(request.method, request.path)
        if found is None:
            return Response.of_json({"message": "endpoint not found."}, 404)
        route, parts = found
        owner = self.data if route.endpoint == "data" else self.trading
        handler: Callable[..., Any] = getattr(owner, route.handler)
        answer = handler(request, **parts)
        return answer if isinstance(answer, Response) else Response.of_json(answer)

    def _valid(self, key: str, secret: str) -> bool:
        return bool(key) and (self._keys is None or self._keys.get(key) == secret)

    def _limited(self, response: Response) -> Response:
        """With the headers that tell how many requests are left."""
        now, limit = self._world.env.now, self._world.broker.rate_limit_per_min
        used = self._used
        while used and used[0] <= now - MINUTE:
            used.popleft()
        used.append(now)
        resets = self._epoch_s + (now + MINUTE) // SECOND
        response.headers |= {
            "X-Ratelimit-Limit": str(limit), "X-Ratelimit-Remaining": str(max(0, limit - len(used))),
            "X-Ratelimit-Reset": str(resets),
        }  # fmt: skip
        return response

    def _stream(self, request: Request) -> Response:
        if request.path.rstrip("/") == "/stream":
            binary = not request.host.startswith("api.")
            return Response(101, upgrade=TradeUpdates(self.updates, self.wording, self._valid_session, binary))
        packed = "msgpack" in request.headers.get("content-type", "")
        return Response(101, upgrade=DataStream(self._world, self.data, self._valid, packed))

    def _valid_session(self, key: str, secret: str) -> bool:
        return self._valid(key, secret) and bool(self._world.broker.auth_valid)


def _credentials(request: Request) -> tuple[str, str]:
    headers = request.headers
    if "apca-api-key-id" in headers:
        return headers["apca-api-key-id"], headers.get("apca-api-secret-key", "")
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        key, _, secret = base64.b64decode(token).decode("utf-8", "replace").partition(":")
        return key, secret
    return token, ""


def register(world: Any, keys: dict[str, str] | None = None) -> AlpacaCore:
    """Let Alpaca's hosts exist in a World; the trading hosts lie behind the World's link."""
    core = AlpacaCore(world, keys)
    service, hosts = HttpService(core), hosts_of(world)
    _add(hosts, service, TRADING_HOSTS, world.link)
    _add(hosts, service, DATA_HOSTS, None)
    return core


def _add(hosts: Hosts, service: HttpService, names: tuple[str, ...], link: Any) -> None:
    for name in names:
        hosts.add(name, service, link=link)
