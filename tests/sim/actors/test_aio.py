"""asyncio programs: exact timers, timeouts, pools, queues, signals, several loops beside each other."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from tests.sim.actors.kit import run

HEAD = """
import asyncio, time, threading
def at(): return round(time.monotonic() - 100000, 6)
"""


def test_sleep_gather_wait_for_and_timeout(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        HEAD + """
async def main():
    await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2.5)); print("gather", at())
    try: await asyncio.wait_for(asyncio.sleep(60), timeout=0.3)
    except asyncio.TimeoutError: print("wait_for", at())
    try:
        async with asyncio.timeout(2): await asyncio.Event().wait()
    except TimeoutError: print("timeout", at())
    done, pending = await asyncio.wait({asyncio.ensure_future(asyncio.sleep(n)) for n in (1, 5)}, timeout=3)
    print(len(done), len(pending), at())
    async with asyncio.TaskGroup() as group: group.create_task(asyncio.sleep(4))
    print("group", at(), asyncio.current_task().get_name())
asyncio.run(main())
print("ended", at())
""",
    )
    assert world.lines() == [
        "gather 2.5", "wait_for 2.8", "timeout 4.8", "1 1 7.8", "group 11.8 Task-1", "ended 11.8",
    ]  # fmt: skip


def test_a_thousand_timers_fire_exactly(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        HEAD + """
async def main():
    late = []
    async def one(n):
        began = time.monotonic(); await asyncio.sleep(n / 7); late.append(time.monotonic() - began - n / 7)
    await asyncio.gather(*(one(n) for n in range(1000)))
    print(max(late) < 2e-6, min(late) > -2e-6, at())
asyncio.run(main())
""",
    )
    assert world.lines() == ["True True 142.714286"]


def test_blocking_calls_go_to_threads(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        HEAD + """
async def beat():
    while True: await asyncio.sleep(1); print("beat", at())
async def main():
    task = asyncio.create_task(beat())
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, lambda: (time.sleep(2.5), at())[1]))
    print(await asyncio.to_thread(lambda: (time.sleep(1), threading.current_thread().name)[1]))
    task.cancel()
    time.sleep(5)   # blocks the loop, as it does in earnest
asyncio.run(main())
print("end", at())
""",
    )
    assert world.lines() == ["beat 1.0", "beat 2.0", "2.5", "beat 3.0", "asyncio_0", "end 8.5"]


def test_two_threads_with_a_loop_each(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        HEAD + """
async def talk(name, pause):
    for i in range(2): await asyncio.sleep(pause); print(name, at())
thread = threading.Thread(target=lambda: asyncio.run(talk("thread", 1.5)))
thread.start()
asyncio.run(talk("main", 1))
thread.join()
loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop)
later = asyncio.run_coroutine_threadsafe(talk("safe", 1), loop)
threading.Thread(target=lambda: (later.result(), loop.call_soon_threadsafe(loop.stop))).start()
loop.run_forever(); loop.close()
""",
    )
    assert world.lines() == ["main 1.0", "thread 1.5", "main 2.0", "thread 3.0", "safe 4.0", "safe 5.0"]


def test_queues_events_and_signal_handlers_of_the_loop(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        HEAD + """
import os, signal
async def main():
    loop, stop, q = asyncio.get_running_loop(), asyncio.Event(), asyncio.Queue()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.call_later(3, os.kill, os.getpid(), signal.SIGTERM)
    async def produce():
        for i in range(2): await asyncio.sleep(1); await q.put(i)
    task = asyncio.create_task(produce())
    print(await q.get(), await q.get(), at())
    await stop.wait(); print("stopping", at())
asyncio.run(main())
""",
    )
    assert world.lines() == ["0 1 2.0", "stopping 3.0"]


def test_the_loop_and_the_policy_are_real_again(tmp_path: Path) -> None:
    run(tmp_path, HEAD + "asyncio.run(asyncio.sleep(1))")

    async def real() -> str:
        await asyncio.sleep(0)
        return type(asyncio.get_running_loop()._selector).__module__  # type: ignore[attr-defined]

    assert asyncio.run(real()) == "selectors"


def test_tasks_that_the_end_of_their_process_cuts_short_complain_to_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = """
        import asyncio

        async def main():
            reader, writer = await asyncio.open_connection("api.test", 80)
            try:
                await asyncio.sleep(86400)
            finally:
                writer.write(b"goodbye")

        asyncio.run(main())
        """
    run(tmp_path, source, until_s=60)
    gc.collect()
    assert capfd.readouterr().err == ""
