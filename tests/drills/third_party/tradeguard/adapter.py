"""The only file that knows the desk: it gives the add-on its gateway and the desk its hooks."""

import logging
import time

from .api import Api
from .feedcheck import FeedCheck
from .killswitch import KillSwitch, State
from .reconcile import Reconciler
from .sessions import SessionKeeper
from .settings import Settings
from .store import StateStore
from .unwinder import Unwinder

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")


class Gateway:
    """The firm's order gateway and book, in the add-on's words."""

    def __init__(self, desk):
        self.desk = desk
        self.exits = 0
        self.offset_s = desk.now - time.monotonic()

    def book(self):
        return self.desk.positions

    def connected(self):
        return self.desk.broker.connected

    def connect(self, timeout):
        self.desk.broker.connect(timeout=timeout)

    def halt(self, reason):
        self.desk.halt(reason)

    def release(self):
        self.desk.resume()

    def value(self, prices):
        return self.desk.equity_at(prices)

    def opening(self):
        figures = self.desk.figures
        return figures.day_start_equity, figures.peak_equity

    def order_errors(self, window_s):
        return self.desk.orders_sent(window_s), self.desk.order_error_rate(window_s)

    def slippage_bps(self, last, since):
        return self.desk.slippage_bps(last, since=max(0.0, since + self.offset_s))

    def unacknowledged(self, seconds):
        return self.desk.orders_unanswered(seconds)

    def pending(self, older_than_s=0.0):
        """Client ids of orders that the broker has not acknowledged and that add risk."""
        return [
            order.id for order in self.desk.orders
            if not order.acknowledged and not (older_than_s == 0 and order.reducing)
            and self.desk.now - order.created_us / 1e6 >= older_than_s
        ]  # fmt: skip

    def cancel_own(self):
        for order in self.desk.orders:
            if not order.reducing:
                self.desk.cancel(order)

    def settle(self, client_id, row):
        if row is None:
            self.desk.settle(client_id, None)
        elif any(order.id == client_id for order in self.desk.orders):
            self.desk.settle(client_id, self.desk.broker.order(client_id, timeout=3))

    def adopt(self, positions, why, cash=None):
        self.desk.adopt_positions(positions, why, cash)

    def exit(self, symbol, qty):
        self.exits += 1
        side = "buy" if qty > 0 else "sell"
        self.desk.broker.submit(symbol, side, abs(qty), order_id=f"tg-{int(self.desk.now)}-{self.exits}")


class AddOn:
    def __init__(self, desk):
        self.desk, settings = desk, Settings()
        self.api, self.gateway = Api(settings), Gateway(desk)
        self.store = StateStore(settings.state_dir)
        self.feed = FeedCheck(desk.limits, lambda: desk.seconds_since_open, desk.page)
        self.unwinder = Unwinder(self.api, self.gateway, desk.page)
        self.kill = KillSwitch(
            settings, desk.limits, self.api, self.gateway, self.feed, self.unwinder, self.store, desk.page
        )
        self.reconciler = Reconciler(settings, self.api, self.gateway, self.kill, desk.page)
        self.sessions = SessionKeeper(self.gateway, self.reconciler.compare, desk.page)
        self.every = {5: self.sweep}
        self.commands = {"reset": self.reset, "flatten": self.flatten, "status": lambda: desk.call("status")}
        self.endpoints = {
            "halt": self.press, "reset": self.kill.reset, "flatten": self.get_out, "status": self.status,
            "reconcile": self.reconciler.compare, "reconnect": self.sessions.lost.set,
        }  # fmt: skip

    def start(self):
        risk = self.store.load("risk") or {}
        if risk.get("day") == time.strftime("%Y-%m-%d"):
            self.desk.page("restarted during the day", "critical")
        self.kill.recall()
        self.reconciler.at_start()
        for worker in (self.unwinder, self.kill, self.reconciler, self.sessions):
            worker.start()
        return self

    def sweep(self):
        self.feed.sweep({symbol: self.desk.price_age(symbol) for symbol in self.desk.symbols})

    def on_tick(self, tick):
        self.feed.tick(tick.symbol, tick.price)

    def on_bar(self, bar):
        self.feed.bar(bar)

    def on_disconnect(self, reason):
        self.sessions.lost.set()

    def on_order(self, order):
        if order.id.startswith("tg-"):
            return True
        usable, why = self.feed.usable(order.symbol)
        if not usable:
            return f"market data: {why}"
        if order.reducing:
            return True
        if self.kill.state is State.TRIPPED:
            return f"kill switch: {self.kill.reason}"
        return f"positions in doubt: {self.reconciler.doubt}" if self.reconciler.doubt else True

    def press(self, reason="manual"):
        self.kill.trip(f"manual: {reason}")
        return f"kill switch engaged: {self.kill.reason}"

    def get_out(self, reason="manual"):
        self.kill.trip(f"manual: {reason}", flatten=True)
        return "closing begins"

    def reset(self):
        try:
            return self.desk.call("reset")
        except (ConnectionError, TimeoutError):
            self.store.drop("halt")
            return "the add-on is down; the next start trades"

    def flatten(self):
        try:
            return self.desk.call("flatten")
        except ConnectionError:
            self.store.save("halt", {"reason": "asked for while down", "flatten": True})
            return "the add-on is down; closing begins at the next start"

    def status(self):
        return f"{self.kill.state.value} {self.kill.reason}, book {self.desk.positions}"


def build(desk):
    add_on = AddOn(desk)
    return add_on.start() if desk.in_system else add_on
