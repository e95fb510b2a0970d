"""Prices for the monitor, read in a thread of their own."""
# ruff: noqa
import threading
import time
from queue import Queue
from typing import NamedTuple

import requests

BASE = "https://paper-api.alpaca.markets/v2"
session = requests.Session()
session.headers.update({"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"})


class Sample(NamedTuple):
    at: float
    equity: float


class Reader(threading.Thread):
    def __init__(self, out: Queue, every: float):
        super().__init__(name="reader", daemon=True)
        self.out, self.every = out, every
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(self.every):
            try:
                reply = session.get(BASE + "/account", timeout=(3.05, 10))
                reply.raise_for_status()
            except requests.RequestException:
                continue
            self.out.put(Sample(time.monotonic(), float(reply.json()["equity"])))
