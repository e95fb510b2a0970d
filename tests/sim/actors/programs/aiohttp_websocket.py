"""The same stream through aiohttp's WebSocket client."""
# ruff: noqa
import asyncio

import aiohttp


async def main():
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect("wss://stream.data.alpaca.markets/v2/iex", heartbeat=15) as ws:
            await ws.receive_json()
            await ws.send_json({"action": "auth", "key": "k", "secret": "s"})
            await ws.receive_json()
            await ws.send_json({"action": "subscribe", "trades": ["QQQ"]})
            await ws.receive_json()
            trades = [(await ws.receive_json())[0]["S"] for _ in range(5)]
    print(trades)


asyncio.run(main())
