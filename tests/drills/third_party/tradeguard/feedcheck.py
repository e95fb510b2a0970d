"""Is the market data fit to trade on? Judges ticks, bars and silence, symbol by symbol."""

import logging
import math
import time

log = logging.getLogger("tradeguard.feed")


class FeedCheck:
    GOOD_BARS = 2
    NEW_LEVEL_BARS = 15
    FROZEN_S = 120

    def __init__(self, limits, session_age, page):
        self.max_jump = limits["bar_jump_pct"] / 100
        self.max_age_s = limits["feed_age_s"]
        self.session_age = session_age
        self.page = page
        self.price = {}
        self.moved_at = {}
        self.bars = {}
        self.bad = {}
        self.streak = {}
        self.level = {}

    def usable(self, symbol):
        reason = self.bad.get(symbol)
        return reason is None, reason

    def tick(self, symbol, price):
        known = self.price.get(symbol)
        if price <= 0 or (known is not None and math.isnan(price)):
            self.distrust(symbol, f"price {price}")
        elif known is not None and self.settled(90) and abs(price / known - 1) > self.max_jump:
            self.distrust(symbol, f"jump from {known} to {price}")
        else:
            if price != known:
                self.moved_at[symbol] = time.monotonic()
            self.price[symbol] = price

    def bar(self, bar):
        key = (bar.symbol, bar.minutes)
        last = self.bars.get(key)
        problem = self.fault_of(bar, last)
        if last is None or bar.start_us > last.start_us:
            self.bars[key] = bar
        if problem and not self.is_new_level(bar, last, problem):
            self.streak[bar.symbol] = 0
            self.distrust(bar.symbol, problem)
        elif bar.symbol in self.bad and bar.minutes == 1:
            self.streak[bar.symbol] = self.streak.get(bar.symbol, 0) + 1
            if self.streak[bar.symbol] >= self.GOOD_BARS and not self.silence(bar.symbol, None):
                self.price[bar.symbol] = bar.close
                del self.bad[bar.symbol]
                log.info("%s usable again", bar.symbol)

    def is_new_level(self, bar, last, problem):
        if not problem.startswith("close jumped") or last is None or bar.minutes != 1:
            return False
        near = abs(bar.close / last.close - 1) <= self.max_jump
        self.level[bar.symbol] = self.level.get(bar.symbol, 0) + 1 if near else 0
        if self.level[bar.symbol] < self.NEW_LEVEL_BARS:
            return False
        self.price[bar.symbol], self.level[bar.symbol] = bar.close, 0
        return True

    def fault_of(self, bar, last):
        prices = (bar.open, bar.high, bar.low, bar.close)
        if not all(math.isfinite(p) and p > 0 for p in prices):
            return f"prices {prices}"
        if bar.high < max(prices) or bar.low > min(prices):
            return "high and low do not fit"
        if bar.volume < 0 or (bar.volume == 0 and bar.high != bar.low):
            return f"volume {bar.volume}"
        if last is None:
            return None
        if bar.start_us <= last.start_us:
            return "time stamp not after the last"
        same_session = self.settled(60 * bar.minutes + 30)
        if same_session and bar.start_us - last.end_us > 120_000_000:
            return "bars missing"
        known = self.price.get(bar.symbol)
        if same_session and known is not None and abs(bar.close / known - 1) > self.max_jump:
            return f"close jumped from {known} to {bar.close}"
        return None

    def sweep(self, ages):
        for symbol, age_s in ages.items():
            problem = self.silence(symbol, age_s)
            if problem:
                self.streak[symbol] = 0
                self.distrust(symbol, problem)

    def silence(self, symbol, age_s):
        open_for = self.session_age()
        if open_for is None or open_for < 2 * self.max_age_s:
            return None
        if age_s is not None and age_s > self.max_age_s:
            return f"silent for {age_s:.0f} s"
        still_s = time.monotonic() - self.moved_at.get(symbol, time.monotonic())
        return f"frozen for {still_s:.0f} s" if min(still_s, open_for) > self.FROZEN_S else None

    def settled(self, seconds):
        open_for = self.session_age()
        return open_for is not None and open_for > seconds

    def distrust(self, symbol, reason):
        if symbol not in self.bad:
            log.error("%s not usable: %s", symbol, reason)
            self.page(f"market data of {symbol}: {reason}", "warning")
        self.bad[symbol] = reason
