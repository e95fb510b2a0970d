"""A watchdog made of threading.Timer: no heartbeat for ten seconds raises the alarm."""
# ruff: noqa
import threading
import time

alarms = []


class Watchdog:
    def __init__(self, seconds):
        self.seconds = seconds
        self.timer = None
        self.beat()

    def beat(self):
        if self.timer:
            self.timer.cancel()
        self.timer = threading.Timer(self.seconds, lambda: alarms.append(round(time.monotonic() - 100000)))
        self.timer.daemon = True
        self.timer.start()


dog = Watchdog(10)
for pause in (3, 8, 15, 5):
    time.sleep(pause)
    dog.beat()
print(alarms)
