"""The same with an asyncio client: AsyncRetrying around httpx."""
# ruff: noqa
import asyncio
import time

import httpx
from tenacity import AsyncRetrying, stop_after_attempt, wait_fixed


async def main():
    await asyncio.sleep(100)
    began = time.monotonic()
    async with httpx.AsyncClient(base_url="https://broker.test", timeout=3) as client:
        async for attempt in AsyncRetrying(wait=wait_fixed(20), stop=stop_after_attempt(50)):
            with attempt:
                answer = await client.get("/positions")
        print(answer.status_code, attempt.retry_state.attempt_number, round(time.monotonic() - began))


asyncio.run(main())
