"""The stream of trade updates: what happens to the account's orders, told to every client that listens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fakes.alpaca.models import Wording
from sim.actors.websocket import Sender
from sim.broker import Update

KeyCheck = Callable[[str, str], bool]
STREAMS = ("trade_updates", "account_updates")


class TradeUpdates:
    """One client of `/stream`."""

    def __init__(self, hub: UpdateHub, valid: KeyCheck, binary: bool) -> None:
        """Not authorised yet; `binary` frames are what the paper environment sends."""
        self._hub, self._valid, self._binary = hub, valid, binary
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
            said = None
        if not isinstance(said, dict):
            self._send({"stream": "error", "data": {"error": "invalid message"}})
            return
        data, action = said.get("data") or said, said.get("action")
        if action in ("authenticate", "auth"):
            key, secret = (data.get(a) or data.get(b) for a, b in (("key_id", "key"), ("secret_key", "secret")))
            self._authorized = self._valid(str(key or ""), str(secret or ""))
            status = "authorized" if self._authorized else "unauthorized"
            self._send({"stream": "authorization", "data": {"status": status, "action": "authenticate"}})
        elif action == "listen" and self._authorized:
            streams = [name for name in data.get("streams", []) if name in STREAMS]
            self._listening = "trade_updates" in streams
            self._send({"stream": "listening", "data": {"streams": streams}})
        elif action == "listen":
            self._send({"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}})

    def tell(self, message: dict[str, Any], names: list[str]) -> None:
        """An update of an order."""
        if self._listening and self in self._hub.clients:
            self._send(message)
            self._hub.heard(names)

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
        answering, self._wording.named = self._wording.named, []
        message = self._wording.trade_update(update, order)
        names, self._wording.named = self._wording.named, answering
        late_us = self._world.connection.late_us
        for client in list(self.clients):
            self._world.env.call_later(late_us, client.tell, message, names)

    def heard(self, names: list[str]) -> None:
        """A client was told of these orders."""
        self._world.outside_orders.heard_of(names)
