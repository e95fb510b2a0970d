"""Hooks that are coroutines run to their end, on one loop that goes on between them, in either process alike."""

from __future__ import annotations

from pathlib import Path

from sim.actors.user_hooks import UserHooks
from sim.history import History
from sim.lockstep.user_code import OwnHooks
from tests.sim.actors.kit import write
from tests.sim.lockstep.kit import HERE
from tests.sim.lockstep.test_own_hooks import play

BOT = """
    import asyncio, sys, threading, time

    class Bot:
        def __init__(self, desk):
            self.desk, self.pulse, self.loops, self.ticks = desk, None, set(), 0
            self.every = {20: self.look, 50: self.together, 90: self.fails}
            self.commands = {"flatten": self.flatten, "leave": self.leave, "talk": self.talk}
            self.endpoints = {"status": self.status}

        async def beat(self):
            while True:
                await asyncio.sleep(30)
                self.desk.log(f"beat {len(self.loops)}")

        async def look(self):
            self.loops.add(asyncio.get_running_loop())
            if self.pulse is None:
                self.pulse = asyncio.create_task(self.beat())
            began = time.monotonic()
            await asyncio.sleep(1.5)
            self.desk.log(f"looked for {time.monotonic() - began:.3f} s after {self.ticks} ticks")

        async def together(self):
            done = await asyncio.gather(asyncio.to_thread(self.desk.broker.positions), asyncio.sleep(2, "slept"))
            self.desk.log(f"{len(done[0])} positions, {done[1]}")

        async def fails(self):
            raise LookupError("nothing there")

        async def on_order(self, order):
            await asyncio.sleep(0)
            return "never on this day" if order.symbol == "SPY" else None

        async def on_tick(self, tick):
            self.ticks += 1

        async def status(self):
            return f"{len(self.loops)} loop"

        async def talk(self):
            self.desk.log(f"asked: {self.desk.call('status')}")

        async def flatten(self):
            return f"{self.desk.flatten()} sent"

        async def leave(self):
            sys.exit(3)

    build = Bot
"""


def messages(history: History, start: str) -> list[str]:
    return [e.data["message"] for e in history.of("code.log") if e.data["message"].startswith(start)]


def test_they_wait_fail_deny_and_answer_as_others_do(tmp_path: Path) -> None:
    write(tmp_path, BOT)
    ours = play(UserHooks("bot:build", tmp_path))
    own = play(OwnHooks("bot:build", tmp_path, python=HERE))
    different = [(a, b) for a, b in zip(own.history.rows, ours.history.rows, strict=False) if a != b]
    assert not different, different[0]
    assert own.history.digest() == ours.history.digest()

    history = ours.history
    assert all(text.startswith("looked for 1.500 s") for text in messages(history, "looked"))
    assert len(messages(history, "looked")) >= 12
    assert set(messages(history, "beat")) == {"beat 1"}
    assert len(messages(history, "beat")) >= 6
    assert messages(history, "5 positions, slept") or messages(history, "0 positions, slept")
    assert [e.data["error"] for e in history.of("code.error")][:1] == ["LookupError: nothing there"]
    denied = [e.data["reason"] for e in history.of("order.denied") if "never on this day" in str(e.data)]
    assert denied
    assert messages(history, "asked") == ["asked: 1 loop"]
    [told] = history.of("test.told")
    assert [text for _, text in told.data["told"]][-1] == "1 loop"
