"""A moving-average bot with pandas, typed with dataclasses, that trades through alpaca-py."""
# ruff: noqa
import time
from dataclasses import dataclass, field

import pandas as pd
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest


@dataclass
class Bot:
    symbol: str
    trading: TradingClient = field(default_factory=lambda: TradingClient("k", "s", paper=True))
    data: StockHistoricalDataClient = field(default_factory=lambda: StockHistoricalDataClient("k", "s"))

    def signal(self) -> int:
        request = StockBarsRequest(symbol_or_symbols=self.symbol, timeframe=TimeFrame.Day)
        closes = self.data.get_stock_bars(request).df["close"]
        return 1 if closes.iloc[-1] > closes.rolling(5).mean().iloc[-1] else -1

    def step(self):
        side = OrderSide.BUY if self.signal() > 0 else OrderSide.SELL
        order = MarketOrderRequest(symbol=self.symbol, qty=1, side=side, time_in_force=TimeInForce.DAY)
        return self.trading.submit_order(order)


bot = Bot("QQQ")
time.sleep(120)
order = bot.step()
time.sleep(2)
print(bot.trading.get_order_by_id(order.id).status.value, isinstance(pd.Timestamp.now(), pd.Timestamp))
