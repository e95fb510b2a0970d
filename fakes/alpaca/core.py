"""Alpaca as one object: `handle(request) -> response`, on a World's broker, market and feed.

It holds no socket and no clock of its own, so the same object answers programs in virtual time and, behind
`fakes.server`, anything that can open a connection. What it answers is listed in COVERAGE.md beside this file.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from functools import partial
from typing import Any

from fakes.alpaca import urls
from fakes.alpaca.account import Account
from fakes.alpaca.assets import Assets
from fakes.alpaca.bars import BarHistory
from fakes.alpaca.data_stream import DataPlan, DataStream, StreamRoom
from fakes.alpaca.errors import AlpacaError, of_broker, response_to, unauthorized
from fakes.alpaca.market_data import MarketData, QuietData
from fakes.alpaca.models import Wording
from fakes.alpaca.orders import Orders
from fakes.alpaca.positions import Positions
from fakes.alpaca.records import Records
from fakes.alpaca.screener import Screener
from fakes.alpaca.streams import TradeUpdates, UpdateHub
from fakes.alpaca.trading_days import TradingDays
from sim.actors.hosts import Hosts, hosts_of
from sim.actors.http import HttpService, Request, Response, wants_websocket
from sim.clock import MINUTE, SECOND
from sim.network import BrokerError, BrokerRateLimited

TRADING_HOSTS = ("paper-api.alpaca.markets", "api.alpaca.markets")
DATA_HOSTS = ("data.alpaca.markets", "stream.data.alpaca.markets")


class AlpacaCore:
    """Everything that Alpaca answers."""

    def __init__(self, world: Any, keys: dict[str, str] | None = None, plan: DataPlan | None = None) -> None:
        """Of this World; `keys` maps valid key ids to secrets, None lets any key in that is not empty."""
        self._world, self._keys = world, keys
        self.wording = Wording(world)
        self.account = Account(world, self.wording)
        self.assets = Assets(world, self.wording)
        self.orders = Orders(world, self.wording, self.assets, self.account)
        self.positions = Positions(world, self.wording, self.assets, self.orders)
        bars = BarHistory(world)
        self.stocks, self.crypto = MarketData(world, bars, crypto=False), MarketData(world, bars, crypto=True)
        self.updates = UpdateHub(world, self.wording)
        self.orders.on_news = self.updates.tell
        self.data_streams = StreamRoom(world, bars, plan or DataPlan())
        self.data_limit_per_min = 200
        """Calls of market data a minute, counted apart from those of trading."""
        self._owners: dict[str, Any] = {
            "account": self.account, "assets": self.assets, "orders": self.orders, "positions": self.positions,
            "records": Records(world, self.wording), "days": TradingDays(world), "stocks": self.stocks,
            "crypto": self.crypto, "quiet": QuietData(), "screener": Screener(world, bars, self.stocks.symbols),
        }  # fmt: skip
        self._data_calls: deque[int] = deque()
        self._asked_in_vain: set[str] = set()
        self._epoch_s = int(world.clock.epoch.timestamp())

    def endpoint(self, request: Request) -> str:
        """The name under which faults know the request."""
        if wants_websocket(request):
            return "data" if urls.STREAMS.match(request.path) else "connect"
        found = urls.find(request.method, request.path)
        return "account" if found is None else found[0].endpoint

    def error(self, error: BrokerError, request: Request) -> Response:
        """How Alpaca words an error that a fault answers in its place."""
        return self._limited(response_to(error), self.endpoint(request) == "data")

    def handle(self, request: Request) -> Response:
        """The answer to a request; it knows which orders it tells the client of."""
        if wants_websocket(request):
            return self._stream(request)
        self.wording.named = []
        found = urls.find(request.method, request.path)
        data = found is not None and found[0].endpoint == "data"
        try:
            response = self._answer(request, found, data)
        except AlpacaError as refused:
            response = refused.response()
        except BrokerError as refused:
            response = of_broker(refused).response()
        except ValueError:
            response = AlpacaError(400, 40010000, "request body format is invalid").response()
        if self.wording.named:
            response.outcome = partial(self._came_out, self.wording.named, request.method != "GET")
        return self._limited(response, data)

    def _came_out(self, names: list[str], changes: bool, arrived: bool) -> None:
        outside = self._world.outside_orders
        if arrived:
            outside.heard_of(names)
        elif changes:
            outside.answer_lost(names)

    def _answer(self, request: Request, found: tuple[urls.Route, dict[str, str]] | None, data: bool) -> Response:
        if not self._valid_session(*_credentials(request)):
            raise unauthorized()
        if data:
            self._admit_data()
            return self._call(request, found)
        with self._world.broker.one_request():
            return self._call(request, found)

    def _call(self, request: Request, found: tuple[urls.Route, dict[str, str]] | None) -> Response:
        if found is None:
            self._not_faked(f"{request.method} {request.host}{request.path}")
            raise AlpacaError(404, 40410000, "endpoint not found.")
        route, parts = found
        answer = getattr(self._owners[route.owner], route.handler)(request, **parts)
        return answer if isinstance(answer, Response) else Response.of_json(answer)

    def _not_faked(self, what: str) -> None:
        """Say once that the drill answered 404 where Alpaca may have an answer."""
        if what not in self._asked_in_vain:
            self._asked_in_vain.add(what)
            self._world.history.emit("code.refused", "alpaca", refused="endpoint", what=what, at="")

    def _valid(self, key: str, secret: str) -> bool:
        return bool(key) and (self._keys is None or self._keys.get(key) == secret)

    def _valid_session(self, key: str, secret: str) -> bool:
        return self._valid(key, secret) and bool(self._world.broker.auth_valid)

    def _admit_data(self) -> None:
        if self._data_left() <= 0:
            raise BrokerRateLimited("rate limit exceeded")
        self._data_calls.append(self._world.env.now)

    def _data_left(self) -> int:
        now, calls = self._world.env.now, self._data_calls
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        return self.data_limit_per_min - len(calls)

    def _limited(self, response: Response, data: bool) -> Response:
        """With the headers that tell how many requests are left."""
        broker = self._world.broker
        limit, left = (
            (self.data_limit_per_min, self._data_left()) if data else (broker.rate_limit_per_min, broker.calls_left)
        )
        response.headers |= {
            "X-Ratelimit-Limit": str(limit), "X-Ratelimit-Remaining": str(max(0, left)),
            "X-Ratelimit-Reset": str(self._epoch_s + (self._world.env.now + MINUTE) // SECOND),
        }  # fmt: skip
        return response

    def _stream(self, request: Request) -> Response:
        if request.path.rstrip("/") == "/stream":
            binary = not request.host.startswith("api.")
            return Response(101, upgrade=TradeUpdates(self.updates, self._valid_session, binary))
        found = urls.STREAMS.match(request.path)
        if found is None:
            return self._limited(AlpacaError(404, 40410000, "endpoint not found.").response(), data=True)
        packed = "msgpack" in request.headers.get("content-type", "")
        data = self.crypto if "crypto" in request.path else self.stocks
        path, feed = request.path.rstrip("/"), found.group("feed") or ""
        return Response(101, upgrade=DataStream(self.data_streams, data, self._valid, packed, path, feed))


def _credentials(request: Request) -> tuple[str, str]:
    headers = request.headers
    if "apca-api-key-id" in headers:
        return headers["apca-api-key-id"], headers.get("apca-api-secret-key", "")
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(token, validate=True).decode("utf-8", "replace").partition(":")
        except binascii.Error:
            return "", ""
        return key, secret
    return token, ""


def register(world: Any, keys: dict[str, str] | None = None, plan: DataPlan | None = None) -> AlpacaCore:
    """Let Alpaca's hosts exist in a World; the trading hosts lie behind the World's link."""
    core = AlpacaCore(world, keys, plan)
    service, hosts = HttpService(core), hosts_of(world)
    _add(hosts, service, TRADING_HOSTS, world.link)
    _add(hosts, service, DATA_HOSTS, None)
    return core


def _add(hosts: Hosts, service: HttpService, names: tuple[str, ...], link: Any) -> None:
    for name in names:
        hosts.add(name, service, link=link)
