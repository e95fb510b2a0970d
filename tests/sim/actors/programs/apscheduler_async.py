"""APScheduler on an asyncio loop."""
# ruff: noqa
import asyncio

from apscheduler.schedulers.asyncio import AsyncIOScheduler

ticks = []


async def tick():
    await asyncio.sleep(0.5)
    ticks.append(asyncio.get_running_loop().time())


async def main():
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(tick, "interval", seconds=20)
    scheduler.start()
    await asyncio.sleep(100.9)
    scheduler.shutdown()
    print(len(ticks), round(ticks[1] - ticks[0], 3))


asyncio.run(main())
