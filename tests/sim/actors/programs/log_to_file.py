"""Logs to a rotating file and to the terminal, with its own time format."""
# ruff: noqa
import logging
import logging.handlers
import time

handler = logging.handlers.RotatingFileHandler("bot.log", maxBytes=100_000)
handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(message)s"))
logging.basicConfig(level=logging.INFO, handlers=[handler, logging.StreamHandler()])
logging.info("starting")
time.sleep(3661)
logging.error("trading halted")
print(open("bot.log").read().splitlines()[-1])
