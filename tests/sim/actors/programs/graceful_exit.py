"""Ends on SIGTERM: cancels its orders, says so, exits with 0."""
# ruff: noqa
import os
import signal
import sys
import threading
import time

import requests

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
threading.Timer(30, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
requests.post("https://broker.test/orders", json={"symbol": "SPY", "side": "buy", "qty": 1, "type": "limit", "limit_price": 5})
while not stop.wait(timeout=1):
    pass
cancelled = requests.delete("https://broker.test/orders", timeout=5).json()["canceled"]
print("cancelled", len(cancelled), "at", round(time.monotonic() - 100000))
sys.exit(0)
