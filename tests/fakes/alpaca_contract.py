"""What unmodified alpaca-py expects of Alpaca: run inside a World in virtual time, and against a real socket."""

# ruff: noqa: E402, T201, TID251  (this file runs as a user's program)
from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests

warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, PositionSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
)
from alpaca.trading.stream import TradingStream

BUY, SELL, DAY, GTC = OrderSide.BUY, OrderSide.SELL, TimeInForce.DAY, TimeInForce.GTC


class Arm:
    """Where Alpaca is (None: its own addresses) and how to wait for World seconds."""

    def __init__(self, url: str | None = None, wait: Callable[[float], None] = time.sleep) -> None:
        self.url, self.wait = url, wait
        self.trading = TradingClient("key", "secret", paper=True, url_override=url)
        self.data = StockHistoricalDataClient("key", "secret", url_override=url)

    def close(self) -> None:
        """Let go of the connections."""
        self.trading._session.close()
        self.data._session.close()

    def held_long(self) -> Any:
        """A position that can be sold."""
        return next(p for p in self.trading.get_all_positions() if p.side == PositionSide.LONG)

    def refused(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, int, str]:
        try:
            call(*args, **kwargs)
        except APIError as error:
            return error.status_code, error.code, error.message
        raise AssertionError("not refused")


def market(symbol: str, qty: float, side: OrderSide, name: str | None = None) -> MarketOrderRequest:
    return MarketOrderRequest(symbol=symbol, qty=qty, side=side, time_in_force=DAY, client_order_id=name)


def resting(symbol: str, qty: float, name: str | None = None) -> LimitOrderRequest:
    return LimitOrderRequest(
        symbol=symbol, qty=qty, side=BUY, time_in_force=GTC, limit_price=10.0, client_order_id=name
    )


def check_account_clock_calendar_assets(arm: Arm) -> None:
    account: Any = arm.trading.get_account()
    assert float(account.equity) > 900_000
    assert account.status.value == "ACTIVE"
    clock: Any = arm.trading.get_clock()
    assert clock.is_open
    assert clock.next_close.hour == 16
    days: Any = arm.trading.get_calendar(GetCalendarRequest(start="2026-03-09", end="2026-03-10"))
    assert [str(day.date) for day in days] == ["2026-03-09", "2026-03-10"]
    assert days[0].open.strftime("%H:%M") == "09:30"
    assets: Any = arm.trading.get_all_assets()
    assert "SPY" in [asset.symbol for asset in assets]
    assert arm.trading.get_asset(str(assets[0].id)).symbol == assets[0].symbol
    assert arm.refused(arm.trading.get_asset, "NONE")[:2] == (404, 40410000)


def check_an_order_fills_and_is_found_again(arm: Arm) -> None:
    sent: Any = arm.trading.submit_order(market("SPY", 10, BUY, "buy-1"))
    assert sent.status in (OrderStatus.NEW, OrderStatus.FILLED)
    assert (sent.client_order_id, sent.qty, sent.side) == ("buy-1", "10", BUY)
    arm.wait(3)
    found: Any = arm.trading.get_order_by_id(sent.id)
    assert found.status == OrderStatus.FILLED
    assert found.filled_qty == "10"
    assert float(found.filled_avg_price) > 100
    assert found.filled_at > found.created_at
    assert arm.trading.get_order_by_client_id("buy-1").id == sent.id
    assert arm.refused(arm.trading.get_order_by_client_id, "none")[:2] == (404, 40410000)


def check_a_client_order_id_is_used_once(arm: Arm) -> None:
    arm.trading.submit_order(market("SPY", 10, BUY, "once"))
    assert arm.refused(arm.trading.submit_order, market("SPY", 10, BUY, "once")) == (
        422, 40010001, "client_order_id must be unique",
    )  # fmt: skip


def check_orders_that_make_no_sense(arm: Arm) -> None:
    assert arm.refused(arm.trading.submit_order, market("NONE", 1, BUY))[:2] == (422, 42210000)
    assert arm.refused(arm.trading.submit_order, market("SPY", 0.5, BUY))[:2] == (422, 42210000)
    held = arm.held_long()
    status, code, message = arm.refused(arm.trading.submit_order, market(held.symbol, 1_000_000, BUY))
    assert (status, code, message) == (403, 40310000, "insufficient buying power")
    status, code, message = arm.refused(arm.trading.submit_order, market(held.symbol, float(held.qty) + 1, SELL))
    assert (status, code) == (403, 40310000)
    assert message.startswith("insufficient qty available for order")


def check_replace_and_cancel(arm: Arm) -> None:
    order: Any = arm.trading.submit_order(resting("QQQ", 5, "rests"))
    new: Any = arm.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=6, limit_price=11))
    assert (new.qty, new.limit_price, new.replaces) == ("6", "11", order.id)
    assert arm.trading.get_order_by_id(order.id).status == OrderStatus.REPLACED
    open_orders: Any = arm.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, symbols=["QQQ"]))
    assert [o.id for o in open_orders] == [new.id]
    arm.trading.cancel_order_by_id(new.id)
    assert arm.trading.get_order_by_id(new.id).status == OrderStatus.CANCELED
    assert arm.refused(arm.trading.cancel_order_by_id, new.id)[:2] == (422, 42210000)
    closed: Any = arm.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.CLOSED, limit=1))
    assert len(closed) == 1


def check_cancel_all_is_a_multi_status(arm: Arm) -> None:
    ids = [str(arm.trading.submit_order(resting(symbol, 5)).id) for symbol in ("SPY", "QQQ")]
    answers: Any = arm.trading.cancel_orders()
    assert sorted(str(a.id) for a in answers) == sorted(ids)
    assert {a.status for a in answers} == {200}
    assert arm.trading.get_orders() == []


def check_positions(arm: Arm) -> None:
    positions: Any = arm.trading.get_all_positions()
    assert len(positions) == 5
    short = next(p for p in positions if p.side == PositionSide.SHORT)
    assert short.qty.startswith("-")
    held = arm.held_long()
    assert arm.trading.get_open_position(str(held.asset_id)).symbol == held.symbol
    part: Any = arm.trading.close_position(held.symbol, ClosePositionRequest(qty="100"))
    assert (part.qty, part.side) == ("100", SELL)
    arm.wait(3)
    assert int(arm.trading.get_open_position(held.symbol).qty) == int(held.qty) - 100
    arm.trading.submit_order(resting(held.symbol, 1))
    answers: Any = arm.trading.close_all_positions(cancel_orders=True)
    assert [(a.status, a.body.qty.lstrip("-")) for a in answers if a.symbol != held.symbol] == [
        (200, p.qty.lstrip("-")) for p in positions if p.symbol != held.symbol
    ]
    arm.wait(5)
    assert arm.trading.get_all_positions() == []
    assert arm.refused(arm.trading.close_position, held.symbol)[:2] == (404, 40410000)


def check_close_all_twice_reports_each_refusal(arm: Arm) -> None:
    held = arm.held_long()
    arm.trading.submit_order(
        LimitOrderRequest(symbol=held.symbol, qty=10, side=SELL, time_in_force=GTC, limit_price=5000.0)
    )
    answers: Any = arm.trading.close_all_positions(cancel_orders=False)
    refused = next(a for a in answers if a.symbol == held.symbol)
    assert (refused.status, refused.body.code, refused.body.held_for_orders) == (403, 40310000, 10)


def check_market_data(arm: Arm) -> None:
    quotes: Any = arm.data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=["SPY", "QQQ"]))
    assert quotes["SPY"].ask_price > quotes["SPY"].bid_price > 100
    trade: Any = arm.data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="SPY"))
    assert abs(trade["SPY"].price - quotes["SPY"].bid_price) < 5
    arm.wait(130)
    minutes: Any = arm.data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="SPY", timeframe=TimeFrame.Minute, start=datetime(2026, 3, 10, tzinfo=UTC))
    )
    assert len(minutes["SPY"]) >= 2
    assert minutes["SPY"][0].high >= minutes["SPY"][0].low
    days: Any = arm.data.get_stock_bars(StockBarsRequest(symbol_or_symbols="SPY", timeframe=TimeFrame.Day))
    assert len(days["SPY"]) > 10
    last: Any = arm.data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="SPY"))
    assert last["SPY"].volume > 0
    snapshot: Any = arm.data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="SPY"))
    assert snapshot["SPY"].previous_daily_bar.close > 100


def check_the_trade_update_stream(arm: Arm) -> None:
    stream_url = None if arm.url is None else arm.url.replace("http", "ws") + "/stream"
    stream = TradingStream("key", "secret", paper=True, url_override=stream_url)
    heard: list[tuple[str, str]] = []

    async def on_update(update: Any) -> None:
        heard.append((str(getattr(update.event, "value", update.event)), update.order.client_order_id))

    stream.subscribe_trade_updates(on_update)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    arm.wait(10)
    arm.trading.submit_order(market("SPY", 1, BUY, "heard"))
    arm.wait(10)
    resting_order: Any = arm.trading.submit_order(resting("SPY", 1, "gone"))
    arm.trading.cancel_order_by_id(resting_order.id)
    arm.wait(10)
    stream.stop()
    thread.join(20)
    assert heard == [("new", "heard"), ("fill", "heard"), ("new", "gone"), ("canceled", "gone")], heard


def check_the_market_data_stream(arm: Arm) -> None:
    stream_url = None if arm.url is None else arm.url.replace("http", "ws") + "/v2/iex"
    stream = StockDataStream("key", "secret", url_override=stream_url)
    quotes: list[Any] = []
    bars: list[Any] = []

    async def on_quote(quote: Any) -> None:
        quotes.append(quote)

    async def on_bar(bar: Any) -> None:
        bars.append(bar)

    stream.subscribe_quotes(on_quote, "SPY")
    stream.subscribe_bars(on_bar, "QQQ")
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    arm.wait(150)
    stream.stop()
    thread.join(20)
    assert len(quotes) > 60
    assert quotes[0].symbol == "SPY"
    assert quotes[0].ask_price > quotes[0].bid_price
    assert bars
    assert bars[0].symbol == "QQQ"


def check_the_rate_limit_is_announced_and_answered(arm: Arm) -> None:
    url = (arm.url or "https://paper-api.alpaca.markets") + "/v2/account"
    keys = {"APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret"}
    with requests.Session() as session:
        look_at_the_limit(session, url, keys)


def look_at_the_limit(session: requests.Session, url: str, keys: dict[str, str]) -> None:
    first = session.get(url, headers=keys, timeout=10)
    assert first.headers["X-Ratelimit-Limit"] == "200"
    assert int(first.headers["X-Ratelimit-Remaining"]) < 200
    statuses = [session.get(url, headers=keys, timeout=10).status_code for _ in range(260)]
    assert 429 in statuses
    refused = next(r for _ in range(20) if (r := session.get(url, headers=keys, timeout=10)).status_code == 429)
    assert refused.json() == {"code": 42910000, "message": "rate limit exceeded"}


def check_without_keys_nothing_is_shown(arm: Arm) -> None:
    url = (arm.url or "https://paper-api.alpaca.markets") + "/v2/positions"
    refused = requests.get(url, timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (401, 40110000)
    lost = requests.get(url + "/no/such/thing", timeout=10, headers={"APCA-API-KEY-ID": "k"})
    assert lost.status_code == 404


CHECKS = {name: check for name, check in sorted(globals().items()) if name.startswith("check_")}


def in_virtual_time() -> None:
    """What the program under test runs: the check named in its arguments."""
    import os

    CHECKS[os.environ["CHECK"]](Arm())
    print("passed")


