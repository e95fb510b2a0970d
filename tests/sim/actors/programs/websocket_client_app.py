"""Follows trade updates with websocket-client's callback interface in a thread."""
# ruff: noqa
import json
import threading
import time

import requests
import websocket

events = []


def on_open(ws):
    ws.send(json.dumps({"action": "auth", "key": "k", "secret": "s"}))
    ws.send(json.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}}))


def on_message(ws, message):
    said = json.loads(message)
    if said["stream"] == "trade_updates":
        events.append(said["data"]["event"])


app = websocket.WebSocketApp("wss://paper-api.alpaca.markets/stream", on_open=on_open, on_message=on_message)
threading.Thread(target=app.run_forever, daemon=True).start()
time.sleep(5)
requests.post("https://paper-api.alpaca.markets/v2/orders", headers={"APCA-API-KEY-ID": "k"}, timeout=5,
              json={"symbol": "QQQ", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"})
time.sleep(5)
app.close()
print(events)
