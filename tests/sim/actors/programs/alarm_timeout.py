"""A script that limits a call by SIGALRM because its library has no timeout."""
# ruff: noqa
import signal
import time

import requests


class TooLong(Exception):
    pass


def too_long(number, frame):
    raise TooLong("gave up")


signal.signal(signal.SIGALRM, too_long)
time.sleep(100)
signal.alarm(15)
try:
    requests.get("https://broker.test/positions")
    print("answered")
except TooLong as error:
    print(error, round(time.monotonic() - 100000))
finally:
    signal.alarm(0)
