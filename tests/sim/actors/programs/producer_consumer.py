"""Threads with a queue: a feed thread, two workers, a sentinel to stop them."""
# ruff: noqa
import queue
import threading
import time

import requests

jobs, done = queue.Queue(maxsize=3), []


def feed():
    for number in range(8):
        jobs.put(number)
        time.sleep(0.5)
    for _ in range(2):
        jobs.put(None)


def work():
    while (job := jobs.get()) is not None:
        requests.get("https://broker.test/health", timeout=5)
        time.sleep(1)
        done.append(job)
        jobs.task_done()


threads = [threading.Thread(target=target, name=target.__name__) for target in (feed, work, work)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(done), round(time.monotonic() - 100000, 1) < 6)
