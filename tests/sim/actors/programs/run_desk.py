"""`run(desk)`: a blocking function that uses the desk and the standard library side by side."""
# ruff: noqa
import time
from datetime import datetime


def run(desk):
    began = desk.now
    time.sleep(30)
    desk.sleep(30)
    orders = desk.flatten()
    time.sleep(5)
    desk.log(f"sent {len(orders)} exits at {datetime.now():%H:%M:%S}")
    if not desk.broker.positions():
        desk.log("all positions closed")
    print(round(desk.now - began), desk.time.replace(tzinfo=None) == datetime.now())
