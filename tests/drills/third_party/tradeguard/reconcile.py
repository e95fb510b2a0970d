"""Positions, ours against the broker's, on a schedule."""

import logging
import threading
import time

import schedule

log = logging.getLogger("tradeguard.reconcile")


class Reconciler(threading.Thread):
    def __init__(self, settings, api, gateway, kill, page):
        super().__init__(name="reconciler", daemon=True)
        self.api, self.gateway, self.kill, self.page = api, gateway, kill, page
        self.jobs = schedule.Scheduler()
        self.jobs.every(int(settings.reconcile_s)).seconds.do(self.regular)
        self.doubt = None
        self.apart = 0
        self.unanswered = 0
        self.unacknowledged = 0

    def run(self):
        while True:
            self.jobs.run_pending()
            time.sleep(1)

    def regular(self):
        if self.gateway.connected():
            self.compare()

    def at_start(self):
        if not self.compare(at_once=True):
            self.doubt = self.doubt or "not compared since the start"

    def compare(self, at_once=False):
        broker = self.broker_positions()
        if broker is None:
            return False
        self.clear_up_pending()
        if broker == self.gateway.book():
            self.apart, self.doubt = 0, None
            return True
        self.apart += 1
        if self.apart < 2 and not at_once:
            return False
        account = self.kill.ask(self.api.account)
        self.gateway.adopt(broker, "reconciled", None if account is None else account["cash"])
        self.apart, self.doubt = 0, None
        log.warning("positions reconciled to the broker's")
        if not at_once:
            self.page("our positions differed, the broker's were taken", "warning")
        return True

    def broker_positions(self):
        answer = self.kill.ask(self.api.positions)
        if answer is None:
            self.doubt = "the broker does not show positions"
            self.unanswered += 1
            if self.unanswered == 2:
                self.page(self.doubt, "critical")
            return None
        self.unanswered = 0
        if not answer and self.gateway.book() and not self.really_flat():
            self.doubt = "an empty list of positions from an account that holds some"
            self.page(self.doubt, "critical")
            return None
        return answer

    def really_flat(self):
        account = self.kill.ask(self.api.account)
        return account is not None and abs(account["equity"] - account["cash"]) < 1.0

    def clear_up_pending(self):
        """Ask after orders without an acknowledgement."""
        late = self.gateway.unacknowledged(600)
        if late >= 2 > self.unacknowledged:
            self.page(f"{late} orders without an acknowledgement", "warning")
        self.unacknowledged = late
        for client_id in self.gateway.pending(older_than_s=20):
            answer = self.kill.ask(lambda client_id=client_id: {"order": self.api.order(client_id)})
            if answer is not None:
                self.gateway.settle(client_id, answer["order"])
