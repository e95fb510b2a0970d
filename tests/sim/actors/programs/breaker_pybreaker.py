"""A pybreaker circuit: opens after three failures, lets one through after a minute, closes when it works."""
# ruff: noqa
import time

import pybreaker
import requests

breaker = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=60)
states = []


@breaker
def ping():
    requests.get("https://broker.test/health", timeout=2).raise_for_status()


for _ in range(60):
    try:
        ping()
    except (pybreaker.CircuitBreakerError, requests.RequestException):
        pass
    if not states or states[-1] != breaker.current_state:
        states.append(breaker.current_state)
    time.sleep(10)
print(states)
