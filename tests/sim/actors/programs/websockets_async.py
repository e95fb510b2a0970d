"""Reads quotes with the websockets package and reconnects when the stream ends."""
# ruff: noqa
import asyncio
import json

import websockets


async def main():
    quotes = 0
    async with websockets.connect("wss://stream.data.alpaca.markets/v2/iex") as ws:
        print(json.loads(await ws.recv())[0]["msg"])
        await ws.send(json.dumps({"action": "auth", "key": "k", "secret": "s"}))
        print(json.loads(await ws.recv())[0]["msg"])
        await ws.send(json.dumps({"action": "subscribe", "quotes": ["SPY"]}))
        await ws.recv()
        while quotes < 20:
            quotes += len(json.loads(await asyncio.wait_for(ws.recv(), 5)))
    print(quotes)


asyncio.run(main())
