"""Compares its own position file with the broker's and rewrites it; files survive, memory does not."""
# ruff: noqa
import json
import os
import time

import requests

STATE = "state/positions.json"
os.makedirs("state", exist_ok=True)
if not os.path.exists(STATE):
    json.dump({"SPY": 1}, open(STATE, "w"))
while True:
    local = json.load(open(STATE))
    broker = requests.get("https://broker.test/positions", timeout=5).json()
    if local == broker:
        break
    with open(STATE + ".tmp", "w") as file:
        json.dump(broker, file)
    os.replace(STATE + ".tmp", STATE)
    print("mismatch in", len(set(local) ^ set(broker)))
    time.sleep(30)
print("reconciled", sorted(os.listdir("state")))
