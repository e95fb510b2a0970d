"""The kill switch: six ways to fire, one way to stop, and a halt that survives the process.

Errors are counted before anything that needs the account, because an outage is when the account cannot be
read. Equity is estimated from the own book and from prices that passed the data guard; the broker's figure
is used to start the day.
"""

import json

HALT_FILE = "state/halt.json"
RISK_FILE = "state/risk.json"


class KillSwitch:
    """Watches loss, drawdown, errors and slippage; halts, and has positions closed where the limit asks it."""

    def __init__(self, desk, guard, wind_down):
        """Armed, with the day's start and the peak still unknown."""
        self.desk, self.guard, self.wind_down = desk, guard, wind_down
        self.limits = desk.limits
        self.reason = None
        self.closing = False
        self.errors_in_a_row = 0
        self.warned = False
        self.armed_at = self.next_check = 0.0
        self.day = None
        self.start_equity = None
        self.peak_equity = None

    # Looking.

    def check(self):
        """Once a second, whatever else is broken."""
        if self.errors_in_a_row >= self.limits["api_errors"]:
            self.fire(f"{self.errors_in_a_row} API errors in a row", flatten=False)
        if not self.desk.market_open and self.desk.now < self.next_check:
            return  # prices stand still: once a minute is enough
        self.next_check = self.desk.now + 60
        equity = self.equity()
        if equity is None:
            return
        self.roll_day(equity)
        self.check_loss(equity)
        self.check_drawdown(equity)
        self.check_orders()

    def check_loss(self, equity):
        """The daily loss limit."""
        loss_pct = 100 * (1 - equity / self.start_equity)
        if loss_pct >= self.limits["daily_loss_pct"]:
            self.fire(f"daily loss {loss_pct:.1f} %", flatten=True)

    def check_drawdown(self, equity):
        """Three levels: warn and take no new risk, halt, halt and close everything."""
        self.peak_equity = max(self.peak_equity, equity)
        drawdown_pct = 100 * (1 - equity / self.peak_equity)
        if drawdown_pct >= self.limits["drawdown_flatten_pct"]:
            self.fire(f"drawdown {drawdown_pct:.1f} %", flatten=True)
        elif drawdown_pct >= self.limits["drawdown_halt_pct"]:
            self.fire(f"drawdown {drawdown_pct:.1f} %", flatten=False)
        elif drawdown_pct >= self.limits["drawdown_warn_pct"] and not self.warned:
            self.warned = True
            self.desk.page(f"drawdown {drawdown_pct:.1f} %: smaller sizes, prepare to halt", severity="warning")

    def check_orders(self):
        """Errors and slippage of our own orders."""
        window = min(180.0, self.desk.now - self.armed_at)  # after a reset, what was before is settled
        if self.desk.orders_sent(window) >= 8 and self.desk.order_error_rate(window) >= self.limits["error_rate"]:
            self.fire(f"order error rate {self.desk.order_error_rate(window):.0%}", flatten=False)
        slippage_bps = self.desk.slippage_bps(10, since=self.armed_at)
        if slippage_bps >= self.limits["slippage_bps"]:
            self.fire(f"slippage {slippage_bps:.1f} bps", flatten=False)

    def equity(self):
        """The book at prices that passed the guard, or None while there is a symbol without one."""
        prices = {symbol: self.guard.good_price(symbol) for symbol in self.desk.positions}
        return None if None in prices.values() else self.desk.equity_at(prices)

    def poll_account(self):
        """Ask, every 10 s, whether the broker's API is alive."""
        if not self.desk.broker.connected:
            return  # the reconnector is at it; this switch is for a session that looks healthy
        self.count(self.desk.broker.account)

    def count(self, call):
        """Call the broker, and count failures in a row; the answer, or None."""
        try:
            answer = call(timeout=3)
        except Exception as error:
            if getattr(error, "status", 0) != 429:  # too many calls is our own doing, not an outage
                self.errors_in_a_row += 1
            self.desk.log(f"broker call failed: {error}", level="warning")
            return None
        self.errors_in_a_row = 0
        return answer

    def roll_day(self, equity):
        """Begin a new day from an equity that was really read."""
        today = self.desk.time.date().isoformat()
        if self.day == today:
            return
        if self.day is None:
            saved = self.saved_risk()
            self.peak_equity = max(saved.get("peak", 0.0), self.desk.figures.peak_equity, equity)
            self.start_equity = saved["start"] if saved.get("day") == today else self.desk.figures.day_start_equity
        else:
            self.start_equity = equity
            self.warned = False
        self.day = today
        risk = {"day": today, "start": self.start_equity, "peak": self.peak_equity}
        self.desk.files.write(RISK_FILE, json.dumps(risk))

    def saved_risk(self):
        """Figures of an earlier life of this process."""
        try:
            return json.loads(self.desk.files.read(RISK_FILE))
        except (OSError, ValueError):
            return {}

    # Acting.

    def fire(self, reason, flatten):
        """Halt, once; a worse reason may still add the closing of positions."""
        if self.reason is None:
            self.reason = reason
            self.desk.halt(reason)
            self.desk.log(f"KILL SWITCH TRIGGERED: {reason}", level="critical")
            self.desk.page(f"kill switch: {reason}")
            self.remember(reason, flatten)
            self.wind_down.cancel_orders()
        if flatten and not self.closing:
            self.closing = True
            self.desk.log(f"closing every position: {reason}", level="critical")
            self.remember(reason, flatten)
            self.wind_down.close_positions()

    def press(self, reason="manual"):
        """Somebody presses the button."""
        self.fire(f"manual: {reason}", flatten=False)
        return f"trading is halted: {self.reason}"

    def press_and_flatten(self, reason="manual"):
        """Somebody presses the button and wants out."""
        self.fire(f"manual: {reason}", flatten=True)
        return "closing has begun"

    def release(self):
        """Arm again, after somebody with the right to do so has approved it."""
        self.forget()
        self.reason, self.closing, self.errors_in_a_row, self.armed_at = None, False, 0, self.desk.now
        self.wind_down.stand_down()
        self.day_restart()
        self.desk.resume()
        return "halt reset, trading is resumed"

    def day_restart(self):
        """After an approved reset the limits count from here, or the same loss would fire again at once."""
        equity = self.equity()
        if equity is not None:
            self.start_equity = self.peak_equity = equity

    # Remembering.

    def remember(self, reason, flatten):
        """Write the halt down, so that a restart does not release it."""
        self.desk.files.write(HALT_FILE, json.dumps({"reason": reason, "flatten": flatten}))

    def forget(self):
        """Remove the halt file."""
        self.desk.files.remove(HALT_FILE)

    def recall(self):
        """After a start: a halt on file is in force; a file that cannot be read counts as one."""
        if not self.desk.files.exists(HALT_FILE):
            return
        try:
            halt = json.loads(self.desk.files.read(HALT_FILE))
            reason, flatten = str(halt["reason"]), bool(halt["flatten"])
        except (ValueError, KeyError, TypeError):
            reason, flatten = "halt file damaged", False
        self.fire(reason, flatten)
