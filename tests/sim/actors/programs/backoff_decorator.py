"""Order entry behind the backoff library, with an idempotency key so that a lost answer does not double the order."""
# ruff: noqa
import time
import uuid

import backoff
import requests

session = requests.Session()


@backoff.on_exception(backoff.expo, requests.RequestException, max_time=600, jitter=backoff.full_jitter)
def order(key, **body):
    answer = session.post("https://broker.test/orders", json=body, headers={"Idempotency-Key": key}, timeout=5)
    answer.raise_for_status()
    return answer.json()


time.sleep(100)
sent = order(str(uuid.uuid4()), symbol="SPY", side="buy", qty=5)
print(sent["status"], len(session.get("https://broker.test/orders", timeout=5).json()))
