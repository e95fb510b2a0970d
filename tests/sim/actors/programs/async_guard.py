"""An asyncio guard: two loops beside each other, a shared flag, a time-boxed call."""
# ruff: noqa
import asyncio
import time

import httpx


async def heartbeat(client, state):
    while not state["halted"]:
        try:
            async with asyncio.timeout(4):
                await client.get("/health")
            state["missed"] = 0
        except (TimeoutError, httpx.HTTPError):
            state["missed"] += 1
            if state["missed"] >= 3:
                state["halted"] = True
                print("halted at", round(time.monotonic() - 100000))
        await asyncio.sleep(10)


async def report(state):
    while not state["halted"]:
        await asyncio.sleep(1)
    return state["missed"]


async def main():
    state = {"missed": 0, "halted": False}
    async with httpx.AsyncClient(base_url="https://broker.test", timeout=None) as client:
        beat = asyncio.create_task(heartbeat(client, state))
        print(await report(state))
        await beat


asyncio.run(main())
