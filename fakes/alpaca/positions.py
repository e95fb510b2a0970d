"""Positions: list, look up, close in whole or in part, close them all."""

from __future__ import annotations

from typing import Any

from fakes.alpaca.assets import Assets
from fakes.alpaca.errors import AlpacaError, malformed, not_found, of_broker
from fakes.alpaca.models import Wording
from fakes.alpaca.orders import Orders
from fakes.alpaca.reading import positive, quantity, truth
from sim.actors.http import Request, Response
from sim.network import BrokerError
from sim.orders import kept

Row = dict[str, Any]


class Positions:
    """Handlers of the position routes."""

    def __init__(self, world: Any, wording: Wording, assets: Assets, orders: Orders) -> None:
        """Of this World's account."""
        self._world, self._wording, self._assets, self._orders = world, wording, assets, orders

    def listing(self, request: Request) -> list[Row]:
        """Everything held."""
        return [self._worded(symbol, qty) for symbol, qty in self._world.broker.positions().items()]

    def one(self, request: Request, symbol: str) -> Row:
        """One position, by symbol or asset id."""
        return self._worded(*self._held(symbol))

    def _worded(self, symbol: str, qty: float) -> Row:
        return self._wording.position(symbol, qty, self._orders.claimed(symbol, -1 if qty > 0 else 1))

    def _held(self, text: str) -> tuple[str, float]:
        symbol = self._assets.symbol_of(text)
        held = 0 if symbol is None else self._world.ledger.position(symbol)
        if symbol is None or not held:
            raise not_found("position does not exist")
        return symbol, held

    def close(self, request: Request, symbol: str) -> Row:
        """Close a position, or the part that `qty` or `percentage` says, at the market."""
        name, held = self._held(symbol)
        query: Row = dict(request.query)
        qty, percentage = quantity(query), positive(query, "percentage")
        if qty is not None and percentage is not None:
            raise malformed("only one of qty or percentage is accepted")
        if percentage is not None:
            if percentage > 100:
                raise malformed("percentage must be between 0 and 100")
            part = abs(held) * percentage / 100
            qty = int(part) if isinstance(held, int) and part >= 1 else kept(part)
        return self._orders.close(name, held, abs(held) if qty is None else qty)

    def close_all(self, request: Request) -> Response:
        """Close every position: 207 with an order or an error for each."""
        if truth(request.query, "cancel_orders"):
            self._orders.cancel_each()
        rows: list[Row] = []
        for symbol, held in self._world.ledger.positions().items():
            try:
                status, body = 200, self._orders.close(symbol, held, abs(held))
            except AlpacaError as refused:
                status, body = refused.status, refused.body
            except BrokerError as refused:
                error = of_broker(refused)
                status, body = error.status, error.body
            rows.append({"symbol": symbol.replace("/", ""), "status": status, "body": body})
        return Response.of_json(rows, 207)
