"""Keeps the broker session: a thread that reconnects for as long as it takes, with growing pauses."""

import logging
import threading

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, stop_never, wait_exponential

log = logging.getLogger("tradeguard.session")


class SessionKeeper(threading.Thread):
    def __init__(self, gateway, on_restored, page):
        super().__init__(name="session-keeper", daemon=True)
        self.gateway, self.on_restored, self.page = gateway, on_restored, page
        self.lost = threading.Event()

    def run(self):
        while True:
            self.lost.wait(timeout=5)
            if not self.gateway.connected():
                self.reconnect()
            self.lost.clear()

    def reconnect(self):
        retry = Retrying(
            retry=retry_if_exception_type(Exception), wait=wait_exponential(min=1, max=30), stop=stop_never,
            before_sleep=before_sleep_log(log, logging.WARNING), reraise=True,
        )
        for attempt in retry:
            with attempt:
                if attempt.retry_state.attempt_number % 20 == 5:
                    self.page("the broker cannot be reached, still trying", "critical")
                self.gateway.connect(timeout=5)
        log.info("reconnected")
        self.on_restored()
