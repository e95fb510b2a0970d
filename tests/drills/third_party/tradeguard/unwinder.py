"""Gets the firm out: cancels what may fill, closes what is open, and believes only what the broker shows."""

import logging
import threading
import time

from .api import ApiError

log = logging.getLogger("tradeguard.unwind")


class Unwinder(threading.Thread):
    """A worker with two wishes: no order that adds risk, no position."""

    def __init__(self, api, gateway, page):
        super().__init__(name="unwinder", daemon=True)
        self.api, self.gateway, self.page = api, gateway, page
        self.wake = threading.Event()
        self.want_no_orders = self.want_flat = False
        self.tries = 0

    def cancel_everything(self):
        self.want_no_orders, self.tries = True, 0
        self.wake.set()

    def close_everything(self):
        self.want_flat, self.tries = True, 0
        self.wake.set()

    def stand_down(self):
        self.want_no_orders = self.want_flat = False

    def run(self):
        while True:
            self.wake.wait()
            self.wake.clear()
            while self.want_no_orders or self.want_flat:
                self.attempt()
                time.sleep(min(1 + self.tries, 15))

    def attempt(self):
        self.tries += 1
        if self.tries % 20 == 0:
            self.page(f"still not out after {self.tries} tries", "critical")
        try:
            if self.want_no_orders and self.cancelled():
                self.want_no_orders = False
                log.warning("all open orders cancelled, the broker shows none")
            if self.want_flat and not self.want_no_orders and self.closed():
                self.want_flat = False
                log.warning("all positions closed, the broker shows none")
        except ApiError as error:
            log.error("unwinding goes on: %s", error)

    def cancelled(self):
        """Ask for what may still fill to be cancelled; True once the broker's list shows none of it."""
        try:
            listed = [row for row in self.api.open_orders() if not row["client_order_id"].startswith("tg-")]
        except ApiError:
            self.gateway.cancel_own()  # the list is down; what we know of can be cancelled all the same
            raise
        unlisted = self.unlisted({row["client_order_id"] for row in listed})
        for row in listed + unlisted:
            if row["id"] is not None:
                self.cancel(row["id"])
            self.gateway.settle(row["client_order_id"], self.api.order(row["client_order_id"]))
        return not listed and not unlisted

    def unlisted(self, seen):
        """Ours that the broker never acknowledged and does not list: asked after one by one."""
        return [
            self.api.order(client_id) or {"id": None, "client_order_id": client_id}
            for client_id in self.gateway.pending() if client_id not in seen
        ]

    def cancel(self, order_id):
        try:
            self.api.cancel(order_id)
        except ApiError as error:
            if error.status not in (404, 422):  # gone or filled meanwhile
                raise

    def closed(self):
        orders = self.api.open_orders()  # before the positions: what fills in between must not be sent again
        held = self.api.positions()
        if not held and not self.gateway.book():
            return True
        working = {}
        for row in orders:
            side = 1 if row["side"] == "buy" else -1
            if side * held.get(row["symbol"], 0) < 0:
                left = int(float(row["qty"])) - int(float(row["filled_qty"]))
                working[row["symbol"]] = working.get(row["symbol"], 0) + side * left
        if held != self.gateway.book() and not working:
            self.gateway.adopt(held, "closing by the broker's positions")
        for symbol, qty in held.items():
            missing = -qty - working.get(symbol, 0)
            if missing * qty < 0:
                self.gateway.exit(symbol, max(-abs(qty), min(abs(qty), missing)))
        return False
