"""The websockets package's threaded client."""
# ruff: noqa
import json

from websockets.sync.client import connect

with connect("wss://stream.data.alpaca.markets/v2/iex") as ws:
    print(json.loads(ws.recv(timeout=5))[0]["msg"])
    ws.send(json.dumps({"action": "auth", "key": "", "secret": ""}))
    print(json.loads(ws.recv(timeout=5))[0])
