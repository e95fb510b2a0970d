"""The data guard: which symbols can be trusted right now.

A bad tick or bar blocks new risk in its symbol until two good bars in a row have come; silence in the
session blocks it until data flows again. Nights, weekends and the gap at the open are not faults.
"""

import math

GOOD_BARS_NEEDED = 2
BARS_OF_A_NEW_LEVEL = 15
FROZEN_AFTER_S = 120


class DataGuard:
    """Knows the last good price of each symbol, and why a symbol is blocked."""

    def __init__(self, desk):
        """Trust everything until something is wrong."""
        self.desk = desk
        self.max_jump = desk.limits["bar_jump_pct"] / 100
        self.max_age_s = desk.limits["feed_age_s"]
        self.good = {}
        self.last_bar = {}
        self.changed_at = {}
        self.blocked = {}
        self.good_bars = {}
        self.agreeing = {}

    def good_price(self, symbol):
        """The last price that passed, or None."""
        return self.good.get(symbol)

    def verdict(self, symbol):
        """True when the symbol may be traded, or the reason why not."""
        reason = self.blocked.get(symbol)
        return f"data guard: {reason}" if reason else True

    def see_tick(self, tick):
        """Judge a price."""
        symbol, price, good = tick.symbol, tick.price, self.good.get(tick.symbol)
        if (good is not None and price != price) or price <= 0:
            self.block(symbol, f"price {price}")
        elif good is not None and not self.first_minutes() and abs(price / good - 1) > self.max_jump:
            self.block(symbol, f"price jumped from {good} to {price}")
        else:
            if price != good:
                self.changed_at[symbol] = self.desk.now
            self.good[symbol] = price

    def see_bar(self, bar):
        """Judge a bar; two good ones in a row lift a block."""
        problem = self.problem_of(bar)
        before = self.last_bar.get((bar.symbol, bar.minutes))
        if before is None or bar.start_us > before.start_us:
            self.last_bar[bar.symbol, bar.minutes] = bar
        if problem and not self.new_level(bar, before, problem):
            self.good_bars[bar.symbol] = 0
            self.block(bar.symbol, problem)
        elif bar.symbol in self.blocked and bar.minutes == 1:
            self.good_bars[bar.symbol] = self.good_bars.get(bar.symbol, 0) + 1
            if self.good_bars[bar.symbol] >= GOOD_BARS_NEEDED and not self.silence(bar.symbol):
                self.good[bar.symbol] = bar.close
                del self.blocked[bar.symbol]
                self.desk.log(f"data guard: {bar.symbol} trusted again")

    def new_level(self, bar, before, problem):
        """Whether bars far from the last good price have agreed with each other for so long that the market moved."""
        if not problem.startswith("close jumped") or before is None or bar.minutes != 1:
            return False
        agrees = abs(bar.close / before.close - 1) <= self.max_jump
        self.agreeing[bar.symbol] = self.agreeing.get(bar.symbol, 0) + 1 if agrees else 0
        if self.agreeing[bar.symbol] < BARS_OF_A_NEW_LEVEL:
            return False
        self.good[bar.symbol], self.agreeing[bar.symbol] = bar.close, 0
        self.desk.page(f"{bar.symbol} has stayed at {bar.close} for {BARS_OF_A_NEW_LEVEL} min, taken as its price")
        return True

    def problem_of(self, bar):
        """What is wrong with a bar, or None."""
        values = (bar.open, bar.high, bar.low, bar.close)
        for value in values:
            if not (math.isfinite(value) and value > 0):
                return f"bar with price {value}"
        if bar.high < max(bar.open, bar.close, bar.low) or bar.low > min(bar.open, bar.close):
            return f"high {bar.high} and low {bar.low} do not fit"
        if bar.volume < 0 or (bar.volume == 0 and bar.high != bar.low):
            return f"volume {bar.volume} with a moving price"
        before = self.last_bar.get((bar.symbol, bar.minutes))
        if before is None:
            return None
        if bar.start_us <= before.start_us:
            return "time stamp repeated or out of order"
        same_session = self.desk.seconds_since_open is not None and self.desk.seconds_since_open > 60 * bar.minutes + 30
        if same_session and bar.start_us - before.end_us > 2 * 60_000_000:
            return "bars are missing"
        good = self.good.get(bar.symbol)
        if same_session and good is not None and abs(bar.close / good - 1) > self.max_jump:
            return f"close jumped from {good} to {bar.close}"
        return None

    def check_age(self):
        """Look, every 5 s, whether the data has stopped, or stopped moving."""
        for symbol in self.desk.symbols:
            problem = self.silence(symbol)
            if problem:
                self.good_bars[symbol] = 0
                self.block(symbol, problem)

    def silence(self, symbol):
        """Why the symbol's data counts as dead, or None; nothing is expected outside the session."""
        open_for = self.desk.seconds_since_open
        if open_for is None or open_for < 2 * self.max_age_s:
            return None
        if self.desk.price_age(symbol) > self.max_age_s:
            return f"no data for {self.desk.price_age(symbol):.0f} s"
        still = self.desk.now - self.changed_at.get(symbol, self.desk.now)
        return f"price unchanged for {still:.0f} s" if min(still, open_for) > FROZEN_AFTER_S else None

    def first_minutes(self):
        """Whether the session has just opened, when a gap from the last close is normal."""
        open_for = self.desk.seconds_since_open
        return open_for is None or open_for < 90

    def block(self, symbol, reason):
        """Take no new risk in this symbol."""
        if symbol not in self.blocked:
            self.desk.log(f"data guard: {symbol} blocked, {reason}", level="error")
            self.desk.page(f"bad market data: {symbol}, {reason}", severity="warning")
        self.blocked[symbol] = reason
