"""What `python -m riskd` starts: the monitor, reading its feed."""
# ruff: noqa
import enum
import queue
import sys
import time

from . import feed
from .feed import Reader

START = time.monotonic()


class Mode(enum.Enum):
    NORMAL = "normal"
    BLIND = "blind"
    CLOSED = "closed"


def at() -> int:
    return round(time.monotonic() - START)


def main() -> int:
    samples: queue.Queue = queue.Queue(maxsize=100)
    reader = Reader(samples, 5)
    reader.start()
    mode = Mode.NORMAL
    while at() < 400:
        try:
            samples.get(timeout=20)
        except queue.Empty:
            if mode is Mode.NORMAL:
                mode = Mode.BLIND
                print(mode.value, at())
            continue
        if mode is Mode.BLIND:
            reply = feed.session.delete(feed.BASE + "/positions", params={"cancel_orders": "true"}, timeout=10)
            mode = Mode.CLOSED
            print("Alle Positionen geschlossen", at(), reply.status_code)
    reader.stopping.set()
    reader.join(timeout=30)
    print(mode.value, reader.is_alive(), __package__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
