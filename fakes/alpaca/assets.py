"""Which of the World's symbols a client means: by symbol, without its slash, or by asset id."""

from __future__ import annotations

from typing import Any

from fakes.alpaca.errors import not_found
from fakes.alpaca.models import Wording, identifier, is_crypto
from fakes.alpaca.reading import words
from sim.actors.http import Request

Row = dict[str, Any]


class Assets:
    """Handlers of the asset routes."""

    def __init__(self, world: Any, wording: Wording) -> None:
        """Everything that the World trades."""
        self._symbols: tuple[str, ...] = tuple(world.market.symbols)
        self._wording = wording
        self._known: dict[str, str] = {}
        for symbol in self._symbols:
            self._known |= {symbol.replace("/", ""): symbol, symbol: symbol, identifier("asset", symbol): symbol}

    def symbol_of(self, text: str) -> str | None:
        """The World's symbol, or None."""
        return self._known.get(text)

    def listing(self, request: Request) -> list[Row]:
        """Everything that can be traded."""
        query = request.query
        if query.get("status", "active") not in ("active", ""):
            return []
        classes = words(query, "asset_class") or ["us_equity", "crypto"]
        exchange = query.get("exchange")
        found = [self._wording.asset(s) for s in self._symbols if ("us_equity", "crypto")[is_crypto(s)] in classes]
        return [asset for asset in found if exchange in (None, "", asset["exchange"])]

    def one(self, request: Request, symbol: str) -> Row:
        """One of them, by symbol or id."""
        found = self.symbol_of(symbol)
        if found is None:
            raise not_found(f"asset not found for {symbol}")
        return self._wording.asset(found)
