"""A blocking kill switch: polls equity, flattens through alpaca-py when the broker answers again, retries until flat."""
# ruff: noqa
import logging
import time

from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("kill")
client = TradingClient("key", "secret", paper=True)


def flatten():
    while True:
        try:
            client.close_all_positions(cancel_orders=True)
            time.sleep(2)
            if not client.get_all_positions():
                return
        except (APIError, OSError) as error:
            log.warning("flatten failed: %s", type(error).__name__)
        time.sleep(5)


time.sleep(120)
flatten()
log.info("all positions closed")
print("flat at", round(time.monotonic() - 100000))
