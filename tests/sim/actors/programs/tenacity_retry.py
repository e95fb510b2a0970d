"""Fetches the account with tenacity's exponential back-off, as many data jobs do."""
# ruff: noqa
import logging
import time

import requests
from tenacity import before_sleep_log, retry, retry_if_exception_type, stop_after_delay, wait_exponential

log = logging.getLogger("fetch")


@retry(
    retry=retry_if_exception_type(requests.RequestException), wait=wait_exponential(multiplier=1, max=30),
    stop=stop_after_delay(600), before_sleep=before_sleep_log(log, logging.WARNING),
)
def fetch():
    answer = requests.get("https://broker.test/account", timeout=5)
    answer.raise_for_status()
    return answer.json()


time.sleep(100)
began = time.time()
print(fetch()["equity"] > 0, round(time.time() - began))
