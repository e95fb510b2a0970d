"""Hooks in a process of their own: called, denied, broken and restarted as in ours, with the same History."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.alpaca.core import register
from sim.actors.runtime import virtual_time
from sim.actors.user_hooks import UserHooks
from sim.clock import MINUTE, SECOND
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.errors import BadInput
from sim.lockstep.user_code import OwnHooks
from sim.network import BrokerUnreachable, Verdict
from sim.world import Mitigation, World
from tests.sim.actors.kit import write
from tests.sim.lockstep.kit import HERE

BOT = """
    import collections, datetime, logging, threading, time
    logging.basicConfig(level=logging.INFO)
    seen = collections.Counter()

    class Bot:
        def __init__(self, desk):
            self.desk, self.sent = desk, []
            self.every = {20: self.look, 45: self.slow, 7: self.fails}
            self.commands = {"flatten": self.flatten, "leave": lambda: exit(3), "talk": self.talk}
            self.endpoints = {"halt": self.halt, "status": lambda: "all positions flat", "broken": lambda: 1 / 0}
            desk.log(f"in system {desk.in_system}, limits {sorted(desk.limits.items())[:2]}, {desk.symbols}")

        def on_tick(self, tick):
            seen[tick.symbol] += 1
            if seen["ticks"] == 100:
                time.sleep(0.5)
            seen["ticks"] += 1

        def on_bar(self, bar):
            if bar.minutes == 5:
                self.desk.log(f"bar {bar} {bar.high >= bar.low}")

        def on_order(self, order):
            seen["orders"] += 1
            if seen["orders"] == 3:
                raise ValueError("not this one")
            return "too many" if seen["orders"] % 5 == 0 else None

        def on_fill(self, fill):
            assert fill.order.symbol == fill.symbol
            seen["fills"] += 1

        def on_disconnect(self, reason):
            self.desk.log(f"lost: {reason}")
            try:
                self.desk.broker.connect(timeout=2)
            except ConnectionError as error:
                self.desk.log(f"{type(error).__name__}: {error} ({error.status})", level="error")

        def on_alert(self, alert):
            self.desk.log(f"alert {alert.name} {alert.severity}")

        def look(self):
            desk, began = self.desk, time.monotonic()
            figures, time_now = desk.figures, desk.time
            order = desk.broker.submit("SPY", "buy", 1, price_hint=desk.price("SPY"))
            self.sent.append(order)
            desk.log(f"{time_now:%H:%M:%S %Z} {round(figures.equity)} {order.status} {order.remaining} {order.live}")
            if len(self.sent) > 1:
                before = self.sent[-2]
                desk.log(f"{before!r} {before.status} {before.average_price:.2f} {before.status == 'filled'}")
            try:
                held = desk.broker.positions(timeout=3)
                desk.log(f"{held.get('SPY')} {desk.broker.orders()[:1]} {time.monotonic() - began:.3f}")
                desk.broker.order("no-such-order")
            except LookupError as error:
                desk.log(f"{error}")
            except (ConnectionError, TimeoutError) as error:
                desk.log(f"{type(error).__name__} {isinstance(error, OSError)}")

        def slow(self):
            logging.info("slow begins at %s, %s", datetime.datetime.now().time(), threading.current_thread().name)
            self.desk.sleep(12)
            logging.info("slow ends; %d orders were asked about meanwhile", seen["orders"])

        def fails(self):
            if 75 < self.desk.now < 80:
                return {}["nothing"]

        def halt(self):
            self.desk.files.append("halts.txt", f"{self.desk.now}")
            self.desk.halt("asked to")
            self.desk.cancel_all()
            return "trading is halted"

        def flatten(self):
            answer = self.desk.call("halt")
            try:
                self.desk.call("broken")
            except RuntimeError as error:
                self.desk.log(f"{type(error).__name__}: {error}")
            try:
                self.desk.call("no such")
            except LookupError as error:
                self.desk.log(str(error))
            return f"{answer}, {len(self.desk.flatten())} sent, {self.desk.files.read('halts.txt')}"

        def talk(self):
            print("only talk", seen["ticks"])

    build = Bot
    """
OUTAGE = Verdict(BrokerUnreachable("connection refused"))


def play(hooks: UserHooks | OwnHooks, prepare: Callable[[World], object] = lambda world: None) -> World:
    """Five minutes with a broker that is away for half a minute, commands typed, and a killed pod."""
    world = World(WorldConfig(), 3, mitigation=Mitigation(hooks.build, hooks.target))
    register(world)
    told: list[object] = []

    def strike() -> None:
        world.env.call_later(30 * SECOND, world.link.add(lambda _: OUTAGE))
        world.connection.lose("gateway restart")

    with virtual_time(world):
        prepare(world)
        world.env.call_at(70 * SECOND, strike)
        world.run(2 * MINUTE)
        for name in ("talk", "flatten", "leave"):
            world.env.call_later(0, world.run_command, name, lambda ok, text: told.append((ok, text)))
            world.run(world.env.now + 5 * SECOND)
        world.env.call_later(0, world.request_endpoint, "status", lambda ok, text: told.append((ok, text)))
        world.run(3 * MINUTE)
        world.cluster.kill(TRADING_SYSTEM)
        world.run(6 * MINUTE)
        world.finish()
    world.history.emit("test.told", "", told=told)
    return world


def test_everything_a_hook_can_do_leaves_the_same_history(tmp_path: Path) -> None:
    write(tmp_path, BOT)
    own = play(OwnHooks("bot:build", tmp_path, python=HERE))
    ours = play(UserHooks("bot:build", tmp_path))
    different = [(a, b) for a, b in zip(own.history.rows, ours.history.rows, strict=False) if a != b]
    assert not different, different[0]
    assert own.history.digest() == ours.history.digest()
    errors = {(e.get("hook"), e.get("error"), e.get("at")) for e in own.history.of("code.error")}
    lines = BOT.splitlines()
    fails, denies = (next(n for n, line in enumerate(lines, 1) if text in line) for text in ("nothing", "not this one"))
    assert ("every[7]", "KeyError: 'nothing'", f"bot.py:{fails}") in errors
    assert ("on_order", "ValueError: not this one", f"bot.py:{denies}") in errors
    assert len(own.history.of("code.started")) == 2
    (told,) = own.history.of("test.told")
    assert told.get("told")[1][1].startswith("trading is halted, 5 sent")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def build(desk): return {}", "build(desk) returned no hook"),
        ("def build(desk): return {'on_tick': 3}", "on_tick: is not callable"),
        ("def build(desk): return {'every': [1]}", "every: must be a mapping"),
        ("def build(desk): return {'every': {0: print}}", "timer period must be seconds"),
        ("def build(desk): raise RuntimeError('no config')", "build(desk) failed: RuntimeError: no config"),
        ("def other(desk): pass", "cannot be imported by"),
        ("import surely_not_installed\ndef build(desk): pass", "-m pip install surely_not_installed"),
    ],
)  # fmt: skip
def test_hooks_that_cannot_be_built_are_told_in_one_line(tmp_path: Path, source: str, complaint: str) -> None:
    write(tmp_path, source)
    with pytest.raises(BadInput) as told:
        play(OwnHooks("bot.py:build", tmp_path, python=HERE))
    assert complaint in str(told.value)


def test_a_hook_that_never_comes_back_keeps_its_thread_and_not_the_gate(tmp_path: Path) -> None:
    source = """
        asked = []
        def build(desk):
            def spin():
                desk.broker.positions(timeout=None)
            def gate(order):
                asked.append(order.id)
                return len(asked) < 3
            return {"every": {30: spin, 1: lambda: desk.log("alive")}, "on_order": gate}
        """
    hole = Verdict(hang=True)

    def strike(world: World) -> None:
        world.env.call_at(20 * SECOND, lambda: world.link.add(lambda _: hole))

    write(tmp_path, source)
    worlds = [
        play(hooks, strike)
        for hooks in (OwnHooks("bot:build", tmp_path, python=HERE), UserHooks("bot:build", tmp_path))
    ]
    assert worlds[0].history.of("order.denied")
    assert worlds[0].history.digest() == worlds[1].history.digest()
