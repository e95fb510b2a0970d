"""The market-data streams: JSON or MessagePack, subscriptions, and the errors by their numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakes.alpaca.bars import BarHistory, Timeframe
from fakes.alpaca.market_data import MarketData
from fakes.alpaca.models import stamp
from fakes.alpaca.msgpack import pack, unpack
from fakes.alpaca.reading import instant
from fakes.alpaca.rows import worded
from fakes.alpaca.streams import KeyCheck
from sim.actors.websocket import Sender
from sim.clock import SECOND
from sim.corruption import Bar

CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections",
            "cancelErrors", "orderbooks", "news")  # fmt: skip
ERRORS = {
    400: "invalid syntax", 401: "not authenticated", 402: "auth failed", 403: "already authenticated",
    404: "auth timeout", 405: "symbol limit exceeded", 406: "connection limit exceeded", 407: "slow client",
    409: "insufficient subscription", 410: "invalid subscribe action for this feed", 500: "internal error",
}  # fmt: skip
_ENDS = (404, 406, 407)
"""Errors after which the server closes the connection."""


@dataclass
class DataPlan:
    """What the account's subscription to market data allows."""

    connections: int = 1
    """Clients at a time, for each stream."""
    symbols: int | None = None
    """Subscriptions to trades and quotes of one client; None for any number."""
    feeds: tuple[str, ...] = ("iex", "sip", "delayed_sip", "boats", "overnight", "test")
    auth_timeout_us: int = 10 * SECOND


class StreamRoom:
    """The clients of all market-data streams of one account."""

    def __init__(self, world: Any, bars: BarHistory, plan: DataPlan) -> None:
        """Nobody is there."""
        self.world, self.bars, self.plan = world, bars, plan
        self.clients: list[DataStream] = []

    def full(self, path: str) -> bool:
        """Whether no further client may come to a stream."""
        here = [client for client in self.clients if client.path == path and client.authorized]
        return len(here) >= self.plan.connections


class DataStream:
    """One client of a market-data stream."""

    def __init__(
        self, room: StreamRoom, data: MarketData, valid: KeyCheck, packed: bool, path: str, feed: str
    ) -> None:
        """Not authorised yet; `packed` is MessagePack. `feed` is empty where there is only one."""
        self._room, self._world, self._data, self._valid, self._packed = room, room.world, data, valid, packed
        self.path, self._feed = path, feed
        self._sender: Sender | None = None
        self.authorized = False
        self._wanted: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
        self._ticking = self._bars_on = False

    def opened(self, sender: Sender) -> None:
        """Greet the client, and give it some seconds to say who it is."""
        self._sender = sender
        self._room.clients.append(self)
        self._send([{"T": "success", "msg": "connected"}])
        self._world.env.call_later(self._room.plan.auth_timeout_us, self._waited)

    def closed(self) -> None:
        """The client has gone."""
        self._sender = None
        if self in self._room.clients:
            self._room.clients.remove(self)

    def refuse(self, code: int) -> None:
        """Send the error of this number; some end the connection."""
        if self._sender is not None:
            self._send([{"T": "error", "code": code, "msg": ERRORS[code]}])
            if code in _ENDS:
                self._sender.close()

    def received(self, message: str | bytes) -> None:
        """Authentication, or what to subscribe to."""
        try:
            said = unpack(message) if isinstance(message, bytes) else json.loads(message)
        except (ValueError, IndexError, TypeError):
            said = None
        if not isinstance(said, dict) or said.get("action") not in ("auth", "subscribe", "unsubscribe"):
            self.refuse(400)
        elif said["action"] == "auth":
            self._authenticate(said)
        elif not self.authorized:
            self.refuse(401)
        else:
            self._subscribe(said, said["action"] == "subscribe")

    def _authenticate(self, said: dict[str, Any]) -> None:
        if self.authorized:
            self.refuse(403)
        elif not self._valid(str(said.get("key", "")), str(said.get("secret", ""))):
            self.refuse(402)
        elif self._feed and self._feed not in self._room.plan.feeds:
            self.refuse(409)
        elif self._room.full(self.path):
            self.refuse(406)
        else:
            self.authorized = True
            self._send([{"T": "success", "msg": "authenticated"}])

    def _waited(self) -> None:
        if not self.authorized:
            self.refuse(404)

    def _subscribe(self, said: dict[str, Any], add: bool) -> None:
        wanted = {channel: list(symbols) for channel, symbols in self._wanted.items()}
        for channel, symbols in wanted.items():
            for symbol in said.get(channel) or []:
                if add and symbol not in symbols:
                    symbols.append(symbol)
                elif not add and symbol in symbols:
                    symbols.remove(symbol)
        most = self._room.plan.symbols
        if most is not None and len(wanted["trades"]) + len(wanted["quotes"]) > most:
            self.refuse(405)
            return
        self._wanted = wanted
        self._send([{"T": "subscription", **{c: s for c, s in wanted.items() if c not in ("orderbooks", "news") or s}}])
        if (wanted["trades"] or wanted["quotes"]) and not self._ticking:
            self._ticking = True
            self._next_mark()
        if (wanted["bars"] or wanted["dailyBars"]) and not self._bars_on:
            self._bars_on = True
            self._world.feed.subscribe_bars(self._room.bars.shortest, self._bar)

    def _next_mark(self) -> None:
        mark_us = self._world.market.next_mark_us(self._world.env.now)
        if mark_us is not None:
            self._world.env.call_at(mark_us, self._mark)

    def _mark(self) -> None:
        if self._sender is None:
            return
        makers: tuple[tuple[str, str, Callable[[Any], dict[str, Any]]], ...] = (
            ("trades", "t", self._data.trade_of), ("quotes", "q", self._data.quote_of),
        )  # fmt: skip
        messages = [
            {"T": kind, "S": tick.symbol, **make(tick)}
            for tick in self._world.feed.ticks(self._world.env.now)
            for channel, kind, make in makers
            if self._wants(channel, tick.symbol)
        ]
        if messages:
            self._send(messages)
        self._next_mark()

    def _bar(self, bar: Bar) -> None:
        if self._sender is None:
            return
        messages = []
        if self._wants("bars", bar.symbol):
            at = stamp(self._world.clock.utc(bar.start_us))
            messages.append({"T": "b", "S": bar.symbol, "t": at, **worded(bar)})
        if self._wants("dailyBars", bar.symbol):
            _, day = self._room.bars.all(bar.symbol, Timeframe(1, "Day"))[-1]
            messages.append({"T": "d", "S": bar.symbol, **day})
        if messages:
            self._send(messages)

    def _wants(self, channel: str, symbol: str) -> bool:
        symbols = self._wanted[channel]
        return (symbol in symbols or "*" in symbols) and symbol in self._data.symbols

    def _send(self, messages: list[dict[str, Any]]) -> None:
        if self._sender is None:
            return
        if not self._packed:
            self._sender.send(json.dumps(messages, separators=(",", ":")))
            return
        timed = [{k: instant(v) if k == "t" else v for k, v in message.items()} for message in messages]
        self._sender.send(pack(timed))
