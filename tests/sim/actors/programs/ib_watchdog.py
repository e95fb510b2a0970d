"""ib_async with its Watchdog while no gateway answers: it keeps trying, in virtual time."""
# ruff: noqa
import asyncio
import logging

from ib_async import IB
from ib_async.ibcontroller import Watchdog

logging.getLogger("ib_async").setLevel(logging.CRITICAL)


class NoController:
    starts = 0

    async def startAsync(self):
        NoController.starts += 1

    async def terminateAsync(self):
        await asyncio.sleep(1)


async def main():
    ib = IB()
    dog = Watchdog(NoController(), ib, host="localhost", port=4002, retryDelay=10, connectTimeout=5, appStartupTime=5)
    dog.start()
    await asyncio.sleep(100)
    dog.stop()
    print(NoController.starts > 3, ib.isConnected())


asyncio.run(main())
