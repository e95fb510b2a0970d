"""Polls with aiohttp, a semaphore and a total timeout; counts what went wrong by kind."""
# ruff: noqa
import asyncio
from collections import Counter

import aiohttp

seen = Counter()


async def poll(session, limit, number):
    async with limit:
        await asyncio.sleep(number * 5)
        try:
            async with session.get("https://broker.test/account") as answer:
                seen[answer.status] += 1
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            seen[type(error).__name__] += 1


async def main():
    timeout = aiohttp.ClientTimeout(total=8)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        limit = asyncio.Semaphore(100)
        await asyncio.gather(*(poll(session, limit, n) for n in range(60)))
    print(sum(seen.values()), seen[200] == 18, len(seen) > 1)


asyncio.run(main())
