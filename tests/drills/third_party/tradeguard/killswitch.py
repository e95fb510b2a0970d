"""The kill switch: a thread that looks once a second and a latch that survives the process."""

import logging
import threading
import time
from datetime import datetime
from enum import Enum

from .api import ApiError

log = logging.getLogger("tradeguard.kill")


class State(Enum):
    ARMED = "armed"
    TRIPPED = "tripped"


class KillSwitch(threading.Thread):
    def __init__(self, settings, limits, api, gateway, feed, unwinder, store, page):
        super().__init__(name="kill-switch", daemon=True)
        self.settings, self.limits, self.api, self.gateway = settings, limits, api, gateway
        self.feed, self.unwinder, self.store, self.page = feed, unwinder, store, page
        self.lock = threading.RLock()
        self.state, self.reason, self.flattening = State.ARMED, "", False
        self.failures = 0
        self.day, self.day_equity, self.peak = None, None, None
        self.warned = False
        self.armed_at = time.monotonic()
        self.stop = threading.Event()

    def run(self):
        next_account = time.monotonic() + self.settings.account_poll_s
        while not self.stop.wait(self.settings.poll_s):
            if time.monotonic() >= next_account:
                next_account = time.monotonic() + self.settings.account_poll_s
                if self.gateway.connected():
                    self.ask(self.api.account)
            with self.lock:
                self.look()

    def look(self):
        if self.failures >= self.limits["api_errors"]:
            self.trip(f"{self.failures} API failures in a row")
        equity = self.equity()
        if equity is None:
            return
        self.begin_day(equity)
        loss_pct = 100 * (1 - equity / self.day_equity)
        if loss_pct >= self.limits["daily_loss_pct"]:
            self.trip(f"daily loss of {loss_pct:.1f} %", flatten=True)
        self.look_at_drawdown(equity)
        self.look_at_orders()

    def look_at_drawdown(self, equity):
        self.peak = max(self.peak, equity)
        drawdown_pct = 100 * (1 - equity / self.peak)
        if drawdown_pct >= self.limits["drawdown_flatten_pct"]:
            self.trip(f"drawdown of {drawdown_pct:.1f} %", flatten=True)
        elif drawdown_pct >= self.limits["drawdown_halt_pct"]:
            self.trip(f"drawdown of {drawdown_pct:.1f} %")
        elif drawdown_pct >= self.limits["drawdown_warn_pct"] and not self.warned:
            self.warned = True
            self.page(f"drawdown of {drawdown_pct:.1f} %", "warning")

    def look_at_orders(self):
        window_s = min(180.0, time.monotonic() - self.armed_at)
        sent, failed = self.gateway.order_errors(window_s)
        if sent >= 8 and failed >= self.limits["error_rate"]:
            self.trip(f"{failed:.0%} of orders fail")
        slippage_bps = self.gateway.slippage_bps(10, self.armed_at)
        if slippage_bps >= self.limits["slippage_bps"]:
            self.trip(f"slippage of {slippage_bps:.1f} bps")

    def ask(self, call):
        try:
            answer = call()
        except ApiError as error:
            if error.status != 429:
                self.failures += 1
            log.warning("%s (%d in a row)", error, self.failures)
            return None
        self.failures = 0
        return answer

    def equity(self):
        prices = {symbol: self.feed.price.get(symbol) for symbol in self.gateway.book()}
        return None if None in prices.values() else self.gateway.value(prices)

    def begin_day(self, equity):
        today = datetime.now().date().isoformat()
        if self.day == today:
            return
        saved = self.store.load("risk") or {}
        if self.day is None:
            start, peak = self.gateway.opening()
            self.peak = max(saved.get("peak", 0.0), peak, equity)
            self.day_equity = saved["start"] if saved.get("day") == today else start
        else:
            self.day_equity, self.warned = equity, False
        self.day = today
        self.store.save("risk", {"day": today, "start": self.day_equity, "peak": self.peak})

    def trip(self, reason, flatten=False):
        with self.lock:
            if self.state is State.ARMED:
                self.state, self.reason = State.TRIPPED, reason
                self.store.save("halt", {"reason": reason, "flatten": flatten})
                self.gateway.halt(reason)
                log.critical("kill switch fired: %s", reason)
                self.page(f"kill switch: {reason}", "critical")
                self.unwinder.cancel_everything()
            if flatten and not self.flattening:
                self.flattening = True
                self.store.save("halt", {"reason": reason, "flatten": True})
                self.unwinder.close_everything()

    def reset(self):
        with self.lock:
            self.store.drop("halt")
            self.state, self.reason, self.flattening, self.failures = State.ARMED, "", False, 0
            self.armed_at = time.monotonic()
            self.unwinder.stand_down()
            equity = self.equity()
            if equity is not None:
                self.day_equity = self.peak = equity
            self.gateway.release()
        return "halt released, trading resumed"

    def recall(self):
        halt = self.store.load("halt")
        if halt is not None:
            self.trip(str(halt.get("reason", "halt file damaged")), bool(halt.get("flatten")))
