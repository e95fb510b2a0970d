"""The circuitbreaker package around a position check."""
# ruff: noqa
import time

import requests
from circuitbreaker import CircuitBreakerError, circuit

counts = {"ok": 0, "failed": 0, "open": 0}


@circuit(failure_threshold=2, recovery_timeout=45, expected_exception=requests.RequestException)
def positions():
    return requests.get("https://broker.test/positions", timeout=1).json()


for _ in range(40):
    try:
        positions()
        counts["ok"] += 1
    except CircuitBreakerError:
        counts["open"] += 1
    except requests.RequestException:
        counts["failed"] += 1
    time.sleep(15)
print(counts["ok"] > 10, counts["open"] > 5, counts["failed"] >= 2, sum(counts.values()))
