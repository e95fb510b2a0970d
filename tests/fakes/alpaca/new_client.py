"""alpaca-py 0.44, unmodified, under the contract's verbs."""

# ruff: noqa: E402  (the warning is silenced before the import that gives it)
from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
from alpaca.common.exceptions import APIError
from alpaca.data.historical import NewsClient, StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import (
    NewsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.models import AccountConfiguration
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopOrderRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

Row = dict[str, Any]
_REQUESTS: dict[str, Any] = {
    "market": MarketOrderRequest, "limit": LimitOrderRequest, "stop": StopOrderRequest,
    "stop_limit": StopLimitOrderRequest, "trailing_stop": TrailingStopOrderRequest,
}  # fmt: skip
_SHORT = {
    "timestamp": "t", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v", "trade_count": "n",
    "vwap": "vw", "ask_price": "ap", "bid_price": "bp", "price": "p", "size": "s",
}  # fmt: skip


def plain(value: Any) -> Any:
    """What pydantic made of an answer, as plain values."""
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(timespec="microseconds")[:26]
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def short(value: Any) -> Row:
    """A bar, quote or trade under the names of the wire."""
    return {_SHORT.get(key, key): item for key, item in plain(value).items()}


class NewClient:
    """The verbs."""

    Error = APIError

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._trading = TradingClient("key", "secret", paper=True, url_override=url)
        self._data = StockHistoricalDataClient("key", "secret", url_override=url)
        self._news = NewsClient("key", "secret", url_override=url)

    def close_connections(self) -> None:
        for client in (self._trading, self._data, self._news):
            client._session.close()

    @staticmethod
    def message(error: APIError) -> str:
        return str(error.message)

    # The account and the market.

    def account(self) -> Row:
        return plain(self._trading.get_account())

    def configurations(self) -> Row:
        return plain(self._trading.get_account_configurations())

    def configure(self, **changes: Any) -> Row:
        now: Any = self._trading.get_account_configurations()
        return plain(self._trading.set_account_configurations(AccountConfiguration(**{**now.model_dump(), **changes})))

    def clock(self) -> Row:
        return plain(self._trading.get_clock())

    def calendar(self, start: str, end: str) -> list[Row]:
        days = plain(self._trading.get_calendar(GetCalendarRequest(start=start, end=end)))
        return [{**day, "open": day["open"][11:16]} for day in days]

    def assets(self, asset_class: str | None = None) -> list[Row]:
        return plain(self._trading.get_all_assets(GetAssetsRequest(asset_class=asset_class)))

    def asset(self, name: str) -> Row:
        return plain(self._trading.get_asset(name))

    # Orders and positions.

    def submit(self, type: str, **fields: Any) -> Row:
        return plain(self._trading.submit_order(_REQUESTS[type](**fields)))

    def order(self, order_id: str, nested: bool = False) -> Row:
        return plain(self._trading.get_order_by_id(order_id, GetOrderByIdRequest(nested=nested)))

    def order_by_client_id(self, name: str) -> Row:
        return plain(self._trading.get_order_by_client_id(name))

    def orders(self, **query: Any) -> list[Row]:
        return plain(self._trading.get_orders(GetOrdersRequest(**query)))

    def replace(self, order_id: str, **fields: Any) -> Row:
        return plain(self._trading.replace_order_by_id(order_id, ReplaceOrderRequest(**fields)))

    def cancel(self, order_id: str) -> None:
        self._trading.cancel_order_by_id(order_id)

    def cancel_all(self) -> None:
        self._trading.cancel_orders()

    def positions(self) -> list[Row]:
        return plain(self._trading.get_all_positions())

    def position(self, name: str) -> Row:
        return plain(self._trading.get_open_position(name))

    def close(self, symbol: str | None = None, qty: float | None = None) -> Any:
        if symbol is None:
            return self.close_connections()
        request = None if qty is None else ClosePositionRequest(qty=str(qty))
        return plain(self._trading.close_position(symbol, request))

    def close_all(self, cancel_orders: bool) -> list[Row]:
        return plain(self._trading.close_all_positions(cancel_orders=cancel_orders))

    # Looking back.

    def fills(self) -> list[Row]:
        rows: Any = self._trading.get("/account/activities/FILL")  # alpaca-py has no call of its own for it
        return list(rows)

    def history(self, period: str, timeframe: str) -> Row:
        request = GetPortfolioHistoryRequest(period=period, timeframe=timeframe)
        return plain(self._trading.get_portfolio_history(request))

    # Market data.

    def latest(self, what: str, symbol: str) -> Row:
        calls: Any = {
            "bars": (self._data.get_stock_latest_bar, StockLatestBarRequest),
            "quotes": (self._data.get_stock_latest_quote, StockLatestQuoteRequest),
            "trades": (self._data.get_stock_latest_trade, StockLatestTradeRequest),
        }  # fmt: skip
        call, request = calls[what]
        return short(call(request(symbol_or_symbols=symbol))[symbol])

    def bars(self, symbol: str, count: int, unit: str, **query: Any) -> list[Row]:
        times = {k: datetime.fromisoformat(v) if k in ("start", "end") else v for k, v in query.items()}
        frame = TimeFrame(count, TimeFrameUnit(unit))
        found: Any = self._data.get_stock_bars(StockBarsRequest(symbol_or_symbols=symbol, timeframe=frame, **times))
        return [short(bar) for bar in found.data.get(symbol, [])]

    def ticks(self, what: str, symbol: str, limit: int) -> list[Row]:
        request: Any = StockQuotesRequest if what == "quotes" else StockTradesRequest
        call: Any = self._data.get_stock_quotes if what == "quotes" else self._data.get_stock_trades
        return [short(row) for row in call(request(symbol_or_symbols=symbol, limit=limit))[symbol]]

    def snapshot(self, symbol: str) -> Row:
        found: Any = self._data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=symbol))[symbol]
        return {"minuteBar": short(found.minute_bar), "prevDailyBar": short(found.previous_daily_bar)}

    def news(self) -> list[Row]:
        found: Any = self._news.get_news(NewsRequest())
        return list(found.data["news"])

    # Streams.

    def listen_orders(self, heard: Callable[[Row], object]) -> Callable[[], None]:
        stream = TradingStream("key", "secret", paper=True, url_override=self._stream_url("/stream"))

        async def on_update(update: Any) -> None:
            heard(plain(update))

        stream.subscribe_trade_updates(on_update)
        return _running(stream)

    def listen_data(self, wanted: dict[str, tuple[Callable[[Row], object], str]]) -> Callable[[], None]:
        stream = StockDataStream("key", "secret", url_override=self._stream_url("/v2/iex"))
        for what, (heard, symbol) in wanted.items():

            async def on_item(item: Any, heard: Callable[[Row], object] = heard) -> None:
                heard(plain(item))

            getattr(stream, f"subscribe_{what}")(on_item, symbol)
        return _running(stream)

    def _stream_url(self, path: str) -> str | None:
        return None if self._url is None else self._url.replace("http", "ws") + path


def _running(stream: Any) -> Callable[[], None]:
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()

    def stop() -> None:
        stream.stop()
        thread.join(20)

    return stop


def in_virtual_time() -> None:
    """What the program under test runs: the check named in its environment."""
    import os
    import sys

    from contract import CHECKS, Arm  # beside this file, in the program's own folder

    CHECKS[os.environ["CHECK"]](Arm(NewClient()))
    sys.stdout.write("passed\n")
