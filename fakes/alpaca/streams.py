"""The two streams: trade updates of the account, and market data in JSON or MessagePack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fakes.alpaca.market_data import MarketData
from fakes.alpaca.models import Wording
from fakes.alpaca.msgpack import pack, unpack
from fakes.alpaca.trading import instant
from sim.actors.websocket import Sender
from sim.broker import Update
from sim.corruption import Bar

KeyCheck = Callable[[str, str], bool]
_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors")


class TradeUpdates:
    """One client of `/stream`."""

    def __init__(self, hub: UpdateHub, wording: Wording, valid: KeyCheck, binary: bool) -> None:
        """Not authorised yet; `binary` frames are what the paper environment sends."""
        self._hub, self._wording, self._valid, self._binary = hub, wording, valid, binary
        self._sender: Sender | None = None
        self._authorized = self._listening = False

    def opened(self, sender: Sender) -> None:
        """The client is there."""
        self._sender = sender
        self._hub.clients.append(self)

    def closed(self) -> None:
        """The client has gone."""
        if self in self._hub.clients:
            self._hub.clients.remove(self)

    def received(self, message: str | bytes) -> None:
        """Authentication, or what to listen to."""
        try:
            said = json.loads(message)
        except ValueError:
            return
        data, action = said.get("data") or said, said.get("action")
        if action in ("authenticate", "auth"):
            key, secret = (data.get(a) or data.get(b) for a, b in (("key_id", "key"), ("secret_key", "secret")))
            self._authorized = self._valid(str(key or ""), str(secret or ""))
            status = "authorized" if self._authorized else "unauthorized"
            self._send({"stream": "authorization", "data": {"status": status, "action": "authenticate"}})
        elif action == "listen" and self._authorized:
            streams = data.get("streams", [])
            self._listening = "trade_updates" in streams
            self._send({"stream": "listening", "data": {"streams": streams}})

    def tell(self, message: dict[str, Any]) -> None:
        """An update of an order."""
        if self._listening:
            self._send(message)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._sender is not None
        text = json.dumps(message, separators=(",", ":"))
        self._sender.send(text.encode() if self._binary else text)


class UpdateHub:
    """Hears what happens to orders at the broker, and tells every client."""

    def __init__(self, world: Any, wording: Wording) -> None:
        """Listens beside the firm's own session."""
        self._world, self._wording = world, wording
        self.clients: list[TradeUpdates] = []
        before = world.broker.publish

        def publish(update: Update) -> None:
            before(update)
            self.tell(update)

        world.broker.publish = publish

    def tell(self, update: Update) -> None:
        """Pass an update on."""
        order = self._world.broker.orders.get(update.order_id)
        if order is None or not self.clients:
            return
        message = self._wording.trade_update(update, order)
        late_us = self._world.connection.late_us
        for client in list(self.clients):
            self._world.env.call_later(late_us, client.tell, message)


class DataStream:
    """One client of the market-data stream."""

    def __init__(self, world: Any, data: MarketData, valid: KeyCheck, packed: bool) -> None:
        """Not authorised yet."""
        self._world, self._data, self._valid, self._packed = world, data, valid, packed
        self._sender: Sender | None = None
        self._authorized = False
        self._wanted: dict[str, list[str]] = {channel: [] for channel in _CHANNELS}
        self._ticking = self._bars_on = False

    def opened(self, sender: Sender) -> None:
        """Greet the client."""
        self._sender = sender
        self._send([{"T": "success", "msg": "connected"}])

    def closed(self) -> None:
        """The client has gone."""
        self._sender = None

    def received(self, message: str | bytes) -> None:
        """Authentication, or what to subscribe to."""
        said = unpack(message) if isinstance(message, bytes) else json.loads(message)
        action = said.get("action")
        if action == "auth":
            self._authorized = self._valid(str(said.get("key", "")), str(said.get("secret", "")))
            good = {"T": "success", "msg": "authenticated"}
            self._send([good if self._authorized else {"T": "error", "code": 402, "msg": "auth failed"}])
        elif not self._authorized:
            self._send([{"T": "error", "code": 401, "msg": "not authenticated"}])
        elif action in ("subscribe", "unsubscribe"):
            self._subscribe(said, action == "subscribe")

    def _subscribe(self, said: dict[str, Any], add: bool) -> None:
        for channel, wanted in self._wanted.items():
            for symbol in said.get(channel) or []:
                if add and symbol not in wanted:
                    wanted.append(symbol)
                elif not add and symbol in wanted:
                    wanted.remove(symbol)
        self._send([{"T": "subscription", **self._wanted}])
        if (self._wanted["trades"] or self._wanted["quotes"]) and not self._ticking:
            self._ticking = True
            self._next_mark()
        if self._wanted["bars"] and not self._bars_on:
            self._bars_on = True
            self._world.feed.subscribe_bars(min(self._world.config.bar_minutes), self._bar)

    def _next_mark(self) -> None:
        mark_us = self._world.market.next_mark_us(self._world.env.now)
        if mark_us is not None:
            self._world.env.call_at(mark_us, self._mark)

    def _mark(self) -> None:
        if self._sender is None:
            return
        messages = []
        for tick in self._world.feed.ticks(self._world.env.now):
            for channel, kind, make in (("trades", "t", self._data.trade), ("quotes", "q", self._data.quote)):
                if _wants(self._wanted[channel], tick.symbol):
                    messages.append({"T": kind, "S": tick.symbol, **make(tick.symbol)})
        if messages:
            self._send(messages)
        self._next_mark()

    def _bar(self, bar: Bar) -> None:
        if self._sender is not None and _wants(self._wanted["bars"], bar.symbol):
            self._send([{"T": "b", "S": bar.symbol, **self._data.bar(bar)}])

    def _send(self, messages: list[dict[str, Any]]) -> None:
        assert self._sender is not None
        if not self._packed:
            self._sender.send(json.dumps(messages, separators=(",", ":")))
            return
        timed = [{k: instant(v) if k == "t" else v for k, v in message.items()} for message in messages]
        self._sender.send(pack(timed))


def _wants(symbols: list[str], symbol: str) -> bool:
    return symbol in symbols or "*" in symbols


